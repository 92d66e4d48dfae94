package groth16

import (
	"context"
	"fmt"
)

// MaxReferenceAggregate is the largest number of proofs that the reference aggregates.
//
// Source: rust-fil-proofs storage-proofs-core/src/parameter_cache.rs, SRS_MAX_PROOFS_TO_AGGREGATE.
const MaxReferenceAggregate = 1 << 16

// Statements turns the proofs of a circuit's partitions, as the chain has them one after the other, into one statement a
// partition. in holds the public inputs of all partitions in the same order, equally many each; the statements alias it.
// Errors: ErrProof where the proofs have another length or do not decode, ErrInputs for inputs that do not divide evenly, *KeyError.
func (k *Keys) Statements(c Circuit, proof []byte, partitions int, in []Scalar) ([]Statement, error) {
	proofs, err := ParseProofs(proof, partitions)
	if err != nil {
		return nil, err
	}
	if len(in)%partitions != 0 {
		return nil, fmt.Errorf("%w: %d scalars for %d partitions", ErrInputs, len(in), partitions)
	}
	key, err := k.Key(c)
	if err != nil {
		return nil, err
	}
	out, n := make([]Statement, partitions), len(in)/partitions
	for i := range out {
		out[i] = Statement{Key: key, Proof: proofs[i], Inputs: in[i*n : (i+1)*n]}
	}
	return out, nil
}

// VerifyAggregate checks an aggregate of that many proofs of one circuit, before they were padded to a power of two, under the
// folder's key and structured reference string: see [PreparedKey.VerifyAggregate]. Errors: ErrProof also for an aggregate of
// another number, *KeyError.
func (k *Keys) VerifyAggregate(ctx context.Context, c Circuit, a *Aggregate, proofs int, v Version, include []byte, in []Scalar, opt *BatchOptions) error {
	if a == nil {
		return fmt.Errorf("%w: no aggregate", ErrProof)
	}
	if n := PaddedProofs(proofs); n != a.Proofs() {
		return fmt.Errorf("%w: an aggregate of %d proofs, want %d", ErrProof, a.Proofs(), n)
	}
	key, err := k.Key(c)
	if err != nil {
		return err
	}
	srs, err := k.VerifierSRS(ctx)
	if err != nil {
		return err
	}
	return key.VerifyAggregate(ctx, srs, a, v, include, in, opt)
}

// AggregateMembers returns the bytes of one aggregate of members, each of them the proofs of so many partitions one after the
// other. They are decoded, not verified: see [SRS.Aggregate]. Errors: ErrProof for a member that does not decode.
func (s *SRS) AggregateMembers(ctx context.Context, members [][]byte, partitions int, v Version, include []byte, opt *AggregateOptions) ([]byte, error) {
	var all []*Proof
	for i, b := range members {
		ps, err := ParseProofs(b, partitions)
		if err != nil {
			return nil, fmt.Errorf("groth16: member %d: %w", i, err)
		}
		all = append(all, ps...)
	}
	a, err := s.Aggregate(ctx, all, v, include, opt)
	if err != nil {
		return nil, err
	}
	return a.AppendBytes(nil), nil
}
