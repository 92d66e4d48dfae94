package subnet

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// Refusals of weights, named and ordered as the chain checks them.
var (
	ErrRootWeights    = errors.New("subnet: cannot set root network weights")
	ErrUnequalLength  = errors.New("subnet: uids and values differ in number")
	ErrNoMechanism    = errors.New("subnet: mechanism does not exist")
	ErrTooManyUids    = errors.New("subnet: more uids than the subnet has")
	ErrNotRegistered  = errors.New("subnet: hotkey not registered")
	ErrNotEnoughStake = errors.New("subnet: not enough stake to set weights")
	ErrVersionKey     = errors.New("subnet: incorrect weight version key")
	ErrTooFast        = errors.New("subnet: setting weights too fast")
	ErrNoPermit       = errors.New("subnet: neuron has no validator permit")
	ErrDuplicateUids  = errors.New("subnet: duplicate uids")
	ErrInvalidUid     = errors.New("subnet: uid not on the subnet")
	ErrTooFewWeights  = errors.New("subnet: fewer weights than allowed")
	ErrMaxWeight      = errors.New("subnet: max weight exceeded")
)

// WeightRules are a subnet's rules for setting weights. The zero value of MaxWeightLimit means 65535: no limit.
type WeightRules struct {
	Root           bool   // the root network, which takes no weights
	Mechanisms     uint8  // of the subnet
	MinAllowed     uint16 // weights
	MaxWeightLimit uint16 // largest share, of 65535
	VersionKey     uint64 // 0 takes any
	RateLimit      uint64 // blocks between two settings of one neuron; the chain starts with 100
}

// A WeightCall is a neuron's call to set weights, by which one row of the state changes.
type WeightCall struct {
	UID          int // -1 for a hotkey that is not registered
	Mechanism    uint8
	Uids, Values []uint16
	VersionKey   uint64
}

// SetWeights checks a call against the state and the rules, in the chain's order, and returns the row to store: the values
// upscaled so that the largest is 65535, in the caller's order. It is the caller who stores them, and who sets the last update
// to the current block, unless commit-reveal is on: then the commit has done so. Errors: the refusals above, and consensus.ErrState for
// permits that are not one a neuron.
//
// Source: subtensor subnets/weights.rs, do_set_mechanism_weights.
func SetWeights(s *consensus.State, r *WeightRules, c *WeightCall) (col, val []uint16, err error) {
	if err := c.check(s, r); err != nil {
		return nil, nil, err
	}
	val = consensus.MaxUpscaleU16(c.Values)
	if !c.self() && r.MaxWeightLimit != 0 && r.MaxWeightLimit != 65535 && !consensus.MaxLimited(val, r.MaxWeightLimit) {
		return nil, nil, ErrMaxWeight
	}
	return append([]uint16(nil), c.Uids...), val, nil
}

func (c *WeightCall) check(s *consensus.State, r *WeightRules) error {
	n := s.N()
	owner := s.HasOwner && c.UID == int(s.Owner)
	switch {
	case r.Root:
		return ErrRootWeights
	case len(c.Uids) != len(c.Values):
		return ErrUnequalLength
	case c.Mechanism >= r.Mechanisms:
		return ErrNoMechanism
	case len(c.Uids) > n:
		return ErrTooManyUids
	case c.UID < 0 || c.UID >= n:
		return ErrNotRegistered
	case len(s.ValidatorPermit) != n:
		return fmt.Errorf("subnet: %w: %d permits for %d neurons", consensus.ErrState, len(s.ValidatorPermit), n)
	case !owner && s.Stake[c.UID].Cmp(fixed.I64F64FromU64(s.StakeThreshold)) < 0:
		return ErrNotEnoughStake
	case r.VersionKey != 0 && c.VersionKey < r.VersionKey:
		return ErrVersionKey
	case !s.CommitReveal && !RateLimitPassed(s.LastUpdateOf(c.UID), s.CurrentBlock, r.RateLimit):
		return ErrTooFast
	case !c.self() && !owner && !s.ValidatorPermit[c.UID]:
		return ErrNoPermit
	}
	return c.checkUids(n, int(r.MinAllowed))
}

func (c *WeightCall) checkUids(n, least int) error {
	var seen [consensus.MaxNeurons / 64]uint64
	for _, u := range c.Uids {
		if seen[u/64]>>(u%64)&1 != 0 {
			return ErrDuplicateUids
		}
		seen[u/64] |= 1 << (u % 64)
	}
	for _, u := range c.Uids {
		if int(u) >= n {
			return ErrInvalidUid
		}
	}
	if !c.self() && len(c.Values) < min(least, n) {
		return ErrTooFewWeights
	}
	return nil
}

// self reports a single weight for oneself.
func (c *WeightCall) self() bool {
	return len(c.Values) == 1 && len(c.Uids) == 1 && int(c.Uids[0]) == c.UID
}

// RateLimitPassed reports whether a neuron may set or commit weights again; one that never did always may
// (check_rate_limit).
func RateLimitPassed(lastUpdate, block, limit uint64) bool {
	return lastUpdate == 0 || block-min(block, lastUpdate) >= limit
}
