//go:build !purego

package graph

import (
	"os"

	"github.com/klauspost/cpuid/v2"
)

// hasAVX512 says whether this CPU computes sixteen streams at once, and the environment does not turn it off.
var hasAVX512 = os.Getenv("ASSAY_NO_AVX512") == "" && cpuid.CPU.Supports(cpuid.AVX512F)

// drgStreamsAVX512 is drgStreamsGeneric in AVX-512 registers.
//
//go:noescape
func drgStreamsAVX512(seed *[7]uint32, node uint32, dst *[20][streamLanes]uint32)

// drgStreams computes the streams of the sixteen nodes from node on; see drgStreamsGeneric.
func drgStreams(seed *[7]uint32, node uint32, dst *[20][streamLanes]uint32) {
	if hasAVX512 {
		drgStreamsAVX512(seed, node, dst)
		return
	}
	drgStreamsGeneric(seed, node, dst)
}
