package merkle

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

const (
	// MaxArity is the widest group of children a shape may have.
	MaxArity = 1024

	// MaxLeaves bounds the leaves of a shape, so that every offset in bytes fits an int64.
	MaxLeaves = 1 << 56

	maxDepth = 56
)

// A Shape is the form of a perfect tree: how many children a node has, level by level. Level 0 are
// the leaves, level Depth is the root. A tree is cut into one or more base trees, which lie in a file
// each, and the levels above them, which are few nodes and lie in no file.
//
// Shapes are comparable with ==. The zero Shape is no shape: every function refuses it. Only perfect
// trees exist, so no list of leaves can be taken for another, longer one.
type Shape struct {
	leaves uint64
	arity  [maxDepth]uint16 // arity[l] nodes of level l make one of level l+1
	depth  uint8
	base   uint8 // levels of a base tree; its root is at level base
}

// Uniform returns the shape of one tree in which every node has arity children. leaves must be a
// power of arity, at least arity. Errors: ErrShape.
func Uniform(leaves uint64, arity int) (Shape, error) {
	return Compound(leaves, arity, 0, 0)
}

// Mixed returns the shape of one tree with the given arities, from the leaves upward; its leaves are
// their product. Errors: ErrShape.
func Mixed(arities ...int) (Shape, error) {
	var s Shape
	if len(arities) == 0 {
		return Shape{}, fmt.Errorf("%w: no levels", ErrShape)
	}
	s.leaves = 1
	for _, a := range arities {
		if err := s.push(a); err != nil {
			return Shape{}, err
		}
	}
	s.base = s.depth
	return s, nil
}

// Compound returns Filecoin's shape base-sub-top: max(sub, 1)*max(top, 1) base trees of arity base,
// their roots joined in groups of sub, and those in one group of top. A sub or top of 0 leaves that
// level out; top without sub is refused. leaves counts the whole tree. Errors: ErrShape.
//
// Source: storage-proofs-core merkle/tree.rs; the shapes by sector size are 8-0-0, 8-2-0, 8-8-0, 8-8-2.
func Compound(leaves uint64, base, sub, top int) (Shape, error) {
	if sub == 0 && top != 0 {
		return Shape{}, fmt.Errorf("%w: top arity %d without a sub level", ErrShape, top)
	}
	if leaves > MaxLeaves {
		return Shape{}, fmt.Errorf("%w: %d leaves, at most %d", ErrShape, leaves, uint64(MaxLeaves))
	}
	if base < 2 || base > MaxArity || sub < 0 || sub > MaxArity || top < 0 || top > MaxArity {
		return Shape{}, fmt.Errorf("%w: arities %d-%d-%d, each of 2..%d", ErrShape, base, sub, top, MaxArity)
	}
	trees := uint64(max(sub, 1)) * uint64(max(top, 1))
	s := Shape{leaves: 1}
	for want := leaves / trees; s.leaves < want; {
		if err := s.push(base); err != nil {
			return Shape{}, err
		}
	}
	s.base = s.depth
	for _, a := range []int{sub, top} {
		if a == 0 {
			continue
		}
		if err := s.push(a); err != nil {
			return Shape{}, err
		}
	}
	if s.leaves != leaves || s.base == 0 {
		return Shape{}, fmt.Errorf("%w: %d leaves are no tree of arities %d-%d-%d", ErrShape, leaves, base, sub, top)
	}
	return s, nil
}

// push puts a level on top of s.
func (s *Shape) push(arity int) error {
	if arity < 2 || arity > MaxArity {
		return fmt.Errorf("%w: arity %d, want 2..%d", ErrShape, arity, MaxArity)
	}
	hi, n := bits.Mul64(s.leaves, uint64(arity))
	if hi != 0 || n > MaxLeaves || s.depth == maxDepth {
		return fmt.Errorf("%w: more than %d leaves", ErrShape, uint64(MaxLeaves))
	}
	s.arity[s.depth] = uint16(arity)
	s.depth++
	s.leaves = n
	return nil
}

// Leaves returns the number of leaves of the whole tree.
func (s Shape) Leaves() uint64 { return s.leaves }

// Depth returns the number of hashes between a leaf and the root: the level of the root.
func (s Shape) Depth() int { return int(s.depth) }

// Arity returns how many nodes of the given level make one of the level above; 0 where there is none.
func (s Shape) Arity(level int) int {
	if level < 0 || level >= int(s.depth) {
		return 0
	}
	return int(s.arity[level])
}

// Width returns the number of nodes of a level of the whole tree; 0 for a level the tree has not.
func (s Shape) Width(level int) uint64 {
	if level < 0 || level > int(s.depth) || s.depth == 0 {
		return 0
	}
	w := s.leaves
	for _, a := range s.arity[:level] {
		w /= uint64(a)
	}
	return w
}

// Nodes returns the number of nodes of all levels, leaves and root among them.
func (s Shape) Nodes() uint64 {
	n := uint64(0)
	for l := range int(s.depth) + 1 {
		n += s.Width(l)
	}
	return n
}

// Siblings returns the number of nodes of an inclusion proof: arity-1 a level.
func (s Shape) Siblings() int {
	n := 0
	for _, a := range s.arity[:s.depth] {
		n += int(a) - 1
	}
	return n
}

// Position returns the place of leaf index, or of the node above it, in its group at a level: the
// digits of index in the mixed radix of the shape.
func (s Shape) Position(index uint64, level int) int {
	if level < 0 || level >= int(s.depth) {
		return 0
	}
	for _, a := range s.arity[:level] {
		index /= uint64(a)
	}
	return int(index % uint64(s.arity[level]))
}

// Trees returns the number of base trees, each with a file of its own where trees lie in files.
func (s Shape) Trees() int {
	return int(s.Width(int(s.base)))
}

// BaseDepth returns the level of the roots of the base trees; it equals Depth where there is one.
func (s Shape) BaseDepth() int { return int(s.base) }

// Base returns the shape of one base tree: s itself where there is one.
func (s Shape) Base() Shape {
	if s.depth == 0 {
		return Shape{}
	}
	b := Shape{leaves: s.leaves / s.Width(int(s.base)), depth: s.base, base: s.base}
	copy(b.arity[:s.base], s.arity[:])
	return b
}

// String returns the arities with their repetitions from the leaves upward, base trees set apart by
// a bar: "8^9|8-2" is sixteen base trees of 8^9 leaves, joined by 8 and then by 2.
func (s Shape) String() string {
	var b strings.Builder
	for l := 0; l < int(s.depth); {
		run := l + 1
		for run < int(s.depth) && run != int(s.base) && s.arity[run] == s.arity[l] {
			run++
		}
		switch {
		case l == 0:
		case l == int(s.base):
			b.WriteByte('|')
		default:
			b.WriteByte('-')
		}
		b.WriteString(strconv.Itoa(int(s.arity[l])))
		if run-l > 1 {
			b.WriteByte('^')
			b.WriteString(strconv.Itoa(run - l))
		}
		l = run
	}
	return b.String()
}

// span returns the leaves under one node of the given level.
func (s Shape) span(level int) uint64 {
	n := uint64(1)
	for _, a := range s.arity[:level] {
		n *= uint64(a)
	}
	return n
}

// check refuses the zero shape and a hasher that lacks one of the arities.
func (s Shape) check(h Hasher) error {
	if s.depth == 0 {
		return fmt.Errorf("%w: the zero Shape", ErrShape)
	}
	last := uint16(0)
	for _, a := range s.arity[:s.depth] {
		if a != last && !h.Supports(int(a)) {
			return fmt.Errorf("merkle: hasher %s has no arity %d", h.Name(), a)
		}
		last = a
	}
	return nil
}
