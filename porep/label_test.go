package porep_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/vectortest"
	"github.com/assaylab/assay/porep/sector"
)

// buffer is memory to write at.
type buffer []byte

func (b buffer) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(b)-len(p)) {
		return 0, fmt.Errorf("write of %d bytes at %d, beyond %d", len(p), off, len(b))
	}
	return copy(b[off:], p), nil
}

type chainVector struct {
	SectorSize sector.Size `json:"sector_size"`
	Layers     int
	ReplicaID  hex32  `json:"replica_id"`
	PoRepID    hex32  `json:"porep_id"`
	API        string `json:"api_version"`
	Digests    []struct {
		Layer  int
		SHA256 hex32
		Label0 hex32 `json:"label_0"`
		Last   hex32 `json:"label_last"`
	} `json:"layer_digests"`
}

func (v *chainVector) proof(t testing.TB) sector.Proof {
	s := vectorSector{SectorSize: v.SectorSize, PoRepID: v.PoRepID, API: v.API}
	p := s.proof(t)
	p.Layers = v.Layers
	return p
}

func loadChains(t testing.TB) []chainVector {
	var f struct{ Chains []chainVector }
	vectortest.Read(t, "filecoin/labels.json", &f)
	return f.Chains
}

// TestLabels holds label chains against the recorded ones, apart from the longest.
func TestLabels(t *testing.T) {
	for i, v := range loadChains(t) {
		if v.SectorSize > sector.Size32KiB && v.Layers == 11 {
			continue // TestAdversary/P7 has it
		}
		p := v.proof(t)
		got := make(buffer, p.Layers*int(p.Size))
		if err := porep.Label(t.Context(), sector.ReplicaID(v.ReplicaID), p, got, nil); err != nil {
			t.Fatal(err)
		}
		for _, d := range v.Digests {
			layer := got[(d.Layer-1)*int(p.Size) : d.Layer*int(p.Size)]
			if sum := hex32(sha256.Sum256(layer)); sum != d.SHA256 {
				t.Errorf("chain %d, layer %d: digest %v, want %v", i, d.Layer, sum, d.SHA256)
			}
		}
	}
}

// TestLabelBatch holds batches of every size against single sectors, for several numbers of workers.
func TestLabelBatch(t *testing.T) {
	p, err := sector.NewProof(sector.NewPoRepID(6, 0), sector.Size32KiB, sector.V1_1_0, 0)
	if err != nil {
		t.Fatal(err)
	}
	const most = 17
	ids, want := make([]sector.ReplicaID, most), make([]buffer, most)
	for i := range ids {
		ids[i] = sector.ReplicaID{byte(i), 1}
		want[i] = make(buffer, p.Layers*int(p.Size))
		if err := porep.Label(t.Context(), ids[i], p, want[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n <= most; n++ {
		for _, opt := range []*porep.Options{nil, {Workers: 1}, {Workers: 7}, {Lanes: 1}, {Lanes: 3, Workers: 2}, {Lanes: 16, Workers: 1}} {
			ws, got := make([]io.WriterAt, n), make([]buffer, n)
			for i := range ws {
				got[i] = make(buffer, len(want[i]))
				ws[i] = got[i]
			}
			if err := porep.LabelBatch(t.Context(), ids[:n], p, ws, opt); err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if string(got[i]) != string(want[i]) {
					t.Fatalf("sector %d of %d with %+v differs from the one made alone", i, n, opt)
				}
			}
		}
	}
}

// TestLabelParents labels with parents from a table and from a cache file, and refuses those of other graphs.
func TestLabelParents(t *testing.T) {
	p, err := sector.NewProof(sector.NewPoRepID(6, 0), sector.Size32KiB, sector.V1_1_0, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.New(p)
	if err != nil {
		t.Fatal(err)
	}
	table, err := graph.Load(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := graph.OpenCache(t.Context(), t.TempDir(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	label := func(p sector.Proof, src graph.Source) (string, error) {
		out := make(buffer, uint64(p.Layers)*uint64(p.Size))
		err := porep.Label(t.Context(), sector.ReplicaID{5}, p, out, &porep.Options{Parents: src})
		return string(out), err
	}
	want, err := label(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []graph.Source{table, cache, g} {
		if got, err := label(p, src); err != nil || got != want {
			t.Errorf("%T: other labels, or %v", src, err)
		}
	}
	for i, change := range []func(p *sector.Proof){
		func(p *sector.Proof) { p.ID[0]++ }, func(p *sector.Proof) { p.Version = sector.V1_0_0 },
		func(p *sector.Proof) { *p, _ = sector.NewProof(p.ID, sector.Size16KiB, p.Version, 0) },
	} {
		other := p
		change(&other)
		if _, err := label(other, table); !errors.Is(err, porep.ErrParents) {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// failing is a writer that fails at its n-th call.
type failing struct{ n int }

var errFull = errors.New("no space")

func (f *failing) WriteAt(b []byte, _ int64) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestLabelWriter expects the writer's error, whenever it comes.
func TestLabelWriter(t *testing.T) {
	p, err := sector.NewProof(sector.NewPoRepID(6, 0), 1<<20, sector.V1_1_0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 8 {
		if err := porep.Label(t.Context(), sector.ReplicaID{1}, p, &failing{n}, nil); !errors.Is(err, errFull) {
			t.Errorf("failing at write %d: %v", n, err)
		}
	}
}
