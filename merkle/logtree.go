package merkle

import (
	"fmt"
	"math/bits"
)

// A LogTree is an RFC 6962 log in memory that leaves are appended to. It keeps the nodes of all perfect
// subtrees (64 bytes a leaf), and so gives roots and proofs of the log as it stood at every earlier
// size. It is not safe for use by several goroutines while one appends.
//
// The zero LogTree is an empty log that hashes as the zero Log does.
type LogTree struct {
	log  Log
	rows [][]Digest // rows[l][i] covers leaves i<<l .. (i+1)<<l
}

// NewLogTree returns an empty log.
func NewLogTree(l Log) *LogTree { return &LogTree{log: l} }

// Size returns the number of leaves.
func (t *LogTree) Size() uint64 {
	if len(t.rows) == 0 {
		return 0
	}
	return uint64(len(t.rows[0]))
}

// Append appends leaf hashes. Nodes are hashed many at a call, level by level.
func (t *LogTree) Append(leaves ...Digest) {
	if len(t.rows) == 0 {
		t.rows = make([][]Digest, 1)
	}
	t.rows[0] = append(t.rows[0], leaves...)
	for l := 0; len(t.rows[l]) > 1; l++ {
		if l+1 == len(t.rows) {
			t.rows = append(t.rows, nil)
		}
		have, want := len(t.rows[l+1]), len(t.rows[l])/2
		if have == want {
			return
		}
		up := append(t.rows[l+1], make([]Digest, want-have)...)
		t.log.Parents(up[have:], t.rows[l][2*have:2*want], 2)
		t.rows[l+1] = up
	}
}

// Leaf returns the leaf hash number index, which must be below Size.
func (t *LogTree) Leaf(index uint64) Digest { return t.rows[0][index] }

// Root returns the root over the first size leaves. Errors: ErrShape where size is beyond the log.
func (t *LogTree) Root(size uint64) (Digest, error) {
	if err := t.check(size); err != nil {
		return Digest{}, err
	}
	if size == 0 {
		return t.log.Empty(), nil
	}
	return t.node(0, size), nil
}

func (t *LogTree) check(size uint64) error {
	if size > t.Size() {
		return fmt.Errorf("%w: log of %d leaves, asked for %d", ErrShape, t.Size(), size)
	}
	return nil
}

// node returns the root over leaves lo..hi-1, where lo is a multiple of the least power of two >= hi-lo.
func (t *LogTree) node(lo, hi uint64) Digest {
	n := hi - lo
	if n&(n-1) == 0 {
		l := bits.TrailingZeros64(n)
		return t.rows[l][lo>>l]
	}
	c := chain{l: t.log}
	k := split(n)
	c.join(t.node(lo, lo+k), t.node(lo+k, hi))
	return c.cur[0]
}

// split returns the largest power of two below n > 1.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// Inclusion returns the proof that leaf index is in the log of the first size leaves. Errors: ErrShape.
func (t *LogTree) Inclusion(index, size uint64) ([]Digest, error) {
	if err := t.check(size); err != nil {
		return nil, err
	}
	if index >= size {
		return nil, fmt.Errorf("%w: leaf %d of a log of %d", ErrShape, index, size)
	}
	return t.path(nil, index, 0, size), nil
}

// path appends the proof of leaf index within leaves lo..hi-1, nearest sibling first.
func (t *LogTree) path(proof []Digest, index, lo, hi uint64) []Digest {
	if hi-lo == 1 {
		return proof
	}
	mid := lo + split(hi-lo)
	if index < mid {
		return append(t.path(proof, index, lo, mid), t.node(mid, hi))
	}
	return append(t.path(proof, index, mid, hi), t.node(lo, mid))
}

// Consistency returns the proof that the log of size2 leaves continues the log of size1 leaves; it is empty
// for size1 of 0 or size2. Errors: ErrShape where size1 > size2 or size2 is beyond the log.
func (t *LogTree) Consistency(size1, size2 uint64) ([]Digest, error) {
	if err := t.check(size2); err != nil {
		return nil, err
	}
	if size1 > size2 {
		return nil, fmt.Errorf("%w: consistency of %d with %d leaves", ErrShape, size1, size2)
	}
	if size1 == 0 || size1 == size2 {
		return nil, nil
	}
	return t.subproof(nil, size1, 0, size2, true), nil
}

// subproof is SUBPROOF of RFC 6962 section 2.1.2 over leaves lo..hi-1; whole says that the old log's
// subtree there is one whose root the verifier knows.
func (t *LogTree) subproof(proof []Digest, m, lo, hi uint64, whole bool) []Digest {
	if m == hi-lo {
		if !whole {
			proof = append(proof, t.node(lo, hi))
		}
		return proof
	}
	k := split(hi - lo)
	if m <= k {
		return append(t.subproof(proof, m, lo, lo+k, whole), t.node(lo+k, hi))
	}
	return append(t.subproof(proof, m-k, lo+k, hi, false), t.node(lo, lo+k))
}

// A LogRoot is an RFC 6962 log of which only the root is wanted: it keeps one node a level.
type LogRoot struct {
	log  Log
	size uint64
	peak [64]Digest // peak[l] is in use where bit l of size is set
}

// NewLogRoot returns an empty log.
func NewLogRoot(l Log) *LogRoot { return &LogRoot{log: l} }

// Size returns the number of leaves appended.
func (r *LogRoot) Size() uint64 { return r.size }

// logBlock is the level of the subtrees that LogRoot hashes whole where it can.
const logBlock = 10

// Append appends leaf hashes. Where 1024 of them make a subtree, they are hashed together.
func (r *LogRoot) Append(leaves ...Digest) {
	for len(leaves) > 0 {
		n := 1
		if r.size&(1<<logBlock-1) == 0 && len(leaves) >= 1<<logBlock {
			n = 1 << logBlock
		}
		r.push(leaves[:n])
		leaves = leaves[n:]
	}
}

// push appends a perfect subtree, at a size that is a multiple of its own.
func (r *LogRoot) push(leaves []Digest) {
	c := chain{l: r.log, cur: [1]Digest{leaves[0]}}
	if len(leaves) > 1 {
		c.cur[0] = r.log.Root(leaves)
	}
	l := bits.TrailingZeros(uint(len(leaves)))
	for ; r.size>>l&1 == 1; l++ {
		c.join(r.peak[l], c.cur[0])
	}
	r.peak[l] = c.cur[0]
	r.size += uint64(len(leaves))
}

// Root returns the root over the leaves so far. More leaves may follow.
func (r *LogRoot) Root() Digest {
	if r.size == 0 {
		return r.log.Empty()
	}
	l := bits.TrailingZeros64(r.size)
	c := chain{l: r.log, cur: [1]Digest{r.peak[l]}}
	for l++; l < 64; l++ {
		if r.size>>l&1 == 1 {
			c.join(r.peak[l], c.cur[0])
		}
	}
	return c.cur[0]
}
