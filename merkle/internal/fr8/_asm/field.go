package main

// madd lists dst[k] += low(x*y), dst[k+1] += high(x*y) for a limb product of weight k.
func (s *stream) madd(x, y string, low, high string) {
	s.op("VPMADD52LUQ %s, %s, %s", y, x, low)
	s.op("VPMADD52HUQ %s, %s, %s", y, x, high)
}

// clear zeroes registers.
func (s *stream) clear(regs ...string) {
	for _, r := range regs {
		s.op("VPXORQ %s, %s, %s", r, r, r)
	}
}

// step is one Montgomery step on acc, the registers of six consecutive limbs: it adds q*r so that the
// lowest limb vanishes and carries the rest of that limb into the next. As r = 1 - 2^32 mod 2^52,
// q = -(x + 2^32 x) takes no product; the product that clears the limb is left out, its carry being one
// unless the limb is zero.
func (s *stream) step(acc []string, t string) {
	s.op("VPSLLQ $32, %s, %s", acc[0], t)
	s.op("VPADDQ %s, %s, %s", acc[0], t, t)
	s.op("VPSUBQ %s, %s, %s", t, zero, t)
	s.op("VPMADD52LUQ %s, %s, %s", pReg(1), t, acc[1])
	s.op("VPADDQ %s, %s, %s", mask, acc[0], acc[0])
	s.op("VPMADD52HUQ %s, %s, %s", pReg(0), t, acc[1])
	s.op("VPSRLQ $52, %s, %s", acc[0], acc[0])
	for j := 2; j < 5; j++ {
		s.op("VPMADD52LUQ %s, %s, %s", pReg(j), t, acc[j])
	}
	s.op("VPADDQ %s, %s, %s", acc[0], acc[1], acc[1])
	for j := 1; j < 5; j++ {
		s.op("VPMADD52HUQ %s, %s, %s", pReg(j), t, acc[j+1])
	}
}

// carry moves what exceeds 52 bits of each limb into the next. The excess stays where it was too, for
// products read the low 52 bits only. shift is VPSRLQ, or VPSRAQ where limbs may be negative.
func (s *stream) carry(acc []string, t, shift string) {
	for j := range len(acc) - 1 {
		s.op("%s $52, %s, %s", shift, acc[j], t)
		s.op("VPADDQ %s, %s, %s", t, acc[j+1], acc[j+1])
	}
}

// store writes five limbs.
func (s *stream) store(acc []string, ptr string, off int) {
	for j, r := range acc {
		s.op("VMOVDQU64 %s, %s", r, s.at(ptr, off, j))
	}
}

// regs returns n registers from the k-th on.
func (s *stream) regs(k, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s.reg(k + i)
	}
	return out
}

// square sets dst to the Montgomery square of src, both in memory.
func (s *stream) square(srcPtr string, src int, dstPtr string, dst int) {
	acc, x, y := s.regs(0, 10), s.reg(10), s.reg(11)
	s.clear(acc...)
	for i := range 4 {
		s.op("VMOVDQU64 %s, %s", s.at(srcPtr, src, i), x)
		for j := i + 1; j < 5; j++ {
			s.op("VMOVDQU64 %s, %s", s.at(srcPtr, src, j), y)
			s.madd(x, y, acc[i+j], acc[i+j+1])
		}
	}
	for k := 1; k < 9; k++ {
		s.op("VPADDQ %s, %s, %s", acc[k], acc[k], acc[k])
	}
	for i := range 5 {
		s.op("VMOVDQU64 %s, %s", s.at(srcPtr, src, i), x)
		s.madd(x, x, acc[2*i], acc[2*i+1])
	}
	for i := range 5 {
		s.step(acc[i:i+6], x)
	}
	s.carry(acc[5:], x, "VPSRLQ")
	s.store(acc[5:], dstPtr, dst)
}

// timesConstant sets dst to src*k modulo r, up to 11.4 r, without a Montgomery factor. k lies at off from
// ptr, with floor(2^260 k / r) after it: the quotient by r is src times that, from the columns of weight
// 2^260 on (Shoup), at most 10.4 too small, and of the rest only the low 260 bits are computed. The
// constants lie in Z24 to Z28, over the modulus.
func (t *text) timesConstant(ptr string, off int, srcPtr string, src int, dstPtr string, dst int) {
	load := func(ptr string, off int) {
		for i := range 5 {
			t.op("VPBROADCASTQ %d(%s), Z%d", off+8*i, ptr, 24+i)
		}
	}
	load(ptr, off+40)
	t.each(func(s *stream) {
		q, x := s.regs(0, 5), s.reg(10)
		s.clear(q...)
		for j := range 5 {
			s.op("VMOVDQU64 %s, %s", s.at(srcPtr, src, j), x)
			for i := 4 - j; i < 5; i++ {
				if i+j >= 5 {
					s.op("VPMADD52LUQ Z%d, %s, %s", 24+i, x, q[i+j-5])
				}
				s.op("VPMADD52HUQ Z%d, %s, %s", 24+i, x, q[i+j-4])
			}
		}
		s.carry(q, s.reg(11), "VPSRLQ")
	})
	load(ptr, off)
	t.each(func(s *stream) {
		low, x := s.regs(5, 5), s.reg(10)
		s.clear(low...)
		for j := range 5 {
			s.op("VMOVDQU64 %s, %s", s.at(srcPtr, src, j), x)
			s.lowProduct(x, low[j:])
		}
	})
	for i := range 5 {
		t.op("VPBROADCASTQ consts<>+%d(SB), Z%d", 48+8*i, 24+i)
	}
	t.each(func(s *stream) {
		low := s.regs(5, 5)
		for j := range 5 {
			s.lowProduct(s.reg(j), low[j:])
		}
		s.carry(low, s.reg(11), "VPSRLQ")
		s.store(low, dstPtr, dst)
	})
	t.loadModulus()
}

// lowProduct adds x times Z24 to Z28 to acc, as far as acc reaches.
func (s *stream) lowProduct(x string, acc []string) {
	for i := range acc {
		s.op("VPMADD52LUQ Z%d, %s, %s", 24+i, x, acc[i])
		if i+1 < len(acc) {
			s.op("VPMADD52HUQ Z%d, %s, %s", 24+i, x, acc[i+1])
		}
	}
}

// A factor tells how limb i of a product's first factor comes into a register.
type factor func(s *stream, i int, into string)

// inMemory is a factor in memory.
func inMemory(ptr string, off int) factor {
	return func(s *stream, i int, into string) { s.op("VMOVDQU64 %s, %s", s.at(ptr, off, i), into) }
}

// constant is a factor equal in all lanes, five words at off from ptr.
func constant(ptr string, off int) factor {
	return func(s *stream, i int, into string) { s.op("VPBROADCASTQ %d(%s), %s", off+8*i, ptr, into) }
}

// product leaves the Montgomery product of a and the element in memory in five registers, and
// returns them and a sixth that is free.
func (s *stream) product(a factor, bPtr string, b int) []string {
	acc, y, t := s.regs(0, 6), s.regs(6, 5), s.reg(11)
	for j := range y {
		s.op("VMOVDQU64 %s, %s", s.at(bPtr, b, j), y[j])
	}
	s.clear(acc...)
	for i := range 5 {
		a(s, i, t)
		for j := range y {
			s.op("VPMADD52LUQ %s, %s, %s", y[j], t, acc[j])
		}
		for j := range y {
			s.op("VPMADD52HUQ %s, %s, %s", y[j], t, acc[j+1])
		}
		s.step(acc, t)
		acc = append(acc[1:], acc[0])
		if i < 4 {
			s.clear(acc[5])
		}
	}
	s.carry(acc[:5], t, "VPSRLQ")
	return acc
}
