package filecoin

import (
	"math/big"
	"slices"
)

// Constants of the base fee, in attoFIL a unit of gas.
//
// Source: lotus chain/store/basefee.go, build/buildconstants.
const (
	BlockGasLimit          = 10_000_000_000
	BlockGasTarget         = BlockGasLimit / 2
	BaseFeePercentileIndex = 7_999_999_999 // gas index whose premium rules, highest premium first
	MinBaseFee             = 100
	InitialBaseFee         = 100_000_000
	BaseFeeMaxChange       = 8       // the fee changes by at most an eighth
	PremiumRuleEpoch       = 6052800 // of mainnet, from which the premium rule holds
	packingNum, packingDen = 4, 5    // of blocks packed full, after the smoke upgrade
)

// NextBaseFeeByUse returns the base fee after a tipset of blocks blocks that used gasLimit in all: the EIP-1559 rule that
// held before PremiumRuleEpoch. Before the smoke upgrade a
// tipset four fifths full counted as full.
func NextBaseFeeByUse(baseFee *big.Int, gasLimit int64, blocks int, smoke bool) *big.Int {
	var delta int64
	if smoke {
		delta = gasLimit / int64(blocks)
	} else {
		delta = packingDen * gasLimit / (int64(blocks) * packingNum)
	}
	delta = min(delta-BlockGasTarget, BlockGasTarget)
	delta = max(delta, -BlockGasTarget)
	change := floorDiv(ratio(baseFee, delta, BlockGasTarget), big.NewInt(BaseFeeMaxChange))
	return maxOf(add(baseFee, change), big.NewInt(MinBaseFee))
}

// NextBaseFee returns the base fee after a tipset whose premium at the percentile is premium.
func NextBaseFee(baseFee, premium *big.Int) *big.Int {
	step := floorDiv(add(baseFee, big.NewInt(BaseFeeMaxChange-1)), big.NewInt(BaseFeeMaxChange))
	next := add(baseFee, minOf(step, sub(premium, step)))
	return maxOf(next, big.NewInt(MinBaseFee))
}

// A GasBid is a message's effective premium and gas limit.
type GasBid struct {
	Premium *big.Int
	Limit   int64
}

// PercentilePremium returns the premium at BaseFeePercentileIndex of the messages sorted by premium, highest first, and 0
// where they do not reach it.
func PercentilePremium(bids []GasBid) *big.Int {
	sorted := slices.Clone(bids)
	slices.SortStableFunc(sorted, func(a, b GasBid) int { return b.Premium.Cmp(a.Premium) })
	left := int64(BaseFeePercentileIndex)
	for _, b := range sorted {
		if left < b.Limit {
			return b.Premium
		}
		left -= b.Limit
	}
	return new(big.Int)
}
