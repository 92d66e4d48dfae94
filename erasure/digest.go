package erasure

import (
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
)

// A digester makes the digests of a manifest: blocks, trees and the header.
//
// With BLAKE3 a block's digest is BLAKE3 of its bytes. With another hasher it is the root of the binary tree
// over its bytes, 31 to a node with the last byte zero, so that every node is canonical for every hasher,
// filled up with zero nodes to a power of two. Lengths are bound by the header.
type digester struct {
	merkle.Hasher
	native bool
}

const nodeBytes = 31 // bytes of a block in a node of a hasher other than BLAKE3

// newDigester returns the digester of the options, which must be the one called name if that is not empty.
func newDigester(opt *Options, name string) (digester, error) {
	d := digester{Hasher: blake3.Hasher{}, native: true}
	if opt != nil && opt.Hasher != nil && opt.Hasher.Name() != d.Name() {
		d = digester{Hasher: opt.Hasher}
	}
	if !d.Supports(2) {
		return d, fmt.Errorf("erasure: hasher %s has no arity 2", d.Name())
	}
	if name != "" && name != d.Name() {
		return d, fmt.Errorf("erasure: the manifest was made with hasher %s, the options have %s", name, d.Name())
	}
	return d, nil
}

// block returns the digest of a block that is not empty.
func (d digester) block(b []byte) merkle.Digest {
	if d.native {
		return blake3.Sum(b)
	}
	nodes := make([]merkle.Digest, 1<<max(1, bits.Len(uint((len(b)+nodeBytes-1)/nodeBytes-1))))
	for i := 0; len(b) > 0; i++ {
		b = b[copy(nodes[i][:nodeBytes], b):]
	}
	return d.root(nodes)
}

// blocks sets dst[i] to the digest of blocks[i].
func (d digester) blocks(dst []merkle.Digest, blocks [][]byte, workers int) {
	// The closure returns no error.
	_ = parallel(workers, len(blocks), func(lo, hi int) error {
		for i := lo; i < hi; i++ {
			dst[i] = d.block(blocks[i])
		}
		return nil
	})
}

// pair returns the parent of two nodes.
func (d digester) pair(l, r merkle.Digest) merkle.Digest {
	out := make([]merkle.Digest, 3)
	out[1], out[2] = l, r
	d.Parents(out[:1], out[1:], 2)
	return out[0]
}

// root returns the root of the binary tree over leaves, filled up with zero digests to a power of two; the
// zero digest for no leaves. leaves is not changed.
func (d digester) root(leaves []merkle.Digest) merkle.Digest {
	if len(leaves) == 0 {
		return merkle.Digest{}
	}
	level := make([]merkle.Digest, 1<<bits.Len(uint(len(leaves)-1)))
	copy(level, leaves)
	next := make([]merkle.Digest, len(level)/2)
	for len(level) > 1 {
		d.Parents(next, level, 2)
		level, next = next, level[:len(next)/2]
	}
	return level[0]
}

// siblings returns the path from a leaf to root's tree.
func (d digester) siblings(leaves []merkle.Digest, index int) []merkle.Digest {
	level := make([]merkle.Digest, 1<<bits.Len(uint(len(leaves)-1)))
	copy(level, leaves)
	var out []merkle.Digest
	for ; len(level) > 1; index /= 2 {
		out = append(out, level[index^1])
		next := make([]merkle.Digest, len(level)/2)
		d.Parents(next, level, 2)
		level = next
	}
	return out
}
