package main

import "fmt"

// loadNodes writes the loading of sixteen nodes as limbs.
func (t *text) loadNodes() {
	t.fn("loadNodes", "dst *Elem, src *byte, stride uintptr, add *Scalar", 32)
	t.op("MOVQ dst+0(FP), DI")
	t.op("MOVQ src+8(FP), SI")
	t.op("MOVQ stride+16(FP), R8")
	t.op("MOVQ add+24(FP), R9")
	t.op("VPBROADCASTQ consts<>+0(SB), Z30")
	t.op("LEAQ (R8)(R8*2), R10")
	for i := range streams {
		s := &stream{index: 0}
		t.op("LEAQ (SI)(R8*4), R11")
		// Z0: nodes 0 and 4, Z1: 1 and 5, Z2: 2 and 6, Z3: 3 and 7.
		for n, at := range []string{"(SI)", "(SI)(R8*1)", "(SI)(R8*2)", "(SI)(R10*1)"} {
			t.op("VMOVDQU %s, Y%d", at, n)
		}
		for n, at := range []string{"(R11)", "(R11)(R8*1)", "(R11)(R8*2)", "(R11)(R10*1)"} {
			t.op("VINSERTI64X4 $1, %s, Z%d, Z%d", at, n, n)
		}
		t.op("VPUNPCKLQDQ Z1, Z0, Z4")
		t.op("VPUNPCKHQDQ Z1, Z0, Z5")
		t.op("VPUNPCKLQDQ Z3, Z2, Z6")
		t.op("VPUNPCKHQDQ Z3, Z2, Z7")
		t.op("VSHUFI64X2 $0x88, Z6, Z4, Z0") // word 0 of nodes 0 1 4 5 2 3 6 7
		t.op("VSHUFI64X2 $0xdd, Z6, Z4, Z2")
		t.op("VSHUFI64X2 $0x88, Z7, Z5, Z1")
		t.op("VSHUFI64X2 $0xdd, Z7, Z5, Z3")
		// limb j is bits 52j to 52j+51
		t.op("VPANDQ Z30, Z0, Z4")
		for j := 1; j < 4; j++ {
			t.op("VPSRLQ $%d, Z%d, Z%d", 64-12*j, j-1, 4+j)
			t.op("VPSLLQ $%d, Z%d, Z9", 12*j, j)
			t.op("VPORQ Z9, Z%d, Z%d", 4+j, 4+j)
			t.op("VPANDQ Z30, Z%d, Z%d", 4+j, 4+j)
		}
		t.op("VPSRLQ $16, Z3, Z8")
		for j := range 5 {
			t.op("VPADDQ.BCST %d(R9), Z%d, Z%d", 8*j, 4+j, 4+j)
		}
		s.carry([]string{"Z4", "Z5", "Z6", "Z7", "Z8"}, "Z9", "VPSRLQ")
		for _, l := range s.lines {
			t.WriteString(l)
		}
		for j := range 5 {
			t.op("VMOVDQU64 Z%d, %d(DI)", 4+j, vector*i+limb*j)
		}
		if i < streams-1 {
			t.op("LEAQ (SI)(R8*8), SI")
		}
	}
	t.end()
}

// storeNodes writes src*k/2^260, reduced, as sixteen consecutive nodes.
func (t *text) storeNodes() {
	t.fn("storeNodes", "dst *byte, src *Elem, k *Scalar", 24)
	t.op("MOVQ dst+0(FP), DI")
	t.op("MOVQ src+8(FP), SI")
	t.op("MOVQ k+16(FP), R8")
	t.loadShared()
	t.each(func(s *stream) {
		x, c := s.product(constant("R8", 0), "SI", 0), s.reg(11)
		y, spare := s.regs(6, 5), x[5]
		x = x[:5]
		for j := range x {
			if j < 4 {
				s.op("VPANDQ %s, %s, %s", mask, x[j], x[j])
			}
			s.op("VPSUBQ %s, %s, %s", pReg(j), x[j], y[j])
		}
		s.carry(y, c, "VPSRAQ")
		s.op("VPSRAQ $63, %s, %s", y[4], c) // all ones where x < r
		for j := range x {
			if j < 4 {
				s.op("VPANDQ %s, %s, %s", mask, y[j], y[j])
			}
			s.op("VPTERNLOGQ $0xd8, %s, %s, %s", c, x[j], y[j]) // c ? x : y
		}
		for j := range 4 { // word j is made of limbs j and j+1
			s.op("VPSRLQ $%d, %s, %s", 12*j, y[j], x[j])
			s.op("VPSLLQ $%d, %s, %s", 52-12*j, y[j+1], spare)
			s.op("VPORQ %s, %s, %s", spare, x[j], x[j])
		}
		s.putNodes(x, y)
	})
	t.end()
}

// putNodes writes the eight nodes whose words are in x; y is scratch. The order of lanes is that of
// loadNodes: nodes 0 1 4 5 2 3 6 7.
func (s *stream) putNodes(x, y []string) {
	for odd, unpack := range []string{"VPUNPCKLQDQ", "VPUNPCKHQDQ"} {
		s.op("%s %s, %s, %s", unpack, x[1], x[0], y[0])
		s.op("%s %s, %s, %s", unpack, x[3], x[2], y[1])
		for half, pick := range []string{"$0x44", "$0xee"} {
			s.op("VSHUFI64X2 %s, %s, %s, %s", pick, y[1], y[0], y[2])
			s.op("VSHUFI64X2 $0xd8, %s, %s, %s", y[2], y[2], y[2])
			node := 8*s.index + 2*half + odd
			s.op("VEXTRACTI64X4 $0, %s, %d(DI)", y[2], 32*node)
			s.op("VEXTRACTI64X4 $1, %s, %d(DI)", y[2], 32*(node+4))
		}
	}
}

// sbox raises elements to the fifth power.
func (t *text) sbox() {
	t.fn("sbox", "x *Elem, n int, scratch *Elem", 24)
	t.op("MOVQ x+0(FP), SI")
	t.op("MOVQ n+8(FP), CX")
	t.op("MOVQ scratch+16(FP), DI")
	t.loadShared()
	// One power of all elements after the other: neighbours in the stream of instructions are independent.
	loop := func(name string, body func(s *stream)) {
		t.op("MOVQ SI, R8")
		t.op("MOVQ DI, R9")
		t.op("MOVQ CX, DX")
		t.label(name)
		t.each(body)
		t.op("ADDQ $%d, R8", elem)
		t.op("ADDQ $%d, R9", elem)
		t.op("DECQ DX")
		t.op("JNZ %s", name)
	}
	loop("second", func(s *stream) { s.square("R8", 0, "R9", 0) })
	loop("fourth", func(s *stream) { s.square("R9", 0, "R9", 0) })
	loop("fifth", func(s *stream) { s.store(s.product(inMemory("R9", 0), "R8", 0)[:5], "R8", 0) })
	t.end()
}

// rows multiplies by rows of the integer matrix.
func (t *text) rows() {
	t.fn("rows", "dst *Elem, rows int, src *Elem, columns int, hankel *uint64, start *Scalar", 48)
	t.op("MOVQ dst+0(FP), DI")
	t.op("MOVQ rows+8(FP), CX")
	t.op("MOVQ src+16(FP), R8")
	t.op("MOVQ columns+24(FP), R9")
	t.op("MOVQ hankel+32(FP), R10")
	t.op("MOVQ start+40(FP), R11")
	t.loadShared()
	t.label("row")
	t.op("MOVQ R8, SI")
	t.op("MOVQ R10, BX")
	t.op("MOVQ R9, DX")
	t.each(func(s *stream) {
		for j := range 5 {
			s.op("VPBROADCASTQ %d(R11), %s", 8*j, s.reg(j))
		}
		s.clear(s.reg(5))
	})
	t.label("column")
	t.op("VPBROADCASTQ (BX), Z24")
	t.each(func(s *stream) {
		for j := range 5 {
			x := s.reg(6 + j)
			s.op("VMOVDQU64 %s, %s", s.at("SI", 0, j), x)
			s.madd("Z24", x, s.reg(j), s.reg(j+1))
		}
	})
	t.op("ADDQ $%d, SI", elem)
	t.op("ADDQ $8, BX")
	t.op("DECQ DX")
	t.op("JNZ column")
	t.each(func(s *stream) {
		acc := s.regs(0, 6)
		s.step(acc, s.reg(6))
		s.carry(acc[1:], s.reg(6), "VPSRLQ")
		s.store(acc[1:], "DI", 0)
	})
	t.op("ADDQ $%d, DI", elem)
	t.op("ADDQ $8, R10")
	t.op("ADDQ $40, R11")
	t.op("DECQ CX")
	t.op("JNZ row")
	t.end()
}

// negate writes 2r - x.
func (t *text) negate() {
	t.fn("negate", "dst, src *Elem, n int", 24)
	t.op("MOVQ dst+0(FP), DI")
	t.op("MOVQ src+8(FP), SI")
	t.op("MOVQ n+16(FP), CX")
	t.loadShared()
	t.label("next")
	t.each(func(s *stream) {
		x := s.regs(0, 5)
		for j := range 5 {
			s.op("VMOVDQU64 %s, %s", s.at("SI", 0, j), x[j])
			if j < 4 {
				s.op("VPANDQ %s, %s, %s", mask, x[j], x[j])
			}
			s.op("VPSUBQ %s, %s, %s", x[j], pReg(j), x[j])
			s.op("VPADDQ %s, %s, %s", pReg(j), x[j], x[j])
		}
		s.carry(x, s.reg(5), "VPSRAQ")
		s.store(x, "DI", 0)
	})
	t.op("ADDQ $%d, SI", elem)
	t.op("ADDQ $%d, DI", elem)
	t.op("DECQ CX")
	t.op("JNZ next")
	t.end()
}

// combine writes the plain sum of n products of elements and integers of m limbs.
func (t *text) combine(m int) {
	t.fn(fmt.Sprintf("combine%d", m), "dst *Sum, src *Elem, n int, offsets *uint64, words *uint64", 40)
	t.op("MOVQ dst+0(FP), DI")
	t.op("MOVQ src+8(FP), SI")
	t.op("MOVQ n+16(FP), CX")
	t.op("MOVQ offsets+24(FP), R8")
	t.op("MOVQ words+32(FP), R9")
	n := 5 + m
	t.each(func(s *stream) { s.clear(s.regs(0, n)...) })
	t.label("term")
	t.op("MOVQ (R8), BX")
	t.op("ADDQ SI, BX")
	t.lag("BX", 0, "R9", 0, m, n, 0)
	t.op("ADDQ $8, R8")
	t.op("ADDQ $%d, R9", 8*m)
	t.op("DECQ CX")
	t.op("JNZ term")
	t.each(func(s *stream) {
		for k := range n {
			s.op("VMOVDQU64 %s, %d(DI)", s.reg(k), sumBytes/streams*s.index+limb*k)
		}
	})
	t.end()
}

// sumBytes is the size of a Sum: nine limbs for each stream.
const sumBytes = streams * 9 * limb

// lag adds the product of the element at off(ptr) and the m-limb integer at words(wptr) to the first
// n registers of each stream. The integer's limbs lie in Z24 to Z28, over the modulus. top bounds the
// bits of the product of the two top limbs: up to 52 its high half is zero and left out. 0 is unknown.
func (t *text) lag(ptr string, off int, wptr string, words, m, n, top int) {
	for k := range m {
		t.op("VPBROADCASTQ %d(%s), Z%d", words+8*k, wptr, 24+k)
	}
	t.each(func(s *stream) {
		for j := range 5 {
			x := s.reg(n + j%(perStream-n))
			s.op("VMOVDQU64 %s, %s", s.at(ptr, off, j), x)
			for k := range m {
				s.op("VPMADD52LUQ Z%d, %s, %s", 24+k, x, s.reg(j+k))
			}
			for k := range m {
				if j == 4 && k == m-1 && top != 0 && top <= 52 {
					continue
				}
				s.op("VPMADD52HUQ Z%d, %s, %s", 24+k, x, s.reg(j+k+1))
			}
		}
	})
}

// matrix multiplies by a matrix of full scalars.
func (t *text) matrix() {
	t.fn("matrix", "dst *Elem, rows int, src *Elem, columns int, words *Scalar, start *Scalar", 48)
	t.op("MOVQ dst+0(FP), DI")
	t.op("MOVQ rows+8(FP), CX")
	t.op("MOVQ src+16(FP), R8")
	t.op("MOVQ columns+24(FP), R9")
	t.op("MOVQ words+32(FP), R10")
	t.op("MOVQ start+40(FP), R11")
	t.loadShared()
	t.label("row")
	t.op("MOVQ R8, SI")
	t.op("MOVQ R9, DX")
	t.each(func(s *stream) {
		for j := range 5 {
			s.op("VPBROADCASTQ %d(R11), %s", 8*j, s.reg(j))
		}
		s.clear(s.regs(5, 5)...)
	})
	t.label("column")
	t.lag("SI", 0, "R10", 0, 5, 10, 0)
	t.op("ADDQ $%d, SI", elem)
	t.op("ADDQ $40, R10")
	t.op("DECQ DX")
	t.op("JNZ column")
	t.loadShared()
	t.each(func(s *stream) {
		acc := s.regs(0, 10)
		for i := range 5 {
			s.step(acc[i:i+6], s.reg(10))
		}
		s.carry(acc[5:], s.reg(10), "VPSRLQ")
		s.store(acc[5:], "DI", 0)
	})
	t.op("ADDQ $%d, DI", elem)
	t.op("ADDQ $40, R11")
	t.op("DECQ CX")
	t.op("JNZ row")
	t.end()
}
