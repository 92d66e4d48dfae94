package bittensor_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/examples/bittensor"
	"github.com/assaylab/assay/examples/ledger"
)

const tao = bittensor.Rao

// TestPool: the product never falls, and a round trip never gains.
func TestPool(t *testing.T) {
	for _, p := range []bittensor.Pool{{Tao: 1, Alpha: 1}, {Tao: 10_000 * tao, Alpha: 20_000 * tao}, {Tao: 7, Alpha: 1 << 60}, {Tao: 1 << 63, Alpha: 3}} {
		for _, amount := range []uint64{0, 1, 2, 999, tao, 1 << 40, 1 << 63} {
			q := p
			product := func() *big.Int {
				return new(big.Int).Mul(new(big.Int).SetUint64(q.Tao), new(big.Int).SetUint64(q.Alpha))
			}
			before := product()
			alpha := q.Buy(amount)
			if product().Cmp(before) < 0 || alpha > p.Alpha {
				t.Errorf("%+v: %d TAO buy %d alpha", p, amount, alpha)
			}
			if back := q.Sell(alpha); back > amount || product().Cmp(before) < 0 {
				t.Errorf("%+v: %d TAO came back as %d", p, amount, back)
			}
		}
	}
}

// TestEconomy: blocks mint what the chain's functions say, an epoch pays it out by the split and by stake, and the book balances.
func TestEconomy(t *testing.T) {
	e, err := bittensor.NewEconomy(1_000_000*tao, "treasury", bittensor.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	s := newSubnet(t, 2, 3, bittensor.SubnetRules{})
	do := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	do(e.Send("treasury", "owner", 2000*tao), e.Send("treasury", "neuron 0", 500*tao), e.Send("treasury", "nominator", 500*tao))
	m, err := e.AddSubnet(1, "owner", bittensor.Pool{Tao: 1500 * tao, Alpha: 1200 * tao})
	do(err, e.Stake("neuron 0", "neuron 0", m, 100*tao), e.Stake("nominator", "neuron 0", m, 50*tao), e.Stake("nominator", "neuron 0", nil, 200*tao))
	weights, err := e.StakeWeights(s)
	do(err)
	if weights[0].Cmp(fixed.I64F64FromU64(e.Stakes[0].Amount+e.Stakes[1].Amount)) <= 0 || !weights[1].IsZero() {
		t.Errorf("stake weights %v", weights)
	}
	s.State.Stake = weights
	before := e.Issuance
	var owner uint64
	for range 360 {
		owner += bittensor.Divide(coinbase.DefaultBlockEmission, m.OwnerCut).Owner
		do(e.Block())
	}
	if e.Issuance != before+360*coinbase.DefaultBlockEmission && e.Issuance < before+360*(coinbase.DefaultBlockEmission-2) {
		t.Errorf("%d rao were issued in 360 blocks", e.Issuance-before)
	}
	do(s.Epoch(t.Context(), m.PendingRao()), e.Pay(s, m))
	alpha := bittensor.Alpha(1)
	if got := e.Book.Balance(ledger.Account{Party: "owner", Asset: alpha, Class: ledger.Available}); got.Uint64() != owner {
		t.Errorf("the owner has %s, its cut is %d", got, owner)
	}
	// No weights were set: all goes to the one validator, by its take and by stake.
	var dividends [2]uint64
	for _, l := range e.Book.Statement("") {
		if l.Asset == alpha && (l.Kind == "dividend" || l.Kind == "dividend: take") {
			dividends[map[string]int{"neuron 0": 0, "nominator": 1}[l.Party]] += l.In.Uint64()
		}
	}
	if dividends[0] <= dividends[1] || dividends[1] == 0 {
		t.Errorf("dividends %v", dividends)
	}
	do(e.Deposit("user", tao), e.Escrow("user"), e.Served("user", "neuron 3", m), e.Escrow("user"), e.Refund("user"))
	if got := e.Book.Balance(ledger.Account{Party: "user", Asset: bittensor.Tao, Class: ledger.Available}); got.Uint64() != tao-e.Terms.RequestPrice {
		t.Errorf("the user has %s left", got)
	}
	if err := e.Escrow("nobody"); !errors.Is(err, ledger.ErrFunds) {
		t.Errorf("a user without money: %v", err)
	}
	issued := m.Issued
	do(e.Register("neuron 0", m, tao))
	if m.Issued >= issued {
		t.Error("a registration burnt no alpha")
	}
	if err := e.Register("nobody", m, tao); !errors.Is(err, ledger.ErrFunds) {
		t.Errorf("a registration without money: %v", err)
	}
	if err := e.Stake("nobody", "neuron 0", m, tao); !errors.Is(err, ledger.ErrFunds) {
		t.Errorf("a stake without money: %v", err)
	}
	_, err = e.Close()
	do(err, e.Book.Audit())
}

// TestPoolRefuses: what a pool cannot take is not paid into it; the TAO was once gone, and the book and the reserve apart.
func TestPoolRefuses(t *testing.T) {
	e, err := bittensor.NewEconomy(1<<63, "treasury", bittensor.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := e.AddSubnet(1, "treasury", bittensor.Pool{})
	full, fullErr := e.AddSubnet(2, "treasury", bittensor.Pool{Tao: 1 << 62, Alpha: tao})
	if err := errors.Join(err, fullErr, e.Deposit("whale", 1<<64-1)); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*bittensor.Market{empty, full} {
		if err := e.Stake("whale", "v", m, 1<<64-1); !errors.Is(err, bittensor.ErrPool) {
			t.Errorf("subnet %d: a stake: %v", m.Netuid, err)
		}
		if err := e.Register("whale", m, 1<<64-1); !errors.Is(err, bittensor.ErrPool) {
			t.Errorf("subnet %d: a registration: %v", m.Netuid, err)
		}
		pool := ledger.Account{Party: bittensor.PoolParty(m.Netuid), Asset: bittensor.Tao, Class: ledger.Locked}
		if got := e.Book.Balance(pool); got.Uint64() != m.Pool.Tao || len(e.Stakes) != 0 {
			t.Errorf("subnet %d: %s rao in the book, %d by the rules, stakes %v", m.Netuid, got, m.Pool.Tao, e.Stakes)
		}
	}
	if err := e.Stake("whale", "v", full, 0); err != nil {
		t.Errorf("a stake of nothing: %v", err)
	}
}

// TestLaterSubnet: a subnet's moving price moves by the subnet's own age, not the network's, and its number is its own.
func TestLaterSubnet(t *testing.T) {
	e, err := bittensor.NewEconomy(1_000_000*tao, "treasury", bittensor.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	var markets []*bittensor.Market
	for netuid := range uint16(2) {
		m, err := e.AddSubnet(netuid+1, "treasury", bittensor.Pool{Tao: 1000 * tao, Alpha: 1100 * tao})
		if err != nil {
			t.Fatal(err)
		}
		markets = append(markets, m)
		m.Moving = fixed.U64F64{} // far from the price, so that it moves
		before := m.Moving
		for age := range uint64(200) {
			if err := e.Block(); err != nil {
				t.Fatal(err)
			}
			want := coinbase.MovingPrice(before, m.Pool.Price().U64F64(), age+1, coinbase.DefaultHalvingBlocks, coinbase.DefaultMovingAlpha)
			if m.Moving != want {
				t.Fatalf("subnet %d after %d blocks: moving price %v, want %v", m.Netuid, age+1, m.Moving, want)
			}
			before = want
		}
	}
	for _, netuid := range []uint16{0, 1, 2} {
		if _, err := e.AddSubnet(netuid, "treasury", markets[0].Pool); !errors.Is(err, bittensor.ErrNetuid) {
			t.Errorf("subnet %d once more: %v", netuid, err)
		}
	}
}

// TestHalving: blocks mint half once half of 21 million TAO is issued, and nothing at the end.
func TestHalving(t *testing.T) {
	for _, x := range []struct{ issued, minted uint64 }{{coinbase.TotalSupply/2 - 1, 1_000_000_000}, {coinbase.TotalSupply / 2, 500_000_000}, {coinbase.TotalSupply, 0}} {
		e, err := bittensor.NewEconomy(x.issued, "treasury", bittensor.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.AddSubnet(1, "treasury", bittensor.Pool{Tao: 1000 * tao, Alpha: 1000 * tao}); err != nil {
			t.Fatal(err)
		}
		if err := e.Block(); err != nil {
			t.Fatal(err)
		}
		if got := e.Issuance - x.issued; got > x.minted || got+2 < x.minted {
			t.Errorf("at %d a block mints %d, want %d", x.issued, got, x.minted)
		}
	}
	b := ledger.New()
	if total, err := bittensor.MintAll(b, "TAO"); err != nil || total != 20_999_999_980_442_226 {
		t.Errorf("%d minted in all, %v", total, err)
	}
}

// TestRoute: miners are asked in proportion to their incentive, and those without never.
func TestRoute(t *testing.T) {
	incentive, count := []uint16{0, 30, 0, 10}, [4]int{}
	for r := range uint64(4000) {
		count[bittensor.Route(incentive, r)]++
	}
	if count != [4]int{0, 3000, 0, 1000} {
		t.Errorf("asked %v", count)
	}
	if bittensor.Route(make([]uint16, 3), 1) != -1 || bittensor.Route(nil, 1) != -1 {
		t.Error("somebody without incentive was asked")
	}
}
