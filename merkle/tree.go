package merkle

import (
	"context"
	"fmt"
	"io"
)

// A Tree is a built or opened tree, ready to give nodes and proofs. Its rows lie in memory, or in a
// file a base tree; rows that neither holds are computed from the leaves whenever they are needed. A
// Tree is safe for concurrent use as far as its readers are.
type Tree struct {
	h    Hasher
	s    Shape
	root Digest
	rows [][]Digest // by level; nil where the level lies in files or is missing

	files  []io.ReaderAt // one a base tree
	off    []int64       // of each level in its file, -1 where missing
	leaves io.ReaderAt   // of detached leaves, all base trees in a row
}

// Root returns the root. Of an opened tree it is the stored one (joined from the stored base roots):
// compare it with the root that was recorded, and see Check.
func (t *Tree) Root() Digest { return t.root }

// Shape returns the tree's shape.
func (t *Tree) Shape() Shape { return t.s }

// Hasher returns the tree's hasher.
func (t *Tree) Hasher() Hasher { return t.h }

// Node returns one node. A node of a discarded row costs the hashes of the subtree below it.
func (t *Tree) Node(level int, index uint64) (Digest, error) {
	var d [1]Digest
	err := t.ReadNodes(d[:], level, index)
	return d[0], err
}

// ReadNodes fills dst with the nodes of a level from index first on. Nodes of discarded rows are
// computed. Errors: ErrShape outside the tree, those of the files, a NodeError for bad leaves.
func (t *Tree) ReadNodes(dst []Digest, level int, first uint64) error {
	w := t.s.Width(level)
	if w == 0 || first > w || uint64(len(dst)) > w-first {
		return fmt.Errorf("%w: nodes %d..+%d of level %d, which has %d", ErrShape, first, len(dst), level, w)
	}
	if t.stored(level) {
		return t.read(dst, level, first)
	}
	return t.compute(dst, level, first)
}

// Proof returns the inclusion proof of one leaf. For many leaves see Open. Errors: as Open.
func (t *Tree) Proof(index uint64) (Proof, error) {
	p, err := t.Open(context.Background(), []uint64{index}, &Options{Workers: 1})
	if err != nil {
		return Proof{}, err
	}
	return p[0], nil
}

// stored reports whether the nodes of a level can be had without hashing.
func (t *Tree) stored(level int) bool {
	return t.rows[level] != nil || t.off[level] >= 0 || (level == 0 && t.leaves != nil)
}

// read copies stored nodes, across base trees where the range spans several.
func (t *Tree) read(dst []Digest, level int, first uint64) error {
	if t.rows[level] != nil {
		copy(dst, t.rows[level][first:])
		return nil
	}
	if level == 0 && t.off[0] < 0 {
		if err := readFull(t.leaves, Bytes(dst), 32*int64(first)); err != nil {
			return fmt.Errorf("merkle: leaves %d..+%d: %w", first, len(dst), err)
		}
		return nil
	}
	width := t.s.Width(level) / uint64(len(t.files))
	for len(dst) > 0 {
		tree, at := first/width, first%width
		n := min(uint64(len(dst)), width-at)
		if err := readFull(t.files[tree], Bytes(dst[:n]), t.off[level]+32*int64(at)); err != nil {
			return fmt.Errorf("merkle: base tree %d, level %d, nodes %d..+%d: %w", tree, level, at, n, err)
		}
		dst, first = dst[n:], first+n
	}
	return nil
}
