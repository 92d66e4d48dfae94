package merkletest

import (
	"encoding/binary"

	"crypto/sha256"

	"github.com/assaylab/assay/merkle"
)

// Slow returns all rows of a tree, leaves first, hashing one group at a time by the definition.
func Slow(h merkle.Hasher, s merkle.Shape, leaves []merkle.Digest) [][]merkle.Digest {
	rows := [][]merkle.Digest{leaves}
	for l := range s.Depth() {
		a, below := s.Arity(l), rows[l]
		var row []merkle.Digest
		for i := 0; i+a <= len(below); i += a {
			var d [1]merkle.Digest
			h.Parents(d[:], below[i:i+a], a)
			row = append(row, d[0])
		}
		rows = append(rows, row)
	}
	return rows
}

// SlowProof returns the inclusion proof of one leaf of the rows of Slow.
func SlowProof(s merkle.Shape, rows [][]merkle.Digest, index uint64) merkle.Proof {
	p := merkle.Proof{Index: index, Leaf: rows[0][index]}
	for l := range s.Depth() {
		a := uint64(s.Arity(l))
		first := index / a * a
		for i := first; i < first+a; i++ {
			if i != index {
				p.Siblings = append(p.Siblings, rows[l][i])
			}
		}
		index /= a
	}
	return p
}

// Leaves returns n leaves that differ, the same for every call with this seed. Their four top bits (of byte
// 31) are clear, so they are canonical for every hasher of this module.
func Leaves(n uint64, seed uint64) []merkle.Digest {
	leaves := make([]merkle.Digest, n)
	var b [16]byte
	binary.LittleEndian.PutUint64(b[8:], seed)
	for i := range leaves {
		binary.LittleEndian.PutUint64(b[:], uint64(i))
		leaves[i] = sha256.Sum256(b[:])
		leaves[i][31] &= 0x0f
	}
	return leaves
}
