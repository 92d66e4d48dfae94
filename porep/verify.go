package porep

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// ErrProof says that a vanilla proof was judged and is refuted.
var ErrProof = errors.New("porep: proof refuted")

// A ChallengeError says which opening of a vanilla proof was refused. It is an ErrProof.
type ChallengeError struct {
	Partition, Challenge int
	Part                 string // "tree D", "column", "label", "encoding", "tree R"
	Err                  error
}

// Error names the place and the reason.
func (e *ChallengeError) Error() string {
	return fmt.Sprintf("porep: partition %d, challenge %d, %s: %v", e.Partition, e.Challenge, e.Part, e.Err)
}

// Unwrap returns the reason.
func (e *ChallengeError) Unwrap() error { return e.Err }

// Is reports that every refused opening refutes the proof.
func (e *ChallengeError) Is(target error) bool { return target == ErrProof }

// Verify judges a vanilla proof by public values alone. All openings are hashed in batches, over
// opt.Workers goroutines; the verdict does not depend on opt. nil is proven. Where errors.Is(err, ErrProof)
// holds it is refuted, by the first bad opening (a ChallengeError) or as a whole; any other error says
// that it could not be judged: a statement that Check refuses, ctx.Err().
//
// Source: storage-proofs-porep stacked/vanilla/proof_scheme.rs, verify_all_partitions; beyond it the
// parent labels are taken from the opened columns, as the circuit demands.
func Verify(ctx context.Context, st *Statement, p *Proof, opt *Options) error {
	if err := verifyHead(st, p); err != nil {
		return err
	}
	if len(p.Partitions) != st.Proof.Partitions {
		return fmt.Errorf("%w: %d partitions, want %d", ErrProof, len(p.Partitions), st.Proof.Partitions)
	}
	for k := range p.Partitions {
		if err := verifyPartition(ctx, st, p, k, p.Partitions[k], opt); err != nil {
			return err
		}
	}
	return nil
}

// VerifyPartition judges the answers to the challenges of partition k alone, with the head of p. Errors
// as Verify.
func VerifyPartition(ctx context.Context, st *Statement, p *Proof, k int, answers []ChallengeProof, opt *Options) error {
	if err := verifyHead(st, p); err != nil {
		return err
	}
	if k < 0 || k >= st.Proof.Partitions {
		return fmt.Errorf("%w: partition %d of %d", ErrProof, k, st.Proof.Partitions)
	}
	return verifyPartition(ctx, st, p, k, answers, opt)
}

// verifyHead checks what the partitions share.
func verifyHead(st *Statement, p *Proof) error {
	if err := st.Check(); err != nil {
		return err
	}
	id := st.ReplicaID()
	switch {
	case p.CommD != st.CommD:
		return fmt.Errorf("%w: CommD %v, want %v", ErrProof, p.CommD, st.CommD)
	case p.CommR != st.CommR:
		return fmt.Errorf("%w: CommR %v, want %v", ErrProof, p.CommR, st.CommR)
	case p.ReplicaID != id:
		return fmt.Errorf("%w: replica id %v, want %v", ErrProof, p.ReplicaID, id)
	case p.Ticket != st.Ticket:
		return fmt.Errorf("%w: made with another ticket", ErrProof)
	case st.Proof.Features != sector.NonInteractive && p.Seed != st.Seed:
		return fmt.Errorf("%w: made with another seed", ErrProof)
	}
	if err := errors.Join(p.CommC.Check(), p.CommRLast.Check()); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	got, err := hashOf(st.Proof).commR(sector.PAux{CommC: p.CommC, CommRLast: p.CommRLast})
	if err != nil {
		return err
	}
	if got != st.CommR {
		return fmt.Errorf("%w: CommC and CommRLast give CommR %v, want %v", ErrProof, got, st.CommR)
	}
	return nil
}

// verifyChunk is the number of challenges whose openings are hashed together.
const verifyChunk = 256

// verifyPartition checks the answers to the challenges of partition k. The head has been checked.
func verifyPartition(ctx context.Context, st *Statement, p *Proof, k int, answers []ChallengeProof, opt *Options) error {
	challenges, err := Challenges(st.Proof, p.ReplicaID, st.CommR, st.Seed, k)
	if err != nil {
		return err
	}
	if len(answers) != len(challenges) {
		return fmt.Errorf("%w: partition %d answers %d challenges, want %d", ErrProof, k, len(answers), len(challenges))
	}
	return verifyAnswers(ctx, st.Proof, p, k, challenges, answers, opt)
}

// verifyAnswers checks answers to any list of challenges.
func verifyAnswers(ctx context.Context, sp sector.Proof, p *Proof, k int, challenges []uint64, answers []ChallengeProof, opt *Options) error {
	s, err := checkedShapes(sp)
	if err != nil {
		return err
	}
	g, err := graph.New(sp)
	if err != nil {
		return err
	}
	for lo := 0; lo < len(answers); lo += verifyChunk {
		hi := min(lo+verifyChunk, len(answers))
		j := judge{s: s, p: p, answers: answers[lo:hi], bad: make([]*ChallengeError, hi-lo)}
		if err := j.judge(ctx, g, challenges[lo:hi], opt.merkle("")); err != nil {
			return err
		}
		for i, e := range j.bad {
			if e != nil {
				e.Partition, e.Challenge = k, lo+i
				return e
			}
		}
	}
	return nil
}

// A judge checks a chunk of answers together.
type judge struct {
	s       shapes
	p       *Proof
	answers []ChallengeProof
	bad     []*ChallengeError // by answer, the first thing found wrong
}

// refuse notes what is wrong with answer i.
func (j *judge) refuse(i int, part, format string, args ...any) {
	if j.bad[i] == nil {
		j.bad[i] = &ChallengeError{Part: part, Err: fmt.Errorf(format, args...)}
	}
}

func (j *judge) judge(ctx context.Context, g *graph.Graph, challenges []uint64, opt *merkle.Options) error {
	for i := range j.answers {
		j.places(g, i, challenges[i])
	}
	for _, e := range j.bad {
		if e != nil {
			return nil // what follows counts on the right number of nodes
		}
	}
	if err := j.openings(ctx, opt); err != nil {
		return err
	}
	j.columns()
	j.labels()
	j.encodings()
	return nil
}

// places checks the form of an answer and that it opens the leaves it should.
func (j *judge) places(g *graph.Graph, i int, challenge uint64) {
	c := &j.answers[i]
	if err := j.s.check(c); err != nil {
		j.refuse(i, "column", "%w", err)
		return
	}
	if c.Data.Index != challenge {
		j.refuse(i, "tree D", "leaf %d, want %d", c.Data.Index, challenge)
	}
	var parents [parentCount]uint32
	if err := g.Parents(challenge, &parents); err != nil {
		j.refuse(i, "column", "%w", err)
	}
	for n := range 1 + parentCount {
		want := challenge
		if n > 0 {
			want = uint64(parents[n-1])
		}
		if got := c.column(n).Index; got != want {
			j.refuse(i, "column", "opening %d of leaf %d, want %d", n, got, want)
		}
	}
	if c.Replica.Index != challenge {
		j.refuse(i, "tree R", "leaf %d, want %d", c.Replica.Index, challenge)
	}
}

// openings checks all paths.
func (j *judge) openings(ctx context.Context, opt *merkle.Options) error {
	n := len(j.answers)
	proofs := make([]merkle.Proof, (1+parentCount)*n)
	tree := func(part string, h merkle.Hasher, s merkle.Shape, root merkle.Digest, each int, get func(i, k int) merkle.Proof) error {
		list := proofs[:each*n]
		for i := range list {
			list[i] = get(i/each, i%each)
		}
		bad, err := merkle.VerifyBatch(ctx, h, s, []merkle.Digest{root}, list, opt)
		for _, b := range bad {
			j.refuse(b/each, part, "opening %d does not lead to the root %x", b%each, root)
		}
		return err
	}
	if err := tree("tree D", sha2.SHA254{}, j.s.d, merkle.Digest(j.p.CommD), 1,
		func(i, _ int) merkle.Proof { return j.answers[i].Data }); err != nil {
		return err
	}
	if err := tree("column", j.s.h, j.s.r, merkle.Digest(j.p.CommC), 1+parentCount,
		func(i, k int) merkle.Proof { return j.answers[i].column(k).Proof }); err != nil {
		return err
	}
	return tree("tree R", j.s.h, j.s.r, merkle.Digest(j.p.CommRLast), 1,
		func(i, _ int) merkle.Proof { return j.answers[i].Replica })
}

// columns checks that the leaves of TreeC are the hashes of the columns.
func (j *judge) columns() {
	n := (1 + parentCount) * len(j.answers)
	src := make([]merkle.Digest, 0, n*j.s.layers)
	for i := range j.answers {
		for k := range 1 + parentCount {
			src = append(src, j.answers[i].column(k).Labels...)
		}
	}
	h := j.s.h
	if at := h.Canonical(src); at >= 0 {
		column := at / j.s.layers
		j.refuse(column/(1+parentCount), "column", "label of opening %d is no field element", column%(1+parentCount))
		return
	}
	dst := make([]merkle.Digest, n)
	h.Parents(dst, src, j.s.layers)
	for i, d := range dst {
		a, k := i/(1+parentCount), i%(1+parentCount)
		if got := j.answers[a].column(k).Leaf; got != d {
			j.refuse(a, "column", "opening %d has leaf %x, its labels hash to %x", k, got, d)
		}
	}
}

// labels computes the label of every layer of the challenged nodes from those of the parents.
func (j *judge) labels() {
	j.labelsOf(1, 1)
	j.labelsOf(2, j.s.layers)
}

// labelsOf computes the labels of the layers first to last, whose messages have one length.
func (j *judge) labelsOf(first, last int) {
	parents, layers := label.Parents(j.s.short, uint32(first)), last-first+1
	size := label.MessageSize(j.s.short, parents)
	src := make([]byte, size*len(j.answers)*layers)
	rest := src
	for i := range j.answers {
		c := &j.answers[i]
		for layer := first; layer <= last; layer++ {
			m := rest[:size]
			rest = rest[size:]
			label.Frame(m, j.s.short, (*[32]byte)(&j.p.ReplicaID), uint32(layer), c.Column.Index)
			for k := range parents {
				copy(m[label.Prefix+32*k:], c.parentLabel(layer, k)[:])
			}
		}
	}
	dst := make([]merkle.Digest, len(src)/size)
	sha2.Sum(dst, src, size)
	for n, d := range dst {
		i, layer := n/layers, first+n%layers
		d[31] &= 0x3f
		if got := j.answers[i].Column.Labels[layer-1]; got != d {
			j.refuse(i, "label", "layer %d has %x, its parents give %x", layer, got, d)
		}
	}
}

// encodings checks that data and last label add up to the replica.
func (j *judge) encodings() {
	for i := range j.answers {
		c := &j.answers[i]
		var want [1]merkle.Digest
		at := encodeNodes(want[:], []merkle.Digest{c.Data.Leaf}, c.Column.Labels[j.s.layers-1:])
		if at >= 0 || want[0] != c.Replica.Leaf {
			j.refuse(i, "encoding", "the replica holds %x, data and key give %x", c.Replica.Leaf, want[0])
		}
	}
}
