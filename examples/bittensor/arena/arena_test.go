package arena_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/bittensor/arena"
)

// TestOutcomes: no minority gains by attack more than 1.5 %, but for the copier of open weights, whom commit-reveal is there against.
func TestOutcomes(t *testing.T) {
	all, err := arena.PlayAll(t.Context(), arena.Game{Seed: 3, Epochs: 60}, 0)
	if err != nil || len(all) != 3*len(arena.Adversaries()) {
		t.Fatalf("%d outcomes, %v", len(all), err)
	}
	for _, o := range all {
		total := o.Total()
		t.Logf("%-40s %-14s honest %d, attack %d: %+d rao, %+d bp; validators %+d bp, others %+d bp", o.Adversary, o.Mode, total.Honest, total.Attack, total.Gain(), total.Basis(), o.Validators.Basis(), o.Others.Basis())
		majority, open := strings.Contains(o.Adversary, "majority"), strings.Contains(o.Adversary, "open")
		if majority && total.Gain() <= 0 {
			t.Errorf("%s, %s: a majority loses", o.Adversary, o.Mode)
		}
		if !majority && !open && total.Basis() > 150 {
			t.Errorf("%s, %s: gains %d bp", o.Adversary, o.Mode, total.Basis())
		}
		if sum := [2]uint64{total.Honest + o.Others.Honest, total.Attack + o.Others.Attack}; sum[0] > 60*100_000_000_000 || sum[1] > 60*100_000_000_000 {
			t.Errorf("%s, %s: more than was emitted: %d", o.Adversary, o.Mode, sum)
		}
	}
}

func TestWorkers(t *testing.T) {
	var first []arena.Outcome
	for _, workers := range []int{1, 2, 7} {
		all, err := arena.PlayAll(t.Context(), arena.Game{Seed: 1, Epochs: 5}, workers)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = all
		}
		if !slices.Equal(all, first) {
			t.Errorf("%d workers: other outcomes", workers)
		}
	}
}

// TestStopsVoting: the weights of who stops voting stand as if voted again, until it is inactive, after almost 14 tempos. They were
// gone at once.
func TestStopsVoting(t *testing.T) {
	byName := map[string]arena.Adversary{}
	for _, a := range arena.Adversaries() {
		byName[a.Name] = a
	}
	play := func(name string, epochs int) arena.Outcome {
		o, err := arena.Game{Mode: sim.Yuma3, Epochs: epochs}.Play(t.Context(), byName[name])
		if err != nil {
			t.Fatal(err)
		}
		o.Adversary = ""
		return o
	}
	for _, epochs := range []int{2, 10, 13, 20} {
		stops, repeats := play("lazy validator, stops voting", epochs), play("lazy validator, first weights for ever", epochs)
		if same := stops == repeats; same != (epochs < 14) {
			t.Errorf("%d epochs: who stops voting comes to %+v, who repeats its vote to %+v", epochs, stops, repeats)
		}
	}
}

// TestSmall: a game without room for the adversary is an error; it was a panic.
func TestSmall(t *testing.T) {
	for _, g := range []arena.Game{{Validators: 1}, {Validators: -1}, {Servers: 1}, {Servers: 2}, {Servers: -7}} {
		for _, a := range arena.Adversaries() {
			if _, err := g.Play(t.Context(), a); !errors.Is(err, arena.ErrGame) {
				t.Errorf("%+v, %s: %v", g, a.Name, err)
			}
		}
	}
	for _, g := range []arena.Game{{Validators: 5, Epochs: 1}, {Servers: 3, Epochs: 1}} {
		if _, err := arena.PlayAll(t.Context(), g, 0); err != nil {
			t.Errorf("%+v: %v", g, err)
		}
	}
	if _, err := arena.PlayAll(t.Context(), arena.Game{Validators: 4}, 0); !errors.Is(err, arena.ErrGame) {
		t.Errorf("a cabal of everybody: %v", err)
	}
}

func TestBasis(t *testing.T) {
	for _, x := range []struct {
		pair arena.Pair
		want int64
	}{{arena.Pair{}, 0}, {arena.Pair{Honest: 0, Attack: 5}, 0}, {arena.Pair{Honest: 300, Attack: 301}, 33}, {arena.Pair{Honest: 300, Attack: 299}, -33}, {arena.Pair{Honest: 1 << 60, Attack: 1 << 61}, 10_000}} {
		if got := x.pair.Basis(); got != x.want {
			t.Errorf("%+v: %d bp, want %d", x.pair, got, x.want)
		}
	}
}

func ExampleGame_Play() {
	selfVoter := arena.Adversaries()[4]
	o, err := arena.Game{Mode: sim.Yuma3, Epochs: 20}.Play(context.Background(), selfVoter)
	fmt.Println(o.Adversary, o.Total().Gain() < 0, err)
	// Output: self-voter, own uid true <nil>
}
