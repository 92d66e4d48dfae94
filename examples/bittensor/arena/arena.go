// Package arena plays adversaries of Yuma consensus over many epochs, each against an honest run of the same seed: the same
// servers, the same noise, the same stake, only that those who attack would have worked. It is package sim with a result in rao.
//
// The quality of servers wanders; honest validators see it with noise and vote what they see. What an adversary gains is the
// difference of its emission between the two runs, its own servers' included.
package arena

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

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
	g.Validators = cmp.Or(g.Validators, 8)
	g.Servers = cmp.Or(g.Servers, 12)
	g.Epochs = cmp.Or(g.Epochs, 100)
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
	gain := new(big.Int).Mul(big.NewInt(p.Gain()), big.NewInt(10_000)) // beyond 64 bits after some 9,000 epochs
	return gain.Quo(gain, new(big.Int).SetUint64(p.Honest)).Int64()
}

// Total is the adversary's validators and servers together.
func (o *Outcome) Total() Pair {
	return Pair{o.Validators.Honest + o.Servers.Honest, o.Validators.Attack + o.Servers.Attack}
}

// ErrGame marks a game without room for an adversary and somebody beside it.
var ErrGame = errors.New("arena: game is too small")

// Play plays one adversary and the honest run. Errors: ErrGame, wrapped, consensus.ErrState for a game beyond consensus.MaxNeurons,
// and ctx.Err().
func (g Game) Play(ctx context.Context, a Adversary) (Outcome, error) {
	g = g.defaults()
	out := Outcome{Adversary: a.Name, Mode: g.Mode}
	if g.Validators <= a.Members || g.Validators < 2 || g.Servers <= ownServers {
		return out, fmt.Errorf("%w: %d validators, %d servers for %s", ErrGame, g.Validators, g.Servers, a.Name)
	}
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
// modes, and the outcomes do not depend on workers. Errors: those of Play.
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
