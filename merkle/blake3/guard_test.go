package blake3

import (
	"slices"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestGuarded hashes groups that end, and begin, where memory may not be touched.
func TestGuarded(t *testing.T) {
	for _, arity := range []int{2, 3, 8, 11, 31, 32} {
		for _, n := range []int{15, 16, 17, 31, 32, 47} {
			for _, atEnd := range []bool{false, true} {
				src, dst := kerneltest.Guarded[merkle.Digest](t, n*arity, atEnd), kerneltest.Guarded[merkle.Digest](t, n, atEnd)
				copy(merkle.Bytes(src), randomBytes(uint64(arity), 32*len(src)))
				want := make([]merkle.Digest, n)
				parentsGeneric(want, src, arity)
				Hasher{}.Parents(dst, src, arity)
				if !slices.Equal(dst, want) {
					t.Fatalf("arity %d, %d groups differ", arity, n)
				}
			}
		}
	}
}

// TestGuardedSum hashes messages that end, and begin, where memory may not be touched.
func TestGuardedSum(t *testing.T) {
	for size := sumMin; size <= sumMin+8<<10; size += 500 {
		for _, atEnd := range []bool{false, true} {
			b := kerneltest.Guarded[byte](t, size, atEnd)
			copy(b, randomBytes(uint64(size), size))
			if got, want := Sum(b), merkle.Digest(zeebo.Sum256(b)); got != want {
				t.Fatalf("%d bytes: %x, want %x", size, got, want)
			}
		}
	}
}
