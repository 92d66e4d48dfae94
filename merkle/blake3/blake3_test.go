package blake3_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/merkletest"
	zeebo "github.com/zeebo/blake3"
)

func TestConform(t *testing.T) {
	merkletest.Conform(t, merkletest.Case{
		Hasher:  blake3.Hasher{},
		Arities: []int{2, 3, 4, 8, 11, 16, 32, 64, 256},
		Ref: func(group []merkle.Digest) (d merkle.Digest) {
			h := zeebo.New()
			for _, c := range group {
				h.Write(c[:])
			}
			h.Sum(d[:0])
			return d
		},
	})
}

// TestKnown holds binary nodes against the official test vectors of BLAKE3 (test_vectors.json of
// BLAKE3-team/BLAKE3 1.5.0): the input is the bytes 0, 1, 2 ... 250, 0, 1 ...
func TestKnown(t *testing.T) {
	for n, want := range map[int]string{
		64:   "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
		128:  "f17e570564b26578c33bb7f44643f539624b05df1a76c81f30acd548c44b45ef",
		1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
	} {
		in := make([]byte, n)
		for i := range in {
			in[i] = byte(i % 251)
		}
		var d [1]merkle.Digest
		blake3.Hasher{}.Parents(d[:], merkle.Digests(in), n/32)
		if got := hex.EncodeToString(d[0][:]); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

func BenchmarkParents(b *testing.B) {
	for _, arity := range []int{2, 8, 64} {
		b.Run(fmt.Sprintf("hasher=blake3/arity=%d/nodes=1Ki/workers=1", arity), func(b *testing.B) {
			src := merkletest.Leaves(1024*uint64(arity), 1)
			dst := make([]merkle.Digest, 1024)
			b.SetBytes(int64(32 * len(src)))
			b.ReportAllocs()
			for b.Loop() {
				blake3.Hasher{}.Parents(dst, src, arity)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/node")
		})
	}
}
