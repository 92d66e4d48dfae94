package label

import "encoding/binary"

const (
	// Prefix is the number of bytes before the first parent label of a message.
	Prefix = 64

	repeated = 37 // parent labels of Filecoin's messages
	nodeSize = 8  // bytes of a node's number
)

// A message is what a label is the SHA-256 of, the two top bits of byte 31 cleared. Filecoin's: replica id (32 bytes), layer (4,
// big-endian), node (8, big-endian), 20 zeros, then 37 parent labels, the parents (all fourteen, in layer 1 the first six) over and over.
// A short one: replica id, layer, 28 zeros, each parent label once, node. Thus its first block is the same for a whole layer, and
// the padding shares a block with the node: eight compressions, four in layer 1, where Filecoin's takes twenty. Node 0 has
// no parents.
//
// Source of Filecoin's: rust-fil-proofs 19.1, storage-proofs-porep/src/stacked/vanilla/create_label.

// Parents returns the number of parent labels in the messages of a layer, node 0's apart; number k is that of parent k modulo the
// parents that the layer has.
func Parents(short bool, layer uint32) int {
	switch {
	case !short:
		return repeated
	case layer == 1:
		return Base
	}
	return Degree
}

// MessageSize returns the bytes of a message of so many parent labels.
func MessageSize(short bool, parents int) int {
	n := Prefix + Size*parents
	if short {
		n += nodeSize
	}
	return n
}

// Frame writes all of a message but the parent labels, of which number k belongs at m[Prefix+Size*k:]. The
// length of m must be a MessageSize.
func Frame(m []byte, short bool, id *[Size]byte, layer uint32, node uint64) {
	copy(m, id[:])
	binary.BigEndian.PutUint32(m[32:], layer)
	clear(m[36:Prefix])
	at := m[36:]
	if short {
		at = m[len(m)-nodeSize:]
	}
	binary.BigEndian.PutUint64(at, node)
}
