package porep

import (
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// parentCount is the number of parents of a node: six of the DRG, then eight of the expander.
const parentCount = graph.Degree

// A Column shows the labels of one node in all layers and that TreeC holds their hash.
type Column struct {
	// Labels holds the label of layer l at index l-1.
	Labels []merkle.Digest
	// Proof opens TreeC; its leaf is the hash of Labels.
	merkle.Proof
}

// A ChallengeProof answers one challenge. What the reference keeps beside it, the parent labels of every
// layer, follows from the columns.
type ChallengeProof struct {
	// Data opens TreeD: the node before sealing.
	Data merkle.Proof
	// Replica opens TreeRLast: the node after sealing.
	Replica merkle.Proof
	// Column is the challenged node's column.
	Column Column
	// Parents are the columns of the node's parents: six of the DRG, then eight of the expander.
	Parents [parentCount]Column
}

// A Proof is the vanilla proof that a replica was made from the data as it should: what the reference
// calls the output of commit phase 1. It holds public values only, apart from the nodes it opens.
type Proof struct {
	CommD     sector.CommD
	CommR     sector.CommR
	CommC     sector.CommC
	CommRLast sector.CommRLast
	ReplicaID sector.ReplicaID
	Ticket    sector.Ticket
	// Seed chose the challenges; non-interactive proofs carry it along unused.
	Seed sector.Seed
	// Partitions holds the answers in the order of their challenges.
	Partitions [][]ChallengeProof
}

// shapes are the forms of what a proof of one kind opens.
type shapes struct {
	d, r   merkle.Shape // TreeD; TreeC and TreeRLast
	layers int
	h      treeHash // of TreeC and TreeRLast

	short bool // messages of labels, see sector.Proof.ShortLabels
}

// newShapes returns the forms for p, which must pass its Check.
func newShapes(p sector.Proof) (shapes, error) {
	d, err := merkle.Uniform(p.Nodes(), 2)
	if err != nil {
		return shapes{}, fmt.Errorf("porep: TreeD: %w", err)
	}
	r, err := merkle.Compound(p.Nodes(), p.Shape.Base, p.Shape.Sub, p.Shape.Top)
	if err != nil {
		return shapes{}, fmt.Errorf("porep: TreeC: %w", err)
	}
	return shapes{d: d, r: r, layers: p.Layers, h: hashOf(p), short: p.ShortLabels}, nil
}

// nodes is the number of nodes in one ChallengeProof.
func (s shapes) nodes() int {
	opening := 1 + s.r.Siblings()
	return s.d.Siblings() + 1 + opening + (1+parentCount)*(s.layers+opening)
}

// alloc gives c room for all its nodes, out of one piece of memory.
func (s shapes) alloc(c *ChallengeProof) {
	slab := make([]merkle.Digest, s.nodes())
	take := func(n int) []merkle.Digest {
		out := slab[:n:n]
		slab = slab[n:]
		return out
	}
	c.Data.Siblings = take(s.d.Siblings())
	c.Replica.Siblings = take(s.r.Siblings())
	for i := range 1 + parentCount {
		col := c.column(i)
		col.Labels = take(s.layers)
		col.Siblings = take(s.r.Siblings())
	}
}

// column returns the challenged node's column for 0, then those of the parents.
func (c *ChallengeProof) column(i int) *Column {
	if i == 0 {
		return &c.Column
	}
	return &c.Parents[i-1]
}

// check refuses an answer with parts of a wrong length, or with leaves beyond the trees.
func (s shapes) check(c *ChallengeProof) error {
	last := max(c.Data.Index, c.Replica.Index)
	for i := range 1 + parentCount {
		last = max(last, c.column(i).Index)
	}
	if last >= s.d.Leaves() {
		return fmt.Errorf("porep: leaf %d of %d: %w", last, s.d.Leaves(), ErrFormat)
	}
	if len(c.Data.Siblings) != s.d.Siblings() || len(c.Replica.Siblings) != s.r.Siblings() {
		return fmt.Errorf("porep: paths of %d and %d nodes, want %d and %d: %w", len(c.Data.Siblings),
			len(c.Replica.Siblings), s.d.Siblings(), s.r.Siblings(), ErrFormat)
	}
	for i := range 1 + parentCount {
		col := c.column(i)
		if len(col.Labels) != s.layers || len(col.Siblings) != s.r.Siblings() {
			return fmt.Errorf("porep: column %d with %d labels and %d siblings, want %d and %d: %w", i,
				len(col.Labels), len(col.Siblings), s.layers, s.r.Siblings(), ErrFormat)
		}
	}
	return nil
}

// parentLabel returns the label that a label of the given layer (from 1 on) hashes at place i of 37:
// DRG parents in the same layer, expander parents in the one before; layer 1 has DRG parents only.
func (c *ChallengeProof) parentLabel(layer, i int) *merkle.Digest {
	if layer == 1 {
		return &c.Parents[i%graph.BaseDegree].Labels[0]
	}
	k := i % parentCount
	if k < graph.BaseDegree {
		return &c.Parents[k].Labels[layer-1]
	}
	return &c.Parents[k].Labels[layer-2]
}
