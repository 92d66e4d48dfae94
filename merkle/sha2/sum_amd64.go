//go:build !purego

package sha2

import (
	"github.com/assaylab/assay/merkle"
	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm . -out ../sum_amd64.s

// shani says that the kernels can run.
var shani = cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3, cpuid.SSE4, cpuid.AVX)

const (
	// group is the number of messages a kernel hashes side by side.
	group = 4

	// maxNodes and maxBlocks bound one call of a kernel, which cannot be preempted, to some 80 us.
	maxNodes, maxBlocks = 4096, 2048
)

// A segment is a run of whole blocks of every message: message i has it at ptr + i*step.
type segment struct {
	ptr    *byte
	step   uintptr // bytes
	blocks uintptr
}

// states are the chaining values of a group, eight words a lane in the order F, E, B, A, H, G, D, C.
type states [group][8]uint32

// nodes4 hashes 4*groups messages of 64 bytes at src and cuts the second halves of the digests by mask.
//
//go:noescape
func nodes4(dst, src *byte, groups int, mask *[16]byte)

// messages4 hashes 4*groups messages of blocks blocks each, padding included. segs are the parts of a message in order, ended
// by one of no blocks; every other has some. If state is not nil, groups is 1 and the chaining values are read
// from and left in state instead of going to dst.
//
//go:noescape
func messages4(dst *byte, segs *[4]segment, groups int, mask *[16]byte, blocks int, state *states)

// masks are the kernels' operands for whole digests and for digests of 254 bits.
var masks = [2][16]byte{ones(0xff), ones(0x3f)}

func ones(last byte) (m [16]byte) {
	for i := range m {
		m[i] = 0xff
	}
	m[15] = last
	return m
}

func sum(dst []merkle.Digest, prefix, src []byte, size int, mask byte) {
	m := &masks[0]
	if mask != 0xff {
		m = &masks[1]
	}
	switch {
	case !shani || len(dst) < group || len(prefix) >= 64:
		sumGeneric(dst, prefix, src, size, mask)
	case len(prefix) == 0 && size == 64:
		sumNodes(dst, src, m)
	case blocks(len(prefix)+size) > maxBlocks:
		sumLong(dst, prefix, src, size, m)
	default:
		sumMessages(dst, prefix, src, size, m)
	}
}

// sumNodes hashes messages of 64 bytes. The last group overlaps the one before where the count asks for it.
func sumNodes(dst []merkle.Digest, src []byte, mask *[16]byte) {
	for len(dst) >= group {
		n := min(len(dst), maxNodes) &^ (group - 1)
		nodes4(&dst[0][0], &src[0], n/group, mask)
		if left := len(dst) - n; left > 0 && left < group {
			n -= group - left
		}
		dst, src = dst[n:], src[64*n:]
	}
}
