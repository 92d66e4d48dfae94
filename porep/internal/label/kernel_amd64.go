//go:build !purego

package label

import "encoding/binary"

// scratch is the kernels' memory: sets of nine schedules and what else they keep, in the order of _asm.
type scratch struct {
	plain bool // take the generic path
	mem   []byte
	layer uint32 // of short messages that mem is laid out for
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
	lanes     uint64
}

// The kernels make nodes until count is done or a parent is out of range, which job.node tells: labels1 to
// labels4 of as many sectors, labels16 of five to sixteen.

//go:noescape
func labels1(j *job)

//go:noescape
func labels2(j *job)

//go:noescape
func labels3(j *job)

//go:noescape
func labels4(j *job)

// Those of short messages, see short_amd64.go.

//go:noescape
func labels1s(j *job)

//go:noescape
func labels2s(j *job)

//go:noescape
func labels3s(j *job)

//go:noescape
func labels4s(j *job)

//go:noescape
func labels16(j *job)

// A place of the scratch memory is known by its offset: the parts of a message that are not labels, in the form
// of a node's labels, then the addresses of every schedule's two sources.
type places struct{ ids, head, end, sources, size int }

func placesOf(lanes int) places {
	part := Size * lanes
	p := places{ids: 2*9*256*lanes + 2*part} // two sets of schedules, chaining values twice
	if lanes > interleaved {
		part = Size * MaxLanes
		p.ids = 9 * 256 * MaxLanes
	}
	p.head, p.end, p.sources = p.ids+part, p.ids+2*part, p.ids+3*part
	p.size = p.sources + 9*16 + 16
	if lanes > interleaved {
		p.size = p.sources + 192 + 8*64 // chaining values last
	}
	return p
}

// init lays out the constant parts of the scratch memory.
func (s *scratch) init(ids [][Size]byte, short bool) {
	n := len(ids)
	if s.plain = n <= interleaved && !shani || n > interleaved && !wide; s.plain {
		return
	}
	if short {
		s.initShort(n)
		return
	}
	p := placesOf(n)
	s.alloc(p.size)
	end := [Size]byte{0: 0x80}
	binary.BigEndian.PutUint32(end[Size-4:], uint32(8*MessageSize(false, repeated)))
	for k := range ids {
		putLane(s.mem[p.ids:], n, k, &ids[k])
		putLane(s.mem[p.end:], n, k, &end)
	}
	s.point(p.sources, p.ids)
	s.point(p.sources+8, p.head)
	s.point(p.sources+16*8+8, p.end)
}

// alloc makes the scratch memory.
func (s *scratch) alloc(size int) {
	raw := make([]byte, size+64)
	skip := -address(raw) & 63
	s.mem = raw[skip : skip+size]
}

// point writes the address of the place to at the place at.
func (s *scratch) point(at, to int) {
	binary.LittleEndian.PutUint64(s.mem[at:], uint64(address(s.mem[to:])))
}

// setLayer puts the layer into the prefixes; the kernels put the node there.
func (s *scratch) setLayer(lanes int, layer uint32) {
	var head [Size]byte
	binary.BigEndian.PutUint32(head[:], layer)
	for k := range lanes {
		putLane(s.mem[placesOf(lanes).head:], lanes, k, &head)
	}
}
