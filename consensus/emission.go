package consensus

import (
	"math/bits"

	"github.com/assaylab/assay/consensus/fixed"
)

// emit fills o's shares, emissions and u16 outputs from incentive, dividends and stake (steps 12 to 14).
func (o *Output) emit(rao uint64) {
	for i, v := range o.Incentive {
		o.CombinedShare[i] = v.SatAdd(o.Dividends[i])
	}
	sum := fixed.Sum(o.CombinedShare)
	copy(o.ServerShare, o.Incentive)
	copy(o.ValidatorShare, o.Dividends)
	if sum != 0 {
		divideAll(o.ServerShare, sum)
		divideAll(o.ValidatorShare, sum)
		divideAll(o.CombinedShare, sum)
	} else {
		from := o.ActiveStake
		if fixed.Sum(o.ActiveStake) == 0 {
			from = o.Stake
		}
		copy(o.ValidatorShare, from)
		copy(o.CombinedShare, from)
	}
	for i := range o.Emission {
		o.ServerEmission[i] = shareOf(o.ServerShare[i], rao)
		o.ValidatorEmission[i] = shareOf(o.ValidatorShare[i], rao)
		o.Emission[i] = shareOf(o.CombinedShare[i], rao)
	}
	toU16(o.StakeWeightU16, o.Stake)
	toU16(o.ConsensusU16, o.Consensus)
	toU16(o.IncentiveU16, o.Incentive)
	toU16(o.DividendsU16, o.Dividends)
	toU16(o.ValidatorTrustU16, o.ValidatorTrust)
}

// shareOf returns floor(share * rao) as the chain forms it in I96F32: the product cannot leave 96 bits, a negative share
// gives 0, and the fraction bits of the product are all of share's.
func shareOf(share fixed.I32F32, rao uint64) uint64 {
	if share <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(share), rao)
	if hi>>32 != 0 {
		return 1<<64 - 1
	}
	return hi<<32 | lo>>32
}

func toU16(dst []uint16, src []fixed.I32F32) {
	for i, v := range src {
		if dst[i] = 0; v != 0 {
			dst[i] = v.ToU16Proportion()
		}
	}
}

// appendProportions appends the stored form of one row of bonds to the rows: floor(value * 65535), entries that became 0 included.
func (r *Rows) appendProportions(col []uint16, val []fixed.I32F32) {
	if len(r.Start) == 0 {
		r.Start = append(r.Start, 0)
	}
	r.Col = append(r.Col, col...)
	for _, v := range val {
		r.Val = append(r.Val, v.ToU16Proportion())
	}
	r.Start = append(r.Start, len(r.Col))
}
