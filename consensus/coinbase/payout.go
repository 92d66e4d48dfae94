package coinbase

import (
	"fmt"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Payout is what one hotkey receives of an epoch in whole rao of alpha: the take is the validator's own, the rest its nominators'.
type Payout struct{ Take, Nominators uint64 }

// PayTake divides a validator's dividends by its take, of 65535; each part is floored by itself.
//
// Source: subtensor coinbase/run_coinbase.rs, distribute_dividends_and_incentives.
func PayTake(dividends fixed.U96F32, take uint16) Payout {
	t := proportion96(take).SatMul(dividends)
	return Payout{t.U64(), dividends.SatSub(t).U64()}
}

// A Holder is one hotkey in the division of an epoch's pending alpha.
type Holder struct {
	Dividend    fixed.U96F32 // after parents and children, only a weight here
	Alpha, Root uint64       // own stake in rao: alpha of the subnet, TAO on root
}

// DividePending divides the alpha that waits for validators and for root among the holders: each dividend falls into an alpha and
// a root part by the holder's stakes, and each pot is shared by its parts.
//
// Source: subtensor coinbase/run_coinbase.rs, calculate_dividend_distribution.
func DividePending(pendingAlpha, pendingRoot, taoWeight uint64, holders []Holder) (alpha, root []fixed.U96F32) {
	alpha, root = make([]fixed.U96F32, len(holders)), make([]fixed.U96F32, len(holders))
	var totalAlpha, totalRoot fixed.U96F32
	for i, h := range holders {
		r := fixed.U96F32FromU64(h.Root).SatMul(TaoWeight(taoWeight))
		root[i] = h.Dividend.SatMul(r.SafeDiv(fixed.U96F32FromU64(h.Alpha).SatAdd(r)))
		alpha[i] = h.Dividend.SatSub(root[i])
		totalAlpha, totalRoot = totalAlpha.SatAdd(alpha[i]), totalRoot.SatAdd(root[i])
	}
	for i := range holders {
		alpha[i] = fixed.U96F32FromU64(pendingAlpha).SatMul(alpha[i].SafeDiv(totalAlpha))
		root[i] = fixed.U96F32FromU64(pendingRoot).SatMul(root[i].SafeDiv(totalRoot))
	}
	return alpha, root
}

// ValidatorPot returns the alpha that validators share: their own, and the servers' too where no server earned anything.
//
// Source: subtensor coinbase/run_coinbase.rs, distribute_emission.
func ValidatorPot(o *consensus.Output, pendingServer, pendingValidator uint64) uint64 {
	for _, v := range o.ServerEmission {
		if v != 0 {
			return pendingValidator
		}
	}
	return fixed.SatAddU64(pendingValidator, pendingServer)
}

// A Family is the stakes and delegations in which a child's dividends go back to its parents.
type Family struct {
	Alpha, Root []uint64 // own stakes in rao, one of each a neuron
	Lent        []Delegation
	Coldkey     []int    // owner of each neuron: takes apply only between different ones
	ChildTake   []uint16 // of 65535, by child
	TaoWeight   uint64
	Burn        uint64 // global take that is burned, of 2^64-1
}

// A Dividend is rao of a child's dividends paid to a neuron.
type Dividend struct {
	UID int
	Rao uint64
}

// ShareDividends divides a child's dividends among its parents, in the order of Lent, and itself, which comes last. Parents of
// another owner leave the child its take and lose the burn; both are floored by themselves, and so is every payment.
//
// Errors: consensus.ErrState for uids or vectors out of range.
//
// Source: subtensor coinbase/run_coinbase.rs, get_parent_child_dividends_distribution and get_self_contribution.
func (f *Family) ShareDividends(child int, dividends uint64) ([]Dividend, error) {
	if err := f.check(child); err != nil {
		return nil, err
	}
	emission, one := fixed.U96F32FromU64(dividends), fixed.U96F32FromU64(1)
	kept := one
	for _, d := range f.Lent {
		if d.Parent == child {
			kept = kept.SatSub(TaoWeight(d.Proportion))
		}
	}
	total := fixed.U96F32FromU64(f.contribution(child, kept).U64())
	for _, d := range f.Lent {
		if d.Child == child {
			total = total.SatAdd(f.contribution(d.Parent, TaoWeight(d.Proportion)))
		}
	}
	rest, takes := emission, fixed.U96F32{}
	var out []Dividend
	for _, d := range f.Lent {
		if d.Child != child {
			continue
		}
		part := emission.SatMul(f.contribution(d.Parent, TaoWeight(d.Proportion)).SafeDiv(total))
		rest = rest.SatSub(part)
		if f.Coldkey[d.Parent] != f.Coldkey[child] {
			burn, take := TaoWeight(f.Burn).SatMul(part), proportion96(f.ChildTake[child]).SatMul(part)
			part = part.SatSub(burn).SatSub(take)
			takes = takes.SatAdd(take)
		}
		out = append(out, Dividend{d.Parent, part.U64()})
	}
	return append(out, Dividend{child, rest.SatAdd(takes).U64()}), nil
}

// contribution is a part of a neuron's stakes as stake weight.
func (f *Family) contribution(uid int, part fixed.U96F32) fixed.U96F32 {
	root := fixed.U96F32FromU64(f.Root[uid]).SatMul(part).SatMul(TaoWeight(f.TaoWeight))
	return fixed.U96F32FromU64(f.Alpha[uid]).SatMul(part).SatAdd(root)
}

func (f *Family) check(child int) error {
	n := len(f.Alpha)
	if len(f.Root) != n || len(f.Coldkey) != n || len(f.ChildTake) != n || child < 0 || child >= n {
		return fmt.Errorf("coinbase: %w: child %d of %d neurons", consensus.ErrState, child, n)
	}
	return checkDelegations(f.Lent, n)
}
