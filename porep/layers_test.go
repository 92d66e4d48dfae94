package porep_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestCheckLayersReads expects each small layer to be read once, though the layer above it is computed from it again.
func TestCheckLayersReads(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	made := newFiles(t)
	st := seal(t, made, porep.Sector{Proof: p, ID: sector.ID{Number: 9}}, bytes.NewReader(stream("layers", 99)), nil)
	disk := durabletest.NewDisk()
	for l := range p.Layers {
		name := sector.LayerFile(l + 1)
		writeDisk(t, disk, "cache/"+name, readFile(t, filepath.Join(made.Cache, name)))
	}
	var read atomic.Int64
	f := porep.Files{Cache: "cache", FS: &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "read" {
			read.Add(int64(op.Len))
		}
		return nil
	}}}
	if err := f.CheckLayers(t.Context(), &st.Sector, p.Layers); err != nil {
		t.Fatal(err)
	}
	if want := int64(p.Layers) * int64(p.Size); read.Load() != want {
		t.Errorf("%d bytes were read of %d", read.Load(), want)
	}
}

func writeDisk(t *testing.T, disk *durabletest.Disk, name string, b []byte) {
	t.Helper()
	f, err := disk.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
}
