package merkle

import (
	"context"
	"fmt"
	"slices"
	"sort"
)

// rebuildLeaves is the number of leaves that a goroutine reads at a time to compute discarded rows.
const rebuildLeaves = 1 << 15

// Open returns the inclusion proofs of the given leaves, in their order; an index may occur more than
// once. Rows that are stored are read, a group of siblings at a time; rows that were discarded are
// computed for all indexes together, so that lanes are full and neighbours share what they have in
// common, and the topmost computed node is compared with the stored one above it. Bytes read for one leaf:
// the subtree up to the lowest stored row, and a group for each row from there.
//
// The proofs are not verified: stored rows that contradict each other give proofs that VerifyBatch
// refutes. Errors: ErrShape for an index beyond the tree, those of the files, a NodeError where a computed
// node differs from the stored one or a leaf is no node of the hasher, ctx.Err().
func (t *Tree) Open(ctx context.Context, indices []uint64, opt *Options) ([]Proof, error) {
	for _, i := range indices {
		if i >= t.s.leaves {
			return nil, fmt.Errorf("%w: leaf %d of %d", ErrShape, i, t.s.leaves)
		}
	}
	o := newOpening(t, indices)
	from := 0
	if d := t.discarded(); d > 0 {
		from = d + 1
		if err := o.rebuild(ctx, from, opt); err != nil {
			return nil, err
		}
	}
	for level := from; level < int(t.s.depth); level++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := o.readLevel(level); err != nil {
			return nil, err
		}
	}
	return o.proofs, nil
}

// discarded returns the number of missing rows above the leaves.
func (t *Tree) discarded() int {
	d := 0
	for !t.stored(d + 1) {
		d++
	}
	return d
}

// An opening is the proofs in the making.
type opening struct {
	t      *Tree
	proofs []Proof
	order  []int    // places of proofs, by growing index
	span   []uint64 // leaves under a node, by level
	first  []int    // place of a level's siblings in a proof
}

func newOpening(t *Tree, indices []uint64) *opening {
	n, depth := t.s.Siblings(), int(t.s.depth)
	o := &opening{t: t, proofs: make([]Proof, len(indices)), order: make([]int, len(indices)),
		span: make([]uint64, depth+1), first: make([]int, depth+1)}
	flat := make([]Digest, n*len(indices))
	for i, index := range indices {
		o.proofs[i] = Proof{Index: index, Siblings: flat[i*n : (i+1)*n : (i+1)*n]}
		o.order[i] = i
	}
	slices.SortFunc(o.order, func(a, b int) int {
		switch {
		case indices[a] < indices[b]:
			return -1
		case indices[a] > indices[b]:
			return 1
		}
		return a - b
	})
	o.span[0] = 1
	for l, a := range t.s.arity[:depth] {
		o.span[l+1] = o.span[l] * uint64(a)
		o.first[l+1] = o.first[l] + int(a) - 1
	}
	return o
}

// readLevel takes the siblings of a stored level.
func (o *opening) readLevel(level int) error {
	a := uint64(o.t.s.arity[level])
	var group []Digest
	last := ^uint64(0)
	for _, i := range o.order {
		at := o.proofs[i].Index / o.span[level+1]
		if at != last {
			if rows := o.t.rows[level]; rows != nil {
				group = rows[at*a : (at+1)*a]
			} else {
				if group == nil {
					group = make([]Digest, a)
				}
				if err := o.t.read(group, level, at*a); err != nil {
					return err
				}
			}
			last = at
		}
		o.take(i, level, group)
	}
	return nil
}

// take copies the siblings of proof i at a level from its group.
func (o *opening) take(i, level int, group []Digest) {
	p := &o.proofs[i]
	pos := p.Index / o.span[level] % uint64(len(group))
	sib := p.Siblings[o.first[level]:o.first[level+1]]
	copy(sib, group[:pos])
	copy(sib[pos:], group[pos+1:])
	if level == 0 {
		p.Leaf = group[pos]
	}
}

// rebuild computes the levels below top for all proofs, and holds the nodes of level top against the
// stored ones.
func (o *opening) rebuild(ctx context.Context, top int, opt *Options) error {
	var ids []uint64
	for _, i := range o.order {
		id := o.proofs[i].Index / o.span[top]
		if len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	}
	nodes, err := o.t.rebuild(ctx, top, ids, o.visit, opt)
	if err != nil {
		return err
	}
	var stored [1]Digest
	for k, id := range ids {
		if err := o.t.read(stored[:], top, id); err != nil {
			return err
		}
		if stored[0] != nodes[k] {
			return &NodeError{Level: top, Index: id, Err: ErrCorrupt}
		}
	}
	return nil
}

// visit takes the siblings of all proofs that pass through the given nodes, whole groups of a level.
func (o *opening) visit(level int, first uint64, nodes []Digest) {
	a := uint64(o.t.s.arity[level])
	lo, hi := first*o.span[level], (first+uint64(len(nodes)))*o.span[level]
	k := sort.Search(len(o.order), func(k int) bool { return o.proofs[o.order[k]].Index >= lo })
	for ; k < len(o.order); k++ {
		i := o.order[k]
		index := o.proofs[i].Index
		if index >= hi {
			return
		}
		at := index/o.span[level+1]*a - first
		o.take(i, level, nodes[at:at+a])
	}
}

// compute fills dst with nodes of a discarded row.
func (t *Tree) compute(dst []Digest, level int, first uint64) error {
	const most = 1 << 12
	ids := make([]uint64, 0, min(len(dst), most))
	for len(dst) > 0 {
		ids = ids[:0]
		for len(ids) < min(len(dst), most) {
			ids = append(ids, first)
			first++
		}
		nodes, err := t.rebuild(context.Background(), level, ids, func(int, uint64, []Digest) {}, &Options{Workers: 1})
		if err != nil {
			return err
		}
		dst = dst[copy(dst, nodes):]
	}
	return nil
}
