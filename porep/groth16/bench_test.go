package groth16

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// fakeKey makes a key of n inputs from nothing up anybody's sleeve, and a proof of the given inputs under it: whoever knows
// the discrete logarithms of a key proves anything.
func fakeKey(r *rand.Rand, n int) *fakeSetup {
	f := &fakeSetup{rand: r}
	f.alpha, f.beta, f.gamma, f.delta = f.scalar(), f.scalar(), f.scalar(), f.scalar()
	_, _, g1, g2 := bls.Generators()
	f.ic = make([]fr.Element, n+1)
	for i := range f.ic {
		f.ic[i] = f.scalar()
	}
	f.key = &VerifyingKey{ic: bls.BatchScalarMultiplicationG1(&g1, f.ic)}
	g := bls.BatchScalarMultiplicationG1(&g1, []fr.Element{f.alpha, f.beta, f.delta})
	h := bls.BatchScalarMultiplicationG2(&g2, []fr.Element{f.beta, f.gamma, f.delta})
	f.key.alphaG1, f.key.betaG1, f.key.deltaG1 = g[0], g[1], g[2]
	f.key.betaG2, f.key.gammaG2, f.key.deltaG2 = h[0], h[1], h[2]
	return f
}

type fakeSetup struct {
	rand                      *rand.Rand
	alpha, beta, gamma, delta fr.Element
	ic                        []fr.Element
	key                       *VerifyingKey
}

func (f *fakeSetup) scalar() (e fr.Element) {
	for i := range e {
		e[i] = f.rand.Uint64() >> 2
	}
	return e
}

// prove returns a valid proof of the inputs.
func (f *fakeSetup) prove(inputs []Scalar) *Proof {
	sum := f.ic[0]
	for i := range inputs {
		x, err := inputs[i].Element()
		if err != nil {
			panic(err)
		}
		sum.Add(&sum, x.Mul(&x, &f.ic[i+1]))
	}
	// ab = alpha·beta + sum·gamma + c·delta
	a, b := f.scalar(), f.scalar()
	var c, t fr.Element
	c.Mul(&a, &b)
	c.Sub(&c, t.Mul(&f.alpha, &f.beta)).Sub(&c, t.Mul(&sum, &f.gamma)).Div(&c, &f.delta)
	_, _, g1, g2 := bls.Generators()
	g := bls.BatchScalarMultiplicationG1(&g1, []fr.Element{a, c})
	return &Proof{a: g[0], b: bls.BatchScalarMultiplicationG2(&g2, []fr.Element{b})[0], c: g[1]}
}

// inputs returns n inputs, every period-th of them a full scalar and the others below 2^30.
func (f *fakeSetup) inputs(n, period int) []Scalar {
	in := make([]Scalar, n)
	for i := range in {
		in[i] = ScalarUint64(f.rand.Uint64N(1 << 30))
		if i%period == 0 {
			e := f.scalar()
			in[i] = ScalarElement(&e)
		}
	}
	return in
}

// shapes are the published circuits: a 32 GiB seal partition and a 32 GiB window partition.
var shapes = []struct {
	name         string
	n, fullEvery int
}{{"seal", 327, 109}, {"window", 25839, 11}}

func BenchmarkVerify(b *testing.B) {
	for _, s := range shapes {
		f := fakeKey(rand.New(rand.NewPCG(1, 1)), s.n)
		key, in := f.key.Prepare(), f.inputs(s.n, s.fullEvery)
		proof := f.prove(in)
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("proof=%s/workers=%d", s.name, workers), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := key.Verify(proof, in, &VerifyOptions{Workers: workers}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkParseKey(b *testing.B) {
	for _, s := range shapes {
		raw := fakeKey(rand.New(rand.NewPCG(1, 1)), s.n).key.AppendBytes(nil)
		digest := DigestOf(raw)
		b.Run("key="+s.name+"/checks=all", func(b *testing.B) {
			for b.Loop() {
				k, err := ParseKey(raw)
				if err != nil {
					b.Fatal(err)
				}
				k.Prepare()
			}
		})
		b.Run("key="+s.name+"/checks=digest", func(b *testing.B) {
			for b.Loop() {
				k, err := ParseTrustedKey(raw, digest)
				if err != nil {
					b.Fatal(err)
				}
				k.Prepare()
			}
		})
	}
}

func BenchmarkParseProof(b *testing.B) {
	f := fakeKey(rand.New(rand.NewPCG(1, 1)), 1)
	raw := f.prove(f.inputs(1, 2)).AppendBytes(nil)
	for b.Loop() {
		if _, err := ParseProof(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPrepareCost holds what making a window key ready costs against one verification under it: less with a trusted digest,
// less than thirty with all points checked. It runs with ASSAY_LONG=1.
func TestPrepareCost(t *testing.T) {
	if !long() {
		t.Skip("ASSAY_LONG is not set: a key of 25,839 inputs")
	}
	s := shapes[1]
	f := fakeKey(rand.New(rand.NewPCG(1, 1)), s.n)
	raw := f.key.AppendBytes(nil)
	digest := DigestOf(raw)
	in := f.inputs(s.n, s.fullEvery)
	proof, key := f.prove(in), f.key.Prepare()
	least := func(what func() error) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			if err := what(); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	verify := least(func() error { return key.Verify(proof, in, &VerifyOptions{Workers: 1}) })
	trusted := least(func() error {
		k, err := ParseTrustedKey(raw, digest)
		if err == nil {
			k.Prepare()
		}
		return err
	})
	checked := least(func() error {
		k, err := ParseKey(raw)
		if err == nil {
			k.Prepare()
		}
		return err
	})
	t.Logf("verify %v, prepare with a trusted digest %v, with all points checked %v", verify, trusted, checked)
	if trusted >= verify || checked >= 30*verify {
		t.Error("preparing a key takes too long")
	}
}
