// Package blake3 is BLAKE3 as a hasher of trees: a node is the 32-byte BLAKE3 hash of its children, one after
// another, without key or tag. Every 32 bytes are a canonical node.
//
// One kernel of sixteen AVX-512 lanes serves both groups of up to 32 children, which are one chunk, and the chunks and
// parents of a long message (Sum); all else goes to github.com/zeebo/blake3, whose lanes serve long inputs only.
//
// There is no separation between leaves and nodes: as everywhere in merkle, the fixed depth of a
// shape keeps them apart.
package blake3

import (
	"github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
)

// Hasher hashes groups of 2 to merkle.MaxArity children. The zero value is ready, and safe for
// concurrent use.
type Hasher struct{}

// Name returns "blake3".
func (Hasher) Name() string { return "blake3" }

// Supports reports 2 <= arity <= merkle.MaxArity.
func (Hasher) Supports(arity int) bool { return arity >= 2 && arity <= merkle.MaxArity }

// Canonical returns -1: any 32 bytes are a node.
func (Hasher) Canonical([]merkle.Digest) int { return -1 }

// Parents sets dst[i] to BLAKE3 of src[i*arity:(i+1)*arity]. It does not allocate for even arities.
func (Hasher) Parents(dst, src []merkle.Digest, arity int) {
	if arity < 2 || arity > merkle.MaxArity || len(src) != arity*len(dst) {
		panic("blake3: Parents: sizes do not fit")
	}
	parents(dst, src, arity)
}

// parentsGeneric hashes one group after another.
func parentsGeneric(dst, src []merkle.Digest, arity int) {
	for i := range dst {
		dst[i] = blake3.Sum256(merkle.Bytes(src[i*arity : (i+1)*arity]))
	}
}
