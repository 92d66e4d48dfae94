package label_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/internal/label"
	"github.com/assaylab/assay/porep/sector"
)

// A chain is one of labels.json: the digests of all layers of one sector, by rust-fil-proofs 19.1.
type chain struct {
	SectorSize sector.Size `json:"sector_size"`
	Layers     int         `json:"layers"`
	ReplicaID  string      `json:"replica_id"`
	PoRepID    string      `json:"porep_id"`
	API        string      `json:"api_version"`
	Digests    []struct {
		SHA256 string `json:"sha256"`
	} `json:"layer_digests"`
}

func chains(t *testing.T) []chain {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "labels.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Chains []chain }
	if err := json.Unmarshal(b, &f); err != nil || len(f.Chains) == 0 {
		t.Fatal("labels.json: ", err)
	}
	return f.Chains
}

// table returns the parents of the chain's graph.
func (c *chain) table(t *testing.T) []uint32 {
	t.Helper()
	var id sector.PoRepID
	hex.Decode(id[:], []byte(c.PoRepID))
	api, err := sector.ParseAPIVersion(c.API)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sector.NewProof(id, c.SectorSize, api, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.New(p)
	if err != nil {
		t.Fatal(err)
	}
	table, err := graph.Load(context.Background(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	return table.All()
}

// layers labels the chain in one lane of several, other sectors in the others, and returns the layers' digests.
func (c *chain) layers(t testing.TB, parents []uint32, lanes, lane int, plain bool) []string {
	ids := make([][label.Size]byte, lanes)
	for k := range ids {
		hex.Decode(ids[k][:], []byte(c.ReplicaID))
		ids[k][0] ^= byte(k - lane)
	}
	l, err := label.New(ids...)
	if err != nil {
		t.Error(err)
		return nil
	}
	if plain {
		label.SetPlain(l)
	}
	n := int(c.SectorSize)
	cur, prev, one := make([]byte, n*lanes), make([]byte, n*lanes), make([]byte, n)
	var out []string
	for layer := 1; layer <= c.Layers; layer++ {
		if err := l.Label(uint32(layer), 0, parents, cur, prev); err != nil {
			t.Error(err)
			return nil
		}
		label.Take(one, cur, lanes, lane)
		sum := sha256.Sum256(one)
		out = append(out, hex.EncodeToString(sum[:]))
		cur, prev = prev, cur
	}
	return out
}

// wrong counts the layers that are not the reference's.
func (c *chain) wrong(got []string) int {
	n := len(c.Digests) - len(got)
	for i := range got {
		if got[i] != c.Digests[i].SHA256 {
			n++
		}
	}
	return n
}

// TestChains makes the chains of labels.json up to 1 MiB, all with ASSAY_MILLION=1: all API versions and lane
// counts, each lane.
func TestChains(t *testing.T) {
	for i, c := range chains(t) {
		if c.SectorSize > 1<<20 && os.Getenv("ASSAY_MILLION") != "1" {
			continue
		}
		parents := c.table(t)
		for _, lanes := range []int{1, 2, 3, 4, 7, 16} {
			for lane := range lanes {
				if c.SectorSize > 4096 && lane != lanes-1 || c.SectorSize >= 1<<20 && lanes != 4 {
					continue
				}
				if n := c.wrong(c.layers(t, parents, lanes, lane, false)); n != 0 {
					t.Errorf("chain %d in lane %d of %d: %d of %d layers differ", i, lane, lanes, n, c.Layers)
				}
			}
		}
	}
}

// TestAdversaryPaths is P7: every CPU path, lane count and 1 to 16 goroutines at once, 11 layers, sectors of 2
// KiB to 32 KiB, with ASSAY_MILLION=1 to 8 MiB: the digests are the reference's, always.
func TestAdversaryPaths(t *testing.T) {
	t.Run("P7", func(t *testing.T) {
		largest := sector.Size(32 << 10)
		if os.Getenv("ASSAY_MILLION") == "1" {
			largest = 8 << 20
		}
		var mu sync.Mutex
		tried, accepted := 0, 0
		for _, c := range chains(t) {
			if c.SectorSize > largest || c.Layers != 11 || testing.Short() && c.SectorSize > 2048 {
				continue
			}
			parents := c.table(t)
			for _, workers := range []int{1, 2, 7, 16} {
				if c.SectorSize > 4096 && workers != 2 {
					continue
				}
				var wg sync.WaitGroup
				for w := range workers {
					wg.Go(func() {
						lanes := 1 + w%label.MaxLanes // 1 to 16
						for _, plain := range []bool{false, true} {
							n := c.wrong(c.layers(t, parents, lanes, lanes-1, plain))
							mu.Lock()
							tried, accepted = tried+1, accepted+n
							mu.Unlock()
						}
					})
				}
				wg.Wait()
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P7", tried, accepted, 0)
		if accepted != 0 {
			t.Fail()
		}
	})
}
