package groth16

import (
	"fmt"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// ProofSize is the length in bytes of one encoded proof: A (48), B (96), C (48), all compressed.
const ProofSize = sizeG1 + sizeG2 + sizeG1

// A Proof is one Groth16 proof over BLS12-381. Its points were checked when it was made: on the curve, in the prime-order
// subgroup, none the identity. The zero Proof holds no points and verifies under no key.
//
// Proofs are malleable: from one valid proof anybody makes others of the same statement. Never take a proof, or its
// bytes, as the identity of what it proves.
type Proof struct {
	a, c bls.G1Affine
	b    bls.G2Affine
}

// ParseProof decodes exactly ProofSize bytes. Refused are, with a *PointError that wraps ErrProof: a wrong length,
// uncompressed points, unreduced coordinates, points off the curve or outside the subgroup, and the identity.
//
// Source: bellperson 0.27, src/groth16/proof.rs.
func ParseProof(b []byte) (*Proof, error) {
	if len(b) != ProofSize {
		return nil, fmt.Errorf("%w: got %d bytes, want %d", ErrProof, len(b), ProofSize)
	}
	p := new(Proof)
	refused := func(point, reason string) (*Proof, error) {
		return nil, &PointError{Point: point, Reason: reason, Kind: ErrProof}
	}
	if r := decodeG1(&p.a, b[:48]); r != "" {
		return refused("A", r)
	}
	if r := decodeG2(&p.b, b[48:144]); r != "" {
		return refused("B", r)
	}
	if r := decodeG1(&p.c, b[144:]); r != "" {
		return refused("C", r)
	}
	return p, nil
}

// ParseProofs decodes n proofs that follow each other without gaps, as the partitions of a Filecoin proof do. A length
// other than n*ProofSize is refused before any point is looked at; n must be positive.
func ParseProofs(b []byte, n int) ([]*Proof, error) {
	if n <= 0 || len(b)%ProofSize != 0 || len(b)/ProofSize != n {
		return nil, fmt.Errorf("%w: got %d bytes, want %d proofs of %d", ErrProof, len(b), n, ProofSize)
	}
	proofs := make([]*Proof, n)
	for i := range proofs {
		p, err := ParseProof(b[i*ProofSize : (i+1)*ProofSize])
		if err != nil {
			return nil, fmt.Errorf("partition %d: %w", i, err)
		}
		proofs[i] = p
	}
	return proofs, nil
}

// AppendBytes appends the proof's ProofSize bytes to dst.
func (p *Proof) AppendBytes(dst []byte) []byte {
	a, b, c := p.a.Bytes(), p.b.Bytes(), p.c.Bytes()
	dst = append(dst, a[:]...)
	dst = append(dst, b[:]...)
	return append(dst, c[:]...)
}

// valid reports whether the proof came out of a constructor.
func (p *Proof) valid() bool {
	return p != nil && !p.a.IsInfinity() && !p.b.IsInfinity() && !p.c.IsInfinity()
}
