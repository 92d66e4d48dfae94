// Package kerneltest is what the tests of kernels share, whatever they compute: digests accumulated over many seeded
// inputs, and memory that may not be left.
package kerneltest

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"testing"
)

// Accumulated folds what comes out for many seeded inputs into one SHA-256 and compares that, in hexadecimal, with a
// reference's, made by the same rule: for 100 inputs in -short, else 10,000, or 1,000,000 with ASSAY_MILLION set.
//
// Batch b, from 0 on, takes its shape from h = SHA-256(label + b in decimal) and its bytes from SHAKE128(h). fold draws it,
// writes what comes out for it and returns how many inputs it was; batches follow until there are enough.
func Accumulated(t *testing.T, label string, want [3]string, fold func(h [32]byte, draw io.Reader, out hash.Hash) int) {
	t.Helper()
	inputs, size := 10_000, 1
	switch {
	case os.Getenv("ASSAY_MILLION") != "":
		inputs, size = 1_000_000, 2
	case testing.Short():
		inputs, size = 100, 0
	}
	all := sha256.New()
	for b, done := 0, 0; done < inputs; b++ {
		h := sha256.Sum256(fmt.Appendf(nil, "%s%d", label, b))
		draw := sha3.NewSHAKE128()
		draw.Write(h[:])
		done += fold(h, draw, all)
	}
	if got := hex.EncodeToString(all.Sum(nil)); got != want[size] {
		t.Errorf("%s: got %s, want %s for %d inputs", label, got, want[size], inputs)
	}
}
