package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/bittensor/replay"
)

func state() *consensus.State { return sim.Subnet{Seed: 4, N: 24, V: 5, K: 6, KB: 5}.State() }

// encode returns a state as JSON and its rows in SCALE.
func encode(t *testing.T, s *consensus.State) (snapshot, weights []byte) {
	t.Helper()
	var a, b bytes.Buffer
	if err := errors.Join(replay.Write(&a, s), replay.WriteRows(&b, &s.Weights, s.N())); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	s := state()
	s.HasOwner, s.Owner, s.CommitReveal = true, 3, true
	for i := range s.N() {
		s.CommitBlock = append(s.CommitBlock, uint64(i))
		s.Hotkeys = append(s.Hotkeys, [32]byte{byte(i + 1)})
	}
	s.CommitBlock[2] = consensus.NoCommit
	snapshot, weights := encode(t, s)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(snapshot); err != nil {
		t.Fatal(err)
	}
	z.Close()
	file := fmt.Appendf(nil, `{"cases":[{"name":"none","input":{}},{"input":%s}]}`, snapshot)
	for name, x := range map[string]struct {
		b []byte
		n int
	}{"plain": {snapshot, 0}, "packed": {packed.Bytes(), 0}, "case": {file, 1}, "one case": {fmt.Appendf(nil, `{"name":"x","input":%s,"sparse":{}}`, snapshot), 0}} {
		got, err := replay.Load(x.b, x.n)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, _ := encode(t, got); !bytes.Equal(again, snapshot) {
			t.Errorf("%s: another state", name)
		}
		a, err := replay.Payouts(t.Context(), s)
		b, berr := replay.Payouts(t.Context(), got)
		if err != nil || berr != nil || !reflect.DeepEqual(a.Emission, b.Emission) {
			t.Errorf("%s: %v, %v: pays otherwise", name, err, berr)
		}
	}
	rows, err := replay.Rows(weights, s.N())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%x\n", weights), fmt.Sprintf("0x%x 0x%x", weights[:9], weights[9:])} {
		if again, err := replay.Rows([]byte(text), s.N()); err != nil || !reflect.DeepEqual(again, rows) {
			t.Errorf("in hexadecimal: %v", err)
		}
	}
	for i := range s.N() {
		a, b := rows.Row(i)
		c, d := s.Weights.Row(i)
		if !bytes.Equal(consensus.AppendScaleRow(nil, a, b), consensus.AppendScaleRow(nil, c, d)) {
			t.Errorf("row %d differs", i)
		}
	}
}

// TestRefused: every cut of a file is refused, and so is what is behind its end.
func TestRefused(t *testing.T) {
	snapshot, weights := encode(t, state())
	snapshot = bytes.TrimSpace(snapshot)
	for n := range snapshot {
		if _, err := replay.Load(snapshot[:n], 0); err == nil {
			t.Fatalf("a snapshot cut to %d bytes was read", n)
		}
	}
	for n := range weights {
		if _, err := replay.Rows(weights[:n], 24); err == nil {
			t.Fatalf("rows cut to %d bytes were read", n)
		}
	}
	if _, err := replay.Rows(append(weights, 0), 24); !errors.Is(err, replay.ErrSnapshot) {
		t.Errorf("a byte behind the rows: %v", err)
	}
	for _, x := range []struct {
		b string
		n int
	}{{string(snapshot), 1}, {`{"cases":[{"input":{}}]}`, 0}, {`{"cases":[{}]}`, 0}, {`{"cases":[{}]}`, 7}, {"\x1f\x8b", 0}, {"", 0}, {"[]", 0}} {
		if _, err := replay.Load([]byte(x.b), x.n); err == nil {
			t.Errorf("%.20q was read", x.b)
		}
	}
}

// TestWhatIf: every choice earns what a whole epoch with it pays, and the best is no worse than the others.
func TestWhatIf(t *testing.T) {
	s := state()
	uid := 0
	for !s.ValidatorPermit[uid] {
		uid++
	}
	col, choices, err := replay.WhatIf(t.Context(), s, uid)
	if err != nil || len(choices) != 10 {
		t.Fatalf("%d choices, %v", len(choices), err)
	}
	best := choices[len(choices)-1]
	for _, c := range choices {
		other := sim.Clone(s)
		last := append([]uint64(nil), other.LastUpdate...)
		sim.Vote(other, uid, col, c.Values)
		other.LastUpdate = last
		o, err := replay.Payouts(context.Background(), other)
		if err != nil || o.Dividends[uid] != c.Dividends || o.ValidatorEmission[uid] != c.Rao {
			t.Errorf("%s: %d rao, a whole epoch pays %d, %v", c.Name, c.Rao, o.ValidatorEmission[uid], err)
		}
		if c.Name == "the consensus" && best.Dividends < c.Dividends {
			t.Errorf("best earns %d, the consensus, where the climb starts, %d", best.Dividends, c.Dividends)
		}
	}
	for _, uid := range []int{-1, s.N()} {
		if _, _, err := replay.WhatIf(t.Context(), s, uid); !errors.Is(err, consensus.ErrState) {
			t.Errorf("uid %d: %v", uid, err)
		}
	}
}

// A countdown is a context that ends after its error was asked for a few times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestWhatIfCancel: a context that ends at any moment is an error; between preparation and the first choice it was a panic.
func TestWhatIfCancel(t *testing.T) {
	s := state()
	for left := range 20 {
		if _, _, err := replay.WhatIf(&countdown{t.Context(), left}, s, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("ended after %d looks: %v", left, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	var b bytes.Buffer
	if err := replay.Write(&b, sim.Subnet{Seed: 1, N: 4, V: 2, K: 2, KB: 2}.State()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), 0)
	f.Add([]byte(`{"cases":[{"input":{}}]}`), 0)
	f.Add([]byte(`{"cases":[{"input":{}}]}`), -1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if s, err := replay.Load(b, n); err == nil {
			if err := s.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}

func ExamplePayouts() {
	s := sim.Subnet{Seed: 1, N: 8, V: 2, K: 2, KB: 2}.State()
	o, err := replay.Payouts(context.Background(), s)
	fmt.Println(len(o.Emission), err)
	// Output: 8 <nil>
}
