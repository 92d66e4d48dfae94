package merkle

import (
	"fmt"
	"slices"
)

// streamGroups is the number of groups a Stream collects on a level before it hashes them.
const streamGroups = 64

// A Stream computes a root from leaves that arrive in order, in O(log n) memory: 64 groups a level. It is for
// one goroutine; for leaves that can be read at any place see BuildFiles, which uses all cores.
type Stream struct {
	h       Hasher
	arities []int
	pend    [][]Digest // by level, nodes that wait for the rest of their groups
	up      [][]Digest // by level, scratch for their parents
	count   uint64
}

// NewStream returns a stream without leaves. arities are those of the levels from the leaves upward; the last
// one repeats: NewStream(h, 8) makes uniform 8-ary trees, NewStream(h, 8, 8, 2) pairs groups of 64. How
// many leaves there will be need not be known. Errors: ErrShape, or a hasher without an arity.
func NewStream(h Hasher, arities ...int) (*Stream, error) {
	if _, err := Mixed(arities...); err != nil {
		return nil, err
	}
	for _, a := range arities {
		if !h.Supports(a) {
			return nil, fmt.Errorf("merkle: hasher %s has no arity %d", h.Name(), a)
		}
	}
	return &Stream{h: h, arities: slices.Clone(arities)}, nil
}

func (s *Stream) arity(level int) int { return s.arities[min(level, len(s.arities)-1)] }

// Leaves returns the number of leaves so far, those under appended subtrees among them.
func (s *Stream) Leaves() uint64 { return s.count }

// Append appends leaves; it copies them. Errors: a NodeError for a leaf that is no node of the hasher, before
// any of these leaves is taken; ErrShape past MaxLeaves.
func (s *Stream) Append(leaves ...Digest) error {
	if i := s.h.Canonical(leaves); i >= 0 {
		return &NodeError{Index: s.count + uint64(i), Err: ErrNode}
	}
	if uint64(len(leaves)) > MaxLeaves-s.count {
		return fmt.Errorf("%w: more than %d leaves", ErrShape, uint64(MaxLeaves))
	}
	s.count += uint64(len(leaves))
	s.push(0, leaves)
	return nil
}

// AppendRoot appends a whole subtree, whose root at the given level is all that is known of it: padding, or
// a piece that was hashed elsewhere. Errors: ErrShape unless the leaves so far end a subtree of that
// level; a NodeError if root is no node of the hasher.
func (s *Stream) AppendRoot(level int, root Digest) error {
	if level < 0 || level > maxDepth {
		return fmt.Errorf("%w: level %d", ErrShape, level)
	}
	span := uint64(1)
	for l := range level {
		a := uint64(s.arity(l))
		if a > (MaxLeaves-s.count)/span {
			return fmt.Errorf("%w: more than %d leaves", ErrShape, uint64(MaxLeaves))
		}
		span *= a
	}
	if s.count%span != 0 {
		return fmt.Errorf("%w: a subtree of %d leaves after %d leaves", ErrShape, span, s.count)
	}
	node := []Digest{root}
	if s.h.Canonical(node) >= 0 {
		return &NodeError{Level: level, Index: s.count / span, Err: ErrNode}
	}
	for l := 0; l < level && l < len(s.pend); l++ { // flush may add a level
		s.flush(l)
	}
	s.count += span
	s.push(level, node)
	return nil
}

// push puts nodes on a level, hashing whenever its buffer is full.
func (s *Stream) push(level int, nodes []Digest) {
	for len(s.pend) <= level {
		s.pend, s.up = append(s.pend, nil), append(s.up, nil)
	}
	full := streamGroups * s.arity(level)
	for len(nodes) > 0 {
		if cap(s.pend[level]) == 0 {
			s.pend[level] = make([]Digest, 0, full)
		}
		n := min(len(nodes), full-len(s.pend[level]))
		s.pend[level] = append(s.pend[level], nodes[:n]...)
		nodes = nodes[n:]
		if len(s.pend[level]) == full {
			s.flush(level)
		}
	}
}

// flush hashes the whole groups of a level, which are all its nodes, to the level above.
func (s *Stream) flush(level int) {
	n := len(s.pend[level]) / s.arity(level)
	if n == 0 {
		return
	}
	if s.up[level] == nil {
		s.up[level] = make([]Digest, streamGroups)
	}
	up := s.up[level][:n]
	s.h.Parents(up, s.pend[level], s.arity(level))
	s.pend[level] = s.pend[level][:0]
	s.push(level+1, up)
}

// Root returns the shape and the root of the tree over the leaves so far, which must be perfect: two or
// more leaves, as many as the lowest levels hold. The stream can go on afterwards. Errors: ErrShape.
func (s *Stream) Root() (Shape, Digest, error) {
	var arities []int
	for n := uint64(1); n < s.count; {
		a := s.arity(len(arities))
		arities = append(arities, a)
		n *= uint64(a)
	}
	shape, err := Mixed(arities...)
	if err != nil || shape.leaves != s.count {
		return Shape{}, Digest{}, fmt.Errorf("%w: %d leaves are no whole tree of arities %v", ErrShape, s.count, s.arities)
	}
	var up []Digest
	for level := range len(arities) {
		row := up
		if level < len(s.pend) {
			row = append(slices.Clone(s.pend[level]), up...)
		}
		up = make([]Digest, len(row)/s.arity(level))
		s.h.Parents(up, row, s.arity(level))
	}
	if len(up) == 0 {
		return shape, s.pend[len(arities)][0], nil
	}
	return shape, up[0], nil
}
