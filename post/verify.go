package post

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/sector"
)

// Options are the knobs of proving and verifying; nil and the zero value work, and no result depends on Workers.
type Options struct {
	// Workers is the number of goroutines that hash; 0 is runtime.GOMAXPROCS(0).
	Workers int
	// Progress, if not nil, is called between batches, by one goroutine at a time: with the sectors that a pass is done
	// with, the openings that Verify judged, the leaves that BuildPiece hashed. A pass tells it also while all reads hang.
	Progress func(stage string, done, total uint64)
	// Reading bounds the pass over files; Verify does not use it.
	Reading Reading
}

func (o *Options) tree() *merkle.Options {
	if o == nil {
		return nil
	}
	return &merkle.Options{Workers: o.Workers, Progress: o.Progress}
}

// A SectorError says which sector of a list was refused, and which of its openings, -1 where it is the whole sector. It
// wraps ErrProof.
type SectorError struct {
	Number    sector.Number
	Challenge int
	Err       error
}

func (e *SectorError) Error() string {
	if e.Challenge < 0 {
		return fmt.Sprintf("post: sector %d: %v", e.Number, e.Err)
	}
	return fmt.Sprintf("post: sector %d, challenge %d: %v", e.Number, e.Challenge, e.Err)
}

// Unwrap returns the cause.
func (e *SectorError) Unwrap() error { return e.Err }

// Verify judges the vanilla proofs of sectors, the whole list that is proven together, in ascending order of their numbers.
// proofs has one for each, in the same order. nil means that every one is proven; errors.Is(err, ErrProof) that at least
// one is refuted: the joined *SectorErrors name exactly those. Any other error means that not all could be judged.
//
// All openings of all sectors go through the hash's lanes together.
func (r Rules) Verify(ctx context.Context, rand Randomness, sectors []Public, proofs []SectorProof, opt *Options) error {
	if err := r.checkList(rand, sectors); err != nil {
		return err
	}
	if len(proofs) != len(sectors) {
		return fmt.Errorf("%w: %d proofs of %d sectors", ErrProof, len(proofs), len(sectors))
	}
	bad := make([]error, len(sectors))
	r.verifyForm(rand, sectors, proofs, bad)
	if err := verifyCommR(proofs, bad); err != nil {
		return err
	}
	if err := r.verifyOpenings(ctx, proofs, bad, opt); err != nil {
		return err
	}
	return errors.Join(bad...)
}

// checkList refuses lists that no PoSt is made over.
func (r Rules) checkList(rand Randomness, sectors []Public) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := rand.check(); err != nil {
		return err
	}
	if len(sectors) == 0 || len(sectors) > maxSectors || !r.Window && len(sectors) != r.Sectors {
		return fmt.Errorf("%w: %d sectors", ErrSectors, len(sectors))
	}
	for i, s := range sectors {
		if i > 0 && s.Number <= sectors[i-1].Number {
			return fmt.Errorf("%w: sector %d after sector %d", ErrSectors, s.Number, sectors[i-1].Number)
		}
		if err := s.CommR.Check(); err != nil {
			return fmt.Errorf("post: sector %d: %w", s.Number, err)
		}
	}
	return nil
}

// maxSectors bounds a list: the sectors of 3,000 partitions of 2,349, as many as a deadline may have.
const maxSectors = 3000 * 2349

func refuse(n sector.Number, challenge int, format string, args ...any) error {
	return &SectorError{n, challenge, fmt.Errorf("%w: %s", ErrProof, fmt.Sprintf(format, args...))}
}

// verifyForm compares what needs no hash: numbers, commitments, and which leaves are opened.
func (r Rules) verifyForm(rand Randomness, sectors []Public, proofs []SectorProof, bad []error) {
	var want []uint64
	for i := range proofs {
		p, s := &proofs[i], sectors[i]
		switch {
		case p.Number != s.Number:
			bad[i] = refuse(s.Number, -1, "the proof is of sector %d", p.Number)
		case p.CommR != s.CommR:
			bad[i] = refuse(s.Number, -1, "the proof is of another CommR")
		case p.CommC.Check() != nil || p.CommRLast.Check() != nil:
			bad[i] = refuse(s.Number, -1, "CommC or CommRLast is no commitment")
		case len(p.Openings) != r.Challenges:
			bad[i] = refuse(s.Number, -1, "%d openings, want %d", len(p.Openings), r.Challenges)
		}
		if bad[i] != nil {
			continue
		}
		want = r.ChallengesOf(want[:0], rand, s.Number, uint64(i))
		for k := range want {
			if p.Openings[k].Index != want[k] {
				bad[i] = refuse(s.Number, k, "leaf %d is opened, %d was challenged", p.Openings[k].Index, want[k])
				break
			}
		}
	}
}

// verifyCommR checks that CommR is the hash of the other two commitments, for all sectors not yet bad.
func verifyCommR(proofs []SectorProof, bad []error) error {
	src := make([]merkle.Digest, 0, 2*len(proofs))
	which := make([]int, 0, len(proofs))
	for i := range proofs {
		if bad[i] == nil {
			src = append(src, merkle.Digest(proofs[i].CommC), merkle.Digest(proofs[i].CommRLast))
			which = append(which, i)
		}
	}
	dst := make([]merkle.Digest, len(which))
	if err := poseidon.Hash(dst, src, 2, poseidon.Tag(2)); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	for k, i := range which {
		if dst[k] != merkle.Digest(proofs[i].CommR) {
			bad[i] = refuse(proofs[i].Number, -1, "CommR is not the hash of CommC and CommRLast")
		}
	}
	return nil
}

// verifyOpenings judges all openings of the sectors that are not yet bad.
func (r Rules) verifyOpenings(ctx context.Context, proofs []SectorProof, bad []error, opt *Options) error {
	var roots []merkle.Digest
	var openings []merkle.Proof
	var from []int // the sector of an opening
	for i := range proofs {
		if bad[i] != nil {
			continue
		}
		for range proofs[i].Openings {
			roots, from = append(roots, merkle.Digest(proofs[i].CommRLast)), append(from, i)
		}
		openings = append(openings, proofs[i].Openings...)
	}
	if len(openings) == 0 {
		return nil
	}
	refuted, err := merkle.VerifyBatch(ctx, poseidon.Hasher{}, r.shape, roots, openings, opt.tree())
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	for _, k := range refuted {
		i := from[k]
		if bad[i] == nil {
			bad[i] = refuse(proofs[i].Number, k%r.Challenges, "the opening does not lead to CommRLast")
		}
	}
	return nil
}
