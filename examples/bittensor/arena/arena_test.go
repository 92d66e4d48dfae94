package arena_test

import (
	"context"
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

func ExampleGame_Play() {
	selfVoter := arena.Adversaries()[4]
	o, err := arena.Game{Mode: sim.Yuma3, Epochs: 20}.Play(context.Background(), selfVoter)
	fmt.Println(o.Adversary, o.Total().Gain() < 0, err)
	// Output: self-voter, own uid true <nil>
}
