package consensus

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/consensus/fixed"
)

// MaxNeurons is the largest subnet: columns are 16 bits wide.
const MaxNeurons = 1 << 16

// NoCommit is the commit block of a neuron without an unexpired commit.
const NoCommit = 1<<64 - 1

// ErrState marks input that contradicts itself.
var ErrState = errors.New("inconsistent state")

// ErrDuplicateHotkey marks a subnet with two neurons of one hotkey: the chain skips its epoch.
var ErrDuplicateHotkey = errors.New("duplicate hotkey")

// Params are a subnet's hyperparameters, as far as the epoch reads them.
type Params struct {
	Tempo                     uint16 // blocks between epochs
	ActivityCutoffFactorMilli uint64 // thousandths of a tempo after which a validator is inactive
	StakeThreshold            uint64 // rao below which stake counts as none
	MaxAllowedValidators      uint16
	Kappa                     uint16 // consensus majority, of 65535
	BondsPenalty              uint16 // of 65535
	BondsMovingAverage        uint64 // millionths
	Yuma3                     bool
	LiquidAlpha               bool // only with Yuma3
	AlphaLow, AlphaHigh       uint16
	AlphaSigmoidSteepness     int16
	CommitReveal              bool
}

// DefaultParams returns the chain's initial values for a new subnet.
func DefaultParams() Params {
	return Params{
		Tempo: 360, ActivityCutoffFactorMilli: 13889, MaxAllowedValidators: 64, Kappa: 32767, BondsPenalty: 65535,
		BondsMovingAverage: 900000, Yuma3: true, AlphaLow: 45875, AlphaHigh: 58982, AlphaSigmoidSteepness: 1000, CommitReveal: true,
	}
}

// A State is what one epoch reads: n neurons, indexed by uid. The epoch does not change it.
type State struct {
	Params
	CurrentBlock           uint64
	LastMechanismStepBlock uint64 // block of the last successful epoch, 0 before the first
	RaoEmission            uint64 // rao to share out
	Owner                  uint16 // uid of the subnet's owner, where HasOwner
	HasOwner               bool
	Stake                  []fixed.I64F64 // stake weight in rao, n
	LastUpdate             []uint64       // block of the last weights; missing ones are 0, surplus ones ignored
	BlockAtRegistration    []uint64       // n
	ValidatorPermit        []bool         // n
	Weights                Rows           // n rows, or none; columns >= n are dropped
	Bonds                  Rows           // n rows, or none
	// BondsFixed, where set, is read in place of Bonds: the EMABonds of an Output, carried without the rounding to u16.
	BondsFixed *Sparse
	// CommitBlock is the block of each neuron's oldest unexpired commit, NoCommit for none; n or nil. Read under CommitReveal.
	CommitBlock []uint64
	// Hotkeys, where set, must differ from each other; n.
	Hotkeys [][32]byte
}

// N returns the number of neurons.
func (s *State) N() int { return len(s.Stake) }

// Validate reports the first contradiction in s: an ErrState or ErrDuplicateHotkey, wrapped.
func (s *State) Validate() error {
	n := s.N()
	bad := func(what string, got, want int) error {
		return fmt.Errorf("consensus: %w: %s has %d entries, want %d", ErrState, what, got, want)
	}
	switch {
	case n > MaxNeurons:
		return fmt.Errorf("consensus: %w: %d neurons, at most %d", ErrState, n, MaxNeurons)
	case len(s.BlockAtRegistration) != n:
		return bad("block at registration", len(s.BlockAtRegistration), n)
	case len(s.ValidatorPermit) != n:
		return bad("validator permit", len(s.ValidatorPermit), n)
	case s.CommitBlock != nil && len(s.CommitBlock) != n:
		return bad("commit block", len(s.CommitBlock), n)
	case s.Hotkeys != nil && len(s.Hotkeys) != n:
		return bad("hotkeys", len(s.Hotkeys), n)
	}
	if err := s.Weights.check("weights", n); err != nil {
		return err
	}
	if err := s.Bonds.check("bonds", n); err != nil {
		return err
	}
	if s.BondsFixed != nil {
		if err := s.BondsFixed.check(n); err != nil {
			return err
		}
	}
	return distinct(s.Hotkeys)
}

func distinct(keys [][32]byte) error {
	if keys == nil {
		return nil
	}
	seen := make(map[[32]byte]int, len(keys))
	for uid, k := range keys {
		if first, ok := seen[k]; ok {
			return fmt.Errorf("consensus: %w: uids %d and %d", ErrDuplicateHotkey, first, uid)
		}
		seen[k] = uid
	}
	return nil
}

// LastUpdateOf returns the last update of a uid, 0 where the vector is too short.
func (s *State) LastUpdateOf(uid int) uint64 {
	if uid < len(s.LastUpdate) {
		return s.LastUpdate[uid]
	}
	return 0
}

// lastTempo is the block before which a registration leaves bonds standing.
func (s *State) lastTempo() uint64 {
	if s.LastMechanismStepBlock == 0 {
		return s.CurrentBlock - min(uint64(s.Tempo), s.CurrentBlock)
	}
	return fixed.SatAddU64(s.LastMechanismStepBlock, 1)
}

// activityCutoff is the number of blocks a validator stays active without setting weights.
func (p *Params) activityCutoff() uint64 {
	return max(1, fixed.SatMulU64(p.ActivityCutoffFactorMilli, uint64(p.Tempo))/1000)
}

// Rows are sparse rows of u16 pairs as the chain stores weights and bonds: entry k of row i is (Col[k], Val[k]) for k from
// Start[i] to Start[i+1]-1, in stored order. The zero value has no rows and stands for any number of empty ones.
type Rows struct {
	Start []int
	Col   []uint16
	Val   []uint16
}

// Len returns the number of rows.
func (r *Rows) Len() int { return max(0, len(r.Start)-1) }

// Row returns row i; the slices are r's own. A row beyond the last is empty.
func (r *Rows) Row(i int) (col, val []uint16) {
	if i < 0 || i >= r.Len() {
		return nil, nil
	}
	a, b := r.Start[i], r.Start[i+1]
	return r.Col[a:b], r.Val[a:b]
}

// Append adds a row; col and val have one length and are copied.
func (r *Rows) Append(col, val []uint16) {
	if len(r.Start) == 0 {
		r.Start = append(r.Start, 0)
	}
	r.Col = append(r.Col, col...)
	r.Val = append(r.Val, val[:len(col)]...)
	r.Start = append(r.Start, len(r.Col))
}

// Pad appends empty rows up to n.
func (r *Rows) Pad(n int) {
	for r.Len() < n {
		r.Append(nil, nil)
	}
}

// SetRow replaces row i in r's own memory; col and val have one length and are copied. Rows missing before it become empty ones.
func (r *Rows) SetRow(i int, col, val []uint16) {
	r.Pad(i + 1)
	a, b := r.Start[i], r.Start[i+1]
	r.Col = slices.Replace(r.Col, a, b, col...)
	r.Val = slices.Replace(r.Val, a, b, val[:len(col)]...)
	for k := i + 1; k < len(r.Start); k++ {
		r.Start[k] += len(col) - (b - a)
	}
}

// Reset empties r and keeps its memory.
func (r *Rows) Reset() { r.Start, r.Col, r.Val = r.Start[:0], r.Col[:0], r.Val[:0] }

// CopyFrom makes r a copy of s in r's own memory.
func (r *Rows) CopyFrom(s *Rows) {
	r.Start = append(r.Start[:0], s.Start...)
	r.Col = append(r.Col[:0], s.Col...)
	r.Val = append(r.Val[:0], s.Val...)
}

// DropColumn removes a column from every row in place: the chain's bonds reset of one neuron.
func (r *Rows) DropColumn(uid uint16) {
	k, next := 0, 0
	for i := range r.Len() {
		a, b := next, r.Start[i+1]
		for ; a < b; a++ {
			if r.Col[a] != uid {
				r.Col[k], r.Val[k] = r.Col[a], r.Val[a]
				k++
			}
		}
		next, r.Start[i+1] = b, k
	}
	r.Col, r.Val = r.Col[:k], r.Val[:k]
}

func (r *Rows) check(what string, n int) error {
	if len(r.Start) == 0 && len(r.Col) == 0 {
		return nil
	}
	return checkStarts(what, r.Start, n, len(r.Col), len(r.Val))
}

func checkStarts(what string, start []int, n, cols, vals int) error {
	if len(start) != n+1 || start[0] != 0 || start[n] != cols || cols != vals {
		return fmt.Errorf("consensus: %w: %s: %d starts, %d columns, %d values for %d rows", ErrState, what, len(start), cols, vals, n)
	}
	for i := range n {
		if start[i] > start[i+1] {
			return fmt.Errorf("consensus: %w: %s: row %d ends before it starts", ErrState, what, i)
		}
	}
	return nil
}
