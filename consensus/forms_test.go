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

// bondsAgree compares stored bonds, zeros aside. Those who never had a permit keep their old row in the dense form only.
func bondsAgree(s *consensus.State, sparse, dense *consensus.Output) error {
	for i := range s.N() {
		if !s.ValidatorPermit[i] && !sparse.NewValidatorPermit[i] {
			continue
		}
		a, b := make([]uint16, s.N()), make([]uint16, s.N())
		for _, x := range []struct {
			dst  []uint16
			rows *consensus.Rows
		}{{a, &sparse.Bonds}, {b, &dense.Bonds}} {
			col, val := x.rows.Row(i)
			for k, j := range col {
				x.dst[j] = val[k]
			}
		}
		if !slices.Equal(a, b) {
			return fmt.Errorf("bonds of %d: %v, dense %v", i, a, b)
		}
	}
	return nil
}

// wrappingRow is a row so long that its sum leaves I32F32: the chain's sum wraps below 0 and the row stays as it is.
func wrappingRow() error {
	const n = 33000
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1000, RaoEmission: 1e9}
	s.Yuma3, s.CommitReveal = false, false
	s.Stake, s.ValidatorPermit = make([]fixed.I64F64, n), make([]bool, n)
	s.LastUpdate, s.BlockAtRegistration = make([]uint64, n), make([]uint64, n)
	s.Stake[0], s.ValidatorPermit[0], s.LastUpdate[0] = fixed.I64F64FromU64(9), true, 999
	var col, val []uint16
	for j := 1; j < n; j++ {
		col, val = append(col, uint16(j)), append(val, 65535)
	}
	s.Weights.Append(col, val)
	for range n - 1 {
		s.Weights.Append(nil, nil)
	}
	o, err := epoch(s, consensus.Options{})
	if err != nil {
		return err
	}
	if want := fixed.FromU16(65535); o.Consensus[7] != want {
		return fmt.Errorf("consensus %d, want the weight as it stands, %d", o.Consensus[7], want)
	}
	return nil
}

// conserved checks that no more is paid than there is, and that what is missing is rounding.
func conserved(s *consensus.State, o *consensus.Output) error {
	sum := func(v []uint64) (total uint64) {
		for _, x := range v {
			total += x
		}
		return total
	}
	n := uint64(s.N())
	slack := n*(s.RaoEmission>>32+2) + s.RaoEmission>>31 + 2
	for name, paid := range map[string]uint64{"emission": sum(o.Emission), "server and validator": sum(o.ServerEmission) + sum(o.ValidatorEmission)} {
		if paid > s.RaoEmission {
			return fmt.Errorf("%s: paid %d of %d rao", name, paid, s.RaoEmission)
		}
		if fixed.Sum(o.Stake) > 0 && s.RaoEmission-paid > 2*slack {
			return fmt.Errorf("%s: paid only %d of %d rao", name, paid, s.RaoEmission)
		}
	}
	for i := range o.Stake {
		if o.Incentive[i] < 0 || o.Dividends[i] < 0 || o.CombinedShare[i] < 0 || o.ValidatorTrust[i] < 0 {
			return fmt.Errorf("uid %d: a negative share", i)
		}
	}
	return nil
}

// corrupt changes lengths, starts and columns of a state at random.
func corrupt(r *sim.Random, s *consensus.State) *consensus.State {
	some := func(n int) int { return int(r.Below(uint64(n + 1))) }
	for range 1 + r.Below(3) {
		rows := &s.Weights
		if r.Below(2) == 0 {
			rows = &s.Bonds
		}
		switch r.Below(9) {
		case 0:
			s.LastUpdate = s.LastUpdate[:some(len(s.LastUpdate))]
		case 1:
			s.BlockAtRegistration = s.BlockAtRegistration[:some(len(s.BlockAtRegistration))]
		case 2:
			s.ValidatorPermit = append(s.ValidatorPermit, true)[:some(len(s.ValidatorPermit))]
		case 3:
			s.CommitBlock = s.CommitBlock[:some(len(s.CommitBlock))]
		case 4:
			rows.Start = rows.Start[:some(len(rows.Start))]
		case 5:
			if len(rows.Start) > 0 {
				rows.Start[some(len(rows.Start)-1)] = int(r.Next()>>r.Below(64)) - 5
			}
		case 6:
			rows.Val = rows.Val[:some(len(rows.Val))]
		case 7:
			if len(rows.Col) > 0 {
				rows.Col[some(len(rows.Col)-1)] = uint16(r.Next())
			}
		case 8:
			s.HasOwner, s.Owner = true, uint16(r.Next())
		}
	}
	return s
}

// TestOneEngine runs states of all sizes and kinds through one engine and one output: nothing of one epoch is left in the next.
func TestOneEngine(t *testing.T) {
	r := &sim.Random{State: 77}
	for _, dense := range []bool{false, true} {
		engines := []*consensus.Engine{
			consensus.NewEngine(&consensus.Options{Dense: dense}), consensus.NewEngine(&consensus.Options{Dense: dense, Workers: 4}),
			consensus.NewEngine(&consensus.Options{Dense: dense}).ForceBlocks(),
		}
		outputs := make([]consensus.Output, len(engines))
		for k := range cases(400, 5000) {
			s := randomState(r, k%3 == 0)
			if k%7 == 0 {
				s = sim.Subnet{Seed: r.Next(), N: 1 + int(r.Below(100)), V: int(r.Below(40)), K: 20, KB: 30}.State()
				s.Yuma3 = k%2 == 0
			}
			want, err := epoch(s, consensus.Options{Dense: dense, Plain: true})
			if err != nil {
				t.Fatal(err)
			}
			for x, e := range engines {
				if err := e.Epoch(context.Background(), s, &outputs[x]); err != nil {
					t.Fatal(err)
				}
				if err := sameOutput(&outputs[x], want); err != nil {
					t.Fatalf("state %d, engine %d (%s): %v", k, x, e.Path(), err)
				}
			}
		}
	}
}
