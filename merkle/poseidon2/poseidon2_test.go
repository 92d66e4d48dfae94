package poseidon2_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	ref "github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/poseidon2"
)

// reversed turns little-endian bytes into gnark-crypto's big-endian ones, and back.
func reversed(d []byte) []byte {
	d = slices.Clone(d)
	slices.Reverse(d)
	return d
}

// byGnark hashes a group with gnark-crypto's own compression and chain.
func byGnark(group []merkle.Digest) merkle.Digest {
	if len(group) == 2 {
		out, err := ref.NewDefaultPermutation().Compress(reversed(group[0][:]), reversed(group[1][:]))
		if err != nil {
			panic(err)
		}
		return merkle.Digest(reversed(out))
	}
	h := ref.NewMerkleDamgardHasher()
	for _, d := range group {
		if _, err := h.Write(reversed(d[:])); err != nil {
			panic(err)
		}
	}
	return merkle.Digest(reversed(h.Sum(nil)))
}

func TestConform(t *testing.T) {
	arities := []int{2, 3, 8}
	if testing.Short() {
		arities = []int{2, 3}
	}
	merkletest.Conform(t, merkletest.Case{
		Hasher: poseidon2.Hasher{}, Arities: arities, Ref: byGnark, Bad: aliases(),
	})
}

// aliases are 32-byte strings from the modulus upward.
func aliases() []merkle.Digest {
	r := merkle.Digest(reversed(fr.Modulus().Bytes()))
	next := r
	next[0]++
	top := merkle.Digest{31: 0x80}
	ones := merkle.Digest{}
	for i := range ones {
		ones[i] = 0xff
	}
	return []merkle.Digest{r, next, top, ones}
}

func TestEdges(t *testing.T) {
	edge := make([]merkle.Digest, 0, 8)
	last := merkle.Digest(reversed(fr.Modulus().Bytes()))
	last[0]--
	for range 2 {
		edge = append(edge, merkle.Digest{}, merkle.Digest{1}, last, merkle.Digest{31: 0x73})
	}
	if i := (poseidon2.Hasher{}).Canonical(edge); i >= 0 {
		t.Fatalf("refused %x", edge[i])
	}
	for a := range edge {
		for b := range edge {
			group := []merkle.Digest{edge[a], edge[b]}
			var d [1]merkle.Digest
			poseidon2.Hasher{}.Parents(d[:], group, 2)
			if d[0] != byGnark(group) {
				t.Errorf("%x: %x", group, d)
			}
		}
	}
}

func BenchmarkParents(b *testing.B) {
	for _, arity := range []int{2, 8} {
		b.Run(fmt.Sprintf("hasher=poseidon2/arity=%d/nodes=1Ki/workers=1", arity), func(b *testing.B) {
			src := merkletest.Leaves(1024*uint64(arity), 1)
			dst := make([]merkle.Digest, 1024)
			b.SetBytes(int64(32 * len(src)))
			b.ReportAllocs()
			for b.Loop() {
				poseidon2.Hasher{}.Parents(dst, src, arity)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/node")
		})
	}
}
