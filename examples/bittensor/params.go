package bittensor

import (
	"cmp"

	"github.com/assaylab/assay/consensus/subnet"
)

// The chain's initial values; each is a storage item that a live subnet may have changed. Blocks unless said otherwise.
const (
	BlockSeconds        = 12
	MinTempo            = 360
	MaxUids             = subnet.DefaultMaxUids
	MaxValidators       = 128
	ImmunityPeriod      = 4096
	ActivityCutoff      = 5000
	WeightsRateLimit    = 100
	CommitReveal        = true
	RevealPeriodEpochs  = 1
	MinDelegateTake     = 0 // of 65535
	TakeChangeRateLimit = 216_000
	SubnetLimit         = 128
	NetworkImmunity     = 1_296_000
	NetworkMinLock      = 1_000_000_000_000 // rao
	NetworkLockDecay    = 100_800
	NetworkRateLimit    = 7_200
	InitialBurn         = 100_000_000 // rao
	ServingRateLimit    = 50
	InitialTaoWeight    = 971_718_665_099_567_868 // of 2^64-1
)

// Rao is the number of smallest units in one TAO or alpha.
const Rao = 1_000_000_000

// Terms are what the chain leaves to the market: declared parameters of ours.
type Terms struct {
	RequestPrice uint64 // rao of TAO that a user pays for one request; 0 is 2,000,000
	RequestFee   uint16 // part of it that goes to the subnet's owner, of 65535; 0 is 3277 (5 %)
}

// defaults returns the terms with zero fields filled.
func (t Terms) defaults() Terms {
	t.RequestPrice = cmp.Or(t.RequestPrice, 2_000_000)
	t.RequestFee = cmp.Or(t.RequestFee, 3277)
	return t
}
