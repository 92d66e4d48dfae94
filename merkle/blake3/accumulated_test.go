package blake3

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"os"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
)

// accumulated are SHA-256 over all digests after 100, 10,000 and 1,000,000 groups, and after 10, 100 and 1,000 messages. They
// were made one after another by zeebo/blake3 v0.2.4 (ASSAY_MILLION=generic makes the last ones again).
var accumulated = map[string][3]string{
	"groups": {
		"7cfd9dd7c6860a4a948f02175dd0f5c34e22369407b74b629eef8562e18ee3ac",
		"4846d7b5876b7f7ffd0b9e413ae1faa84000da72706eaafe55c078a95f3279e5",
		"a95caae63b1529a0cf0f6dd1deb618e3d97117f4bc83e5b97a1b88c66afce1d1"},
	"messages": {
		"adb5ed88db36df7755d1fce93c1a18f8ab7cfc04cd969facdc990493e96c4811",
		"fb4e2163f27059d8c75db2d208b33be9f32277dc8467b6824fea987ce0e16bc7",
		"62c9379bebd9b850c67bcde99bb4b3213acf2ae2940534a8456ec10d6f11d3b0"},
}

// TestAccumulated folds the hashes of many groups of 2 to 32 children, and of messages of 16 KiB to 272 KiB, into a hash
// each. Batch b takes its shape from h = SHA-256("assay/blake3/" + b) and its bytes from SHAKE128(h). ASSAY_MILLION=1 runs
// the million.
func TestAccumulated(t *testing.T) {
	size, million := 1, os.Getenv("ASSAY_MILLION")
	switch {
	case million == "1" || million == "generic":
		size = 2
	case testing.Short():
		size = 0
	}
	check := func(name string, cases int, got []byte) {
		if want := accumulated[name][size]; hex.EncodeToString(got) != want {
			t.Errorf("%d %s: got %x, want %s", cases, name, got, want)
		}
	}
	batch := func(b int) (h [32]byte, x *sha3.SHAKE) {
		h, x = sha256.Sum256(fmt.Appendf(nil, "assay/blake3/%d", b)), sha3.NewSHAKE128()
		x.Write(h[:])
		return h, x
	}
	cases := [3]int{100, 10_000, 1_000_000}[size]
	all := sha256.New()
	for b, done := 0, 0; done < cases; b++ {
		h, x := batch(b)
		arity, n := 2+int(h[0])%31, 1+int(h[1])%60
		src, dst := make([]merkle.Digest, n*arity), make([]merkle.Digest, n)
		x.Read(merkle.Bytes(src))
		if million == "generic" {
			parentsGeneric(dst, src, arity)
		} else {
			Hasher{}.Parents(dst, src, arity)
		}
		all.Write(merkle.Bytes(dst))
		done += n
	}
	check("groups", cases, all.Sum(nil))

	cases = [3]int{10, 100, 1000}[size]
	all = sha256.New()
	for b := range cases {
		h, x := batch(b)
		m := make([]byte, sumMin+int(h[0])<<10+int(h[1])<<2)
		x.Read(m)
		sum := Sum(m)
		if million == "generic" {
			sum = zeebo.Sum256(m)
		}
		all.Write(sum[:])
	}
	check("messages", cases, all.Sum(nil))
}
