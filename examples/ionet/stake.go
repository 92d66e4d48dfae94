package ionet

import (
	"fmt"
	"math"
	"math/big"
)

// BaseStake is the stake of a device of multiplier 1 or less, in IO.
const BaseStake = 200

// The pools of an hourly block, in hundredths.
const (
	EnterprisePercent = 95
	CommunityPercent  = 5
)

// The rules of co-staking.
const (
	MaxCoStakePercent = 50      // of a device's whole stake
	CoStakeWait       = 7 * 24  // hours until a co-stake counts
	CoStakeCooldown   = 14 * 24 // hours until a withdrawn co-stake is free
)

// Stake returns the stake of devices of one kind in nano-IO, rounded down: 200 IO * max(1, multiplier) each.
// Errors: ErrRule.
func Stake(multiplier *big.Rat, devices int64) (int64, error) {
	if multiplier == nil || multiplier.Sign() < 0 || devices < 0 {
		return 0, fmt.Errorf("%w: %d devices of multiplier %v", ErrRule, devices, multiplier)
	}
	each := big.NewRat(BaseStake*Nano, 1)
	if multiplier.Cmp(big.NewRat(1, 1)) > 0 {
		each.Mul(each, multiplier)
	}
	each.Mul(each, new(big.Rat).SetInt64(devices))
	stake := new(big.Int).Quo(each.Num(), each.Denom())
	if !stake.IsInt64() {
		return 0, fmt.Errorf("%w: a stake past %d nano-IO", ErrRule, int64(math.MaxInt64))
	}
	return stake.Int64(), nil
}

// Pools splits an hourly block between the pools; the enterprise pool gets what rounding leaves.
func Pools(block int64) (enterprise, community int64) {
	community = block/100*CommunityPercent + block%100*CommunityPercent/100
	return block - community, community
}

// A CoStake is someone's stake on a device of another.
type CoStake struct {
	By       string
	Amount   int64 // nano-IO
	Since    int   // hour it was brought
	Released int   // hour its withdrawal was asked for; 0 for not
}

// Counts reports whether the stake earns and lifts the rank at an hour.
func (c *CoStake) Counts(hour int) bool {
	return hour >= c.Since+CoStakeWait && (c.Released == 0 || hour < c.Released)
}

// Free reports whether the stake can be taken back at an hour.
func (c *CoStake) Free(hour int) bool { return c.Released != 0 && hour >= c.Released+CoStakeCooldown }

// CheckCoStake refuses a co-stake that would be over half of a device's whole stake. own is the supplier's stake, others what is
// co-staked already, all in nano-IO.
func CheckCoStake(own, others, more int64) error {
	if more <= 0 || own <= 0 || others < 0 || more > math.MaxInt64/100-others || others+more > own*MaxCoStakePercent/(100-MaxCoStakePercent) {
		return fmt.Errorf("%w: a co-stake of %d with %d of others on %d own is over %d %% of the whole", ErrRule, more, others, own, MaxCoStakePercent)
	}
	return nil
}

// A Candidate is what the hourly block asks of a device.
type Candidate struct {
	ClusterTest  bool
	Wallet       bool
	Listed       bool
	Connectivity int // tier
	Uptime       int // hours
	Stake, Need  int64
}

// MinUptime is the hours a device must be up before a block, exclusive.
const MinUptime = 5

// Eligible returns nil for a device that an hourly block may pay, else the first rule it breaks, wrapping ErrRule.
func (c *Candidate) Eligible() error {
	for _, r := range []struct {
		ok   bool
		rule string
	}{
		{c.ClusterTest, "cluster test not passed"}, {c.Wallet, "no wallet linked"}, {c.Listed, "device not listed"},
		{c.Connectivity > 0, "connectivity tier 0"}, {c.Uptime > MinUptime, fmt.Sprintf("up %d h, over %d needed", c.Uptime, MinUptime)},
		{c.Stake >= c.Need, "stake below the device's"},
	} {
		if !r.ok {
			return fmt.Errorf("%w: %s", ErrRule, r.rule)
		}
	}
	return nil
}

// Divide splits an amount by weights, rounded down; the first of the largest weights gets what is left. All zero for weights that sum to
// nothing.
func Divide(amount int64, weights []int64) []int64 {
	out, sum, most := make([]int64, len(weights)), new(big.Int), 0
	for i, w := range weights {
		sum.Add(sum, big.NewInt(w))
		if w > weights[most] {
			most = i
		}
	}
	if sum.Sign() <= 0 || amount <= 0 {
		return out
	}
	left := amount
	for i, w := range weights {
		x := new(big.Int).Mul(big.NewInt(amount), big.NewInt(w))
		out[i] = x.Quo(x, sum).Int64()
		left -= out[i]
	}
	out[most] += left
	return out
}
