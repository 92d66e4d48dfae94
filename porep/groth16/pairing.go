package groth16

import (
	"math/bits"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// seed is the absolute value of the curve's (negative) parameter; its bits steer the Miller loop.
const seed uint64 = 0xd201000000010000

// A lineTable holds the lines of the Miller loop of a fixed point of G2.
type lineTable = [2][63]bls.LineEvaluationAff

// A millerPair is one factor e(p, q) of a product of pairings. Where lines is set q is not looked at.
type millerPair struct {
	p     bls.G1Affine
	q     bls.G2Affine
	lines *lineTable
}

// miller returns the product of the Miller loops of all pairs, which share the squarings. Pairs with an identity count as
// one. The result means something only after the final exponentiation: lines are scaled by factors that it removes.
func miller(pairs []millerPair) bls.GT {
	var free []freeLoop
	var fixed []fixedLoop
	for i := range pairs {
		m := &pairs[i]
		switch {
		case m.p.IsInfinity():
		case m.lines != nil:
			fixed = append(fixed, newFixedLoop(m))
		case !m.q.IsInfinity():
			free = append(free, newFreeLoop(m))
		}
	}
	var f bls.GT
	f.SetOne()
	for i := bits.Len64(seed) - 2; i >= 0; i-- {
		if i != bits.Len64(seed)-2 {
			f.Square(&f)
		}
		add := seed>>i&1 == 1
		for k := range free {
			free[k].double(&f)
			if add {
				free[k].add(&f)
			}
		}
		for k := range fixed {
			fixed[k].step(&f, 0, i)
			if add {
				fixed[k].step(&f, 1, i)
			}
		}
	}
	f.Conjugate(&f)
	return f
}

// A fixedLoop evaluates the prepared lines of q at p.
type fixedLoop struct {
	lines       *lineTable
	yInv, xNegY fp.Element // 1/y and -x/y
}

func newFixedLoop(m *millerPair) fixedLoop {
	l := fixedLoop{lines: m.lines}
	l.yInv.Inverse(&m.p.Y)
	l.xNegY.Mul(&m.p.X, &l.yInv).Neg(&l.xNegY)
	return l
}

func (l *fixedLoop) step(f *bls.GT, kind, i int) {
	line := &l.lines[kind][i]
	var c0, c1 bls.E2
	c0.MulByElement(&line.R1, &l.yInv)
	c1.MulByElement(&line.R0, &l.xNegY)
	f.MulBy01(&c0, &c1)
}

// A freeLoop walks the multiples of q in homogeneous coordinates and evaluates the lines at p.
//
// Source: Costello, Lange, Naehrig and, for the formulas, https://eprint.iacr.org/2013/722, section 4.3.
type freeLoop struct {
	p       bls.G1Affine
	q       bls.G2Affine
	x, y, z bls.E2
}

func newFreeLoop(m *millerPair) freeLoop {
	l := freeLoop{p: m.p, q: m.q, x: m.q.X, y: m.q.Y}
	l.z.SetOne()
	return l
}

// double multiplies f by the tangent at the current multiple and doubles it.
func (l *freeLoop) double(f *bls.GT) {
	var a, b, c, e, g, h, i, j, t bls.E2
	a.Mul(&l.x, &l.y)
	a.Halve()
	b.Square(&l.y)
	c.Square(&l.z)
	t.Double(&c).Add(&t, &c)
	e.MulBybTwistCurveCoeff(&t)
	t.Double(&e).Add(&t, &e) // 3e
	g.Add(&b, &t)
	g.Halve()
	h.Add(&l.y, &l.z).Square(&h).Sub(&h, &b).Sub(&h, &c) // 2yz
	i.Sub(&e, &b)
	j.Square(&l.x)

	l.x.Sub(&b, &t).Mul(&l.x, &a)
	l.z.Mul(&b, &h)
	e.Square(&e)
	t.Double(&e).Add(&t, &e) // 3e²
	l.y.Square(&g).Sub(&l.y, &t)

	t.Double(&j).Add(&t, &j)
	t.MulByElement(&t, &l.p.X)
	h.Neg(&h).MulByElement(&h, &l.p.Y)
	f.MulBy014(&i, &t, &h)
}

// add multiplies f by the line through the current multiple and q and adds q.
func (l *freeLoop) add(f *bls.GT) {
	var o, m, c, d, e, g, h, t bls.E2
	t.Mul(&l.q.Y, &l.z)
	o.Sub(&l.y, &t)
	t.Mul(&l.q.X, &l.z)
	m.Sub(&l.x, &t)
	c.Square(&o)
	d.Square(&m)
	e.Mul(&m, &d)
	c.Mul(&l.z, &c)
	g.Mul(&l.x, &d)
	t.Double(&g)
	h.Add(&e, &c).Sub(&h, &t)
	t.Mul(&l.y, &e)

	l.x.Mul(&m, &h)
	l.y.Sub(&g, &h).Mul(&l.y, &o).Sub(&l.y, &t)
	l.z.Mul(&e, &l.z)

	t.Mul(&m, &l.q.Y)
	g.Mul(&l.q.X, &o).Sub(&g, &t)
	o.Neg(&o).MulByElement(&o, &l.p.X)
	m.MulByElement(&m, &l.p.Y)
	f.MulBy014(&g, &o, &m)
}
