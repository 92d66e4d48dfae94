package ionet

import "fmt"

// A Currency is what a reservation is paid in.
type Currency string

// The currencies. A unit is a millionth of a USDC, or a nano-IO.
const (
	IO   Currency = "IO"
	USDC Currency = "USDC"
)

// The fees of each side are cost divided by these, rounded down.
const (
	ReservationDivisor = 400 // 0.25 %
	PaymentDivisor     = 50  // 2 %, in USDC only
)

// A Bill is what a reservation costs both sides. All amounts are in the currency's smallest unit.
type Bill struct {
	Cost                int64
	RenterReservation   int64
	RenterPayment       int64
	RenterPays          int64
	SupplierReservation int64
	SupplierPayment     int64
	SupplierGets        int64
	NetworkRevenue      int64
}

// NewBill works out the fees of a reservation. Errors: ErrRule for a negative cost, one past 1e18, or an unknown currency.
func NewBill(cost int64, c Currency) (Bill, error) {
	if cost < 0 || cost > 1e18 {
		return Bill{}, fmt.Errorf("%w: a cost of %d", ErrRule, cost)
	}
	reservation, payment := cost/ReservationDivisor, int64(0)
	switch c {
	case USDC:
		payment = cost / PaymentDivisor
	case IO:
	default:
		return Bill{}, fmt.Errorf("%w: currency %q is neither IO nor USDC", ErrRule, c)
	}
	return Bill{
		Cost: cost, RenterReservation: reservation, RenterPayment: payment, RenterPays: cost + reservation + payment,
		SupplierReservation: reservation, SupplierPayment: payment, SupplierGets: cost - reservation - payment,
		NetworkRevenue: 2 * (reservation + payment),
	}, nil
}
