package sha2

import (
	"math"

	"github.com/assaylab/assay/merkle"
)

// Sum sets dst[i] to SHA-256 of src[i*size : (i+1)*size].
//
// The messages lie one behind the other and all have size bytes; size may be 0. It panics unless size >= 0 and
// len(src) == size*len(dst). dst must not overlap src. It is safe for concurrent use and does not allocate
// while size is at most 4096.
func Sum(dst []merkle.Digest, src []byte, size int) {
	SumPrefix(dst, nil, src, size)
}

// SumPrefix sets dst[i] to SHA-256 of prefix followed by src[i*size : (i+1)*size], so that tagged leaves and
// nodes (RFC 6962: prefix 0 and 1) need not be copied together first.
//
// It panics unless size >= 0 and len(src) == size*len(dst). dst must overlap neither prefix nor src. It is safe
// for concurrent use and does not allocate while len(prefix)+size is at most 4096.
func SumPrefix(dst []merkle.Digest, prefix, src []byte, size int) {
	if size < 0 || size != 0 && len(dst) > math.MaxInt/size || len(src) != size*len(dst) {
		panic("sha2: Sum: sizes do not fit")
	}
	if len(dst) == 0 {
		return
	}
	sum(dst, prefix, src, size, 0xff)
}
