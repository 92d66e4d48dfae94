package sim

import (
	"fmt"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Mode is one of the three kinds of bonds, with the parameters the simulation cases use for it.
type Mode int

// The modes of the simulation cases.
const (
	Yuma2 Mode = iota
	Yuma3
	Yuma3Liquid
)

// String returns the mode's name in the vectors.
func (m Mode) String() string { return [...]string{"yuma2", "yuma3", "yuma3-liquid"}[m] }

// Apply sets a mode's parameters.
func (m Mode) Apply(p *consensus.Params) {
	p.Yuma3, p.LiquidAlpha = m != Yuma2, m == Yuma3Liquid
	p.BondsPenalty, p.BondsMovingAverage = 65535, 900000
	if m != Yuma2 {
		p.BondsPenalty, p.BondsMovingAverage = 0, 975000
	}
	p.AlphaLow, p.AlphaHigh, p.AlphaSigmoidSteepness = 45875, 58982, 1000
	if m == Yuma3Liquid {
		p.AlphaLow, p.AlphaHigh = 6553, 19660
	}
}

// caseEpochs is the length of the simulation cases.
const caseEpochs = 40

// A caseChange is what happens before an epoch: each validator's weights of the two servers, and stakes in whole TAO. Nil keeps
// what was.
type caseChange struct {
	epoch   int
	weights [3][2]uint16
	stake   []uint64
}

// The votes of the cases: for the first server, for the second one, and a few between.
var (
	first  = [2]uint16{65535, 0}
	second = [2]uint16{0, 65535}
	both   = [2]uint16{65535, 65535}
	mostly = [2]uint16{65535, 66}
	barely = [2]uint16{66, 65535}
)

type simCase struct {
	title   string
	stake   []uint64
	changes []caseChange
	reset   int // epoch before which a server's bonds are reset, 0 for none (Yuma 3 only)
	server  uint16
}

func votes(epoch int, a, b, c [2]uint16) caseChange {
	return caseChange{epoch: epoch, weights: [3][2]uint16{a, b, c}}
}

var (
	bigAndSmall = []uint64{800, 100, 100}
	simCases    = []simCase{
		{title: "Case 1 - kappa moves first", changes: []caseChange{
			votes(0, first, first, first), votes(1, second, first, first), votes(2, second, second, first), votes(3, second, second, second)}},
		{title: "Case 2 - kappa moves second", changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, first), votes(2, second, second, first), votes(3, second, second, second)}},
		{title: "Case 3 - kappa moves third", changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, first), votes(2, first, second, second), votes(3, second, second, second)}},
		{title: "Case 4 - all validators switch", changes: []caseChange{votes(0, first, first, first), votes(1, second, second, second)}},
		{title: "Case 5 - kappa moves second, then third", reset: 20, server: 4, changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, second), votes(2, second, second, second),
			votes(21, second, first, second), votes(22, second, first, first), votes(23, first, first, first)}},
		{title: "Case 6 - kappa moves second, then all validators switch", reset: 21, server: 3, changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, first), votes(2, second, second, first), votes(3, second, second, second),
			votes(21, first, first, first)}},
		{title: "Case 7 - big vali moves late, then all but one small vali moves late", reset: 21, server: 3, changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, second), votes(2, second, second, second),
			votes(21, second, second, first), votes(22, first, first, first)}},
		{title: "Case 8 - big vali moves late, then late", reset: 20, server: 4, changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, second), votes(2, second, second, second),
			votes(21, second, first, first), votes(22, first, first, first)}},
		{title: "Case 9 - small validators merged in e5", changes: []caseChange{
			votes(0, second, second, second), {epoch: 6, weights: [3][2]uint16{second, second, second}, stake: []uint64{800, 200, 0}}}},
		{title: "Case 10 - kappa delayed", changes: []caseChange{
			votes(0, first, first, first), votes(1, first, second, first), votes(10, second, second, first), votes(11, second, second, second)}},
		{title: "Case 11 - clipping demo", stake: []uint64{490, 490, 20}, changes: []caseChange{
			votes(0, [2]uint16{28086, 65535}, [2]uint16{65535, 43690}, [2]uint16{65535, 41899}),
			votes(20, [2]uint16{28086, 65535}, [2]uint16{65535, 43690}, [2]uint16{32230, 65535})}},
		{title: "Case 12 - all validators switch, but small validator/s support alt miner with minimal weight", reset: 20, server: 4,
			changes: []caseChange{votes(0, first, mostly, first), votes(1, second, barely, second), votes(21, first, mostly, first)}},
		{title: "Case 13 - Big vali supports server 2, small validator/s support server 1", reset: 20, server: 3,
			changes: []caseChange{votes(0, second, both, second), votes(21, second, both, both)}},
		{title: "Case 14 - All validators support Server 1, one of them switches to Server 2 for one epoch", stake: []uint64{330, 330, 340},
			changes: []caseChange{votes(0, first, first, first), votes(20, first, first, second), votes(21, first, first, first)}},
	}
)

// Cases returns the 14 known simulation cases (yuma-simulation, as the vectors record them) in a mode: three validators, two
// servers, 40 epochs.
func Cases(m Mode) []*Scenario {
	out := make([]*Scenario, len(simCases))
	for i := range simCases {
		out[i] = simCases[i].scenario(m)
	}
	return out
}

func (c *simCase) scenario(m Mode) *Scenario {
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1360, RaoEmission: 1e9}
	m.Apply(&s.Params)
	s.CommitReveal, s.MaxAllowedValidators = false, 3
	s.LastUpdate = make([]uint64, 5)
	s.BlockAtRegistration = []uint64{1, 1, 1, 1, 1}
	s.ValidatorPermit = []bool{true, true, true, false, false}
	s.Stake = make([]fixed.I64F64, 5)
	stake := c.stake
	if stake == nil {
		stake = bigAndSmall
	}
	setStake(s, stake)
	return &Scenario{Name: fmt.Sprintf("%s/%s", c.title, m), Start: s, Epochs: caseEpochs, Before: func(e int, s *consensus.State) { c.before(e, s) }}
}

// setStake sets the first stakes in whole TAO.
func setStake(s *consensus.State, tao []uint64) {
	for i, v := range tao {
		s.Stake[i] = fixed.I64F64FromU64(v * 1e9)
	}
}

func (c *simCase) before(e int, s *consensus.State) {
	for i := range 3 {
		s.LastUpdate[i] = s.CurrentBlock - 1
	}
	for _, x := range c.changes {
		if x.epoch != e {
			continue
		}
		setStake(s, x.stake)
		s.Weights.Reset()
		for _, w := range x.weights {
			s.Weights.Append([]uint16{3, 4}, w[:])
		}
		s.Weights.Append(nil, nil)
		s.Weights.Append(nil, nil)
	}
	if c.reset != 0 && e == c.reset && s.Yuma3 {
		s.Bonds.DropColumn(c.server)
		if s.BondsFixed != nil {
			s.BondsFixed.DropColumn(c.server)
		}
	}
}
