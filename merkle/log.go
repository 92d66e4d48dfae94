package merkle

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
)

// A SumFunc hashes messages of one length: dst[i] is the hash of prefix and src[i*size:(i+1)*size], with
// len(src) == size*len(dst). sha2.SumPrefix is one with full lanes.
type SumFunc func(dst []Digest, prefix, src []byte, size int)

// A Log computes and verifies the trees of RFC 6962 (Certificate Transparency), which have any number of
// leaves and grow at the end. Leaves and nodes are told apart by a prefix: a leaf is
// SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), and a tree of n leaves splits at the largest
// power of two below n. Everywhere here leaves are leaf hashes. Log is stateless and safe for
// concurrent use; LogTree and LogRoot keep leaves.
//
// A Log is also a Hasher of arity 2: a perfect tree of leaf hashes has the root of the log of the same size.
//
// Source: RFC 6962 section 2.1, RFC 9162 section 2.1.
type Log struct {
	// Sum hashes; nil is crypto/sha256, message by message. It must be SHA-256 to be RFC 6962.
	Sum SumFunc
}

var (
	leafPrefix = []byte{0}
	nodePrefix = []byte{1}
)

func (l Log) sum(dst []Digest, prefix, src []byte, size int) {
	if l.Sum != nil {
		l.Sum(dst, prefix, src, size)
		return
	}
	plainSum(dst, prefix, src, size)
}

// plainSum is the SumFunc without lanes.
func plainSum(dst []Digest, prefix, src []byte, size int) {
	if len(prefix)+size > 65 {
		h := sha256.New()
		for i := range dst {
			h.Reset()
			h.Write(prefix)
			h.Write(src[i*size : (i+1)*size])
			h.Sum(dst[i][:0])
		}
		return
	}
	var b [65]byte
	n := copy(b[:], prefix)
	for i := range dst {
		copy(b[n:], src[i*size:(i+1)*size])
		dst[i] = sha256.Sum256(b[:n+size])
	}
}

// Name returns "rfc6962-sha256".
func (Log) Name() string { return "rfc6962-sha256" }

// Supports reports arity == 2.
func (Log) Supports(arity int) bool { return arity == 2 }

// Canonical returns -1.
func (Log) Canonical([]Digest) int { return -1 }

// Parents hashes pairs to nodes.
func (l Log) Parents(dst, src []Digest, arity int) {
	if arity != 2 {
		panic("merkle: a log is a binary tree")
	}
	l.sum(dst, nodePrefix, Bytes(src), 64)
}

// Leaf returns the leaf hash of an entry.
func (l Log) Leaf(entry []byte) Digest {
	var d [1]Digest
	l.sum(d[:], leafPrefix, entry, len(entry))
	return d[0]
}

// Leaves sets dst to the leaf hashes of entries of size bytes each, one after another in src. It panics
// unless len(src) is size*len(dst).
func (l Log) Leaves(dst []Digest, src []byte, size int) {
	if len(src) != size*len(dst) {
		panic(fmt.Sprintf("merkle: %d bytes are not %d entries of %d", len(src), len(dst), size))
	}
	l.sum(dst, leafPrefix, src, size)
}

// Empty returns the root of the log without leaves: SHA-256 of nothing.
func (l Log) Empty() Digest {
	var d [1]Digest
	l.sum(d[:], nil, nil, 0)
	return d[0]
}

// Root returns the root over leaf hashes.
func (l Log) Root(leaves []Digest) Digest {
	var root [1]Digest
	l.Roots(root[:], leaves)
	return root[0]
}

// Roots sets dst to the roots of len(dst) logs of the same size that lie one after another in leaves,
// hashing them side by side, so that many short logs fill the lanes as one long log does. It panics
// unless len(leaves) is a multiple of len(dst).
func (l Log) Roots(dst, leaves []Digest) {
	if len(dst) == 0 {
		return
	}
	n := len(leaves) / len(dst)
	if n*len(dst) != len(leaves) {
		panic(fmt.Sprintf("merkle: %d leaves are not %d logs of one size", len(leaves), len(dst)))
	}
	switch n {
	case 0:
		for i := range dst {
			dst[i] = l.Empty()
		}
		return
	case 1:
		copy(dst, leaves)
		return
	}
	rows := [2][]Digest{make([]Digest, len(dst)*((n+1)/2)), make([]Digest, len(dst)*((n+3)/4))}
	for k := 0; n > 1; k ^= 1 {
		up := (n + 1) / 2
		next := rows[k][:len(dst)*up]
		l.pairs(next, leaves, n, up)
		leaves, n = next, up
	}
	copy(dst, leaves)
}

// pairs hashes a row of n nodes a log to one of up nodes; the odd last node of each log goes up as it is.
// Pairing from the left gives the splits of RFC 6962: left subtrees are perfect.
func (l Log) pairs(next, row []Digest, n, up int) {
	if n%2 == 0 {
		l.Parents(next, row, 2)
		return
	}
	for i := 0; i < len(next)/up; i++ {
		l.Parents(next[i*up:(i+1)*up-1], row[i*n:(i+1)*n-1], 2)
		next[(i+1)*up-1] = row[(i+1)*n-1]
	}
}

// VerifyInclusion checks that leaf (a leaf hash) is number index of the log of size leaves with the given
// root. The length of the proof follows from index and size. nil is proven, ErrProof refuted.
func (l Log) VerifyInclusion(root Digest, size, index uint64, leaf Digest, proof []Digest) error {
	if index >= size {
		return fmt.Errorf("%w: leaf %d of a log of %d", ErrProof, index, size)
	}
	inner, border := decompose(index, size)
	if len(proof) != inner+border {
		return fmt.Errorf("%w: %d nodes, want %d", ErrProof, len(proof), inner+border)
	}
	c := chain{l: l, cur: [1]Digest{leaf}}
	c.inner(proof[:inner], index)
	c.border(proof[inner:])
	if c.cur[0] != root {
		return fmt.Errorf("%w: leaf %d of %d leads to root %x, want %x", ErrProof, index, size, c.cur[0], root)
	}
	return nil
}

// VerifyConsistency checks that the log of size2 leaves with root2 has the log of size1 leaves with root1 as
// its beginning: that nothing was changed and leaves were only appended. The empty log is the
// beginning of every log. nil is proven, ErrProof refuted.
func (l Log) VerifyConsistency(size1, size2 uint64, root1, root2 Digest, proof []Digest) error {
	if size1 > size2 {
		return fmt.Errorf("%w: log of %d leaves as the beginning of one of %d", ErrProof, size1, size2)
	}
	if want := consistencyNodes(size1, size2); len(proof) != want {
		return fmt.Errorf("%w: %d nodes, want %d", ErrProof, len(proof), want)
	}
	if size1 == size2 || size1 == 0 {
		if size1 == 0 && root1 != l.Empty() || size1 == size2 && root1 != root2 {
			return fmt.Errorf("%w: roots of logs of %d and %d leaves", ErrProof, size1, size2)
		}
		return nil
	}
	shift := bits.TrailingZeros64(size1)
	inner, _ := decompose(size1-1, size2)
	inner -= shift
	seed, rest := root1, proof
	if size1 != 1<<shift {
		seed, rest = proof[0], proof[1:]
	}
	mask := (size1 - 1) >> shift
	c1 := chain{l: l, cur: [1]Digest{seed}}
	c1.innerRight(rest[:inner], mask)
	c1.border(rest[inner:])
	if c1.cur[0] != root1 {
		return fmt.Errorf("%w: old root %x, want %x", ErrProof, c1.cur[0], root1)
	}
	c2 := chain{l: l, cur: [1]Digest{seed}}
	c2.inner(rest[:inner], mask)
	c2.border(rest[inner:])
	if c2.cur[0] != root2 {
		return fmt.Errorf("%w: new root %x, want %x", ErrProof, c2.cur[0], root2)
	}
	return nil
}

// decompose returns the length of an inclusion proof in two parts: levels on which the path is inside the
// tree, and levels on which it runs along the right border, where only left siblings exist.
func decompose(index, size uint64) (inner, border int) {
	inner = bits.Len64(index ^ (size - 1))
	return inner, bits.OnesCount64(index >> inner)
}

// consistencyNodes returns the length of a consistency proof, size1 <= size2.
func consistencyNodes(size1, size2 uint64) int {
	if size1 == 0 || size1 == size2 {
		return 0
	}
	inner, border := decompose(size1-1, size2)
	n := inner - bits.TrailingZeros64(size1) + border
	if size1&(size1-1) != 0 {
		n++ // the seed: the smallest subtree that both logs share
	}
	return n
}

// A chain hashes upward.
type chain struct {
	l    Log
	cur  [1]Digest
	pair [2]Digest
}

func (c *chain) join(left, right Digest) {
	c.pair = [2]Digest{left, right}
	c.l.Parents(c.cur[:], c.pair[:], 2)
}

func (c *chain) inner(proof []Digest, index uint64) {
	for i, d := range proof {
		if index>>i&1 == 0 {
			c.join(c.cur[0], d)
		} else {
			c.join(d, c.cur[0])
		}
	}
}

// innerRight joins left siblings only: the path of the last leaf of a log that ends here.
func (c *chain) innerRight(proof []Digest, index uint64) {
	for i, d := range proof {
		if index>>i&1 == 1 {
			c.join(d, c.cur[0])
		}
	}
}

func (c *chain) border(proof []Digest) {
	for _, d := range proof {
		c.join(d, c.cur[0])
	}
}
