package merkle

import (
	"context"
	"fmt"
)

// blockParents is the number of parents of leaves that are made before the next level is begun: few
// enough that the rows of a block stay in the second-level cache, many enough to fill all lanes.
const blockParents = 4096

// Build makes a tree in memory of s.Leaves() leaves, hashing over opt.Workers goroutines. The tree keeps
// leaves and does not copy them: they must not change afterwards. Errors: ErrShape for another number
// of leaves, a NodeError for a leaf that is no node of h, ctx.Err().
func Build(ctx context.Context, h Hasher, s Shape, leaves []Digest, opt *Options) (*Tree, error) {
	if err := s.check(h); err != nil {
		return nil, err
	}
	if err := s.count(leaves); err != nil {
		return nil, err
	}
	t := &Tree{h: h, s: s, rows: newRows(s)}
	if err := t.Reset(ctx, leaves, opt); err != nil {
		return nil, err
	}
	return t, nil
}

// Reset makes a tree that Build made anew, over other leaves and in the memory it has: many trees of one shape
// one after another do without fresh memory, which costs an eighth of the fastest hashing, and more on a
// busy machine. Nothing that was read from the tree before is changed. After an error only another Reset
// is of use. Errors: as Build; ErrShape for a tree in files.
func (t *Tree) Reset(ctx context.Context, leaves []Digest, opt *Options) error {
	if t.files != nil {
		return fmt.Errorf("%w: a tree in files cannot be reset", ErrShape)
	}
	if err := t.s.count(leaves); err != nil {
		return err
	}
	t.rows[0] = leaves
	m := opt.meter("tree", t.s.leaves)
	if err := raise(ctx, t.h, t.s, t.rows, 0, int(t.s.depth), true, opt.workers(), m); err != nil {
		return err
	}
	t.root = t.rows[t.s.depth][0]
	return nil
}

// count refuses any other number of leaves than that of s.
func (s Shape) count(leaves []Digest) error {
	if uint64(len(leaves)) != s.leaves {
		return fmt.Errorf("%w: %d leaves, the shape has %d", ErrShape, len(leaves), s.leaves)
	}
	return nil
}

// newRows returns the rows of s above the leaves, in one allocation.
func newRows(s Shape) [][]Digest {
	rows := make([][]Digest, s.depth+1)
	flat := make([]Digest, s.Nodes()-s.leaves)
	for l := 1; l <= int(s.depth); l++ {
		n := s.Width(l)
		rows[l], flat = flat[:n:n], flat[n:]
	}
	return rows
}

// raise fills rows[from+1..to] from rows[from]. It goes up in blocks: as many levels at once as have
// blockParents nodes, each block by one goroutine, then the same again from where the blocks end.
// check looks at the nodes of rows[from] before they are hashed.
func raise(ctx context.Context, h Hasher, s Shape, rows [][]Digest, from, to int, check bool, workers int, m *meter) error {
	for from < to {
		top, span := sharedLevels(s, from, to, blockParents, uint64(len(rows[from])), workers)
		blocks := uint64(len(rows[from])) / span
		err := spread(ctx, workers, blocks, noScratch, func(_ context.Context, _ struct{}, b uint64) error {
			part := rows[from][b*span : (b+1)*span]
			if check {
				if i := h.Canonical(part); i >= 0 {
					return &NodeError{Level: from, Index: b*span + uint64(i), Err: ErrNode}
				}
			}
			n := span
			for l := from; l < top; l++ {
				a := uint64(s.arity[l])
				h.Parents(rows[l+1][b*n/a:(b+1)*n/a], rows[l][b*n:(b+1)*n], int(a))
				n /= a
			}
			if m != nil && check {
				m.add(span)
			}
			return nil
		})
		if err != nil {
			return err
		}
		from, check = top, false
	}
	return nil
}

// blockLevels returns how far up from a level one goes with at most parents nodes in the first new row, and
// how many nodes of that level lie under one node there. It goes up one level at least, and not past to.
func blockLevels(s Shape, from, to int, parents uint64) (top int, span uint64) {
	top, span = from+1, uint64(s.arity[from])
	for n := uint64(1); top < to; top++ {
		a := uint64(s.arity[top])
		if n*a > parents {
			break
		}
		n *= a
		span *= a
	}
	return top, span
}

// leastParents is the size below which blocks are not made smaller: they would not fill the lanes.
const leastParents = 128

// sharedLevels is blockLevels with blocks made smaller where n nodes would otherwise give each of several
// workers fewer than four.
func sharedLevels(s Shape, from, to int, parents, n uint64, workers int) (top int, span uint64) {
	top, span = blockLevels(s, from, to, parents)
	for workers > 1 && n/span < 4*uint64(workers) && parents > leastParents {
		parents /= 2
		top, span = blockLevels(s, from, to, parents)
	}
	return top, span
}
