package porep_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestCommitUnnamed lets a file not get its name, as a directory has that: those behind it got theirs, TreeC of a replica that was
// not there and t_aux without p_aux.
func TestCommitUnnamed(t *testing.T) {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path    func(porep.Files) string
		without []string
	}{
		{func(f porep.Files) string { return f.Sealed }, slices.Concat(p.TreeCFiles(), p.TreeRLastFiles(), []string{sector.PAuxFile, sector.TAuxFile})},
		{func(f porep.Files) string { return filepath.Join(f.Cache, sector.PAuxFile) }, []string{sector.TAuxFile}},
	} {
		f := newFiles(t)
		s := porep.Sector{Proof: p, ID: sector.ID{Number: 9}}
		if s.CommD, err = porep.Stage(t.Context(), f, p, bytes.NewReader(stream("unnamed", 99)), nil); err != nil {
			t.Fatal(err)
		}
		if err := porep.LabelFiles(t.Context(), []porep.Files{f}, []porep.Sector{s}, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(c.path(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if commR, err := porep.Commit(t.Context(), f, &s, nil); err == nil || commR != (sector.CommR{}) {
			t.Errorf("%s: %v, %v", c.path(f), commR, err)
		}
		for _, name := range c.without {
			if _, err := os.Stat(filepath.Join(f.Cache, name)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is there without %s: %v", name, c.path(f), err)
			}
		}
	}
}
