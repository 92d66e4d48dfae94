package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"
)

// sha is SHA-256 cut to a field element.
func sha(b []byte) [32]byte {
	x := sha256.Sum256(b)
	x[31] &= 0x3f
	return x
}

// sorted returns sectors by number.
func sorted(s []sealTask) []sealTask {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b sealTask) int { return cmp.Compare(a.Number, b.Number) })
	return s
}

// report prints what happened and fails if anything that the demonstration is about did not.
func (d *demo) report(ctx context.Context, took time.Duration) error {
	once, bytes := 0, 0
	for id, n := range d.effects {
		r, err := d.queue.Result(ctx, id)
		if err != nil {
			return err
		}
		if n == 1 && string(r.Bytes) == string(d.results[id]) {
			once++
		}
		bytes += len(r.Bytes)
	}
	letters, err := d.queue.Dead(ctx)
	if err != nil {
		return err
	}
	dead := 0
	for _, l := range letters {
		if d.tasks[l.ID] != nil {
			dead++
		}
	}
	fmt.Fprintf(d.out, "tasks %d, effects exactly once %d, duplicates dropped %d, refuted %d, dead letters %d, kept from before %d\n",
		d.total(), once, d.duplicates, d.strikes["c"], dead, d.kept)
	fmt.Fprintf(d.out, "work: %d tasks in %v, %.1f tasks/s, %d bytes of results verified\n", d.total(), took.Round(time.Millisecond),
		float64(d.total())/took.Seconds(), bytes)
	switch {
	case once != d.total() || dead > 0:
		return fmt.Errorf("%d of %d tasks took effect exactly once, %d are dead", once, d.total(), dead)
	case d.kept > 0:
		return nil
	case len(d.strikes) != 1 || d.strikes["c"] == 0:
		return fmt.Errorf("wrong bytes are of worker c, named were %v", d.strikes)
	case d.duplicates == 0:
		return errors.New("no duplicate came, one was to be dropped")
	case d.queue.Server != nil && d.restarted < 0:
		return errors.New("the server was not restarted")
	}
	fmt.Fprintln(d.out, "every task took effect exactly once; wrong worker: c")
	if d.queue.Server != nil {
		fmt.Fprintln(d.out, "restart of the server: nothing lost")
	}
	return nil
}
