//go:build amd64 && !purego

package label

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// The package's kernels, by the number of lanes that leads to each and the feature it needs.
var kernelTable = []struct {
	name  string
	lanes int
	has   bool
}{
	{"labels1/shani", 1, shani},
	{"labels2/shani", 2, shani},
	{"labels3/shani", 3, shani},
	{"labels4/shani", 4, shani},
	{"labels16-of-5/avx512", 5, wide},
	{"labels16-of-9/avx512", 9, wide},
	{"labels16/avx512", 16, wide},
}

// TestKernels runs every kernel of this CPU against the generic path on graphs of every kind, at odd addresses.
// Inside, same fails where the generic path was taken instead.
func TestKernels(t *testing.T) {
	for _, k := range kernelTable {
		t.Run(k.name, func(t *testing.T) {
			kerneltest.Need(t, k.has, filepath.Base(k.name))
			for pred := -1; pred < Base; pred++ {
				if testing.Short() && pred%5 != 0 {
					continue
				}
				for _, close := range []bool{false, true} {
					for _, nodes := range []uint64{2, 3, 96, 97, 98, 99, 193} {
						same(t, k.lanes, 3, parents(byte(pred), nodes, pred, close))
					}
				}
			}
		})
	}
}

// same makes some layers by the kernel and by the generic path, each from the kernel's layer before, and
// compares layers, errors and what no path may touch.
func same(t *testing.T, lanes, layers int, par []uint32) {
	t.Helper()
	fast, _ := New(ids(byte(lanes), lanes)...)
	slow, _ := New(ids(byte(lanes), lanes)...)
	slow.setPlain()
	if fast.plain || !slow.plain {
		t.Fatal("the kernel is not taken")
	}
	n := len(par) / Degree * Size * lanes
	room := make([]byte, 3*n+64)
	rand.NewChaCha8([32]byte{1}).Read(room)
	before := bytes.Clone(room)
	prev, cur, want := room[1:1+n], room[9+n:9+2*n], make([]byte, n)
	for layer := 1; layer <= layers; layer++ {
		copy(want, cur)
		errFast := fast.Label(uint32(layer), 0, par, cur, prev)
		errSlow := slow.Label(uint32(layer), 0, par, want, prev)
		if (errFast == nil) != (errSlow == nil) || errFast != nil && errFast.Error() != errSlow.Error() {
			t.Fatalf("lanes %d layer %d: errors %v, %v", lanes, layer, errFast, errSlow)
		}
		if !bytes.Equal(cur, want) {
			t.Fatalf("lanes %d layer %d of %d nodes differs", lanes, layer, len(par)/Degree)
		}
		if errFast != nil {
			break
		}
		copy(prev, cur)
	}
	if !bytes.Equal(room[1+n:9+n], before[1+n:9+n]) || !bytes.Equal(room[9+2*n:], before[9+2*n:]) || room[0] != before[0] {
		t.Fatalf("lanes %d: bytes outside of the layers changed", lanes)
	}
}

// TestBest expects up to four sectors side by side, or as many as there can be from some number on.
func TestBest(t *testing.T) {
	t.Logf("AVX-512 from %d sectors on, SHA-NI %v, AVX-512 %v", wideFrom(), shani, wide)
	for n := 1; n <= 40; n++ {
		want := min(n, interleaved)
		if n >= wideFrom() && n > interleaved {
			want = min(n, MaxLanes)
		}
		if got := Best(n); got != want {
			t.Errorf("of %d sectors: got %d side by side, want %d", n, got, want)
		}
	}
	if !wide && wideFrom() <= MaxLanes {
		t.Errorf("AVX-512 from %d sectors on, but there is none", wideFrom())
	}
}

// FuzzKernels holds the kernels against the generic path on any parents, most of them out of range.
func FuzzKernels(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint8(0), uint8(3))
	f.Add(bytes.Repeat([]byte{0}, 100), uint8(1), uint8(4))
	f.Add([]byte{0xff}, uint8(2), uint8(2))
	f.Fuzz(func(t *testing.T, raw []byte, seed, lanes uint8) {
		kerneltest.Need(t, shani, "shani")
		kerneltest.Need(t, wide, "avx512")
		nodes := uint64(2 + seed%40)
		par := parents(seed, nodes, int(seed%7)-1, seed&8 != 0)
		for i, b := range raw {
			if k := int(b)*7 + i*31; k < len(par) {
				par[k] = uint32(b) << (b & 7)
			}
		}
		same(t, 1+int(lanes%MaxLanes), 2, par)
	})
}
