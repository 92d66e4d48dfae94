package sha2

import "github.com/assaylab/assay/merkle"

// maxArity bounds the groups the hashers take, so that a message stays small enough for the stack.
const maxArity = 64

// SHA256 is the hasher whose node is the whole SHA-256 digest of the children's concatenation, without any tag
// for the level. The zero value is ready and holds no state. It supports arities 2 to 64.
type SHA256 struct{}

// SHA254 is SHA256 with the two most significant bits of byte 31 of every digest cleared, so that a node, read
// little-endian, is an element of the BLS12-381 scalar field. Every level is cut, the root too. The zero value
// is ready and holds no state. It supports arities 2 to 64.
//
// Source: rust-fil-proofs 19.1, filecoin-hashers/src/sha256.rs.
type SHA254 struct{}

var (
	_ merkle.Hasher = SHA256{}
	_ merkle.Hasher = SHA254{}
)

// Name returns "sha256".
func (SHA256) Name() string { return "sha256" }

// Name returns "sha254".
func (SHA254) Name() string { return "sha254" }

// Supports reports whether arity is between 2 and 64.
func (SHA256) Supports(arity int) bool { return arity >= 2 && arity <= maxArity }

// Supports reports whether arity is between 2 and 64.
func (SHA254) Supports(arity int) bool { return arity >= 2 && arity <= maxArity }

// Canonical returns -1: every 32 bytes are a possible node.
func (SHA256) Canonical([]merkle.Digest) int { return -1 }

// Canonical returns the index of the first node with one of its two top bits set, or -1.
func (SHA254) Canonical(nodes []merkle.Digest) int {
	for i := range nodes {
		if nodes[i][31] > 0x3f {
			return i
		}
	}
	return -1
}

// Parents implements [merkle.Hasher]. It does not allocate.
func (SHA256) Parents(dst, src []merkle.Digest, arity int) { parents(dst, src, arity, 0xff) }

// Parents implements [merkle.Hasher]. It does not allocate.
func (SHA254) Parents(dst, src []merkle.Digest, arity int) { parents(dst, src, arity, 0x3f) }

func parents(dst, src []merkle.Digest, arity int, mask byte) {
	if arity < 2 || arity > maxArity || len(src) != arity*len(dst) {
		panic("sha2: Parents: sizes do not fit")
	}
	if len(dst) == 0 {
		return
	}
	sum(dst, nil, flat(src), 32*arity, mask)
}
