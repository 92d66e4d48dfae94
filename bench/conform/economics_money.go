package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/examples/filecoin"
)

// moniesFile is filecoin_monies.json.
type moniesFile struct {
	Format    int    `json:"format"`
	Units     string `json:"units"`
	Constants struct {
		Day         int64   `json:"epochs_in_day"`
		Fault       int64   `json:"continued_fault_projection_epochs"`
		Invalid     int64   `json:"invalid_window_post_projection_epochs"`
		PreCommit   int64   `json:"pre_commit_projection_epochs"`
		Pledge      int64   `json:"initial_pledge_projection_epochs"`
		LockTarget  string  `json:"lock_target"`
		Cap         *amount `json:"pledge_cap_atto_per_byte"`
		TermFee     string  `json:"term_fee"`
		DailyFee    string  `json:"daily_fee"`
		InvalidBase int64   `json:"invalid_wpost_base_penalty_fil"`
		Dispute     int64   `json:"disputed_wpost_reward_fil"`
	} `json:"constants"`
	Inputs struct {
		QAPower     *amount `json:"qa_power"`
		Baseline    *amount `json:"baseline"`
		Reward      string  `json:"reward"`
		Position    *amount `json:"network_qa_position"`
		Velocity    *amount `json:"network_qa_velocity"`
		Circulating *amount `json:"circulating_atto"`
	} `json:"actor_unit_inputs"`
	UnitTests []struct {
		Source   string  `json:"source"`
		Ramp     int64   `json:"epochs_since_ramp_start"`
		Duration int64   `json:"ramp_duration_epochs"`
		Pledge   *amount `json:"expected_pledge"`
	} `json:"actor_unit_tests"`
	Cases  []moniesCase `json:"cases"`
	Faults []struct {
		Reward   *amount `json:"epoch_reward"`
		Penalty  *amount `json:"penalty"`
		Reporter *amount `json:"reporter_reward"`
	} `json:"consensus_fault"`
}

type moniesCase struct {
	Estimate    string             `json:"estimate"`
	QA          string             `json:"qa"`
	RewardPos   *amount            `json:"reward_position"`
	RewardVel   *amount            `json:"reward_velocity"`
	NetworkPos  *amount            `json:"network_qa_position"`
	NetworkVel  *amount            `json:"network_qa_velocity"`
	Baseline    *amount            `json:"baseline_power"`
	Circulating *amount            `json:"circulating_supply_atto"`
	Power       *amount            `json:"qa_power"`
	Expected    map[string]*amount `json:"expected_reward_atto"`
	Deposit     *amount            `json:"pre_commit_deposit_atto"`
	FaultFee    *amount            `json:"continued_fault_fee_atto"`
	Invalid     *amount            `json:"invalid_window_post_penalty_atto"`
	Pledges     []struct {
		Ramp       int64   `json:"epochs_since_ramp_start"`
		Duration   int64   `json:"ramp_duration_epochs"`
		Base       *amount `json:"ip_base"`
		Additional *amount `json:"additional_baseline"`
		Simple     *amount `json:"additional_simple"`
		Nominal    *amount `json:"nominal"`
		Cap        *amount `json:"cap"`
		Pledge     *amount `json:"pledge"`
	} `json:"initial_pledge"`
	Terms []struct {
		Pledge   *amount `json:"initial_pledge"`
		Age      int64   `json:"age_epochs"`
		FaultFee *amount `json:"fault_fee"`
		Fee      *amount `json:"fee"`
	} `json:"termination_fee"`
	Daily struct {
		Fee     *amount `json:"fee"`
		Reward  *amount `json:"day_reward"`
		Payable *amount `json:"payable"`
	} `json:"daily_fee"`
}

func runMonies(v *vector) (int, error) {
	var f moniesFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	c := &f.Constants
	err := errors.Join(equal(f.Format, 1, "format"), equal(filecoin.EpochsInDay, c.Day, "epochs_in_day"),
		equal(filecoin.ContinuedFaultProjection, c.Fault, "continued_fault_projection_epochs"),
		equal(filecoin.InvalidPoStProjection, c.Invalid, "invalid_window_post_projection_epochs"),
		equal(filecoin.PreCommitProjection, c.PreCommit, "pre_commit_projection_epochs"),
		equal(filecoin.InitialPledgeProjection, c.Pledge, "initial_pledge_projection_epochs"),
		same(filecoin.PledgeCapPerByte, c.Cap, "pledge_cap_atto_per_byte"), equal("3/10", c.LockTarget, "lock_target"),
		equal(filecoin.InvalidPoStPenaltyBase.String(), filecoin.FIL(c.InvalidBase).String(), "invalid_wpost_base_penalty_fil"),
		equal(filecoin.DisputeReward.String(), filecoin.FIL(c.Dispute).String(), "disputed_wpost_reward_fil"))
	var p0, v0 int64
	if _, serr := fmt.Sscanf(f.Inputs.Reward, "position %d velocity %d", &p0, &v0); serr != nil {
		return 0, fmt.Errorf("actor_unit_inputs: reward %q: %w", f.Inputs.Reward, serr)
	}
	unit := filecoin.Network{Reward: filecoin.NewEstimate(big.NewInt(p0), big.NewInt(v0)),
		QAPower:  filecoin.NewEstimate(&f.Inputs.Position.Int, &f.Inputs.Velocity.Int),
		Baseline: &f.Inputs.Baseline.Int, Circulating: &f.Inputs.Circulating.Int}
	for i, u := range f.UnitTests {
		err = errors.Join(err, same(unit.InitialPledge(&f.Inputs.QAPower.Int, u.Ramp, u.Duration).Pledge, u.Pledge, "actor unit test %d", i))
	}
	for i := range f.Cases {
		if cerr := f.Cases[i].run(); cerr != nil {
			err = errors.Join(err, fmt.Errorf("case %d: %w", i, cerr))
		}
	}
	for i, r := range f.Faults {
		penalty, reporter := filecoin.ConsensusFault(&r.Reward.Int)
		err = errors.Join(err, same(penalty, r.Penalty, "consensus fault %d: penalty", i), same(reporter, r.Reporter, "consensus fault %d: reporter_reward", i))
	}
	return len(f.UnitTests) + len(f.Cases) + len(f.Faults), err
}

func (c *moniesCase) run() error {
	n := filecoin.Network{Reward: filecoin.NewEstimate(&c.RewardPos.Int, &c.RewardVel.Int),
		QAPower:  filecoin.NewEstimate(&c.NetworkPos.Int, &c.NetworkVel.Int),
		Baseline: &c.Baseline.Int, Circulating: &c.Circulating.Int}
	power := &c.Power.Int
	err := errors.Join(same(n.PreCommitDeposit(power), c.Deposit, "pre_commit_deposit_atto"),
		same(n.FaultFee(power), c.FaultFee, "continued_fault_fee_atto"),
		same(n.InvalidPoStPenalty(power), c.Invalid, "invalid_window_post_penalty_atto"))
	for text, want := range c.Expected {
		epochs, perr := strconv.ParseInt(text, 10, 64)
		err = errors.Join(err, perr, same(n.ExpectedReward(power, epochs), want, "expected_reward_atto over %d", epochs))
	}
	for i, w := range c.Pledges {
		p := n.InitialPledge(power, w.Ramp, w.Duration)
		err = errors.Join(err, same(p.Base, w.Base, "pledge %d: ip_base", i), same(p.AdditionalBaseline, w.Additional, "pledge %d: additional_baseline", i),
			same(p.AdditionalSimple, w.Simple, "pledge %d: additional_simple", i), same(p.Nominal, w.Nominal, "pledge %d: nominal", i),
			same(p.Cap, w.Cap, "pledge %d: cap", i), same(p.Pledge, w.Pledge, "pledge %d: pledge", i))
	}
	for i, w := range c.Terms {
		err = errors.Join(err, same(filecoin.TerminationFee(&w.Pledge.Int, w.Age, &w.FaultFee.Int), w.Fee, "termination_fee %d", i))
	}
	fee := filecoin.DailyFee(&c.Circulating.Int, power)
	day := n.ExpectedReward(power, filecoin.EpochsInDay)
	return errors.Join(err, same(fee, c.Daily.Fee, "daily_fee"), same(day, c.Daily.Reward, "day_reward"),
		same(filecoin.PayableDailyFee(fee, day), c.Daily.Payable, "payable"))
}

// marketFile is filecoin_market.json.
type marketFile struct {
	Format int `json:"format"`
	Rules  struct {
		Label       int    `json:"label_max_bytes"`
		MinDuration int64  `json:"min_duration_epochs"`
		MaxDuration int64  `json:"max_duration_epochs"`
		Collateral  string `json:"provider_collateral_percent_supply"`
		Client      int64  `json:"client_collateral_min"`
		MinPiece    int64  `json:"verified_min_piece"`
		MinTerm     int64  `json:"verified_term_min_epochs"`
		MaxTerm     int64  `json:"verified_term_max_epochs"`
		Allocation  int64  `json:"allocation_expiration_max"`
		Buffer      int64  `json:"term_buffer"`
		Interval    int64  `json:"deal_updates_interval"`
		Deals32     uint64 `json:"max_deals_32GiB"`
		Deals64     uint64 `json:"max_deals_64GiB"`
		Missed      string `json:"activation_missed_penalty"`
		Lapse       string `json:"lapse"`
	} `json:"rules"`
	Collateral []struct {
		Size        uint64  `json:"piece_size"`
		Raw         *amount `json:"network_raw_power"`
		Baseline    *amount `json:"baseline_power"`
		Circulating *amount `json:"circulating_supply_atto"`
		Min         *amount `json:"provider_collateral_min_atto"`
		Max         *amount `json:"provider_collateral_max_atto"`
	} `json:"provider_collateral"`
	Settlement []struct {
		Price       *amount `json:"price_per_epoch"`
		Start       int64   `json:"start"`
		End         int64   `json:"end"`
		Fee         *amount `json:"total_fee"`
		Settlements []struct {
			Epoch     int64   `json:"epoch"`
			Payment   *amount `json:"payment"`
			Completed bool    `json:"completed"`
		} `json:"settlements"`
	} `json:"settlement"`
	Termination []struct {
		Price    *amount `json:"price_per_epoch"`
		Start    int64   `json:"start"`
		End      int64   `json:"end"`
		Provider *amount `json:"provider_collateral"`
		Client   *amount `json:"client_collateral"`
		At       int64   `json:"terminated_at"`
		Paid     *amount `json:"paid"`
		Refund   *amount `json:"client_refund_fee"`
		Burnt    *amount `json:"provider_slashed_and_burnt"`
		Returned *amount `json:"client_collateral_returned"`
	} `json:"termination"`
	Updates []struct {
		Deal     uint64 `json:"deal_id"`
		Interval int64  `json:"interval"`
		Earliest int64  `json:"earliest"`
		Next     int64  `json:"next_update_epoch"`
	} `json:"next_update_epoch"`
}

func runMarket(v *vector) (int, error) {
	var f marketFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	r := &f.Rules
	err := errors.Join(equal(f.Format, 1, "format"), equal(filecoin.DealLabelMaxBytes, r.Label, "label_max_bytes"),
		equal(filecoin.DealMinDuration, r.MinDuration, "min_duration_epochs"), equal(filecoin.DealMaxDuration, r.MaxDuration, "max_duration_epochs"),
		equal("1/100", r.Collateral, "provider_collateral_percent_supply"), equal(0, r.Client, "client_collateral_min"),
		equal(filecoin.VerifiedMinPiece, r.MinPiece, "verified_min_piece"), equal(filecoin.VerifiedMinTerm, r.MinTerm, "verified_term_min_epochs"),
		equal(filecoin.VerifiedMaxTerm, r.MaxTerm, "verified_term_max_epochs"), equal(filecoin.AllocationExpirationMax, r.Allocation, "allocation_expiration_max"),
		equal(filecoin.MarketTermBuffer, r.Buffer, "term_buffer"), equal(filecoin.DealUpdatesInterval, r.Interval, "deal_updates_interval"),
		equal(filecoin.MaxDeals(32<<30), r.Deals32, "max_deals_32GiB"), equal(filecoin.MaxDeals(64<<30), r.Deals64, "max_deals_64GiB"),
		equal("whole provider collateral, burnt", r.Missed, "activation_missed_penalty"),
		equal(fmt.Sprintf("EX_DEAL_EXPIRED (%d) once start epoch passes without activation", filecoin.ExitDealExpired), r.Lapse, "lapse"))
	for i, c := range f.Collateral {
		least, most := filecoin.ProviderCollateralBounds(c.Size, &c.Raw.Int, &c.Baseline.Int, &c.Circulating.Int)
		err = errors.Join(err, same(least, c.Min, "provider_collateral %d: min", i), same(most, c.Max, "provider_collateral %d: max", i))
	}
	for i, c := range f.Settlement {
		d := filecoin.Deal{Price: &c.Price.Int, Start: c.Start, End: c.End, ProviderCollateral: new(big.Int), ClientCollateral: new(big.Int)}
		err = errors.Join(err, d.Check(), same(d.TotalFee(), c.Fee, "settlement %d: total_fee", i))
		last := int64(-1)
		for k, s := range c.Settlements {
			payment, done := d.Settle(s.Epoch, last)
			err = errors.Join(err, same(payment, s.Payment, "settlement %d.%d: payment", i, k), equal(done, s.Completed, "settlement %d.%d: completed", i, k))
			last = s.Epoch
		}
	}
	for i, c := range f.Termination {
		d := filecoin.Deal{Price: &c.Price.Int, Start: c.Start, End: c.End, ProviderCollateral: &c.Provider.Int, ClientCollateral: &c.Client.Int}
		got := d.Terminate(c.At)
		err = errors.Join(err, d.Check(), same(got.Paid, c.Paid, "termination %d: paid", i), same(got.RefundedFee, c.Refund, "termination %d: client_refund_fee", i),
			same(got.Burnt, c.Burnt, "termination %d: provider_slashed_and_burnt", i), same(got.ReturnedCollateral, c.Returned, "termination %d: client_collateral_returned", i))
	}
	for i, u := range f.Updates {
		if u.Interval < 1 {
			return 0, fmt.Errorf("next_update_epoch %d: interval %d", i, u.Interval)
		}
		err = errors.Join(err, equal(filecoin.NextUpdateEpoch(u.Deal, u.Interval, u.Earliest), u.Next, "next_update_epoch %d", i))
	}
	return len(f.Collateral) + len(f.Settlement) + len(f.Termination) + len(f.Updates), err
}

func runElection(v *vector) (int, error) {
	var f struct {
		Format  int    `json:"format"`
		Leaders int    `json:"expected_leaders"`
		Max     int    `json:"max_win_count"`
		Rule    string `json:"rule"`
		Poisson []struct {
			Lambda *amount   `json:"lambda_q256"`
			Tails  []*amount `json:"icdf_q256"`
		} `json:"poisson_icdf"`
		Cases []struct {
			VRF    hexBytes       `json:"vrf_proof_hex"`
			Digest hex32          `json:"blake2b256_hex"`
			Wins   map[string]int `json:"wins"`
		} `json:"cases"`
		Histogram struct {
			Text  string `json:"desc"`
			Wins  []int  `json:"wins_histogram"`
			Total int    `json:"total_wins"`
		} `json:"histogram"`
	}
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	err := errors.Join(equal(f.Format, 1, "format"), equal(filecoin.ExpectedLeaders, f.Leaders, "expected_leaders"),
		equal(filecoin.MaxWinCount, f.Max, "max_win_count"))
	for i, p := range f.Poisson {
		tails := filecoin.PoissonTailsQ256(&p.Lambda.Int)
		err = errors.Join(err, equal(len(tails), len(p.Tails), "poisson %d: tails", i))
		for k := range min(len(tails), len(p.Tails)) {
			err = errors.Join(err, same(tails[k], p.Tails[k], "poisson %d: tail %d", i, k))
		}
	}
	for i, c := range f.Cases {
		err = errors.Join(err, equal(hex.EncodeToString(c.Digest[:]), fmt.Sprintf("%x", blake2b.Sum256(c.VRF)), "case %d: blake2b256_hex", i))
		for share, want := range c.Wins {
			power, total, _ := strings.Cut(share, "/")
			p, okP := new(big.Int).SetString(power, 10)
			t, okT := new(big.Int).SetString(total, 10)
			if !okP || !okT {
				return 0, fmt.Errorf("case %d: share %q", i, share)
			}
			got, werr := filecoin.WinCount(c.VRF, p, t)
			err = errors.Join(err, werr, equal(got, want, "case %d: wins at %s", i, share))
		}
	}
	return len(f.Poisson) + len(f.Cases) + 1, errors.Join(err, winHistogram(f.Histogram.Text, f.Histogram.Wins, f.Histogram.Total))
}

// winHistogram counts the wins of many draws, told in words: "vrf = little-endian 5-byte integer A..B, power P of T".
func winHistogram(text string, want []int, total int) error {
	var bytes, power, of int64
	var from, to uint64
	if _, err := fmt.Sscanf(text, "vrf = little-endian %d-byte integer %d..%d, power %d of %d", &bytes, &from, &to, &power, &of); err != nil || bytes > 8 || to-from > 1<<24 {
		return fmt.Errorf("histogram %q: %w", text, err)
	}
	got, sum := make([]int, len(want)), 0
	for x := from; x <= to; x++ {
		n, err := filecoin.WinCount(binary.LittleEndian.AppendUint64(nil, x)[:bytes], big.NewInt(power), big.NewInt(of))
		if err != nil || n >= len(got) {
			return fmt.Errorf("histogram: %d wins: %w", n, err)
		}
		got[n]++
		sum += n
	}
	return errors.Join(equal(fmt.Sprint(got), fmt.Sprint(want), "wins_histogram"), equal(sum, total, "total_wins"))
}
