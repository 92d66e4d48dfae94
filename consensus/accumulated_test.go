package consensus

import (
	"hash"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestAccumulated folds what every kernel makes of many columns into one hash; a row is an input. The expected values are
// Python's (integers of CPython 3, the definitions; the median by sorting).
func TestAccumulated(t *testing.T) {
	kerneltest.Accumulated(t, "assay/yuma/", [3]string{
		"5c2e02ed9c7e8c70befddb379dc7d1a6d0c22f8ab0d24816cef15a7faa7f97a0",
		"74db6faf05084c267e0be836620be0dd993b0b56c5c970bd83f7df46b31430be",
		"992f3f4c7caf8183f873b188bc9a6036d6de9ecfe49ffb5e3714f796ad7a6de1",
	}, func(h [32]byte, draw io.Reader, out hash.Hash) int {
		n := lanes * (1 + int(h[0])%16)
		everyKernel(memory{}, n, draw, out)
		return n
	})
}
