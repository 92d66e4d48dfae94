// Package arena plays adversaries of Yuma consensus over many epochs, each against an honest run of the same seed: the same
// servers, the same noise, the same stake, only that those who attack would have worked. It is package sim with a result in rao.
//
// The quality of servers wanders; honest validators see it with noise and vote what they see. What an adversary gains is the
// difference of its emission between the two runs, its own servers' included.
package arena

import (
	"context"
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// An Adversary is a way to vote, or to serve, other than honestly.
type Adversary struct {
	Name string
	// Stake is what the adversaries hold together, in percent; 0 is an equal part for one validator.
	Stake int
	// Members are the validators that are in it, the last ones; 0 is one.
	Members int
	// Miner has no validator in it, a server only.
	Miner bool
	// vote returns the row of an adversary over the servers, from what it knows; nil votes nothing.
	vote func(k *knowledge) []fixed.I32F32
	// deceive changes what a validator sees of the adversary's own server.
	deceive func(validator int, seen fixed.I32F32) fixed.I32F32
}

// knowledge is what an adversary may use.
type knowledge struct {
	epoch   int
	seen    []fixed.I32F32   // by itself, had it worked
	first   []fixed.I32F32   // seen in the first epoch
	open    [][]fixed.I32F32 // the honest validators' votes of this epoch
	agreed  [][]fixed.I32F32 // consensus of every epoch before
	own     []int            // its servers
	servers int
}

// onOwn votes for one's own servers only.
func onOwn(k *knowledge) []fixed.I32F32 {
	row := make([]fixed.I32F32, k.servers)
	for _, j := range k.own {
		row[j] = fixed.One
	}
	return row
}

// median is the middle of the votes that lie open.
func median(k *knowledge) []fixed.I32F32 {
	row, votes := make([]fixed.I32F32, k.servers), make([]fixed.I32F32, len(k.open))
	for j := range row {
		for i := range votes {
			votes[i] = k.open[i][j]
		}
		slices.Sort(votes)
		row[j] = votes[len(votes)/2]
	}
	return row
}

// agreedBefore votes the consensus of some epochs ago.
func agreedBefore(lag int) func(k *knowledge) []fixed.I32F32 {
	return func(k *knowledge) []fixed.I32F32 {
		if k.epoch < lag {
			return nil
		}
		return k.agreed[k.epoch-lag]
	}
}

// Adversaries returns those that are built in.
func Adversaries() []Adversary {
	out := []Adversary{
		{Name: "weight copier, weights open", vote: median},
		{Name: "weight copier, commit-reveal lag 1", vote: agreedBefore(1)},
		{Name: "weight copier, commit-reveal lag 2", vote: agreedBefore(2)},
		{Name: "weight copier, commit-reveal lag 4", vote: agreedBefore(4)},
		{Name: "self-voter, own uid", vote: func(*knowledge) []fixed.I32F32 { return []fixed.I32F32{} }},
		{Name: "self-voter, own miner", vote: onOwn},
	}
	for _, c := range []struct {
		name  string
		stake int
	}{{"cabal, 10 % of stake", 10}, {"cabal, 20 % of stake", 20}, {"cabal, 30 % of stake", 30}, {"cabal, 40 % of stake", 40}, {"cabal, 49 % of stake", 49}, {"cabal, 55 % (majority)", 55}} {
		out = append(out, Adversary{Name: c.name, Stake: c.stake, Members: 4, vote: onOwn})
	}
	return append(out,
		Adversary{Name: "lazy validator, first weights for ever", vote: func(k *knowledge) []fixed.I32F32 { return k.first }},
		Adversary{Name: "lazy validator, equal weights", vote: func(k *knowledge) []fixed.I32F32 { return slices.Repeat([]fixed.I32F32{fixed.One}, k.servers) }},
		Adversary{Name: "lazy validator, stops voting", vote: func(k *knowledge) []fixed.I32F32 {
			if k.epoch > 0 {
				return nil
			}
			return k.seen
		}},
		Adversary{Name: "miner overfits one validator", Miner: true, deceive: func(validator int, seen fixed.I32F32) fixed.I32F32 {
			if validator == 0 {
				return fixed.One
			}
			return seen
		}})
}

// A Game is the subnet that adversaries are played on. Zero values choose the defaults.
type Game struct {
	Mode       sim.Mode
	Validators int // 0 is 8
	Servers    int // 0 is 12
	Epochs     int // 0 is 100
	Seed       uint64
}

func (g Game) defaults() Game {
	or := func(v *int, by int) {
		if *v == 0 {
			*v = by
		}
	}
	or(&g.Validators, 8)
	or(&g.Servers, 12)
	or(&g.Epochs, 100)
	return g
}

// An Outcome is what an adversary's play came to, in rao over all epochs; Honest is the run in which it would have worked.
type Outcome struct {
	Adversary string
	Mode      sim.Mode
	// Validators is the emission of the adversary's validators, Servers that of its servers, Others that of all honest parties.
	Validators, Servers, Others Pair
}

// A Pair is an amount in the honest run and in the attack.
type Pair struct{ Honest, Attack uint64 }

// Gain returns attack less honest, in rao.
func (p Pair) Gain() int64 { return int64(p.Attack) - int64(p.Honest) }

// Basis returns the gain in hundredths of a percent of the honest amount, 0 where that is 0.
func (p Pair) Basis() int64 {
	if p.Honest == 0 {
		return 0
	}
	return p.Gain() * 10_000 / int64(p.Honest)
}

// Total is the adversary's validators and servers together.
func (o *Outcome) Total() Pair {
	return Pair{o.Validators.Honest + o.Servers.Honest, o.Validators.Attack + o.Servers.Attack}
}

// Play plays one adversary and the honest run.
func (g Game) Play(ctx context.Context, a Adversary) (Outcome, error) {
	g = g.defaults()
	out := Outcome{Adversary: a.Name, Mode: g.Mode}
	for _, attack := range []bool{false, true} {
		t := newTable(g, a, attack)
		sc := sim.Scenario{Start: t.start(), Epochs: g.Epochs, Before: t.before}
		for e, err := range sc.Run(ctx) {
			if err != nil {
				return out, err
			}
			t.after(e.Output, &out)
		}
	}
	return out, nil
}

// PlayAll plays every adversary in every mode, on several goroutines (0 workers are all processors). The order, adversaries within
// modes, and the outcomes do not depend on workers.
func PlayAll(ctx context.Context, g Game, workers int) ([]Outcome, error) {
	all := Adversaries()
	modes := []sim.Mode{sim.Yuma2, sim.Yuma3, sim.Yuma3Liquid}
	return sim.Sweep(ctx, len(all)*len(modes), workers, func() func(context.Context, int) (Outcome, error) {
		return func(ctx context.Context, i int) (Outcome, error) {
			g := g
			g.Mode = modes[i/len(all)]
			return g.Play(ctx, all[i%len(all)])
		}
	})
}

// A table is one run.
type table struct {
	Game
	Adversary
	attack  bool
	rng     sim.Random
	quality []fixed.I32F32
	known   []knowledge // of each member
	agreed  [][]fixed.I32F32
}

const members = 2 // servers of the adversary: the last ones

func newTable(g Game, a Adversary, attack bool) *table {
	t := &table{Game: g, Adversary: a, attack: attack, rng: sim.Random{State: g.Seed}}
	if t.Members = max(1, t.Members); t.Miner {
		t.Members = 0
	}
	for range g.Servers {
		t.quality = append(t.quality, fixed.One/4+fixed.I32F32(t.rng.Next()>>33))
	}
	for j := g.Servers - members; j < g.Servers; j++ {
		t.quality[j] = fixed.One / 16
	}
	t.known = make([]knowledge, t.Members)
	return t
}

// isMember reports whether a validator is in it.
func (t *table) isMember(i int) bool {
	return i >= t.Game.Validators-t.Members && i < t.Game.Validators
}

const allStake = 1_000_000_000_000_000 // rao

func (t *table) start() *consensus.State {
	v := t.Game.Validators
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1360, RaoEmission: 100_000_000_000}
	t.Game.Mode.Apply(&s.Params)
	s.CommitReveal = false // weights count when they are revealed; the lag is what an adversary has of it
	for i := range v + t.Servers {
		stake := uint64(0)
		switch {
		case i >= v:
		case t.Stake == 0:
			stake = allStake / uint64(v)
		case t.isMember(i):
			stake = allStake / 100 * uint64(t.Stake) / uint64(max(1, t.Members))
		default:
			stake = allStake / 100 * uint64(100-t.Stake) / uint64(v-t.Members)
		}
		s.Stake = append(s.Stake, fixed.I64F64FromU64(stake))
		s.LastUpdate, s.BlockAtRegistration = append(s.LastUpdate, 0), append(s.BlockAtRegistration, 1)
		s.ValidatorPermit = append(s.ValidatorPermit, i < v)
	}
	return s
}

// wobble is a number between -1 and 1, near 0 more often than not.
func (t *table) wobble() (v fixed.I32F32) {
	for range 4 {
		v += fixed.I32F32(t.rng.Next()>>32) - fixed.One/2
	}
	return v / 2
}

// before lets the qualities wander and all vote; the random numbers drawn are the same in both runs.
func (t *table) before(e int, s *consensus.State) {
	for j, q := range t.quality {
		d := t.wobble()
		if j < t.Servers-members {
			t.quality[j] = (q + d.SatMul(q)/4).Clamp(fixed.One/16, fixed.One)
		}
	}
	v := t.Game.Validators
	seen := make([][]fixed.I32F32, v)
	for i := range seen {
		for j, q := range t.quality {
			x := max(0, q+t.wobble().SatMul(q)/16)
			if t.attack && t.deceive != nil && j == t.Servers-1 {
				x = t.deceive(i, x)
			}
			seen[i] = append(seen[i], x)
		}
	}
	s.Weights.Reset()
	for i := range v {
		row := seen[i]
		if t.attack && t.isMember(i) && t.vote != nil {
			row = t.vote(t.tell(e, i, seen))
		}
		t.set(s, i, row)
	}
	for range t.Servers {
		s.Weights.Append(nil, nil)
	}
}

// tell gathers what a member knows.
func (t *table) tell(e, i int, seen [][]fixed.I32F32) *knowledge {
	k := &t.known[i-(t.Game.Validators-t.Members)]
	k.epoch, k.seen, k.open, k.agreed, k.servers = e, seen[i], seen[:t.Game.Validators-t.Members], t.agreed, t.Servers
	if e == 0 {
		k.first = seen[i]
		for j := t.Servers - members; j < t.Servers; j++ {
			k.own = append(k.own, j)
		}
	}
	return k
}

// set appends a validator's row of weights; nil is one that does not vote: its old weights would stand, and they are its first.
func (t *table) set(s *consensus.State, i int, row []fixed.I32F32) {
	if row == nil {
		s.Weights.Append(nil, nil)
		return
	}
	s.LastUpdate[i] = s.CurrentBlock - 1
	if len(row) == 0 { // a single weight for itself, which the epoch does not count
		s.Weights.Append([]uint16{uint16(i)}, []uint16{65535})
		return
	}
	col := make([]uint16, len(row))
	for j := range col {
		col[j] = uint16(t.Game.Validators + j)
	}
	s.Weights.Append(col, consensus.MaxUpscale(row))
}

// after adds an epoch's emission to the outcome.
func (t *table) after(o *consensus.Output, out *Outcome) {
	t.agreed = append(t.agreed, slices.Clone(o.Consensus[t.Game.Validators:]))
	for uid, x := range o.Emission {
		p := &out.Others
		switch {
		case t.isMember(uid):
			p = &out.Validators
		case uid >= t.Game.Validators+t.Servers-members:
			p = &out.Servers
		}
		if t.attack {
			p.Attack += x
		} else {
			p.Honest += x
		}
	}
}
