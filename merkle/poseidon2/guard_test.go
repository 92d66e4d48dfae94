package poseidon2

import (
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestGuarded hashes nodes that end, and begin, where memory may not be touched.
func TestGuarded(t *testing.T) {
	for _, arity := range []int{2, 3, 8} {
		for _, n := range []int{1, 3, 4, 15, 16, 17, 31, 32, 36} {
			for _, atEnd := range []bool{false, true} {
				src, dst := kerneltest.Guarded[merkle.Digest](t, n*arity, atEnd), kerneltest.Guarded[merkle.Digest](t, n, atEnd)
				for i := range src {
					src[i] = merkle.Digest{byte(i), byte(n), byte(arity), 31: 0x3f}
				}
				want := make([]merkle.Digest, n)
				byVectors(want, src, arity)
				Hasher{}.Parents(dst, src, arity)
				if !slices.Equal(dst, want) {
					t.Fatalf("arity %d, %d groups differ", arity, n)
				}
			}
		}
	}
}
