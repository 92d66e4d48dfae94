package coinbase

import (
	"errors"

	"github.com/assaylab/assay/consensus/fixed"
)

// TotalSupply is the number of rao after which nothing is minted, of TAO and of each subnet's alpha.
const TotalSupply = 21_000_000_000_000_000

// DefaultBlockEmission is the emission of a block before the first halving, in rao.
const DefaultBlockEmission = 1_000_000_000

// ErrIssuance marks an issuance for which the chain's logarithm fails.
var ErrIssuance = errors.New("coinbase: logarithm of the issuance fails")

// BlockEmission returns what a block mints at a total issuance, both in rao: halved each time half of what was left is issued.
//
// Source: subtensor coinbase/block_emission.rs, get_block_emission_for_issuance.
func BlockEmission(issuance uint64) (uint64, error) {
	if issuance >= TotalSupply {
		return 0, nil
	}
	one := fixed.I96F32FromU64(1)
	x, ok := fixed.I96F32FromU64(issuance).CheckedDiv(fixed.I96F32FromU64(TotalSupply))
	if !ok {
		return 0, ErrIssuance
	}
	y, ok := one.CheckedDiv(one.SatSub(x))
	if !ok {
		return 0, ErrIssuance
	}
	l, ok := y.Log2()
	if !ok {
		return 0, ErrIssuance
	}
	share := one
	for range l.U64() {
		share = share.SatMul(fixed.I96F32FromU64(2))
	}
	return one.SafeDiv(share).SatMul(fixed.I96F32FromU64(DefaultBlockEmission)).U64(), nil
}

// Shares of 65535 that the chain starts with.
const (
	DefaultOwnerCut     = 11796 // of alpha_out, 17.99954 %
	DefaultDelegateTake = 11796 // of a validator's dividends
)

// proportion96 returns v / 65535, truncated.
func proportion96(v uint16) fixed.U96F32 {
	return fixed.U96F32FromU64(uint64(v)).SafeDiv(fixed.U96F32FromU64(65535))
}

// A Split is where one block's alpha of a subnet goes, in whole rao; each part is floored by itself.
type Split struct{ Owner, Server, Validator, Root uint64 }

// SplitAlpha splits a block's alpha_out: the owner's cut (of 65535, 0 for a cut that is switched off), and of the rest one half to
// servers and one to validators, out of which root takes its proportion.
//
// Source: subtensor coinbase/run_coinbase.rs, emit_to_subnets.
func SplitAlpha(alphaOut uint64, ownerCut uint16, rootProportion fixed.U96F32) Split {
	out, half := fixed.U96F32FromU64(alphaOut), fixed.U96F32FromBits(1<<31)
	owner := out.SatMul(proportion96(ownerCut))
	rest := out.SatSub(owner)
	root := rootProportion.SatMul(rest).SatMul(half)
	server := rest.SatMul(half)
	return Split{owner.U64(), server.U64(), rest.SatSub(server).SatSub(root).U64(), root.U64()}
}

// RootProportion returns the part of root's stake, times the TAO weight, in it and the subnet's alpha issuance, both in rao.
//
// Source: subtensor coinbase/block_step.rs, root_proportion.
func RootProportion(rootTao, taoWeight, alphaIssuance uint64) fixed.U96F32 {
	t := fixed.U96F32FromU64(rootTao).SatMul(TaoWeight(taoWeight))
	return t.SafeDiv(t.SatAdd(fixed.U96F32FromU64(alphaIssuance)))
}

// An Injection is what one block adds to a subnet's pool, and the TAO that buys alpha instead.
type Injection struct{ TaoIn, AlphaIn, ExcessTao fixed.U96F32 }

// Inject divides a subnet's TAO of one block at a price in TAO per alpha: alpha goes in at the price, at most the root
// proportion of the block's alpha.
//
// Source: subtensor coinbase/run_coinbase.rs, get_subnet_terms.
func Inject(tao fixed.U96F32, alphaEmission uint64, price, rootProportion fixed.U96F32) Injection {
	in := Injection{TaoIn: tao, AlphaIn: tao.SafeDiv(price)}
	limit := rootProportion.SatMul(fixed.U96F32FromU64(alphaEmission))
	if in.AlphaIn.Cmp(limit) > 0 {
		in.AlphaIn, in.TaoIn = limit, limit.SatMul(price)
	}
	in.ExcessTao = tao.SatSub(in.TaoIn)
	return in
}

// A Market is what decides a subnet's share of the TAO of a block.
type Market struct {
	Price   fixed.U64F64 // moving average, in TAO per alpha
	Burned  fixed.U64F64 // part of the last epoch's miner emission withheld from miners
	Enabled bool         // emission switched on
}

// SubnetShares returns each subnet's share of a block's TAO: moving prices, less what was burned, over their sum; those
// switched off get nothing and the others share it.
//
// Source: subtensor coinbase/subnet_emissions.rs, get_shares and get_subnet_block_emissions.
func SubnetShares(markets []Market) []fixed.U64F64 {
	one, shares := fixed.U64F64FromU64(1), make([]fixed.U64F64, len(markets))
	var prices, total fixed.U64F64
	for _, m := range markets {
		prices = prices.SatAdd(m.Price)
	}
	weighted := make([]fixed.U64F64, len(markets))
	for i, m := range markets {
		shares[i] = m.Price.SafeDiv(prices)
		burned := m.Burned
		if burned.Cmp(one) > 0 {
			burned = one
		}
		weighted[i] = shares[i].SatMul(one.SatSub(burned))
		total = total.SatAdd(weighted[i])
	}
	if total != (fixed.U64F64{}) {
		for i, w := range weighted {
			shares[i] = w.SafeDiv(total)
		}
	}
	return redistribute(shares, markets)
}

// redistribute takes the shares of subnets switched off and rescales the others.
func redistribute(shares []fixed.U64F64, markets []Market) []fixed.U64F64 {
	var enabled fixed.U64F64
	off := false
	for i, m := range markets {
		if m.Enabled {
			enabled = enabled.SatAdd(shares[i])
		}
		off = off || !m.Enabled
	}
	for i, m := range markets {
		switch {
		case !off:
		case m.Enabled:
			shares[i] = shares[i].SafeDiv(enabled)
		default:
			shares[i] = fixed.U64F64{}
		}
	}
	return shares
}

// Defaults of the moving price.
const (
	DefaultMovingAlpha   = 12885  // 0.000003 in 2^-32
	DefaultHalvingBlocks = 201600 // of the moving price
)

// MovingPrice returns a subnet's moving price after one more block: moving and price are in TAO per alpha, the price counts up
// to 1, sinceStart are the blocks since its start, movingAlpha is in 2^-32.
//
// Source: subtensor staking/stake_utils.rs, update_moving_price.
func MovingPrice(moving, price fixed.U64F64, sinceStart, halvingBlocks, movingAlpha uint64) fixed.U64F64 {
	one, b := fixed.U64F64FromU64(1), fixed.U64F64FromU64(sinceStart)
	alpha := fixed.U96F32FromBits(movingAlpha).U64F64().SatMul(b.SafeDiv(b.SatAdd(fixed.U64F64FromU64(halvingBlocks))))
	if price.Cmp(one) > 0 {
		price = one
	}
	next := alpha.SatMul(price).SatAdd(one.SatSub(alpha).SatMul(moving))
	return next.U96F32().U64F64() // stored with 32 fraction bits
}

// RootSells reports whether root's part of the alpha is paid rather than recycled: the moving prices sum to more than 1.
func RootSells(markets []Market) bool {
	var sum fixed.U64F64
	for _, m := range markets {
		sum = sum.SatAdd(m.Price)
	}
	return sum.Cmp(fixed.U64F64FromU64(1)) > 0
}
