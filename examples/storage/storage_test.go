package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/sector"
)

// TestMain lets the test binary be the second process, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "-verify" {
		main()
		return
	}
	os.Exit(m.Run())
}

// newWorker returns a worker for some bytes in a 2 KiB sector in dir, and what it says.
func newWorker(t *testing.T, dir, content string) (*worker, *bytes.Buffer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	sp, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		t.Fatal(err)
	}
	in, err := openInput(path, sp.Size.Unpadded(), dir)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := in.digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said := new(bytes.Buffer)
	j, err := openJob(dir, sector.StackedDRG2KiBV1_1, digest, in.size, said)
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{job: j, in: in, sp: sp, phases: &phases{err: new(bytes.Buffer)}, out: said}
	w.opt = &porep.Options{Keep: j.keep, Made: j.made, Progress: w.phases.progress}
	return w, said
}

// TestAll runs every phase, twice in one directory, the second time with two damaged files.
func TestAll(t *testing.T) {
	dir := t.TempDir()
	w, said := newWorker(t, dir, "a real file")
	if err := w.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tampered replica: the prover refuses", "forged proof: the verifier refused", "verified 2 challenges", w.st.CommR.String(), "baga6ea4seaq"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, said)
		}
	}
	first := *w
	for _, name := range []string{"cache/sc-02-data-layer-2.dat", "sealed"} {
		if _, err := flip(filepath.Join(dir, filepath.FromSlash(name)), 5); err != nil {
			t.Fatal(err)
		}
	}
	w, said = newWorker(t, dir, "a real file")
	if err := w.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.CommR != first.CommR || w.Ticket != first.Ticket {
		t.Error("another sector came out of the same job")
	}
	for _, want := range []string{"remake  cache/sc-02-data-layer-2.dat: it differs", "remake  sealed: it differs", "kept    cache/sc-02-data-layer-1.dat"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, said)
		}
	}
}

// TestInterrupt cancels a job at each of its reports and expects the next run to end well with what was finished.
func TestInterrupt(t *testing.T) {
	for at := 0; at < 12; at += 2 {
		dir := t.TempDir()
		w, _ := newWorker(t, dir, "interrupted")
		ctx, cancel := context.WithCancel(t.Context())
		reports := 0
		w.opt.Progress = func(string, uint64, uint64) {
			if reports++; reports > at {
				cancel()
			}
		}
		err := w.all(ctx)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(at, err)
		}
		finished := len(w.Files)
		w, said := newWorker(t, dir, "interrupted")
		if err := w.all(t.Context()); err != nil {
			t.Fatal(at, err)
		}
		if kept := strings.Count(said.String(), "kept    "); kept == 0 && finished > 0 {
			t.Errorf("interrupted at report %d: %d files finished, %d kept:\n%s", at, finished, kept, said)
		}
	}
}

// TestOtherJob expects a directory with another job to be refused.
func TestOtherJob(t *testing.T) {
	dir := t.TempDir()
	newWorker(t, dir, "one")
	_, err := openJob(dir, sector.StackedDRG2KiBV1_1, "another digest", 3, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "another job") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, jobFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openJob(dir, sector.StackedDRG2KiBV1_1, "d", 3, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}

// TestAdversary gives the command lines and the verifier nonsense (S20): one line, an error, no panic.
func TestAdversary(t *testing.T) {
	t.Run("S20", func(t *testing.T) {
		tried, accepted, panics := 0, 0, 0
		refuses := func(what string, usage bool, do func() error) {
			t.Helper()
			tried++
			defer func() {
				if p := recover(); p != nil {
					panics++
					t.Errorf("%s: panic: %v", what, p)
				}
			}()
			err, u := do(), usageError{}
			if err == nil || usage != errors.As(err, &u) || strings.Contains(err.Error(), "goroutine") {
				accepted++
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, args := range [][]string{{"-size", "3KiB"}, {"-size"}, {"-x"}, {"surplus"}, {"-verify=maybe"}, {"-size", ""},
			{"-report", "x"}, {"-json"}, {"-seed", "1"}, {"-market", "-size", "2KiB"}, {"-market", "-seed", "-1"}, {"-market", "-seed", "x"}, {"-market", "-days", "0"},
			{"-market", "-days", "1000000"}, {"-market", "-providers", "1"}, {"-market", "surplus"}, {"-market", "-verify"}} {
			refuses(strings.Join(args, " "), true, func() error { return command(t.Context(), args) })
		}
		for _, args := range [][]string{{"-in", "/does/not/exist"}, {"-in", t.TempDir()}, {"-size", "2KiB", "-in", os.Args[0]}} {
			refuses(strings.Join(args, " "), false, func() error { return command(t.Context(), args) })
		}
		deny := filepath.Join(t.TempDir(), "deny")
		if err := os.WriteFile(deny, []byte("f01000\nnobody # at all\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"-deny", deny}, {"-deny", "/does/not/exist"}, {"-deny", os.Args[0]}, {"-dir", deny}} {
			refuses("-market "+strings.Join(args, " "), false, func() error { return command(t.Context(), append([]string{"-market", "-days", "3"}, args...)) })
		}
		for _, in := range []string{"", "x", "{}", "{}\n", "null\n{}", "{\"seal_proof\":99}\n{}", "{\"seal_proof\":5}\n", "{\"ticket\":\"00\"}\n"} {
			refuses("verify "+in, false, func() error { return verifier(t.Context(), strings.NewReader(in), new(bytes.Buffer)) })
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "S20", tried, accepted, panics)
	})
}

// TestSourceTar expects as many files as fit, in name order, and the same bytes each time.
func TestSourceTar(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"b.go": 600, "a.md": 10, ".hidden.go": 5, "c.bin": 7, "d.txt": 3000, "e.go": 1} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte{'x'}, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	in, err := sourceTar(".", 4096, "work")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range in.files {
		names = append(names, f.name)
	}
	if got := strings.Join(names, " "); got != "a.md b.go e.go" || in.size != 1024+1536+1024 {
		t.Errorf("packed %s, %d bytes", got, in.size)
	}
	one, err := in.digest(t.Context())
	two, err2 := in.digest(t.Context())
	if one != two || err != nil || err2 != nil {
		t.Error(one, two, err, err2)
	}
	if _, err := sourceTar(".", 100, ""); err == nil {
		t.Error("nothing fits, and no error")
	}
}
