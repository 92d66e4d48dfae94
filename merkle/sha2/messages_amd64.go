//go:build !purego

package sha2

import (
	"encoding/binary"

	"github.com/assaylab/assay/merkle"
)

// staged is the number of messages whose odd ends are laid out at a time; each takes at most three blocks.
const (
	staged = 32
	ends   = 3 * 64
)

// A layout is the way of a message through a kernel: head bytes of it on the stage, behind the prefix, in the
// first blocks; then body whole blocks where they lie; then tail bytes on the stage, with the padding.
type layout struct {
	prefix, size     int
	head, body, tail int // bytes, blocks, bytes of the message
	first, last      int // blocks on the stage before and after the body
	total            int // blocks
	end              int // where the padding starts on the stage
}

// blocks is the number of blocks of a message of n bytes, padding included.
func blocks(n int) int { return (n + 9 + 63) / 64 }

func (l *layout) plan(prefix, size int) {
	*l = layout{prefix: prefix, size: size, total: blocks(prefix + size)}
	if 64*l.total <= ends {
		l.head, l.first, l.end = size, l.total, prefix+size
		return
	}
	if prefix > 0 {
		l.head, l.first = 64-prefix, 1
	}
	l.body = (size - l.head) / 64
	l.tail = (size - l.head) % 64
	l.last = l.total - l.first - l.body
	l.end = 64*l.first + l.tail
}

// pitch is the number of bytes of a message on the stage.
func (l *layout) pitch() int { return 64 * (l.first + l.last) }

// pad writes the bytes that all messages have in common for n messages.
func (l *layout) pad(stage, prefix []byte, n int) {
	for range n {
		copy(stage, prefix)
		stage[l.end] = 0x80
		binary.BigEndian.PutUint64(stage[l.pitch()-8:], 8*uint64(l.prefix+l.size))
		stage = stage[l.pitch():]
	}
}

// stage writes the odd ends of the n messages at src.
func (l *layout) stage(to, src []byte, n int) {
	for range n {
		copy(to[l.prefix:], src[:l.head])
		copy(to[64*l.first:], src[l.size-l.tail:l.size])
		to, src = to[l.pitch():], src[l.size:]
	}
}

// segments lists the parts of the messages at src.
func (l *layout) segments(stage, src []byte) (segs [4]segment) {
	n := 0
	add := func(b []byte, off, step, blocks int) {
		if blocks > 0 {
			segs[n] = segment{&b[off], uintptr(step), uintptr(blocks)}
			n++
		}
	}
	add(stage, 0, l.pitch(), l.first)
	add(src, l.head, l.size, l.body)
	add(stage, 64*l.first, l.pitch(), l.last)
	return segs
}

// sumMessages hashes messages of up to k.maxBlocks blocks.
func (k *kernel) sumMessages(dst []merkle.Digest, prefix, src []byte, size int, mask *[16]byte) {
	var stage [staged * ends]byte
	var l layout
	l.plan(len(prefix), size)
	batch := min(staged, max(k.lanes, k.maxBlocks/l.total*k.lanes))
	l.pad(stage[:], prefix, min(batch, len(dst)))
	for i := 0; i < len(dst); {
		n := max(k.lanes, min(batch, (len(dst)-i)&^(k.lanes-1)))
		i = min(i, len(dst)-n)
		l.stage(stage[:], src[i*size:], n)
		segs := l.segments(stage[:], src[i*size:])
		k.messages(&dst[i][0], &segs, n/k.lanes, mask, l.total)
		i += n
	}
}

// sumLong hashes messages of more than maxBlocks blocks, four at a time on SHA-NI, a part of the body a call.
func sumLong(dst []merkle.Digest, prefix, src []byte, size int, mask *[16]byte) {
	var stage [lanesSHANI * ends]byte
	var l layout
	l.plan(len(prefix), size)
	l.pad(stage[:], prefix, lanesSHANI)
	for i := 0; i < len(dst); i += lanesSHANI {
		i = min(i, len(dst)-lanesSHANI)
		l.stage(stage[:], src[i*size:], lanesSHANI)
		st := start
		for _, s := range l.segments(stage[:], src[i*size:]) {
			st.absorb(s, mask)
		}
		for k := range lanesSHANI {
			st.digest(&dst[i+k], k, mask)
		}
	}
}

// start is the initial state of SHA-256 in every lane.
var start = states{initial, initial, initial, initial}

// initial is the initial state in the kernels' order.
var initial = [8]uint32{0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372}

// absorb takes in the blocks of one segment.
func (st *states) absorb(s segment, mask *[16]byte) {
	for s.blocks > 0 {
		n := min(s.blocks, uintptr(kernels[shani].maxBlocks))
		part := [4]segment{{s.ptr, s.step, n}}
		messages4(nil, &part, 1, mask, int(n), st)
		if s.blocks -= n; s.blocks > 0 {
			s.ptr = ahead(s.ptr, 64*n)
		}
	}
}

// digest writes the digest of one lane.
func (st *states) digest(dst *merkle.Digest, lane int, mask *[16]byte) {
	for i, w := range [8]int{3, 2, 7, 6, 1, 0, 5, 4} {
		binary.BigEndian.PutUint32(dst[4*i:], st[lane][w])
	}
	dst[31] &= mask[15]
}
