package sha2_test

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"os"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// TestAccumulated folds the digests of many batches of many shapes into one hash. The expected values are
// Python's (hashlib of CPython 3, the same rule): batch b draws its shape from h = SHA-256("assay/sha2/" + b)
// and its prefix and messages from SHAKE128(h); batches follow until the number of messages is reached.
// ASSAY_MILLION=1 runs the million.
func TestAccumulated(t *testing.T) {
	cases, want := 10_000, "8ca3dddf2cdefe407a8079230f5ee49fc4aa8ef27ab1c7795f711d7e89bada46"
	switch {
	case os.Getenv("ASSAY_MILLION") == "1":
		cases, want = 1_000_000, "da8e2d5dd56751835a2cbec79b0741b43b00b50462ebed760985ae25f770e306"
	case testing.Short():
		cases, want = 100, "7adb44bcfc72e171513fc9c77a1c8de534feddf47401bad029e2c98d3072b5f4"
	}
	all := sha256.New()
	for b, done := 0, 0; done < cases; b++ {
		h := sha256.Sum256(fmt.Appendf(nil, "assay/sha2/%d", b))
		n, size, prefix := 1+int(h[0])%40, (int(h[1])|int(h[2])<<8)%300, 0
		if h[4]&1 == 1 {
			prefix = int(h[3]) % 64
		}
		if h[5]&3 == 0 {
			size, prefix = 64, 0
		}
		data := make([]byte, prefix+n*size)
		x := sha3.NewSHAKE128()
		x.Write(h[:])
		x.Read(data)
		dst := make([]merkle.Digest, n)
		sha2.SumPrefix(dst, data[:prefix], data[prefix:], size)
		for i := range dst {
			all.Write(dst[i][:])
		}
		done += n
	}
	if got := hex.EncodeToString(all.Sum(nil)); got != want {
		t.Errorf("%d cases: got %s, want %s", cases, got, want)
	}
}
