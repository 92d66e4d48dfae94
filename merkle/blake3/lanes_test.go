package blake3

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// randomBytes returns n bytes that depend on the seed.
func randomBytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

// TestKernelHash16 holds the kernel against its plain twin, in place too.
func TestKernelHash16(t *testing.T) {
	t.Run("avx512", func(t *testing.T) {
		kerneltest.Need(t, haveLanes, "avx512")
		for _, c := range []struct{ stride, blocks int }{{1024, 16}, {64, 1}, {192, 3}, {65, 1}} {
			for seed := range uint32(20) {
				in := randomBytes(uint64(seed), 15*c.stride+64*c.blocks+1)[1:]
				got, want := make([]byte, 512), make([]byte, 512)
				var counters [lanes]uint32
				for i := range counters {
					counters[i] = seed<<20 + uint32(i)*seed
				}
				size, first, end := int(64-seed), seed, seed*5
				hash16(got, in, c.stride, c.blocks, size, &counters, first, end)
				hash16Generic(want, in, c.stride, c.blocks, size, &counters, first, end)
				if !bytes.Equal(got, want) {
					t.Fatalf("stride %d, %d blocks", c.stride, c.blocks)
				}
				if c.blocks == 1 {
					hash16(in, in, c.stride, c.blocks, size, &counters, first, end)
					if !bytes.Equal(in[:512], want) {
						t.Fatal("in place")
					}
				}
			}
		}
	})
}

// TestKernelLanes holds the lanes against single hashes, for every arity and every rest of a batch.
func TestKernelLanes(t *testing.T) {
	t.Run("avx512", func(t *testing.T) {
		kerneltest.Need(t, haveLanes, "avx512")
		for arity := 2; arity <= 40; arity++ {
			for _, n := range []int{0, 1, 2, 15, 16, 17, 18, 31, 32, 33, 47, 64, 65, 130} {
				src := merkle.Digests(randomBytes(uint64(arity), 32*n*arity))
				got, want := make([]merkle.Digest, n), make([]merkle.Digest, n)
				parents(got, src, arity)
				parentsGeneric(want, src, arity)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("arity %d, group %d of %d: got %x, want %x", arity, i, n, got[i], want[i])
					}
				}
			}
		}
	})
}

func TestAllocations(t *testing.T) {
	src, dst := make([]merkle.Digest, 8*64), make([]merkle.Digest, 64)
	if n := testing.AllocsPerRun(10, func() { (Hasher{}).Parents(dst, src, 8) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkLanes(b *testing.B) {
	for _, arity := range []int{2, 8, 11} {
		src, dst := make([]merkle.Digest, arity*1024), make([]merkle.Digest, 1024)
		for i := range src {
			src[i][i%32] = byte(i)
		}
		for name, f := range map[string]func(dst, src []merkle.Digest, arity int){"lanes": parents, "generic": parentsGeneric} {
			b.Run(fmt.Sprintf("path=%s/arity=%d", name, arity), func(b *testing.B) {
				b.SetBytes(int64(32 * len(src)))
				for b.Loop() {
					f(dst, src, arity)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(dst)), "ns/node")
			})
		}
	}
}
