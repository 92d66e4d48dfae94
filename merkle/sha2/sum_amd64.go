//go:build !purego

package sha2

import (
	"math"
	"os"
	"sync"
	"time"

	"github.com/assaylab/assay/merkle"
	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm . -out ../sum_amd64.s

// A path is a way to hash a batch.
type path uint8

const (
	generic path = iota // crypto/sha256
	shani               // four messages side by side on SHA-NI
	wide                // 32 messages in AVX-512 registers, a rest on SHA-NI
	paths
)

// has says which paths this CPU can take, and the environment does not turn off.
var has = [paths]bool{
	generic: true,
	shani:   os.Getenv("ASSAY_NO_SHANI") == "" && cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3, cpuid.SSE4, cpuid.AVX),
	wide:    os.Getenv("ASSAY_NO_AVX512") == "" && cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW),
}

// best is the fastest path of this CPU. Which one that is no feature flag tells: SHA256RNDS2 starts every cycle
// on Zen 4 and every second one on Zen 5 and Intel, where AVX-512 units are wider. So it is measured, once, in
// some 50 us.
var best = sync.OnceValue(func() path {
	const n = 2 * lanesWide
	var src [64 * n]byte
	var dst [n]merkle.Digest
	chosen, least := generic, time.Duration(math.MaxInt64)
	for p := range paths {
		for range 8 {
			if !has[p] || p == generic && has[shani] {
				continue
			}
			t := time.Now()
			sumBy(p, dst[:], nil, src[:], 64, 0xff)
			if d := time.Since(t); d < least {
				chosen, least = p, d
			}
		}
	}
	return chosen
})

func sum(dst []merkle.Digest, prefix, src []byte, size int, mask byte) {
	if len(dst) < lanesSHANI {
		sumGeneric(dst, prefix, src, size, mask)
		return
	}
	sumBy(best(), dst, prefix, src, size, mask)
}

const (
	lanesSHANI = 4
	lanesWide  = 32

	// fewWide is the rest of a batch that four lanes finish sooner than another group of 32, most of it empty.
	fewWide = 12
)

// sumBy hashes a batch by a path that this CPU has. Where a batch is no multiple of a kernel's lanes the last
// group overlaps the one before; what no kernel can do is left to the generic path.
func sumBy(p path, dst []merkle.Digest, prefix, src []byte, size int, mask byte) {
	m := &masks[0]
	if mask != 0xff {
		m = &masks[1]
	}
	if p == wide && has[shani] {
		rest := len(dst) % lanesWide
		if len(dst) < lanesWide {
			p = shani
		} else if rest > 0 && rest <= fewWide {
			n := len(dst) - max(rest, lanesSHANI)
			sumBy(shani, dst[n:], prefix, src[n*size:], size, mask)
			dst, src = dst[:len(dst)-rest], src[:len(src)-rest*size]
		}
	}
	k := kernels[p]
	switch {
	case len(dst) < k.lanes || k.lanes == 0 || len(prefix) >= 64:
		sumGeneric(dst, prefix, src, size, mask)
	case len(prefix) == 0 && size == 64:
		k.sumNodes(dst, src, m)
	case blocks(len(prefix)+size) <= k.maxBlocks:
		k.sumMessages(dst, prefix, src, size, m)
	case has[shani]:
		sumLong(dst, prefix, src, size, m)
	default:
		sumGeneric(dst, prefix, src, size, mask)
	}
}

// A kernel hashes groups of lanes messages. The other fields bound one call, which cannot be preempted, to some
// 100 us.
type kernel struct {
	wide                bool
	lanes               int
	maxNodes, maxBlocks int // nodes, and blocks of a message of one group
}

var kernels = [paths]kernel{
	shani: {lanes: lanesSHANI, maxNodes: 4096, maxBlocks: 2048},
	wide:  {wide: true, lanes: lanesWide, maxNodes: 8192, maxBlocks: 384},
}

// nodes hashes groups of 64-byte messages.
func (k *kernel) nodes(dst, src *byte, groups int, mask *[16]byte) {
	if k.wide {
		nodes32(dst, src, groups, mask)
	} else {
		nodes4(dst, src, groups, mask)
	}
}

// messages hashes groups of messages of total blocks.
func (k *kernel) messages(dst *byte, segs *[4]segment, groups int, mask *[16]byte, total int) {
	if k.wide {
		messages32(dst, segs, groups, mask)
	} else {
		messages4(dst, segs, groups, mask, total, nil)
	}
}

// sumNodes hashes messages of 64 bytes.
func (k *kernel) sumNodes(dst []merkle.Digest, src []byte, mask *[16]byte) {
	for len(dst) > 0 {
		n := min(len(dst), k.maxNodes) &^ (k.lanes - 1)
		k.nodes(&dst[0][0], &src[0], n/k.lanes, mask)
		if left := len(dst) - n; left > 0 && left < k.lanes {
			n -= k.lanes - left
		}
		dst, src = dst[n:], src[64*n:]
	}
}
