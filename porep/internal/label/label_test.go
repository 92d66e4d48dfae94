package label

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// ids returns n replica ids that depend on seed alone.
func ids(seed byte, n int) [][Size]byte {
	r := rand.NewChaCha8([32]byte{seed})
	d := make([][Size]byte, n)
	for i := range d {
		r.Read(d[i][:])
		d[i][31] &= 0x3f
	}
	return d
}

// parents returns a random graph. pred says which DRG parent is the node before (-1: none); close makes other
// DRG parents fall on the last few nodes often, the case where a schedule cannot be made ahead.
func parents(seed byte, nodes uint64, pred int, close bool) []uint32 {
	r := rand.New(rand.NewChaCha8([32]byte{seed, 1}))
	p := make([]uint32, nodes*Degree)
	for i := uint64(1); i < nodes; i++ {
		for j := range Degree {
			switch {
			case j == pred:
				p[i*Degree+uint64(j)] = uint32(i - 1)
			case j >= Base:
				p[i*Degree+uint64(j)] = uint32(r.Uint64N(nodes))
			case close && r.IntN(2) == 0:
				p[i*Degree+uint64(j)] = uint32(i - 1 - r.Uint64N(min(i, 3)))
			default:
				p[i*Degree+uint64(j)] = uint32(r.Uint64N(i))
			}
		}
	}
	return p
}

// slow is the definition: the label of every node of layers 1 to layers of one sector, one hash.Hash at a time.
func slow(id [Size]byte, layers int, nodes uint64, par []uint32) [][]byte {
	out := make([][]byte, layers)
	for l := range out {
		out[l] = make([]byte, Size*nodes)
		for i := range nodes {
			h := sha256.New()
			h.Write(id[:])
			binary.Write(h, binary.BigEndian, uint32(l+1))
			binary.Write(h, binary.BigEndian, i)
			h.Write(make([]byte, 20))
			for j := 0; j < 37 && i > 0; j++ {
				k, from := j%Degree, out[l]
				if l == 0 {
					k = j % Base
				} else if k >= Base {
					from = out[l-1]
				}
				h.Write(from[Size*par[i*Degree+uint64(k)]:][:Size])
			}
			copy(out[l][Size*i:], h.Sum(nil))
			out[l][Size*i+31] &= 0x3f
		}
	}
	return out
}

// chain makes all layers through Label in pieces of step nodes and returns them, interleaved.
func chain(t testing.TB, id [][Size]byte, layers int, nodes uint64, par []uint32, step uint64) [][]byte {
	t.Helper()
	l, err := New(id...)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]byte, layers)
	var prev []byte
	for i := range out {
		out[i] = make([]byte, uint64(Size*len(id))*nodes)
		for n := uint64(0); n < nodes; n += step {
			end := min(n+step, nodes)
			if err := l.Label(uint32(i+1), n, par[n*Degree:end*Degree], out[i], prev); err != nil {
				t.Fatal(err)
			}
		}
		prev = out[i]
	}
	return out
}

// laneCounts is every number of lanes.
var laneCounts = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// TestLabel holds every lane count, position of the predecessor and cut into calls against the definition.
func TestLabel(t *testing.T) {
	const layers, nodes = 3, 96
	for pred := -1; pred < Base; pred++ {
		for _, close := range []bool{false, true} {
			if testing.Short() && (pred > 0 || !close) {
				continue
			}
			par := parents(byte(pred+1), nodes, pred, close)
			want := make([][][]byte, MaxLanes)
			for k, id := range ids(3, MaxLanes) {
				want[k] = slow(id, layers, nodes, par)
			}
			for _, lanes := range laneCounts {
				for _, step := range []uint64{1, 3, 17, nodes} {
					got := chain(t, ids(3, lanes), layers, nodes, par, step)
					for k := range lanes {
						for i := range layers {
							one := make([]byte, Size*nodes)
							Take(one, got[i], lanes, k)
							if !bytes.Equal(one, want[k][i]) {
								t.Fatalf("pred %d close %v lanes %d step %d: layer %d of lane %d is wrong", pred, close, lanes, step, i+1, k)
							}
						}
					}
				}
			}
		}
	}
}

// TestParentsRange expects ErrParents for every parent out of range, with the labels before it made and none after.
func TestParentsRange(t *testing.T) {
	const nodes = 20
	par := parents(9, nodes, 0, false)
	counts := []int{1, 2, 3, 4, 7, 16}
	if testing.Short() {
		counts = []int{1, 4, 5}
	}
	for _, lanes := range counts {
		id := ids(9, lanes)
		good := chain(t, id, 2, nodes, par, nodes)
		l, _ := New(id...)
		for _, layer := range []int{1, 2} {
			for node := uint64(1); node < nodes; node++ {
				for j := range uint64(Degree) {
					for _, v := range []uint64{node, nodes, nodes + 1, 1 << 31, 1<<32 - 1} {
						if j >= Base && (v == node || layer == 1) {
							continue
						}
						bad := append([]uint32(nil), par...)
						bad[node*Degree+j] = uint32(v)
						cur := make([]byte, len(good[0]))
						err := l.Label(uint32(layer), 0, bad, cur, good[0])
						if !errors.Is(err, ErrParents) {
							t.Fatalf("lanes %d layer %d node %d parent %d = %d: got %v", lanes, layer, node, j, v, err)
						}
						cut := uint64(Size*lanes) * node
						if !bytes.Equal(cur[:cut], good[layer-1][:cut]) || !bytes.Equal(cur[cut:], make([]byte, len(cur)-int(cut))) {
							t.Fatalf("lanes %d layer %d node %d parent %d: nodes made are wrong", lanes, layer, node, j)
						}
					}
				}
			}
		}
	}
}

// TestSizes expects an error for every size that does not fit.
func TestSizes(t *testing.T) {
	if _, err := New(); err == nil {
		t.Error("New of no sector: no error")
	}
	if _, err := New(make([][Size]byte, MaxLanes+1)...); err == nil {
		t.Error("New of too many sectors: no error")
	}
	if _, err := NewShort(make([][Size]byte, interleaved+1)...); err == nil {
		t.Error("five sectors of short messages are accepted")
	}
	l, _ := New(ids(1, 2)...)
	b := func(n int) []byte { return make([]byte, n) }
	p := func(n int) []uint32 { return make([]uint32, n) }
	for name, err := range map[string]error{
		"layer 0":     l.Label(0, 0, p(14), b(64), b(64)),
		"odd layer":   l.Label(1, 0, p(14), b(65), nil),
		"no previous": l.Label(2, 0, p(14), b(64), nil),
		"odd parents": l.Label(1, 0, p(13), b(64), nil),
		"start":       l.Label(1, 2, nil, b(64), nil),
		"end":         l.Label(1, 0, p(28), b(64), nil),
		"huge start":  l.Label(1, 1<<64-1, p(28), b(64), nil),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, err := range map[string]error{
		"nothing":        l.Label(1, 0, nil, nil, nil),
		"nothing at end": l.Label(2, 1, nil, b(64), b(64)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTakePut round-trips lanes and leaves the other lanes alone.
func TestTakePut(t *testing.T) {
	for lanes := 1; lanes <= MaxLanes; lanes++ {
		all, want := make([]byte, 7*Size*lanes), make([][]byte, lanes)
		for k := range want {
			want[k] = make([]byte, 7*Size)
			rand.NewChaCha8([32]byte{byte(k)}).Read(want[k])
			Put(all, want[k], lanes, k)
		}
		for k := range want {
			got := make([]byte, 7*Size)
			Take(got, all, lanes, k)
			if !bytes.Equal(got, want[k]) {
				t.Errorf("lane %d of %d differs", k, lanes)
			}
		}
	}
}

// TestBuffer writes a buffer whole and frees it twice.
func TestBuffer(t *testing.T) {
	for _, n := range []int{1, 4096, 2 << 20, 5<<20 + 1} {
		b, err := NewBuffer(n)
		if err != nil {
			t.Fatal(err)
		}
		m := b.Bytes()
		if len(m) != n || !bytes.Equal(m, make([]byte, n)) {
			t.Errorf("buffer of %d: got %d bytes, or not zero", n, len(m))
		}
		for i := range m {
			m[i] = 1
		}
		for range 2 {
			if err := b.Free(); err != nil {
				t.Errorf("buffer of %d: %v", n, err)
			}
		}
	}
	if _, err := NewBuffer(0); err == nil {
		t.Error("buffer of 0: no error")
	}
}

// TestAllocs holds Label to its budget of no allocation.
func TestAllocs(t *testing.T) {
	const nodes = 64
	par := parents(3, nodes, 0, false)
	for lanes := 1; lanes <= MaxLanes; lanes++ {
		l, _ := New(ids(3, lanes)...)
		cur, prev := make([]byte, nodes*Size*lanes), make([]byte, nodes*Size*lanes)
		if n := testing.AllocsPerRun(10, func() { l.Label(2, 0, par, cur, prev) }); n != 0 {
			t.Errorf("lanes %d: %v allocations, want 0", lanes, n)
		}
	}
}

// BenchmarkLabels makes layer 2 over and over: of 32 KiB sectors, in cache, and of 8 MiB sectors.
func BenchmarkLabels(b *testing.B) {
	for _, size := range []struct {
		name  string
		nodes uint64
	}{{"32KiB", 1 << 10}, {"8MiB", 1 << 18}} {
		par := parents(1, size.nodes, 0, false)
		for _, lanes := range []int{1, 2, 3, 4, 8, 16} {
			b.Run(fmt.Sprintf("lanes=%d/sector=%s", lanes, size.name), func(b *testing.B) {
				l, _ := New(ids(1, lanes)...)
				n := int(size.nodes) * Size * lanes
				cb, err := NewBuffer(2 * n)
				if err != nil {
					b.Fatal(err)
				}
				defer cb.Free()
				cur, prev := cb.Bytes()[:n], cb.Bytes()[n:]
				rand.NewChaCha8([32]byte{7}).Read(prev)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					if err := l.Label(2, 0, par, cur, prev); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size.nodes)/float64(lanes), "ns/label")
			})
		}
	}
}
