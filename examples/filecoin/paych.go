package filecoin

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/blake2b"
)

// SettleDelay is the time, in epochs, between settling a channel and collecting it.
const SettleDelay = 1440

// Bounds of a channel. The actor has the first two; that of the number of lanes is ours, for what is kept in memory.
const (
	maxLane   = 1<<63 - 1 // the highest number of a lane
	maxSecret = 256       // bytes
	maxLanes  = 1 << 10
)

// ErrVoucher says that a voucher is refused.
var ErrVoucher = errors.New("filecoin: voucher refused")

// A Channel holds money that a payer set aside for a payee, who redeems vouchers. It is for one goroutine.
//
// Source: builtin-actors actors/paych.
type Channel struct {
	Address Address // of the channel itself
	From    Address // the payer's key
	To      Address
	Balance *big.Int // set aside
	ToSend  *big.Int // redeemed so far

	SettlingAt      int64 // epoch from which it can be collected; 0 while it is open
	MinSettleHeight int64
	lanes           map[uint64]lane
}

type lane struct {
	nonce    uint64
	redeemed *big.Int
}

// NewChannel returns an open channel with a balance.
func NewChannel(address, from, to Address, balance *big.Int) *Channel {
	return &Channel{Address: address, From: from, To: to, Balance: new(big.Int).Set(balance), ToSend: new(big.Int), lanes: map[uint64]lane{}}
}

// Check verifies a voucher for an epoch without redeeming it: signature, channel, time locks, secret. Errors wrap ErrVoucher or
// ErrSignature.
func (c *Channel) Check(v *Voucher, secret []byte, epoch int64) error {
	switch {
	case v.Signature == nil:
		return fmt.Errorf("%w: it is not signed", ErrVoucher)
	case v.Channel != c.Address:
		return fmt.Errorf("%w: of channel %v", ErrVoucher, v.Channel)
	case c.SettlingAt != 0 && epoch >= c.SettlingAt:
		return fmt.Errorf("%w: the channel is settled", ErrVoucher)
	case v.Amount.Int == nil || v.Amount.Sign() < 0:
		return fmt.Errorf("%w: an amount of %v", ErrVoucher, v.Amount.Int)
	case epoch < v.TimeLockMin || v.TimeLockMax != 0 && epoch > v.TimeLockMax:
		return fmt.Errorf("%w: good from epoch %d to %d, not at %d", ErrVoucher, v.TimeLockMin, v.TimeLockMax, epoch)
	case v.Lane > maxLane:
		return fmt.Errorf("%w: lane %d", ErrVoucher, v.Lane)
	case len(secret) > maxSecret:
		return fmt.Errorf("%w: a secret of %d bytes", ErrVoucher, len(secret))
	case v.Extra != nil:
		return fmt.Errorf("%w: an actor's approval cannot be asked here", ErrVoucher)
	}
	if len(v.SecretHash) != 0 {
		if h := blake2b.Sum256(secret); !bytes.Equal(h[:], v.SecretHash) {
			return fmt.Errorf("%w: another secret", ErrVoucher)
		}
	}
	return VerifySignature(c.From, v.SigningBytes(), *v.Signature)
}

// Update redeems a voucher: its amount is what its lane has been paid in all, of which merged lanes have had a part. A lane that
// is merged twice, from which the actor would take off twice what was paid, is refused. Errors as Check; then nothing has
// changed.
func (c *Channel) Update(v *Voucher, secret []byte, epoch int64) error {
	if err := c.Check(v, secret, epoch); err != nil {
		return err
	}
	l, known := c.lanes[v.Lane]
	if known && l.nonce >= v.Nonce {
		return fmt.Errorf("%w: nonce %d of lane %d, which is at %d", ErrVoucher, v.Nonce, v.Lane, l.nonce)
	}
	if !known && len(c.lanes) >= maxLanes {
		return fmt.Errorf("%w: over %d lanes", ErrVoucher, maxLanes)
	}
	before := new(big.Int)
	if known {
		before.Set(l.redeemed)
	}
	merged := map[uint64]bool{}
	for _, m := range v.Merges {
		other, ok := c.lanes[m.Lane]
		if m.Lane == v.Lane || !ok || other.nonce >= m.Nonce || merged[m.Lane] {
			return fmt.Errorf("%w: lane %d cannot be merged", ErrVoucher, m.Lane)
		}
		merged[m.Lane] = true
		before.Add(before, other.redeemed)
	}
	send := add(c.ToSend, sub(v.Amount.Int, before))
	if send.Sign() < 0 || send.Cmp(c.Balance) > 0 {
		return fmt.Errorf("%w: %v in all of a balance of %v", ErrVoucher, send, c.Balance)
	}
	for _, m := range v.Merges {
		c.lanes[m.Lane] = lane{m.Nonce, c.lanes[m.Lane].redeemed}
	}
	c.lanes[v.Lane] = lane{v.Nonce, new(big.Int).Set(v.Amount.Int)}
	c.ToSend = send
	if v.MinSettleHeight != 0 {
		c.MinSettleHeight = max(c.MinSettleHeight, v.MinSettleHeight)
		if c.SettlingAt != 0 {
			c.SettlingAt = max(c.SettlingAt, c.MinSettleHeight)
		}
	}
	return nil
}

// Settle begins the end of the channel. Errors wrap ErrVoucher where it has begun already.
func (c *Channel) Settle(epoch int64) error {
	if c.SettlingAt != 0 {
		return fmt.Errorf("%w: the channel is settling", ErrVoucher)
	}
	c.SettlingAt = max(epoch+SettleDelay, c.MinSettleHeight)
	return nil
}

// Collect ends the channel: the payee gets what was redeemed, the payer the rest. Errors wrap ErrVoucher before the time.
func (c *Channel) Collect(epoch int64) (payee, payer *big.Int, err error) {
	if c.SettlingAt == 0 || epoch < c.SettlingAt {
		return nil, nil, fmt.Errorf("%w: not settled at epoch %d", ErrVoucher, epoch)
	}
	payee, payer = c.ToSend, sub(c.Balance, c.ToSend)
	c.Balance, c.ToSend = new(big.Int), new(big.Int)
	return payee, payer, nil
}
