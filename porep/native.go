package porep

import (
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/poseidon2"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/sector"
)

// A treeHash hashes the columns and the trees of a kind of sector.
type treeHash struct{ merkle.Hasher }

// hashOf returns the hash of a kind of sector.
func hashOf(p sector.Proof) treeHash {
	switch p.Hash {
	case sector.BLAKE3:
		return treeHash{cutBlake3{}}
	case sector.Poseidon2:
		return treeHash{poseidon2.Hasher{}}
	case sector.SHA254:
		return treeHash{cutSHA2{}}
	}
	return treeHash{poseidon.Hasher{}}
}

// commR returns the CommR over the two roots.
func (h treeHash) commR(aux sector.PAux) (sector.CommR, error) {
	src, dst := []merkle.Digest{merkle.Digest(aux.CommC), merkle.Digest(aux.CommRLast)}, make([]merkle.Digest, 1)
	if i := h.Canonical(src); i >= 0 {
		return sector.CommR{}, fmt.Errorf("%w: root %x is no node of %s", sector.ErrCommitment, src[i], h.Name())
	}
	h.Parents(dst, src, 2)
	return sector.CommR(dst[0]), nil
}

// columnBatch is the number of columns that are put together at a time: few enough to stay in the first-level caches.
const columnBatch = 128

// columns sets dst[i] to the hash of the column of node i. Each layer holds the labels of the same len(dst) nodes.
func (h treeHash) columns(dst []merkle.Digest, layers [][]byte) error {
	if _, ok := h.Hasher.(poseidon.Hasher); ok {
		return poseidon.Columns(dst, layers)
	}
	for l, b := range layers {
		if i := h.Canonical(merkle.Digests(b)); i >= 0 {
			return fmt.Errorf("%w: layer %d, label %d is no node of %s", ErrFile, l+1, i, h.Name())
		}
	}
	arity := len(layers)
	group := make([]merkle.Digest, columnBatch*arity)
	for at := 0; at < len(dst); at += columnBatch {
		n := min(columnBatch, len(dst)-at)
		for l, b := range layers {
			for i, label := range merkle.Digests(b[32*at : 32*(at+n)]) {
				group[i*arity+l] = label
			}
		}
		h.Parents(dst[at:at+n], group[:n*arity], arity)
	}
	return nil
}

// cutBlake3 is BLAKE3 with the two top bits of every digest cleared.
type cutBlake3 struct{ blake3.Hasher }

// Name returns "blake3-254".
func (cutBlake3) Name() string { return "blake3-254" }

// Canonical returns the index of the first node that is no field element, or -1: replica nodes use the whole field.
func (cutBlake3) Canonical(nodes []merkle.Digest) int { return poseidon.Canonical(nodes) }

// Parents hashes groups of children.
func (c cutBlake3) Parents(dst, src []merkle.Digest, arity int) {
	c.Hasher.Parents(dst, src, arity)
	for i := range dst {
		dst[i][31] &= 0x3f
	}
}

// cutSHA2 is sha2.SHA254 over leaves that use the whole field.
type cutSHA2 struct{ sha2.SHA254 }

// Canonical returns the index of the first node that is no field element, or -1.
func (cutSHA2) Canonical(nodes []merkle.Digest) int { return poseidon.Canonical(nodes) }
