package poseidon

import (
	"math/bits"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// This file is the fast path without vectors, one hash at a time: the schedule of radix 2^256 and steps
// of 2^64. Elements here are raw words below r, so that fr.Mul is a Montgomery product of values; only
// Mul, Add, Sub and Neg of fr.Element are used, which do not care. Its plain twin is poseidon_generic.go.

// maxPartial is the largest number of partial rounds.
const maxPartial = 57

// A scalarState is the memory of one permutation.
type scalarState struct {
	x, z, neg [maxWidth]fr.Element
	u         [maxPartial + 1]fr.Element
	y         [maxPartial]fr.Element
}

// pair is how many hashes alternate, so that one hides the latencies of the other.
const pair = 2

// hashScalar is hashGeneric by the fast form.
func hashScalar(dst, src []merkle.Digest, arity int, tag uint64) {
	m := scalarOf(arity)
	var states [pair]scalarState
	var start [maxWidth]fr.Element
	if tag == Tag(arity) {
		copy(start[:], m.tree)
	} else {
		m.begin(start[:m.t], tag)
	}
	for len(dst) > 0 {
		n := min(len(dst), pair)
		ss := states[:n]
		for i := range ss {
			for j := range arity {
				x := limbs(&src[i*arity+j])
				ss[i].x[1+j].Add(&x, &m.first[1+j])
			}
		}
		m.permute(ss, start[:m.t])
		for i := range ss {
			putWords(&dst[i], &ss[i].x[1])
		}
		dst, src = dst[n:], src[n*arity:]
	}
}

// begin sets start to what the rows of round 0 start from, the tag's element included.
func (m *scalarTable) begin(start []fr.Element, tag uint64) {
	z := m.tagged(tag)
	for i := range start {
		n := fr.NewElement(m.hankel[i])
		n.Mul(&n, &z)
		n = raw(n)
		start[i].Add(&m.full[0][i], &n)
	}
}

// tagged returns the tag's element after the S-box of round 0, with the factors of the schedule.
func (m *schedule) tagged(tag uint64) fr.Element {
	x := fr.NewElement(tag)
	x.Add(&x, &m.first)
	sbox(&x)
	return *x.Mul(&x, &m.zTag)
}

// permute runs the rounds on x[1:] of each state, round 0's constants added; the digest is left in x[1].
func (m *scalarTable) permute(ss []scalarState, start []fr.Element) {
	t := m.t
	for i := range ss {
		m.fullRound(&ss[i], 1, t, start)
	}
	for r := 1; r < FullRounds/2; r++ {
		for i := range ss {
			m.fullRound(&ss[i], 0, t, m.full[r])
		}
	}
	m.partialRounds(ss)
	for r := FullRounds / 2; r < FullRounds-1; r++ {
		for i := range ss {
			m.fullRound(&ss[i], 0, t, m.full[r])
		}
	}
	for i := range ss {
		s := &ss[i]
		for j := range t {
			sbox(&s.x[j])
		}
		d := row(&fr.Element{}, s.x[:t], m.hankel[1:])
		s.x[1].Mul(&d, &m.out)
	}
}

// fullRound applies the S-box to the elements from first on, then their columns of the matrix.
func (m *scalarTable) fullRound(s *scalarState, first, t int, start []fr.Element) {
	for j := first; j < t; j++ {
		sbox(&s.x[j])
	}
	for i := range start {
		s.z[i] = row(&start[i], s.x[first:t], m.hankel[i+first:])
	}
	copy(s.x[:], s.z[:t])
}

// row returns (start + sum x_j n_j) / 2^64.
func row(start *fr.Element, x []fr.Element, n []uint64) fr.Element {
	acc := [6]uint64{start[0], start[1], start[2], start[3]}
	fr8.MulAdd(&acc, x, n)
	step(&acc)
	return below(fr.Element(acc[:4]))
}

// partialRounds runs all partial rounds on x of each state.
func (m *scalarTable) partialRounds(ss []scalarState) {
	for i := range ss {
		s := &ss[i]
		for j := range m.t {
			s.neg[j].Neg(&s.x[j])
		}
		s.u[0] = s.x[0]
	}
	for r := range m.partial {
		var u2, ku [pair]fr.Element
		for i := range ss {
			u2[i].Square(&ss[i].u[r])
		}
		for i := range ss {
			ku[i].Mul(&ss[i].u[r], &m.k[r])
		}
		for i := range ss {
			u2[i].Square(&u2[i])
		}
		for i := range ss {
			ss[i].y[r].Mul(&u2[i], &ku[i])
		}
		for i := range ss {
			m.next(&ss[i], r+1)
		}
	}
	for i := range ss {
		m.recover(&ss[i])
	}
}

// next computes û_r: the sum of the recurrence, word by word of the coefficients, taken negative.
func (m *scalarTable) next(s *scalarState, r int) {
	if r < m.t {
		for j, neg := range m.gNeg[r] {
			s.z[j] = s.x[j]
			if neg {
				s.z[j] = s.neg[j]
			}
		}
	}
	var sum [8]uint64
	c := &m.acc[r]
	low := [6]uint64{c[0], c[1], c[2], c[3]}
	for w := range m.b {
		if w > 0 {
			sum[w-1] = low[0]
			low = [6]uint64{low[1], low[2], low[3], low[4], low[5]}
		}
		if w < len(m.a) {
			m.a[w].mulAdd(&low, s.u[:r])
		}
		m.b[w].mulAdd(&low, s.y[:r])
		if r < m.t && w < len(m.gWords[r]) {
			fr8.MulAdd(&low, s.z[:m.t], m.gWords[r][w])
		}
	}
	if len(m.b) == 1 {
		s.u[r] = negateShort(&low)
		return
	}
	copy(sum[len(m.b)-1:], low[:])
	u := reduce(fr.Element(sum[:4]), fr.Element(sum[4:]))
	s.u[r].Neg(&u)
}

// mulAdd adds the band's products with the history to acc. History shorter than a lag has no such term.
func (b *band) mulAdd(acc *[6]uint64, history []fr.Element) {
	n := len(history) - b.first + 1 // terms available
	if n <= 0 {
		return
	}
	words := b.words
	if n > len(words) {
		history = history[n-len(words) : n]
	} else {
		history, words = history[:n], words[len(words)-n:]
	}
	fr8.MulAdd(acc, history, words)
}

// recover computes the state after the partial rounds from the last û and ŷ.
func (m *scalarTable) recover(s *scalarState) {
	t, start := m.t, m.partial-m.t+1
	s.x[0] = s.u[m.partial]
	for i := range t - 1 {
		c := &m.wc[i]
		acc := [6]uint64{c[0], c[1], c[2], c[3]}
		for _, words := range m.wWords[i] {
			fr8.MulAdd(&acc, s.u[start+1:start+t], words)
			fr8.MulAdd(&acc, s.y[start:start+t-1], words[t-1:])
			step(&acc)
		}
		s.x[1+i] = reduce(fr.Element(acc[:4]), fr.Element{acc[4]})
	}
}

// qInvNeg is -1/r mod 2^64.
const qInvNeg = 0xfffffffeffffffff

// step divides acc by 2^64 modulo r.
func step(acc *[6]uint64) {
	k := acc[0] * qInvNeg
	h0, l0 := bits.Mul64(modulus[0], k)
	h1, l1 := bits.Mul64(modulus[1], k)
	h2, l2 := bits.Mul64(modulus[2], k)
	h3, l3 := bits.Mul64(modulus[3], k)
	_, c := bits.Add64(acc[0], l0, 0)
	a1, c := bits.Add64(acc[1], l1, c)
	a2, c := bits.Add64(acc[2], l2, c)
	a3, c := bits.Add64(acc[3], l3, c)
	a4, a5 := bits.Add64(acc[4], 0, c)
	a5 += acc[5]
	acc[0], c = bits.Add64(a1, h0, 0)
	acc[1], c = bits.Add64(a2, h1, c)
	acc[2], c = bits.Add64(a3, h2, c)
	acc[3], c = bits.Add64(a4, h3, c)
	acc[4], acc[5] = a5+c, 0
}

// below returns x or x-r, the one that is below r, of an x below 2r; of 2r it returns r.
func below(x fr.Element) fr.Element {
	y0, c := bits.Sub64(x[0], modulus[0], 0)
	y1, c := bits.Sub64(x[1], modulus[1], c)
	y2, c := bits.Sub64(x[2], modulus[2], c)
	y3, c := bits.Sub64(x[3], modulus[3], c)
	keep := -c
	return fr.Element{y0 ^ (x[0]^y0)&keep, y1 ^ (x[1]^y1)&keep, y2 ^ (x[2]^y2)&keep, y3 ^ (x[3]^y3)&keep}
}

// reciprocal is 2^318/r, rounded down.
const reciprocal = 0x8d54253b7fb78ddf

// negateShort returns minus the sum modulo r, or r for 0. The sum is below 2^318: its quotient by r is
// estimated from the bits above 254, at most 1.6 too small, and raised by two.
func negateShort(sum *[6]uint64) fr.Element {
	q, _ := bits.Mul64(sum[4]<<2|sum[3]>>62, reciprocal)
	q += 2
	h0, l0 := bits.Mul64(modulus[0], q)
	h1, l1 := bits.Mul64(modulus[1], q)
	h2, l2 := bits.Mul64(modulus[2], q)
	l3 := modulus[3] * q
	l1, c := bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3 += h2 + c
	l0, c = bits.Sub64(l0, sum[0], 0)
	l1, c = bits.Sub64(l1, sum[1], c)
	l2, c = bits.Sub64(l2, sum[2], c)
	l3, _ = bits.Sub64(l3, sum[3], c)
	return below(fr.Element{l0, l1, l2, l3})
}

// reduce returns low + 2^256 high modulo r; high is below r.
func reduce(low, high fr.Element) fr.Element {
	low = below(below(low))
	high.Mul(&high, &rSquare)
	return *high.Add(&high, &low)
}
