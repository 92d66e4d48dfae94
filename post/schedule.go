package post

import (
	"cmp"
	"errors"
	"fmt"
)

// The chain's figures for window PoSt, in epochs of 30 seconds.
//
// Source: builtin-actors runtime/src/runtime/policy.rs.
const (
	ProvingPeriod          = 2880 // every sector is proven once in it
	Deadlines              = 48   // in a proving period
	ChallengeWindow        = 60   // the length of a deadline
	ChallengeLookback      = 20   // randomness is drawn this long before a deadline opens
	FaultDeclarationCutoff = 70   // faults must be declared this long before a deadline opens
	FaultMaxAge            = 42 * ProvingPeriod
	DisputeWindow          = 1800 // a proof can be disputed this long after its deadline closed
	MaxPartitions          = 3000 // in a deadline
	MaxPartitionsPosted    = 3    // in one message
	MaxSectorsAddressed    = 25000
	ChainFinality          = 900

	PreCommitChallengeDelay        = 150
	MaxPreCommitRandomnessLookback = ProvingPeriod + ChainFinality
	MaxProveCommitDuration         = 30*ProvingPeriod + PreCommitChallengeDelay
	NonInteractiveMaxAggregate     = 65
	NonInteractiveLookback         = 180 * ProvingPeriod
)

// A Deadline is one of the 48 windows of a proving period. Epochs may be negative before the chain's first period.
type Deadline struct {
	PeriodStart int64 // first epoch of the proving period
	Index       int   // 0 to 47
	Open        int64 // first epoch in which a proof may be submitted
	Close       int64 // first epoch in which it may not
	Challenge   int64 // the epoch whose randomness is used
	FaultCutoff int64 // first epoch in which faults and recoveries can no longer be declared
}

// Errors of deadlines.
var (
	ErrDeadline = errors.New("post: no such deadline")
	// ErrFull says that every deadline open to change has all the partitions it may have.
	ErrFull = errors.New("post: all deadlines are full")
)

// NewDeadline returns deadline index of the proving period that starts at periodStart.
func NewDeadline(periodStart int64, index int) (Deadline, error) {
	if index < 0 || index >= Deadlines {
		return Deadline{}, fmt.Errorf("%w: %d", ErrDeadline, index)
	}
	open := periodStart + int64(index)*ChallengeWindow
	return Deadline{PeriodStart: periodStart, Index: index, Open: open, Close: open + ChallengeWindow,
		Challenge: open - ChallengeLookback, FaultCutoff: open - FaultDeclarationCutoff}, nil
}

// DeadlineAt returns the deadline that is open at an epoch, where periodStart is the start of any proving period of the
// provider.
func DeadlineAt(periodStart, epoch int64) Deadline {
	into := (epoch - periodStart) % ProvingPeriod
	if into < 0 {
		into += ProvingPeriod
	}
	d, _ := NewDeadline(epoch-into, int(into/ChallengeWindow))
	return d
}

// Next returns the first deadline of the same index, now or in a later period, that has not closed at an epoch.
func (d Deadline) Next(epoch int64) Deadline {
	if epoch < d.Close {
		return d
	}
	periods := (epoch-d.Close)/ProvingPeriod + 1
	next, _ := NewDeadline(d.PeriodStart+periods*ProvingPeriod, d.Index)
	return next
}

// Mutable reports whether sectors may be assigned to the deadline, or its partitions compacted, at an epoch: until one
// window before it opens.
func (d Deadline) Mutable(epoch int64) bool { return epoch < d.Next(epoch).Open-ChallengeWindow }

// IsOpen reports whether a proof may be submitted at an epoch.
func (d Deadline) IsOpen(epoch int64) bool { return epoch >= d.Open && epoch < d.Close }

// FaultCutoffPassed reports whether it is too late to declare a fault.
func (d Deadline) FaultCutoffPassed(epoch int64) bool { return epoch >= d.FaultCutoff }

// Disputable reports whether a proof submitted in the deadline can be disputed at an epoch.
func (d Deadline) Disputable(epoch int64) bool {
	return epoch >= d.Close && epoch < d.Close+DisputeWindow
}

// A Load is what a deadline holds: live sectors, and all of them, terminated ones too. A deadline that is closed to change
// has Closed set and gets none.
type Load struct {
	Live, Total uint64
	Closed      bool
}

// AssignDeadlines assigns n new sectors, one after another, to the deadlines of a provider, as the chain does: to the one
// that needs the fewest partitions afterwards and has one to fill. loads has an entry for each deadline and is brought up
// to date. The result has the deadline of each sector. Errors: ErrDeadline for impossible arguments, ErrFull.
//
// Source: builtin-actors actors/miner/src/deadline_assignment.rs.
func AssignDeadlines(loads []Load, partitionSectors, maxPartitions uint64, n int) ([]int, error) {
	if len(loads) != Deadlines || partitionSectors == 0 || n < 0 {
		return nil, fmt.Errorf("%w: %d deadlines, %d sectors a partition, %d sectors", ErrDeadline, len(loads),
			partitionSectors, n)
	}
	var out []int
	for i := range n {
		best := -1
		for d, l := range loads {
			if l.Closed || l.Total/partitionSectors >= maxPartitions {
				continue
			}
			if best < 0 || lighter(l, loads[best], partitionSectors) < 0 {
				best = d
			}
		}
		if best < 0 {
			return nil, fmt.Errorf("%w: after %d of %d sectors", ErrFull, i, n)
		}
		loads[best].Live++
		loads[best].Total++
		out = append(out, best)
	}
	return out, nil
}

// lighter compares two loads: negative where a is to be filled before b, 0 where the lower index decides.
func lighter(a, b Load, p uint64) int {
	full := func(l Load) int {
		if l.Total%p == 0 {
			return 1
		}
		return 0
	}
	if c := cmp.Or(cmp.Compare(a.Live/p, b.Live/p), cmp.Compare(a.Total/p, b.Total/p), cmp.Compare(full(a), full(b))); c != 0 {
		return c
	}
	if full(a) == 0 {
		if c := cmp.Compare(b.Total, a.Total); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Live, b.Live)
}
