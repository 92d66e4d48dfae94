package post

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/sector"
)

// circuit returns the circuit that proves one partition under the rules. There is none for counts of a caller's own.
func (r Rules) circuit() (groth16.Circuit, error) {
	want, err := NewRules(r.Window, r.Size, r.Version)
	if err != nil {
		return "", err
	}
	if r != want {
		return "", fmt.Errorf("post: no circuit for %d challenges of %d sectors: %w", r.Challenges, r.Sectors, sector.ErrProofType)
	}
	p, err := sector.NewProof(sector.PoRepID{}, r.Size, r.Version, 0)
	if err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	if r.Window {
		return groth16.WindowCircuit(r.Size, p.Shape), nil
	}
	return groth16.WinningCircuit(r.Size, p.Shape), nil
}

// Statements turns a succinct proof, that of all partitions in order, into one statement a partition, which
// [groth16.VerifyBatch] judges, together with those of other proofs if so wished. sectors is the whole list that is proven
// together, in ascending order of their numbers; for winning PoSt it is one sector. Errors: ErrProof where the proof has
// another length or does not decode, *groth16.KeyError, ErrSectors, ErrRandomness.
func (r Rules) Statements(keys *groth16.Keys, rand Randomness, sectors []Public, proof []byte) ([]groth16.Statement, error) {
	circuit, err := r.circuit()
	if err != nil {
		return nil, err
	}
	var rows [][][32]byte
	if r.Window {
		rows, err = r.WindowInputs(rand, sectors)
	} else {
		rows = make([][][32]byte, 1)
		if len(sectors) != sector.WinningPoStSectors {
			return nil, fmt.Errorf("%w: a winning PoSt of %d sectors", ErrSectors, len(sectors))
		}
		rows[0], err = r.WinningInputs(rand, sectors[0])
	}
	if err != nil {
		return nil, err
	}
	var in []groth16.Scalar
	for _, row := range rows {
		for i := range row {
			in = append(in, row[i])
		}
	}
	out, err := keys.Statements(circuit, proof, len(rows), in)
	return out, snarkError(err)
}

// VerifyWinningPoSt checks the succinct proof of a winning PoSt of one sector. Nil means proven. errors.Is(err, ErrProof)
// means refuted; other errors could not judge: *groth16.KeyError where the key is missing or not the published one,
// ErrSectors, ErrRandomness.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/winning_post.rs, verify_winning_post.
func VerifyWinningPoSt(ctx context.Context, keys *groth16.Keys, r Rules, rand Randomness, s Public, proof []byte, opt *groth16.BatchOptions) error {
	if r.Window {
		return fmt.Errorf("post: rules of window PoSt: %w", sector.ErrProofType)
	}
	return r.verifySNARK(ctx, keys, rand, []Public{s}, proof, opt)
}

// VerifyWindowPoSt checks the succinct proof of a window PoSt of a whole list of sectors, in ascending order of their
// numbers, which is partitioned as the rules say. Errors as VerifyWinningPoSt.
//
// Source: rust-fil-proofs filecoin-proofs/src/api/window_post.rs, verify_window_post.
func VerifyWindowPoSt(ctx context.Context, keys *groth16.Keys, r Rules, rand Randomness, sectors []Public, proof []byte, opt *groth16.BatchOptions) error {
	if !r.Window {
		return fmt.Errorf("post: rules of winning PoSt: %w", sector.ErrProofType)
	}
	return r.verifySNARK(ctx, keys, rand, sectors, proof, opt)
}

func (r Rules) verifySNARK(ctx context.Context, keys *groth16.Keys, rand Randomness, sectors []Public, proof []byte, opt *groth16.BatchOptions) error {
	batch, err := r.Statements(keys, rand, sectors, proof)
	if err != nil {
		return err
	}
	return snarkError(groth16.VerifyBatch(ctx, batch, opt))
}

// snarkError makes a refutation by groth16 one by this package.
func snarkError(err error) error {
	if errors.Is(err, groth16.ErrProof) {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return err
}
