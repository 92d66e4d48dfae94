package sim

import (
	"cmp"
	"context"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Cabal is validators with one will against an honest majority: every honest validator votes the servers' merits, the cabal
// votes a part of its weight for its own servers and the rest by merit for the others.
type Cabal struct {
	Stake      fixed.I32F32 // of the cabal, in parts of all
	SelfWeight fixed.I32F32 // of the cabal's votes
	Validators int          // on each side; 0 is 4
	Servers    int          // on each side; 0 is 4
	Mode       Mode
	Epochs     int // 0 is 1
}

// CabalResult is the last epoch's. Shares are of all consensus weight, of all incentive and of all dividends.
type CabalResult struct {
	HonestWeight []fixed.I32F32 // what every honest validator voted for each of the cabal's servers, normalised
	Consensus    []fixed.I32F32 // the consensus on them
	Incentive    fixed.I32F32   // of the cabal's servers together
	Dividends    fixed.I32F32   // of the cabal's validators together
}

// Run plays the epochs.
func (c *Cabal) Run(ctx context.Context) (*CabalResult, error) {
	d := *c
	d.Validators, d.Servers = cmp.Or(d.Validators, 4), cmp.Or(d.Servers, 4)
	sc := Scenario{Start: d.state(), Epochs: max(d.Epochs, 1), Before: func(_ int, s *consensus.State) {
		for i := range 2 * d.Validators {
			s.LastUpdate[i] = s.CurrentBlock - 1
		}
	}}
	r := &CabalResult{}
	v, n := d.Validators, 2*(d.Validators+d.Servers)
	for e, err := range sc.Run(ctx) {
		if err != nil {
			return nil, err
		}
		o := e.Output
		r.Consensus = append(r.Consensus[:0], o.Consensus[n-d.Servers:]...)
		r.Incentive, r.Dividends = fixed.Sum(o.Incentive[n-d.Servers:]), fixed.Sum(o.Dividends[v:2*v])
		r.HonestWeight = d.honest(e.State)
	}
	return r, nil
}

// state is validators of either side, then servers of either side, the honest first.
func (c *Cabal) state() *consensus.State {
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1360, RaoEmission: 1e9}
	c.Mode.Apply(&s.Params)
	s.CommitReveal, s.MaxAllowedValidators = false, uint16(2*c.Validators)
	n := 2 * (c.Validators + c.Servers)
	col := make([]uint16, 2*c.Servers)
	for j := range col {
		col[j] = uint16(2*c.Validators + j)
	}
	for i := range n {
		v := i < 2*c.Validators
		part, row := fixed.I32F32(0), []uint16(nil)
		switch {
		case i < c.Validators:
			part, row = fixed.One-c.Stake, c.merits(0)
		case v:
			part, row = c.Stake, c.merits(c.SelfWeight)
		}
		rao := part.SatMul(fixed.FromInt(1_000_000_000)) >> 32
		s.Stake = append(s.Stake, fixed.I64F64FromU64(uint64(rao)/uint64(c.Validators)))
		s.LastUpdate, s.BlockAtRegistration = append(s.LastUpdate, 0), append(s.BlockAtRegistration, 1)
		s.ValidatorPermit = append(s.ValidatorPermit, v)
		s.Weights.Append(col[:len(row)], row)
	}
	return s
}

// merits are the votes by merit, server j having 1+j of it, of which the cabal's servers have in addition a part self.
func (c *Cabal) merits(self fixed.I32F32) []uint16 {
	votes := make([]fixed.I32F32, 2*c.Servers)
	total := int64(2*c.Servers) * int64(2*c.Servers+1) / 2
	for j := range votes {
		votes[j] = (fixed.One - self).SatMul(fixed.FromInt(int64(1 + j)).SafeDiv(fixed.FromInt(total)))
		if j >= c.Servers {
			votes[j] += self.SafeDiv(fixed.FromInt(int64(c.Servers)))
		}
	}
	return consensus.MaxUpscale(votes)
}

// honest normalises an honest validator's votes for the cabal's servers as the epoch does.
func (c *Cabal) honest(s *consensus.State) []fixed.I32F32 {
	_, val := s.Weights.Row(0)
	var sum fixed.I32F32
	for _, v := range val {
		sum += fixed.FromU16(v)
	}
	out := make([]fixed.I32F32, 0, c.Servers)
	for _, v := range val[c.Servers:] {
		out = append(out, fixed.FromU16(v).SafeDiv(sum))
	}
	return out
}
