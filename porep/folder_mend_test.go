package porep_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/merkle/durable"
	"github.com/assaylab/assay/merkle/durable/durabletest"
	"github.com/assaylab/assay/porep"
)

// left are the files that Prune leaves of a sector.
var left = []string{"sealed", "cache/p_aux", "cache/t_aux", "cache/sc-02-data-tree-r-last.dat"}

// prune seals the sector on a new disk and gives up all that Prune does.
func (w *sealing) prune(t *testing.T) *durabletest.Disk {
	t.Helper()
	disk := durabletest.NewDisk()
	if _, err := w.seal(t.Context(), disk, nil); err != nil {
		t.Fatal(err)
	}
	f, err := w.open(disk, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Prune(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return disk
}

// lacks returns a file left by Prune that is not what Seal makes, or one that should be gone, "" where there is none.
func (w *sealing) lacks(disk *durabletest.Disk) string {
	for name, want := range w.files {
		if slices.Contains(left, name) && string(disk.Bytes(name)) != want {
			return name
		}
		if !slices.Contains(left, name) && disk.Bytes(name) != nil {
			return name
		}
	}
	return ""
}

// spoil changes a byte of a file so that a loss of power does not bring it back.
func spoil(t *testing.T, disk *durabletest.Disk, name string, at int) {
	t.Helper()
	f, err := disk.OpenFile(name, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{disk.Bytes(name)[at] ^ 16}, int64(at)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestFolderMend damages what Prune left of a sector: all but the replica is made again, without a label.
func TestFolderMend(t *testing.T) {
	w := newSealing(t, 40)
	for kind, damage := range map[string]func(disk *durabletest.Disk, name string) error{
		"flipped": func(disk *durabletest.Disk, name string) error { disk.Bytes(name)[3] ^= 4; return nil },
		"missing": func(disk *durabletest.Disk, name string) error { return disk.Remove(name) },
		"short": func(disk *durabletest.Disk, name string) error {
			f, err := disk.OpenFile(name, 0)
			if err != nil {
				return err
			}
			return f.Truncate(5)
		},
	} {
		for pick := 1; pick < 8; pick++ {
			disk := w.prune(t)
			var hit []string
			for i, name := range left[1:] {
				if pick>>i&1 == 1 {
					hit = append(hit, name)
					if err := damage(disk, name); err != nil {
						t.Fatal(err)
					}
				}
			}
			labels := 0
			st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: countLabels(&labels, nil)}, nil)
			if bad := w.lacks(disk); err != nil || st != w.st || bad != "" || labels > 0 {
				t.Errorf("%s %v: %v, CommR %v, want %v; %q differs; %d labels were made", kind, hit, err, st.CommR, w.st.CommR, bad, labels)
			}
		}
	}
}

// TestFolderMendPower cuts the power while a pruned sector is mended.
func TestFolderMendPower(t *testing.T) {
	w := newSealing(t, 41)
	r := rand.New(rand.NewPCG(4, 10))
	for i := range crashes(5000, 40) {
		disk := w.prune(t)
		for _, name := range left[1:] {
			if r.IntN(2) == 0 {
				spoil(t, disk, name, r.IntN(len(disk.Bytes(name))))
			}
		}
		for range 1 + r.IntN(2) {
			_, _ = w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: cutPower(r.IntN(60), r.IntN(64))}, nil)
			disk = disk.Crash(r)
		}
		st, err := w.seal(t.Context(), disk, nil)
		if bad := w.lacks(disk); err != nil || st != w.st || bad != "" {
			t.Errorf("state %d: %v, CommR %v, want %v; %q differs", i, err, st.CommR, w.st.CommR, bad)
		}
	}
}

// TestFolderLost damages the replica of a pruned sector: that is an error that names it and makes nothing, unless the sector may
// be sealed anew.
func TestFolderLost(t *testing.T) {
	w := newSealing(t, 42)
	disk := w.prune(t)
	spoil(t, disk, "sealed", 77)
	names := disk.Names()
	_, err := w.seal(t.Context(), disk, nil)
	var bad *porep.FileError
	if !errors.As(err, &bad) || bad.Name != "sealed" || bad.Block != 0 || !errors.Is(err, porep.ErrFile) || !strings.Contains(err.Error(), "Again") {
		t.Errorf("got %v, want a FileError of sealed that says what to do", err)
	}
	if !slices.Equal(disk.Names(), names) {
		t.Errorf("files %v, before %v", disk.Names(), names)
	}
	r := rand.New(rand.NewPCG(5, 10))
	for range 4 { // begun, cut off and begun again
		_, _ = w.sealAgain(t, &durabletest.Faulty{FS: disk, Plan: cutPower(r.IntN(w.ops), 0)})
		disk = disk.Crash(r)
	}
	st, err := w.sealAgain(t, disk)
	if differs := w.differ(disk); err != nil || st != w.st || differs != "" {
		t.Errorf("sealed anew: %v, CommR %v, want %v; %q differs", err, st.CommR, w.st.CommR, differs)
	}
}

// sealAgain is seal with FolderOptions.Again.
func (w *sealing) sealAgain(t *testing.T, fs durable.FS) (porep.Statement, error) {
	f, err := porep.OpenFolder(fs, w.s, &porep.FolderOptions{Segment: folderSegment, Path: folderPath, Again: true, Data: w.reader()})
	if err != nil {
		return porep.Statement{}, err
	}
	defer f.Close()
	st, err := porep.SealFolders(t.Context(), []*porep.Folder{f}, nil)
	if err != nil {
		return porep.Statement{}, err
	}
	return st[0], nil
}

// TestFolderHalfPruned cuts the power while a sector is pruned and damages a file that was to go: the sector counts as whole.
func TestFolderHalfPruned(t *testing.T) {
	w := newSealing(t, 43)
	disk := durabletest.NewDisk()
	if _, err := w.seal(t.Context(), disk, nil); err != nil {
		t.Fatal(err)
	}
	removed := 0
	f, err := w.open(&durabletest.Faulty{FS: disk, Plan: func(op durabletest.Op) *durabletest.Fault {
		if op.Kind == "remove" {
			if removed++; removed > 1 {
				return &durabletest.Fault{Err: errPower}
			}
		}
		return nil
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Prune(t.Context(), false); !errors.Is(err, errPower) {
		t.Fatalf("got %v, want the power to fail", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	disk.Bytes("cache/sc-02-data-layer-2.dat")[9] ^= 1
	labels := 0
	st, err := w.seal(t.Context(), &durabletest.Faulty{FS: disk, Plan: countLabels(&labels, nil)}, nil)
	if err != nil || st != w.st || labels > 0 {
		t.Errorf("%v, CommR %v, want %v; %d labels were made", err, st.CommR, w.st.CommR, labels)
	}
}
