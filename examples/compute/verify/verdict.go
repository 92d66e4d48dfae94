package verify

import (
	"fmt"
	"math"
)

// A Verdict is what a check showed, for people: Bound says what a cheat gets away with and how often, Limits what the check
// does not show.
type Verdict struct {
	Check  string  // "product", "trace", "puzzle"
	Bits   float64 // -log2 of the chance that a cheat as in Bound passes
	Bound  string
	Limits string
}

// String returns the verdict on one line.
func (v Verdict) String() string { return v.Check + ": " + v.Bound + "; does not show " + v.Limits }

// ProductVerdict is the verdict of Product with so many rounds.
func ProductVerdict(rounds int) Verdict {
	return Verdict{"product", 31 * float64(rounds), fmt.Sprintf("a wrong product passes with a chance of 2^-%d, a right one always", 31*rounds),
		"where, when or on what hardware it was computed"}
}

// TraceVerdict is the verdict of so many samples of a trace: the bound for a worker that skipped a share of the steps.
func TraceVerdict(samples int, share float64) Verdict {
	escape := math.Pow(1-share, float64(samples))
	return Verdict{"trace", -math.Log2(escape), fmt.Sprintf("with %g %% of the steps wrong, %d samples miss it with a chance of %.3g", 100*share, samples, escape),
		"that every single step is right: one wrong step of many may stay unseen"}
}

// PuzzleVerdict is the verdict of a puzzle that was answered in time.
func PuzzleVerdict(samples int, share float64) Verdict {
	v := TraceVerdict(samples, share)
	v.Check = "puzzle"
	v.Limits = "a model of GPU: it is a product within a time, on any machine as fast"
	return v
}
