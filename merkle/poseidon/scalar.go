package poseidon

import (
	"math/big"
	"math/bits"
	"sync"

	"github.com/assaylab/assay/merkle"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// This file is the fast path without vectors, one hash at a time: the schedule of radix 2^256 and steps
// of 2^64. Elements here are raw words below r, so that fr.Mul is a Montgomery product of values; only
// Mul, Add, Sub and Neg of fr.Element are used, which do not care. Its plain twin is poseidon_generic.go.

// maxPartial is the largest number of partial rounds.
const maxPartial = 57

// A band is the words of one weight of consecutive coefficients: word w of |a_i| (or |b_i|) for the lags
// i = first+len-1 down to first, the order in which the history is stored.
type band struct {
	first int
	words []uint64
}

// scalarTable is a schedule as raw words.
type scalarTable struct {
	*schedule
	first  []fr.Element
	full   [FullRounds - 1][]fr.Element
	k, acc []fr.Element
	wc     []fr.Element
	out    fr.Element
	a, b   []band       // by weight
	gWords [][][]uint64 // gWords[i][w][j]: word w of |g_i[j]|
	gNeg   [][]bool     // whether -(-1)^i g_i[j] is negative
	wWords [][][]uint64 // wWords[i][w][j]: word w of w[i][j]
}

var scalarTables [maxWidth + 1]struct {
	once  sync.Once
	table *scalarTable
}

// scalarOf returns the table of an arity.
func scalarOf(arity int) *scalarTable {
	e := &scalarTables[arity+1]
	e.once.Do(func() { e.table = newScalarTable(arity) })
	return e.table
}

// newScalarTable turns a schedule into words.
func newScalarTable(arity int) *scalarTable {
	s := newSchedule(arity, 256, 64)
	m := &scalarTable{schedule: s, out: raw(s.out), wc: raws(s.wc), k: raws(s.k), acc: raws(s.acc)}
	m.first = raws(constantsOf(arity).Round[:s.t])
	for i := range m.full {
		m.full[i] = raws(s.full[i])
	}
	for _, row := range s.w {
		words := make([][]uint64, fr.Limbs)
		for _, e := range raws(row) {
			for w := range e {
				words[w] = append(words[w], e[w])
			}
		}
		m.wWords = append(m.wWords, words)
	}
	m.a, m.b = bands(s.a[1:]), bands(s.b[1:])
	for i, row := range s.g {
		neg := make([]bool, s.t)
		var words [][]uint64
		for j, x := range row {
			neg[j] = (x.Sign() > 0) == (i%2 == 0)
			for w, word := range words64(x) {
				if w == len(words) {
					words = append(words, make([]uint64, s.t))
				}
				words[w][j] = word
			}
		}
		m.gWords, m.gNeg = append(m.gWords, words), append(m.gNeg, neg)
	}
	return m
}

// bands splits the coefficients of lags 1, 2 ... into words.
func bands(xs []*big.Int) []band {
	var out []band
	for i, x := range xs {
		for w, word := range words64(x) {
			if w == len(out) {
				out = append(out, band{first: i + 1})
			}
			b := &out[w]
			for b.first+len(b.words) < i+1 {
				b.words = append([]uint64{0}, b.words...)
			}
			b.words = append([]uint64{word}, b.words...)
		}
	}
	return out
}

// words64 returns the words of |x|, least significant first.
func words64(x *big.Int) []uint64 {
	var b [40]byte
	x.FillBytes(b[:])
	var out []uint64
	for i := 0; 64*i < x.BitLen(); i++ {
		var w uint64
		for _, v := range b[32-8*i : 40-8*i] {
			w = w<<8 | uint64(v)
		}
		out = append(out, w)
	}
	return out
}

// raw returns the value of e as words, out of Montgomery form.
func raw(e fr.Element) fr.Element { return fr.Element(e.Bits()) }

// raws is raw for each element.
func raws(es []fr.Element) []fr.Element {
	out := make([]fr.Element, len(es))
	for i := range es {
		out[i] = raw(es[i])
	}
	return out
}

// A scalarState is the memory of one permutation.
type scalarState struct {
	x, z, neg [maxWidth]fr.Element
	u         [maxPartial + 1]fr.Element
	y         [maxPartial]fr.Element
	start     [maxWidth]fr.Element // what the rows of round 0 start from, tag included
}

// hashScalar is hashGeneric by the fast form.
func hashScalar(dst, src []merkle.Digest, arity int, tag uint64) {
	m := scalarOf(arity)
	var s scalarState
	m.begin(&s, tag)
	for i := range dst {
		for j := range arity {
			x := limbs(&src[i*arity+j])
			s.x[1+j].Add(&x, &m.first[1+j])
		}
		d := m.permute(&s)
		putWords(&dst[i], &d)
	}
}

// begin prepares the part of round 0 that depends on the tag only.
func (m *scalarTable) begin(s *scalarState, tag uint64) {
	z := m.tagged(tag)
	for i := range m.t {
		n := fr.NewElement(m.hankel[i])
		n.Mul(&n, &z)
		n = raw(n)
		s.start[i].Add(&m.full[0][i], &n)
	}
}

// tagged returns the tag's element after the S-box of round 0, with the factors of the schedule.
func (m *schedule) tagged(tag uint64) fr.Element {
	x := fr.NewElement(tag)
	x.Add(&x, &m.first)
	sbox(&x)
	return *x.Mul(&x, &m.zTag)
}

// permute runs the rounds on s.x[1:], round 0's constants added, and returns the digest as words.
func (m *scalarTable) permute(s *scalarState) fr.Element {
	t := m.t
	for j := 1; j < t; j++ {
		sbox(&s.x[j])
	}
	for i := range t {
		s.z[i] = row(&s.start[i], s.x[1:t], m.hankel[i+1:])
	}
	s.x, s.z = s.z, s.x
	for r := 1; r < FullRounds/2; r++ {
		m.fullRound(s, m.full[r])
	}
	m.partialRounds(s)
	for r := FullRounds / 2; r < FullRounds-1; r++ {
		m.fullRound(s, m.full[r])
	}
	for j := range t {
		sbox(&s.x[j])
	}
	d := row(&fr.Element{}, s.x[:t], m.hankel[1:])
	return *d.Mul(&d, &m.out)
}

// fullRound applies the S-box to each element, then the matrix.
func (m *scalarTable) fullRound(s *scalarState, start []fr.Element) {
	for j := range m.t {
		sbox(&s.x[j])
	}
	for i := range m.t {
		s.z[i] = row(&start[i], s.x[:m.t], m.hankel[i:])
	}
	s.x, s.z = s.z, s.x
}

// row returns (start + sum x_j n_j) / 2^64.
func row(start *fr.Element, x []fr.Element, n []uint64) fr.Element {
	acc := [6]uint64{start[0], start[1], start[2], start[3]}
	mulAdd(&acc, x, n)
	step(&acc)
	return below(fr.Element(acc[:4]))
}

// partialRounds runs all partial rounds on s.x.
func (m *scalarTable) partialRounds(s *scalarState) {
	t := m.t
	for j := range t {
		s.neg[j].Neg(&s.x[j])
	}
	s.u[0] = s.x[0]
	for r := range m.partial {
		u := &s.u[r]
		var u2, ku fr.Element
		u2.Square(u)
		u2.Square(&u2)
		ku.Mul(u, &m.k[r])
		s.y[r].Mul(&u2, &ku)
		m.next(s, r+1)
	}
	m.recover(s)
}

// next computes û_r.
func (m *scalarTable) next(s *scalarState, r int) {
	var sum [8]uint64
	c := &m.acc[r]
	low := [6]uint64{c[0], c[1], c[2], c[3]}
	var signed [maxWidth]fr.Element
	if r < m.t {
		for j := range m.t {
			signed[j] = s.x[j]
			if m.gNeg[r][j] {
				signed[j] = s.neg[j]
			}
		}
	}
	for w := 0; w < len(m.a) || w < len(m.b); w++ {
		if w < len(m.a) {
			m.a[w].mulAdd(&low, s.u[:r])
		}
		if w < len(m.b) {
			m.b[w].mulAdd(&low, s.y[:r])
		}
		if r < m.t && w < len(m.gWords[r]) {
			mulAdd(&low, signed[:m.t], m.gWords[r][w])
		}
		sum[w] = low[0]
		copy(low[:5], low[1:])
		low[5] = 0
	}
	copy(sum[max(len(m.a), len(m.b)):], low[:])
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
	mulAdd(acc, history, words)
}

// recover computes the state after the partial rounds from the last û and ŷ.
func (m *scalarTable) recover(s *scalarState) {
	t, start := m.t, m.partial-m.t+1
	s.x[0] = s.u[m.partial]
	for i := range t - 1 {
		c := &m.wc[i]
		acc := [6]uint64{c[0], c[1], c[2], c[3]}
		for _, words := range m.wWords[i] {
			mulAdd(&acc, s.u[start:start+t], words[:t])
			mulAdd(&acc, s.y[start:start+t-1], words[t:])
			step(&acc)
		}
		s.x[1+i] = reduce(fr.Element(acc[:4]), fr.Element{acc[4]})
	}
}

// mulAdd adds sum x_j n_j to acc, for as many terms as x has. The sum stays below 2^384.
func mulAdd(acc *[6]uint64, x []fr.Element, n []uint64) {
	n = n[:len(x)]
	a0, a1, a2, a3, a4, a5 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5]
	var c uint64
	for j := range x {
		v, k := &x[j], n[j]
		h0, l0 := bits.Mul64(v[0], k)
		h1, l1 := bits.Mul64(v[1], k)
		h2, l2 := bits.Mul64(v[2], k)
		h3, l3 := bits.Mul64(v[3], k)
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		h3 += c
		a0, c = bits.Add64(a0, l0, 0)
		a1, c = bits.Add64(a1, l1, c)
		a2, c = bits.Add64(a2, l2, c)
		a3, c = bits.Add64(a3, l3, c)
		a4, c = bits.Add64(a4, h3, c)
		a5 += c
	}
	acc[0], acc[1], acc[2], acc[3], acc[4], acc[5] = a0, a1, a2, a3, a4, a5
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

// below returns x or x-r, the one that is below r, of an x below 2r.
func below(x fr.Element) fr.Element {
	var y fr.Element
	var c uint64
	y[0], c = bits.Sub64(x[0], modulus[0], 0)
	y[1], c = bits.Sub64(x[1], modulus[1], c)
	y[2], c = bits.Sub64(x[2], modulus[2], c)
	y[3], c = bits.Sub64(x[3], modulus[3], c)
	if c != 0 {
		return x
	}
	return y
}

// reduce returns low + 2^256 high modulo r; high is below r.
func reduce(low, high fr.Element) fr.Element {
	low = below(below(low))
	high.Mul(&high, &rSquare)
	return *high.Add(&high, &low)
}
