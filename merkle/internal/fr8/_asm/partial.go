package main

import "fmt"

// A width says what the partial rounds of one width need: the bit lengths of the coefficients, which
// merkle/poseidon derives (a test there holds them against fr8.Coefficients), and how a sum is reduced.
type width struct {
	t    int
	a, b []int // bits of |a_i| and |b_i|, from lag 1

	limbs int // of a sum
	// The estimate of the quotient by r<<modulusShift takes the sum in units of 2^unit, and adds
	// slack, so that the remainder, taken negative, is above 0 and at most slack times the modulus.
	unit, modulusShift, slack int
}

var widths = []width{
	{t: 3, a: []int{8, 8}, b: []int{8, 12, 8}, limbs: 6, unit: 255, modulusShift: 1, slack: 2},
	{t: 5, a: []int{18, 29, 33, 29}, b: []int{17, 30, 38, 38, 31}, limbs: 6, unit: 255, modulusShift: 1, slack: 2},
	{t: 9, a: []int{34, 62, 83, 98, 107, 108, 101, 86}, b: []int{32, 62, 86, 103, 114, 119, 116, 107, 88},
		limbs: 8, unit: 255, modulusShift: 1, slack: 3},
	{t: 12, a: []int{47, 87, 121, 149, 171, 186, 194, 195, 189, 175, 151},
		b:     []int{44, 87, 123, 152, 176, 194, 205, 210, 207, 198, 180, 154},
		limbs: 9, unit: 256, modulusShift: 2, slack: 3},
}

// Bits of the top limbs: û is at most 12r, ŷ below 1.6r.
const (
	topU = 51
	topY = 48
)

func limbsOf(bits int) int { return (bits + 51) / 52 }

// Offsets in the table of coefficients: the coefficients, oldest lag first, a_i before b_i; then the
// words 2^260, 2^312 ... modulo r for the limbs above the fifth; then slack times the modulus, the
// modulus, and the reciprocal.
func (w *width) offsets() (fold, bias int) {
	for _, bits := range w.a {
		fold += 8 * limbsOf(bits)
	}
	for _, bits := range w.b {
		fold += 8 * limbsOf(bits)
	}
	bias = fold
	if w.limbs > 6 {
		bias += 40 * (w.limbs - 5)
	}
	return fold, bias
}

// partial writes the loop over the partial rounds of one width.
//
// history holds û_0, and receives ŷ_0, û_1, ŷ_1 ... û_n, an element each.
func (t *text) partial(w *width) {
	const step = 2 * elem // a round of history
	t.fn(fmt.Sprintf("partial%d", w.t),
		"history *Elem, n int, words, rounds *uint64, sums *Sum, scratch *Elem", 48)
	t.op("MOVQ history+0(FP), R8")
	t.op("MOVQ n+8(FP), BX")
	t.op("MOVQ words+16(FP), R9")
	t.op("MOVQ rounds+24(FP), R10")
	t.op("MOVQ sums+32(FP), R11")
	t.op("MOVQ scratch+40(FP), DI")
	t.op("XORQ CX, CX")
	t.loadShared()

	t.label("round")
	t.note("y = (k u) (u^2)^2")
	t.each(func(s *stream) { s.square("R8", 0, "DI", 0) })
	t.timesConstant("R10", 0, "R8", 0, "DI", elem)
	t.each(func(s *stream) { s.square("DI", 0, "DI", 0) })
	t.each(func(s *stream) { s.store(s.product(inMemory("DI", 0), "DI", elem)[:5], "R8", elem) })
	t.op("ADDQ $%d, R8", step)
	t.op("INCQ CX")

	t.note("start from the constants and, in the first rounds, from the state that entered")
	t.op("CMPQ CX, $%d", w.t)
	t.op("JGE late")
	t.each(func(s *stream) {
		for k := range w.limbs {
			s.op("VMOVDQU64 %d(R11), %s", sumBytes/streams*s.index+limb*k, s.reg(k))
		}
		for k := range 5 {
			s.op("VPADDQ.BCST %d(R10), %s, %s", 80+8*k, s.reg(k), s.reg(k))
		}
	})
	t.op("ADDQ $%d, R11", sumBytes)
	t.op("JMP lags")
	t.label("late")
	t.each(func(s *stream) {
		for k := range 5 {
			s.op("VPBROADCASTQ %d(R10), %s", 80+8*k, s.reg(k))
		}
		s.clear(s.regs(5, w.limbs-5)...)
	})
	t.label("lags")
	t.op("ADDQ $120, R10")
	w.dot(t, step)
	w.reduce(t)
	t.op("CMPQ CX, BX")
	t.op("JLT round")
	t.end()
}

// dot adds the products with the history, oldest first; lags before the first round are skipped.
func (w *width) dot(t *text, step int) {
	at := 0
	for i := w.t; i >= 1; i-- {
		if i > 1 {
			t.op("CMPQ CX, $%d", i)
			t.op("JLT skip%d", i)
		}
		if i < w.t {
			bits := w.a[i-1]
			m := limbsOf(bits)
			t.note("lag %d, u", i)
			t.lag("R8", -step*i, "R9", at, m, w.limbs, topU+bits-52*(m-1))
			at += 8 * m
		}
		bits := w.b[i-1]
		m := limbsOf(bits)
		t.note("lag %d, y", i)
		t.lag("R8", -step*i+elem, "R9", at, m, w.limbs, topY+bits-52*(m-1))
		at += 8 * m
		if i > 1 {
			t.label(fmt.Sprintf("skip%d", i))
		}
	}
}

// reduce sets û to minus the sum, modulo r, and stores it.
func (w *width) reduce(t *text) {
	fold, bias := w.offsets()
	extra := w.limbs - 1 // the register that ends with limb 5 of the sum
	if w.limbs > 6 {
		t.note("fold the limbs from the sixth on")
		t.each(func(s *stream) { s.carry(s.regs(5, w.limbs-5), s.reg(perStream-1), "VPSRLQ") })
		extra = w.limbs
		t.each(func(s *stream) { s.clear(s.reg(extra)) })
		for h := range w.limbs - 5 {
			for j := range 5 {
				t.op("VPBROADCASTQ %d(R9), Z%d", fold+40*h+8*j, 24+j)
			}
			t.each(func(s *stream) {
				for j := range 5 {
					high := s.reg(j + 1)
					if j == 4 { // register 5 is still a factor
						high = s.reg(extra)
					}
					s.madd(fmt.Sprintf("Z%d", 24+j), s.reg(5+h), s.reg(j), high)
				}
			})
		}
	}
	t.note("subtract from a multiple of the modulus, estimated by the top bits")
	cut := w.unit - 208
	t.each(func(s *stream) {
		x, y := s.reg(perStream-1), s.reg(perStream-2)
		s.op("VPSLLQ $%d, %s, %s", 52-cut, s.reg(extra), x)
		s.op("VPSRLQ $%d, %s, %s", cut, s.reg(4), y)
		s.op("VPADDQ %s, %s, %s", y, x, y)
		s.clear(x)
		s.op("VPMADD52HUQ.BCST %d(R9), %s, %s", bias+80, y, x)
	})
	for j := range 5 {
		t.op("VPBROADCASTQ %d(R9), Z%d", bias+40+8*j, 24+j)
	}
	t.each(func(s *stream) {
		q, y := s.reg(perStream-1), s.reg(perStream-2)
		for j := range 5 {
			s.op("VPBROADCASTQ %d(R9), %s", bias+8*j, y)
			s.op("VPSUBQ %s, %s, %s", s.reg(j), y, s.reg(j))
		}
		for j := range 5 {
			s.op("VPMADD52LUQ Z%d, %s, %s", 24+j, q, s.reg(j))
			if j < 4 {
				s.op("VPMADD52HUQ Z%d, %s, %s", 24+j, q, s.reg(j+1))
			}
		}
		s.carry(s.regs(0, 5), y, "VPSRAQ")
		s.store(s.regs(0, 5), "R8", 0)
	})
	t.loadModulus()
}
