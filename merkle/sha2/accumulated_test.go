package sha2_test

import (
	"hash"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
	"github.com/assaylab/assay/merkle/sha2"
)

// TestAccumulated folds the digests of many batches of many shapes into one hash. The expected values are Python's
// (hashlib of CPython 3). A batch draws its prefix, then its messages.
func TestAccumulated(t *testing.T) {
	kerneltest.Accumulated(t, "assay/sha2/", [3]string{
		"7adb44bcfc72e171513fc9c77a1c8de534feddf47401bad029e2c98d3072b5f4",
		"8ca3dddf2cdefe407a8079230f5ee49fc4aa8ef27ab1c7795f711d7e89bada46",
		"da8e2d5dd56751835a2cbec79b0741b43b00b50462ebed760985ae25f770e306",
	}, func(h [32]byte, draw io.Reader, out hash.Hash) int {
		n, size, prefix := 1+int(h[0])%40, (int(h[1])|int(h[2])<<8)%300, 0
		if h[4]&1 == 1 {
			prefix = int(h[3]) % 64
		}
		if h[5]&3 == 0 {
			size, prefix = 64, 0
		}
		data := make([]byte, prefix+n*size)
		draw.Read(data)
		dst := make([]merkle.Digest, n)
		sha2.SumPrefix(dst, data[:prefix], data[prefix:], size)
		out.Write(merkle.Bytes(dst))
		return n
	})
}
