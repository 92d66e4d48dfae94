package porep

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/sector"
)

// sealCircuitInputs returns the public inputs of all partitions, one partition after the other.
func sealCircuitInputs(st *Statement) ([]groth16.Scalar, error) {
	if err := st.Check(); err != nil {
		return nil, err
	}
	id := st.ReplicaID()
	var out []groth16.Scalar
	for k := range st.Proof.Partitions {
		in, err := PublicInputs(st.Proof, id, st.CommD, st.CommR, st.Seed, k)
		if err != nil {
			return nil, err
		}
		for i := range in {
			out = append(out, groth16.Scalar(in[i]))
		}
	}
	return out, nil
}

// SealStatements turns the succinct proof of a seal into one statement a partition, which [groth16.VerifyBatch] judges,
// together with those of other sectors if so wished. The proof is that of all partitions, in order, as the chain has it.
// Non-interactive seals have none but an aggregate: see [VerifySeal]. Errors: ErrProof where the proof has another length or
// does not decode, *groth16.KeyError, sector's errors for st.
func SealStatements(keys *groth16.Keys, st *Statement, proof []byte) ([]groth16.Statement, error) {
	if st.Proof.Features&sector.NonInteractive != 0 {
		return nil, fmt.Errorf("%w: a non-interactive seal is proven by an aggregate", sector.ErrProofType)
	}
	in, err := sealCircuitInputs(st)
	if err != nil {
		return nil, err
	}
	out, err := keys.Statements(groth16.SealCircuit(st.Proof), proof, st.Proof.Partitions, in)
	return out, snarkError(err)
}

// VerifySeal checks the succinct proof of a seal, of any kind: interactive, synthetic, or non-interactive, whose proof is a
// SnarkPack aggregate (version 2) of its own partitions. Nil means proven. errors.Is(err, ErrProof) means refuted; other
// errors could not judge: *groth16.KeyError where the key is missing or not the published one, sector's errors for st.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/seal.rs, verify_seal.
func VerifySeal(ctx context.Context, keys *groth16.Keys, st *Statement, proof []byte, opt *groth16.BatchOptions) error {
	if st.Proof.Features&sector.NonInteractive != 0 {
		return VerifyAggregateSeals(ctx, keys, []Statement{*st}, groth16.SnarkPackV2, proof, opt)
	}
	batch, err := SealStatements(keys, st, proof)
	if err != nil {
		return err
	}
	return snarkError(groth16.VerifyBatch(ctx, batch, opt))
}

// VerifyAggregateSeals checks one SnarkPack aggregate that stands for the seals of all statements, in their order. They are
// of one kind and one provider. Errors as VerifySeal; nothing tells which member of a refuted aggregate is false.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/seal.rs, verify_aggregate_seal_commit_proofs.
func VerifyAggregateSeals(ctx context.Context, keys *groth16.Keys, sts []Statement, v groth16.Version, proof []byte, opt *groth16.BatchOptions) error {
	if err := checkAggregated(sts); err != nil {
		return err
	}
	a, err := groth16.ParseAggregate(proof)
	if err != nil {
		return snarkError(err)
	}
	var in []groth16.Scalar
	for i := range sts {
		if err := ctx.Err(); err != nil {
			return err
		}
		one, err := sealCircuitInputs(&sts[i])
		if err != nil {
			return fmt.Errorf("porep: member %d: %w", i, err)
		}
		in = append(in, one...)
	}
	p := sts[0].Proof
	return snarkError(keys.VerifyAggregate(ctx, groth16.SealCircuit(p), a, len(sts)*p.Partitions, v, aggregateInclude(sts), in, opt))
}

// AggregateSeals makes one SnarkPack aggregate of the succinct proofs of seals, proofs[i] being that of sts[i] as VerifySeal
// takes it; for non-interactive seals it is the proofs of the partitions, one after the other. The proofs are decoded, not
// verified.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/seal.rs, aggregate_seal_commit_proofs.
func AggregateSeals(ctx context.Context, srs *groth16.SRS, sts []Statement, v groth16.Version, proofs [][]byte, opt *groth16.AggregateOptions) ([]byte, error) {
	if err := checkAggregated(sts); err != nil {
		return nil, err
	}
	if len(proofs) != len(sts) {
		return nil, fmt.Errorf("porep: %d proofs for %d statements", len(proofs), len(sts))
	}
	b, err := srs.AggregateMembers(ctx, proofs, sts[0].Proof.Partitions, v, aggregateInclude(sts), opt)
	return b, snarkError(err)
}

// checkAggregated refuses statements that no aggregate unites.
func checkAggregated(sts []Statement) error {
	if len(sts) == 0 {
		return errors.New("porep: an aggregate of nothing")
	}
	if err := sts[0].Check(); err != nil {
		return err
	}
	if n := sts[0].Proof.Partitions; len(sts) > groth16.MaxReferenceAggregate/n {
		return fmt.Errorf("porep: an aggregate of %d seals of %d partitions, at most %d partitions", len(sts), n, groth16.MaxReferenceAggregate)
	}
	for i := range sts {
		if sts[i].Proof != sts[0].Proof {
			return fmt.Errorf("%w: member %d of an aggregate is of another kind than the first", sector.ErrProofType, i)
		}
		if sts[i].ID.Prover != sts[0].ID.Prover {
			return fmt.Errorf("porep: member %d of an aggregate is another provider's than the first", i)
		}
	}
	return nil
}

// aggregateInclude is what seals add to the transcript of their aggregate: a hash over seed and CommR of each, without the
// seeds where they are not used.
func aggregateInclude(sts []Statement) []byte {
	h := sha256.New()
	for i := range sts {
		if sts[i].Proof.Features&sector.NonInteractive == 0 {
			h.Write(sts[i].Seed[:])
		}
		h.Write(sts[i].CommR[:])
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
