package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/examples/ionet"
)

// ionetFile is ionet.json.
type ionetFile struct {
	Format int    `json:"format"`
	Units  string `json:"units"`
	Supply struct {
		Cap       int64  `json:"cap"`
		Launch    int64  `json:"launch"`
		Rewards   int64  `json:"rewards"`
		Months    int    `json:"months"`
		Decay     string `json:"monthly_decay"`
		FirstYear string `json:"first_year_rate"`
	} `json:"supply"`
	Readings []ionetReading `json:"readings"`
	Chosen   string         `json:"chosen"`
	Schedule struct {
		Rule   string `json:"rule"`
		Months int    `json:"months_until_cap"`
		Digest string `json:"months_sha256"`
		Rows   []struct {
			Month      int    `json:"month"`
			Emission   amount `json:"emission_nano"`
			Hourly     amount `json:"hourly_nano"`
			Cumulative amount `json:"cumulative_nano"`
		} `json:"rows"`
	} `json:"schedule"`
	Staking struct {
		Rule  string `json:"rule"`
		Cases []struct {
			Multiplier string `json:"multiplier"`
			Devices    int64  `json:"devices"`
			Stake      string `json:"stake_io"`
		} `json:"cases"`
	} `json:"staking"`
	Fees struct {
		Rule  string      `json:"rule"`
		Cases []ionetBill `json:"cases"`
	} `json:"fees"`
	Pools struct {
		Enterprise string `json:"enterprise"`
		Community  string `json:"community"`
	} `json:"pools"`
}

type ionetReading struct {
	Base       string  `json:"base"`
	Reading    string  `json:"reading"`
	FirstMonth string  `json:"first_month"`
	Year       string  `json:"year_1"`
	Total      string  `json:"total_240_months"`
	Limit      string  `json:"limit"`
	Months     *string `json:"months_to_300M"`
}

type ionetBill struct {
	Cost                int64          `json:"cost"`
	Currency            ionet.Currency `json:"currency"`
	RenterReservation   int64          `json:"renter_reservation_fee"`
	RenterPayment       int64          `json:"renter_payment_fee"`
	RenterPays          int64          `json:"renter_pays"`
	SupplierReservation int64          `json:"supplier_reservation_fee"`
	SupplierPayment     int64          `json:"supplier_payment_fee"`
	SupplierGets        int64          `json:"supplier_gets"`
	NetworkRevenue      int64          `json:"network_revenue"`
}

func runIonet(v *vector) (int, error) {
	var f ionetFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	e := ionet.DefaultEmission()
	err := errors.Join(equal(f.Format, 1, "format"), equal(int64(ionet.MaxSupply), f.Supply.Cap, "supply: cap"),
		equal(int64(ionet.LaunchSupply), f.Supply.Launch, "supply: launch"), equal(int64(ionet.RewardSupply), f.Supply.Rewards, "supply: rewards"),
		equal(ionet.MonthsOfEmission, f.Supply.Months, "supply: months"), sameDecimal(e.Decay, f.Supply.Decay, "supply: monthly_decay"),
		sameDecimal(e.Rate, f.Supply.FirstYear, "supply: first_year_rate"),
		equal("nano-IO (1e-9) for emissions; smallest unit of the currency for fees", f.Units, "units"),
		equal(fmt.Sprint(ionet.EnterprisePercent, "%"), f.Pools.Enterprise, "pools: enterprise"),
		equal(fmt.Sprint(ionet.CommunityPercent, "%"), f.Pools.Community, "pools: community"))
	for i := range f.Readings {
		err = errors.Join(err, f.Readings[i].compare(e))
	}
	err = errors.Join(err, f.chosen(e), f.schedule(e), f.stakes())
	for i, c := range f.Fees.Cases {
		b, berr := ionet.NewBill(c.Cost, c.Currency)
		got := ionetBill{c.Cost, c.Currency, b.RenterReservation, b.RenterPayment, b.RenterPays, b.SupplierReservation, b.SupplierPayment, b.SupplierGets, b.NetworkRevenue}
		err = errors.Join(err, berr, equal(b.Cost, c.Cost, "fees %d: cost", i), equal(got, c, "fees %d", i))
	}
	return len(f.Readings) + len(f.Schedule.Rows) + len(f.Staking.Cases) + len(f.Fees.Cases), err
}

// sameDecimal compares a fraction with a decimal text.
func sameDecimal(got *big.Rat, want, place string) error {
	w, ok := new(big.Rat).SetString(want)
	if !ok {
		return fmt.Errorf("%s: %q is no number", place, want)
	}
	return equal(got.RatString(), w.RatString(), "%s", place)
}

// ionetBases are the supplies that a rate can be of, as the file calls them.
func ionetBases() map[string]int64 {
	name := func(what string, x int64) string { return fmt.Sprintf("%s %dM", what, x/1_000_000) }
	return map[string]int64{
		name("launch supply", ionet.LaunchSupply): ionet.LaunchSupply, name("maximum supply", ionet.MaxSupply): ionet.MaxSupply,
		name("reward pool", ionet.RewardSupply): ionet.RewardSupply,
	}
}

// compare computes every figure of one reading of the published sentence.
func (r *ionetReading) compare(e ionet.Emission) error {
	base, ok := ionetBases()[r.Base]
	if !ok {
		return fmt.Errorf("reading of unknown base %q", r.Base)
	}
	e.Base = base
	switch r.Reading {
	case "first month = base*8%/12":
	case "first year total = base*8%":
		e.ByYear = true
	default:
		return fmt.Errorf("unknown reading %q", r.Reading)
	}
	at := r.Base + ", " + r.Reading
	months, want := "never", "never"
	if x, ok := e.MonthsTo(ionet.RewardSupply); ok {
		months = strconv.FormatFloat(x, 'f', 2, 64)
	}
	if r.Months != nil {
		want = *r.Months
	}
	return errors.Join(equal(e.FirstMonth().FloatString(2), r.FirstMonth, "%s: first_month", at), equal(e.Total(12).FloatString(0), r.Year, "%s: year_1", at),
		equal(e.Total(ionet.MonthsOfEmission).FloatString(2), r.Total, "%s: total_240_months", at),
		equal(e.Limit().FloatString(0), r.Limit, "%s: limit", at), equal(months, want, "%s: months_to_300M", at))
}

// thousands writes digits with commas.
func thousands(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + "." + fraction
}

var numbers = regexp.MustCompile(`[0-9][0-9,]*(\.[0-9]+)?`)

// chosen compares the numbers of the sentence that says why one reading was chosen, in order, with the policy's.
func (f *ionetFile) chosen(e ionet.Emission) error {
	months, err := e.Months()
	if err != nil {
		return err
	}
	reading, reason, _ := strings.Cut(f.Chosen, ": ")
	total := e.Total(ionet.MonthsOfEmission)
	rest := new(big.Rat).Sub(new(big.Rat).SetInt64(e.Cap), total)
	percent, _ := new(big.Rat).Mul(e.Decay, big.NewRat(100, 1)).Float64()
	n := strconv.Itoa(ionet.MonthsOfEmission)
	cap := strconv.FormatInt(e.Cap/1_000_000, 10)
	want := []string{thousands(total.FloatString(2)), n, thousands(rest.FloatString(2)), strconv.Itoa(ionet.MonthsOfEmission + 1), strconv.Itoa(len(months)),
		"1", cap, strconv.Itoa(ionet.MonthsOfEmission / 12), strconv.FormatFloat(100*e.DecayFor(e.Cap, ionet.MonthsOfEmission), 'f', 6, 64),
		strconv.FormatFloat(percent, 'f', -1, 64), cap, n}
	known := slices.ContainsFunc(f.Readings, func(r ionetReading) bool {
		return ionetBases()[r.Base] == e.Base && strings.Contains(r.Reading, "first month") && r.Base+", "+r.Reading == reading
	})
	return errors.Join(equal(strings.Join(numbers.FindAllString(reason, -1), " "), strings.Join(want, " "), "chosen"), equal(known, true, "chosen: reading %q", reading))
}

// schedule compares the emission month by month.
func (f *ionetFile) schedule(e ionet.Emission) error {
	months, err := e.Months()
	if err != nil {
		return err
	}
	var text []byte
	sums := make([]int64, len(months))
	for m, x := range months {
		sums[m] = x
		if m > 0 {
			sums[m] += sums[m-1]
		}
		text = append(strconv.AppendInt(text, x, 10), '\n')
	}
	digest := sha256.Sum256(text)
	err = errors.Join(equal(len(months), f.Schedule.Months, "months_until_cap"), equal(hex.EncodeToString(digest[:]), f.Schedule.Digest, "months_sha256"))
	for _, r := range f.Schedule.Rows {
		if r.Month < 0 || r.Month >= len(months) {
			return fmt.Errorf("schedule: no month %d", r.Month)
		}
		x := months[r.Month]
		err = errors.Join(err, same(big.NewInt(x), &r.Emission, "month %d: emission_nano", r.Month),
			same(big.NewInt(ionet.Hourly(x, 0)), &r.Hourly, "month %d: hourly_nano", r.Month),
			same(big.NewInt(sums[r.Month]), &r.Cumulative, "month %d: cumulative_nano", r.Month))
	}
	return err
}

func (f *ionetFile) stakes() error {
	var err error
	for i, c := range f.Staking.Cases {
		multiplier, ok := new(big.Rat).SetString(c.Multiplier)
		if !ok {
			return fmt.Errorf("staking %d: multiplier %q", i, c.Multiplier)
		}
		stake, serr := ionet.Stake(multiplier, c.Devices)
		err = errors.Join(err, serr, sameDecimal(big.NewRat(stake, ionet.Nano), c.Stake, fmt.Sprintf("staking %d: stake_io", i)))
	}
	return err
}
