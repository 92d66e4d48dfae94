package poseidon2

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/internal/fr8"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestKernel holds the lanes against the plain path over every tail, on random and on extreme elements.
func TestKernel(t *testing.T) { t.Run("lanes/ifma", lanesTest) }

func lanesTest(t *testing.T) {
	kerneltest.Need(t, fr8.Supported(), "ifma")
	for _, arity := range []int{2, 3, 8} {
		src := make([]merkle.Digest, 100*arity)
		for i := range src {
			src[i] = sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(arity)})
			src[i][31] &= 0x3f
			switch i % 7 {
			case 0:
				src[i] = merkle.Digest{}
			case 1:
				for k, w := range modulus {
					for b := range 8 {
						src[i][8*k+b] = byte(w >> (8 * b))
					}
				}
				src[i][0]-- // the modulus ends in 1
			}
		}
		want := make([]merkle.Digest, 100)
		byVectors(want, src, arity)
		for n := range 101 {
			got := make([]merkle.Digest, n)
			done := byLanes(got, src[:n*arity], arity)
			if !slices.Equal(got[:done], want[:done]) || n-done >= fewLanes {
				t.Fatalf("arity %d: %d of %d groups by lanes differ", arity, done, n)
			}
		}
	}
}
