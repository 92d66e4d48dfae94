package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/assaylab/assay/porep/sector"
)

// A vectorGraph is one graph of graph.json.
type vectorGraph struct {
	Size        sector.Size `json:"sector_size"`
	Nodes       uint64      `json:"nodes"`
	PoRepID     string      `json:"porep_id"`
	Version     string      `json:"api_version"`
	Legacy      bool        `json:"is_legacy_porep_id"`
	FeistelSeed string      `json:"feistel_seed"`
	Keys        [4]string   `json:"feistel_keys_u64_hex"`
	LeftMask    string      `json:"feistel_left_mask"`
	RightMask   string      `json:"feistel_right_mask"`
	HalfBits    int         `json:"feistel_half_bits"`
	DRGSeed     string      `json:"drg_seed_28"`
	Parents     []struct {
		Node uint64    `json:"node"`
		DRG  [6]uint32 `json:"drg"`
		Exp  [8]uint32 `json:"exp"`
	} `json:"parents"`
	Digest string `json:"all_parents_u32le_sha256"`
}

// vectors reads testdata/graph.json, which is the recorded file whole.
func vectors(t testing.TB) (v struct {
	Graphs  []vectorGraph `json:"graphs"`
	Feistel []struct {
		N    uint64    `json:"num_elements"`
		Keys [4]uint64 `json:"keys"`
		In   []uint64  `json:"in"`
		Out  []uint64  `json:"out"`
	} `json:"feistel"`
}) {
	t.Helper()
	raw, err := os.ReadFile("testdata/graph.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// graph makes the graph of a vector.
func (v vectorGraph) graph(t testing.TB) *Graph {
	t.Helper()
	id, err := hex.DecodeString(v.PoRepID)
	if err != nil {
		t.Fatal(err)
	}
	version, err := sector.ParseAPIVersion(v.Version)
	if err != nil {
		t.Fatal(err)
	}
	return newGraph(t, sector.PoRepID(id), v.Size, version)
}

// newGraph makes a graph from its parts.
func newGraph(t testing.TB, id sector.PoRepID, size sector.Size, version sector.APIVersion) *Graph {
	t.Helper()
	p, err := sector.NewProof(id, size, version, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t).Graphs {
		t.Run(fmt.Sprintf("%v/%.4s/%s", v.Size, v.PoRepID, v.Version), func(t *testing.T) {
			g := v.graph(t)
			for i, k := range g.Permutation().Keys() {
				if want, _ := strconv.ParseUint(v.Keys[i], 16, 64); k != want {
					t.Errorf("key %d: %x, want %x", i, k, want)
				}
			}
			if seed := g.DRGSeed(); hex.EncodeToString(seed[:]) != v.DRGSeed || g.Permutation().HalfBits() != v.HalfBits {
				t.Errorf("seed %x of %s, half %d of %d", seed, v.DRGSeed, g.Permutation().HalfBits(), v.HalfBits)
			}
			for _, p := range v.Parents {
				want := append(append([]uint32(nil), p.DRG[:]...), p.Exp[:]...)
				checkNode(t, g, p.Node, [Degree]uint32(want))
			}
			if v.Digest != "" {
				if got := digestAll(t, g); got != v.Digest {
					t.Errorf("all parents: %s, want %s", got, v.Digest)
				}
			}
		})
	}
}

// checkNode compares the parents of one node by both paths.
func checkNode(t *testing.T, g *Graph, node uint64, want [Degree]uint32) {
	t.Helper()
	var one [Degree]uint32
	if err := g.Parents(node, &one); err != nil || one != want {
		t.Errorf("node %d: %v, %v, want %v", node, one, err, want)
	}
	count := min(g.feistel.tableLen()/tableShare, g.Nodes()-node)
	many := make([]uint32, Degree*count)
	if err := g.Range(node, many); err != nil || [Degree]uint32(many) != want {
		t.Errorf("range at %d: %v, %v, want %v", node, many[:Degree], err, want)
	}
}

// digestAll hashes all parents as the cache file has them.
func digestAll(t testing.TB, g *Graph) string {
	t.Helper()
	all := make([]uint32, Degree*g.Nodes())
	if err := g.Range(0, all); err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 0, 4*len(all))
	for _, p := range all {
		raw = binary.LittleEndian.AppendUint32(raw, p)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func TestFeistelVectors(t *testing.T) {
	for _, v := range vectors(t).Feistel {
		f, err := NewFeistel(v.N, v.Keys)
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range v.In {
			got, err := f.Permute(in)
			if err != nil || got != v.Out[i] {
				t.Errorf("%d elements: %d to %d, %v, want %d", v.N, in, got, err, v.Out[i])
			}
			if back, err := f.Invert(got); err != nil || back != in {
				t.Errorf("%d elements: back from %d to %d, %v", v.N, got, back, err)
			}
		}
	}
}

func TestRangeErrors(t *testing.T) {
	g := newGraph(t, sector.PoRepID{5}, sector.Size2KiB, sector.V1_1_0)
	n := g.Nodes()
	for _, c := range []struct {
		first uint64
		len   int
	}{{0, 13}, {0, 15}, {n, Degree}, {n - 1, 2 * Degree}, {n + 1, 0}, {1 << 63, Degree}, {^uint64(0), Degree}} {
		if err := g.Range(c.first, make([]uint32, c.len)); !errors.Is(err, ErrRange) {
			t.Errorf("%d values from %d: %v", c.len, c.first, err)
		}
	}
	var dst [Degree]uint32
	if err := g.Parents(n, &dst); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
}

func BenchmarkParents(b *testing.B) {
	for _, size := range []sector.Size{sector.Size8MiB, sector.Size512MiB, sector.Size32GiB} {
		b.Run("size="+size.String(), func(b *testing.B) {
			g := newGraph(b, sector.PoRepID{8}, size, sector.V1_1_0)
			dst := make([]uint32, Degree*(1<<13))
			first := uint64(0)
			if err := g.Range(first, dst); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := g.Range(first, dst); err != nil {
					b.Fatal(err)
				}
				if first += 1 << 13; first+1<<13 > g.Nodes() {
					first = 0
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<13), "ns/node")
		})
	}
}
