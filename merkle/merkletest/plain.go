// Package merkletest is what tests of trees and of hashers share: a plain hasher, a slow tree that is
// evidently right, a conformance test that every merkle.Hasher can run, and mutations of proofs as data.
package merkletest

import (
	"crypto/sha256"

	"github.com/assaylab/assay/merkle"
)

// Plain is SHA-256 of the children one after another, hashed one by one, for any arity. Every 32 bytes are
// a canonical node.
type Plain struct{}

// Name returns "plain-sha256".
func (Plain) Name() string { return "plain-sha256" }

// Supports reports arity >= 2.
func (Plain) Supports(arity int) bool { return arity >= 2 }

// Canonical returns -1.
func (Plain) Canonical([]merkle.Digest) int { return -1 }

// Parents hashes the groups.
func (Plain) Parents(dst, src []merkle.Digest, arity int) {
	for i := range dst {
		dst[i] = sha256.Sum256(merkle.Bytes(src[i*arity : (i+1)*arity]))
	}
}

// Strict is Plain cut to 254 bits: the two top bits of byte 31 are clear in every canonical node. It
// stands for hashers that refuse nodes.
type Strict struct{ Plain }

// Name returns "strict-sha256".
func (Strict) Name() string { return "strict-sha256" }

// Canonical returns the first node with one of its two top bits set.
func (Strict) Canonical(nodes []merkle.Digest) int {
	for i := range nodes {
		if nodes[i][31]>>6 != 0 {
			return i
		}
	}
	return -1
}

// Parents hashes the groups and clears the two top bits.
func (s Strict) Parents(dst, src []merkle.Digest, arity int) {
	s.Plain.Parents(dst, src, arity)
	for i := range dst {
		dst[i][31] &= 0x3f
	}
}
