package groth16

import (
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// shiftedInputs is the largest key for which a prepared key keeps shifted copies of its IC points: 1 MiB for a seal.
const shiftedInputs = 1024

// A PreparedKey is a verifying key made ready for many verifications. It does not change and is safe for concurrent use.
type PreparedKey struct {
	key                *VerifyingKey
	alphaBeta          bls.GT // e(alpha, beta)
	beta               lineTable
	negGamma, negDelta lineTable
	shifted            *shiftedPoints // of all IC points; nil for large keys
	alphaNeg           bls.G1Affine
}

// Prepare computes what every verification under the key needs: one pairing, the lines of three points and, for keys of
// up to 1024 inputs, shifted copies of the IC points. It takes about as long as twenty verifications.
func (k *VerifyingKey) Prepare() *PreparedKey {
	p := &PreparedKey{key: k}
	p.alphaNeg.Neg(&k.alphaG1)
	p.beta = bls.PrecomputeLines(k.betaG2)
	var neg bls.G2Affine
	p.negGamma = bls.PrecomputeLines(*neg.Neg(&k.gammaG2))
	p.negDelta = bls.PrecomputeLines(*neg.Neg(&k.deltaG2))
	f := miller([]millerPair{{p: k.alphaG1, lines: &p.beta}})
	p.alphaBeta = bls.FinalExponentiation(&f)
	if len(k.ic) <= shiftedInputs {
		p.shifted = shift(k.ic)
	}
	return p
}

// Inputs returns the number of public inputs of the circuit.
func (p *PreparedKey) Inputs() int { return p.key.Inputs() }

// Key returns the key that was prepared.
func (p *PreparedKey) Key() *VerifyingKey { return p.key }

// valid reports whether the key came out of Prepare.
func (p *PreparedKey) valid() bool { return p != nil && p.key.valid() }

// combine returns scalars[0]·ic[0] + scalars[1]·ic[1] + ..., one scalar for each IC point.
func (p *PreparedKey) combine(scalars []limbs, workers int) (sum bls.G1Affine) {
	var j bls.G1Jac
	if p.shifted != nil {
		j = p.shifted.multiExp(scalars)
	} else {
		j = multiExp(p.key.ic, scalars, workers)
	}
	return *sum.FromJacobian(&j)
}

// A VerifyOptions says how a proof is verified. Nil and the zero value work.
type VerifyOptions struct {
	Workers int // goroutines at most; 0 means GOMAXPROCS
}

func (o *VerifyOptions) workers() int {
	if o == nil {
		return defaultWorkers(0)
	}
	return defaultWorkers(o.Workers)
}

// Verify checks one proof against its public inputs. Nil means proven; an error that wraps ErrProof means refuted; one
// that wraps ErrInputs means that the inputs do not fit the key (their number, or a value that is not reduced). A PreparedKey
// that Prepare did not make is ErrKey.
//
// Source: bellperson 0.27, src/groth16/verifier.rs.
func (p *PreparedKey) Verify(proof *Proof, inputs []Scalar, opt *VerifyOptions) error {
	if !p.valid() {
		return errNoKey
	}
	in, err := parseInputs(inputs, p.Inputs())
	if err != nil {
		return err
	}
	if !proof.valid() {
		return ErrProof
	}
	return p.verify(proof, in, opt.workers())
}

func (p *PreparedKey) verify(proof *Proof, in []limbs, workers int) error {
	scalars := make([]limbs, 1, len(in)+1)
	scalars[0] = limbs{1}
	scalars = append(scalars, in...)
	f := miller([]millerPair{
		{p: proof.a, q: proof.b},
		{p: p.combine(scalars, workers), lines: &p.negGamma},
		{p: proof.c, lines: &p.negDelta},
	})
	f = bls.FinalExponentiation(&f)
	if !f.Equal(&p.alphaBeta) {
		return ErrProof
	}
	return nil
}
