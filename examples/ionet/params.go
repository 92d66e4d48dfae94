package ionet

import (
	"fmt"
	"math/big"
)

// A Group is one of the five that the launch supply is booked to.
type Group struct {
	Name    string
	Percent int64
}

// Params are what Io.net has not published in what we could read: declared parameters of ours.
type Params struct {
	Groups [5]Group // shares of the launch supply, summing to 100

	// Slashing, in hundredths of a device's stake.
	SlashWork   int64 // work skipped, wrong or old
	SlashProof  int64 // proof of resources replayed
	SlashRecord int64 // health record forged
	SlashDevice int64 // device claimed and not there

	// Rank, in parts of the whole.
	RankPerformance, RankStability, RankStake int64

	BuyBackPercent int64 // of revenue in USDC that buys IO and burns it
}

// DefaultParams returns our parameters.
func DefaultParams() Params {
	return Params{
		Groups:    [5]Group{{"seed investors", 12}, {"series A", 10}, {"team", 11}, {"ecosystem and community", 50}, {"supplier rewards", 17}},
		SlashWork: 10, SlashProof: 20, SlashRecord: 25, SlashDevice: 50,
		RankPerformance: 50, RankStability: 30, RankStake: 20, BuyBackPercent: 50,
	}
}

// Check refuses shares that are no shares.
func (p *Params) Check() error {
	sum := int64(0)
	for _, g := range p.Groups {
		if g.Percent < 0 || g.Name == "" {
			return fmt.Errorf("%w: group %q of %d %%", ErrRule, g.Name, g.Percent)
		}
		sum += g.Percent
	}
	if sum != 100 {
		return fmt.Errorf("%w: the groups' shares sum to %d %%", ErrRule, sum)
	}
	for _, s := range []int64{p.SlashWork, p.SlashProof, p.SlashRecord, p.SlashDevice, p.BuyBackPercent} {
		if s < 0 || s > 100 {
			return fmt.Errorf("%w: %d %%", ErrRule, s)
		}
	}
	if p.RankPerformance < 0 || p.RankStability < 0 || p.RankStake < 0 || p.RankPerformance+p.RankStability+p.RankStake <= 0 {
		return fmt.Errorf("%w: rank of %d, %d, %d", ErrRule, p.RankPerformance, p.RankStability, p.RankStake)
	}
	return nil
}

// BuyBack returns what revenue in millionths of a USDC buys at a price in millionths of a USDC an IO, in nano-IO: the part spent
// and the IO bought, which is burnt. Errors: ErrRule.
func (p *Params) BuyBack(revenue, price int64) (spent, bought int64, err error) {
	if revenue < 0 || price <= 0 {
		return 0, 0, fmt.Errorf("%w: revenue %d at a price of %d", ErrRule, revenue, price)
	}
	spent = revenue/100*p.BuyBackPercent + revenue%100*p.BuyBackPercent/100
	x := new(big.Int).Mul(big.NewInt(spent), big.NewInt(Nano))
	if x.Quo(x, big.NewInt(price)); !x.IsInt64() {
		return 0, 0, fmt.Errorf("%w: %d at a price of %d buys over 2^63", ErrRule, spent, price)
	}
	return spent, x.Int64(), nil
}

// A Payout is an hour under the Incentive Dynamic Engine.
type Payout struct {
	FromRewards, FromFees int64 // nano-IO released from either vault
	Burnt                 int64 // nano-IO of the fee vault's surplus
	Short                 int64 // nano-IO that neither vault had
}

// Dynamic is the named second policy: suppliers are owed an amount of USDC, paid in IO at the live price from the reward
// vault, then from the fee vault; half of what the fee vault holds over the reserve is burnt. Io.net announced this
// without a formula: reserve and half are ours. Target and price are in millionths of a USDC, vaults in nano-IO.
func Dynamic(target, price, rewards, fees, reserve int64) (Payout, error) {
	all := Params{BuyBackPercent: 100}
	_, need, err := all.BuyBack(target, price)
	if err != nil || rewards < 0 || fees < 0 || reserve < 0 {
		return Payout{}, fmt.Errorf("%w: target %d, price %d, vaults %d and %d, reserve %d", ErrRule, target, price, rewards, fees, reserve)
	}
	var p Payout
	p.FromRewards = min(need, rewards)
	p.FromFees = min(need-p.FromRewards, fees)
	p.Short = need - p.FromRewards - p.FromFees
	if surplus := fees - p.FromFees - reserve; surplus > 0 {
		p.Burnt = surplus - surplus/2
	}
	return p, nil
}
