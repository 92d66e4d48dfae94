//go:build !purego

package label

import (
	"math"
	"os"
	"sync"
	"time"

	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm . -out ../label_amd64.s

// What this CPU can run: the kernels of one to four lanes, that of five to sixteen. The environment turns them off.
var (
	shani = os.Getenv("ASSAY_NO_SHANI") == "" && cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3, cpuid.SSE4, cpuid.AVX)
	wide  = os.Getenv("ASSAY_NO_AVX512") == "" && cpuid.CPU.Supports(cpuid.AVX512F)
)

const (
	// stretch is the number of nodes of one call of a kernel, which cannot be preempted: some 100 us.
	stretch     = 96
	stretchWide = 40

	// ahead is how many nodes before its use a parent is fetched into the cache.
	ahead = 8
)

// Best returns the number of sectors, most at the most, that go side by side fastest on this CPU by time a
// label: up to four on the SHA unit, or more where AVX-512 outruns it with so many (on Zen 5 from nine on, for its
// unit is half as fast as Zen 4's). Which it is, is measured once, in about a millisecond.
func Best(most int) int {
	if most <= interleaved || most < wideFrom() {
		return min(most, interleaved)
	}
	return min(most, MaxLanes)
}

// wideFrom returns the number of lanes from which on the AVX-512 kernel is the faster one: its time is the same for any.
var wideFrom = sync.OnceValue(func() int {
	if !wide {
		return MaxLanes + 1
	}
	return int(interleaved*stepTime(MaxLanes)/max(1, stepTime(interleaved))) + 1
})

// stepTime returns the time that so many sectors take for some nodes.
func stepTime(lanes int) time.Duration {
	const nodes = 32
	least := time.Duration(math.MaxInt64 / interleaved)
	l, err := New(make([][Size]byte, lanes)...)
	if err != nil {
		return least
	}
	cur, prev := make([]byte, Size*lanes*nodes), make([]byte, Size*lanes*nodes)
	parents := make([]uint32, nodes*Degree)
	for range 5 {
		t := time.Now()
		if l.Label(2, 0, parents, cur, prev) == nil {
			least = min(least, time.Since(t))
		}
	}
	return least
}

// label makes the nodes from start on, not 0, and returns how many it made. The addresses that a kernel keeps
// in the scratch memory are of one call only, while all they point to is held by its arguments and cannot move.
func (l *Lanes) label(layer uint32, start uint64, parents []uint32, cur, prev []byte) uint64 {
	if l.plain {
		return l.labelGeneric(layer, start, parents, cur, prev)
	}
	if l.short {
		l.setShortLayer(l.ids, layer)
	} else {
		l.setLayer(len(l.ids), layer)
	}
	row := uint64(Size * len(l.ids))
	lists := uint64(len(parents) / Degree)
	j := job{mem: &l.mem[0], cur: &cur[0], nodes: uint64(len(cur)) / row, lanes: uint64(len(l.ids))}
	if prev != nil {
		j.prev = &prev[0]
	}
	most := uint64(stretch)
	if len(l.ids) > interleaved {
		most = stretchWide
	}
	for done := uint64(0); done < lists; {
		j.node, j.count = start+done, min(most, lists-done)
		far := min(done+ahead, lists-1)
		j.parents, j.fetch, j.fetchLeft = &parents[done*Degree], &parents[far*Degree], lists-1-far
		j.out = &cur[j.node*row]
		end := j.node + j.count
		if l.short {
			j.runShort()
		} else {
			j.run()
		}
		done = j.node - start
		if j.node < end {
			return done
		}
	}
	return lists
}

func (j *job) run() {
	switch j.lanes {
	case 1:
		labels1(j)
	case 2:
		labels2(j)
	case 3:
		labels3(j)
	case 4:
		labels4(j)
	default:
		labels16(j)
	}
}

func (j *job) runShort() {
	switch j.lanes {
	case 1:
		labels1s(j)
	case 2:
		labels2s(j)
	case 3:
		labels3s(j)
	default:
		labels4s(j)
	}
}

// setPlain makes l take the generic path, for tests.
func (l *Lanes) setPlain() { l.plain = true }
