package ionet

import (
	"errors"
	"fmt"
	"math"
	"math/big"
)

// Nano is the smallest units of one IO.
const Nano = 1_000_000_000

// The supply, in whole IO.
const (
	MaxSupply    = 800_000_000
	LaunchSupply = 500_000_000
	RewardSupply = 300_000_000
)

// The calendar of emissions.
const (
	MonthsOfEmission = 240 // twenty years, as published
	HoursInMonth     = 730
)

// ErrRule says that parameters or an event are against the rules.
var ErrRule = errors.New("ionet: against the rules")

// maxMonths bounds a schedule that never reaches its cap.
const maxMonths = 12_000

// An Emission is a reading of "8 % of the supply in the first year, 1.02 % less each month".
type Emission struct {
	Name   string
	Base   int64    // whole IO that Rate is a share of
	Rate   *big.Rat // of Base in the first year
	Decay  *big.Rat // by which a month is less than the one before, below 1
	Cap    int64    // whole IO: where the schedule ends
	ByYear bool     // the first twelve months sum to Base*Rate; else the first month is Base*Rate/12
}

// DefaultEmission is the one reading that releases the rewards in twenty years: a twelfth of 8 % of the launch supply in the
// first month.
func DefaultEmission() Emission {
	return Emission{Name: "launch-supply", Base: LaunchSupply, Rate: big.NewRat(8, 100), Decay: big.NewRat(102, 10_000), Cap: RewardSupply}
}

// TotalSupplyEmission is the other reading, 8 % of the maximum supply. It ends in month 84.
func TotalSupplyEmission() Emission {
	e := DefaultEmission()
	e.Name, e.Base = "total-supply", MaxSupply
	return e
}

// EmissionByName returns the named policy: "launch-supply" or "total-supply".
func EmissionByName(name string) (Emission, error) {
	for _, e := range []Emission{DefaultEmission(), TotalSupplyEmission()} {
		if e.Name == name {
			return e, nil
		}
	}
	return Emission{}, fmt.Errorf("%w: no emission policy %q; there are launch-supply and total-supply", ErrRule, name)
}

// Check refuses parameters that give no schedule.
func (e *Emission) Check() error {
	one := big.NewRat(1, 1)
	switch {
	case e.Rate == nil || e.Rate.Sign() <= 0 || e.Decay == nil || e.Decay.Sign() < 0 || e.Decay.Cmp(one) >= 0:
		return fmt.Errorf("%w: rate %v, decay %v", ErrRule, e.Rate, e.Decay)
	case e.Base <= 0 || e.Cap <= 0 || e.Base > math.MaxInt64/Nano || e.Cap > math.MaxInt64/Nano:
		return fmt.Errorf("%w: base %d, cap %d", ErrRule, e.Base, e.Cap)
	}
	return nil
}

// keep returns 1 - decay.
func (e *Emission) keep() *big.Rat { return new(big.Rat).Sub(big.NewRat(1, 1), e.Decay) }

// power returns x^n.
func power(x *big.Rat, n int) *big.Rat {
	exp := big.NewInt(int64(n))
	return new(big.Rat).SetFrac(new(big.Int).Exp(x.Num(), exp, nil), new(big.Int).Exp(x.Denom(), exp, nil))
}

// series returns 1 + keep + ... + keep^(n-1).
func (e *Emission) series(n int) *big.Rat {
	if e.Decay.Sign() == 0 {
		return big.NewRat(int64(n), 1)
	}
	s := new(big.Rat).Sub(big.NewRat(1, 1), power(e.keep(), n))
	return s.Quo(s, e.Decay)
}

// FirstMonth returns what the first month emits, in IO, exactly.
func (e *Emission) FirstMonth() *big.Rat {
	year := new(big.Rat).Mul(new(big.Rat).SetInt64(e.Base), e.Rate)
	if e.ByYear {
		return year.Quo(year, e.series(12))
	}
	return year.Quo(year, big.NewRat(12, 1))
}

// Total returns what the first n months emit, in IO, exactly and without the cap.
func (e *Emission) Total(n int) *big.Rat { return new(big.Rat).Mul(e.FirstMonth(), e.series(n)) }

// Limit returns what Total approaches, nil where it has no bound.
func (e *Emission) Limit() *big.Rat {
	if e.Decay.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(e.FirstMonth(), e.Decay)
}

// MonthsTo returns after how many months, with a fraction, Total reaches an amount of whole IO; false if it never does.
func (e *Emission) MonthsTo(amount int64) (float64, bool) {
	first, _ := e.FirstMonth().Float64()
	decay, _ := e.Decay.Float64()
	if decay == 0 {
		return float64(amount) / first, true
	}
	left := 1 - float64(amount)*decay/first
	if left <= 0 {
		return 0, false
	}
	return math.Log(left) / math.Log1p(-decay), true
}

// DecayFor returns the decay at which the first month's emission sums to amount (whole IO) in n months.
func (e *Emission) DecayFor(amount int64, n int) float64 {
	first, _ := e.FirstMonth().Float64()
	low, high := 0.0, 1.0
	for range 200 {
		d := (low + high) / 2
		if first*-math.Expm1(float64(n)*math.Log1p(-d))/d > float64(amount) {
			low = d
		} else {
			high = d
		}
	}
	return (low + high) / 2
}

// Months returns the emission of every month in nano-IO: floor(first month * keep^m), the last one cut so that the sum is
// the cap. A schedule that never reaches its cap ends where a month emits nothing. Errors: ErrRule.
func (e *Emission) Months() ([]int64, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	first, keep := e.FirstMonth(), e.keep()
	num := new(big.Int).Mul(first.Num(), big.NewInt(Nano))
	den := new(big.Int).Set(first.Denom())
	left := e.Cap * Nano
	var months []int64
	for left > 0 && len(months) < maxMonths {
		q := new(big.Int).Quo(num, den)
		month := left
		if q.IsInt64() {
			month = min(left, q.Int64())
		}
		if month == 0 {
			break
		}
		months = append(months, month)
		left -= month
		num.Mul(num, keep.Num())
		den.Mul(den, keep.Denom())
	}
	return months, nil
}

// Hourly returns the block reward of an hour of a month that emits the given amount: month/730, and in the last hour what
// is left over.
func Hourly(month int64, hour int) int64 {
	if hour == HoursInMonth-1 {
		return month - month/HoursInMonth*(HoursInMonth-1)
	}
	return month / HoursInMonth
}
