package merkle_test

import (
	"crypto/sha256"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
)

// TestHashers runs the conformance test on the hashers of this module that trees of sectors use.
func TestHashers(t *testing.T) {
	var node merkle.Digest
	sum := func(mask byte) func(group []merkle.Digest) merkle.Digest {
		return func(group []merkle.Digest) merkle.Digest {
			d := sha256.Sum256(merkle.Bytes(group))
			d[31] &= mask
			return d
		}
	}
	one := func(group []merkle.Digest) merkle.Digest {
		d := make([]merkle.Digest, 1)
		if err := poseidon.Hash(d, group, len(group), poseidon.Tag(len(group))); err != nil {
			t.Fatal(err)
		}
		return d[0]
	}
	arities := []int{2, 4, 8, 11}
	for _, c := range []merkletest.Case{
		{Hasher: sha2.SHA256{}, Arities: append(arities, 3, 16), Ref: sum(0xff)},
		{Hasher: sha2.SHA254{}, Arities: append(arities, 3, 16), Ref: sum(0x3f), Bad: topBits(node)},
		{Hasher: poseidon.Hasher{}, Arities: arities, Ref: one, Bad: unreduced(node)},
	} {
		if testing.Short() {
			c.Arities = c.Arities[:1]
		}
		t.Run(c.Hasher.Name(), func(t *testing.T) { merkletest.Conform(t, c) })
	}
}
