package subnet_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/subnet"
)

// small is a subnet of two validators, who weigh both its servers; all are active and registered long ago.
func small() *consensus.State {
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1000, RaoEmission: 1e9,
		Stake:      []fixed.I64F64{fixed.I64F64FromU64(500), fixed.I64F64FromU64(400), {}, {}},
		LastUpdate: []uint64{999, 999, 999, 999}, BlockAtRegistration: []uint64{1, 1, 1, 1}, ValidatorPermit: []bool{true, true, false, false},
	}
	s.Yuma3, s.CommitReveal = false, false
	s.Weights.Append([]uint16{2, 3}, []uint16{1, 2})
	s.Weights.Append([]uint16{2, 3}, []uint16{3, 4})
	s.Weights.Pad(4)
	return s
}

// TestSetWeights is written from subnets/weights.rs, do_set_mechanism_weights (lines 900 to 1020) and its helpers (1094 to
// 1250): each line breaks one rule more than the chain meets before it.
func TestSetWeights(t *testing.T) {
	base := func() (*consensus.State, *subnet.WeightRules, *subnet.WeightCall) {
		s := small()
		s.LastUpdate[0], s.LastUpdate[1] = 850, 850
		return s, &subnet.WeightRules{Mechanisms: 1, MinAllowed: 2, RateLimit: 100, VersionKey: 7},
			&subnet.WeightCall{UID: 0, Uids: []uint16{2, 3}, Values: []uint16{1, 2}, VersionKey: 7}
	}
	for _, x := range []struct {
		name string
		edit func(s *consensus.State, r *subnet.WeightRules, c *subnet.WeightCall)
		want error
	}{
		{"good", nil, nil},
		{"root", func(_ *consensus.State, r *subnet.WeightRules, c *subnet.WeightCall) {
			r.Root, c.Values = true, nil
		}, subnet.ErrRootWeights},
		{"lengths", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.Values, c.Mechanism = c.Values[:1], 1
		}, subnet.ErrUnequalLength},
		{"mechanism", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.Mechanism, c.Uids, c.Values = 1, make([]uint16, 5), make([]uint16, 5)
		}, subnet.ErrNoMechanism},
		{"too many uids", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.UID, c.Uids, c.Values = -1, make([]uint16, 5), make([]uint16, 5)
		}, subnet.ErrTooManyUids},
		{"not registered", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.UID, c.VersionKey = -1, 0
		}, subnet.ErrNotRegistered},
		{"stake", func(s *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			s.StakeThreshold, c.VersionKey = 501, 0
		}, subnet.ErrNotEnoughStake},
		{"stake at the threshold", func(s *consensus.State, _ *subnet.WeightRules, _ *subnet.WeightCall) { s.StakeThreshold = 500 }, nil},
		{"owner without stake", func(s *consensus.State, _ *subnet.WeightRules, _ *subnet.WeightCall) {
			s.StakeThreshold, s.HasOwner = 501, true
		}, nil},
		{"version", func(s *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.VersionKey, s.LastUpdate[0] = 6, 999
		}, subnet.ErrVersionKey},
		{"any version", func(_ *consensus.State, r *subnet.WeightRules, c *subnet.WeightCall) {
			r.VersionKey, c.VersionKey = 0, 0
		}, nil},
		{"newer version", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) { c.VersionKey = 8 }, nil},
		{"rate", func(s *consensus.State, _ *subnet.WeightRules, _ *subnet.WeightCall) {
			s.LastUpdate[0], s.ValidatorPermit[0] = 901, false
		}, subnet.ErrTooFast},
		{"rate at the limit", func(s *consensus.State, _ *subnet.WeightRules, _ *subnet.WeightCall) { s.LastUpdate[0] = 900 }, nil},
		{"rate of a first time", func(s *consensus.State, r *subnet.WeightRules, _ *subnet.WeightCall) {
			s.LastUpdate[0], r.RateLimit = 0, 1<<63
		}, nil},
		{"rate under commit-reveal", func(s *consensus.State, _ *subnet.WeightRules, _ *subnet.WeightCall) {
			s.LastUpdate[0], s.CommitReveal = 999, true
		}, nil},
		{"permit", func(s *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			s.ValidatorPermit[0], c.Uids[1] = false, 2
		}, subnet.ErrNoPermit},
		{"permit of the owner", func(s *consensus.State, _ *subnet.WeightRules, _ *subnet.WeightCall) {
			s.ValidatorPermit[0], s.HasOwner = false, true
		}, nil},
		{"self without permit", func(s *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			s.ValidatorPermit[0], c.Uids, c.Values = false, []uint16{0}, []uint16{9}
		}, nil},
		{"duplicate", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) { c.Uids = []uint16{9, 9} }, subnet.ErrDuplicateUids},
		{"invalid uid", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.Uids, c.Values = []uint16{4}, []uint16{1}
		}, subnet.ErrInvalidUid},
		{"too few", func(_ *consensus.State, _ *subnet.WeightRules, c *subnet.WeightCall) {
			c.Uids, c.Values = []uint16{2}, []uint16{1}
		}, subnet.ErrTooFewWeights},
		{"few for few neurons", func(_ *consensus.State, r *subnet.WeightRules, c *subnet.WeightCall) {
			r.MinAllowed, c.Uids, c.Values = 1024, []uint16{0, 1, 2, 3}, []uint16{1, 1, 1, 1}
		}, nil},
		{"largest share", func(_ *consensus.State, r *subnet.WeightRules, _ *subnet.WeightCall) { r.MaxWeightLimit = 40000 }, subnet.ErrMaxWeight},
		{"share within the limit", func(_ *consensus.State, r *subnet.WeightRules, _ *subnet.WeightCall) { r.MaxWeightLimit = 43691 }, nil},
	} {
		s, r, c := base()
		if x.edit != nil {
			x.edit(s, r, c)
		}
		col, val, err := subnet.SetWeights(s, r, c)
		if !errors.Is(err, x.want) || x.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", x.name, err, x.want)
		}
		if err == nil && (!slices.Equal(col, c.Uids) || !slices.Equal(val, consensus.MaxUpscaleU16(c.Values))) {
			t.Errorf("%s: row %v %v", x.name, col, val)
		}
	}
}

// TestCommitHash lays the committed bytes out by hand: SCALE of (AccountId, u16, Vec<u16>, Vec<u16>, Vec<u16>, u64), read from
// subnets/weights.rs, get_commit_hash (lines 1328 to 1338).
func TestCommitHash(t *testing.T) {
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	raw := slices.Concat(key[:], []byte{0x05, 0x10}, []byte{0x08, 1, 0, 2, 0}, []byte{0x08, 0xff, 0xff, 3, 0}, []byte{0x04, 9, 1}, []byte{8, 7, 6, 5, 4, 3, 2, 1})
	want := blake2b.Sum256(raw)
	if got := subnet.CommitHash(key, subnet.StorageIndex(5, 1), []uint16{1, 2}, []uint16{65535, 3}, []uint16{265}, 0x0102030405060708); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	if got := subnet.StorageIndex(5, 255); got != 65535 {
		t.Errorf("storage index %d beyond the last one", got)
	}
}

// TestCommits is read from subnets/weights.rs: internal_commit_weights (lines 64 to 130), internal_reveal_weights (459 to 570).
func TestCommits(t *testing.T) {
	hash := func(k byte) (h [32]byte) { h[0] = k; return h }
	var c subnet.Commits
	for k := range byte(10) {
		if err := c.Add(subnet.Commit{Hash: hash(k), Epoch: 5, Block: 100 + uint64(k)}, 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Add(subnet.Commit{Hash: hash(10), Epoch: 7}, 2); !errors.Is(err, subnet.ErrTooManyCommits) {
		t.Errorf("the eleventh: %v", err)
	}
	for _, x := range []struct {
		epoch uint64
		hash  byte
		want  error
	}{{5, 3, subnet.ErrRevealTooEarly}, {6, 3, subnet.ErrRevealTooEarly}, {7, 77, subnet.ErrCommitMismatch}, {8, 3, subnet.ErrExpiredCommit}, {8, 77, subnet.ErrNoCommit}} {
		if err := c.Reveal(hash(x.hash), x.epoch, 2); !errors.Is(err, x.want) || len(c) != 10 {
			t.Errorf("epoch %d, hash %d: %v, want %v; %d left", x.epoch, x.hash, err, x.want, len(c))
		}
	}
	if got := c.OldestBlock(7, 2); got != 100 {
		t.Errorf("oldest block %d", got)
	}
	if err := c.Reveal(hash(3), 7, 2); err != nil || len(c) != 6 || c.OldestBlock(7, 2) != 104 {
		t.Errorf("reveal: %v, %d left", err, len(c))
	}
	if got := c.OldestBlock(8, 2); got != consensus.NoCommit {
		t.Errorf("expired commits leave block %d", got)
	}
	if err := c.Add(subnet.Commit{Hash: hash(11), Epoch: 8}, 2); err != nil || len(c) != 1 {
		t.Errorf("expired commits stay: %v, %d", err, len(c))
	}
}

// TestSchedule is read from coinbase/run_coinbase.rs: should_run_epoch (lines 1003 to 1020) and drain_pending.
func TestSchedule(t *testing.T) {
	s := subnet.NewSchedule(7, 360, 10000)
	if s.LastEpochBlock != 9993 {
		t.Errorf("staggered to %d", s.LastEpochBlock)
	}
	ran := func(block uint64, consistent, full, want bool) {
		t.Helper()
		if got := s.Step(block, consistent, full); got != want {
			t.Errorf("block %d: ran = %v", block, got)
		}
	}
	ran(10352, true, false, false)
	if s.Epoch(10352) != 0 || s.Epoch(10353) != 1 {
		t.Error("the epoch of a block in which one is due is the next one")
	}
	ran(10353, true, true, false) // put off
	if s.PendingEpochAt != 10354 || !s.Due(10354) || s.EpochIndex != 0 {
		t.Errorf("deferred: %+v", s)
	}
	ran(10354, false, false, false) // two uids of one hotkey: the slot is consumed
	if s.EpochIndex != 1 || s.LastEpochBlock != 10354 || s.BlocksSinceLastStep == 0 || s.PendingEpochAt != 0 {
		t.Errorf("skipped: %+v", s)
	}
	ran(10714, true, false, true)
	if s.BlocksSinceLastStep != 0 || s.EpochIndex != 2 {
		t.Errorf("ran: %+v", s)
	}
	s.BlocksSinceLastStep = subnet.MaxTempo + 1
	if !s.Due(10715) {
		t.Error("an epoch is due after the largest tempo")
	}
	if (&subnet.Schedule{}).Due(1 << 60) {
		t.Error("tempo 0 is never due")
	}
}

// TestPrune is written from subnets/registration.rs, get_neuron_to_prune (lines 272 to 348 without comments).
func TestPrune(t *testing.T) {
	for _, x := range []struct {
		name       string
		emission   []uint64
		registered []uint64
		immortal   []int
		floor      int
		want       int
	}{
		{"lowest emission", []uint64{3, 1, 2}, []uint64{1, 1, 1}, nil, 0, 1},
		{"then oldest registration", []uint64{1, 1, 1}, []uint64{3, 1, 2}, nil, 0, 1},
		{"then lowest uid", []uint64{1, 1, 1}, []uint64{2, 2, 2}, nil, 0, 0},
		{"immune ones stay", []uint64{0, 5, 6}, []uint64{950, 1, 1}, nil, 0, 1},
		{"missing emission is 0", []uint64{3}, []uint64{1, 1, 1}, nil, 0, 1},
		{"immortal ones stay", []uint64{0, 5, 6}, []uint64{1, 1, 1}, []int{0}, 0, 1},
		{"too few that are not immune", []uint64{0, 5, 6}, []uint64{1, 1, 950}, nil, 2, 2},
		{"just enough of them", []uint64{7, 5, 6}, []uint64{1, 1, 950}, nil, 1, 1},
		{"none is immune and too few", []uint64{0, 5}, []uint64{1, 1}, nil, 2, -1},
		{"all immortal", []uint64{0, 5}, []uint64{1, 1}, []int{0, 1}, 0, -1},
		{"age of exactly the period is not immune", []uint64{0, 5}, []uint64{900, 1}, nil, 0, 0},
		{"one block less is immune", []uint64{0, 5}, []uint64{901, 1}, nil, 0, 1},
		{"no neuron", nil, nil, nil, 0, -1},
	} {
		p := &subnet.Pruning{Emission: x.emission, Immortal: x.immortal, ImmunityPeriod: 100, MinNonImmune: x.floor}
		got, err := subnet.Prune(x.registered, 1000, p)
		if x.want < 0 {
			if !errors.Is(err, subnet.ErrNoSlot) {
				t.Errorf("%s: got %d, %v", x.name, got, err)
			}
		} else if err != nil || got != x.want {
			t.Errorf("%s: got %d, %v, want %d", x.name, got, err, x.want)
		}
	}
}

// TestOwnerImmortals is written from get_immune_owner_tuples (lines 230 to 270 without comments).
func TestOwnerImmortals(t *testing.T) {
	registered := []uint64{50, 10, 30, 10}
	for _, x := range []struct {
		owned         []int
		hotkey, limit int
		want          []int
	}{
		{[]int{0, 1, 2, 3}, -1, 2, []int{1, 3}}, {[]int{0, 1, 2, 3}, 0, 2, []int{0, 1}}, {[]int{0, 1, 2, 3}, 1, 2, []int{1, 3}},
		{[]int{-1, 4, 2, math.MaxInt}, 9, 3, []int{2}}, {[]int{0, 1}, -1, -5, nil}, {nil, -7, 3, nil}, {nil, 2, 1, []int{2}}, {nil, -1, 1, nil}, {[]int{0}, 2, 1, []int{2}}, {[]int{0}, 2, 0, nil},
	} {
		if got := subnet.OwnerImmortals(x.owned, registered, x.hotkey, x.limit); !slices.Equal(got, x.want) {
			t.Errorf("%v, hotkey %d, limit %d: got %v, want %v", x.owned, x.hotkey, x.limit, got, x.want)
		}
	}
}

// TestRegister is written from subnets/uids.rs, clear_neuron, replace_neuron and append_neuron.
func TestRegister(t *testing.T) {
	s := small()
	s.Bonds = consensus.Rows{}
	for range 4 {
		s.Bonds.Append([]uint16{2, 3}, []uint16{7, 8})
	}
	p := &subnet.Pruning{Emission: []uint64{9, 9, 9, 1}, ImmunityPeriod: 10}
	uid, err := subnet.Register(s, fixed.I64F64FromU64(3), 5, p)
	if err != nil || uid != 4 || s.N() != 5 || s.LastUpdate[4] != 1000 || s.BlockAtRegistration[4] != 1000 || s.ValidatorPermit[4] || s.Validate() != nil {
		t.Fatalf("a free slot: %d, %v, %+v", uid, err, s)
	}
	uid, err = subnet.Register(s, fixed.I64F64FromU64(3), 5, p)
	if err != nil || uid != 3 || s.N() != 5 || s.Validate() != nil {
		t.Fatalf("a full subnet: %d, %v", uid, err)
	}
	for i := range 2 {
		if col, val := s.Weights.Row(i); !slices.Equal(col, []uint16{2, 3}) || val[1] != 0 || val[0] == 0 {
			t.Errorf("weights of %d for the newcomer: %v %v", i, col, val)
		}
		if col, _ := s.Bonds.Row(i); !slices.Equal(col, []uint16{2, 3}) {
			t.Errorf("bonds of %d towards the newcomer stay, masked by its block: %v", i, col)
		}
	}
	if col, _ := s.Bonds.Row(3); len(col) != 0 || s.LastUpdate[3] != 1000 {
		t.Errorf("the newcomer's bonds %v, last update %d", col, s.LastUpdate[3])
	}
	s.HasOwner, s.Owner = true, 2
	p.Emission, p.Immortal = []uint64{9, 9, 0, 9, 9}, nil
	before := s.Stake[2]
	if uid, err = subnet.Register(s, fixed.I64F64FromU64(1), 5, p); err != nil || uid != 2 || s.Stake[2] != before {
		t.Errorf("the owner's hotkey was replaced: %d, %v", uid, err)
	}
}

// TestRegisterCarriesAll registers into states that have hotkeys and fixed bonds: these grow with it, and a replaced neuron's are gone.
func TestRegisterCarriesAll(t *testing.T) {
	s := small()
	s.Hotkeys = [][32]byte{{1}, {2}, {3}, {4}}
	s.CommitBlock = []uint64{1, 2, 3, 4}
	s.BondsFixed = &consensus.Sparse{Start: []int{0}}
	for i := range 4 {
		s.BondsFixed.Col, s.BondsFixed.Val = append(s.BondsFixed.Col, 2, 3), append(s.BondsFixed.Val, fixed.I32F32(i), 9)
		s.BondsFixed.Start = append(s.BondsFixed.Start, 2*i+2)
	}
	if uid, err := subnet.Register(s, fixed.I64F64FromU64(3), 5, nil); err != nil || uid != 4 || s.Validate() != nil || s.BondsFixed.Rows() != 5 {
		t.Fatalf("a free slot: %d, %v, %v", uid, err, s.Validate())
	}
	s.Hotkeys[4] = [32]byte{5}
	p := &subnet.Pruning{Emission: []uint64{9, 1, 9, 9, 9}}
	if uid, err := subnet.Register(s, fixed.I64F64FromU64(3), 5, p); err != nil || uid != 1 || s.Validate() != nil {
		t.Fatalf("a full subnet: %d, %v, %v", uid, err, s.Validate())
	}
	if s.Hotkeys[1] != ([32]byte{}) || s.CommitBlock[1] != consensus.NoCommit || s.Hotkeys[0] != ([32]byte{1}) {
		t.Errorf("hotkeys %v, commits %v", s.Hotkeys, s.CommitBlock)
	}
	for i, want := range []int{2, 0, 2, 2, 0} {
		col, val := s.BondsFixed.Row(i)
		if len(col) != want || want > 0 && val[0] != fixed.I32F32(i) {
			t.Errorf("fixed bonds of %d: %v %v", i, col, val)
		}
	}
	if err := consensus.NewEngine(nil).Epoch(t.Context(), s, new(consensus.Output)); err != nil {
		t.Error(err)
	}
}

// TestInconsistent gives states and outputs that contradict themselves: errors, not panics.
func TestInconsistent(t *testing.T) {
	for name, change := range map[string]func(s *consensus.State){
		"permits":       func(s *consensus.State) { s.ValidatorPermit = s.ValidatorPermit[:1] },
		"registrations": func(s *consensus.State) { s.BlockAtRegistration = append(s.BlockAtRegistration, 0) },
		"hotkeys":       func(s *consensus.State) { s.Hotkeys = make([][32]byte, 4) },
		"weights":       func(s *consensus.State) { s.Weights.Start[1] = 900 },
	} {
		for _, maxUids := range []int{4, 5} {
			s := small()
			change(s)
			if _, err := subnet.Register(s, fixed.I64F64{}, maxUids, nil); !errors.Is(err, consensus.ErrState) && !errors.Is(err, consensus.ErrDuplicateHotkey) {
				t.Errorf("%s, room for %d: %v", name, maxUids, err)
			}
		}
	}
	s := small()
	s.ValidatorPermit = nil
	if _, _, err := subnet.SetWeights(s, &subnet.WeightRules{Mechanisms: 1}, &subnet.WeightCall{Uids: []uint16{2}, Values: []uint16{1}}); !errors.Is(err, consensus.ErrState) {
		t.Error(err)
	}
	o := &consensus.Output{Active: make([]bool, 2), DividendsU16: make([]uint16, 3)}
	if _, err := subnet.Combine([]*consensus.Output{o}, []uint64{1}, 1); !errors.Is(err, consensus.ErrState) {
		t.Error(err)
	}
}

func TestBurn(t *testing.T) {
	price := uint64(1e9)
	for range subnet.DefaultBurnHalfLife {
		price = subnet.BurnDecay(price, subnet.DefaultBurnHalfLife, subnet.DefaultBurnMin, subnet.DefaultBurnMax)
	}
	if price > 5e8 || price < 5e8-1000 {
		t.Errorf("%d after a half-life of blocks", price)
	}
	if got := subnet.BurnDecay(1e9, 0, 0, 1e12); got != 1e9 {
		t.Errorf("without a half-life: %d", got)
	}
	if got := subnet.BurnBump(1e9, subnet.DefaultBurnMin, subnet.DefaultBurnMax); got != 1260000000 {
		t.Errorf("after a registration: %d", got)
	}
	if low, high := subnet.BurnDecay(1, 360, 500, 600), subnet.BurnBump(1e12, 500, 600); low != 500 || high != 600 {
		t.Errorf("bounds: %d, %d", low, high)
	}
}

// TestMechanisms is written from subnets/mechanism.rs, split_emissions and epoch_with_mechanisms.
func TestMechanisms(t *testing.T) {
	for _, x := range []struct {
		rao   uint64
		count int
		parts []uint16
		want  []uint64
	}{
		{10, 3, nil, []uint64{4, 3, 3}}, {100, 2, []uint16{32767, 32768}, []uint64{50, 50}}, {65535, 3, []uint16{1, 65534}, []uint64{1, 65534, 0}},
		{1<<64 - 1, 2, []uint16{0, 65535}, []uint64{0, 1<<64 - 1}}, {0, 2, nil, []uint64{0, 0}},
	} {
		if got, err := subnet.SplitEmission(x.rao, x.count, x.parts); err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%d by %v: got %v, %v, want %v", x.rao, x.parts, got, err, x.want)
		}
	}
	if _, err := subnet.SplitEmission(1, 1, []uint16{1, 2}); !errors.Is(err, consensus.ErrState) {
		t.Errorf("more parts than mechanisms: %v", err)
	}
	s := small()
	o := new(consensus.Output)
	err := consensus.NewEngine(nil).Epoch(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	one, err := subnet.Combine([]*consensus.Output{o}, []uint64{s.RaoEmission}, s.RaoEmission)
	if err != nil || !slices.Equal(one.DividendsU16, o.DividendsU16) || !slices.Equal(one.Emission, o.Emission) {
		t.Errorf("one mechanism changes something: %+v, %v", one, err)
	}
	two, err := subnet.Combine([]*consensus.Output{o, o}, []uint64{s.RaoEmission / 2, s.RaoEmission / 2}, s.RaoEmission)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.N() {
		if two.ServerEmission[i] != 2*o.ServerEmission[i] || two.DividendsU16[i] > o.DividendsU16[i] || two.DividendsU16[i]+1 < o.DividendsU16[i] {
			t.Errorf("uid %d: %d rao, dividends %d", i, two.ServerEmission[i], two.DividendsU16[i])
		}
	}
	if zero, err := subnet.Combine([]*consensus.Output{o, o}, []uint64{0, 0}, 0); err != nil || !slices.Equal(zero.ConsensusU16, o.ConsensusU16) {
		t.Errorf("without emission the first mechanism counts: %+v, %v", zero, err)
	}
}
