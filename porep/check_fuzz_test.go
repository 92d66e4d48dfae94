package porep_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// FuzzRepair damages a few files of a small sector at will: Check and Repair bring every byte back, or say that data is lost. Files are in
// memory where the system has such a folder, and only what a run may have changed is put back after it.
func FuzzRepair(f *testing.F) {
	s := newSealedSite(f, sector.Size2KiB)
	names := s.names()
	f.Add([]byte{0, 5, 1})
	f.Add([]byte{1, 0, 255, 3, 9, 9})
	f.Add([]byte{0, 0, 1, 1, 0, 1, 2, 0, 1})
	f.Add([]byte{2, 200, 0, 5, 1, 0, 6, 1, 0, 7, 7, 7, 8, 8, 8})
	opt := &porep.Options{Workers: 1}
	whole := true // what the last run left
	f.Fuzz(func(t *testing.T, damage []byte) {
		if !whole {
			s.restore(t)
		}
		whole = false
		hit := map[string]bool{}
		for ; len(damage) >= 3; damage = damage[3:] {
			name := names[int(damage[0])%len(names)]
			b := slices.Clone(s.files[name])
			at := int(damage[1]) * len(b) / 256
			if damage[2] == 0 {
				b = b[:at]
			} else {
				b[at] ^= damage[2]
			}
			s.put(t, name, b)
			hit[name] = true
		}
		r, err := s.f.Check(t.Context(), s.st, opt)
		if err != nil {
			t.Fatal(err)
		}
		if right := r.Verdict() == porep.Right; right != (len(hit) == 0) {
			t.Fatalf("%d damaged files, and the verdict is %v", len(hit), r.Verdict())
		}
		err = s.f.Repair(t.Context(), s.st, r, &porep.RepairOptions{Options: *opt})
		if errors.Is(err, porep.ErrLost) && hit["staged"] && hit["sealed"] && hit[sector.TreeDFile] {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range s.files {
			if name == sector.TAuxFile {
				continue // its path may be another
			}
			if got, err := os.ReadFile(s.path(name)); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s is not what it was (%v)", name, err)
			}
		}
		whole = !hit[sector.TAuxFile]
	})
}
