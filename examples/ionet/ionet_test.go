package ionet

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"testing"
)

func TestScheduleEndsAtCap(t *testing.T) {
	for _, c := range []struct {
		e      Emission
		months int
	}{{DefaultEmission(), 244}, {TotalSupplyEmission(), 84}} {
		months, err := c.e.Months()
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for m, x := range months {
			sum += x
			hours := int64(0)
			for h := range HoursInMonth {
				hours += Hourly(x, h)
			}
			if hours != x {
				t.Fatalf("%s month %d: hours sum to %d, want %d", c.e.Name, m, hours, x)
			}
		}
		if sum != RewardSupply*Nano || len(months) != c.months {
			t.Errorf("%s: %d months sum to %d", c.e.Name, len(months), sum)
		}
	}
}

func TestEmissionRefuses(t *testing.T) {
	good := DefaultEmission()
	for name, change := range map[string]func(e *Emission){
		"no rate": func(e *Emission) { e.Rate = nil }, "negative decay": func(e *Emission) { e.Decay = big.NewRat(-1, 2) },
		"decay 1": func(e *Emission) { e.Decay = big.NewRat(1, 1) }, "no base": func(e *Emission) { e.Base = 0 },
		"huge cap": func(e *Emission) { e.Cap = math.MaxInt64 },
	} {
		e := good
		change(&e)
		if _, err := e.Months(); !errors.Is(err, ErrRule) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := EmissionByName("yearly"); !errors.Is(err, ErrRule) {
		t.Errorf("unknown policy: %v", err)
	}
}

func TestBillsConserve(t *testing.T) {
	for _, c := range []Currency{IO, USDC} {
		for _, cost := range []int64{0, 1, 49, 50, 399, 400, 401, 123456789, 1e18} {
			b, err := NewBill(cost, c)
			if err != nil || b.RenterPays != b.SupplierGets+b.NetworkRevenue {
				t.Errorf("%d %s: %+v %v", cost, c, b, err)
			}
		}
	}
	for _, bad := range []struct {
		cost int64
		c    Currency
	}{{-1, IO}, {1, "EUR"}, {1e18 + 1, IO}} {
		if _, err := NewBill(bad.cost, bad.c); !errors.Is(err, ErrRule) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestCoStake(t *testing.T) {
	if CheckCoStake(200, 100, 100) != nil || CheckCoStake(200, 100, 101) == nil || CheckCoStake(200, 0, math.MaxInt64) == nil || CheckCoStake(200, 0, 0) == nil {
		t.Error("half of the whole stake is the bound")
	}
	c := CoStake{By: "a", Amount: 1, Since: 10}
	if c.Counts(10+CoStakeWait-1) || !c.Counts(10+CoStakeWait) || c.Free(10_000) {
		t.Error("a co-stake counts after seven days")
	}
	c.Released = 1000
	if c.Counts(1000) || c.Free(1000+CoStakeCooldown-1) || !c.Free(1000+CoStakeCooldown) {
		t.Error("a co-stake is free fourteen days after its withdrawal")
	}
}

func TestEligible(t *testing.T) {
	good := Candidate{ClusterTest: true, Wallet: true, Listed: true, Connectivity: 1, Uptime: 6, Stake: 1, Need: 1}
	if err := good.Eligible(); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(c *Candidate){
		func(c *Candidate) { c.ClusterTest = false }, func(c *Candidate) { c.Wallet = false }, func(c *Candidate) { c.Listed = false },
		func(c *Candidate) { c.Connectivity = 0 }, func(c *Candidate) { c.Uptime = MinUptime }, func(c *Candidate) { c.Stake = 0 },
	} {
		c := good
		change(&c)
		if err := c.Eligible(); !errors.Is(err, ErrRule) {
			t.Errorf("rule %d: %v", i, err)
		}
	}
}

func TestDivideConserves(t *testing.T) {
	for _, w := range [][]int64{{1}, {1, 1, 1}, {0, 7, 3}, {math.MaxInt64, math.MaxInt64}} {
		sum := int64(0)
		for _, x := range Divide(1_000_003, w) {
			sum += x
		}
		if sum != 1_000_003 {
			t.Errorf("%v: %d", w, sum)
		}
	}
	if out := Divide(5, []int64{0, 0}); out[0]+out[1] != 0 {
		t.Error("weights of nothing share nothing")
	}
}

func TestPolicies(t *testing.T) {
	p := DefaultParams()
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if spent, bought, err := p.BuyBack(1_000_001, 2_000_000); err != nil || spent != 500_000 || bought != Nano/4 {
		t.Errorf("buy-back: %d %d %v", spent, bought, err)
	}
	got, err := Dynamic(10_000_000, 1_000_000, 4*Nano, 20*Nano, 10*Nano)
	if want := (Payout{FromRewards: 4 * Nano, FromFees: 6 * Nano, Burnt: 2 * Nano}); err != nil || got != want {
		t.Errorf("dynamic: %+v %v", got, err)
	}
	p.Groups[0].Percent++
	if !errors.Is(p.Check(), ErrRule) {
		t.Error("shares of 101 % accepted")
	}
}

// TestGoldenMonths holds the whole schedule against months_sha256 of vectors/economics/ionet.json: SHA-256 over all months in
// decimal, a newline after each.
func TestGoldenMonths(t *testing.T) {
	e := DefaultEmission()
	months, err := e.Months()
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, x := range months {
		text = append(strconv.AppendInt(text, x, 10), '\n')
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != "64680407f15e73beca805cd8c3be645164173a4b7bee39f89ce3f1770e59ce99" {
		t.Errorf("got %s", got)
	}
}
