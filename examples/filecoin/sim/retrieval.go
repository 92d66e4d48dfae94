package sim

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/piece"
)

// A retriever serves data for money. It has no stake: it earns by what it serves, and is paid after the reader has checked.
type retriever struct {
	name  string
	key   filecoin.Key
	cache map[string][]byte
	price *big.Int // attoFIL a byte
	lies  bool
}

// A holder is an entry of the content index: who has the piece of a CID, where, and at what price.
type holder struct {
	sector    *storedSector // of a provider
	retriever *retriever    // or a cache
}

// A channel is a payment channel in use. It has one lane.
type channel struct {
	*filecoin.Channel
	payer, payee       string // in the book
	payerKey, payeeKey filecoin.Key
	voucher            uint64   // nonce of the last one
	owed               *big.Int // its amount
}

const reader = "reader"

// What a party sets aside in a channel, and what a retriever has for its stock, in FIL: it may meet a provider, and open a
// channel to it, for each of the dozen deals that it buys from.
const (
	channelFunds = 500
	stockMoney   = 20 * channelFunds
)

// newRetrievers makes two retrievers and a reader, who has money but no deals.
func (w *world) newRetrievers() error {
	for i := range 2 {
		key, err := filecoin.NewSecpKey(w.secret("retriever ", i))
		if err != nil {
			return err
		}
		w.retrievers = append(w.retrievers, &retriever{name: fmt.Sprintf("retriever %d", i), key: key, cache: map[string][]byte{},
			price: big.NewInt(int64(6+i) * 1e15), lies: i == 1})
	}
	w.at(0, func() error {
		err := w.move("genesis allocation", "", account(reader, ledger.Deposited), account(reader, ledger.Available), filecoin.FIL(30_000))
		for _, r := range w.retrievers {
			err = errors.Join(err, w.move("genesis allocation", "", account(r.name, ledger.Deposited), account(r.name, ledger.Available), filecoin.FIL(stockMoney)))
		}
		return err
	})
	return nil
}

// index enters a sector as a place of its piece.
func (w *world) index(cid string, s *storedSector) {
	w.offers[cid] = append(w.offers[cid], holder{sector: s})
}

// find answers a file identifier with those who have it now, the cheapest first: caches, then providers.
func (w *world) find(cid string) []holder {
	var out, providers []holder
	for _, h := range w.offers[cid] {
		switch {
		case h.retriever != nil:
			out = append(out, h)
		case h.sector.state == active && !h.sector.faulty:
			providers = append(providers, h)
		}
	}
	return append(out, providers...)
}

// serve returns the piece as the holder has it; a provider unseals it from the replica.
func (h holder) serve(w *world, cid string, length int) ([]byte, error) {
	if h.retriever != nil {
		b := bytes.Clone(h.retriever.cache[cid])
		if h.retriever.lies {
			b[len(b)/2] ^= 1
		}
		return b, nil
	}
	f, err := os.Open(h.sector.files.Sealed)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out bytes.Buffer
	if err := porep.Unseal(w.ctx, &h.sector.st.Sector, f, &out, 0, uint64(length), nil); err != nil {
		return nil, err
	}
	w.res.Unsealed++
	return out.Bytes(), nil
}

// payee returns who is paid, and the price of a byte.
func (h holder) payee() (name string, key filecoin.Key, price *big.Int) {
	if h.retriever != nil {
		return h.retriever.name, h.retriever.key, h.retriever.price
	}
	return h.sector.owner.name, h.sector.owner.worker, big.NewInt(9e15)
}

// open returns a party's channel to a payee, a new one where there is none that is open.
func (w *world) open(party string, key filecoin.Key, payee string, server filecoin.Key) (*channel, error) {
	for _, c := range w.channels {
		if c.payer == party && c.payee == payee && c.SettlingAt == 0 {
			return c, nil
		}
	}
	funds := filecoin.FIL(channelFunds)
	c := &channel{Channel: filecoin.NewChannel(filecoin.IDAddress(uint64(5000+len(w.channels))), key.Address(), server.Address(), funds),
		payer: party, payee: payee, payerKey: key, payeeKey: server, owed: new(big.Int)}
	w.channels = append(w.channels, c)
	return c, errors.Join(w.message(party, "open channel"), w.move("channel funds", payee, account(party, ledger.Available), account(party, ledger.Locked), funds))
}

// errServed says that a holder did not serve what was asked for: it has it no more, or other bytes.
var errServed = errors.New("what was asked for was not served")

// fetch gets a piece for a party from a holder, checks it, and pays by voucher. The payee keeps the last voucher only.
func (w *world) fetch(party string, key filecoin.Key, cid string, length int, h holder) ([]byte, error) {
	name, server, price := h.payee()
	data, err := h.serve(w, cid, length)
	if w.ctx.Err() != nil {
		return nil, w.ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, errServed, err)
	}
	info, err := piece.Sum(w.ctx, bytes.NewReader(data), nil)
	if err != nil {
		return nil, err
	}
	if info.CommP.CID() != cid {
		return nil, fmt.Errorf("%s: %w: the bytes have another CID", name, errServed)
	}
	c, err := w.open(party, key, name, server)
	if err != nil {
		return nil, err
	}
	c.owed.Add(c.owed, new(big.Int).Mul(price, big.NewInt(int64(len(data)))))
	c.voucher++
	v := &filecoin.Voucher{Channel: c.Address, Nonce: c.voucher, Amount: filecoin.Amount{Int: new(big.Int).Set(c.owed)}}
	v.Sign(key)
	got, err := filecoin.ParseVoucher(v.Bytes()) // as it comes over the wire
	if err != nil {
		return nil, err
	}
	if err := c.Update(got, nil, w.epoch); err != nil {
		return nil, err
	}
	if c.voucher == 1 {
		if err := w.cheatVouchers(c, got); err != nil {
			return nil, err
		}
	}
	w.res.Retrieved++
	w.res.RetrievedBytes += int64(len(data))
	return data, nil
}

// request is the reader's: it pays with a file identifier, tries the holders in order and goes on where one does not serve. A
// retriever that lies is struck off; a provider's replica is judged by its next proof.
func (w *world) request(cid string, length int) error {
	key, err := filecoin.NewBLSKey(w.secret("reader"))
	if err != nil {
		return err
	}
	for _, h := range w.find(cid) {
		_, err := w.fetch(reader, key, cid, length, h)
		if !errors.Is(err, errServed) {
			return err
		}
		if h.retriever != nil {
			w.res.caught("retriever served other bytes", h.retriever.name, w.epoch, err.Error()+": no voucher, struck off the index; it had paid for its stock", w.spent(h.retriever.name), true)
			w.strike(h.retriever)
		}
	}
	w.res.NotFound++
	return nil
}

// spent is what a party has promised by vouchers.
func (w *world) spent(party string) *big.Int {
	sum := new(big.Int)
	for _, c := range w.channels {
		if c.payer == party {
			sum.Add(sum, c.owed)
		}
	}
	return sum
}

// strike takes a retriever off the index.
func (w *world) strike(r *retriever) {
	for cid, holders := range w.offers {
		w.offers[cid] = slices.DeleteFunc(holders, func(h holder) bool { return h.retriever == r })
	}
}

// stock has a retriever buy a piece from a provider and offer it.
func (w *world) stock(r *retriever, cid string, length int) error {
	for _, h := range w.find(cid) {
		if h.sector == nil {
			continue
		}
		data, err := w.fetch(r.name, r.key, cid, length, h)
		if errors.Is(err, errServed) {
			continue
		}
		if err != nil {
			return err
		}
		r.cache[cid] = data
		w.offers[cid] = append(w.offers[cid], holder{retriever: r})
		return nil
	}
	return nil
}

// settleChannels begins the end of all open channels, and collectChannels ends it.
func (w *world) settleChannels() error {
	var err error
	for _, c := range w.channels {
		if c.SettlingAt == 0 {
			err = errors.Join(err, c.Settle(w.epoch), w.message(c.payee, "redeem voucher"))
		}
	}
	w.at(w.epoch+filecoin.SettleDelay, w.collectChannels)
	return err
}

func (w *world) collectChannels() error {
	for _, c := range w.channels {
		if c.Balance.Sign() == 0 || c.SettlingAt == 0 || w.epoch < c.SettlingAt {
			continue
		}
		payee, payer, err := c.Collect(w.epoch)
		locked := account(c.payer, ledger.Locked)
		err = errors.Join(err, w.move("access fee", c.Address.String(), locked, account(c.payee, ledger.Available), payee),
			w.move("channel refund", c.Address.String(), locked, account(c.payer, ledger.Available), payer))
		if err != nil {
			return err
		}
	}
	return nil
}
