package porep_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
)

// TestFolderSyncOnce fails each sync of a file once: all but the journal's are made good in the same run, by writing again; after
// the journal's the folder must be opened again.
func TestFolderSyncOnce(t *testing.T) {
	w := newSealing(t, 50)
	var syncs []int
	_, err := w.seal(t.Context(), &durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "sync" {
			syncs = append(syncs, op.Number)
		}
		return nil
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	survived := 0
	for _, k := range syncs {
		var hit, last string
		disk := durabletest.NewDisk()
		st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
			if hit != "" && last == "sync" && op.Kind == "sync" && op.Name == hit {
				t.Errorf("operation %d: %s was synced again without a write", k, hit)
			}
			if op.Name == hit {
				last = op.Kind
			}
			if op.Number != k || op.Kind != "sync" {
				return nil
			}
			hit, last = op.Name, op.Kind
			return &durabletest.Fault{Err: syscall.EIO}
		}}, nil)
		switch {
		case hit == "assay.journal" || hit == "assay.job.assay-tmp":
			w.wrong(t, disk, hit)
		case err != nil || st != w.st || w.differ(disk) != "":
			t.Errorf("operation %d, sync of %s: %v, CommR %v, want %v; %q differs", k, hit, err, st.CommR, w.st.CommR, w.differ(disk))
		default:
			survived++
		}
	}
	if survived < 10 {
		t.Errorf("%d failed syncs were survived", survived)
	}
	for _, name := range []string{"cache/sc-02-data-layer-2.dat", "sealed.assay-tmp"} { // it fails for good
		failed := 0
		_, err := w.seal(t.Context(), &durabletest.Faulty{FS: durabletest.NewDisk(), Plan: func(op durabletest.Op) *durabletest.Fault {
			if op.Kind != "sync" || op.Name != name {
				return nil
			}
			failed++
			return &durabletest.Fault{Err: syscall.EIO}
		}}, nil)
		if err == nil || failed != 2 {
			t.Errorf("%s: %d syncs, want 2: %v", name, failed, err)
		}
	}
}

// TestFolderRoom lets others fill the disk as soon as the first label is written: all room was taken before.
func TestFolderRoom(t *testing.T) {
	w := newSealing(t, 51)
	disk := durabletest.NewDisk()
	st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "write" && strings.HasPrefix(op.Name, "cache/sc-02-data-layer") {
			disk.Capacity = 1
		}
		return nil
	}}, nil)
	if bad := w.differ(disk); err != nil || st != w.st || bad != "" {
		t.Errorf("%v, CommR %v, want %v; %q differs", err, st.CommR, w.st.CommR, bad)
	}
}

// TestFolderProgress expects to be told of the reading of recorded files.
func TestFolderProgress(t *testing.T) {
	w := newSealing(t, 52)
	disk := durabletest.NewDisk()
	w.wrong(t, disk, "first")
	f, err := w.open(disk, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	checked := uint64(0)
	_, err = porep.SealFolders(t.Context(), []*porep.Folder{f}, &porep.Options{Progress: func(stage string, done, total uint64) {
		if stage != "check files" || done > total {
			t.Errorf("%s: %d of %d", stage, done, total)
		}
		if done == total {
			checked += total
		}
	}})
	want := 0
	for _, b := range w.files {
		want += len(b)
	}
	if err != nil || checked != uint64(want) {
		t.Errorf("%d bytes were checked, want %d: %v", checked, want, err)
	}
}
