package bittensor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/subnet"
	"github.com/assaylab/assay/examples/bittensor"
)

// newSubnet returns a subnet of v validators, with stake and permits, and m miners.
func newSubnet(t *testing.T, v, m int, rules bittensor.SubnetRules) *bittensor.Subnet {
	t.Helper()
	s := bittensor.NewSubnet(1, 1000, consensus.DefaultParams(), rules)
	for i := range v + m {
		uid, gone, err := s.Register([32]byte{byte(i), 1}, fmt.Sprintf("neuron %d", i))
		if err != nil || uid != i || gone != nil {
			t.Fatal(uid, gone, err)
		}
	}
	for i := range v {
		s.State.Stake[i] = fixed.I64F64FromU64(uint64(1000 - i))
	}
	tempo(t, s)
	return s
}

// tempo goes on until the next epoch has run.
func tempo(t *testing.T, s *bittensor.Subnet) {
	t.Helper()
	for !s.NextBlock() {
	}
	if err := s.Epoch(context.Background(), 1_000_000); err != nil {
		t.Fatal(err)
	}
}

// TestCommitReveal: weights are set in the one epoch in which they may be revealed, as committed, by who may.
func TestCommitReveal(t *testing.T) {
	s := newSubnet(t, 2, 3, bittensor.SubnetRules{})
	uids, values, salt := []uint16{2, 3}, []uint16{10, 20}, []uint16{7}
	hash := func(uid int) [32]byte {
		return subnet.CommitHash(s.Neurons[uid].Hotkey, s.Index(), uids, values, salt, 0)
	}
	for range 150 {
		s.NextBlock()
	}
	if err := s.Commit(0, hash(0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(0, hash(0)); !errors.Is(err, subnet.ErrTooFast) {
		t.Errorf("a second commit in a block: %v", err)
	}
	if err := s.Commit(2, hash(2)); err != nil { // a miner may commit, but has no permit when it reveals
		t.Fatal(err)
	}
	for _, uid := range []int{-1, 5} {
		if err := s.Commit(uid, [32]byte{}); !errors.Is(err, subnet.ErrNotRegistered) {
			t.Errorf("uid %d commits: %v", uid, err)
		}
		if err := s.Reveal(uid, uids, values, salt, 0); !errors.Is(err, subnet.ErrNotRegistered) {
			t.Errorf("uid %d reveals: %v", uid, err)
		}
	}
	if err := s.SetWeights(0, uids, values, 0); !errors.Is(err, bittensor.ErrCommitReveal) {
		t.Errorf("weights set in the open: %v", err)
	}
	if err := s.Reveal(0, uids, values, salt, 0); !errors.Is(err, subnet.ErrRevealTooEarly) {
		t.Errorf("too early: %v", err)
	}
	tempo(t, s)
	for name, err := range map[string]error{
		"other values":     s.Reveal(0, uids, []uint16{10, 21}, salt, 0),
		"another salt":     s.Reveal(0, uids, values, []uint16{8}, 0),
		"another's commit": s.Reveal(1, uids, values, salt, 0),
	} {
		if !errors.Is(err, subnet.ErrCommitMismatch) && !errors.Is(err, subnet.ErrNoCommit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Reveal(2, uids, values, salt, 0); !errors.Is(err, subnet.ErrNoPermit) {
		t.Errorf("a miner: %v", err)
	}
	if err := s.Reveal(0, uids, values, salt, 0); err != nil {
		t.Fatal(err)
	}
	if col, val := s.State.Weights.Row(0); fmt.Sprint(col, val) != "[2 3] [32768 65535]" {
		t.Errorf("stored %v %v", col, val)
	}
	if err := s.Reveal(0, uids, values, salt, 0); !errors.Is(err, subnet.ErrNoCommit) {
		t.Errorf("revealed twice: %v", err)
	}
	tempo(t, s)
	if s.Output.IncentiveU16[3] <= s.Output.IncentiveU16[2] || s.Output.IncentiveU16[4] != 0 {
		t.Errorf("incentive %v", s.Output.IncentiveU16)
	}
}

// TestOpenWeights: where commit-reveal is off weights are set at once, and neither committed nor revealed; they once were.
func TestOpenWeights(t *testing.T) {
	s := newSubnet(t, 2, 3, bittensor.SubnetRules{})
	s.State.CommitReveal = false
	uids, values := []uint16{2, 3}, []uint16{10, 20}
	if err := s.Commit(0, [32]byte{}); !errors.Is(err, bittensor.ErrCommitReveal) {
		t.Errorf("commit: %v", err)
	}
	if err := s.Reveal(0, uids, values, nil, 0); !errors.Is(err, bittensor.ErrCommitReveal) {
		t.Errorf("reveal: %v", err)
	}
	if err := s.SetWeights(0, uids, values, 0); err != nil {
		t.Fatal(err)
	}
	if col, val := s.State.Weights.Row(0); fmt.Sprint(col, val) != "[2 3] [32768 65535]" || s.State.LastUpdate[0] != s.State.CurrentBlock {
		t.Errorf("stored %v %v, last update %d", col, val, s.State.LastUpdate[0])
	}
	if err := s.SetWeights(0, uids, values, 0); !errors.Is(err, subnet.ErrTooFast) {
		t.Errorf("set twice in a block: %v", err)
	}
}

// TestPruning: in a full subnet a newcomer takes the slot of who earned least and is no longer immune; the price rises and decays.
func TestPruning(t *testing.T) {
	s := newSubnet(t, 2, 3, bittensor.SubnetRules{MaxUids: 5, ImmunityPeriod: 100, MinNonImmune: 1})
	s.Output.Emission = []uint64{50, 40, 5, 3, 4}
	price := s.Burn
	uid, gone, err := s.Register([32]byte{9}, "newcomer")
	if err != nil || uid != 3 || gone == nil || gone.Name != "neuron 3" || s.Neurons[3].Name != "newcomer" || s.State.Hotkeys[3] != [32]byte{9} {
		t.Fatal(uid, gone, err)
	}
	if s.Burn != price*126/100 && s.Burn != price*126/100-1 {
		t.Errorf("the price went from %d to %d", price, s.Burn)
	}
	if uid, _, err = s.Register([32]byte{10}, "another"); err != nil || uid != 4 {
		t.Errorf("the one that is immune goes before others: %d, %v", uid, err)
	}
	if _, _, err = s.Register([32]byte{10}, "another"); !errors.Is(err, bittensor.ErrRegistered) {
		t.Errorf("twice: %v", err)
	}
	price = s.Burn
	for range subnet.DefaultBurnHalfLife {
		s.NextBlock()
	}
	if s.Burn > price/2+1 || s.Burn < price/2-price/100 {
		t.Errorf("after a half-life %d has become %d", price, s.Burn)
	}
}

func ExampleSubnet_Register() {
	s := bittensor.NewSubnet(1, 0, consensus.DefaultParams(), bittensor.SubnetRules{})
	before := s.Burn
	uid, _, err := s.Register([32]byte{1}, "a miner")
	fmt.Println(uid, before, s.Burn, err)
	// Output: 0 100000000 126000000 <nil>
}
