package filecoin

import (
	"errors"
	"fmt"
	"math/big"
)

// Bounds of deals.
//
// Source: builtin-actors actors/market/src/policy.rs, runtime/src/runtime/policy.rs.
const (
	DealLabelMaxBytes       = 256
	DealMinDuration         = 180 * EpochsInDay
	DealMaxDuration         = 1278 * EpochsInDay
	VerifiedMinPiece        = 1 << 20
	VerifiedMinTerm         = 180 * EpochsInDay
	VerifiedMaxTerm         = 5 * PolicyEpochsInYear
	AllocationExpirationMax = 60 * EpochsInDay
	MarketTermBuffer        = 90 * EpochsInDay
	DealUpdatesInterval     = 30 * EpochsInDay
	ExitDealExpired         = 32
)

// MaxCollateral bounds collateral and price: all FIL there can be.
var MaxCollateral = FIL(2_000_000_000)

// MaxDeals returns the number of deals that a sector may hold.
func MaxDeals(size uint64) uint64 { return max(256, size/(128<<20)) }

// ProviderCollateralBounds returns the least and most a provider may put up for a piece of size bytes: a hundredth of its
// share of the circulating supply.
func ProviderCollateralBounds(size uint64, rawPower, baseline, circulating *big.Int) (least, most *big.Int) {
	piece := new(big.Int).SetUint64(size)
	den := mul(maxOf(maxOf(rawPower, baseline), piece), big.NewInt(100))
	return floorDiv(mul(piece, circulating), den), MaxCollateral
}

// A Deal is what the payments of a storage deal depend on.
type Deal struct {
	Price                                *big.Int // attoFIL an epoch
	Start, End                           int64
	ProviderCollateral, ClientCollateral *big.Int
}

// ErrDeal says that a deal's terms are impossible.
var ErrDeal = errors.New("filecoin: impossible deal")

// Check refuses terms that the market actor refuses.
func (d *Deal) Check() error {
	switch {
	case d.Price == nil || d.ProviderCollateral == nil || d.ClientCollateral == nil:
		return fmt.Errorf("%w: an amount is missing", ErrDeal)
	case d.Start < 0 || d.End-d.Start < DealMinDuration || d.End-d.Start > DealMaxDuration:
		return fmt.Errorf("%w: epochs %d to %d", ErrDeal, d.Start, d.End)
	case d.Price.Sign() < 0 || d.TotalFee().Cmp(MaxCollateral) > 0:
		return fmt.Errorf("%w: a price of %s", ErrDeal, d.Price)
	case d.ProviderCollateral.Sign() < 0 || d.ProviderCollateral.Cmp(MaxCollateral) > 0 ||
		d.ClientCollateral.Sign() < 0 || d.ClientCollateral.Cmp(MaxCollateral) > 0:
		return fmt.Errorf("%w: collaterals of %s and %s", ErrDeal, d.ProviderCollateral, d.ClientCollateral)
	}
	return nil
}

// TotalFee is what the client locks for storage.
func (d *Deal) TotalFee() *big.Int { return mul(d.Price, big.NewInt(d.End-d.Start)) }

// Settle returns what the provider is paid at an epoch, where last is the epoch of the settlement before, or -1, and
// whether the deal is over.
func (d *Deal) Settle(epoch, last int64) (payment *big.Int, completed bool) {
	from, to := max(d.Start, last), min(d.End, epoch)
	if to <= from {
		return new(big.Int), epoch >= d.End
	}
	return mul(d.Price, big.NewInt(to-from)), epoch >= d.End
}

// A Termination is how a deal's money is divided when its sector is given up.
type Termination struct{ Paid, RefundedFee, Burnt, ReturnedCollateral *big.Int }

// Terminate divides a deal that ends at an epoch and of which nothing was settled: it is paid to that epoch, the rest and
// the client's collateral go back, the provider's collateral is burnt.
func (d *Deal) Terminate(epoch int64) Termination {
	paid, _ := d.Settle(epoch, -1)
	return Termination{paid, sub(d.TotalFee(), paid), d.ProviderCollateral, d.ClientCollateral}
}

// NextUpdateEpoch returns the first epoch from earliest on in which cron looks at a deal: those of equal id mod interval
// share an epoch.
func NextUpdateEpoch(id uint64, interval, earliest int64) int64 {
	return QuantizeUp(earliest, interval, int64(id%uint64(interval)))
}
