package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/assaylab/assay/porep/groth16"
)

// circuitInputs returns the public inputs of all partitions, one after the other.
func (s *Statement) circuitInputs() ([]groth16.Scalar, error) {
	var out []groth16.Scalar
	for k := range s.Params.Partitions {
		in, err := s.PublicInputs(k)
		if err != nil {
			return nil, err
		}
		for i := range in {
			out = append(out, groth16.Scalar(in[i]))
		}
	}
	return out, nil
}

// Statements turns the succinct proof of an update, as the chain has it, into one statement a partition, which
// [groth16.VerifyBatch] judges, together with those of other sectors if so wished. Errors: ErrProof where the proof has another
// length or does not decode, *groth16.KeyError, those of Statement.Check.
func Statements(keys *groth16.Keys, s *Statement, proof []byte) ([]groth16.Statement, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	in, err := s.circuitInputs()
	if err != nil {
		return nil, err
	}
	out, err := keys.Statements(groth16.UpdateCircuit(s.Params.Size, s.Params.Shape), proof, s.Params.Partitions, in)
	return out, snarkError(err)
}

// VerifyReplicaUpdate checks the succinct proof of an update. Nil means proven. errors.Is(err, ErrProof) means refuted; other
// errors could not judge: *groth16.KeyError where the key is missing or not the published one, those of Statement.Check.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, verify_empty_sector_update_proof.
func VerifyReplicaUpdate(ctx context.Context, keys *groth16.Keys, s *Statement, proof []byte, opt *groth16.BatchOptions) error {
	batch, err := Statements(keys, s, proof)
	if err != nil {
		return err
	}
	return snarkError(groth16.VerifyBatch(ctx, batch, opt))
}

// VerifyAggregate checks one SnarkPack aggregate (version 2, the only one for updates) that stands for the updates of all
// statements, in their order and with the same parameters. Errors as VerifyReplicaUpdate; nothing tells which member of a
// refuted aggregate is false.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, verify_aggregate_sector_update_proofs.
func VerifyAggregate(ctx context.Context, keys *groth16.Keys, ss []Statement, proof []byte, opt *groth16.BatchOptions) error {
	if err := checkAggregated(ss); err != nil {
		return err
	}
	a, err := groth16.ParseAggregate(proof)
	if err != nil {
		return snarkError(err)
	}
	var in []groth16.Scalar
	for i := range ss {
		one, err := ss[i].circuitInputs()
		if err != nil {
			return fmt.Errorf("update: member %d: %w", i, err)
		}
		in = append(in, one...)
	}
	p := ss[0].Params
	circuit := groth16.UpdateCircuit(p.Size, p.Shape)
	return snarkError(keys.VerifyAggregate(ctx, circuit, a, len(ss)*p.Partitions, groth16.SnarkPackV2, aggregateInclude(ss), in, opt))
}

// Aggregate makes one SnarkPack aggregate of the succinct proofs of updates, proofs[i] being that of ss[i]. The proofs are
// decoded, not verified.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/update.rs, aggregate_empty_sector_update_proofs.
func Aggregate(ctx context.Context, srs *groth16.SRS, ss []Statement, proofs [][]byte, opt *groth16.AggregateOptions) ([]byte, error) {
	if err := checkAggregated(ss); err != nil {
		return nil, err
	}
	if len(proofs) != len(ss) {
		return nil, fmt.Errorf("update: %d proofs for %d statements", len(proofs), len(ss))
	}
	b, err := srs.AggregateMembers(ctx, proofs, ss[0].Params.Partitions, groth16.SnarkPackV2, aggregateInclude(ss), opt)
	return b, snarkError(err)
}

// checkAggregated refuses statements that no aggregate unites.
func checkAggregated(ss []Statement) error {
	if len(ss) == 0 {
		return errors.New("update: an aggregate of nothing")
	}
	if err := ss[0].Check(); err != nil {
		return err
	}
	if n := ss[0].Params.Partitions; len(ss) > groth16.MaxReferenceAggregate/n {
		return fmt.Errorf("update: an aggregate of %d updates of %d partitions, at most %d partitions", len(ss), n, groth16.MaxReferenceAggregate)
	}
	for i := range ss {
		if ss[i].Params != ss[0].Params {
			return fmt.Errorf("update: member %d of an aggregate has other parameters than the first", i)
		}
	}
	return nil
}

// aggregateInclude is what updates add to the transcript of their aggregate: a hash over H and the commitments of each.
func aggregateInclude(ss []Statement) []byte {
	h := sha256.New()
	for i := range ss {
		h.Write([]byte{byte(ss[i].Params.H)})
		h.Write(ss[i].CommROld[:])
		h.Write(ss[i].CommRNew[:])
		h.Write(ss[i].CommDNew[:])
	}
	return h.Sum(nil)
}

// snarkError makes a refutation by groth16 one by this package.
func snarkError(err error) error {
	if errors.Is(err, groth16.ErrProof) {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return err
}
