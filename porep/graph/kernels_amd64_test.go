//go:build !purego

package graph

import (
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestKernels holds each kernel against the plain code.
func TestKernels(t *testing.T) {
	for _, k := range []struct {
		name   string
		has    bool
		kernel func(seed *[7]uint32, node uint32, dst *[20][streamLanes]uint32)
	}{{"streams/avx512", hasAVX512, drgStreamsAVX512}} {
		t.Run(k.name, func(t *testing.T) {
			kerneltest.Need(t, k.has, "avx512")
			r := rand.New(rand.NewPCG(7, 7))
			for i := range 2000 {
				var seed [7]uint32
				for j := range seed {
					seed[j] = r.Uint32()
				}
				node := r.Uint32()
				if i < 40 {
					node = [...]uint32{0, 1, 1<<31 - 8, 1<<32 - 16, 1<<32 - 1}[i%5] + uint32(i/5)
				}
				var got, want [20][streamLanes]uint32
				k.kernel(&seed, node, &got)
				drgStreamsGeneric(&seed, node, &want)
				if got != want {
					t.Fatalf("seed %x node %d: got %x, want %x", seed, node, got, want)
				}
			}
		})
	}
}
