package main

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"
)

// A contest prepares the duels of one name. setup makes the data, the same for all sides; closing, which may be nil, frees
// it again, also after an error.
type contest struct {
	name  string
	setup func() (duels []duel, closing func(), err error)
}

// A side does its work n times and returns the time this took by clock; a peer's own process reports its CPU time.
type side func(n int) (time.Duration, error)

// clock is what this process measures by: its CPU time, user and system, which other work on the machine does not
// stretch; wall time in a duel over several cores.
var clock = cpuTime

var processStart = time.Now()

func wallTime() time.Duration { return time.Since(processStart) }

// A duel is ours against one peer.
type duel struct {
	peer     string
	unit     string  // "ns/hash", "ms/proof": time per unit of work; "MB/s", "GB/s": bytes per time; "read/byte": bytes, a side returns them as ns
	work     float64 // units of work (bytes for rates) that one iteration does
	ours     side
	theirs   side         // nil where only a recorded figure is at hand
	recorded float64      // the peer's figure in unit, used when theirs is nil
	check    func() error // compares the results, before anything is timed; nil only without a live peer
	cores    int          // cores both sides may use; 0 means 1
	note     string       // ends the line, as cpu=no-ifma
}

// timed makes a side of a function that does the work once.
func timed(f func()) side {
	return func(n int) (time.Duration, error) {
		start := clock()
		for range n {
			f()
		}
		return clock() - start, nil
	}
}

// timedErr is timed for work that can fail.
func timedErr(f func() error) side {
	return func(n int) (time.Duration, error) {
		start := clock()
		for range n {
			if err := f(); err != nil {
				return 0, err
			}
		}
		return clock() - start, nil
	}
}

// cpuTimed is timedErr in CPU time, also for work on several cores.
func cpuTimed(f func() error) side {
	return func(n int) (time.Duration, error) {
		start := cpuTime()
		for range n {
			if err := f(); err != nil {
				return 0, err
			}
		}
		return cpuTime() - start, nil
	}
}

// An outcome is a duel that was fought.
type outcome struct {
	name, peer, unit string
	ours, theirs     float64
	ratio            float64 // over 1: ours is better
	recorded         bool    // theirs was not measured in this run
	note             string
}

// String is the outcome's line.
func (o outcome) String() string {
	line := fmt.Sprintf("%s ours=%s peer=%s theirs=%s unit=%s ratio=%.2f", o.name, number(o.ours), o.peer, number(o.theirs), o.unit, o.ratio)
	if o.recorded {
		line += " recorded"
	}
	if o.note != "" {
		line += " " + o.note
	}
	return line
}

// run checks and times the duel.
func (d *duel) run(name string, span time.Duration) (o outcome, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(d.cores, 1)))
	if d.cores > 1 {
		clock = wallTime
		defer func() { clock = cpuTime }()
	}
	if d.theirs != nil && d.check == nil {
		return o, fmt.Errorf("a live peer without a check of equal results")
	}
	if d.check != nil {
		if err := d.check(); err != nil {
			return o, fmt.Errorf("results differ: %w", err)
		}
	}
	ours, theirs, err := d.measure(span)
	if err != nil {
		return o, err
	}
	o = outcome{name: name, peer: d.peer, unit: d.unit, ours: d.figure(ours), theirs: d.recorded, recorded: d.theirs == nil, note: d.note}
	if d.theirs != nil {
		o.theirs = d.figure(theirs)
	}
	o.ratio = o.theirs / o.ours
	if d.rate() {
		o.ratio = o.ours / o.theirs
	}
	return o, nil
}

// warmUp is the length of samples before which a side works once without a clock: the other, perhaps in another process, had the
// caches in between.
const warmUp = 50 * time.Millisecond

// measure returns the smallest time of one iteration of either side over interleaved samples.
func (d *duel) measure(span time.Duration) (ours, theirs time.Duration, err error) {
	sides := []side{d.ours}
	if d.theirs != nil {
		sides = append(sides, d.theirs)
	}
	best := []float64{math.Inf(1), math.Inf(1)}
	count, last := make([]int, len(sides)), make([]time.Duration, len(sides))
	for i, s := range sides {
		if count[i], err = calibrate(s); err != nil {
			return 0, 0, err
		}
	}
	deadline := time.Now().Add(span * time.Duration(len(sides)))
	for sample := 0; sample < 3 || time.Now().Before(deadline); sample++ {
		for i, s := range sides {
			if last[i] < warmUp {
				if _, err := s(1); err != nil {
					return 0, 0, err
				}
			}
			took, err := s(count[i])
			if err != nil {
				return 0, 0, err
			}
			last[i] = took
			best[i] = min(best[i], float64(took)/float64(count[i]))
		}
	}
	return time.Duration(math.Ceil(best[0])), time.Duration(math.Ceil(min(best[1], math.MaxInt64/2))), nil
}

// calibrate returns how many iterations make a sample of about 4 ms: short enough to slip between a neighbour's bursts.
func calibrate(s side) (int, error) {
	const sample = 4 * time.Millisecond
	for n := 1; ; n *= 2 {
		took, err := s(n)
		if err != nil || took >= sample/2 || n >= 1<<24 {
			return n, err
		}
	}
}

// rate reports whether the unit is work per time, so that more is better.
func (d *duel) rate() bool { return strings.HasSuffix(d.unit, "/s") }

// figure turns the time of one iteration into the duel's unit.
func (d *duel) figure(t time.Duration) float64 {
	prefix, _, _ := strings.Cut(d.unit, "/")
	if d.rate() {
		return d.work / t.Seconds() / map[string]float64{"B": 1, "MB": 1e6, "GB": 1e9}[prefix]
	}
	return float64(t) / d.work / map[string]float64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "read": 1}[prefix]
}

// number prints four significant digits.
func number(x float64) string {
	if x >= 1000 || math.IsInf(x, 0) {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}
