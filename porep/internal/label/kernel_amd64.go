//go:build !purego

package label

import "encoding/binary"

// scratch is the kernels' memory: sets of nine schedules and what else they keep, in the order of _asm.
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

// Those of short messages.

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
type places struct{ ids, head, end, sources, always, length, size int }

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
	p.always, p.length = p.sources+9*16+10, p.size
	p.size += part
	return p
}

// init lays out the constant parts of the scratch memory.
func (s *scratch) init(ids [][Size]byte, short bool) {
	n := len(ids)
	if s.plain = n <= interleaved && !shani || n > interleaved && (!wide || short); s.plain {
		return
	}
	p := placesOf(n)
	raw := make([]byte, p.size+64)
	skip := -address(raw) & 63
	s.mem = raw[skip : skip+p.size]
	end := [Size]byte{0: 0x80}
	binary.BigEndian.PutUint32(end[Size-4:], 8*message)
	for k := range ids {
		putLane(s.mem[p.ids:], n, k, &ids[k])
		putLane(s.mem[p.end:], n, k, &end)
	}
	address64 := func(at, of int) { binary.LittleEndian.PutUint64(s.mem[at:], uint64(address(s.mem[of:]))) }
	address64(p.sources, p.ids)
	address64(p.sources+8, p.head)
	address64(p.sources+16*8+8, p.end)
	if short {
		s.shortEnd(n, &p, address64)
	}
}

// shortEnd makes the last block of short messages: padding and length alone.
func (s *scratch) shortEnd(n int, p *places, address64 func(at, of int)) {
	end, length := [Size]byte{0: 0x80}, [Size]byte{}
	binary.BigEndian.PutUint32(length[Size-4:], 8*shortMessage)
	for k := range n {
		putLane(s.mem[p.end:], n, k, &end)
		putLane(s.mem[p.length:], n, k, &length)
	}
	address64(p.sources+16*8, p.end)
	address64(p.sources+16*8+8, p.length)
	s.mem[p.always] = 1
}

// setLayer puts the layer into the prefixes; the kernels put the node there.
func (s *scratch) setLayer(lanes int, layer uint32) {
	var head [Size]byte
	binary.BigEndian.PutUint32(head[:], layer)
	for k := range lanes {
		putLane(s.mem[placesOf(lanes).head:], lanes, k, &head)
	}
}
