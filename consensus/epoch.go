package consensus

import (
	"context"
	"fmt"
)

// Options choose the form of an epoch. Nil and the zero value run the chain's form on one worker.
type Options struct {
	// Dense runs the chain's test twin in place of the sparse form.
	Dense bool
	// Workers is the number of goroutines over columns; 0 is 1. The output does not depend on it.
	Workers int
	// Trace keeps every intermediate in Output.Trace. It runs the plain form.
	Trace bool
	// FixedBonds keeps the bonds as I32F32 in Output.EMABonds.
	FixedBonds bool
	// Plain runs the plain form where the fast one would do: for comparison.
	Plain bool
}

// An Engine runs epochs and keeps its memory between them, so that epochs of one size allocate nothing. It is for one
// goroutine at a time.
type Engine struct {
	opt   Options
	panel panel
	fast  fast
}

// NewEngine returns an engine; nil options are the zero options.
func NewEngine(opt *Options) *Engine {
	e := &Engine{}
	if opt != nil {
		e.opt = *opt
	}
	return e
}

// Epoch computes one epoch of s into o. It leaves s as it is and overwrites o, whose memory it reuses; the two may not share
// slices. Errors: those of State.Validate, and ctx.Err().
//
// Source: subtensor pallets/subtensor/src/epoch/run_epoch.rs, epoch_mechanism and epoch_dense_mechanism.
func (e *Engine) Epoch(ctx context.Context, s *State, o *Output) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("consensus: %w", err)
	}
	o.size(s.N(), s.Yuma3)
	e.panel.fill(s, e.opt.Dense, o)
	if e.usable(s, o) {
		ok, err := e.runFast(ctx, s, o)
		if err != nil {
			return err
		}
		if ok {
			o.emit(s.RaoEmission)
			return nil
		}
	}
	e.runPlain(s, o)
	return nil
}

// Advance makes s the state of the next epoch: bonds and permits of o, which was computed from s, the last step's block, and
// the block after blocks more.
func (s *State) Advance(o *Output, blocks uint64) {
	s.Bonds.CopyFrom(&o.Bonds)
	if s.BondsFixed != nil && o.EMABonds != nil {
		s.BondsFixed.CopyFrom(o.EMABonds)
	}
	s.ValidatorPermit = append(s.ValidatorPermit[:0], o.NewValidatorPermit...)
	s.LastMechanismStepBlock = s.CurrentBlock
	s.CurrentBlock += blocks
}
