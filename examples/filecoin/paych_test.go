package filecoin

import (
	"errors"
	"math/big"
	"testing"

	"golang.org/x/crypto/blake2b"
)

func TestChannel(t *testing.T) {
	keys := testKeys(t)
	at := IDAddress(77)
	c := NewChannel(at, keys[0].Address(), keys[1].Address(), big.NewInt(100))
	voucher := func(lane, nonce uint64, amount int64, change ...func(*Voucher)) *Voucher {
		v := &Voucher{Channel: at, Lane: lane, Nonce: nonce, Amount: Amount{big.NewInt(amount)}}
		for _, f := range change {
			f(v)
		}
		v.Sign(keys[0])
		return v
	}
	secret := []byte("open")
	hash := blake2b.Sum256(secret)
	locked := func(v *Voucher) { v.SecretHash = hash[:] }
	steps := []struct {
		name   string
		v      *Voucher
		secret []byte
		epoch  int64
		ok     bool
		sent   int64
	}{
		{"first", voucher(0, 1, 10), nil, 1, true, 10},
		{"again", voucher(0, 1, 10), nil, 1, false, 10},
		{"amounts are cumulative", voucher(0, 2, 25), nil, 1, true, 25},
		{"old nonce", voucher(0, 1, 90), nil, 1, false, 25},
		{"second lane", voucher(1, 1, 30), nil, 1, true, 55},
		{"too much", voucher(2, 1, 46), nil, 1, false, 55},
		{"too early", voucher(2, 1, 5, func(v *Voucher) { v.TimeLockMin = 2 }), nil, 1, false, 55},
		{"too late", voucher(2, 1, 5, func(v *Voucher) { v.TimeLockMax = 2 }), nil, 3, false, 55},
		{"no secret", voucher(2, 1, 5, locked), nil, 3, false, 55},
		{"secret", voucher(2, 1, 5, locked), secret, 3, true, 60},
		{"merge of itself", voucher(0, 3, 60, func(v *Voucher) { v.Merges = []Merge{{Lane: 0, Nonce: 9}} }), nil, 3, false, 60},
		{"merge of one lane twice", voucher(0, 3, 60, func(v *Voucher) { v.Merges = []Merge{{Lane: 1, Nonce: 5}, {Lane: 1, Nonce: 6}} }), nil, 3, false, 60},
		{"merge", voucher(0, 3, 60, func(v *Voucher) { v.Merges = []Merge{{Lane: 1, Nonce: 5}} }), nil, 3, true, 65},
		{"merged lane", voucher(1, 4, 60), nil, 3, false, 65},
		{"other channel", voucher(3, 1, 1, func(v *Voucher) { v.Channel = IDAddress(78) }), nil, 3, false, 65},
		{"negative", voucher(3, 1, -1), nil, 3, false, 65},
		{"a lane's number over 63 bits", voucher(1<<63, 1, 1), nil, 3, false, 65},
		{"secret of 257 bytes", voucher(3, 1, 1), make([]byte, 257), 3, false, 65},
	}
	for _, s := range steps {
		err := c.Update(s.v, s.secret, s.epoch)
		if (err == nil) != s.ok || c.ToSend.Int64() != s.sent {
			t.Errorf("%s: got %v, %v sent", s.name, err, c.ToSend)
		}
	}
	forged := voucher(5, 1, 2)
	forged.Sign(keys[1])
	if err := c.Update(forged, nil, 3); !errors.Is(err, ErrSignature) {
		t.Errorf("the payee's own signature: %v", err)
	}
	if _, _, err := c.Collect(3); !errors.Is(err, ErrVoucher) {
		t.Errorf("collected an open channel: %v", err)
	}
	if err := errors.Join(c.Settle(10), c.Update(voucher(6, 1, 1), nil, 1449)); err != nil {
		t.Error(err)
	}
	if err := c.Settle(11); !errors.Is(err, ErrVoucher) {
		t.Errorf("settled twice: %v", err)
	}
	if err := c.Update(voucher(7, 1, 1), nil, 1450); !errors.Is(err, ErrVoucher) {
		t.Errorf("redeemed after the end: %v", err)
	}
	payee, payer, err := c.Collect(1450)
	if err != nil || payee.Int64() != 66 || payer.Int64() != 34 {
		t.Errorf("collected %v and %v, %v", payee, payer, err)
	}
}

func TestMatchBids(t *testing.T) {
	asks := []Ask{{IDAddress(1), big.NewInt(10), 1}, {IDAddress(2), big.NewInt(6), 2}, {IDAddress(3), big.NewInt(30), 9}}
	bids := []Bid{{Most: big.NewInt(8)}, {Most: big.NewInt(20)}, {Most: big.NewInt(12), Not: []Address{IDAddress(2)}}, {Most: big.NewInt(7)}, {Most: big.NewInt(5)}}
	got := MatchBids(asks, bids)
	want := [][3]int64{{0, 1, 7}, {1, 1, 13}, {2, 0, 11}}
	if len(got) != len(want) {
		t.Fatalf("%d matches, want %d", len(got), len(want))
	}
	for i, m := range got {
		if int64(m.Bid) != want[i][0] || int64(m.Ask) != want[i][1] || m.Price.Int64() != want[i][2] {
			t.Errorf("match %d: got %v, want %v", i, m, want[i])
		}
	}
	for _, c := range []struct {
		sold, offered int
		want          int64
	}{{4, 4, 90}, {0, 4, 70}, {2, 4, 80}, {0, 0, 80}} {
		if got := NextAsk(big.NewInt(80), c.sold, c.offered); got.Int64() != c.want {
			t.Errorf("sold %d of %d: got %v, want %d", c.sold, c.offered, got, c.want)
		}
	}
}
