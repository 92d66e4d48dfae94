package sim

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// A client buys storage. Its data leaves it encrypted only.
type client struct {
	name string
	key  filecoin.Key
	aead [chacha20poly1305.KeySize]byte
	bid  *big.Int
	next int // file number
}

// A deal is a published proposal and what became of it.
type deal struct {
	w        *world
	client   *client
	provider *provider
	signed   *filecoin.SignedProposal
	terms    *filecoin.Deal
	cid      string // of the piece: what a reader asks for
	data     []byte // the ciphertext
	sector   *storedSector
	settled  int64
	paid     *big.Int
	over     bool
	outcome  string
}

// newClients makes the clients, half with secp256k1 keys and half with BLS keys, and the readers' and retrievers' money.
func (w *world) newClients() error {
	for i := range clients {
		var key filecoin.Key
		var err error
		if i%2 == 0 {
			key, err = filecoin.NewSecpKey(w.secret("client ", i))
		} else {
			key, err = filecoin.NewBLSKey(w.secret("client ", i))
		}
		if err != nil {
			return err
		}
		c := &client{name: fmt.Sprintf("client %d", i), key: key, aead: w.derive("file key ", i),
			bid: new(big.Int).Mul(big.NewInt(int64(22+w.rand.IntN(9))), big.NewInt(1e15))}
		w.clients = append(w.clients, c)
		w.at(0, func() error {
			return w.move("genesis allocation", "", account(c.name, ledger.Deposited), account(c.name, ledger.Available), filecoin.FIL(300_000))
		})
	}
	return w.newRetrievers()
}

// encrypt returns a file as it leaves the client: nonce, ciphertext, tag.
func (c *client) encrypt(w *world, plain []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(c.aead[:])
	if err != nil {
		return nil, err
	}
	nonce := w.derive("nonce ", c.name, c.next) // never used twice: the file number counts
	c.next++
	return aead.Seal(nonce[:aead.NonceSize()], nonce[:aead.NonceSize()], plain, []byte(c.name)), nil
}

// decrypt is the inverse of encrypt.
func (c *client) decrypt(sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(c.aead[:])
	if err != nil || len(sealed) < aead.NonceSize() {
		return nil, errors.Join(err, errors.New("sim: no ciphertext"))
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(c.name))
}

// propose signs a deal for data with a provider.
func (w *world) propose(c *client, p *provider, data []byte, price *big.Int, label string) (*filecoin.SignedProposal, error) {
	info, err := piece.Sum(w.ctx, bytes.NewReader(data), nil)
	if err != nil {
		return nil, err
	}
	least, _ := w.collateral(uint64(info.Size))
	start := w.epoch + day
	return (&filecoin.Proposal{PieceCID: filecoin.PieceCID(info.CommP), PieceSize: uint64(info.Size), Client: c.key.Address(), Provider: p.address,
		Label: filecoin.Label{Data: label}, Start: start, End: start + filecoin.DealMinDuration, Price: filecoin.Amount{Int: price},
		ProviderCollateral: filecoin.Amount{Int: new(big.Int).Add(least, big.NewInt(1))}, ClientCollateral: filecoin.Amount{Int: big.NewInt(1e15)}}).Sign(c.key), nil
}

// collateral returns the bounds of a provider's collateral for a piece.
func (w *world) collateral(size uint64) (least, most *big.Int) {
	return filecoin.ProviderCollateralBounds(scaled(size).Uint64(), w.power(), w.reward.ThisEpochBaselinePower, w.circulating())
}

// An offer is a signed proposal with the data it is about.
type offer struct {
	client *client
	signed *filecoin.SignedProposal
	data   []byte
}

// errBatch says that no deal of a batch was good.
var errBatch = errors.New("sim: no deal of the batch can be published")

// publish takes a batch of a provider's deals onto the chain. Bad ones are dropped, with the reason why; a batch of bad ones
// only fails as a whole. Good ones are locked for and sealed.
func (p *provider) publish(offers []offer) (dropped []error, err error) {
	dropped = make([]error, len(offers))
	good := 0
	for i, o := range offers {
		if dropped[i] = p.refuse(&o); dropped[i] != nil {
			continue
		}
		good++
		d := &deal{w: p.w, client: o.client, provider: p, signed: o.signed, terms: o.signed.Proposal.Deal(), data: o.data,
			cid: sector.CommP(o.signed.Proposal.PieceCID).CID(), paid: new(big.Int)}
		d.sector = p.newSector(d)
		if err := errors.Join(d.lock(), d.begin()); err != nil {
			return dropped, err
		}
		p.w.deals = append(p.w.deals, d)
	}
	if err := p.w.message(p.name, "publish deals"); err != nil {
		return dropped, err
	}
	if good == 0 {
		return dropped, errBatch
	}
	return dropped, nil
}

// place makes one deal with a provider. Where a policy refuses it there is none, and Result.Dropped has the reason.
func (w *world) place(c *client, p *provider, data []byte, price *big.Int, label string) (*deal, error) {
	signed, err := w.propose(c, p, data, price, label)
	if err != nil {
		return nil, err
	}
	dropped, err := p.publish([]offer{{c, signed, data}})
	if w.Policy != nil && errors.Is(err, errBatch) {
		w.res.dropped(signed, dropped[0])
		return nil, nil
	}
	if err = errors.Join(err, dropped[0]); err != nil {
		return nil, err
	}
	return w.deals[len(w.deals)-1], nil
}

// refuse returns why a deal cannot be published.
func (p *provider) refuse(o *offer) error {
	w, prop := p.w, &o.signed.Proposal
	if _, err := filecoin.ParseSignedProposal(o.signed.Bytes()); err != nil {
		return err
	}
	if err := o.signed.Verify(); err != nil {
		return err
	}
	least, most := w.collateral(prop.PieceSize)
	terms := prop.Deal()
	need := new(big.Int).Add(terms.TotalFee(), terms.ClientCollateral)
	switch {
	case prop.Provider != p.address:
		return fmt.Errorf("the deal is with %v", prop.Provider)
	case prop.Start <= w.epoch:
		return fmt.Errorf("the deal starts at epoch %d, it is %d", prop.Start, w.epoch)
	case terms.ProviderCollateral.Cmp(least) < 0 || terms.ProviderCollateral.Cmp(most) > 0:
		return fmt.Errorf("a collateral of %v, want %v to %v", terms.ProviderCollateral, least, most)
	case w.has(o.client.name).Cmp(need) < 0:
		return fmt.Errorf("the client has %v, the deal needs %v", w.has(o.client.name), need)
	case w.has(p.name).Cmp(terms.ProviderCollateral) < 0:
		return fmt.Errorf("the provider has %v, the collateral is %v", w.has(p.name), terms.ProviderCollateral)
	}
	for _, d := range w.deals {
		if d.signed.Proposal.CID() == prop.CID() {
			return errors.New("the deal is published already")
		}
	}
	if w.Policy != nil {
		return w.Policy.Publish(prop)
	}
	return nil
}

// lock sets aside the whole fee and both collaterals.
func (d *deal) lock() error {
	c := d.client.name
	need := new(big.Int).Add(d.terms.TotalFee(), d.terms.ClientCollateral)
	return errors.Join(d.w.move("deal escrow", d.cid, account(c, ledger.Available), account(c, ledger.Locked), need),
		d.provider.lock("deal collateral", d.cid, d.provider.escrow, d.terms.ProviderCollateral),
		d.w.note("deal published", d.signed.Proposal.CID()+" piece "+d.cid, d.provider.name))
}

// begin seals the deal's sector and has the deal's start and end looked at.
func (d *deal) begin() error {
	d.w.at(d.terms.Start, d.started)
	d.w.at(d.terms.End, d.finish)
	if d.provider.unwilling {
		d.provider.unwilling = false
		return nil
	}
	return d.sector.preCommit()
}

// activate starts the deal with its sector.
func (d *deal) activate() {
	d.settled = d.terms.Start
	d.w.index(d.cid, d.sector)
}

// started burns the collateral of a deal whose sector is not proven when it was to start, and refunds the client.
func (d *deal) started() error {
	if d.over || d.sector.state == active {
		return nil
	}
	d.over, d.outcome = true, fmt.Sprintf("never activated, exit code %d", filecoin.ExitDealExpired)
	d.w.res.charge("deal collateral", d.terms.ProviderCollateral)
	return errors.Join(d.refund(d.terms.TotalFee()), d.burnCollateral())
}

// refund gives the client a part of the fee and its collateral back.
func (d *deal) refund(fee *big.Int) error {
	back := new(big.Int).Add(fee, d.terms.ClientCollateral)
	c := d.client.name
	return d.w.move("deal refund", d.cid, account(c, ledger.Locked), account(c, ledger.Available), back)
}

func (d *deal) burnCollateral() error {
	d.provider.escrow.Sub(d.provider.escrow, d.terms.ProviderCollateral)
	return d.w.move("deal collateral slashed", d.cid, d.provider.party(ledger.Locked), account(network, ledger.Burnt), d.terms.ProviderCollateral)
}

// settle pays the provider for the epochs since the last time.
func (d *deal) settle() error {
	pay, _ := d.terms.Settle(d.w.epoch, d.settled)
	d.settled = max(d.settled, d.w.epoch)
	return d.pay(pay)
}

func (d *deal) pay(amount *big.Int) error {
	d.paid.Add(d.paid, amount)
	return errors.Join(d.w.move("storage fee", d.cid, account(d.client.name, ledger.Locked), d.provider.party(ledger.Available), amount), d.provider.repay())
}

// finish ends a deal whose time is over, and its sector with it: all is paid, collaterals go back, the files are deleted and
// a receipt is signed.
func (d *deal) finish() error {
	if d.over || d.sector.state != active {
		return nil
	}
	if err := d.settle(); err != nil {
		return err
	}
	d.over, d.outcome = true, "completed"
	return errors.Join(d.w.message(d.provider.name, "settle deals"), d.refund(new(big.Int)),
		d.provider.unlock("deal collateral", d.cid, d.provider.escrow, d.terms.ProviderCollateral), d.sector.end(expired, ""), d.receipt())
}

// terminate ends a deal before its time: what was stored for is paid, the rest goes back, the provider's collateral is burnt.
func (d *deal) terminate(why string) error {
	if d.over {
		return nil
	}
	t := d.terms.Terminate(d.w.epoch)
	d.over, d.outcome = true, "terminated: "+why
	d.w.res.charge("deal collateral", t.Burnt)
	return errors.Join(d.pay(new(big.Int).Sub(t.Paid, d.paid)), d.refund(t.RefundedFee), d.burnCollateral())
}
