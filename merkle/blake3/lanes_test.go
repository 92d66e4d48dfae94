package blake3

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// TestKernelLanes holds the lanes against single hashes, for every arity and every rest of a batch.
func TestKernelLanes(t *testing.T) {
	t.Run("avx512", func(t *testing.T) {
		if !hasLanes() {
			t.Skip("no AVX-512")
		}
		r := rand.New(rand.NewPCG(1, 2))
		for arity := 2; arity <= 40; arity++ {
			for _, n := range []int{0, 1, 2, 15, 16, 17, 18, 31, 32, 33, 47, 64, 65, 130} {
				src := make([]merkle.Digest, n*arity)
				for i := range src {
					for k := range src[i] {
						src[i][k] = byte(r.Uint32())
					}
				}
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
