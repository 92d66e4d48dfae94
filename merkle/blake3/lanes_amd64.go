//go:build !purego

package blake3

import (
	"os"

	"github.com/klauspost/cpuid/v2"

	"github.com/assaylab/assay/merkle"
)

//go:generate env GOWORK=off go run -C _asm . -out ../lanes_amd64.s

// disable is the environment variable that, set to anything, turns the kernel off.
const disable = "ASSAY_NO_AVX512"

// lanes16 says whether this processor runs hash16.
var lanes16 = os.Getenv(disable) == "" && cpuid.CPU.Supports(cpuid.AVX512F)

// hash16 hashes sixteen messages, stride bytes apart, of so many blocks of 64 bytes, 1 to 16, the last of which counts
// last bytes and is filled up with zeros. cv is scratch.
//
//go:noescape
func hash16(dst, src *byte, stride, blocks, last uintptr, cv *[512]byte)

const (
	lanes    = 16
	maxArity = 32 // a chunk of 1024 bytes
)

// parents hashes groups of up to a chunk, sixteen at a time; where their number is no multiple of that the last sixteen
// overlap those before.
func parents(dst, src []merkle.Digest, arity int) {
	if !lanes16 || len(dst) < lanes || arity > maxArity {
		parentsGeneric(dst, src, arity)
		return
	}
	var cv [512]byte
	var pad *[lanes * maxArity]merkle.Digest
	if arity%2 == 1 {
		pad = new([lanes * maxArity]merkle.Digest)
	}
	blocks := (arity + 1) / 2
	for at := 0; at < len(dst); at += lanes {
		at = min(at, len(dst)-lanes)
		first, stride, last := &src[at*arity][0], 32*arity, 64
		if pad != nil {
			for i := range lanes {
				copy(pad[2*blocks*i:], src[(at+i)*arity:(at+i+1)*arity])
			}
			first, stride, last = &pad[0][0], 64*blocks, 32
		}
		hash16(&dst[at][0], first, uintptr(stride), uintptr(blocks), uintptr(last), &cv)
	}
}
