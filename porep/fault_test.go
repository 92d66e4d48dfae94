//go:build !race

// The fault of the memory that is played here is a data race by its nature.

package porep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/porep/sector"
)

// A flippingSink flips one bit of the labels in memory, as they are written: labels that hash it later see the flipped
// one, as with a fault of the memory.
type flippingSink struct {
	*fileSink
	layer int
	at    int64 // byte in the layer
	bit   byte
}

func (s *flippingSink) write(lane, layer int, b []byte, off int64) error {
	if layer == s.layer && s.at >= off && s.at < off+int64(len(b)) {
		b[s.at-off] ^= s.bit
	}
	return s.fileSink.write(lane, layer, b, off)
}

// TestAdversaryMemory flips a bit of a label while a layer is made (P11): the layer must not get its name.
func TestAdversaryMemory(t *testing.T) {
	t.Run("P11", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		for _, size := range []sector.Size{sector.Size2KiB, sector.Size32KiB} {
			p, err := sector.NewProof(sector.NewPoRepID(5, 0), size, sector.V1_1_0, 0)
			if err != nil {
				t.Fatal(err)
			}
			for at := int64(0); at < int64(size); at += int64(size)/40 + 1 {
				for layer := 1; layer <= p.Layers; layer++ {
					tried++
					err := labelWithFault(t, p, layer, at)
					if !errors.Is(err, ErrFile) {
						accepted++
						t.Errorf("%v, layer %d, byte %d: %v", size, layer, at, err)
					}
				}
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "P11", tried, accepted, panics)
	})
}

// labelWithFault labels a sector with one bit flipped and sees to it that the spoilt layer is not there.
func labelWithFault(t *testing.T, p sector.Proof, layer int, at int64) error {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "porep-fault-")
	if err != nil {
		dir = t.TempDir()
	}
	defer os.RemoveAll(dir)
	ids := []sector.ReplicaID{{1, 2, 3}}
	g, err := labelGraph(p, ids...)
	if err != nil {
		t.Fatal(err)
	}
	s := &fileSink{ctx: t.Context(), g: g, ids: ids, files: []Files{{Cache: dir}}, size: int64(p.Size)}
	err = labelSectors(context.Background(), ids, p, &Options{Workers: 1}, made{}, func(int, int) sink {
		return &flippingSink{s, layer, at, 1 << (at % 6)}
	})
	if _, serr := os.Stat(filepath.Join(dir, sector.LayerFile(layer))); serr == nil {
		t.Errorf("layer %d with byte %d flipped has its name", layer, at)
	}
	return err
}
