package update

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// This file views vectors of field elements as the bytes that lie on disk, since a copy of every node would cost as much as
// its multiplication. An element is four words, least significant first, without padding: on little-endian processors its
// memory is the node. Elsewhere the words are turned around, in place.

// raw returns the memory of a vector as bytes. The result aliases v.
func raw(v fr.Vector) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), fr.Bytes*len(v))
}

// little reports whether words lie in memory as on disk.
var little = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// nodesOf makes elements of bytes that were read into v.
func nodesOf(v fr.Vector) {
	if little {
		return
	}
	for i := range v {
		for k, w := range v[i] {
			v[i][k] = bits.ReverseBytes64(w)
		}
	}
}

// bytesOf is the inverse of nodesOf.
func bytesOf(v fr.Vector) { nodesOf(v) }
