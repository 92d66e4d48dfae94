package piece

import (
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// levels is the number of levels a tree over less than 2^64 bytes can have.
const levels = 64 - 5

// zeros returns the root of the tree over zeros for each level.
var zeros = sync.OnceValue(func() *[levels]merkle.Digest {
	var z [levels]merkle.Digest
	for l := 1; l < levels; l++ {
		z[l] = node(z[l-1], z[l-1])
	}
	return &z
})

// node is the parent of two nodes.
func node(left, right merkle.Digest) merkle.Digest {
	src := [2]merkle.Digest{left, right}
	var dst [1]merkle.Digest
	sha2.SHA254{}.Parents(dst[:], src[:], 2)
	return dst[0]
}

// A stack folds subtrees of one tree, pushed in order, into as few as possible: at most one of each level,
// the highest first. A subtree begins at a multiple of its size; zeros fill the gap before it.
type stack struct {
	n     int
	nodes [levels]merkle.Digest
	level [levels]int
}

// push appends a subtree after as many zeros as its alignment asks for. Its level is below levels, and the
// tree stays below 2^64 bytes.
func (s *stack) push(level int, root merkle.Digest) {
	for s.n > 0 && s.level[s.n-1] < level {
		s.shift(s.level[s.n-1], zeros()[s.level[s.n-1]])
	}
	s.shift(level, root)
}

// shift appends a subtree that needs no gap, and folds.
func (s *stack) shift(level int, root merkle.Digest) {
	for s.n > 0 && s.level[s.n-1] == level {
		s.n--
		root = node(s.nodes[s.n], root)
		level++
	}
	s.nodes[s.n], s.level[s.n] = root, level
	s.n++
}

// close appends zeros until one subtree is left and returns it.
func (s *stack) close() (level int, root merkle.Digest) {
	for s.n > 1 {
		s.shift(s.level[s.n-1], zeros()[s.level[s.n-1]])
	}
	return s.level[0], s.nodes[0]
}

// raise appends zeros until the tree has that level and returns its root; an empty stack is all zeros.
func (s *stack) raise(level int) merkle.Digest {
	if s.n == 0 {
		return zeros()[level]
	}
	s.close()
	for s.level[0] < level {
		s.shift(s.level[0], zeros()[s.level[0]])
	}
	return s.nodes[0]
}
