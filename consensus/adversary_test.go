package consensus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// long asks for the whole number of cases where the default is a part: ASSAY_LONG=1.
var long = os.Getenv("ASSAY_LONG") != ""

func cases(short, whole int) int {
	if long {
		return whole
	}
	return short
}

// A tally counts attempts of one adversary: accepted are wrong results taken for right.
type tally struct{ tried, accepted, panics int }

// try runs one attempt, which returns an error for a wrong result.
func (a *tally) try(t *testing.T, f func() error) {
	t.Helper()
	a.tried++
	defer func() {
		if p := recover(); p != nil {
			a.panics++
			t.Errorf("panic: %v", p)
		}
	}()
	if err := f(); err != nil {
		a.accepted++
		t.Error(err)
	}
}

// adversary runs the cases of one id and reports them.
func adversary(t *testing.T, id string, f func(t *testing.T, a *tally)) {
	t.Run(id, func(t *testing.T) {
		var a tally
		f(t, &a)
		t.Logf("adversary %s tried=%d accepted=%d panics=%d", id, a.tried, a.accepted, a.panics)
		if a.tried == 0 || a.accepted != 0 || a.panics != 0 {
			t.Fail()
		}
	})
}

func epoch(s *consensus.State, opt consensus.Options) (*consensus.Output, error) {
	o := new(consensus.Output)
	return o, consensus.NewEngine(&opt).Epoch(context.Background(), s, o)
}

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

// small is a subnet of v validators and w servers in which everyone is active and registered long ago.
func small(v, w int, stake []uint64, weights [][]uint16) *consensus.State {
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1000, RaoEmission: 1e9}
	s.Yuma3, s.CommitReveal = false, false
	for i := range v + w {
		s.LastUpdate, s.BlockAtRegistration = append(s.LastUpdate, 999), append(s.BlockAtRegistration, 1)
		s.ValidatorPermit = append(s.ValidatorPermit, i < v)
		var tao uint64
		if i < len(stake) {
			tao = stake[i]
		}
		s.Stake = append(s.Stake, fixed.I64F64FromU64(tao))
		var col, val []uint16
		if i < len(weights) {
			for j, x := range weights[i] {
				col, val = append(col, uint16(v+j)), append(val, x)
			}
		}
		s.Weights.Append(col, val)
	}
	return s
}

func TestAdversarySelfWeights(t *testing.T) {
	adversary(t, "C3", func(t *testing.T, a *tally) {
		for self := range uint16(4) {
			for owner := -1; owner < 4; owner++ {
				a.try(t, func() error {
					s := small(4, 2, []uint64{5, 4, 3, 2}, nil)
					s.HasOwner, s.Owner = owner >= 0, uint16(max(owner, 0))
					s.Weights = consensus.Rows{}
					for i := range 6 {
						switch {
						case i == int(self):
							s.Weights.Append([]uint16{self, 4}, []uint16{65535, 65535})
						case i < 4:
							s.Weights.Append([]uint16{4}, []uint16{65535})
						default:
							s.Weights.Append(nil, nil)
						}
					}
					if _, err := agree(s, false); err != nil {
						return err
					}
					return selfKept(s, int(self), owner == int(self))
				})
			}
		}
	})
}

// selfKept checks that a self-weight stands only for the owner, and only in the sparse form.
func selfKept(s *consensus.State, self int, owner bool) error {
	for _, dense := range []bool{false, true} {
		o, err := epoch(s, consensus.Options{Dense: dense, Trace: true})
		if err != nil {
			return err
		}
		kept := o.Trace.WeightsNorm
		has := false
		if dense {
			has = kept.Dense.Row(self)[self] != 0
		} else {
			col, _ := kept.Sparse.Row(self)
			has = slices.Contains(col, uint16(self))
		}
		if want := owner && !dense; has != want {
			return fmt.Errorf("self %d, owner %v, dense %v: kept = %v", self, owner, dense, has)
		}
	}
	return nil
}

// scan is the median by its definition: the smallest score with less than kappa of the votes above it.
func scan(score, vote []fixed.I32F32, kappa fixed.I32F32) fixed.I32F32 {
	order := slices.Clone(score)
	order = append(order, 0)
	sort.Slice(order, func(i, j int) bool { return order[i] < order[j] })
	for _, v := range order {
		var above fixed.I32F32
		for k, s := range score {
			if s > v {
				above += vote[k]
			}
		}
		if above < kappa {
			return v
		}
	}
	return order[len(order)-1]
}

func TestAdversaryKappa(t *testing.T) {
	adversary(t, "C5", func(t *testing.T, a *tally) {
		for k := 1; k < 65535; k += cases(1031, 7) {
			for _, off := range []int{-1, 0, 1} {
				a.try(t, func() error {
					// One validator with k of 65535 of the stake has support of exactly kappa = k; off moves it by an ulp or so.
					const unit = 1 << 18
					mine := uint64(k*unit + off*8)
					s := small(2, 2, []uint64{mine, 65535*unit - mine}, [][]uint16{{65535, 0}, {0, 65535}})
					s.Kappa = uint16(k)
					o, err := agree(s, false)
					if err != nil {
						return err
					}
					votes, kappa := o.ActiveStake[:2], fixed.ProportionU16(uint16(k))
					sum := fixed.Sum(votes)
					votes = []fixed.I32F32{votes[0].SafeDiv(sum), votes[1].SafeDiv(sum)}
					if fixed.Sum(votes) < kappa {
						return nil
					}
					if want := scan([]fixed.I32F32{fixed.One, 0}, votes, kappa); o.Consensus[2] != want {
						return fmt.Errorf("kappa %d, off %d: consensus %d, want %d", k, off, o.Consensus[2], want)
					}
					return nil
				})
			}
		}
	})
}

func TestAdversaryRelabel(t *testing.T) {
	adversary(t, "C6", func(t *testing.T, a *tally) {
		r := &sim.Random{State: 5}
		s := sim.Subnet{Seed: 11, N: 40, V: 10, K: 16, KB: 16}.State()
		for k := range cases(100, 1000) {
			s.Yuma3, s.LiquidAlpha = k%3 > 0, k%3 > 1
			want, err := epoch(s, consensus.Options{})
			if err != nil {
				t.Fatal(err)
			}
			a.try(t, func() error {
				perm := permutation(r, s.N())
				moved := relabel(s, perm)
				got, err := agree(moved, false)
				if err != nil {
					return err
				}
				return relabelled(got, want, perm)
			})
		}
	})
}

// permutation draws to[i], the new uid of i.
func permutation(r *sim.Random, n int) []int {
	to := make([]int, n)
	for i := range to {
		to[i] = i
	}
	for i := n - 1; i > 0; i-- {
		k := int(r.Below(uint64(i + 1)))
		to[i], to[k] = to[k], to[i]
	}
	return to
}

func relabel(s *consensus.State, to []int) *consensus.State {
	m := sim.Clone(s)
	from := make([]int, len(to))
	for i, k := range to {
		from[k] = i
		m.Stake[k], m.LastUpdate[k], m.BlockAtRegistration[k] = s.Stake[i], s.LastUpdate[i], s.BlockAtRegistration[i]
		m.ValidatorPermit[k] = s.ValidatorPermit[i]
	}
	m.Weights, m.Bonds = consensus.Rows{}, consensus.Rows{}
	for k := range to {
		for _, x := range []struct{ dst, src *consensus.Rows }{{&m.Weights, &s.Weights}, {&m.Bonds, &s.Bonds}} {
			col, val := x.src.Row(from[k])
			x.dst.Append(sortedRow(col, val, to))
		}
	}
	return m
}

func sortedRow(col, val []uint16, to []int) ([]uint16, []uint16) {
	at := map[int]uint16{}
	var keys []int
	for k, j := range col {
		at[to[j]] = val[k]
		keys = append(keys, to[j])
	}
	sort.Ints(keys)
	var c, v []uint16
	for _, k := range keys {
		c, v = append(c, uint16(k)), append(v, at[k])
	}
	return c, v
}

func relabelled(got, want *consensus.Output, to []int) error {
	for i, k := range to {
		if got.Consensus[k] != want.Consensus[i] || got.Incentive[k] != want.Incentive[i] || got.Dividends[k] != want.Dividends[i] ||
			got.Emission[k] != want.Emission[i] || got.ValidatorTrust[k] != want.ValidatorTrust[i] || got.NewValidatorPermit[k] != want.NewValidatorPermit[i] {
			return fmt.Errorf("uid %d moved to %d: outputs differ", i, k)
		}
		col, val := want.Bonds.Row(i)
		col, val = sortedRow(col, val, to)
		if c, v := got.Bonds.Row(k); !slices.Equal(c, col) || !slices.Equal(v, val) {
			return fmt.Errorf("uid %d moved to %d: bonds differ", i, k)
		}
	}
	return nil
}

func TestAdversaryScale(t *testing.T) {
	adversary(t, "C7", func(t *testing.T, a *tally) {
		base := sim.Subnet{Seed: 3, N: 32, V: 8, K: 12, KB: 12}.State()
		for k := range 9 {
			for _, m := range modes {
				a.try(t, func() error {
					s := sim.Clone(base)
					s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
					want, err := agree(s, false)
					if err != nil {
						return err
					}
					for i, v := range s.Stake {
						s.Stake[i] = fixed.I64F64{Hi: v.Hi << k}
					}
					for range k { // neurons without stake, weights or anyone's weight
						s.Stake = append(s.Stake, fixed.I64F64{})
						s.LastUpdate, s.BlockAtRegistration = append(s.LastUpdate, 5), append(s.BlockAtRegistration, 1)
						s.ValidatorPermit = append(s.ValidatorPermit, false)
						s.Weights.Append(nil, nil)
						s.Bonds.Append(nil, nil)
					}
					got, err := agree(s, false)
					if err != nil {
						return err
					}
					n := base.N()
					if !slices.Equal(got.Dividends[:n], want.Dividends) || !slices.Equal(got.Emission[:n], want.Emission) ||
						!slices.Equal(got.Consensus[:n], want.Consensus) || !slices.Equal(got.Bonds.Val, want.Bonds.Val) {
						return fmt.Errorf("k=%d %s: outputs changed", k, m.name)
					}
					return nil
				})
			}
		}
	})
}

func TestAdversarySniped(t *testing.T) {
	adversary(t, "C8", func(t *testing.T, a *tally) {
		for _, reveal := range []bool{false, true} {
			for _, commit := range []uint64{399, 400, 401, consensus.NoCommit} {
				a.try(t, func() error {
					// The server 2 registered at 400, after weights for its uid were committed; they were revealed later.
					s := small(2, 2, []uint64{5, 5}, [][]uint16{{65535, 65535}, {65535, 65535}})
					s.CommitReveal, s.BlockAtRegistration[2] = reveal, 400
					s.CommitBlock = []uint64{commit, commit, consensus.NoCommit, consensus.NoCommit}
					o, err := agree(s, false)
					if err != nil {
						return err
					}
					if masked := reveal && commit < 400; (o.Incentive[2] == 0) != masked {
						return fmt.Errorf("reveal=%v commit=%d: incentive of the sniped uid %d", reveal, commit, o.Incentive[2])
					}
					return nil
				})
			}
		}
	})
}

func TestAdversaryInconsistent(t *testing.T) {
	adversary(t, "C9", func(t *testing.T, a *tally) {
		refused := func(name string, target error, change func(s *consensus.State)) {
			a.try(t, func() error {
				s := small(2, 2, []uint64{5, 5}, [][]uint16{{1, 2}, {3, 4}})
				change(s)
				if _, err := epoch(s, consensus.Options{}); !errors.Is(err, target) {
					return fmt.Errorf("%s: got %v, want %v", name, err, target)
				}
				return nil
			})
		}
		refused("duplicate hotkeys", consensus.ErrDuplicateHotkey, func(s *consensus.State) { s.Hotkeys = make([][32]byte, 4) })
		refused("hotkeys missing", consensus.ErrState, func(s *consensus.State) { s.Hotkeys = make([][32]byte, 3) })
		refused("registrations missing", consensus.ErrState, func(s *consensus.State) { s.BlockAtRegistration = s.BlockAtRegistration[:3] })
		refused("permits missing", consensus.ErrState, func(s *consensus.State) { s.ValidatorPermit = nil })
		refused("rows missing", consensus.ErrState, func(s *consensus.State) { s.Weights.Start = s.Weights.Start[:4] })
		refused("a row that ends before it starts", consensus.ErrState, func(s *consensus.State) { s.Weights.Start[1], s.Weights.Start[2] = 4, 2 })
		refused("bonds without values", consensus.ErrState, func(s *consensus.State) { s.Bonds = consensus.Rows{Start: make([]int, 5), Col: make([]uint16, 1)} })
		refused("commit blocks missing", consensus.ErrState, func(s *consensus.State) { s.CommitBlock = make([]uint64, 1) })
		for size := range 9 {
			a.try(t, func() error {
				s := small(2, 2, []uint64{5, 5}, [][]uint16{{1, 2}, {3, 4}})
				padded := append(s.LastUpdate[:min(size, 4):min(size, 4)], make([]uint64, 4-min(size, 4))...)
				s.LastUpdate = append(s.LastUpdate, 1, 2, 3, 4, 5)[:size]
				got, err := agree(s, false)
				if err != nil {
					return err
				}
				s.LastUpdate = padded
				want, err := agree(s, false)
				if err != nil {
					return err
				}
				return sameOutput(got, want)
			})
		}
	})
}

func TestAdversaryDegenerate(t *testing.T) {
	adversary(t, "C10", func(t *testing.T, a *tally) {
		for _, s := range []*consensus.State{
			small(0, 0, nil, nil), small(1, 0, []uint64{5}, nil), small(0, 1, nil, nil), small(1, 1, []uint64{5}, [][]uint16{{65535}}),
			small(1, 3, []uint64{5}, [][]uint16{{1, 2, 3}}), small(3, 1, []uint64{1, 2, 3}, [][]uint16{{7}, {7}, {7}}),
			small(2, 2, []uint64{5, 5}, [][]uint16{{0, 0}, {0, 0}}), small(2, 2, []uint64{0, 0}, [][]uint16{{1, 2}, {3, 4}}),
			outdated(),
		} {
			for _, m := range modes {
				for _, dense := range []bool{false, true} {
					a.try(t, func() error {
						s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
						o, err := agree(s, dense)
						if err != nil {
							return err
						}
						return conserved(s, o)
					})
				}
			}
		}
	})
}

// outdated is a subnet in which every weight is older than what it is for.
func outdated() *consensus.State {
	s := small(2, 2, []uint64{5, 5}, [][]uint16{{1, 2}, {3, 4}})
	for i := range s.BlockAtRegistration {
		s.BlockAtRegistration[i] = 999
	}
	return s
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

func TestAdversaryExtremes(t *testing.T) {
	adversary(t, "C11", func(t *testing.T, a *tally) {
		extremes := []uint64{0, 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}
		for _, x := range extremes {
			for _, y := range extremes {
				for _, w := range []uint16{0, 1, 65535} {
					for _, m := range modes {
						a.try(t, func() error {
							s := small(2, 2, []uint64{x, y}, [][]uint16{{w, 65535}, {65535, w}})
							s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
							_, err := agree(s, false)
							return err
						})
					}
				}
			}
		}
		a.try(t, func() error { return wrappingRow() })
	})
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

func TestAdversaryUnderWeight(t *testing.T) {
	adversary(t, "C12", func(t *testing.T, a *tally) {
		for _, low := range []uint16{1, 100, 6553, 32767} {
			a.try(t, func() error {
				// The last validator gives the good server less than the others agree on. Consensus clips what is above it, never
				// what is below: the low weight stands, the consensus stays, and the chain does not repair it.
				s := small(3, 2, []uint64{4, 4, 2}, [][]uint16{{65535, 6553}, {65535, 6553}, {low, 65535}})
				o, err := epoch(s, consensus.Options{Trace: true})
				if err != nil {
					return err
				}
				_, norm := o.Trace.WeightsNorm.Sparse.Row(2)
				_, clipped := o.Trace.Clipped.Sparse.Row(2)
				if clipped[0] != norm[0] || norm[0] >= o.Consensus[3] {
					return fmt.Errorf("low=%d: weight %d became %d, consensus %d", low, norm[0], clipped[0], o.Consensus[3])
				}
				honest, err := epoch(small(3, 2, []uint64{4, 4, 2}, [][]uint16{{65535, 6553}, {65535, 6553}, {65535, 6553}}), consensus.Options{})
				if err != nil {
					return err
				}
				if o.Consensus[3] != honest.Consensus[3] || o.Dividends[2] >= honest.Dividends[2] {
					return fmt.Errorf("low=%d: consensus %d, dividends %d", low, o.Consensus[3], o.Dividends[2])
				}
				_, err = agree(s, false)
				return err
			})
		}
	})
}

func TestAdversarySparseDense(t *testing.T) {
	adversary(t, "C13", func(t *testing.T, a *tally) {
		r := &sim.Random{State: 13}
		for k := range cases(500, 10000) {
			s := randomState(r, true)
			a.try(t, func() error {
				sparse, err := epoch(s, consensus.Options{})
				if err != nil {
					return err
				}
				dense, err := epoch(s, consensus.Options{Dense: true})
				if err != nil {
					return err
				}
				if err := bondsAgree(s, sparse, dense); err != nil {
					return fmt.Errorf("net %d: %w", k, err)
				}
				sparse.Bonds, dense.Bonds = consensus.Rows{}, consensus.Rows{}
				if err := sameOutput(sparse, dense); err != nil {
					return fmt.Errorf("net %d: %w", k, err)
				}
				return nil
			})
		}
	})
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

func TestAdversaryWorkers(t *testing.T) {
	adversary(t, "C14", func(t *testing.T, a *tally) {
		s := sim.Subnet{Seed: 8, N: 200, V: 20, K: 40, KB: 40}.State()
		for _, m := range modes {
			s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
			want, err := epoch(s, consensus.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for workers := 1; workers <= 16; workers++ {
				lists, blocks := consensus.NewEngine(&consensus.Options{Workers: workers}), consensus.NewEngine(&consensus.Options{Workers: workers}).ForceBlocks()
				for k := range cases(4, 100) {
					a.try(t, func() error {
						var o consensus.Output
						if err := []*consensus.Engine{lists, blocks}[k%2].Epoch(context.Background(), s, &o); err != nil {
							return err
						}
						if !slices.Equal(o.Dividends, want.Dividends) || !slices.Equal(o.Bonds.Val, want.Bonds.Val) || !slices.Equal(o.Bonds.Col, want.Bonds.Col) ||
							!slices.Equal(o.ValidatorTrust, want.ValidatorTrust) || !slices.Equal(o.Emission, want.Emission) {
							return fmt.Errorf("%s, %d workers, run %d: outputs differ", m.name, workers, k)
						}
						return nil
					})
				}
			}
		}
	})
}

func TestAdversaryConservation(t *testing.T) {
	adversary(t, "C15", func(t *testing.T, a *tally) {
		r := &sim.Random{State: 15}
		for range cases(1000, 20000) {
			s := randomState(r, true)
			a.try(t, func() error {
				o, err := epoch(s, consensus.Options{})
				if err != nil {
					return err
				}
				return conserved(s, o)
			})
		}
	})
}

func TestAdversaryParameters(t *testing.T) {
	adversary(t, "C16", func(t *testing.T, a *tally) {
		base := sim.Subnet{Seed: 4, N: 24, V: 6, K: 10, KB: 10}.State()
		for _, m := range modes {
			for _, penalty := range []uint16{0, 1, 32768, 65534, 65535} {
				for _, alpha := range [][2]uint16{{0, 65535}, {45875, 58982}, {58982, 45875}, {65535, 0}, {7, 7}} {
					for _, steepness := range []int16{-32768, -1000, -1, 0, 1, 100, 1000, 32767} {
						a.try(t, func() error {
							s := sim.Clone(base)
							s.Yuma3, s.LiquidAlpha, s.BondsPenalty = m.yuma3, m.liquid, penalty
							s.AlphaLow, s.AlphaHigh, s.AlphaSigmoidSteepness = alpha[0], alpha[1], steepness
							if _, err := agree(s, false); err != nil {
								return err
							}
							s.Bonds.DropColumn(9)
							for i := range s.N() {
								if col, _ := s.Bonds.Row(i); slices.Contains(col, 9) {
									return fmt.Errorf("row %d kept the column that was reset", i)
								}
							}
							_, err := agree(s, false)
							return err
						})
					}
				}
			}
		}
	})
}

func TestAdversaryPermits(t *testing.T) {
	adversary(t, "C17", func(t *testing.T, a *tally) {
		// Among equal stakes the larger uid holds the permit.
		for k := range 7 {
			a.try(t, func() error {
				s := small(6, 1, []uint64{5, 5, 5, 5, 5, 5}, [][]uint16{{1}, {1}, {1}, {1}, {1}, {1}})
				s.MaxAllowedValidators = uint16(k)
				o, err := agree(s, false)
				if err != nil {
					return err
				}
				for i := range 6 {
					if want := i >= 6-k; o.NewValidatorPermit[i] != want {
						return fmt.Errorf("k=%d: permit of %d is %v", k, i, !want)
					}
				}
				return nil
			})
		}
		for _, permits := range [][]bool{{false, false, false}, {true, false, false}} {
			a.try(t, func() error {
				s := small(3, 1, []uint64{3, 2, 1}, [][]uint16{{9}, {9}, {9}})
				copy(s.ValidatorPermit, permits)
				o, err := agree(s, false)
				if err != nil {
					return err
				}
				if voted := o.Incentive[3] != 0; voted != permits[0] {
					return fmt.Errorf("permits %v: incentive %d", permits, o.Incentive[3])
				}
				return conserved(s, o)
			})
		}
	})
}
