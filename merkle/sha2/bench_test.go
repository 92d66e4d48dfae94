package sha2_test

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// BenchmarkHasher hashes pairs of nodes by the path this CPU takes.
func BenchmarkHasher(b *testing.B) {
	for _, n := range []int{4, 64, 2048, 32768} {
		src, dst := digests(1, 2*n), make([]merkle.Digest, n)
		b.Run(fmt.Sprintf("arity=2/n=%d", n), func(b *testing.B) {
			b.SetBytes(int64(64 * n))
			b.ReportAllocs()
			for b.Loop() {
				sha2.SHA254{}.Parents(dst, src, 2)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/hash")
		})
	}
}

// BenchmarkSum hashes the nodes and leaves of RFC 6962 trees, tag included.
func BenchmarkSum(b *testing.B) {
	prefix := []byte{1}
	for _, size := range []int{64, 512, 4096} {
		for _, n := range []int{4, 128} {
			src, dst := random(1, n*size), make([]merkle.Digest, n)
			b.Run(fmt.Sprintf("prefix=1/size=%d/n=%d", size, n), func(b *testing.B) {
				b.SetBytes(int64(size * n))
				b.ReportAllocs()
				for b.Loop() {
					sha2.SumPrefix(dst, prefix, src, size)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/hash")
			})
		}
	}
}
