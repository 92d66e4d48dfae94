package verify

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/assaylab/assay/porep/sector"
)

func hashStep(_ uint64, state []byte) ([]byte, error) {
	h := sha256.Sum256(state)
	return h[:], nil
}

func TestTraceProof(t *testing.T) {
	ctx := t.Context()
	start := []byte("start")
	trace, err := Run(ctx, start, 100, hashStep)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := trace.Prove(seeded(1), 20)
	if err != nil {
		t.Fatal(err)
	}
	last, err := CheckProof(ctx, proof, seeded(1), 20, start, 100, hashStep)
	if err != nil || string(last) != string(trace.Commitment().Last) {
		t.Fatal(err)
	}
	for name, check := range map[string]func() error{
		"other nonce":  func() error { _, err := CheckProof(ctx, proof, seeded(2), 20, start, 100, hashStep); return err },
		"more samples": func() error { _, err := CheckProof(ctx, proof, seeded(1), 21, start, 100, hashStep); return err },
		"other length": func() error { _, err := CheckProof(ctx, proof, seeded(1), 20, start, 101, hashStep); return err },
		"no JSON":      func() error { _, err := CheckProof(ctx, proof[1:], seeded(1), 20, start, 100, hashStep); return err },
		"nothing":      func() error { _, err := CheckProof(ctx, nil, seeded(1), 20, start, 100, hashStep); return err },
		"null": func() error {
			_, err := CheckProof(ctx, []byte("null"), seeded(1), 20, start, 100, hashStep)
			return err
		},
		"no openings": func() error {
			_, err := CheckProof(ctx, []byte(`{"Steps":100}`), seeded(1), 0, start, 100, hashStep)
			return err
		},
		"another start": func() error { return otherStart(t) },
	} {
		if err := check(); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// otherStart checks a trace from another start with step 0 drawn.
func otherStart(t *testing.T) error {
	trace, err := Run(t.Context(), []byte("else"), 4, hashStep)
	if err != nil {
		t.Fatal(err)
	}
	c := trace.Commitment()
	openings, err := trace.Open([]uint64{0})
	if err != nil {
		t.Fatal(err)
	}
	return CheckTrace(t.Context(), &c, []byte("start"), 4, []uint64{0}, openings, hashStep)
}

// TestTraceMutations changes every byte of an opening's states and nodes: all are refused.
func TestTraceMutations(t *testing.T) {
	trace, err := Run(t.Context(), []byte("start"), 9, hashStep)
	if err != nil {
		t.Fatal(err)
	}
	c := trace.Commitment()
	drawn := []uint64{0, 4, 8}
	tried := 0
	for i := range drawn {
		for place := range 400 {
			openings, err := trace.Open(drawn)
			if err != nil {
				t.Fatal(err)
			}
			o := clone(t, openings[i])
			parts := [][]byte{o.Before, o.After}
			for _, p := range o.Proofs {
				for k := range p {
					parts = append(parts, p[k][:])
				}
			}
			at := place
			for len(parts) > 0 && at >= len(parts[0]) {
				at -= len(parts[0])
				parts = parts[1:]
			}
			if len(parts) == 0 {
				break
			}
			parts[0][at] ^= 1
			openings[i] = o
			tried++
			if err := CheckTrace(t.Context(), &c, []byte("start"), 9, drawn, openings, hashStep); !errors.Is(err, ErrProof) {
				t.Fatalf("opening %d byte %d: %v", i, place, err)
			}
		}
	}
	t.Logf("%d changes refused", tried)
}

func clone(t *testing.T, o Opening) (out Opening) {
	b, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSkippedSteps makes up a tenth of the states; the share of runs in which samples miss it is as the verdict says.
func TestSkippedSteps(t *testing.T) {
	const steps, runs, samples = 100, 400, 10
	escaped := 0
	for run := range runs {
		states := [][]byte{[]byte("start")}
		for i := range steps {
			next, _ := hashStep(0, states[i])
			if i%10 == 1+run%8 { // neither the first step nor the last
				next[0] ^= 1
			}
			states = append(states, next)
		}
		trace, err := NewTrace(states)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := trace.Prove(seeded(run), samples)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := CheckProof(t.Context(), proof, seeded(run), samples, states[0], steps, hashStep); err == nil {
			escaped++
		}
	}
	t.Logf("escaped %d of %d: %s", escaped, runs, TraceVerdict(samples, 0.1))
	if escaped < runs/5 || escaped > runs/2 { // 0.9^10 = 0.35
		t.Error("not what the bound says")
	}
}

func TestPuzzle(t *testing.T) {
	ctx := t.Context()
	p := &Puzzle{"gpu-0", seeded(1), 12, sector.Size2KiB, 4}
	answer, err := p.Solve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(ctx, answer, time.Second, time.Second); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]*Puzzle{
		"replayed ticket": {p.Device, seeded(2), p.Links, p.Size, 4}, "other device": {"gpu-1", p.Ticket, p.Links, p.Size, 4},
		"more links": {p.Device, p.Ticket, 13, p.Size, 4}, "Filecoin's labels": {p.Device, p.Ticket, p.Links, p.Size, 0},
	} {
		if err := q.Check(ctx, answer, 0, time.Second); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.Check(ctx, answer, 2*time.Second, time.Second); !errors.Is(err, ErrProof) {
		t.Errorf("late: %v", err)
	}
}

func TestPuzzleRefusesShapes(t *testing.T) {
	for _, p := range []Puzzle{{}, {Links: 1}, {Links: 1, Size: sector.Size32GiB}, {Links: 1, Size: sector.Size2KiB, Layers: 1}, {Links: MaxSteps + 1, Size: sector.Size2KiB}, {Links: 1, Size: sector.Size2KiB, Layers: -1}} {
		if _, err := p.Solve(t.Context()); err == nil {
			t.Errorf("%+v was solved", p)
		}
	}
}

func BenchmarkPuzzle(b *testing.B) {
	p := &Puzzle{"gpu-0", seeded(1), 150, sector.Size2KiB, 4}
	for b.Loop() {
		if _, err := p.Solve(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
