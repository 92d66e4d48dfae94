package blake3

import (
	"fmt"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
)

// TestSum compares digests with zeebo/blake3's at every number of chunks up to 64, cut in all ways, and up to
// the longest message of the kernel.
func TestSum(t *testing.T) {
	b := randomBytes(3, sumMax+5000)
	sizes := []int{0, 1, sumMin - 1, sumMax - 1, sumMax, sumMax + 1, sumMax - 1023, sumMax - 1024, sumMax - 1025, 1<<19 + 77, 300_000, 700_001}
	for chunks := 15; chunks <= 67; chunks++ {
		for _, more := range []int{0, 1, 63, 64, 65, 500, 960, 1023} {
			sizes = append(sizes, chunks*chunkSize+more)
		}
	}
	for _, n := range sizes {
		if got, want := Sum(b[:n]), merkle.Digest(zeebo.Sum256(b[:n])); got != want {
			t.Fatalf("%d bytes: %x, want %x", n, got, want)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	for _, size := range []int{16 << 10, 64 << 10, 1 << 20} {
		data := randomBytes(1, size)
		for name, sum := range map[string]func([]byte) merkle.Digest{
			"ours":  Sum,
			"zeebo": func(b []byte) merkle.Digest { return zeebo.Sum256(b) },
		} {
			b.Run(fmt.Sprintf("hash=%s/size=%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					sum(data)
				}
			})
		}
	}
}
