//go:build !purego

package erasure

import "github.com/klauspost/cpuid/v2"

// haveHash16 says whether hash16 is a kernel here.
var haveHash16 = cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512VL)

// hash16 is hash16Generic on 16 lanes.
func hash16(out, in []byte, stride, blocks int, counter, first, middle, last uint32) {
	_ = out[lanes16*32-1]
	_ = in[(lanes16-1)*stride+64*blocks-1]
	var counters [lanes16]uint32
	for i := range counters {
		counters[i] = counter
		if blocks > 1 {
			counters[i] += uint32(i)
		}
	}
	raceHash(out, in, (lanes16-1)*stride+64*blocks)
	hash16AVX512(&out[0], &in[0], stride, blocks, &counters, first, middle, last)
}

//go:noescape
func hash16AVX512(out, in *byte, stride, blocks int, counters *[lanes16]uint32, first, middle, last uint32)
