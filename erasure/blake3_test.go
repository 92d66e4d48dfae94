package erasure

import (
	"bytes"
	"fmt"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
)

// TestKernelBlake3 holds the 16-lane kernel against its plain twin, in place too.
func TestKernelBlake3(t *testing.T) {
	t.Run("avx512", func(t *testing.T) {
		if !haveHash16 {
			t.Skip("no avx512")
		}
		for _, c := range []struct{ stride, blocks int }{{1024, 16}, {64, 1}, {192, 3}, {65, 1}} {
			for seed := range 20 {
				in := randomBytes(uint64(seed), 15*c.stride+64*c.blocks+1)[1:]
				got, want := make([]byte, 512), make([]byte, 512)
				f := [3]uint32{uint32(seed), uint32(seed * 3), uint32(seed * 5)}
				hash16(got, in, c.stride, c.blocks, uint32(seed<<20), f[0], f[1], f[2])
				hash16Generic(want, in, c.stride, c.blocks, uint32(seed<<20), f[0], f[1], f[2])
				if !bytes.Equal(got, want) {
					t.Fatalf("stride %d, %d blocks", c.stride, c.blocks)
				}
				if len(in) >= 1024 && c.blocks == 1 {
					hash16(in, in, c.stride, c.blocks, uint32(seed<<20), f[0], f[1], f[2])
					if !bytes.Equal(in[:512], want) {
						t.Fatal("in place")
					}
				}
			}
		}
	})
}

// TestBlake3 compares digests with zeebo/blake3's at every number of chunks up to 64, cut in all ways, and up to
// the largest block.
func TestBlake3(t *testing.T) {
	b := randomBytes(3, sumMax+5000)
	sizes := []int{0, 1, sumMin - 1, sumMax - 1, sumMax, sumMax + 1, sumMax - 1023, sumMax - 1024, sumMax - 1025, 1<<19 + 77, 300_000, 700_001}
	for chunks := 15; chunks <= 67; chunks++ {
		for _, more := range []int{0, 1, 63, 64, 65, 500, 960, 1023} {
			sizes = append(sizes, chunks*chunkSize+more)
		}
	}
	for _, n := range sizes {
		if got, want := blake3Sum(b[:n]), merkle.Digest(zeebo.Sum256(b[:n])); got != want {
			t.Fatalf("%d bytes: %x, want %x", n, got, want)
		}
	}
}

func BenchmarkBlake3(b *testing.B) {
	for _, size := range []int{16 << 10, 64 << 10, 1 << 20} {
		data := randomBytes(1, size)
		for name, sum := range map[string]func([]byte) merkle.Digest{
			"ours":  blake3Sum,
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
