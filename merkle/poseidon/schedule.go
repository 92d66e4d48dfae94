package poseidon

import (
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A schedule holds the constants of the fast form of one arity for one radix.
//
// The state is kept as s*x with a factor s that depends on the round only: products by N instead of M
// bring L, Montgomery products bring 1/R, one Montgomery step at the end of a row brings 1/W. All
// factors are folded into the constants and taken out by one product at the end.
//
//	full round:    z = X^5 by three products (s^5/R^4), then row i is (full[i] + sum_j N_ij z_j)/W
//	partial round: Y = (k_r U) (U^2)^2, then U_{r+1} by the recurrence with the constant acc_{r+1}
//	recovery:      row i of the state is (wc[i] + sum_j w[i][j] v_j)/R, v the last t-1 U, then the last t-1 Y
type schedule struct {
	*recurrence
	partial int
	full    [FullRounds - 1][]fr.Element // what the rows of full round i start from
	k       []fr.Element                 // of partial round r: R^5/s^4
	acc     []fr.Element                 // -(-1)^r times the constants' part of u_r, r = 1 .. partial
	w       [][]fr.Element               // rows 1 .. t-1, times R
	wc      []fr.Element                 // rows 1 .. t-1, times R
	out     fr.Element                   // R over the factor of the last state
	first   fr.Element                   // constant of the tag's element in round 0
	zTag    fr.Element                   // 1/R^4
}

// newSchedule derives the constants for Montgomery products modulo R = 2^rBits and steps of W = 2^wBits.
func newSchedule(arity, rBits, wBits int) *schedule {
	c := constantsOf(arity)
	t := c.Width
	m := &schedule{recurrence: newRecurrence(t), partial: c.PartialRounds, first: c.Round[0]}
	radix, step := power(2, rBits), power(2, wBits)
	var r4Inv, perRound fr.Element
	r4Inv.Square(&radix).Square(&r4Inv).Inverse(&r4Inv)
	m.zTag = r4Inv
	perRound.SetUint64(commonMultiple(t))
	perRound.Mul(&perRound, &r4Inv)
	perRound.Div(&perRound, &step)

	s := fr.One()
	fullRound := func(i, round int) {
		var s5 fr.Element
		s5.Square(&s).Square(&s5).Mul(&s5, &s)
		s.Mul(&s5, &perRound)
		if i == FullRounds-1 {
			return
		}
		var f fr.Element
		f.Mul(&s, &step)
		m.full[i] = scaled(c.Round[(round+1)*t:(round+2)*t], &f)
	}
	for i := range FullRounds / 2 {
		fullRound(i, i)
	}
	s = m.partialRounds(c, s, radix)
	for i := FullRounds / 2; i < FullRounds; i++ {
		fullRound(i, i+c.PartialRounds)
	}
	m.out.Div(&radix, &s)
	return m
}

// partialRounds fills k, acc, w and wc for a state that enters with factor s, and returns the factor of
// the state that leaves, sign included.
func (m *schedule) partialRounds(c *Constants, s, radix fr.Element) fr.Element {
	t, half := m.t, FullRounds/2
	var l, r5 fr.Element
	l.SetUint64(commonMultiple(t))
	r5.Square(&radix).Square(&r5).Mul(&r5, &radix)
	cs := make([][]fr.Element, m.partial+1) // cs[r] = s_r c_r
	for r := range cs {
		cs[r] = scaled(c.Round[(half+r)*t:(half+r+1)*t], &s)
		if r == m.partial {
			break
		}
		var s4 fr.Element
		s4.Square(&s).Square(&s4)
		m.k = append(m.k, *s4.Div(&r5, &s4))
		s.Mul(&s, &l)
	}
	m.acc = make([]fr.Element, m.partial+1)
	for r := 1; r <= m.partial; r++ {
		var sum fr.Element
		for i := 0; i < r && i < t; i++ {
			term := dot(m.g[i], cs[r-i])
			sum.Add(&sum, &term)
		}
		if r%2 == 0 {
			sum.Neg(&sum)
		}
		m.acc[r] = sum
	}
	m.recovery(cs, radix)
	if m.partial%2 == 1 {
		s.Neg(&s)
	}
	return s
}

// recovery fills w and wc: the state after the last partial round as a linear function of
// v = (û_s .. û_R, ŷ_s .. ŷ_{R-1}, 1) with R = m.partial and s = R-t+1. The forms below have one
// coefficient for each entry of v. That of û_s ends as zero, for N' leaves out element 0: w drops it.
func (m *schedule) recovery(cs [][]fr.Element, radix fr.Element) {
	t, start := m.t, m.partial-m.t+1
	width := 2 * t
	sign := func(e *fr.Element, r int) {
		if r%2 == 1 {
			e.Neg(e)
		}
	}
	// f_k = u_{s+k} - sum_{i<k} h_{k-1-i} y_{s+i} - sum_{i=1}^{k} o_{k-i} . c_{s+i} = o_k . x_s
	f := make([][]fr.Element, t)
	o := make([][]fr.Element, t)
	for k := range f {
		o[k] = make([]fr.Element, t)
		for i := range o[k] {
			o[k][i] = element(m.o[k][i])
		}
		f[k] = make([]fr.Element, width)
		f[k][k].SetOne()
		sign(&f[k][k], start+k)
		for i := range k {
			e := element(m.h[k-1-i])
			e.Neg(&e)
			sign(&e, start+i)
			f[k][t+i] = e
			term := dot(m.o[k-1-i], cs[start+i+1])
			f[k][width-1].Sub(&f[k][width-1], &term)
		}
	}
	x := solve(o, f)
	for i := range t - 1 { // x_{r+1} = N' x_r + y_r m + c_{r+1}
		r := start + i
		next := make([][]fr.Element, t)
		for row := range next {
			next[row] = make([]fr.Element, width)
			for j := 1; j < t; j++ {
				addMul(next[row], x[j], fr.NewElement(m.hankel[row+j]))
			}
			e := fr.NewElement(m.hankel[row])
			sign(&e, r)
			next[row][t+i].Add(&next[row][t+i], &e)
			next[row][width-1].Add(&next[row][width-1], &cs[r+1][row])
		}
		x = next
	}
	sign(&radix, m.partial)
	for row := 1; row < t; row++ {
		e := scaled(x[row], &radix)
		if !e[0].IsZero() {
			panic("poseidon: recovery needs one more round")
		}
		m.w = append(m.w, e[1:width-1])
		m.wc = append(m.wc, e[width-1])
	}
}

// solve returns x with a*x = b, by elimination; a and b are overwritten. a is regular.
func solve(a, b [][]fr.Element) [][]fr.Element {
	for c := range a {
		p := c
		for a[p][c].IsZero() {
			p++
		}
		a[c], a[p] = a[p], a[c]
		b[c], b[p] = b[p], b[c]
		var inv fr.Element
		inv.Inverse(&a[c][c])
		a[c], b[c] = scaled(a[c], &inv), scaled(b[c], &inv)
		for i := range a {
			if i != c {
				var f fr.Element
				f.Neg(&a[i][c])
				addMul(a[i], a[c], f)
				addMul(b[i], b[c], f)
			}
		}
	}
	return b
}

// addMul adds f*src to dst.
func addMul(dst, src []fr.Element, f fr.Element) {
	for i := range dst {
		var term fr.Element
		term.Mul(&src[i], &f)
		dst[i].Add(&dst[i], &term)
	}
}

// scaled returns f*src.
func scaled(src []fr.Element, f *fr.Element) []fr.Element {
	out := make([]fr.Element, len(src))
	for i := range src {
		out[i].Mul(&src[i], f)
	}
	return out
}

// power returns base^n.
func power(base uint64, n int) fr.Element {
	e, b := fr.One(), fr.NewElement(base)
	for range n {
		e.Mul(&e, &b)
	}
	return e
}
