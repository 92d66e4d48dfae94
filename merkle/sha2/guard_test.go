//go:build amd64 && !purego

package sha2

import (
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestGuarded lets no kernel read or write a byte outside its slices: they lie against forbidden pages.
func TestGuarded(t *testing.T) {
	for p := range paths {
		if !has[p] || p == generic {
			continue
		}
		for _, size := range []int{1, 55, 56, 63, 64, 65, 119, 128, 184, 185, 512, 513, 1000} {
			for _, n := range []int{4, 5, 6, 7, 32, 33, 47, 64} {
				for _, prefix := range []int{0, 1, 63} {
					for _, end := range []bool{false, true} {
						src, pre := kerneltest.Guarded[byte](t, n*size, end), kerneltest.Guarded[byte](t, prefix, end)
						dst := kerneltest.Guarded[merkle.Digest](t, n, end)
						copy(src, random(byte(n), len(src)))
						copy(pre, random(byte(n), len(pre)))
						want := make([]merkle.Digest, n)
						sumBy(p, dst, pre, src, size, 0xff)
						sumGeneric(want, pre, src, size, 0xff)
						for i := range want {
							if dst[i] != want[i] {
								t.Fatalf("path %d size %d n %d prefix %d end %v: digest %d differs", p, size, n, prefix, end, i)
							}
						}
					}
				}
			}
		}
	}
}
