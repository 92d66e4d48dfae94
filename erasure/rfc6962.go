package erasure

import (
	"fmt"
	"math/bits"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// The trees of squares and slivers are those of RFC 6962: SHA-256 with byte 0 before a leaf and byte 1
// before the two children of a node. Of an odd level the last node rises unhashed, which is the RFC's
// split at the largest power of two.
//
// Source: RFC 6962 section 2.1; rsmt2d v0.15.2 tree.go (celestiaorg/merkletree).
var (
	leafTag = []byte{0}
	nodeTag = []byte{1}
)

// leafDigests sets dst[i] to the digest of leaf i, size bytes each.
func leafDigests(dst []merkle.Digest, leaves []byte, size int) {
	sha2.SumPrefix(dst, leafTag, leaves, size)
}

// levelUp hashes a level of trees, width nodes each and all trees one behind the other, in place and
// returns the level above and its width.
func levelUp(nodes []merkle.Digest, scratch []merkle.Digest, width int) ([]merkle.Digest, int) {
	half, up := width/2, (width+1)/2
	trees := len(nodes) / width
	out := scratch[:trees*up]
	if width%2 == 0 {
		sha2.SumPrefix(out, nodeTag, merkle.Bytes(nodes), 64)
		return out, up
	}
	for t := range trees {
		own := nodes[t*width : (t+1)*width]
		sha2.SumPrefix(out[t*up:t*up+half], nodeTag, merkle.Bytes(own[:2*half]), 64)
		out[t*up+half] = own[width-1]
	}
	return out, up
}

// treeRoots appends the root of each tree of width leaves. leaves is not changed.
func treeRoots(dst, leaves []merkle.Digest, width int) []merkle.Digest {
	if len(leaves) == 0 {
		return dst
	}
	var scratch [2][]merkle.Digest
	nodes := leaves
	for i := 0; width > 1; i ^= 1 {
		if need := len(nodes) / width * ((width + 1) / 2); cap(scratch[i]) < need {
			scratch[i] = make([]merkle.Digest, need)
		}
		nodes, width = levelUp(nodes, scratch[i], width)
	}
	return append(dst, nodes...)
}

// treeProof appends the siblings of a leaf on the way up.
func treeProof(dst, leaves []merkle.Digest, index int) []merkle.Digest {
	nodes, width := leaves, len(leaves)
	for width > 1 {
		if sib := index ^ 1; sib < width {
			dst = append(dst, nodes[sib])
		}
		nodes, width = levelUp(nodes, make([]merkle.Digest, (width+1)/2), width)
		index /= 2
	}
	return dst
}

// proofLength returns the number of siblings of a leaf.
func proofLength(index, width int) int {
	n := 0
	for ; width > 1; index, width = index/2, (width+1)/2 {
		if index^1 < width {
			n++
		}
	}
	return n
}

// verifyLeaf checks the siblings of a leaf digest against the root of a tree of width leaves.
func verifyLeaf(root, leaf merkle.Digest, siblings []merkle.Digest, index, width int) error {
	if index < 0 || index >= width {
		return fmt.Errorf("%w: leaf %d of %d", ErrProof, index, width)
	}
	if want := proofLength(index, width); len(siblings) != want {
		return fmt.Errorf("%w: %d siblings, want %d", ErrProof, len(siblings), want)
	}
	var pair, out [2]merkle.Digest
	out[0] = leaf
	for ; width > 1; index, width = index/2, (width+1)/2 {
		if index^1 >= width {
			continue
		}
		pair[index&1], pair[index&1^1] = out[0], siblings[0]
		siblings = siblings[1:]
		sha2.SumPrefix(out[:1], nodeTag, merkle.Bytes(pair[:]), 64)
	}
	if out[0] != root {
		return fmt.Errorf("%w: leads to root %x, want %x", ErrProof, out[0], root)
	}
	return nil
}

// maxProof is the largest number of siblings of a tree of width leaves.
func maxProof(width int) int { return bits.Len(uint(max(width-1, 0))) }
