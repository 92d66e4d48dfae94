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

// cases is the number of cases: whole under ASSAY_LONG, else some, and a tenth of these, 20 at least, with -short.
func cases(some, whole int) int {
	switch {
	case long:
		return whole
	case testing.Short():
		return max(some/10, 20)
	}
	return some
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
		step := 1031
		if long {
			step = 7
		}
		for k := 1; k < 65535; k += step {
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
		for k := range cases(1000, 10000) {
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
		r := &sim.Random{State: 9}
		for range cases(3000, 100000) { // anything may be out of shape: an error or a result, never a panic
			s := corrupt(r, randomState(r, false))
			a.try(t, func() error {
				for _, dense := range []bool{false, true} {
					if _, err := epoch(s, consensus.Options{Dense: dense, Workers: 2}); err != nil && !errors.Is(err, consensus.ErrState) {
						return err
					}
				}
				return nil
			})
		}
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
		for k := range cases(10000, 100000) {
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
				for k := range cases(100, 100) {
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
		for range cases(5000, 20000) {
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
