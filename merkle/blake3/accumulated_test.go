package blake3

import (
	"hash"
	"io"
	"os"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestAccumulated folds the hashes of many groups of 2 to 32 children, and of messages of 16 KiB to 272 KiB, into a hash
// each. The expected values were made one after another by zeebo/blake3 v0.2.4 (ASSAY_MILLION=generic makes the last ones
// again). A message counts for ten inputs.
func TestAccumulated(t *testing.T) {
	groups, sum := (Hasher{}).Parents, Sum
	if os.Getenv("ASSAY_MILLION") == "generic" {
		groups, sum = parentsGeneric, func(b []byte) merkle.Digest { return zeebo.Sum256(b) }
	}
	kerneltest.Accumulated(t, "assay/blake3/", [3]string{
		"7cfd9dd7c6860a4a948f02175dd0f5c34e22369407b74b629eef8562e18ee3ac",
		"4846d7b5876b7f7ffd0b9e413ae1faa84000da72706eaafe55c078a95f3279e5",
		"a95caae63b1529a0cf0f6dd1deb618e3d97117f4bc83e5b97a1b88c66afce1d1",
	}, func(h [32]byte, draw io.Reader, out hash.Hash) int {
		arity, n := 2+int(h[0])%31, 1+int(h[1])%60
		src, dst := make([]merkle.Digest, n*arity), make([]merkle.Digest, n)
		draw.Read(merkle.Bytes(src))
		groups(dst, src, arity)
		out.Write(merkle.Bytes(dst))
		return n
	})
	kerneltest.Accumulated(t, "assay/blake3/", [3]string{
		"adb5ed88db36df7755d1fce93c1a18f8ab7cfc04cd969facdc990493e96c4811",
		"62c9379bebd9b850c67bcde99bb4b3213acf2ae2940534a8456ec10d6f11d3b0",
		"f454447b1faf65608193e53e74f94ac7bbb299bb8b9904ed5023e1bdf553e3ff",
	}, func(h [32]byte, draw io.Reader, out hash.Hash) int {
		m := make([]byte, 16<<10+int(h[0])<<10+int(h[1])<<2)
		draw.Read(m)
		d := sum(m)
		out.Write(d[:])
		return 10
	})
}
