//go:build !purego

package label

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
)

// shortPlaces are those of the scratch memory of the kernels for short messages, in the order of _asm.
type shortPlaces struct{ prefixed, last, sources, size int }

func shortPlacesOf(lanes int) shortPlaces {
	p := shortPlaces{prefixed: 256 * lanes}
	p.last = p.prefixed + 2*Size*lanes
	p.sources = p.last + 2*Size*lanes
	p.size = p.sources + 8*(Degree+2)
	return p
}

// initShort makes the scratch memory; the bit behind the node is all of the last blocks that is the same in every layer.
func (s *scratch) initShort(lanes int) {
	p := shortPlacesOf(lanes)
	s.alloc(p.size)
	for k := range lanes {
		s.mem[p.last+Size*k+nodeSize] = 0x80
	}
}

// setShortLayer puts the layer's chaining values behind the prefix, the length of its messages and the place of its last block.
func (s *scratch) setShortLayer(ids [][Size]byte, layer uint32) {
	if s.layer == layer {
		return
	}
	s.layer = layer
	p, lanes := shortPlacesOf(len(ids)), len(ids)
	parents := Parents(true, layer)
	for k := range ids {
		behind := chaining(&ids[k], layer)
		for i, w := range [...]int{5, 4, 1, 0, 7, 6, 3, 2} { // the halves of the state as SHA256RNDS2 has them
			binary.LittleEndian.PutUint32(s.mem[p.prefixed+Size*k+4*i:], binary.BigEndian.Uint32(behind[4*w:]))
		}
		binary.BigEndian.PutUint32(s.mem[p.last+Size*(lanes+k+1)-4:], uint32(8*MessageSize(true, parents)))
	}
	s.point(p.sources+8*parents, p.last)
	s.point(p.sources+8*parents+8, p.last+Size*lanes)
}

// chaining returns the state of SHA-256, eight big-endian words, behind the prefix of a short message.
func chaining(id *[Size]byte, layer uint32) [Size]byte {
	var m [Prefix + nodeSize]byte
	Frame(m[:], true, id, layer, 0)
	h := sha256.New()
	h.Write(m[:Prefix])
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(err) // crypto/sha256 documents none
	}
	return [Size]byte(state[len("sha\x03"):])
}
