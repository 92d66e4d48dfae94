//go:build amd64 && !purego

package sha2

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// The package's kernels: the path that leads to each, and a shape of batch that enters it.
var kernelTable = []struct {
	name    string
	path    path
	prefix  int
	size, n int
}{
	{"nodes4/shani", shani, 0, 64, 9},
	{"messages4/shani", shani, 1, 512, 9},
	{"messages4-by-parts/shani", shani, 1, 64 * 2100, 5},
	{"nodes32/avx512", wide, 0, 64, 70},
	{"messages32/avx512", wide, 1, 512, 70},
}

// TestKernels runs every kernel that this CPU has on its own shape and fails if its lanes are not what the
// generic path gives.
func TestKernels(t *testing.T) {
	for _, k := range kernelTable {
		t.Run(k.name, func(t *testing.T) {
			kerneltest.Need(t, has[k.path], filepath.Base(k.name))
			same(t, k.path, random(1, k.prefix), random(2, k.n*k.size), k.n, k.size)
		})
	}
}

func random(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// same holds one path against the generic one, for both masks, and the arguments against change.
func same(t *testing.T, p path, prefix, src []byte, n, size int) {
	t.Helper()
	p0, s0 := bytes.Clone(prefix), bytes.Clone(src)
	for _, mask := range []byte{0xff, 0x3f} {
		got, want := make([]merkle.Digest, n+2), make([]merkle.Digest, n+2)
		sumBy(p, got[1:n+1], prefix, src, size, mask)
		sumGeneric(want[1:n+1], prefix, src, size, mask)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("path %d prefix %d size %d n %d mask %x: digest %d differs", p, len(prefix), size, n, mask, i-1)
			}
		}
	}
	if !bytes.Equal(p0, prefix) || !bytes.Equal(s0, src) {
		t.Fatalf("path %d prefix %d size %d n %d: an argument was changed", p, len(prefix), size, n)
	}
}

// TestPaths walks every length, several prefixes and every lane tail down every path, at an odd address.
func TestPaths(t *testing.T) {
	sizes := 600
	if testing.Short() {
		sizes = 200
	}
	for p := range paths {
		if !has[p] || p == generic {
			continue
		}
		raw := random(byte(p), 1+70*600)
		for size := range sizes {
			for _, n := range []int{4, 5, 7, 8, 32 + size%38} {
				for _, prefix := range []int{0, 1, 1 + size%63} {
					same(t, p, raw[3:3+prefix], raw[1:1+n*size], n, size)
				}
			}
		}
		for n := 4; n <= 170; n++ {
			for _, size := range []int{64, 65, 128, 191} {
				same(t, p, nil, raw[1:1+n*size], n, size)
			}
		}
	}
}

// TestLong crosses the borders where a message is too long for one call of a kernel.
func TestLong(t *testing.T) {
	for p := range paths {
		if !has[p] || p == generic {
			continue
		}
		for _, blocks := range []int{383, 384, 2047, 2048} {
			for _, off := range []int{-10, -9, -8, -1, 0, 1, 55, 56} {
				size := 64*blocks + off
				n := 5
				if blocks < 400 {
					n = 33
				}
				same(t, p, nil, random(1, n*size), n, size)
				same(t, p, []byte{7}, random(1, n*size), n, size)
			}
		}
	}
}

// TestAdversaryPaths is P7 for nodes: every CPU path and 1 to 16 goroutines give the same tree.
func TestAdversaryPaths(t *testing.T) {
	t.Run("P7", func(t *testing.T) {
		const n = 1 << 12
		src := random(5, 64*n)
		want := make([]merkle.Digest, n)
		sumGeneric(want, nil, src, 64, 0x3f)
		tried, accepted := 0, 0
		for p := range paths {
			if !has[p] {
				continue
			}
			for workers := 1; workers <= 16; workers++ {
				got := make([]merkle.Digest, n)
				var wg sync.WaitGroup
				for w := range workers {
					from, to := n*w/workers, n*(w+1)/workers
					wg.Go(func() { sumBy(p, got[from:to], nil, src[64*from:64*to], 64, 0x3f) })
				}
				wg.Wait()
				tried++
				for i := range got {
					if got[i] != want[i] {
						accepted++
						break
					}
				}
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P7", tried, accepted, 0)
		if accepted != 0 {
			t.Fail()
		}
	})
}

// TestBest logs the path this CPU takes and expects a kernel wherever there is one.
func TestBest(t *testing.T) {
	p := best()
	t.Logf("path %d, CPU has %v", p, has)
	if p == generic && (has[shani] || has[wide]) {
		t.Error("the generic path was chosen over a kernel")
	}
}

// FuzzPaths holds every path against the generic one.
func FuzzPaths(f *testing.F) {
	f.Add([]byte("abc"), []byte{1}, 5)
	f.Add(random(1, 520), []byte{}, 37)
	f.Add(random(1, 64), []byte{}, 64)
	f.Fuzz(func(t *testing.T, m, prefix []byte, n int) {
		n = 4 + int(uint(n)%80)
		src := bytes.Repeat(m, n)
		for i := range src {
			src[i] += byte(i / (len(m) + 1))
		}
		for p := range paths {
			if has[p] && p != generic {
				same(t, p, prefix, src, n, len(m))
			}
		}
	})
}

// BenchmarkParents times each path of this CPU on 64-byte nodes.
func BenchmarkParents(b *testing.B) {
	for _, p := range []struct {
		name string
		path path
	}{{"generic", generic}, {"shani4", shani}, {"avx512x32", wide}} {
		if !has[p.path] {
			continue
		}
		b.Run("path="+p.name+"/n=2048", func(b *testing.B) {
			src, dst := random(1, 64*2048), make([]merkle.Digest, 2048)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				sumBy(p.path, dst, nil, src, 64, 0x3f)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/hash")
		})
	}
}
