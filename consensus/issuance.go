package consensus

import (
	"errors"

	"github.com/assaylab/assay/consensus/fixed"
)

// TotalSupply is the number of rao after which nothing is minted, of TAO and of each subnet's alpha.
const TotalSupply = 21_000_000_000_000_000

// DefaultBlockEmission is the emission of a block before the first halving, in rao.
const DefaultBlockEmission = 1_000_000_000

// ErrIssuance marks an issuance for which the chain's logarithm fails.
var ErrIssuance = errors.New("consensus: logarithm of the issuance fails")

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
