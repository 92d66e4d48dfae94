package sim

import (
	"cmp"
	"context"
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// Copying is a subnet in which one validator votes what the others agreed on some epochs ago, in place of work. The quality of
// servers wanders; honest validators see it with noise and vote it at once; the copier has an honest validator's stake and
// votes the consensus of Lag epochs before. With commit-reveal the lag is at least the reveal period; without it, 1.
type Copying struct {
	Mode       Mode
	Validators int          // honest ones; 0 is 8
	Servers    int          // 0 is 16
	Epochs     int          // 0 is 200
	Lag        int          // 0 is 1: the consensus on chain while the copier votes
	Drift      fixed.I32F32 // change of quality an epoch, in parts of it; 0 is 1/8
	Noise      fixed.I32F32 // of an honest validator's sight, in parts; 0 is 1/64
	Seed       uint64
	// Open lets the copier see the others' weights before the epoch that counts them, as without commit-reveal: it votes their
	// median at once, and Lag does not matter.
	Open bool
}

// CopyResult is what copying came to over all epochs, as rao of dividends for a rao of stake, in parts of 2^32.
type CopyResult struct {
	Copier, Honest fixed.I32F32 // honest: the mean over honest validators
	ByEpoch        *Table       // epoch, copier, honest
}

func (c *Copying) defaults() Copying {
	d := *c
	d.Validators = cmp.Or(d.Validators, 8)
	d.Servers = cmp.Or(d.Servers, 16)
	d.Epochs = cmp.Or(d.Epochs, 200)
	d.Lag = cmp.Or(d.Lag, 1)
	d.Drift = cmp.Or(d.Drift, fixed.One/8)
	d.Noise = cmp.Or(d.Noise, fixed.One/64)
	return d
}

// Run plays the epochs.
func (c *Copying) Run(ctx context.Context) (*CopyResult, error) {
	d := c.defaults()
	g := newCopyGame(&d)
	sc := Scenario{Start: g.start(), Epochs: d.Epochs, Before: g.before}
	r := &CopyResult{ByEpoch: &Table{Columns: []string{"epoch", "copier_rao", "honest_mean_rao"}}}
	var copier, honest uint64
	for e, err := range sc.Run(ctx) {
		if err != nil {
			return nil, err
		}
		g.agreed = append(g.agreed, append([]fixed.I32F32(nil), e.Output.Consensus...))
		var sum uint64
		for i := range d.Validators {
			sum += e.Output.ValidatorEmission[i]
		}
		copier, honest = copier+e.Output.ValidatorEmission[d.Validators], honest+sum
		r.ByEpoch.Add(e.Index, e.Output.ValidatorEmission[d.Validators], sum/uint64(d.Validators))
	}
	stake := fixed.I64F64FromU64(copyStake)
	r.Copier = fixed.I64F64FromU64(copier).SafeDiv(stake).I32F32()
	r.Honest = fixed.I64F64FromU64(honest / uint64(d.Validators)).SafeDiv(stake).I32F32()
	return r, nil
}

const copyStake = 1_000_000_000_000 // rao of each validator

type copyGame struct {
	*Copying
	rng     Random
	quality []fixed.I32F32
	agreed  [][]fixed.I32F32 // consensus of every epoch so far
}

func newCopyGame(c *Copying) *copyGame {
	g := &copyGame{Copying: c, rng: Random{c.Seed}}
	for range c.Servers {
		g.quality = append(g.quality, fixed.One/4+fixed.I32F32(g.rng.Next()>>33))
	}
	return g
}

func (g *copyGame) start() *consensus.State {
	n := g.Validators + 1 + g.Servers
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1360, RaoEmission: 1e9}
	g.Mode.Apply(&s.Params)
	s.CommitReveal = false // reveal has happened when the epoch runs: the lag is what it leaves
	for i := range n {
		v := i <= g.Validators
		stake := uint64(0)
		if v {
			stake = copyStake
		}
		s.Stake = append(s.Stake, fixed.I64F64FromU64(stake))
		s.LastUpdate, s.BlockAtRegistration = append(s.LastUpdate, 0), append(s.BlockAtRegistration, 1)
		s.ValidatorPermit = append(s.ValidatorPermit, v)
	}
	return s
}

// before lets the qualities wander and everyone vote.
func (g *copyGame) before(e int, s *consensus.State) {
	for j, q := range g.quality {
		g.quality[j] = (q + g.Drift.SatMul(g.rng.normal()).SatMul(q)).Clamp(fixed.One/64, fixed.One)
	}
	s.Weights.Reset()
	col := make([]uint16, g.Servers)
	for j := range col {
		col[j] = uint16(g.Validators + 1 + j)
	}
	seen := make([]fixed.I32F32, g.Servers)
	for i := range g.Validators {
		for j, q := range g.quality {
			seen[j] = max(0, q+g.Noise.SatMul(g.rng.normal()).SatMul(q))
		}
		s.Weights.Append(col, consensus.MaxUpscale(seen))
		s.LastUpdate[i] = s.CurrentBlock - 1
	}
	switch at := e - g.Lag; {
	case g.Open:
		s.Weights.Append(col, g.median(s))
		s.LastUpdate[g.Validators] = s.CurrentBlock - 1
	case at >= 0:
		s.Weights.Append(col, consensus.MaxUpscale(g.agreed[at][g.Validators+1:]))
		s.LastUpdate[g.Validators] = s.CurrentBlock - 1
	default:
		s.Weights.Append(nil, nil)
	}
	for range g.Servers {
		s.Weights.Append(nil, nil)
	}
}

// median is the middle of the honest validators' present votes, server by server.
func (g *copyGame) median(s *consensus.State) []uint16 {
	out, votes := make([]uint16, g.Servers), make([]uint16, g.Validators)
	for j := range out {
		for i := range votes {
			_, val := s.Weights.Row(i)
			votes[i] = val[j]
		}
		slices.Sort(votes)
		out[j] = votes[len(votes)/2]
	}
	return out
}
