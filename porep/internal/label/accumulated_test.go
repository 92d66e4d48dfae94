package label

import (
	"encoding/binary"
	"hash"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// accumulated are the digests of many labels of each kind of kernel.
var accumulated = []struct {
	name, label string
	first, span int // lanes of a batch are first to first+span-1
	nodes       int // nodes of a batch are 2 to nodes+1
	short       bool
	want        [3]string // after 100, 10,000 and 1,000,000 labels
}{
	{"sectors=1-4", "assay/label/", 1, 4, 60, false, [3]string{
		"ab4f4728eb042fde170f871502d6cf010659ce1d75e759afbe838bdc0b3e6f87",
		"73783d3ff2c841ebc24e95eb598438e2e381315ffd635f897344b3b882a85529",
		"f29252b4b723c2337d4d9bc060f32648ea82367172706e29486df9198d8a6b01"}},
	{"sectors=5-16", "assay/label/wide/", 5, 12, 30, false, [3]string{
		"7e6e3b5954aa36b5f439ba11b2bb00ebc2191bc034e379aee85cdfc9df8f536a",
		"f67a1e6ab5ff4834b1c152b493301721f612f2f07e9a87bc29095a008687dd3f",
		"77ac7363032d7a04b6f5da5f431ac4963c9f3405a24fc2ecbba1d4ccdb56dcfc"}},
	{"short", "assay/label/short/", 1, 4, 60, true, [3]string{
		"360a2a2f6121f947b7b7323a2f37bd5e9ffa0c2ad4bfe981eca675c36c22b0bc",
		"69f7acae467c44ceb5f7c421a3eb19d6455baf8a54cc6095260a617b59dbefe8",
		"2ac6ddcbe8d0d6067e317c80d0d78db7a9231b3f58921790e07bdad994b7573e"}},
}

// TestAccumulated folds the labels of many small random graphs into one hash. The expected values are Python's (hashlib
// of CPython 3). A batch draws its ids, then its parents. Layers are folded node by node, those of more than four sectors
// sector by sector.
func TestAccumulated(t *testing.T) {
	for _, a := range accumulated {
		t.Run(a.name, func(t *testing.T) {
			kerneltest.Accumulated(t, a.label, a.want, func(h [32]byte, draw io.Reader, out hash.Hash) int {
				lanes, nodes := a.first+int(h[0])%a.span, 2+int(h[1])%a.nodes
				id := make([][Size]byte, lanes)
				for k := range id {
					draw.Read(id[k][:])
					id[k][31] &= 0x3f
				}
				raw := make([]byte, 4*Degree*nodes)
				draw.Read(raw)
				par := shakeParents(raw, uint64(nodes), uint64(h[2])%8, h[3]&1 == 1)
				l, err := New(id...)
				if a.short {
					l, err = NewShort(id...)
				}
				if err != nil {
					t.Fatal(err)
				}
				fold(t, out, l, par, lanes)
				return 2 * lanes * nodes
			})
		})
	}
}

// fold makes two layers and writes them to all.
func fold(t *testing.T, all hash.Hash, l *Lanes, par []uint32, lanes int) {
	t.Helper()
	n := len(par) / Degree * Size
	cur, prev := make([]byte, n*lanes), make([]byte, n*lanes)
	for layer := uint32(1); layer <= 2; layer++ {
		if err := l.Label(layer, 0, par, cur, prev); err != nil {
			t.Fatal(err)
		}
		if lanes <= interleaved {
			all.Write(cur)
		} else {
			one := make([]byte, n)
			for k := range lanes {
				Take(one, cur, lanes, k)
				all.Write(one)
			}
		}
		cur, prev = prev, cur
	}
}

// shakeParents turns random words into parents; pred below six is the DRG parent that is the node before, near
// keeps the others close.
func shakeParents(raw []byte, nodes, pred uint64, near bool) []uint32 {
	p := make([]uint32, Degree*nodes)
	for i := uint64(1); i < nodes; i++ {
		for j := range uint64(Degree) {
			r := uint64(binary.LittleEndian.Uint32(raw[4*(i*Degree+j):]))
			switch {
			case j == pred:
				r = i - 1
			case j >= Base:
				r %= nodes
			case near:
				r = i - 1 - r%min(i, 3)
			default:
				r %= i
			}
			p[i*Degree+j] = uint32(r)
		}
	}
	return p
}
