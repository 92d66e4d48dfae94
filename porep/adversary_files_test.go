package porep_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// cancelCases: contexts that end at many moments; all returns are soon, leave no goroutine, and files that can be
// resumed.
func cancelCases(a *trial) {
	before := runtime.NumGoroutine()
	cancelSeals(a, sector.Size2KiB, 100, 9)
	if !testing.Short() {
		cancelSeals(a, sector.Size8MiB, 7, 70)
	}
	for wait := 0; runtime.NumGoroutine() > before && wait < 3000; wait++ {
		time.Sleep(10 * time.Millisecond) // ended ones are counted until the machine lets them go
	}
	if now := runtime.NumGoroutine(); now > before {
		a.accepted++
		a.t.Errorf("%d goroutines, before %d", now, before)
	}
}

// cancelSeals cancels a job of that size n times, each at one of its first reports, and lets it end well then.
func cancelSeals(a *trial, size sector.Size, n, reports int) {
	t := a.t
	p, err := sector.NewProof(sector.NewPoRepID(5, 0), size, sector.V1_1_0, 0)
	if err != nil {
		t.Fatal(err)
	}
	data := stream("cancel", 2000)
	f, made := newFiles(t), map[string]bool{}
	opt := &porep.Options{
		Keep: func(path string) bool { return made[path] },
		Made: func(path string) error { made[path] = true; return nil },
	}
	for i := range n {
		cancelAt(a, porep.Job{Files: f, Proof: p, Data: bytes.NewReader(data)}, *opt, i*reports/n)
	}
	st, err := porep.Seal(t.Context(), []porep.Job{{Files: f, Proof: p, Data: bytes.NewReader(data)}}, opt)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := porep.Seal(t.Context(), []porep.Job{{Files: newFiles(t), Proof: p, Data: bytes.NewReader(data)}}, nil)
	if err != nil || fresh[0] != st[0] {
		t.Error("resumed and fresh sectors differ:", err)
	}
}

// cancelAt cancels a job at one of its reports.
func cancelAt(a *trial, job porep.Job, opt porep.Options, at int) {
	t := a.t
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reports, late := 0, 0
	opt.Progress = func(string, uint64, uint64) {
		if ctx.Err() != nil {
			late++
		} else if reports++; reports > at {
			cancel()
		}
	}
	_, err := porep.Seal(ctx, []porep.Job{job}, &opt)
	a.tried++
	// A job may end well between its last report and the next look at the context.
	if err != nil && !errors.Is(err, context.Canceled) {
		a.accepted++
		t.Errorf("cancelled at report %d: %v", at, err)
	}
	// It returns soon, whatever else the machine does: each worker ends at most the batch it had begun.
	if late > runtime.GOMAXPROCS(0) {
		a.accepted++
		t.Errorf("cancelled at report %d: %d reports after that", at, late)
	}
	left, err := filepath.Glob(filepath.Join(job.Files.Cache, "*.tmp"))
	if len(left) > 0 || err != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// directoryCases: a cache that is missing, a file, read-only, a loop of links, or full of links that lead out.
func directoryCases(a *trial) {
	t := a.t
	good, st := sealed(t, sector.StackedDRG2KiBV1_1, 1)
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	if err := os.WriteFile(outside, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := func(what string, f porep.Files) {
		t.Helper()
		data := bytes.NewReader(make([]byte, 100))
		for name, do := range map[string]func() error{
			"Stage":      func() error { _, err := porep.Stage(t.Context(), f, st.Proof, data, nil); return err },
			"StageFile":  func() error { _, err := porep.StageFile(t.Context(), f, st.Proof, nil); return err },
			"LabelFiles": func() error { return porep.LabelFiles(t.Context(), []porep.Files{f}, []porep.Sector{st.Sector}, nil) },
			"Commit":     func() error { _, err := porep.Commit(t.Context(), f, &st.Sector, nil); return err },
			"Prove":      func() error { _, err := porep.Prove(t.Context(), f, st, nil); return err },
			"Synthesize": func() error { return porep.Synthesize(t.Context(), f, st, nil) },
		} {
			a.refuses(what+": "+name, do)
		}
	}
	at := func(cache string) porep.Files { f := good; f.Cache = cache; return f }
	all("missing", at(filepath.Join(dir, "missing")))
	all("a file", at(outside))
	all("empty name", at(""))
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err == nil {
		all("a loop", at(loop))
	}
	if os.Getuid() > 0 { // root writes anywhere
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		all("read-only", at(locked))
	}
	links := newFiles(t)
	for _, name := range []string{sector.LayerFile(1), sector.TreeDFile, "sc-02-data-tree-c.dat", "sc-02-data-tree-r-last.dat", sector.PAuxFile} {
		for _, suffix := range []string{"", ".tmp"} {
			for _, to := range []string{outside, "../../outside"} {
				path := filepath.Join(links.Cache, name+suffix)
				_ = os.Remove(path)
				if os.Symlink(to, path) != nil {
					continue
				}
			}
		}
	}
	for _, path := range []string{links.Staged + ".tmp", links.Sealed + ".tmp"} {
		_ = os.Symlink(outside, path)
	}
	all("links that lead out", links)
	if b, err := os.ReadFile(outside); err != nil || string(b) != "untouched" {
		a.accepted++
		t.Errorf("a file outside of the directory was changed: %q %v", b, err)
	}
}

// memoryCases: budgets below the need are refused at once, stating it; the need itself suffices.
func memoryCases(a *trial) {
	t := a.t
	for _, seal := range sector.SealProofs() {
		p, err := seal.Proof()
		if err != nil {
			t.Fatal(err)
		}
		for lanes := 1; lanes <= 4; lanes++ {
			need := porep.LabelMemory(p, lanes)
			if floor := 2 * uint64(lanes) * uint64(p.Size); need < floor || need > floor+600<<20 {
				t.Errorf("%v, %d lanes: need %d for layers of %d", p.Size, lanes, need, floor)
			}
			for _, budget := range []uint64{1, need / 2, need - 1} {
				ids, ws := make([]sector.ReplicaID, lanes), make([]io.WriterAt, lanes)
				a.refuses(fmt.Sprint(seal, " with ", budget), func() error {
					err := porep.LabelBatch(t.Context(), ids, p, ws, &porep.Options{Memory: budget, Lanes: lanes})
					var m *porep.MemoryError
					if errors.As(err, &m) && (m.Need != need || !strings.Contains(m.Error(), fmt.Sprint(need))) {
						t.Errorf("need %d, stated %v", need, m)
					}
					return err
				}, porep.ErrMemory)
			}
		}
		s := porep.Sector{Proof: p, CommD: sector.CommD{1}}
		opt := &porep.Options{Memory: 1000}
		a.refuses("Commit", func() error { _, err := porep.Commit(t.Context(), porep.Files{}, &s, opt); return err }, porep.ErrMemory)
		a.refuses("Stage", func() error {
			_, err := porep.Stage(t.Context(), porep.Files{}, p, bytes.NewReader(nil), opt)
			return err
		}, porep.ErrMemory)
		a.refuses("Unseal", func() error { return porep.Unseal(t.Context(), &s, nil, nil, 0, 1, opt) }, porep.ErrMemory)
		a.refuses("Seal", func() error { _, err := porep.Seal(t.Context(), []porep.Job{{Proof: p}}, opt); return err }, porep.ErrMemory)
	}
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	out := make(buffer, 2*p.Size)
	if err := porep.Label(t.Context(), sector.ReplicaID{}, p, out, &porep.Options{Memory: porep.LabelMemory(p, 1)}); err != nil {
		t.Error("with the memory it states:", err)
	}
	ids, ws := make([]sector.ReplicaID, 4), []io.WriterAt{out, out, out, out}
	if err := porep.LabelBatch(t.Context(), ids, p, ws, &porep.Options{Memory: porep.LabelMemory(p, 2)}); err != nil {
		t.Error("four sectors with the memory of two:", err)
	}
}
