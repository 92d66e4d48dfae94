package coinbase_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
)

// TestHalving is the table of TOKENOMICS.md, section 1.
func TestHalving(t *testing.T) {
	for _, x := range []struct {
		issuance, emission uint64
	}{
		{0, 1000000000}, {10500000000000000, 500000000}, {15750000000000000, 250000000}, {18375000000000000, 125000000},
		{19687500000000000, 62500000}, {20343750000000000, 31250000}, {20671875000000000, 15625000}, {20835937500000000, 7812500},
		{20917968750000000, 3906250}, {20958984375000000, 1953125}, {20979492187500000, 976562}, {20999359130859375, 30517},
		{20999979972839356, 953}, {20999999374151230, 29}, {20999999960884452, 1}, {20999999980442226, 0}, {21000000000000000, 0}, {1<<64 - 1, 0},
	} {
		if got, err := coinbase.BlockEmission(x.issuance); err != nil || got != x.emission {
			t.Errorf("BlockEmission(%d) = %d, %v, want %d", x.issuance, got, err, x.emission)
		}
		if x.issuance == 0 || x.issuance >= coinbase.TotalSupply {
			continue
		}
		if got, err := coinbase.BlockEmission(x.issuance - 1); err != nil || got <= x.emission {
			t.Errorf("BlockEmission(%d) = %d, %v, want more than %d", x.issuance-1, got, err, x.emission)
		}
	}
}

// TestSplit is the worked figures of TOKENOMICS.md, section 5.
func TestSplit(t *testing.T) {
	if got, want := coinbase.SplitAlpha(1e9, coinbase.DefaultOwnerCut, fixed.U96F32{}), (coinbase.Split{Owner: 179995422, Server: 410002288, Validator: 410002288}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	rp := coinbase.RootProportion(6_000_000e9, 971718665099567868, 3_000_000e9)
	if rp != fixed.U96F32FromBits(409363683) {
		t.Errorf("root proportion %v / 2^32", rp)
	}
	want := coinbase.Split{Owner: 179995422, Server: 410002288, Validator: 370923982, Root: 39078306}
	if got := coinbase.SplitAlpha(1e9, coinbase.DefaultOwnerCut, rp); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := coinbase.SplitAlpha(1e9, 0, fixed.U96F32{}); got != (coinbase.Split{Server: 5e8, Validator: 5e8}) {
		t.Errorf("without the cut: %+v", got)
	}
}

func TestTaoWeight(t *testing.T) {
	if got := coinbase.TaoWeight(971718665099567868); got != fixed.U96F32FromBits(226245882) {
		t.Errorf("got %v / 2^32, want the chain's 226245882", got)
	}
	if got := coinbase.TaoWeight(1<<64 - 1); got != fixed.U96F32FromU64(1) {
		t.Errorf("all of it is %v", got)
	}
}

// TestInject: the cap of TOKENOMICS.md, section 4.
func TestInject(t *testing.T) {
	one, tenth := fixed.U96F32FromU64(1), fixed.U96F32FromU64(1).SafeDiv(fixed.U96F32FromU64(10))
	tao := fixed.U96F32FromU64(1000)
	if got := coinbase.Inject(tao, 1e9, one, tenth); got.TaoIn != tao || got.AlphaIn != tao || got.ExcessTao != (fixed.U96F32{}) {
		t.Errorf("below the cap: %+v", got)
	}
	got := coinbase.Inject(tao, 1000, one, tenth)
	if limit := tenth.SatMul(tao); got.AlphaIn != limit || got.TaoIn != limit || got.ExcessTao != tao.SatSub(limit) {
		t.Errorf("above the cap: %+v", got)
	}
	if got := coinbase.Inject(tao, 1e9, fixed.U96F32{}, tenth); got.AlphaIn != (fixed.U96F32{}) || got.TaoIn != tao {
		t.Errorf("without a price: %+v", got)
	}
}

func TestSubnetShares(t *testing.T) {
	half, one := fixed.U64F64{Lo: 1 << 63}, fixed.U64F64FromU64(1)
	quarter := fixed.U64F64{Lo: 1 << 62}
	for _, x := range []struct {
		name    string
		markets []coinbase.Market
		want    []fixed.U64F64
	}{
		{"by price", []coinbase.Market{{Price: one, Enabled: true}, {Price: one, Enabled: true}}, []fixed.U64F64{half, half}},
		{"burned half", []coinbase.Market{{Price: half, Burned: half, Enabled: true}, {Price: quarter, Enabled: true}, {Price: quarter, Burned: one, Enabled: true}},
			[]fixed.U64F64{half, half, {}}},
		{"all burned", []coinbase.Market{{Price: one, Burned: one, Enabled: true}, {Price: one, Burned: fixed.U64F64FromU64(7), Enabled: true}}, []fixed.U64F64{half, half}},
		{"one switched off", []coinbase.Market{{Price: one, Enabled: true}, {Price: one}}, []fixed.U64F64{one, {}}},
		{"no price", []coinbase.Market{{Enabled: true}}, []fixed.U64F64{{}}}, {"none", nil, nil},
	} {
		if got := coinbase.SubnetShares(x.markets); !slices.Equal(got, x.want) {
			t.Errorf("%s: got %v, want %v", x.name, got, x.want)
		}
	}
	if coinbase.RootSells([]coinbase.Market{{Price: half}, {Price: half}}) || !coinbase.RootSells([]coinbase.Market{{Price: half}, {Price: half}, {Price: quarter}}) {
		t.Error("root sells above a sum of 1 only")
	}
}

// TestMovingPrice is read from staking/stake_utils.rs, update_moving_price, lines 36 to 69.
func TestMovingPrice(t *testing.T) {
	one := fixed.U64F64FromU64(1)
	const half = 1 << 31
	for _, x := range []struct {
		name                string
		moving, price, want fixed.U64F64
		since               uint64
	}{
		{"at the start nothing moves", fixed.U64F64{}, one, fixed.U64F64{}, 0},
		{"alpha 1/2 * b/(b+h), b = h", fixed.U64F64{}, one, fixed.U64F64{Lo: 1 << 62}, 201600},
		{"a price counts up to 1", fixed.U64F64{}, fixed.U64F64FromU64(9), fixed.U64F64{Lo: 1 << 62}, 201600},
	} {
		if got := coinbase.MovingPrice(x.moving, x.price, x.since, coinbase.DefaultHalvingBlocks, half); got != x.want {
			t.Errorf("%s: got %v, want %v", x.name, got, x.want)
		}
	}
}

// TestPayouts is written from coinbase/run_coinbase.rs: takes, pending alpha, parents.
func TestPayouts(t *testing.T) {
	if got := coinbase.PayTake(fixed.U96F32FromU64(1e9), coinbase.DefaultDelegateTake); got.Take != 179995422 || got.Nominators != 820004577 {
		t.Errorf("take: %+v", got)
	}
	alpha, root := coinbase.DividePending(1000, 100, 1<<64-1, []coinbase.Holder{
		{Dividend: fixed.U96F32FromU64(10), Alpha: 5, Root: 5}, {Dividend: fixed.U96F32FromU64(30), Alpha: 7}, {Dividend: fixed.U96F32FromU64(5), Root: 9}, {Dividend: fixed.U96F32FromU64(1)},
	})
	got := fmt.Sprint(alpha[0].U64(), alpha[1].U64(), alpha[2].U64(), alpha[3].U64(), root[0].U64(), root[1].U64(), root[2].U64(), root[3].U64())
	// Alpha parts 5, 30, 0, 1 (without stake the dividend is all alpha) and root parts 5, 0, 5, 0, every quotient floored.
	if got != "138 833 0 27 50 0 50 0" {
		t.Errorf("pending: %s", got)
	}
	f := coinbase.Family{Alpha: []uint64{100, 300, 0}, Root: make([]uint64, 3), Coldkey: []int{1, 2, 1}, ChildTake: []uint16{0, 0, 13107}, TaoWeight: 0,
		Lent: []coinbase.Delegation{{Parent: 0, Child: 2, Proportion: 1<<64 - 1}, {Parent: 1, Child: 2, Proportion: 1<<64 - 1}}}
	paid, err := f.ShareDividends(2, 1000)
	// A quarter to the parent of the same owner; three quarters to the other, less the child's fifth.
	if err != nil || fmt.Sprint(paid) != "[{0 250} {1 600} {2 149}]" {
		t.Errorf("parents: %v, %v", paid, err)
	}
	if _, err := f.ShareDividends(3, 1); !errors.Is(err, consensus.ErrState) {
		t.Errorf("a child that is not there: %v", err)
	}
	if out := (&consensus.Output{ServerEmission: []uint64{0, 1}}); coinbase.ValidatorPot(out, 5, 7) != 7 {
		t.Error("servers earned: validators get their own")
	}
	if out := (&consensus.Output{ServerEmission: []uint64{0, 0}}); coinbase.ValidatorPot(out, 5, 7) != 12 {
		t.Error("no server earned: validators get all")
	}
}

func TestStakeWeightRefuses(t *testing.T) {
	if _, err := coinbase.StakeWeight([]uint64{1}, []uint64{1, 2}, nil, 0); !errors.Is(err, consensus.ErrState) {
		t.Errorf("lengths: %v", err)
	}
	if _, err := coinbase.StakeWeight([]uint64{1}, []uint64{1}, []coinbase.Delegation{{Parent: 0, Child: 1}}, 0); !errors.Is(err, consensus.ErrState) {
		t.Errorf("child out of range: %v", err)
	}
	got, err := coinbase.StakeWeight([]uint64{100, 0}, []uint64{0, 0}, []coinbase.Delegation{{Child: 1, Proportion: 1<<64 - 1}, {Child: 1, Proportion: 1<<64 - 1}}, 0)
	if err != nil || got[0].U64() != 0 || got[1].U64() != 200 {
		t.Errorf("lending twice: %v, %v", got, err)
	}
}
