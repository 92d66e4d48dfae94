package merkle

import (
	"context"
	"fmt"
	"slices"
)

// A MultiProof shows several leaves of one tree at once, with each node that they share given once and
// each node that can be computed left out.
type MultiProof struct {
	Indices []uint64 // strictly growing
	Leaves  []Digest // one for each index

	// Nodes are the siblings that cannot be computed from the leaves, level by level from the leaves,
	// growing within a level.
	Nodes []Digest
}

// A RangeProof shows the leaves Start, Start+1 ... of one tree.
type RangeProof struct {
	Start  uint64
	Leaves []Digest

	// Nodes are the siblings to the left and to the right of the range, level by level from the leaves.
	Nodes []Digest
}

// OpenMulti returns one proof of all the given leaves. Errors: ErrShape unless indices are strictly
// growing, inside the tree and at least one; else as Open.
func (t *Tree) OpenMulti(ctx context.Context, indices []uint64, opt *Options) (MultiProof, error) {
	if _, err := t.s.multiNodes(indices); err != nil {
		return MultiProof{}, err
	}
	single, err := t.Open(ctx, indices, opt)
	if err != nil {
		return MultiProof{}, err
	}
	p := MultiProof{Indices: slices.Clone(indices), Leaves: make([]Digest, len(indices))}
	for i := range single {
		p.Leaves[i] = single[i].Leaf
	}
	below, first := uint64(1), 0
	for _, arity := range t.s.arity[:t.s.depth] {
		a := uint64(arity)
		for i := 0; i < len(indices); {
			group := indices[i] / below / a
			sib := single[i].Siblings[first : first+int(a)-1]
			own := indices[i] / below % a
			for pos := range a {
				if i < len(indices) && indices[i]/below == group*a+pos {
					for at := indices[i] / below; i < len(indices) && indices[i]/below == at; {
						i++
					}
					continue
				}
				at := pos
				if pos > own {
					at--
				}
				p.Nodes = append(p.Nodes, sib[at])
			}
		}
		below *= a
		first += int(a) - 1
	}
	return p, nil
}

// multiNodes returns how many nodes the proof of these leaves has. It refuses indices that are not
// strictly growing and inside the tree, and no indices. It allocates nothing.
func (s Shape) multiNodes(indices []uint64) (uint64, error) {
	if len(indices) == 0 {
		return 0, fmt.Errorf("%w: no indices", ErrShape)
	}
	for i, index := range indices {
		if index >= s.leaves || (i > 0 && index <= indices[i-1]) {
			return 0, fmt.Errorf("%w: index %d is outside the tree or not above the one before", ErrShape, index)
		}
	}
	nodes, known, span := uint64(0), uint64(len(indices)), uint64(1)
	for _, a := range s.arity[:s.depth] {
		span *= uint64(a)
		groups, last := uint64(0), ^uint64(0)
		for _, index := range indices {
			if g := index / span; g != last {
				groups, last = groups+1, g
			}
		}
		nodes += groups*uint64(a) - known
		known = groups
	}
	return nodes, nil
}

// VerifyMulti checks that the leaves of p are those of the tree of shape s with the given root. Which nodes
// the proof must have follows from the shape and the indices alone, and is checked before anything is
// allocated. nil is proven, ErrProof refuted; another error means that h cannot judge s.
func VerifyMulti(h Hasher, s Shape, root Digest, p MultiProof) error {
	if err := s.check(h); err != nil {
		return err
	}
	if len(p.Leaves) != len(p.Indices) {
		return fmt.Errorf("%w: %d leaves for %d indices", ErrProof, len(p.Leaves), len(p.Indices))
	}
	want, err := s.multiNodes(p.Indices)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	if uint64(len(p.Nodes)) != want {
		return fmt.Errorf("%w: %d nodes, want %d", ErrProof, len(p.Nodes), want)
	}
	if err := canonical(h, p.Leaves, p.Nodes); err != nil {
		return err
	}
	index, cur, nodes := slices.Clone(p.Indices), slices.Clone(p.Leaves), p.Nodes
	var groups []Digest
	for _, arity := range s.arity[:s.depth] {
		a := uint64(arity)
		groups = groups[:0]
		n := 0
		for i := 0; i < len(cur); {
			group := index[i] / a
			for at := group * a; at < (group+1)*a; at++ {
				if i < len(cur) && index[i] == at {
					groups = append(groups, cur[i])
					i++
					continue
				}
				groups = append(groups, nodes[0])
				nodes = nodes[1:]
			}
			index[n] = group
			n++
		}
		index, cur = index[:n], cur[:n]
		h.Parents(cur, groups, int(a))
	}
	if cur[0] != root {
		return fmt.Errorf("%w: %d leaves lead to root %x, want %x", ErrProof, len(p.Leaves), cur[0], root)
	}
	return nil
}

// canonical refuses proofs with nodes that are none.
func canonical(h Hasher, leaves, nodes []Digest) error {
	if i := h.Canonical(leaves); i >= 0 {
		return fmt.Errorf("%w: leaf %d is no node of hasher %s", ErrProof, i, h.Name())
	}
	if i := h.Canonical(nodes); i >= 0 {
		return fmt.Errorf("%w: node %d is no node of hasher %s", ErrProof, i, h.Name())
	}
	return nil
}

// OpenRange returns one proof of the leaves start..end-1. Errors: ErrShape unless start < end and both are
// inside the tree; else as Open.
func (t *Tree) OpenRange(ctx context.Context, start, end uint64, opt *Options) (RangeProof, error) {
	if start >= end || end > t.s.leaves {
		return RangeProof{}, fmt.Errorf("%w: leaves %d..%d of %d", ErrShape, start, end, t.s.leaves)
	}
	edge, err := t.Open(ctx, []uint64{start, end - 1}, opt)
	if err != nil {
		return RangeProof{}, err
	}
	p := RangeProof{Start: start, Leaves: make([]Digest, end-start)}
	if err := t.read(p.Leaves, 0, start); err != nil {
		return RangeProof{}, err
	}
	lo, last, first := start, end-1, 0
	for _, arity := range t.s.arity[:t.s.depth] {
		a := uint64(arity)
		p.Nodes = append(p.Nodes, edge[0].Siblings[first:first+int(lo%a)]...)
		p.Nodes = append(p.Nodes, edge[1].Siblings[first+int(last%a):first+int(a)-1]...)
		lo, last, first = lo/a, last/a, first+int(a)-1
	}
	return p, nil
}

// rangeNodes returns how many nodes the proof of n leaves from start on has.
func (s Shape) rangeNodes(start, n uint64) (uint64, error) {
	if n == 0 || start >= s.leaves || n > s.leaves-start {
		return 0, fmt.Errorf("%w: %d leaves from %d on of %d", ErrShape, n, start, s.leaves)
	}
	nodes, lo, last := uint64(0), start, start+n-1
	for _, arity := range s.arity[:s.depth] {
		a := uint64(arity)
		nodes += lo%a + a - 1 - last%a
		lo, last = lo/a, last/a
	}
	return nodes, nil
}

// VerifyRange checks that the leaves of p are those from p.Start on of the tree of shape s with the given
// root. How many nodes the proof must have follows from the shape and the range alone, and is checked
// before anything is allocated. Errors: as VerifyMulti.
func VerifyRange(h Hasher, s Shape, root Digest, p RangeProof) error {
	if err := s.check(h); err != nil {
		return err
	}
	want, err := s.rangeNodes(p.Start, uint64(len(p.Leaves)))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	if uint64(len(p.Nodes)) != want {
		return fmt.Errorf("%w: %d nodes, want %d", ErrProof, len(p.Nodes), want)
	}
	if err := canonical(h, p.Leaves, p.Nodes); err != nil {
		return err
	}
	cur, nodes := p.Leaves, p.Nodes
	lo, last := p.Start, p.Start+uint64(len(p.Leaves))-1
	for _, arity := range s.arity[:s.depth] {
		a := uint64(arity)
		left, right := lo%a, a-1-last%a
		row := cur
		if left+right > 0 {
			row = slices.Concat(nodes[:left], cur, nodes[left:left+right])
			nodes = nodes[left+right:]
		}
		cur = make([]Digest, uint64(len(row))/a)
		h.Parents(cur, row, int(a))
		lo, last = lo/a, last/a
	}
	if cur[0] != root {
		return fmt.Errorf("%w: leaves from %d on lead to root %x, want %x", ErrProof, p.Start, cur[0], root)
	}
	return nil
}
