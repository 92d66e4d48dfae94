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

func TestDuelRefusesUnequalResults(t *testing.T) {
	d := duel{unit: "ns/x", work: 1, ours: sleeper(time.Second), theirs: sleeper(time.Second)}
	if _, err := d.run("x", time.Millisecond); err == nil {
		t.Error("a live peer without a check was timed")
	}
	d.check = func() error { return errors.New("digest") }
	if _, err := d.run("x", time.Millisecond); err == nil {
		t.Error("unequal results were timed")
	}
}
