package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
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
			if v.Digest != "" && (v.Nodes < 1<<12 || !testing.Short()) {
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
	if large := g.proof.Size >= sector.Size32GiB; !large || g.proof.Version < sector.V1_2_0 && !testing.Short() {
		g.prepare()
	}
	many := make([]uint32, Degree*min(3, g.Nodes()-node))
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

// streamDigest hashes all parents as the cache file has them, in constant memory.
func streamDigest(t testing.TB, g *Graph) [32]byte {
	t.Helper()
	h := sha256.New()
	if err := g.writeAll(t.Context(), h, &Options{Workers: 2, Window: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	return [32]byte(h.Sum(nil))
}

// TestAdversaryGraph checks the properties of a million nodes over all sizes, orders and paths.
func TestAdversaryGraph(t *testing.T) {
	t.Run("P9", func(t *testing.T) {
		tried, accepted := 0, 0
		bad := func(what string, args ...any) {
			accepted++
			t.Errorf(what, args...)
		}
		total := 1_000_000
		if testing.Short() {
			total = 50_000
		}
		r := rand.New(rand.NewPCG(9, 9))
		graphs := propertyGraphs(t)
		dst := make([]uint32, Degree*64)
		for tried < total {
			g := graphs[r.IntN(len(graphs))]
			count := min(64, g.Nodes())
			first := r.Uint64N(g.Nodes() - count + 1)
			switch r.IntN(8) {
			case 0:
				first = 0
			case 1:
				first = g.Nodes() - count
			}
			if err := g.Range(first, dst[:Degree*count]); err != nil {
				t.Fatal(err)
			}
			for i := range count {
				if err := checkParents(g, first+i, [Degree]uint32(dst[Degree*i:])); err != nil {
					bad("%v node %d: %v", g.proof.Size, first+i, err)
				}
				tried++
			}
		}
		for _, g := range graphs {
			f := g.Permutation()
			for _, i := range []uint64{f.Len(), f.Len() + 1, 1 << 63, 1<<64 - 1} {
				tried++
				if _, err := f.Permute(i); !errors.Is(err, ErrRange) {
					bad("element %d of %d: %v", i, f.Len(), err)
				}
				if _, err := f.Invert(i); !errors.Is(err, ErrRange) {
					bad("element %d of %d: %v", i, f.Len(), err)
				}
			}
		}
		for _, n := range []uint64{0, 1<<62 + 1, 1 << 63, 1<<64 - 1} {
			tried++
			if _, err := NewFeistel(n, [4]uint64{}); !errors.Is(err, ErrDomain) {
				bad("a permutation of %d elements: %v", n, err)
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P9", tried, accepted, 0)
	})
}

// propertyGraphs are graphs of every supported size and both orders, with tables where they are made.
func propertyGraphs(t *testing.T) (graphs []*Graph) {
	for i, size := range sector.Sizes() {
		for _, version := range []sector.APIVersion{sector.V1_0_0, sector.V1_1_0} {
			g := newGraph(t, sector.PoRepID{byte(i), 1, 2, 3}, size, version)
			if g.feistel.half < 13 || version == sector.V1_1_0 && size == sector.Size32GiB && !testing.Short() {
				g.prepare()
			}
			if g.tables.Load() != nil || i%3 == 0 {
				graphs = append(graphs, g)
			}
		}
	}
	return graphs
}

// checkParents tells what is wrong with a node's parents: base parents before it, the predecessor in its
// place, expander parents within the layer.
func checkParents(g *Graph, node uint64, p [Degree]uint32) error {
	for i, parent := range p {
		switch {
		case i < BaseDegree && node < 2 && parent != 0:
			return fmt.Errorf("base parent %d is %d, want 0", i, parent)
		case i < BaseDegree && node >= 2 && uint64(parent) >= node:
			return fmt.Errorf("base parent %d is %d", i, parent)
		case i >= BaseDegree && uint64(parent) >= g.Nodes():
			return fmt.Errorf("expander parent %d is %d", i, parent)
		}
	}
	if node > 0 && uint64(p[g.pred]) != node-1 {
		return fmt.Errorf("predecessor is %d", p[g.pred])
	}
	return nil
}

// TestPermutation checks that every small permutation is one, that it is undone, and that the tables agree.
func TestPermutation(t *testing.T) {
	for n := uint64(1); n <= 600; n += 1 + n/9 {
		f, err := NewFeistel(n, [4]uint64{n, 2, 3, 4})
		if err != nil {
			t.Fatal(err)
		}
		tables := f.newTables()
		seen := make([]bool, n)
		for i := range n {
			to, err := f.Permute(i)
			if err != nil || to >= n || seen[to] || tables.permute(i) != to {
				t.Fatalf("%d elements: %d to %d, %v", n, i, to, err)
			}
			seen[to] = true
			if back, err := f.Invert(to); err != nil || back != i {
				t.Fatalf("%d elements: %d back to %d, %v", n, to, back, err)
			}
		}
	}
}

// TestChaCha8 holds the stream against the test vector of a zero key: the first block of ChaCha8 with a
// 256-bit key of zeros (draft-strombergson-chacha-test-vectors, TC1).
func TestChaCha8(t *testing.T) {
	var out [16]uint32
	chacha8(&[7]uint32{}, 0, 0, &out)
	var raw []byte
	for _, w := range out {
		raw = binary.LittleEndian.AppendUint32(raw, w)
	}
	const want = "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e" +
		"984ce172b9216f419f445367456d5619314a42a3da86b001387bfdb80e0cfe42"
	if got := hex.EncodeToString(raw); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAllocs(t *testing.T) {
	g := newGraph(t, sector.PoRepID{5}, sector.Size32KiB, sector.V1_1_0)
	var one [Degree]uint32
	many := make([]uint32, Degree*100)
	if n := testing.AllocsPerRun(10, func() {
		_ = g.Parents(1000, &one)
		_ = g.Range(900, many)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFeistel(f *testing.F) {
	f.Add(uint64(512), uint64(1), uint64(2), uint64(3), uint64(511))
	f.Add(uint64(1)<<33, uint64(1), uint64(2), uint64(3), uint64(1)<<33-1)
	f.Add(uint64(0), uint64(0), uint64(0), uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, n, k0, k1, k2, i uint64) {
		p, err := NewFeistel(n, [4]uint64{k0, k1, k2, 9})
		if err != nil {
			return
		}
		to, err := p.Permute(i)
		if (err == nil) != (i < n) {
			t.Fatal(err)
		}
		if err == nil {
			if back, err := p.Invert(to); err != nil || back != i || to >= n {
				t.Fatal(to, back, err)
			}
		}
	})
}

// TestRemainder holds the remainder by multiplication against the operator.
func TestRemainder(t *testing.T) {
	buckets, inverse := newBuckets()
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 200_000 {
		x := r.Uint64() >> r.IntN(64)
		if i < 64 {
			x = ^uint64(0) >> i
		}
		b := &buckets[1+i%40]
		n := uint64(1 + i%40)
		if got, want := remainder(x, b.count, b.inverse), x%b.count; got != want {
			t.Fatalf("%d modulo %d: %d, want %d", x, b.count, got, want)
		}
		if got, want := remainder(x, n, inverse[n]), x%n; got != want {
			t.Fatalf("%d modulo %d: %d, want %d", x, n, got, want)
		}
	}
}
