package sha2

import (
	"crypto/sha256"

	"github.com/assaylab/assay/merkle"
)

// gathered is the longest prefixed message that the generic path puts together on the stack.
const gathered = 4096

// sumGeneric is the plain twin of the kernels: one message after the other through crypto/sha256. The top byte
// of every digest is cut by mask.
func sumGeneric(dst []merkle.Digest, prefix, src []byte, size int, mask byte) {
	switch {
	case len(prefix) == 0:
		for i := range dst {
			dst[i] = sha256.Sum256(src[i*size : (i+1)*size])
			dst[i][31] &= mask
		}
	case len(prefix)+size <= gathered:
		var m [gathered]byte
		n := copy(m[:], prefix)
		for i := range dst {
			copy(m[n:], src[i*size:(i+1)*size])
			dst[i] = sha256.Sum256(m[:n+size])
			dst[i][31] &= mask
		}
	default:
		h := sha256.New()
		for i := range dst {
			h.Reset()
			h.Write(prefix)
			h.Write(src[i*size : (i+1)*size])
			h.Sum(dst[i][:0])
			dst[i][31] &= mask
		}
	}
}
