package update

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/sector"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A ChallengeError says which opening of a vanilla proof was refused. It is an ErrProof.
type ChallengeError struct {
	Partition, Challenge int
	Part                 string // "tree R before", "tree D", "tree R after", "apex", "encoding"
	Err                  error
}

// Error names the place and the reason.
func (e *ChallengeError) Error() string {
	return fmt.Sprintf("update: partition %d, challenge %d, %s: %v", e.Partition, e.Challenge, e.Part, e.Err)
}

// Unwrap returns the reason.
func (e *ChallengeError) Unwrap() error { return e.Err }

// Is reports that every refused opening refutes the proof.
func (e *ChallengeError) Is(target error) bool { return target == ErrProof }

// Verify judges the vanilla proofs of all partitions by public values alone. nil is proven. Where errors.Is(err, ErrProof) holds
// they are refuted, by the first bad opening (a ChallengeError) or as a whole; any other error says that it could not be
// judged: a statement that Check refuses, ctx.Err().
//
// Source: rust-fil-proofs storage-proofs-update/src/vanilla.rs, verify_all_partitions; beyond it every apex leaf is bound to
// its place below CommD, as the circuit demands.
func Verify(ctx context.Context, st *Statement, proofs []PartitionProof, opt *Options) error {
	if err := st.Check(); err != nil {
		return err
	}
	if len(proofs) != st.Params.Partitions {
		return fmt.Errorf("%w: %d partitions, want %d", ErrProof, len(proofs), st.Params.Partitions)
	}
	for k := range proofs {
		if err := VerifyPartition(ctx, st, k, &proofs[k], opt); err != nil {
			return err
		}
	}
	return nil
}

// VerifyPartition judges the vanilla proof of partition k. Errors: as Verify.
func VerifyPartition(ctx context.Context, st *Statement, k int, p *PartitionProof, opt *Options) error {
	if err := st.Check(); err != nil {
		return err
	}
	if k < 0 || k >= st.Params.Partitions {
		return fmt.Errorf("%w: partition %d of %d", ErrProof, k, st.Params.Partitions)
	}
	if err := st.verifyHead(p); err != nil {
		return err
	}
	challenges, err := Challenges(st.Params, st.CommRNew, k)
	if err != nil {
		return err
	}
	if len(p.Challenges) != len(challenges) || len(p.Apex) != st.Params.ApexLeaves {
		return fmt.Errorf("%w: partition %d has %d answers and %d apex leaves, want %d and %d", ErrProof, k, len(p.Challenges),
			len(p.Apex), len(challenges), st.Params.ApexLeaves)
	}
	j := &judge{st: st, p: p, k: k, challenges: challenges}
	if err := j.openings(ctx, opt); err != nil {
		return err
	}
	return cmp.Or(j.apex(), j.encodings())
}

// verifyHead holds the roots of a partition against the statement.
func (s *Statement) verifyHead(p *PartitionProof) error {
	if err := errors.Join(p.CommC.Check(), p.CommRLastOld.Check(), p.CommRLastNew.Check()); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	for _, r := range []struct {
		root sector.CommRLast
		want sector.CommR
	}{{p.CommRLastOld, s.CommROld}, {p.CommRLastNew, s.CommRNew}} {
		got, err := commROf(sector.PAux{CommC: p.CommC, CommRLast: r.root})
		if err != nil {
			return err
		}
		if got != r.want {
			return fmt.Errorf("%w: CommC and CommRLast give CommR %v, want %v", ErrProof, got, r.want)
		}
	}
	return nil
}

// A judge checks the answers of one partition.
type judge struct {
	st         *Statement
	p          *PartitionProof
	k          int
	challenges []uint64
}

// refuse makes the error of challenge i.
func (j *judge) refuse(i int, part, format string, args ...any) error {
	return &ChallengeError{Partition: j.k, Challenge: i, Part: part, Err: fmt.Errorf(format, args...)}
}

// openings checks that the challenged leaves are opened, and all paths.
func (j *judge) openings(ctx context.Context, opt *Options) error {
	d, r, err := j.st.Params.shapes()
	if err != nil {
		return err
	}
	proofs := make([]merkle.Proof, len(j.challenges))
	for n, tree := range []struct {
		part string
		h    merkle.Hasher
		s    merkle.Shape
		root merkle.Digest
	}{
		{"tree R before", poseidon.Hasher{}, r, merkle.Digest(j.p.CommRLastOld)},
		{"tree D", sha2.SHA254{}, d, merkle.Digest(j.st.CommDNew)},
		{"tree R after", poseidon.Hasher{}, r, merkle.Digest(j.p.CommRLastNew)},
	} {
		for i, c := range j.challenges {
			proofs[i] = *j.p.Challenges[i].paths()[n]
			if proofs[i].Index != c {
				return j.refuse(i, tree.part, "leaf %d, want %d", proofs[i].Index, c)
			}
		}
		bad, err := merkle.VerifyBatch(ctx, tree.h, tree.s, []merkle.Digest{tree.root}, proofs, opt.merkle(""))
		if err != nil {
			return err
		}
		if len(bad) > 0 {
			return j.refuse(bad[0], tree.part, "the opening does not lead to the root %x", tree.root)
		}
	}
	return nil
}

// apex binds the apex leaves: their root lies where a checked path of TreeD passes, and on every path of the partition each
// sibling within the apex is the node that stands there.
func (j *judge) apex() error {
	p, h := &j.st.Params, sha2.SHA254{}
	if i := h.Canonical(j.p.Apex); i >= 0 {
		return fmt.Errorf("%w: partition %d, apex leaf %d is no node", ErrProof, j.k, i)
	}
	low := p.apexLevel()
	row := j.p.Apex
	for level := low; len(row) > 1; level++ {
		for i, c := range j.challenges {
			at := c >> level & uint64(len(row)-1)
			if got := j.p.Challenges[i].Data.Siblings[level]; got != row[at^1] {
				return j.refuse(i, "apex", "sibling %x on level %d, the apex has %x", got, level, row[at^1])
			}
		}
		up := make([]merkle.Digest, len(row)/2)
		h.Parents(up, row, 2)
		row = up
	}
	pair := make([]merkle.Digest, 2)
	for level := p.nodeBits() - p.partitionBits(); level < p.nodeBits(); level++ {
		own := j.challenges[0] >> level & 1
		pair[own], pair[own^1] = row[0], j.p.Challenges[0].Data.Siblings[level]
		h.Parents(row, pair, 2)
	}
	if row[0] != merkle.Digest(j.st.CommDNew) {
		return fmt.Errorf("%w: the apex leaves of partition %d lead to %x, want CommD %v", ErrProof, j.k, row[0], j.st.CommDNew)
	}
	return nil
}

// encodings checks that each replica node is the sum it should be.
func (j *judge) encodings() error {
	old, data := make(fr.Vector, 1), make(fr.Vector, 1)
	for i, c := range j.challenges {
		a := &j.p.Challenges[i]
		codec, err := j.st.codec(c, c+1, false)
		if err != nil {
			return err
		}
		copy(raw(old), a.Old.Leaf[:])
		copy(raw(data), a.Data.Leaf[:])
		if err := codec.encode(data, old, c); err != nil {
			return j.refuse(i, "encoding", "%w", err)
		}
		if got := raw(data); merkle.Digest(got) != a.New.Leaf {
			return j.refuse(i, "encoding", "the replica holds %x, data and key give %x", a.New.Leaf, got)
		}
	}
	return nil
}
