//go:build amd64 && !purego

package graph

import (
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestGuarded lets the kernel read and write nothing outside of its arguments: they lie against forbidden pages.
func TestGuarded(t *testing.T) {
	kerneltest.Need(t, hasAVX512, "avx512")
	for _, atEnd := range []bool{false, true} {
		seed, got := &kerneltest.Guarded[[7]uint32](t, 1, atEnd)[0], &kerneltest.Guarded[[20][streamLanes]uint32](t, 1, atEnd)[0]
		var want [20][streamLanes]uint32
		*seed = [7]uint32{1, 2, 3, 4, 5, 6, 7}
		drgStreamsAVX512(seed, 1<<32-5, got)
		drgStreamsGeneric(seed, 1<<32-5, &want)
		if *got != want {
			t.Errorf("at the end %v: the streams differ", atEnd)
		}
	}
}
