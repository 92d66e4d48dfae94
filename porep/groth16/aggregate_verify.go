package groth16

import (
	"context"
	"fmt"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// VerifyAggregate checks that an aggregate stands for proofs of all the statements whose public inputs are given, proof after
// proof, p.Inputs() scalars each. The proofs that pad an aggregate to a power of two repeat the last; their inputs are not
// given. include is what the aggregator put into the transcript beside the proofs: for seals and updates a hash over their
// commitments. Nil means proven; errors wrap ErrProof (refuted), ErrInputs (unfit inputs) or ErrKey (no key or no reference
// string), or judge nothing.
//
// Source: bellperson 0.27, src/groth16/aggregate/verify.rs, verify_aggregate_proof.
func (p *PreparedKey) VerifyAggregate(ctx context.Context, srs *VerifierSRS, a *Aggregate, v Version, include []byte, inputs []Scalar, opt *BatchOptions) error {
	if !p.valid() {
		return errNoKey
	}
	if !srs.valid() {
		return fmt.Errorf("%w: no reference string", ErrKey)
	}
	c, err := newAggregateCheck(a, v, include, opt)
	if err != nil {
		return err
	}
	rows, err := p.aggregateRows(a, inputs)
	if err != nil {
		return err
	}
	scalars := c.inputSums(inputs, p.Inputs(), rows)
	if err := ctx.Err(); err != nil {
		return err
	}
	// e(sum r^j·alpha, beta)·e(inputs, gamma)·e(C, delta) = e(A, B); the prepared lines are those of -gamma and -delta.
	var alpha, in, out bls.G1Affine
	j := multiply(&p.key.alphaG1, &scalars[0])
	alpha.FromJacobian(&j)
	in = p.combine(scalars, c.b.workers)
	c.pairs = append(c.pairs,
		millerPair{p: alpha, lines: &p.beta},
		millerPair{p: *in.Neg(&in), lines: &p.negGamma},
		millerPair{p: *out.Neg(&a.aggC), lines: &p.negDelta})
	c.out.add(&a.ipAB, limbs{1})
	c.keys(srs)
	c.inner()
	return c.settle(ctx)
}

// VerifyInner checks those equations of an aggregate that need neither a key nor a reference string nor public inputs: the
// five pairing equations of its inner products and the one between its C points. They hold only if include and the version
// are those of the aggregator, but prove no statement.
func (a *Aggregate) VerifyInner(ctx context.Context, v Version, include []byte, opt *BatchOptions) error {
	c, err := newAggregateCheck(a, v, include, opt)
	if err != nil {
		return err
	}
	c.inner()
	return c.settle(ctx)
}

// aggregateRows returns how many proofs the inputs are of.
func (p *PreparedKey) aggregateRows(a *Aggregate, inputs []Scalar) (int, error) {
	n := p.Inputs()
	if n == 0 || len(inputs) == 0 || len(inputs)%n != 0 {
		return 0, fmt.Errorf("%w: %d scalars for proofs of %d inputs", ErrInputs, len(inputs), n)
	}
	rows := len(inputs) / n
	if PaddedProofs(rows) != a.n {
		return 0, fmt.Errorf("%w: inputs of %d proofs for an aggregate of %d", ErrInputs, rows, a.n)
	}
	for i := range inputs {
		if !inputs[i].Canonical() {
			return 0, fmt.Errorf("%w: input %d of proof %d is not reduced", ErrInputs, i%n, i/n)
		}
	}
	return rows, nil
}

// The equations, by the place of their coefficient: openings of the keys v and w, Z = e(A, B), T and U of A and B, T and U of
// C. The Groth16 equation has the coefficient one.
const (
	eqV0 = iota
	eqV1
	eqW0
	eqW1
	eqZ
	eqT
	eqU
	eqTC
	eqUC
	equations
)

// An aggregateCheck is one verification of an aggregate: pairs whose product must equal that of out, and a sum of points
// that must be the identity.
type aggregateCheck struct {
	a     *Aggregate
	ch    aggregateChallenges
	b     *batcher // workers and randomness
	coins [equations]fr.Element
	pairs []millerPair
	v     [2]linear // what is paired with the folded keys v, on top of inner's
	out   gtProduct
	zero  linear
}

func newAggregateCheck(a *Aggregate, v Version, include []byte, opt *BatchOptions) (*aggregateCheck, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	if a == nil || a.n < 2 {
		return nil, ErrProof
	}
	c := &aggregateCheck{a: a, b: newBatch(nil, opt)}
	z, err := c.b.coefficients(equations)
	if err != nil {
		return nil, err
	}
	for i := range z {
		c.coins[i] = montgomery(&z[i])
	}
	c.ch = a.challenges(v, include)
	return c, nil
}

// inputSums returns the factors of the IC points: the sum of r^j, then for each input the sum of r^j·input over the proofs j.
func (c *aggregateCheck) inputSums(inputs []Scalar, n, rows int) []limbs {
	powers := make([]fr.Element, rows)
	var sum, power fr.Element
	power.SetOne()
	for j := range c.a.n {
		p := &powers[min(j, rows-1)]
		p.Add(p, &power)
		sum.Add(&sum, &power)
		power.Mul(&power, &c.ch.r)
	}
	scalars := make([]limbs, n+1)
	scalars[0] = plain(&sum)
	parallel(c.b.workers, n, func(i int) {
		var s fr.Element
		for j := range powers {
			// A factor in Montgomery form times a plain number is a plain number.
			e := fr.Element(inputs[j*n+i].limbs())
			s.Add(&s, e.Mul(&e, &powers[j]))
		}
		scalars[i+1] = limbs(s)
	})
	return scalars
}

// keys adds the equations by which the folded commitment keys come from the reference string, and so for beta:
// e(-g, v - y·h)·e(g^alpha - z·g, open) = 1 for v, e(w - y·g, -h)·e(open, h^alpha - z·h) = 1 for w.
// All factors with h are one pair; those with v are left to inner, which has others with the same points.
func (c *aggregateCheck) keys(srs *VerifierSRS) {
	a, z := c.a, &c.ch.z
	var one, rInverse, yv, yw, zn fr.Element
	one.SetOne()
	yv = productForm(c.ch.inverses, z, &one)
	yw = productForm(c.ch.challenges, z, rInverse.Inverse(&c.ch.r))
	zn = power(z, a.n)
	yw.Mul(&yw, &zn)

	var h linear
	for k, s := range []*fr.Element{&c.coins[eqV0], &c.coins[eqV1]} {
		secret := []*bls.G1Affine{&srs.gAlpha, &srs.gBeta}[k]
		var open linear
		open.add(secret, s)
		open.sub(&srs.g, times(z, s))
		c.pairs = append(c.pairs, millerPair{p: open.affine(), q: a.vOpen[k]})
		h.add(&srs.g, times(&yv, s))
		c.v[k].sub(&srs.g, s)
	}
	for k, s := range []*fr.Element{&c.coins[eqW0], &c.coins[eqW1]} {
		var open linear
		open.add(&a.wOpen[k], s)
		c.pairs = append(c.pairs, millerPair{p: open.affine(), lines: []*lineTable{&srs.linesA, &srs.linesB}[k]})
		h.sub(&a.wkey[k], s)
		h.add(&srs.g, times(&yw, s))
		h.sub(&a.wOpen[k], times(z, s))
	}
	c.pairs = append(c.pairs, millerPair{p: h.affine(), lines: &srs.linesH})
}

// inner adds the equations of the inner products: Z = e(A, B), T = e(A, v0)·e(w0, B), U = e(A, v1)·e(w1, B) and, for C,
// T = e(C, v0), U = e(C, v1), where the left sides fold as the rounds' challenges say; and Z = r'·C.
func (c *aggregateCheck) inner() {
	a, s := c.a, &c.coins
	var b linear
	b.add(&a.a, &s[eqZ])
	b.add(&a.wkey[0], &s[eqT])
	b.add(&a.wkey[1], &s[eqU])
	c.pairs = append(c.pairs, millerPair{p: b.affine(), q: a.b})
	for k, eq := range [2][2]int{{eqT, eqTC}, {eqU, eqUC}} {
		c.v[k].add(&a.a, &s[eq[0]])
		c.v[k].add(&a.c, &s[eq[1]])
		c.pairs = append(c.pairs, millerPair{p: c.v[k].affine(), q: a.vkey[k]})
	}
	raise := func(base *bls.GT, eq int, by *fr.Element) { c.out.add(base, plain(times(by, &s[eq]))) }
	var one fr.Element
	one.SetOne()
	raise(&a.ipAB, eqZ, &one)
	raise(&a.comAB[0], eqT, &one)
	raise(&a.comAB[1], eqU, &one)
	raise(&a.comC[0], eqTC, &one)
	raise(&a.comC[1], eqUC, &one)
	c.zero.add(&a.aggC, &one)
	last := len(a.rounds) - 1
	for i := range a.rounds {
		// The challenges are in reverse order; the left side takes the challenge, the right side its inverse.
		for side, x := range []*fr.Element{&c.ch.challenges[last-i], &c.ch.inverses[last-i]} {
			r := &a.rounds[i]
			raise(&r.zAB[side], eqZ, x)
			raise(&r.ab[side][0], eqT, x)
			raise(&r.ab[side][1], eqU, x)
			raise(&r.c[side][0], eqTC, x)
			raise(&r.c[side][1], eqUC, x)
			c.zero.add(&r.zC[side], x)
		}
	}
	final := productForm(c.ch.inverses, &c.ch.r, &one)
	c.zero.sub(&a.c, &final)
}

// settle evaluates the check.
func (c *aggregateCheck) settle(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if sum := c.zero.value(); !sum.Z.IsZero() {
		return ErrProof
	}
	var left, right bls.GT
	parallel(c.b.workers, 2, func(i int) {
		if i == 0 {
			left = miller(c.pairs)
			left = bls.FinalExponentiation(&left)
		} else {
			right = c.out.value()
		}
	})
	if !left.Equal(&right) {
		return ErrProof
	}
	return nil
}
