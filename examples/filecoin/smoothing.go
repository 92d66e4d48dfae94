package filecoin

import "math/big"

// An Estimate is the state of the alpha-beta filter that smooths rewards and power.
type Estimate struct{ PositionQ128, VelocityQ128 *big.Int }

// NewEstimate returns an estimate from whole numbers.
func NewEstimate(position, velocity *big.Int) Estimate { return Estimate{shl(position), shl(velocity)} }

// The filter's gains in Q.128.
var (
	AlphaQ128 = parse("314760000000000000000000000000000000")
	BetaQ128  = parse("96640100000000000000000000000000")

	epsilonQ128 = parse("302231454903657293676544")
)

// Value returns the smoothed value as a whole number.
func (e Estimate) Value() *big.Int { return shr(e.PositionQ128) }

// Next returns the estimate after an observation, delta > 0 epochs after the one before.
//
// Source: builtin-actors runtime/src/builtin/reward/smooth/alpha_beta_filter.rs.
func (e Estimate) Next(observation *big.Int, delta int64) Estimate {
	deltaQ := shl(big.NewInt(delta))
	position := add(shr(mul(deltaQ, e.VelocityQ128)), e.PositionQ128)
	residual := sub(shl(observation), position)
	position.Add(position, shr(mul(AlphaQ128, residual)))
	velocity := add(floorDiv(mul(residual, BetaQ128), deltaQ), e.VelocityQ128)
	return Estimate{position, velocity}
}

// SumOfRatioQ128 returns the sum of num/den over delta epochs from t0 epochs ahead on, both extrapolated.
//
// Source: builtin-actors runtime/src/builtin/reward/smooth/smooth_func.rs, extrapolated_cum_sum_of_ratio.
func SumOfRatioQ128(delta, t0 int64, num, den Estimate) *big.Int {
	deltaQ, t0Q := shl(big.NewInt(delta)), shl(big.NewInt(t0))
	squared := shr(mul(den.VelocityQ128, den.VelocityQ128))
	if squared.Cmp(epsilonQ128) <= 0 {
		mid := add(shr(mul(num.VelocityQ128, add(t0Q, new(big.Int).Rsh(deltaQ, 1)))), num.PositionQ128)
		return floorDiv(mul(mid, deltaQ), den.PositionQ128)
	}
	a := add(shr(mul(den.VelocityQ128, t0Q)), den.PositionQ128)
	b := add(shr(mul(den.VelocityQ128, deltaQ)), a)
	a, b = Ln(a), Ln(b)
	m1 := shr(mul(mul(sub(b, a), num.PositionQ128), den.VelocityQ128))
	m2 := shr(mul(add(mul(sub(a, b), den.PositionQ128), mul(den.VelocityQ128, deltaQ)), num.VelocityQ128))
	return floorDiv(add(m2, m1), squared)
}
