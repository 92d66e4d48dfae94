package groth16

import (
	"math/bits"
	"slices"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// Scalars are summed by length: numbers (challenges and node indexes, almost all inputs), numbers times coefficients of a
// batch, and the others, which are commitments or hashes.
const (
	smallBits  = 64
	middleBits = 192
)

// multiExp returns the sum of scalars[i]·points[i]. Points lie in the prime-order subgroup, scalars are below r. Scalars of
// different lengths are summed apart, each with windows over its own length; the longest are first split in two halves of
// 128 bits by the curve's endomorphism.
func multiExp(points []bls.G1Affine, scalars []limbs, workers int) bls.G1Jac {
	var class [3]struct {
		p []bls.G1Affine
		k []limbs
	}
	for i := range scalars {
		n := scalars[i].bitLen()
		if n == 0 {
			continue
		}
		if n > middleBits {
			c := &class[2]
			q, lo, hi := split(&points[i], &scalars[i])
			c.p, c.k = append(c.p, points[i], q), append(c.k, lo, hi)
			continue
		}
		c := &class[0]
		if n > smallBits {
			c = &class[1]
		}
		c.p, c.k = append(c.p, points[i]), append(c.k, scalars[i])
	}
	sum := pippenger(class[0].p, class[0].k, workers)
	for _, c := range class[1:] {
		part := pippenger(c.p, c.k, workers)
		sum.AddAssign(&part)
	}
	return sum
}

// endoRoot is the cube root of unity of the base field by which (x, y) -> (endoRoot·x, y) multiplies points of the subgroup
// by endoLambda = z²-1, z being the curve's seed: a number of 128 bits.
var (
	endoRoot = fp.Element{
		0xcd03c9e48671f071, 0x5dab22461fcda5d2, 0x587042afd3851b95,
		0x8eb60ebe01bacb9e, 0x03f97d6e83d050d2, 0x18f0206554638741,
	}
	endoLambda = [2]uint64{0x00000000ffffffff, 0xac45a4010001a402}
	// endoInverse is 2^256/endoLambda, rounded down: 129 bits.
	endoInverse = [3]uint64{0x63f6e522f6cfee30, 0x7c6becf1e01faadd, 1}
)

// split returns q, lo and hi with s·p = lo·p + hi·q, both numbers below 2^128.
func split(p *bls.G1Affine, s *limbs) (q bls.G1Affine, lo, hi limbs) {
	q.X.Mul(&p.X, &endoRoot)
	q.Y = p.Y
	// hi = floor(s/lambda), estimated from below by the reciprocal; at most two corrections follow.
	h := mulHigh(s, &endoInverse)
	hi = limbs{h[0], h[1]}
	lo = *s
	lo.subProduct(&endoLambda, &hi)
	for lo.atLeast(&endoLambda) {
		var borrow uint64
		lo[0], borrow = bits.Sub64(lo[0], endoLambda[0], 0)
		lo[1], borrow = bits.Sub64(lo[1], endoLambda[1], borrow)
		lo[2], _ = bits.Sub64(lo[2], 0, borrow)
		var carry uint64
		hi[0], carry = bits.Add64(hi[0], 1, 0)
		hi[1] += carry
	}
	return q, lo, hi
}

// mulHigh returns floor(s·m / 2^256) for a result below 2^128.
func mulHigh(s *limbs, m *[3]uint64) (high [2]uint64) {
	var t [7]uint64
	for i, x := range s {
		var carry uint64
		for j, y := range m {
			hi, lo := bits.Mul64(x, y)
			var c uint64
			lo, c = bits.Add64(lo, t[i+j], 0)
			hi += c
			t[i+j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		t[i+3] = carry
	}
	return [2]uint64{t[4], t[5]}
}

// subProduct sets l -= a·b, which must not be negative, b below 2^128.
func (l *limbs) subProduct(a *[2]uint64, b *limbs) {
	var t limbs
	for i, x := range a {
		var carry uint64
		for j := 0; i+j < 4 && j < 2; j++ {
			hi, lo := bits.Mul64(x, b[j])
			var c uint64
			lo, c = bits.Add64(lo, t[i+j], 0)
			hi += c
			t[i+j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		t[i+2] = carry
	}
	var borrow uint64
	for i := range l {
		l[i], borrow = bits.Sub64(l[i], t[i], borrow)
	}
}

// atLeast reports whether l >= m.
func (l *limbs) atLeast(m *[2]uint64) bool {
	if l[2]|l[3] != 0 || l[1] != m[1] {
		return l[2]|l[3] != 0 || l[1] > m[1]
	}
	return l[0] >= m[0]
}

// pippenger returns the sum of scalars[i]·points[i], looking only at as many bits as the longest scalar has.
func pippenger(points []bls.G1Affine, scalars []limbs, workers int) bls.G1Jac {
	longest := 0
	for i := range scalars {
		longest = max(longest, scalars[i].bitLen())
	}
	if longest == 0 {
		return g1Identity()
	}
	c := window(len(scalars), longest)
	windows := longest/c + 1 // the last one takes the carry of the signed digits
	group := max(1, min(windows, (1<<13)/len(scalars)))
	sums := make([]bls.G1Jac, windows)
	stretches(workers, (windows+group-1)/group, func(from, to int) {
		var s windowSummer
		for i := from; i < to; i++ {
			s.sum(sums[i*group:min((i+1)*group, windows)], points, scalars, i*group, c)
		}
	})
	total := sums[windows-1]
	for w := windows - 2; w >= 0; w-- {
		for range c {
			total.DoubleAssign()
		}
		total.AddAssign(&sums[w])
	}
	return total
}

// window returns the width of the windows that takes the fewest operations for n scalars: an addition into a bucket costs
// one, weighing a bucket about two and a half.
func window(n, longest int) int {
	best, cost := 1, 0.0
	for c := 2; c <= 15; c++ {
		w := float64(longest/c + 1)
		if x := w * (float64(n) + 2.5*float64(int(1)<<(c-1))); best == 1 || x < cost {
			best, cost = c, x
		}
	}
	return best
}

// A windowSummer keeps its buffers from window to window.
type windowSummer struct {
	set     bucketSet
	entries []entry
	buckets []bls.G1Affine
}

// sum fills sums[i] with the sum over window from+i, all windows in one set of buckets.
func (s *windowSummer) sum(sums []bls.G1Jac, points []bls.G1Affine, scalars []limbs, from, c int) {
	half := 1 << (c - 1)
	entries := slices.Grow(s.entries[:0], len(sums)*len(scalars))
	for w := range sums {
		for i := range scalars {
			if d := scalars[i].digit(from+w, c); d > 0 {
				entries = append(entries, entry{bucket: int32(w*half + d - 1), point: int32(i)})
			} else if d < 0 {
				entries = append(entries, entry{bucket: int32(w*half - d - 1), point: int32(-i - 1)})
			}
		}
	}
	s.entries = entries
	s.buckets = slices.Grow(s.buckets[:0], len(sums)*half)[:len(sums)*half]
	s.set.sum(s.buckets, points, entries)
	s.set.weigh(sums, s.buckets, c-1)
}

// digit returns digit w of l in the signed base 2^c, between -2^(c-1) and 2^(c-1): the window's bits, plus the bit below it,
// minus 2^c if its top bit is set (Booth).
func (l *limbs) digit(w, c int) int {
	d := l.bits(w*c, c)
	top := d >> (c - 1)
	if w > 0 {
		d += l.bits(w*c-1, 1)
	}
	return d - top<<c
}

// bits returns n <= 16 bits of l from bit at on.
func (l *limbs) bits(at, n int) int {
	i, shift := at/64, uint(at%64)
	if i > 3 {
		return 0
	}
	x := l[i] >> shift
	if shift != 0 && i < 3 {
		x |= l[i+1] << (64 - shift)
	}
	return int(x & (1<<n - 1))
}

func g1Identity() (p bls.G1Jac) {
	p.X.SetOne()
	p.Y.SetOne()
	return p
}
