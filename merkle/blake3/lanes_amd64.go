//go:build !purego

package blake3

import (
	"os"

	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm . -out ../lanes_amd64.s

// disable is the environment variable that, set to anything, turns the kernel off.
const disable = "ASSAY_NO_AVX512"

// haveLanes says whether hash16 is a kernel here.
var haveLanes = os.Getenv(disable) == "" && cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512VL)

// hash16 is hash16Generic on 16 lanes.
func hash16(out, in []byte, stride, blocks, size int, counters *[lanes]uint32, first, end uint32) {
	read := (lanes-1)*stride + blockSize*blocks
	_ = out[lanes*32-1]
	_ = in[read-1]
	raceHash(out, in, read)
	hash16AVX512(&out[0], &in[0], stride, blocks, size, counters, first, end)
}

//go:noescape
func hash16AVX512(out, in *byte, stride, blocks, size int, counters *[lanes]uint32, first, end uint32)
