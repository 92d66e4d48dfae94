//go:build !purego

package label

import (
	"encoding/binary"

	"github.com/klauspost/cpuid/v2"
)

//go:generate env GOWORK=off go run -C _asm . -out ../label_amd64.s

// shani says that the kernels can run.
var shani = cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3, cpuid.SSE4, cpuid.AVX)

const (
	// stretch is the number of nodes of one call of a kernel, which cannot be preempted: some 100 us.
	stretch = 128

	// ahead is how many nodes before its use a parent is fetched into the cache.
	ahead = 12
)

// scratch is the kernels' memory: two sets of nine schedules and what else they keep, in the order of _asm/main.go.
type scratch struct {
	plain bool // take the generic path
	mem   []byte
}

// A job is the argument of a kernel; the fields and their order are known to _asm.
type job struct {
	mem       *byte   // scratch, 64-byte aligned
	parents   *uint32 // of node, more behind
	cur, prev *byte   // layers; prev nil in layer 1
	node      uint64  // next to make; the kernel moves it on
	count     uint64  // nodes to make, at least one
	nodes     uint64  // of the layer
	fetch     *uint32 // parents to fetch into the cache during the first node
	fetchLeft uint64  // lists behind fetch
	out       *byte   // place of node's labels in cur
}

// The kernels make nodes of one to four sectors until count is done or a parent is out of range, which job.node tells.

//go:noescape
func labels1(j *job)

//go:noescape
func labels2(j *job)

//go:noescape
func labels3(j *job)

//go:noescape
func labels4(j *job)

// Offsets in mem, for lanes sectors: two sets of nine schedules of 256 bytes a lane, chaining values (twice), then the
// parts of a message that are not labels, then the addresses of every schedule's two sources.
func offIDs(lanes int) int     { return 2*9*256*lanes + 2*Size*lanes }
func offHead(lanes int) int    { return offIDs(lanes) + Size*lanes }
func offEnd(lanes int) int     { return offHead(lanes) + Size*lanes }
func offSources(lanes int) int { return offEnd(lanes) + Size*lanes }
func memSize(lanes int) int    { return offSources(lanes) + 9*16 + 16 }

// init lays out the constant parts of the scratch memory.
func (s *scratch) init(ids [][Size]byte) {
	s.plain = !shani
	n := len(ids)
	raw := make([]byte, memSize(n)+64)
	skip := -address(raw) & 63
	s.mem = raw[skip : skip+memSize(n)]
	for k := range ids {
		copy(s.mem[offIDs(n)+Size*k:], ids[k][:])
		end := s.mem[offEnd(n)+Size*k:]
		end[0] = 0x80
		binary.BigEndian.PutUint32(end[Size-4:], 8*message)
	}
	native := binary.LittleEndian
	native.PutUint64(s.mem[offSources(n):], uint64(address(s.mem[offIDs(n):])))
	native.PutUint64(s.mem[offSources(n)+8:], uint64(address(s.mem[offHead(n):])))
	native.PutUint64(s.mem[offSources(n)+16*8+8:], uint64(address(s.mem[offEnd(n):])))
}

// label makes the nodes from start on, not 0, and returns how many it made. The addresses that a kernel keeps in the scratch
// memory are of one call only, while all they point to is held by its arguments and cannot move.
func (l *Lanes) label(layer uint32, start uint64, parents []uint32, cur, prev []byte) uint64 {
	if l.plain {
		return l.labelGeneric(layer, start, parents, cur, prev)
	}
	lanes := len(l.ids)
	row := uint64(Size * lanes)
	for k := range lanes {
		binary.BigEndian.PutUint32(l.mem[offHead(lanes)+Size*k:], layer)
	}
	lists := uint64(len(parents) / Degree)
	j := job{mem: &l.mem[0], cur: &cur[0], nodes: uint64(len(cur)) / row}
	if prev != nil {
		j.prev = &prev[0]
	}
	for done := uint64(0); done < lists; {
		j.node, j.count = start+done, min(stretch, lists-done)
		far := min(done+ahead, lists-1)
		j.parents, j.fetch, j.fetchLeft = &parents[done*Degree], &parents[far*Degree], lists-1-far
		j.out = &cur[j.node*row]
		end := j.node + j.count
		run(lanes, &j)
		done = j.node - start
		if j.node < end {
			return done
		}
	}
	return lists
}

func run(lanes int, j *job) {
	switch lanes {
	case 1:
		labels1(j)
	case 2:
		labels2(j)
	case 3:
		labels3(j)
	default:
		labels4(j)
	}
}

// setPlain makes l take the generic path, for tests.
func (l *Lanes) setPlain() { l.plain = true }
