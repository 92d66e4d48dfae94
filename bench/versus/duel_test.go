package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func sleeper(d time.Duration) side {
	return func(n int) (time.Duration, error) { return d * time.Duration(n), nil }
}

func TestDuelRatio(t *testing.T) {
	same := func() error { return nil }
	for unit, work := range map[string]float64{"ns/hash": 10, "MB/s": 1e6} {
		d := duel{peer: "slow", unit: unit, work: work, ours: sleeper(5 * time.Millisecond), theirs: sleeper(10 * time.Millisecond), check: same}
		o, err := d.run("x", time.Millisecond)
		line := o.String()
		if err != nil || !strings.Contains(line, "ratio=2.00") {
			t.Errorf("%s: %q %v", unit, line, err)
		}
	}
	d := duel{peer: "old", unit: "ms/x", work: 1, ours: sleeper(5 * time.Millisecond), recorded: 20}
	if line, err := d.run("x", time.Millisecond); err != nil || !strings.HasSuffix(line.String(), "ratio=4.00 recorded") {
		t.Errorf("recorded: %q %v", line, err)
	}
}

// TestAdversaryDuel expects no figure where the results of both sides were not found equal first (S19).
func TestAdversaryDuel(t *testing.T) {
	t.Run("S19", func(t *testing.T) {
		tried, accepted := 0, 0
		unequal := errors.New("digest")
		for name, check := range map[string]func() error{"no check": nil, "unequal": func() error { return unequal }} {
			timed := false
			watch := func(n int) (time.Duration, error) {
				timed = true
				return time.Duration(n) * time.Millisecond, nil
			}
			for _, unit := range []string{"ns/x", "ms/x", "MB/s"} {
				d := duel{peer: "peer", unit: unit, work: 1, ours: watch, theirs: watch, check: check}
				o, err := d.run("x", time.Millisecond)
				tried++
				if err == nil || timed || check != nil && !errors.Is(err, unequal) {
					t.Errorf("%s, %s: %q was timed: %v", name, unit, o.String(), err)
					accepted++
				}
			}
		}
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", "S19", tried, accepted, 0)
	})
}
