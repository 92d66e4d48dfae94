package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

func run(t *testing.T, c Config) *Result {
	t.Helper()
	c.Dir = t.TempDir()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun holds a run of the first weeks against what the scenario puts in, and against itself.
func TestRun(t *testing.T) {
	c := Config{Seed: 1, Days: 32}
	r := run(t, c)
	for _, x := range r.Cases {
		t.Logf("epoch %6d %-60s %-8s caught=%v at %d: %s, %s attoFIL", x.Epoch, x.What, x.Party, x.Caught, x.At, x.How, x.Price)
		if !x.Caught {
			t.Errorf("%s was not caught", x.What)
		}
	}
	if err := r.Totals.Check(); err != nil {
		t.Error(err)
	}
	if r.PoStAccepted == 0 || r.PoStChecked <= r.PoStAccepted || r.Disputes != 1 || r.SealProofs < 10 || r.Retrieved == 0 {
		t.Errorf("proved %d of %d, disputes %d, seals %d, retrieved %d", r.PoStAccepted, r.PoStChecked, r.Disputes, r.SealProofs, r.Retrieved)
	}
	a, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of result: %.3000s", len(a), a)
	if testing.Short() {
		return
	}
	b, err := json.Marshal(run(t, c))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two runs of one seed differ: %v", err)
	}
}

func TestConfigRefused(t *testing.T) {
	for name, c := range map[string]Config{"no directory": {}, "days": {Dir: "x", Days: 1}, "many days": {Dir: "x", Days: 1e6},
		"interval": {Dir: "x", Interval: 7}, "providers": {Dir: "x", Providers: 2}} {
		if _, err := Run(t.Context(), c); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
