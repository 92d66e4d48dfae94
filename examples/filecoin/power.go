package filecoin

import "math/big"

// Multipliers of sector quality, and the fraction bits of a quality.
const (
	QualityBaseMultiplier     = 10
	QualityVerifiedMultiplier = 100
	QualityPrecision          = 20
)

// QualityQ20 returns the quality of a sector of size bytes that lives for duration epochs, with verifiedWeight byte-epochs
// of verified deals.
//
// Source: builtin-actors actors/miner/src/policy.rs.
func QualityQ20(size uint64, duration int64, verifiedWeight *big.Int) *big.Int {
	space := mul(new(big.Int).SetUint64(size), big.NewInt(duration))
	if space.Sign() == 0 {
		return big.NewInt(1 << QualityPrecision)
	}
	sum := add(mul(sub(space, verifiedWeight), big.NewInt(QualityBaseMultiplier)),
		mul(verifiedWeight, big.NewInt(QualityVerifiedMultiplier)))
	sum.Lsh(sum, QualityPrecision)
	return floorDiv(floorDiv(sum, space), big.NewInt(QualityBaseMultiplier))
}

// QAPower returns the quality-adjusted power of a sector in bytes.
func QAPower(size uint64, duration int64, verifiedWeight *big.Int) *big.Int {
	p := mul(new(big.Int).SetUint64(size), QualityQ20(size, duration, verifiedWeight))
	return p.Rsh(p, QualityPrecision)
}

// MaxQAPower returns the power of a sector full of verified deals.
func MaxQAPower(size uint64) *big.Int {
	return ratio(new(big.Int).SetUint64(size), QualityVerifiedMultiplier, QualityBaseMultiplier)
}
