package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"strings"
	"sync"

	"github.com/assaylab/assay/examples/filecoin"
)

// amount is a whole number in JSON: a decimal string, or a plain number.
type amount struct{ big.Int }

func (a *amount) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if _, ok := a.SetString(text, 10); !ok {
		return fmt.Errorf("%s is no whole number", b)
	}
	return nil
}

// same compares a computed amount with the expected one.
func same(got *big.Int, want *amount, place string, args ...any) error {
	return equal(got.String(), want.String(), place, args...)
}

// number is same for machine integers.
func number[T ~int | ~int64 | ~uint64](got, want T, place string) error {
	return equal(got, want, "%s", place)
}

func runRewardFunction(v *vector) (int, error) {
	var f struct {
		Format       int     `json:"format"`
		Simple       *amount `json:"simple_total_atto"`
		Baseline     *amount `json:"baseline_total_atto"`
		Lambda       *amount `json:"lambda_q128"`
		ExpLambda    *amount `json:"exp_lambda_minus_one_q128"`
		Exponent     *amount `json:"baseline_exponent_q128"`
		InitialValue *amount `json:"baseline_initial_value"`
		InitPower    *amount `json:"init_baseline_power"`
		Year         int     `json:"epochs_in_year_for_reward"`
		HalfLife     int     `json:"half_life_years"`
		Check        string  `json:"check"`
		ExpNeg       []struct {
			X *amount `json:"x_q128"`
			Y *amount `json:"y_q128"`
		} `json:"expneg"`
		SimpleRows []struct {
			Epoch  int64   `json:"epoch"`
			Simple *amount `json:"simple_atto"`
		} `json:"simple"`
		BaselineRows []struct {
			T0       *amount `json:"t0_q128"`
			T1       *amount `json:"t1_q128"`
			Baseline *amount `json:"baseline_atto"`
		} `json:"baseline"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	err := errors.Join(equal(f.Format, 1, "format"), same(filecoin.SimpleTotal, f.Simple, "simple_total_atto"),
		same(filecoin.BaselineTotal, f.Baseline, "baseline_total_atto"), same(filecoin.LambdaQ128, f.Lambda, "lambda_q128"),
		same(filecoin.ExpLambdaMinusOneQ128, f.ExpLambda, "exp_lambda_minus_one_q128"),
		same(filecoin.BaselineExponentQ128, f.Exponent, "baseline_exponent_q128"),
		same(filecoin.BaselineInitialValue, f.InitialValue, "baseline_initial_value"),
		same(filecoin.InitBaselinePower, f.InitPower, "init_baseline_power"),
		number(filecoin.EpochsInYear, f.Year, "epochs_in_year_for_reward"), number(filecoin.HalfLifeYears, f.HalfLife, "half_life_years"))
	for i, r := range f.ExpNeg {
		err = errors.Join(err, same(filecoin.ExpNeg(&r.X.Int), r.Y, "expneg %d", i))
	}
	for i, r := range f.SimpleRows {
		err = errors.Join(err, same(filecoin.SimpleReward(r.Epoch), r.Simple, "simple %d", i))
	}
	for i, r := range f.BaselineRows {
		err = errors.Join(err, same(filecoin.BaselineReward(&r.T0.Int, &r.T1.Int), r.Baseline, "baseline %d", i))
	}
	return len(f.ExpNeg) + len(f.SimpleRows) + len(f.BaselineRows), err
}

// mintingScenario is a power history and states of the reward actor on its way.
type mintingScenario struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	RawPower    string `json:"raw_power"`
	Rows        []struct {
		Epoch      int64   `json:"epoch"`
		Reward     *amount `json:"this_epoch_reward_atto"`
		Cumulative *amount `json:"cumulative_atto"`
		Stream     hex32   `json:"stream_sha256"`
		Baseline   *amount `json:"this_epoch_baseline_power"`
		Time       int64   `json:"effective_network_time"`
		Effective  *amount `json:"effective_baseline_power"`
		Realized   *amount `json:"cumsum_realized"`
		Sum        *amount `json:"cumsum_baseline"`
		Theta      *amount `json:"theta_q128"`
		Position   *amount `json:"smoothed_position_q128"`
		Velocity   *amount `json:"smoothed_velocity_q128"`
	} `json:"rows"`
}

func runMinting(v *vector) (int, error) {
	var f struct {
		Format     int               `json:"format"`
		Simple     int64             `json:"simple_total_fil"`
		Baseline   int64             `json:"baseline_total_fil"`
		Convention string            `json:"convention"`
		Smoothing  string            `json:"smoothing_convention"`
		Scenarios  []mintingScenario `json:"scenarios"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	errs := make([]error, len(f.Scenarios)+1)
	errs[len(f.Scenarios)] = errors.Join(equal(f.Format, 1, "format"),
		equal(filecoin.FIL(f.Simple).String(), filecoin.SimpleTotal.String(), "simple_total_fil"),
		equal(filecoin.FIL(f.Baseline).String(), filecoin.BaselineTotal.String(), "baseline_total_fil"))
	var group sync.WaitGroup
	cases := 0
	for i := range f.Scenarios {
		cases += len(f.Scenarios[i].Rows)
		group.Go(func() { errs[i] = f.Scenarios[i].run() })
	}
	group.Wait()
	return cases, errors.Join(errs...)
}

// power returns the scenario's raw power at an epoch: a sum of whole numbers, powers a^b, and products with e.
func (s *mintingScenario) power() (func(epoch int64) *big.Int, error) {
	constant, slope := new(big.Int), new(big.Int)
	for _, term := range strings.Split(s.RawPower, "+") {
		into, product := constant, big.NewInt(1)
		for _, factor := range strings.Split(term, "*") {
			if factor == "e" {
				into = slope
				continue
			}
			base, exponent, power := strings.Cut(factor, "^")
			x, ok := new(big.Int).SetString(base, 10)
			e, okE := big.NewInt(1), true
			if power {
				e, okE = new(big.Int).SetString(exponent, 10)
			}
			if !ok || !okE || e.BitLen() > 16 {
				return nil, fmt.Errorf("raw_power %q", s.RawPower)
			}
			product.Mul(product, x.Exp(x, e, nil))
		}
		into.Add(into, product)
	}
	return func(epoch int64) *big.Int {
		p := new(big.Int).Mul(slope, big.NewInt(epoch))
		return p.Add(p, constant)
	}, nil
}

// null reports whether an epoch is a null round.
func (s *mintingScenario) null(epoch int64) bool {
	return s.Name == "null_rounds" && (epoch%7 == 3 || epoch%7 == 4)
}

// run computes every reward from epoch 0 on and compares the rows.
func (s *mintingScenario) run() error {
	power, err := s.power()
	if err != nil || len(s.Rows) == 0 {
		return errors.Join(err, fmt.Errorf("%s: %d rows", s.Name, len(s.Rows)))
	}
	var r *filecoin.Reward
	total, stream := new(big.Int), sha256.New()
	var text []byte
	var waiting []*big.Int
	row := 0
	for epoch := int64(0); row < len(s.Rows); epoch++ {
		switch {
		case epoch == 0:
			r = filecoin.NewReward(power(0))
		case s.null(epoch - 1):
			waiting = append(waiting, power(epoch-1))
			continue
		default:
			if err := r.Next(append(waiting, power(epoch-1))...); err != nil {
				return err
			}
			waiting = waiting[:0]
		}
		total.Add(total, r.ThisEpochReward)
		text = append(r.ThisEpochReward.Append(text[:0], 10), '\n')
		stream.Write(text)
		for row < len(s.Rows) && s.Rows[row].Epoch == r.Epoch {
			if err := s.compare(row, r, total, stream); err != nil {
				return err
			}
			row++
		}
		if row < len(s.Rows) && s.Rows[row].Epoch < r.Epoch {
			return fmt.Errorf("%s: no reward at epoch %d", s.Name, s.Rows[row].Epoch)
		}
	}
	return nil
}

func (s *mintingScenario) compare(row int, r *filecoin.Reward, total *big.Int, stream hash.Hash) error {
	w := &s.Rows[row]
	at := fmt.Sprintf("%s at %d: ", s.Name, w.Epoch)
	return errors.Join(same(r.ThisEpochReward, w.Reward, "%sthis_epoch_reward_atto", at), same(total, w.Cumulative, "%scumulative_atto", at),
		equal(hex32(stream.Sum(nil)), w.Stream, "%sstream_sha256", at),
		same(r.ThisEpochBaselinePower, w.Baseline, "%sthis_epoch_baseline_power", at),
		equal(r.EffectiveNetworkTime, w.Time, "%seffective_network_time", at),
		same(r.EffectiveBaselinePower, w.Effective, "%seffective_baseline_power", at),
		same(r.CumsumRealized, w.Realized, "%scumsum_realized", at), same(r.CumsumBaseline, w.Sum, "%scumsum_baseline", at),
		same(r.ThetaQ128(), w.Theta, "%stheta_q128", at), same(r.Smoothed.PositionQ128, w.Position, "%ssmoothed_position_q128", at),
		same(r.Smoothed.VelocityQ128, w.Velocity, "%ssmoothed_velocity_q128", at))
}

// estimateQ128 is an estimate given in Q.128.
type estimateQ128 struct {
	Position *amount `json:"position_q128"`
	Velocity *amount `json:"velocity_q128"`
}

func (e estimateQ128) estimate() filecoin.Estimate {
	return filecoin.Estimate{PositionQ128: &e.Position.Int, VelocityQ128: &e.Velocity.Int}
}

func runSmoothing(v *vector) (int, error) {
	var f struct {
		Format int     `json:"format"`
		Note   string  `json:"note"`
		Alpha  *amount `json:"alpha"`
		Beta   *amount `json:"beta"`
		Ln     []struct {
			X *amount `json:"x_q128"`
			Y *amount `json:"ln_q128"`
		} `json:"ln"`
		Start estimateQ128 `json:"filter_start"`
		Steps []struct {
			Observation *amount `json:"observation"`
			Delta       int64   `json:"epoch_delta"`
			estimateQ128
		} `json:"filter_steps"`
		Unit struct {
			estimateQ128
			Observation  *amount `json:"observation"`
			Delta        int64   `json:"epoch_delta"`
			NextPosition *amount `json:"next_position_q128"`
			NextVelocity *amount `json:"next_velocity_q128"`
		} `json:"actor_unit_test"`
		Sums []struct {
			Delta int64     `json:"delta"`
			T0    int64     `json:"t0"`
			Num   []*amount `json:"num"`
			Den   []*amount `json:"den"`
			Q     *amount   `json:"q128"`
		} `json:"cumsum_of_ratio"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	err := errors.Join(equal(f.Format, 1, "format"), same(filecoin.AlphaQ128, f.Alpha, "alpha"), same(filecoin.BetaQ128, f.Beta, "beta"),
		same(filecoin.InitialRewardEstimate.PositionQ128, f.Start.Position, "filter_start: position"),
		same(filecoin.InitialRewardEstimate.VelocityQ128, f.Start.Velocity, "filter_start: velocity"))
	for i, r := range f.Ln {
		err = errors.Join(err, same(filecoin.Ln(&r.X.Int), r.Y, "ln %d", i))
	}
	e := f.Start.estimate()
	for i, s := range f.Steps {
		e = e.Next(&s.Observation.Int, s.Delta)
		err = errors.Join(err, same(e.PositionQ128, s.Position, "filter step %d: position", i), same(e.VelocityQ128, s.Velocity, "filter step %d: velocity", i))
	}
	e = f.Unit.estimate().Next(&f.Unit.Observation.Int, f.Unit.Delta)
	err = errors.Join(err, same(e.PositionQ128, f.Unit.NextPosition, "unit test: position"), same(e.VelocityQ128, f.Unit.NextVelocity, "unit test: velocity"))
	for i, s := range f.Sums {
		if len(s.Num) != 2 || len(s.Den) != 2 {
			return 0, fmt.Errorf("cumsum_of_ratio %d: %d and %d numbers", i, len(s.Num), len(s.Den))
		}
		got := filecoin.SumOfRatioQ128(s.Delta, s.T0, filecoin.NewEstimate(&s.Num[0].Int, &s.Num[1].Int), filecoin.NewEstimate(&s.Den[0].Int, &s.Den[1].Int))
		err = errors.Join(err, same(got, s.Q, "cumsum_of_ratio %d", i))
	}
	return len(f.Ln) + len(f.Steps) + 1 + len(f.Sums), err
}

func runQuality(v *vector) (int, error) {
	var f struct {
		Format   int `json:"format"`
		Base     int `json:"base_multiplier"`
		Verified int `json:"verified_multiplier"`
		Bits     int `json:"precision_bits"`
		Cases    []struct {
			Size     uint64  `json:"size"`
			Duration int64   `json:"duration"`
			Fraction string  `json:"verified_fraction"`
			Weight   *amount `json:"verified_weight"`
			Quality  *amount `json:"quality_q20"`
			Power    *amount `json:"qa_power"`
		} `json:"cases"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	err := errors.Join(equal(f.Format, 1, "format"), number(filecoin.QualityBaseMultiplier, f.Base, "base_multiplier"),
		number(filecoin.QualityVerifiedMultiplier, f.Verified, "verified_multiplier"), number(filecoin.QualityPrecision, f.Bits, "precision_bits"))
	for i, c := range f.Cases {
		weight := &c.Weight.Int
		if part, ok := new(big.Rat).SetString(c.Fraction); ok {
			space := new(big.Int).Mul(new(big.Int).SetUint64(c.Size), big.NewInt(c.Duration))
			err = errors.Join(err, same(space.Div(space.Mul(space, part.Num()), part.Denom()), c.Weight, "case %d: verified_weight", i))
		}
		err = errors.Join(err,
			same(filecoin.QualityQ20(c.Size, c.Duration, weight), c.Quality, "case %d: quality_q20", i),
			same(filecoin.QAPower(c.Size, c.Duration, weight), c.Power, "case %d: qa_power", i))
	}
	return len(f.Cases), err
}

// A vestingFile is filecoin_vesting.json.
type vestingFile struct {
	Format int `json:"format"`
	Spec   struct {
		Delay        int64  `json:"initial_delay"`
		Period       int64  `json:"vest_period"`
		Step         int64  `json:"step"`
		Quantization int64  `json:"quantization"`
		Locked       string `json:"locked_fraction"`
		Rule         string `json:"release_rule"`
	} `json:"spec"`
	Cases []struct {
		Reward    *amount     `json:"reward_atto"`
		Locked    *amount     `json:"locked_atto"`
		Available *amount     `json:"immediately_available_atto"`
		Epoch     int64       `json:"current_epoch"`
		Period    int64       `json:"proving_period_start"`
		Entries   int         `json:"entries"`
		First     [][2]amount `json:"first"`
		Last      [][2]amount `json:"last"`
		Table     hex32       `json:"table_sha256"`
	} `json:"cases"`
	Units []struct {
		Delay        int64   `json:"initial_delay"`
		Period       int64   `json:"vest_period"`
		Step         int64   `json:"step"`
		Quantization int64   `json:"quantization"`
		PeriodStart  int64   `json:"period_start"`
		Start        int64   `json:"vest_start"`
		Total        int64   `json:"total"`
		Released     []int64 `json:"released_per_epoch"`
	} `json:"actor_unit_tests"`
	Hash string `json:"table_hash"`
}

func runVesting(v *vector) (int, error) {
	var f vestingFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	spec := filecoin.VestSpec{InitialDelay: f.Spec.Delay, Period: f.Spec.Period, Step: f.Spec.Step, Quantization: f.Spec.Quantization}
	err := errors.Join(equal(f.Format, 1, "format"), equal(filecoin.RewardVesting, spec, "spec"), equal("3/4", f.Spec.Locked, "locked_fraction"))
	for i, c := range f.Cases {
		locked := filecoin.LockedReward(&c.Reward.Int)
		table, serr := filecoin.RewardVesting.Schedule(locked, c.Epoch, c.Period)
		err = errors.Join(err, serr, same(locked, c.Locked, "case %d: locked_atto", i),
			same(new(big.Int).Sub(&c.Reward.Int, locked), c.Available, "case %d: immediately_available_atto", i),
			equal(len(table), c.Entries, "case %d: entries", i))
		if err != nil {
			return i, err
		}
		h := sha256.New()
		for _, e := range table {
			fmt.Fprintf(h, "%d,%s\n", e.Epoch, e.Amount)
		}
		err = errors.Join(equal(hex32(h.Sum(nil)), c.Table, "case %d: table_sha256", i), entries(table[:min(len(c.First), len(table))], c.First),
			entries(table[max(0, len(table)-len(c.Last)):], c.Last))
	}
	for i, u := range f.Units {
		spec := filecoin.VestSpec{InitialDelay: u.Delay, Period: u.Period, Step: u.Step, Quantization: u.Quantization}
		table, serr := spec.Schedule(big.NewInt(u.Total), u.Start, u.PeriodStart)
		got := make([]int64, len(u.Released))
		for _, e := range table {
			for k := range got {
				if e.Released(u.Start+int64(k)) && !e.Released(u.Start+int64(k)-1) {
					got[k] += e.Amount.Int64()
				}
			}
		}
		err = errors.Join(err, serr, equal(fmt.Sprint(got), fmt.Sprint(u.Released), "actor unit test %d", i))
	}
	return len(f.Cases) + len(f.Units), err
}

func entries(got []filecoin.VestingEntry, want [][2]amount) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d entries, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Epoch != want[i][0].Int64() || got[i].Amount.Cmp(&want[i][1].Int) != 0 {
			return fmt.Errorf("entry %d: got %d,%s, want %s,%s", i, got[i].Epoch, got[i].Amount, &want[i][0].Int, &want[i][1].Int)
		}
	}
	return nil
}

// A baseFeeFile is filecoin_basefee.json.
type baseFeeFile struct {
	Format     int   `json:"format"`
	Limit      int64 `json:"block_gas_limit"`
	Target     int64 `json:"block_gas_target"`
	Percentile int64 `json:"percentile_index"`
	Min        int64 `json:"min_base_fee"`
	Max        int64 `json:"max_change_denominator"`
	Switch     int64 `json:"switch_epoch_mainnet"`
	Initial    int64 `json:"initial_base_fee"`
	Use        []struct {
		Fee    *amount `json:"base_fee"`
		Gas    int64   `json:"gas_limit_used"`
		Blocks int     `json:"blocks"`
		Pre    *amount `json:"pre_smoke"`
		Post   *amount `json:"post_smoke"`
	} `json:"utilisation_rule"`
	Premium []struct {
		Fee     *amount `json:"base_fee"`
		Premium *amount `json:"premium"`
		Next    *amount `json:"next"`
	} `json:"premium_rule"`
	Select []struct {
		Premiums []*amount `json:"premiums"`
		Limits   []int64   `json:"limits"`
		Selected *amount   `json:"selected"`
	} `json:"weighted_select"`
	Runs []struct {
		Text  string  `json:"desc"`
		Final *amount `json:"final"`
	} `json:"runs"`
}

func runBaseFee(v *vector) (int, error) {
	var f baseFeeFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	err := errors.Join(equal(f.Format, 1, "format"), equal(filecoin.BlockGasLimit, f.Limit, "block_gas_limit"),
		equal(filecoin.BlockGasTarget, f.Target, "block_gas_target"), equal(filecoin.BaseFeePercentileIndex, f.Percentile, "percentile_index"),
		equal(filecoin.MinBaseFee, f.Min, "min_base_fee"), equal(filecoin.BaseFeeMaxChange, f.Max, "max_change_denominator"),
		equal(filecoin.PremiumRuleEpoch, f.Switch, "switch_epoch_mainnet"), equal(filecoin.InitialBaseFee, f.Initial, "initial_base_fee"))
	for i, r := range f.Use {
		err = errors.Join(err, same(filecoin.NextBaseFeeByUse(&r.Fee.Int, r.Gas, r.Blocks, false), r.Pre, "utilisation %d: pre_smoke", i),
			same(filecoin.NextBaseFeeByUse(&r.Fee.Int, r.Gas, r.Blocks, true), r.Post, "utilisation %d: post_smoke", i))
	}
	for i, r := range f.Premium {
		err = errors.Join(err, same(filecoin.NextBaseFee(&r.Fee.Int, &r.Premium.Int), r.Next, "premium %d", i))
	}
	for i, r := range f.Select {
		if len(r.Premiums) != len(r.Limits) {
			return 0, fmt.Errorf("weighted_select %d: %d premiums, %d limits", i, len(r.Premiums), len(r.Limits))
		}
		var bids []filecoin.GasBid
		for k := range r.Premiums {
			bids = append(bids, filecoin.GasBid{Premium: &r.Premiums[k].Int, Limit: r.Limits[k]})
		}
		err = errors.Join(err, same(filecoin.PercentilePremium(bids), r.Selected, "weighted_select %d", i))
	}
	for i, r := range f.Runs {
		fee, rerr := feeRun(r.Text)
		if rerr != nil {
			return 0, rerr
		}
		err = errors.Join(err, same(fee, r.Final, "run %d", i))
	}
	return len(f.Use) + len(f.Premium) + len(f.Select) + len(f.Runs), err
}

// feeRun follows a run that is told in words: "200 saturated epochs from 100 attoFIL/gas (premium rule)".
func feeRun(text string) (*big.Int, error) {
	var epochs, from int64
	var full, what string
	if _, err := fmt.Sscanf(text, "%d %s %s from %d", &epochs, &full, &what, &from); err != nil || epochs > 1<<20 {
		return nil, fmt.Errorf("run %q: %w", text, err)
	}
	fee := big.NewInt(from)
	for range epochs {
		switch {
		case strings.HasSuffix(text, "(premium rule)"):
			fee = filecoin.NextBaseFee(fee, new(big.Int).Lsh(fee, 1))
		case strings.HasSuffix(text, "(utilisation rule)"):
			fee = filecoin.NextBaseFeeByUse(fee, filecoin.BlockGasLimit, 1, true)
		default:
			return nil, fmt.Errorf("run %q", text)
		}
	}
	return fee, nil
}
