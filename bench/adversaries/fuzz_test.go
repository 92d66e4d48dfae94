package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// faulty are fuzz targets of a module of their own: three that are well, one that is held up, one for each fault.
const faulty = `package hostile

import (
	"os"
	"testing"
	"time"
)

func FuzzWell(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) {}) }

func FuzzSeeds(f *testing.F) {
	for i := range 700 {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, x int) {})
}

func FuzzPair(f *testing.F) { f.Fuzz(func(t *testing.T, a uint64, s string) {}) }

func FuzzHeldUp(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if os.Mkdir("held", 0o700) == nil { // once
			time.Sleep(3 * time.Second)
		}
	})
}

func FuzzFails(f *testing.F) {
	f.Add(uint8(0))
	f.Fuzz(func(t *testing.T, x uint8) {
		if x != 0 {
			t.Fatal("not zero")
		}
	})
}

func FuzzPanics(f *testing.F) {
	f.Add(uint8(0))
	f.Fuzz(func(t *testing.T, x uint8) { _ = make([]byte, 1)[x] })
}

func FuzzHangs(f *testing.F) {
	f.Add(uint8(0))
	f.Fuzz(func(t *testing.T, x uint8) {
		for x != 0 {
		}
	})
}
`

// TestFuzz runs the command over a package of good and bad targets: each fault is found, with the input that shows it, and what
// is well passes.
func TestFuzz(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds and fuzzes a package")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	write(t, "go.mod", "module hostile\n\ngo 1.26\n")
	write(t, "hostile_test.go", faulty)
	var out bytes.Buffer
	err := fuzz(&out, 3000, []string{"."}, false)
	if err == nil {
		t.Fatalf("three faults were not seen\n%s", out.String())
	}
	for _, name := range []string{"FuzzFails", "FuzzPanics", "FuzzHangs"} {
		files, _ := filepath.Glob(filepath.Join("testdata", "fuzz", name, "*"))
		if !strings.Contains(err.Error(), "FAIL hostile "+name) || len(files) != 1 {
			t.Errorf("%s was not seen, or %d files are there, want 1", name, len(files))
		}
	}
	for _, name := range []string{"FuzzWell", "FuzzSeeds", "FuzzPair", "FuzzHeldUp"} {
		if strings.Contains(err.Error(), name) {
			t.Errorf("%s is well and was refused: %v", name, err)
		}
	}
	if !strings.Contains(out.String(), "\n7 targets, ") || !strings.Contains(out.String(), "3 crashes") {
		t.Errorf("table\n%s", out.String())
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDistribute leaves three executions to a target that has more seeds than those: it was asked for them without end.
func TestDistribute(t *testing.T) {
	dir := t.TempDir()
	script := func(name, after string) *target {
		binary := filepath.Join(dir, name)
		text := "#!/bin/sh\nfor a; do case $a in -test.fuzztime=*) n=${a#*=}; n=${n%x};; esac; done\n" + after
		if err := os.WriteFile(binary, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return &target{pkg: "p", dir: dir, name: name, binary: binary}
	}
	short := script("short", `echo "execs: $((n-3)) (1/sec), new interesting: 0"; exit 1`)
	seeds := script("seeds", `[ $n -lt 50 ] || echo "execs: $n (1/sec), new interesting: 0"`)
	distribute(io.Discard, dir, 200, []*target{short, seeds})
	if short.execs != 97 || seeds.execs != 200 {
		t.Errorf("%d and %d executions, want 97 and 200", short.execs, seeds.execs)
	}
}

func TestNext(t *testing.T) {
	half := longest / 2
	for _, c := range []struct {
		execs           int64
		elapsed         time.Duration
		ask, each, want int64
	}{
		{0, 0, 100, 5_000, 100},                 // the first
		{0, time.Second, 10_000, 5_000, 10_000}, // nothing done: seeds alone are more
		{1_000, half, 10_000, 5_000, 1_000},     // as many as before, in the other half of the time
		{4_500, half, 10_000, 5_000, 500},       // all that are missing
		{4_500, time.Second, 200, 90_000, 200},  // as many as asked
		{3, half, 10_000, 5_000, first},         // slow
		{1_000, 2 * longest, 10_000, 5_000, first},
	} {
		x := &target{execs: c.execs, elapsed: c.elapsed}
		if got := x.next(c.ask, c.each); got != c.want {
			t.Errorf("%d done in %v: next %d, want %d", c.execs, c.elapsed, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	well := func() *target { return &target{pkg: "p", name: "FuzzWell", execs: 50} }
	idle, failed := well(), well()
	idle.execs, failed.failure = 0, "panic"
	for name, c := range map[string]struct {
		targets []*target
		ok      bool
	}{
		"all well": {[]*target{well(), well()}, true},
		"too few":  {[]*target{well()}, false},
		"idle":     {[]*target{well(), well(), idle}, false},
		"failed":   {[]*target{well(), well(), failed}, false},
	} {
		var out bytes.Buffer
		if err := verdict(&out, 100, c.targets); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTally(t *testing.T) {
	execs, interesting := tally("fuzz: elapsed: 3s, execs: 7 (1/sec), new interesting: 1 (total: 9)\n" +
		"fuzz: elapsed: 6s, execs: 60000 (2/sec), new interesting: 4 (total: 12)\nPASS\n")
	if execs != 60000 || interesting != 4 {
		t.Errorf("got %d and %d", execs, interesting)
	}
	if execs, interesting = tally("fuzz: elapsed: 0s, gathering baseline coverage: 0/5 completed\n"); execs != 0 || interesting != 0 {
		t.Errorf("got %d and %d of nothing", execs, interesting)
	}
}
