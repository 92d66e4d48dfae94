package sha2

import (
	"unsafe"

	"github.com/assaylab/assay/merkle"
)

// flat views nodes as their bytes, so that a level is hashed where it lies: Digest is an array of bytes, hence
// size, order and alignment agree. nodes must not be empty.
func flat(nodes []merkle.Digest) []byte {
	return unsafe.Slice(&nodes[0][0], 32*len(nodes))
}

// ahead is p moved on by n bytes of the memory it points into.
func ahead(p *byte, n uintptr) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(p), n)) }
