package erasure

import (
	"unsafe" // the batch hashers take bytes; a level of digests is their concatenation already

	"github.com/assaylab/assay/merkle"
)

// digestBytes returns the bytes of d without copying.
func digestBytes(d []merkle.Digest) []byte {
	if len(d) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&d[0])), len(d)*len(merkle.Digest{}))
}
