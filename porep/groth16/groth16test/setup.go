// Package groth16test makes verifying keys, proofs and reference strings for tests, without any circuit: whoever knows the
// discrete logarithms of a key can prove anything under it. All that it makes follows from a seed and is given as bytes, so
// that tests go through the same doors as everybody.
package groth16test

import (
	"encoding/binary"
	"math/rand/v2"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/porep/groth16"
)

// A Setup is a key with its secrets.
type Setup struct {
	rand                      *rand.Rand
	alpha, beta, gamma, delta fr.Element
	ic                        []fr.Element
}

// New returns the setup of a key for that many public inputs.
func New(seed uint64, inputs int) *Setup {
	s := &Setup{rand: rand.New(rand.NewPCG(seed, uint64(inputs)))}
	for _, e := range []*fr.Element{&s.alpha, &s.beta, &s.gamma, &s.delta} {
		*e = scalar(s.rand)
	}
	s.ic = make([]fr.Element, inputs+1)
	for i := range s.ic {
		s.ic[i] = scalar(s.rand)
	}
	return s
}

// scalar returns a nonzero field element.
func scalar(r *rand.Rand) fr.Element {
	e := fr.NewElement(r.Uint64() | 1)
	for range 3 {
		x := fr.NewElement(r.Uint64())
		e.Mul(&e, &e).Add(&e, &x)
	}
	return e
}

// Key returns the bytes of the .vk file.
func (s *Setup) Key() []byte {
	_, _, g1, g2 := bls.Generators()
	g := bls.BatchScalarMultiplicationG1(&g1, []fr.Element{s.alpha, s.beta, s.delta})
	h := bls.BatchScalarMultiplicationG2(&g2, []fr.Element{s.beta, s.gamma, s.delta})
	var out []byte
	raw1 := func(p *bls.G1Affine) { b := p.RawBytes(); out = append(out, b[:]...) }
	raw2 := func(p *bls.G2Affine) { b := p.RawBytes(); out = append(out, b[:]...) }
	raw1(&g[0])
	raw1(&g[1])
	raw2(&h[0])
	raw2(&h[1])
	raw1(&g[2])
	raw2(&h[2])
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.ic)))
	ic := bls.BatchScalarMultiplicationG1(&g1, s.ic)
	for i := range ic {
		raw1(&ic[i])
	}
	return out
}

// Prove returns the bytes of a valid proof of the inputs, another one at each call. It panics on inputs that do not fit.
func (s *Setup) Prove(inputs []groth16.Scalar) []byte {
	if len(inputs) != len(s.ic)-1 {
		panic("groth16test: wrong number of inputs")
	}
	sum := s.ic[0]
	for i := range inputs {
		x, err := inputs[i].Element()
		if err != nil {
			panic(err)
		}
		sum.Add(&sum, x.Mul(&x, &s.ic[i+1]))
	}
	// a·b = alpha·beta + sum·gamma + c·delta
	a, b := scalar(s.rand), scalar(s.rand)
	var c, t fr.Element
	c.Mul(&a, &b)
	c.Sub(&c, t.Mul(&s.alpha, &s.beta)).Sub(&c, t.Mul(&sum, &s.gamma)).Div(&c, &s.delta)
	_, _, g1, g2 := bls.Generators()
	g := bls.BatchScalarMultiplicationG1(&g1, []fr.Element{a, c})
	h := bls.BatchScalarMultiplicationG2(&g2, []fr.Element{b})
	pa, pb, pc := g[0].Bytes(), h[0].Bytes(), g[1].Bytes()
	return append(append(append([]byte(nil), pa[:]...), pb[:]...), pc[:]...)
}

// Inputs returns random public inputs: every period-th a full field element, the others below 2^30, as challenges are.
func (s *Setup) Inputs(period int) []groth16.Scalar {
	in := make([]groth16.Scalar, len(s.ic)-1)
	for i := range in {
		in[i] = groth16.ScalarUint64(s.rand.Uint64N(1 << 30))
		if i%period == 0 {
			e := scalar(s.rand)
			in[i] = groth16.ScalarElement(&e)
		}
	}
	return in
}

// SRS returns the bytes of a reference string that serves n proofs.
func SRS(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	powers := func() []fr.Element {
		x := scalar(r)
		out := make([]fr.Element, 2*n)
		out[0].SetOne()
		for i := 1; i < len(out); i++ {
			out[i].Mul(&out[i-1], &x)
		}
		return out
	}
	_, _, g1, g2 := bls.Generators()
	alpha, beta := powers(), powers()
	var out []byte
	for _, p := range [][]fr.Element{alpha, beta} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		for _, q := range bls.BatchScalarMultiplicationG1(&g1, p) {
			b := q.Bytes()
			out = append(out, b[:]...)
		}
	}
	for _, p := range [][]fr.Element{alpha, beta} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		for _, q := range bls.BatchScalarMultiplicationG2(&g2, p) {
			b := q.Bytes()
			out = append(out, b[:]...)
		}
	}
	return out
}
