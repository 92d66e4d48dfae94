package sim

import (
	"context"
	"iter"

	"github.com/assaylab/assay/consensus"
)

// A Scenario is a subnet over many epochs: a state to start from, and what changes before each of them.
type Scenario struct {
	Name   string
	Start  *consensus.State
	Epochs int
	Blocks uint64 // from one epoch to the next; 0 is the tempo
	// Before changes the state before epoch e (from 0): weights, stake, registrations. It may be nil. By default the last
	// updates stay as they are; Vote sets weights as a validator would.
	Before func(e int, s *consensus.State)
	// Options are the engine's; nil are its defaults. With FixedBonds bonds are carried without their rounding to u16.
	Options *consensus.Options
}

// An Epoch is one step of a scenario. State is the one the epoch read. Both belong to the iteration and change with its next step.
type Epoch struct {
	Index  int
	State  *consensus.State
	Output *consensus.Output
}

// Run returns the epochs of the scenario one after the other. It ends after the first error. Start stays as it is, and each
// iteration begins there anew.
func (sc *Scenario) Run(ctx context.Context) iter.Seq2[Epoch, error] {
	return func(yield func(Epoch, error) bool) {
		s, o := Clone(sc.Start), new(consensus.Output)
		engine := consensus.NewEngine(sc.Options)
		if sc.Options != nil && sc.Options.FixedBonds && s.BondsFixed == nil {
			s.BondsFixed = &consensus.Sparse{Start: make([]int, s.N()+1)}
		}
		blocks := sc.Blocks
		if blocks == 0 {
			blocks = uint64(s.Tempo)
		}
		for e := range sc.Epochs {
			if sc.Before != nil {
				sc.Before(e, s)
			}
			if err := engine.Epoch(ctx, s, o); err != nil {
				yield(Epoch{}, err)
				return
			}
			if !yield(Epoch{e, s, o}, nil) {
				return
			}
			s.Advance(o, blocks)
		}
	}
}

// Clone returns a copy of a state that shares no memory with it.
func Clone(s *consensus.State) *consensus.State {
	c := *s
	c.Stake = append(c.Stake[:0:0], s.Stake...)
	c.LastUpdate = append(c.LastUpdate[:0:0], s.LastUpdate...)
	c.BlockAtRegistration = append(c.BlockAtRegistration[:0:0], s.BlockAtRegistration...)
	c.ValidatorPermit = append(c.ValidatorPermit[:0:0], s.ValidatorPermit...)
	c.CommitBlock = append(c.CommitBlock[:0:0], s.CommitBlock...)
	c.Hotkeys = append(c.Hotkeys[:0:0], s.Hotkeys...)
	c.Weights, c.Bonds = consensus.Rows{}, consensus.Rows{}
	c.Weights.CopyFrom(&s.Weights)
	c.Bonds.CopyFrom(&s.Bonds)
	if s.BondsFixed != nil {
		c.BondsFixed = s.BondsFixed.Clone()
	}
	return &c
}

// Vote replaces a neuron's row of weights and sets its last update to the block before the epoch's.
func Vote(s *consensus.State, uid int, col, val []uint16) {
	s.Weights.Pad(s.N())
	s.Weights.SetRow(uid, col, val)
	for len(s.LastUpdate) <= uid {
		s.LastUpdate = append(s.LastUpdate, 0)
	}
	s.LastUpdate[uid] = s.CurrentBlock - min(s.CurrentBlock, 1)
}
