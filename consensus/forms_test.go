package consensus_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// agree runs every form of an epoch and returns the plain one's output if all are equal.
func agree(s *consensus.State, dense bool) (*consensus.Output, error) {
	want, err := epoch(s, consensus.Options{Dense: dense, Plain: true})
	if err != nil {
		return nil, err
	}
	for k, e := range []*consensus.Engine{
		consensus.NewEngine(&consensus.Options{Dense: dense}), consensus.NewEngine(&consensus.Options{Dense: dense, Workers: 3}),
		consensus.NewEngine(&consensus.Options{Dense: dense}).ForceBlocks(), consensus.NewEngine(&consensus.Options{Dense: dense, Workers: 5}).ForceBlocks(),
	} {
		for range 2 {
			var o consensus.Output
			if err := e.Epoch(context.Background(), s, &o); err != nil {
				return nil, err
			}
			if err := sameOutput(&o, want); err != nil {
				return nil, fmt.Errorf("form %d (%s): %w", k, e.Path(), err)
			}
		}
	}
	return want, nil
}

// randomState draws a small subnet with every parameter at its edges now and then. Tame ones have none of the points in which
// the sparse and the dense form differ.
func randomState(r *sim.Random, tame bool) *consensus.State {
	n := 1 + int(r.Below(14))
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 10000, LastMechanismStepBlock: r.Below(2) * 9600, RaoEmission: r.Below(1 << 40)}
	mode := r.Below(3)
	s.Yuma3, s.LiquidAlpha = mode > 0, mode > 1 && !tame
	s.Kappa = []uint16{32767, 32768, 0, 65535, 45000, uint16(r.Next())}[r.Below(6)]
	s.BondsPenalty = []uint16{0, 65535, 65534, 1, uint16(r.Next())}[r.Below(5)]
	s.BondsMovingAverage = []uint64{900000, 0, 1000000, 975000, r.Below(1000001)}[r.Below(5)]
	s.AlphaLow, s.AlphaHigh = uint16(r.Next()), uint16(r.Next())
	s.AlphaSigmoidSteepness = []int16{1000, -1000, 0, 32767, -32768, int16(r.Next())}[r.Below(6)]
	s.MaxAllowedValidators = uint16(r.Below(uint64(n) + 2))
	s.CommitReveal = r.Below(2) == 0 && !tame
	if !tame {
		s.HasOwner, s.Owner = r.Below(2) == 0, uint16(r.Below(uint64(n)))
		s.StakeThreshold = r.Below(2) * r.Below(1000)
		if r.Below(8) == 0 {
			s.BondsMovingAverage = 1500000
		}
	}
	for range n {
		stake := []uint64{0, 1, 1000, r.Below(1000), r.Below(1 << 50), 1<<63 - 1}[r.Below(6)]
		if tame && stake > 1<<50 {
			stake = 7
		}
		s.Stake = append(s.Stake, fixed.I64F64FromU64(stake))
		s.LastUpdate = append(s.LastUpdate, 10000-r.Below(6000))
		s.BlockAtRegistration = append(s.BlockAtRegistration, []uint64{1, 10000 - r.Below(6000)}[min(1, r.Below(4)/3)])
		s.ValidatorPermit = append(s.ValidatorPermit, r.Below(4) != 0)
		s.CommitBlock = append(s.CommitBlock, []uint64{consensus.NoCommit, 10000 - r.Below(6000)}[r.Below(2)])
	}
	s.Weights, s.Bonds = randomRows(r, n, tame), randomRows(r, n, tame)
	return s
}

// randomRows draws sorted rows, and others now and then.
func randomRows(r *sim.Random, n int, tame bool) (rows consensus.Rows) {
	for range n {
		var col, val []uint16
		density := r.Below(4)
		for j := range n {
			if r.Below(4) <= density && r.Below(8) != 0 {
				col, val = append(col, uint16(j)), append(val, []uint16{0, 1, 65535, uint16(r.Next())}[r.Below(4)])
			}
		}
		if !tame && r.Below(6) == 0 {
			slices.Reverse(col)
		}
		if !tame && r.Below(12) == 0 && len(col) > 0 { // a column twice
			col, val = append(col, col[0]), append(val, uint16(r.Next()))
		}
		if !tame && r.Below(12) == 0 { // a column that is not on the subnet
			col, val = append([]uint16{uint16(n + 2)}, col...), append([]uint16{77}, val...)
		}
		rows.Append(col, val)
	}
	return rows
}

func TestFormsAgree(t *testing.T) {
	r := &sim.Random{State: 99}
	for k := range cases(600, 30000) {
		s := randomState(r, k%2 == 0)
		for _, dense := range []bool{false, true} {
			if _, err := agree(s, dense); err != nil {
				t.Fatalf("state %d, dense=%v: %v\n%+v", k, dense, err, s.Params)
			}
		}
	}
}
