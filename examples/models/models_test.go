package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/examples/internal/cli/clitest"
)

func play(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var b bytes.Buffer
	err := command(t.Context(), args, &b)
	return b.String(), err
}

// TestCommand: a short run prints what it must, its files are the same for other workers, and a snapshot it wrote can be replayed.
func TestCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two runs with deadlines to wait for")
	}
	dirs := []string{t.TempDir(), t.TempDir()}
	var outs [2]bytes.Buffer
	var errs [2]error
	var group sync.WaitGroup
	for i, workers := range []int{2, 7} {
		s := defaults()
		s.epochs, s.seed, s.scale, s.workers, s.out, s.deadline = 4, 3, false, workers, dirs[i], 4*time.Second
		group.Go(func() { errs[i] = run(t.Context(), s, &outs[i]) })
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
		out := outs[i].String()
		for _, want := range []string{"ledger balanced", "consensus of subnet 3 (audio)", "weight copier, commit-reveal lag 1", "cabal, 49 % of stake", "scores of the miners beside them are the same", "% of an epoch"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in the output", want)
			}
		}
	}
	list, err := os.ReadDir(dirs[0])
	if err != nil || len(list) != 16 {
		t.Fatalf("%d files, %v", len(list), err)
	}
	for _, f := range list {
		a, aerr := os.ReadFile(filepath.Join(dirs[0], f.Name()))
		b, berr := os.ReadFile(filepath.Join(dirs[1], f.Name()))
		if aerr != nil || berr != nil || !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s differs: %v, %v", f.Name(), aerr, berr)
		}
	}
	at := func(name string) string { return filepath.Join(dirs[0], name) }
	whole, err := play(t, "-replay", at("text.snapshot.json"), "-whatif", "1")
	if err != nil || !strings.Contains(whole, "what if uid 1") || !strings.Contains(whole, "best found") {
		t.Fatalf("%v\n%s", err, whole)
	}
	rows, err := play(t, "-replay", at("text.snapshot.json"), "-weights", at("text.weights.scale"), "-bonds", at("text.bonds.scale"), "-whatif", "1")
	if err != nil || rows != whole {
		t.Errorf("with SCALE rows: %v\n%s", err, rows)
	}
	for _, args := range [][]string{
		{"-replay", at("nothing")}, {"-replay", dirs[0]}, {"-replay", at("report.html")}, {"-replay", at("text.snapshot.json"), "-case", "1"},
		{"-replay", at("text.snapshot.json"), "-whatif", "20"}, {"-replay", at("text.snapshot.json"), "-weights", at("report.json")},
		{"-out", at("report.json")},
	} {
		_, err := play(t, args...)
		if usage := (cli.UsageError{}); err == nil || errors.As(err, &usage) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestUsage: what cannot be understood is refused in one line.
func TestUsage(t *testing.T) {
	for _, args := range []string{"x", "-x", "-seed", "-seed -1", "-epochs 3", "-epochs 1e9", "-mode yuma4", "-workers -1", "-workers 5000", "-out=", "-whatif 1",
		"-weights x", "-case 2", "-replay=", "-replay x -whatif -1", "-replay x -case -1", "-replay x -seed 1", "-scale=maybe"} {
		clitest.Refuses(t, command, strings.Fields(args))
	}
	if out, err := play(t, "-h"); err != nil || !strings.Contains(out, "usage: models") {
		t.Errorf("-h: %v, %q", err, out)
	}
}
