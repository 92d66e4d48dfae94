package groth16

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/consensys/gnark-crypto/ecc"
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// AggregateOptions say how proofs are aggregated. Nil and the zero value work.
type AggregateOptions struct {
	Workers int // goroutines at most; 0 means GOMAXPROCS

	// Progress, if set, is told how many of the n-1 foldings are done, under the stage "fold", also between them.
	Progress func(stage string, done, total uint64)
}

// Aggregate makes one SnarkPack proof of many proofs under one key. They are padded to a power of two, two at least, by
// repeating the last. The proofs are not verified: an aggregate of a false proof is refused by the verifier. include is what
// goes into the transcript beside the proofs. Nothing is drawn at random: the same proofs give the same bytes.
//
// Source: bellperson 0.27, src/groth16/aggregate/prove.rs, aggregate_proofs.
func (s *SRS) Aggregate(ctx context.Context, proofs []*Proof, v Version, include []byte, opt *AggregateOptions) (*Aggregate, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	if len(proofs) == 0 {
		return nil, fmt.Errorf("%w: no proofs to aggregate", ErrInputs)
	}
	n := PaddedProofs(len(proofs))
	if n == 0 || n > s.MaxProofs() {
		return nil, fmt.Errorf("%w: %d proofs, the reference string serves %d", ErrInputs, len(proofs), s.MaxProofs())
	}
	if opt == nil {
		opt = new(AggregateOptions)
	}
	f := &folding{ctx: ctx, b: newBatch(nil, &BatchOptions{Workers: opt.Workers, Progress: opt.Progress})}
	f.b.stage, f.b.total = "fold", uint64(n-1)
	for i := range n {
		p := proofs[min(i, len(proofs)-1)]
		if !p.valid() {
			return nil, fmt.Errorf("proof %d: %w", min(i, len(proofs)-1), ErrProof)
		}
		f.a, f.bb, f.c = append(f.a, p.a), append(f.bb, p.b), append(f.c, p.c)
	}
	f.v = [2][]bls.G2Affine{slices.Clone(s.hAlpha[:n]), slices.Clone(s.hBeta[:n])}
	f.w = [2][]bls.G1Affine{slices.Clone(s.gAlpha[n : 2*n]), slices.Clone(s.gBeta[n : 2*n])}
	out := &Aggregate{n: n, rounds: make([]aggregateRoundProof, bits.Len(uint(n))-1)}
	if err := f.run(out, v, include); err != nil {
		return nil, err
	}
	return out, f.open(s, out, v)
}

// A folding is the state of the prover: vectors that halve from round to round.
type folding struct {
	ctx context.Context
	b   *batcher

	a, c   []bls.G1Affine
	bb     []bls.G2Affine // B times the powers of r
	powers []fr.Element   // of r
	v      [2][]bls.G2Affine
	w      [2][]bls.G1Affine // times the inverse powers of r

	r                    fr.Element
	challenges, inverses []fr.Element // of the rounds, the first first
}

// run fills out but for the openings.
func (f *folding) run(out *Aggregate, v Version, include []byte) error {
	for k := range 2 {
		out.comAB[k] = f.pair(f.a, f.v[k], f.w[k], f.bb)
		out.comC[k] = f.pair(f.c, f.v[k], nil, nil)
	}
	var hcom fr.Element
	hcom, f.r = commitmentChallenges(&out.comAB, &out.comC, include)
	f.twist()
	out.ipAB = f.pair(f.a, f.bb, nil, nil)
	sum := multiSum(f.c, f.powers, f.b.workers)
	out.aggC.FromJacobian(&sum)
	inverse := firstChallenge(&hcom, &out.ipAB, &out.aggC, &f.r)
	for i := range out.rounds {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		out.rounds[i] = f.round()
		inverse = roundChallenge(v, i, &inverse, &out.rounds[i])
		var x fr.Element
		x.Inverse(&inverse)
		f.challenges, f.inverses = append(f.challenges, x), append(f.inverses, inverse)
		f.fold(&x, &inverse)
	}
	out.a, out.b, out.c = f.a[0], f.bb[0], f.c[0]
	out.vkey, out.wkey = [2]bls.G2Affine{f.v[0][0], f.v[1][0]}, [2]bls.G1Affine{f.w[0][0], f.w[1][0]}
	return nil
}

// twist multiplies B by the powers of r and the keys w by their inverses.
func (f *folding) twist() {
	n := len(f.a)
	f.powers = make([]fr.Element, n)
	f.powers[0].SetOne()
	for i := 1; i < n; i++ {
		f.powers[i].Mul(&f.powers[i-1], &f.r)
	}
	inverses := fr.BatchInvert(f.powers)
	f.each(n, func(i int) {
		scaleG2(&f.bb[i], &f.powers[i])
		scaleG1(&f.w[0][i], &inverses[i])
		scaleG1(&f.w[1][i], &inverses[i])
	})
}

// each calls do for 0 ... n-1 over the workers. Where ctx ends it leaves off, and so do all steps after it: their values mean
// nothing and are not returned.
func (f *folding) each(n int, do func(i int)) {
	_ = f.b.pieces(f.ctx, n, func(from, to int) {
		parallel(f.b.workers, to-from, func(i int) { do(from + i) })
	})
}

// round computes what the prover sends before the vectors are folded.
func (f *folding) round() (r aggregateRoundProof) {
	m := len(f.a) / 2
	for k := range 2 {
		r.ab[0][k] = f.pair(f.a[m:], f.v[k][:m], f.w[k][m:], f.bb[:m])
		r.ab[1][k] = f.pair(f.a[:m], f.v[k][m:], f.w[k][:m], f.bb[m:])
		r.c[0][k] = f.pair(f.c[m:], f.v[k][:m], nil, nil)
		r.c[1][k] = f.pair(f.c[:m], f.v[k][m:], nil, nil)
	}
	r.zAB[0] = f.pair(f.a[m:], f.bb[:m], nil, nil)
	r.zAB[1] = f.pair(f.a[:m], f.bb[m:], nil, nil)
	left := multiSum(f.c[m:], f.powers[:m], f.b.workers)
	right := multiSum(f.c[:m], f.powers[m:], f.b.workers)
	r.zC[0].FromJacobian(&left)
	r.zC[1].FromJacobian(&right)
	return r
}

// pair returns the product of e(p[i], q[i]) and of e(s[i], t[i]), or something else where ctx ended.
func (f *folding) pair(p []bls.G1Affine, q []bls.G2Affine, s []bls.G1Affine, t []bls.G2Affine) bls.GT {
	pairs := make([]millerPair, 0, len(p)+len(s))
	for i := range p {
		pairs = append(pairs, millerPair{p: p[i], q: q[i]})
	}
	for i := range s {
		pairs = append(pairs, millerPair{p: s[i], q: t[i]})
	}
	e, err := f.b.product(f.ctx, pairs)
	if err != nil {
		return e
	}
	return bls.FinalExponentiation(&e)
}

// fold halves all vectors: left + x·right for A, C and w, left + right/x for B, v and the powers of r.
func (f *folding) fold(x, inverse *fr.Element) {
	m := len(f.a) / 2
	f.each(m, func(i int) {
		foldG1(&f.a[i], &f.a[m+i], x)
		foldG1(&f.c[i], &f.c[m+i], x)
		foldG2(&f.bb[i], &f.bb[m+i], inverse)
		for k := range 2 {
			foldG1(&f.w[k][i], &f.w[k][m+i], x)
			foldG2(&f.v[k][i], &f.v[k][m+i], inverse)
		}
		var t fr.Element
		f.powers[i].Add(&f.powers[i], t.Mul(&f.powers[m+i], inverse))
	})
	f.a, f.c, f.bb, f.powers = f.a[:m], f.c[:m], f.bb[:m], f.powers[:m]
	for k := range 2 {
		f.v[k], f.w[k] = f.v[k][:m], f.w[k][:m]
	}
	f.b.settled(m)
}

// open fills in the proofs that the folded keys come from the reference string.
func (f *folding) open(s *SRS, out *Aggregate, v Version) error {
	slices.Reverse(f.challenges)
	slices.Reverse(f.inverses)
	var one, rInverse fr.Element
	one.SetOne()
	rInverse.Inverse(&f.r)
	z := out.openingChallenge(v, &f.challenges[0])
	qv := quotient(productCoefficients(f.inverses, &one, 0), &z)
	qw := quotient(productCoefficients(f.challenges, &rInverse, out.n), &z)
	cfg := ecc.MultiExpConfig{NbTasks: f.b.workers}
	for k := range 2 {
		h, g := [][]bls.G2Affine{s.hAlpha, s.hBeta}[k], [][]bls.G1Affine{s.gAlpha, s.gBeta}[k]
		if _, err := out.vOpen[k].MultiExp(h[:len(qv)], qv, cfg); err != nil {
			return fmt.Errorf("groth16: opening of the key v: %w", err)
		}
		if _, err := out.wOpen[k].MultiExp(g[:len(qw)], qw, cfg); err != nil {
			return fmt.Errorf("groth16: opening of the key w: %w", err)
		}
	}
	return f.ctx.Err()
}

// productCoefficients returns the coefficients of X^shift · prod_j (1 + xs[j]·(r·X)^(2^j)), the constant one first.
func productCoefficients(xs []fr.Element, r *fr.Element, shift int) []fr.Element {
	c := make([]fr.Element, shift+1, shift+1<<len(xs))
	c[shift].SetOne()
	power := *r
	for j := range xs {
		if j > 0 {
			power.Square(&power)
		}
		var t fr.Element
		t.Mul(&xs[j], &power)
		for i := range 1 << j {
			var next fr.Element
			c = append(c, *next.Mul(&c[shift+i], &t))
		}
	}
	return c
}

// quotient returns (f(X) - f(z)) / (X - z).
func quotient(f []fr.Element, z *fr.Element) []fr.Element {
	q := make([]fr.Element, len(f)-1)
	carry := f[len(f)-1]
	for i := len(q) - 1; i >= 0; i-- {
		q[i] = carry
		carry.Mul(&carry, z).Add(&carry, &f[i])
	}
	return q
}

// multiSum returns the sum of factors[i]·points[i].
func multiSum(points []bls.G1Affine, factors []fr.Element, workers int) bls.G1Jac {
	k := make([]limbs, len(factors))
	for i := range factors {
		k[i] = plain(&factors[i])
	}
	return multiExp(points, k, workers)
}

func scaleG1(p *bls.G1Affine, k *fr.Element) {
	l := plain(k)
	j := multiply(p, &l)
	p.FromJacobian(&j)
}

func scaleG2(p *bls.G2Affine, k *fr.Element) {
	p.ScalarMultiplication(p, bigInt(k))
}

func foldG1(left, right *bls.G1Affine, x *fr.Element) {
	l := plain(x)
	j := multiply(right, &l)
	left.FromJacobian(j.AddMixed(left))
}

func foldG2(left, right *bls.G2Affine, x *fr.Element) {
	var j bls.G2Jac
	j.FromAffine(right)
	j.ScalarMultiplication(&j, bigInt(x))
	left.FromJacobian(j.AddMixed(left))
}
