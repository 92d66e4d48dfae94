package bittensor

import (
	"cmp"
	"context"
	"errors"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/subnet"
)

// A Neuron is a slot of a subnet.
type Neuron struct {
	Hotkey [32]byte
	Name   string // of its party in the book

	commits subnet.Commits
}

// SubnetRules are a subnet's hyperparameters beside consensus.Params. Zero values are the chain's.
type SubnetRules struct {
	Weights        subnet.WeightRules // Mechanisms 0 is 1
	RevealPeriod   uint64             // epochs
	MaxUids        int
	ImmunityPeriod uint64 // blocks
	MinNonImmune   int
	BurnHalfLife   uint16 // blocks
	BurnMin        uint64 // rao
	BurnMax        uint64
	Burn           uint64 // price to begin with
}

func (r SubnetRules) defaults() SubnetRules {
	r.Weights.Mechanisms = cmp.Or(r.Weights.Mechanisms, 1)
	r.Weights.RateLimit = cmp.Or(r.Weights.RateLimit, WeightsRateLimit)
	r.RevealPeriod = cmp.Or(r.RevealPeriod, RevealPeriodEpochs)
	r.MaxUids = cmp.Or(r.MaxUids, MaxUids)
	r.ImmunityPeriod = cmp.Or(r.ImmunityPeriod, ImmunityPeriod)
	r.MinNonImmune = cmp.Or(r.MinNonImmune, subnet.DefaultMinNonImmune)
	r.BurnHalfLife = cmp.Or(r.BurnHalfLife, subnet.DefaultBurnHalfLife)
	r.BurnMin = cmp.Or(r.BurnMin, subnet.DefaultBurnMin)
	r.BurnMax = cmp.Or(r.BurnMax, subnet.DefaultBurnMax)
	r.Burn = cmp.Or(r.Burn, InitialBurn)
	return r
}

// A Subnet is the chain's side of a subnet: who is registered at what price, whose weights stand, and its epochs. The block is
// State.CurrentBlock. It is for one goroutine.
type Subnet struct {
	Netuid  uint16
	Rules   SubnetRules
	State   consensus.State
	Output  consensus.Output // of the last epoch
	Neurons []Neuron         // by uid
	Burn    uint64           // price of a registration now, rao

	schedule subnet.Schedule
	engine   *consensus.Engine
}

// NewSubnet returns a subnet without neurons at a block.
func NewSubnet(netuid uint16, block uint64, p consensus.Params, r SubnetRules) *Subnet {
	s := &Subnet{Netuid: netuid, Rules: r.defaults(), schedule: subnet.NewSchedule(netuid, p.Tempo, block), engine: consensus.NewEngine(nil)}
	s.State.Params, s.State.CurrentBlock, s.Burn = p, block, s.Rules.Burn
	s.State.CommitBlock, s.State.Hotkeys = []uint64{}, [][32]byte{}
	return s
}

// ErrRegistered marks a hotkey that has a slot already.
var ErrRegistered = errors.New("bittensor: hotkey is registered already")

// UID returns the slot of a hotkey, -1 for none.
func (s *Subnet) UID(hotkey [32]byte) int {
	for uid := range s.Neurons {
		if s.Neurons[uid].Hotkey == hotkey {
			return uid
		}
	}
	return -1
}

// Register gives a hotkey a slot: a new one, or that of the neuron that the chain prunes, whose former state is returned. The
// price, which the caller takes, is Burn before the call and rises by it. Errors: ErrRegistered, subnet.ErrNoSlot.
func (s *Subnet) Register(hotkey [32]byte, name string) (uid int, gone *Neuron, err error) {
	if s.UID(hotkey) >= 0 {
		return 0, nil, ErrRegistered
	}
	p := subnet.Pruning{Emission: s.Output.Emission, ImmunityPeriod: s.Rules.ImmunityPeriod, MinNonImmune: s.Rules.MinNonImmune}
	if s.State.HasOwner {
		p.Immortal = []int{int(s.State.Owner)}
	}
	uid, err = subnet.Register(&s.State, fixed.I64F64{}, s.Rules.MaxUids, &p)
	if err != nil {
		return 0, nil, err
	}
	n := Neuron{Hotkey: hotkey, Name: name}
	s.State.Hotkeys[uid] = hotkey
	if uid == len(s.Neurons) {
		s.Neurons = append(s.Neurons, n)
	} else {
		old := s.Neurons[uid]
		gone, s.Neurons[uid] = &old, n
		if uid < len(s.Output.Emission) {
			s.Output.Emission[uid] = 0
		}
	}
	s.Burn = subnet.BurnBump(s.Burn, s.Rules.BurnMin, s.Rules.BurnMax)
	return uid, gone, nil
}

// ErrCommitReveal marks weights set in the open where they are committed, or committed where they are set in the open.
var ErrCommitReveal = errors.New("bittensor: commit-reveal is otherwise")

// Commit takes the hash of a validator's weights (subnet.CommitHash). Errors: those of the chain, and ErrCommitReveal.
func (s *Subnet) Commit(uid int, hash [32]byte) error {
	switch {
	case !s.State.CommitReveal:
		return ErrCommitReveal
	case uid < 0 || uid >= len(s.Neurons):
		return subnet.ErrNotRegistered
	case !subnet.RateLimitPassed(s.State.LastUpdateOf(uid), s.State.CurrentBlock, s.Rules.Weights.RateLimit):
		return subnet.ErrTooFast
	}
	block := s.State.CurrentBlock
	if err := s.Neurons[uid].commits.Add(subnet.Commit{Hash: hash, Epoch: s.schedule.Epoch(block), Block: block}, s.Rules.RevealPeriod); err != nil {
		return err
	}
	s.State.LastUpdate[uid] = block
	return nil
}

// Index is the storage index under which the subnet's weights are committed.
func (s *Subnet) Index() uint16 { return s.Netuid }

// Reveal shows committed weights and sets them. Errors: those of the chain, and ErrCommitReveal; a refused reveal changes nothing.
func (s *Subnet) Reveal(uid int, uids, values, salt []uint16, version uint64) error {
	if !s.State.CommitReveal {
		return ErrCommitReveal
	}
	if uid < 0 || uid >= len(s.Neurons) {
		return subnet.ErrNotRegistered
	}
	n := &s.Neurons[uid]
	hash := subnet.CommitHash(n.Hotkey, s.Index(), uids, values, salt, version)
	left := n.commits
	if err := left.Reveal(hash, s.schedule.Epoch(s.State.CurrentBlock), s.Rules.RevealPeriod); err != nil {
		return err
	}
	if err := s.set(uid, uids, values, version); err != nil {
		return err
	}
	n.commits = left
	return nil
}

// SetWeights sets weights in the open, where commit-reveal is off. Errors: those of the chain, and ErrCommitReveal.
func (s *Subnet) SetWeights(uid int, uids, values []uint16, version uint64) error {
	if s.State.CommitReveal {
		return ErrCommitReveal
	}
	if err := s.set(uid, uids, values, version); err != nil {
		return err
	}
	s.State.LastUpdate[uid] = s.State.CurrentBlock
	return nil
}

func (s *Subnet) set(uid int, uids, values []uint16, version uint64) error {
	call := subnet.WeightCall{UID: uid, Uids: uids, Values: values, VersionKey: version}
	col, val, err := subnet.SetWeights(&s.State, &s.Rules.Weights, &call)
	if err != nil {
		return err
	}
	s.State.Weights.Pad(s.State.N())
	s.State.Weights.SetRow(uid, col, val)
	return nil
}

// NextBlock goes one block on: the price decays. Due reports that the subnet's epoch runs in this block.
func (s *Subnet) NextBlock() (due bool) {
	s.State.CurrentBlock++
	s.Burn = subnet.BurnDecay(s.Burn, s.Rules.BurnHalfLife, s.Rules.BurnMin, s.Rules.BurnMax)
	return s.schedule.Step(s.State.CurrentBlock, true, false)
}

// Epoch runs the epoch over rao of alpha and carries bonds and permits on. The result is in Output. Errors: those of
// consensus.Engine.Epoch.
func (s *Subnet) Epoch(ctx context.Context, rao uint64) error {
	s.State.RaoEmission = rao
	for uid := range s.Neurons {
		s.State.CommitBlock[uid] = s.Neurons[uid].commits.OldestBlock(s.schedule.Epoch(s.State.CurrentBlock), s.Rules.RevealPeriod)
	}
	if err := s.engine.Epoch(ctx, &s.State, &s.Output); err != nil {
		return err
	}
	s.State.Advance(&s.Output, 0)
	return nil
}
