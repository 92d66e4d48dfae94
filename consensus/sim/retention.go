package sim

import (
	"context"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Retention maps what an honest majority keeps against a cabal: 512 neurons, 64 of them validators, both divided by stake. The
// majority votes its utility for its own servers and the rest for the cabal's, the cabal likewise for itself; one epoch of Yuma 2.
//
// The experiment is that of subtensor's docs/consensus.md and tests/consensus.rs, map_consensus_guarantees. Samples are drawn
// by the vectors' generator and a normal approximation in integers (the sum of twelve uniform numbers), so that the map is the
// same everywhere; the chain's test draws others.
type Retention struct {
	Deviation fixed.I32F32 // of the weights, in parts of their mean
	Penalty   uint16       // bonds penalty, of 65535
	Seed      uint64
	Workers   int            // 0 are all processors
	Grid      int            // steps of either self-weight from 0 to 1; 0 is 50, the whole map
	Stakes    []fixed.I32F32 // of the majority; nil are RetentionStakes
}

// RetentionStakes returns the majority's stakes of the map: 0.51 to 0.99, eleven.
func RetentionStakes() (out []fixed.I32F32) {
	for _, percent := range []int64{51, 55, 60, 65, 70, 75, 80, 85, 90, 95, 99} {
		out = append(out, fixed.I32F32(percent<<32/100))
	}
	return out
}

// A RetentionPoint is one network of the map. Emission is the majority's part of all emission.
type RetentionPoint struct{ Stake, Utility, SelfWeight, Emission fixed.I32F32 }

const (
	retentionNeurons    = 512
	retentionValidators = 64
	retentionServers    = retentionNeurons - retentionValidators
)

// Map computes every point: stakes, then utilities, then the cabal's self-weights, each in ascending order.
func (r *Retention) Map(ctx context.Context) ([]RetentionPoint, error) {
	stakes, side := r.Stakes, r.side()
	if stakes == nil {
		stakes = RetentionStakes()
	}
	return Sweep(ctx, len(stakes)*side*side, r.Workers, func() func(context.Context, int) (RetentionPoint, error) {
		var net *retentionNet
		engine, o := consensus.NewEngine(nil), new(consensus.Output)
		return func(ctx context.Context, i int) (RetentionPoint, error) {
			p := RetentionPoint{
				Stake: stakes[i/(side*side)], Utility: r.fraction(i / side % side), SelfWeight: r.fraction(i % side),
			}
			if net == nil || net.stake != p.Stake {
				net = r.network(p.Stake)
			}
			net.vote(p.Utility, p.SelfWeight)
			if err := engine.Epoch(ctx, net.state, o); err != nil {
				return p, err
			}
			p.Emission = net.share(o)
			return p, nil
		}
	})
}

func (r *Retention) side() int { return r.grid() + 1 }

func (r *Retention) grid() int {
	if r.Grid == 0 {
		return 50
	}
	return r.Grid
}

func (r *Retention) fraction(k int) fixed.I32F32 {
	return fixed.FromInt(int64(k)).SafeDiv(fixed.FromInt(int64(r.grid())))
}

// Threshold returns the least utility at and above which a majority of that stake keeps its part whatever the cabal votes for
// itself; 1 + 1/Grid if there is none. Points are those of Map.
func (r *Retention) Threshold(points []RetentionPoint, stake fixed.I32F32) fixed.I32F32 {
	least := r.fraction(r.grid() + 1)
	lost := fixed.I32F32(-1)
	for _, p := range points {
		if p.Stake == stake && p.Emission < stake {
			lost = max(lost, p.Utility)
		}
	}
	for _, p := range points {
		if p.Stake == stake && p.Utility > lost {
			least = min(least, p.Utility)
		}
	}
	return least
}

// A retentionNet is the network of one majority: stakes and samples stay, weights follow the point.
type retentionNet struct {
	stake      fixed.I32F32
	state      *consensus.State
	validators int // of the majority; servers likewise
	servers    int
	sample     [][]fixed.I32F32 // of each validator: normalised apart for the majority's servers and the cabal's
	col        []uint16
}

// network draws the network of a majority.
func (r *Retention) network(stake fixed.I32F32) *retentionNet {
	rng := &Random{r.Seed}
	net := &retentionNet{stake: stake, validators: notExtreme(stake, retentionValidators), servers: notExtreme(stake, retentionServers)}
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 2, RaoEmission: 1e9}
	Yuma2.Apply(&s.Params)
	s.CommitReveal, s.BondsPenalty, s.MaxAllowedValidators = false, r.Penalty, retentionValidators
	s.Stake = make([]fixed.I64F64, retentionNeurons)
	s.LastUpdate, s.BlockAtRegistration = make([]uint64, retentionNeurons), make([]uint64, retentionNeurons)
	s.ValidatorPermit = make([]bool, retentionNeurons)
	net.drawStakes(rng, s)
	for range retentionValidators {
		row := rng.sample(net.servers, r.Deviation)
		net.sample = append(net.sample, append(row, rng.sample(retentionServers-net.servers, r.Deviation)...))
	}
	for j := range retentionServers {
		net.col = append(net.col, uint16(retentionValidators+j))
	}
	net.state = s
	return net
}

func (net *retentionNet) drawStakes(rng *Random, s *consensus.State) {
	const deviation = 3 << 32 / 10
	major := rng.sample(net.validators, deviation)
	minor := rng.sample(retentionValidators-net.validators, deviation)
	for i, part := range append(major, minor...) {
		side := net.stake
		if i >= net.validators {
			side = fixed.One - net.stake
		}
		rao := side.I96F32().SatMul(part.I96F32()).SatMul(fixed.I96F32FromU64(coinbase.TotalSupply)).U64()
		s.Stake[i], s.ValidatorPermit[i], s.LastUpdate[i] = fixed.I64F64FromU64(rao), true, 1
	}
}

// notExtreme is a part of total that is neither 0 nor all.
func notExtreme(part fixed.I32F32, total int) int {
	return min(max(int(part.SatMul(fixed.FromInt(int64(total)))>>32), 1), total-1)
}

// sample draws n positive numbers around 1 and divides them by their sum.
func (r *Random) sample(n int, deviation fixed.I32F32) []fixed.I32F32 {
	out := make([]fixed.I32F32, n)
	for i := range out {
		out[i] = max(0, fixed.One+deviation.SatMul(r.normal()))
	}
	sum := fixed.Sum(out)
	for i, v := range out {
		out[i] = v.SafeDiv(sum)
	}
	return out
}

// normal is nearly a standard normal number: the sum of twelve uniform ones, less 6.
func (r *Random) normal() (v fixed.I32F32) {
	for range 12 {
		v += fixed.I32F32(r.Next() >> 32)
	}
	return v - 6*fixed.One
}

// vote sets the weights of a point, upscaled as the chain stores them.
func (net *retentionNet) vote(utility, self fixed.I32F32) {
	w := &net.state.Weights
	w.Reset()
	val := make([]uint16, retentionServers)
	for i, sample := range net.sample {
		first := utility
		if i >= net.validators {
			first = fixed.One - self
		}
		for j, v := range sample {
			part := first
			if j >= net.servers {
				part = fixed.One - first
			}
			val[j] = part.SatMul(v).ToU16Proportion()
		}
		w.Append(net.col, consensus.MaxUpscaleU16(val))
	}
	for range retentionServers {
		w.Append(nil, nil)
	}
}

// share is the majority's part of all emission.
func (net *retentionNet) share(o *consensus.Output) fixed.I32F32 {
	var major, all uint64
	for i, e := range o.Emission {
		all += e
		if i < net.validators || i >= retentionValidators && i < retentionValidators+net.servers {
			major += e
		}
	}
	return fixed.I64F64FromU64(major).SafeDiv(fixed.I64F64FromU64(all)).I32F32()
}

// RetentionTable returns the points as a table, in parts of 2^32.
func RetentionTable(points []RetentionPoint) *Table {
	t := &Table{Columns: []string{"major_stake", "major_utility", "minor_self_weight", "major_emission"}}
	for _, p := range points {
		t.Add(int64(p.Stake), int64(p.Utility), int64(p.SelfWeight), int64(p.Emission))
	}
	return t
}
