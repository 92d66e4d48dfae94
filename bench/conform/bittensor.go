package main

import (
	"errors"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/subnet"
	"github.com/assaylab/assay/examples/bittensor"
)

// bittensorFile is bittensor_market.json.
type bittensorFile struct {
	Format       int     `json:"format"`
	Note         string  `json:"note"`
	MaxSupply    *amount `json:"max_supply_rao"`
	BlockSeconds int     `json:"block_seconds"`
	Initial      uint64  `json:"initial_emission_rao"`
	EmissionRule string  `json:"emission_rule"`
	Schedule     []struct {
		Phase    int     `json:"phase"`
		Emission uint64  `json:"emission_rao"`
		Start    *amount `json:"start_issuance_rao"`
		Blocks   uint64  `json:"blocks_in_phase"`
		Block    uint64  `json:"start_block"`
		Years    string  `json:"years_from_genesis"`
	} `json:"ideal_schedule"`
	AtIssuance []struct {
		Issuance *amount `json:"issuance_rao"`
		Emission uint64  `json:"emission_rao"`
	} `json:"emission_at_issuance"`
	OwnerCut  uint16 `json:"owner_cut_u16"`
	SplitRule string `json:"split_rule"`
	Split     []struct {
		AlphaOut   uint64 `json:"alpha_out_rao"`
		Owner      uint64 `json:"owner_rao"`
		Miners     uint64 `json:"miners_rao"`
		Validators uint64 `json:"validators_total_rao"`
	} `json:"split"`
	Constants *bittensorConstants `json:"constants"`
}

// bittensorConstants are the chain's initial values.
type bittensorConstants struct {
	Tempo            uint16 `json:"tempo"`
	MinTempo         uint16 `json:"min_tempo"`
	MaxTempo         uint16 `json:"max_tempo"`
	MaxUids          int    `json:"max_uids"`
	MaxValidators    int    `json:"max_validators"`
	Immunity         int    `json:"immunity_period"`
	ActivityCutoff   int    `json:"activity_cutoff"`
	RateLimit        int    `json:"weights_rate_limit_blocks"`
	CommitReveal     bool   `json:"commit_reveal_default"`
	RevealPeriod     int    `json:"reveal_period_epochs"`
	Take             uint16 `json:"default_delegate_take_u16"`
	MinTake          uint16 `json:"min_delegate_take_u16"`
	TakeChange       int    `json:"take_change_rate_limit_blocks"`
	SubnetLimit      int    `json:"subnet_limit"`
	NetworkImmunity  int    `json:"network_immunity_blocks"`
	NetworkMinLock   uint64 `json:"network_min_lock_rao,string"`
	NetworkLockDecay int    `json:"network_lock_reduction_blocks"`
	NetworkRateLimit int    `json:"network_rate_limit_blocks"`
	BurnInitial      uint64 `json:"burn_initial_rao"`
	BurnMin          uint64 `json:"burn_min_rao"`
	BurnMax          uint64 `json:"burn_max_rao"`
	ServingRateLimit int    `json:"serving_rate_limit_blocks"`
	TaoWeight        uint64 `json:"tao_weight_u64,string"`
	Kappa            uint16 `json:"kappa_u16"`
	OwnerCut         uint16 `json:"owner_cut_u16"`
}

func runBittensor(v *vector) (int, error) {
	var f bittensorFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	if f.MaxSupply == nil || f.Constants == nil {
		return 0, errors.New("max_supply_rao or constants are missing")
	}
	p := consensus.DefaultParams()
	want := bittensorConstants{
		p.Tempo, bittensor.MinTempo, subnet.MaxTempo, bittensor.MaxUids, bittensor.MaxValidators, bittensor.ImmunityPeriod,
		bittensor.ActivityCutoff, bittensor.WeightsRateLimit, bittensor.CommitReveal, bittensor.RevealPeriodEpochs,
		coinbase.DefaultDelegateTake, bittensor.MinDelegateTake, bittensor.TakeChangeRateLimit, bittensor.SubnetLimit,
		bittensor.NetworkImmunity, bittensor.NetworkMinLock, bittensor.NetworkLockDecay, bittensor.NetworkRateLimit,
		bittensor.InitialBurn, subnet.DefaultBurnMin, subnet.DefaultBurnMax, bittensor.ServingRateLimit,
		bittensor.InitialTaoWeight, p.Kappa, coinbase.DefaultOwnerCut,
	}
	err := errors.Join(equal(f.Format, 1, "format"), equal("21000000000000000", f.MaxSupply.String(), "max_supply_rao"),
		equal(uint64(coinbase.TotalSupply), f.MaxSupply.Uint64(), "max_supply_rao"), equal(bittensor.BlockSeconds, f.BlockSeconds, "block_seconds"),
		equal(uint64(coinbase.DefaultBlockEmission), f.Initial, "initial_emission_rao"), equal(uint16(coinbase.DefaultOwnerCut), f.OwnerCut, "owner_cut_u16"),
		equal(want, *f.Constants, "constants"), f.schedule(), f.emissions(), f.splits())
	return len(f.Schedule) + len(f.AtIssuance) + len(f.Split) + 25, err
}

// schedule compares the phases, which may be a part of all.
func (f *bittensorFile) schedule() error {
	phases, err := bittensor.Schedule()
	if err != nil {
		return err
	}
	for i, want := range f.Schedule {
		if want.Phase < 0 || want.Phase >= len(phases) || want.Start == nil {
			return errors.Join(err, equal(want.Phase, len(phases)-1, "ideal_schedule %d: last phase", i))
		}
		p := phases[want.Phase]
		err = errors.Join(err, equal(p.Emission, want.Emission, "phase %d: emission_rao", p.Index),
			equal(p.StartIssuance, want.Start.Uint64(), "phase %d: start_issuance_rao", p.Index),
			equal(want.Start.IsUint64(), true, "phase %d: start_issuance_rao fits", p.Index),
			equal(p.Blocks, want.Blocks, "phase %d: blocks_in_phase", p.Index), equal(p.StartBlock, want.Block, "phase %d: start_block", p.Index),
			equal(p.Years().FloatString(4), want.Years, "phase %d: years_from_genesis", p.Index))
	}
	return err
}

// emissions compares what a block mints.
func (f *bittensorFile) emissions() error {
	var err error
	for i, want := range f.AtIssuance {
		if want.Issuance == nil || !want.Issuance.IsUint64() {
			return errors.Join(err, equal("none", "64 bits", "emission_at_issuance %d: issuance_rao", i))
		}
		got, eerr := coinbase.BlockEmission(want.Issuance.Uint64())
		err = errors.Join(err, eerr, equal(got, want.Emission, "emission at issuance %s", want.Issuance))
	}
	return err
}

// splits compares the division of a block's alpha, by its three sides at once.
func (f *bittensorFile) splits() error {
	var err error
	for _, s := range f.Split {
		err = errors.Join(err, equal(bittensor.Divide(s.AlphaOut, f.OwnerCut), bittensor.Division{Owner: s.Owner, Miners: s.Miners, Validators: s.Validators},
			"split of %d", s.AlphaOut))
	}
	return err
}
