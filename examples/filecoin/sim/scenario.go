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
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/post"
)

// The parts that the first providers play; all others are honest.
const (
	roleHonest  = iota // and reports what it finds
	roleDeletes        // loses a replica and declares it
	roleFlips          // has a replica go bad without noticing
	roleSlow           // has a disk that hangs
	roleCheat          // forges proofs and blocks
	roleLeaves         // terminates its sectors
)

// plan enters all that happens by itself, in the days that the simulation has.
func (w *world) plan() {
	events := []struct {
		day, hour int64
		do        func() error
	}{
		{0, 1, w.storeDataset}, {0, 2, w.trade}, {0, 3, w.cheatDeals}, {1, 2, w.trade}, {2, 2, w.trade}, {3, 2, w.trade},
		{4, 1, w.refuseToSeal}, {4, 2, w.trade}, {8, 1, w.fillCaches},
		{10, 5, w.deleteReplica}, {12, 5, func() error { return w.recover(roleDeletes) }},
		{15, 5, w.flipByte}, {18, 5, func() error { return w.recover(roleFlips) }},
		{20, 5, w.slowDisk}, {23, 5, w.fastDisk}, {25, 5, w.loseAndForge},
		{30, 5, func() error { return w.doubleFork(w.providers[roleCheat], w.providers[roleHonest]) }},
		{40, 1, w.leave}, {40, 2, w.repairDataset}, {44, 1, w.readDataset},
	}
	for _, e := range events {
		if e.day < int64(w.Days)-1 {
			w.at(e.day*day+e.hour*120, e.do)
		}
	}
	for d := int64(9); d < int64(w.Days)-3; d += 10 {
		w.at(d*day+1200, w.browse)
		w.at(d*day+1800, w.settleChannels)
	}
	for d := int64(7); d < int64(w.Days); d += 7 {
		w.at(d*day, w.settleDeals)
	}
}

// room is the number of deals that a provider takes in a round of the market.
const room = 2

// trade is a round of the market: clients bid for files, providers ask, matches are signed and published, prices move.
func (w *world) trade() error {
	asks := make([]filecoin.Ask, len(w.providers))
	for i, p := range w.providers {
		asks[i] = filecoin.Ask{Provider: p.address, Price: p.ask, Room: room}
	}
	var bids []filecoin.Bid
	for _, c := range w.clients {
		bids = append(bids, filecoin.Bid{Client: c.key.Address(), Most: c.bid})
	}
	matches := filecoin.MatchBids(asks, bids)
	served, sold := make([]bool, len(bids)), make([]int, len(asks))
	batches := make([][]offer, len(w.providers))
	paid := new(big.Int)
	for _, m := range matches {
		c, p := w.clients[m.Bid], w.providers[m.Ask]
		data, err := c.encrypt(w, w.random(1200+w.rand.IntN(700)))
		if err != nil {
			return err
		}
		signed, err := w.propose(c, p, data, m.Price, fmt.Sprintf("file %d of %s", c.next, c.name))
		if err != nil {
			return err
		}
		served[m.Bid] = true
		sold[m.Ask]++
		paid.Add(paid, m.Price)
		batches[m.Ask] = append(batches[m.Ask], offer{c, signed, data})
	}
	for i, batch := range batches {
		if len(batch) == 0 {
			continue
		}
		dropped, err := w.providers[i].publish(batch)
		if err != nil && !errors.Is(err, errBatch) {
			return err
		}
		for j, e := range dropped {
			if e != nil {
				w.res.dropped(batch[j].signed, e)
			}
		}
	}
	w.res.market(w, asks, bids, matches, paid)
	for i, p := range w.providers {
		p.ask = filecoin.NextAsk(p.ask, sold[i], room)
	}
	for i, c := range w.clients { // who went away empty offers more, who was served less
		step := new(big.Int).Div(c.bid, big.NewInt(20))
		if served[i] {
			step.Neg(step)
		}
		c.bid = new(big.Int).Add(c.bid, step)
	}
	return nil
}

// storeDataset deals out the dataset's shards: each to the cheapest provider that has none.
func (w *world) storeDataset() error {
	c := w.clients[0]
	parts, err := w.encodeDataset(c)
	if err != nil {
		return err
	}
	not := []filecoin.Address{w.providers[roleCheat].address}
	for _, p := range w.providers[roleLeaves+1:] {
		not = append(not, p.address) // kept for repair
	}
	for i, data := range parts {
		asks := make([]filecoin.Ask, len(w.providers))
		for j, p := range w.providers {
			asks[j] = filecoin.Ask{Provider: p.address, Price: p.ask, Room: 1}
		}
		m := filecoin.MatchBids(asks, []filecoin.Bid{{Client: c.key.Address(), Most: filecoin.FIL(1), Not: not}})
		if len(m) != 1 {
			return fmt.Errorf("sim: no provider for shard %d", i)
		}
		p := w.providers[m[0].Ask]
		not = append(not, p.address)
		if w.data.deals[i], err = w.place(c, p, data, p.ask, fmt.Sprintf("shard %d", i)); err != nil {
			return err
		}
	}
	return nil
}

// cheatDeals has bad deals published: all must be dropped, and a batch of bad ones only must fail.
func (w *world) cheatDeals() error {
	c, p := w.clients[1], w.providers[roleCheat]
	data := []byte("a deal that is not right")
	for _, cheat := range []struct {
		what   string
		change func(*filecoin.SignedProposal)
	}{
		{"deal with a price changed after signing", func(s *filecoin.SignedProposal) {
			s.Proposal.Price.Int = new(big.Int).Add(s.Proposal.Price.Int, big.NewInt(1))
		}},
		{"deal signed by another key", func(s *filecoin.SignedProposal) { *s = *s.Proposal.Sign(w.clients[2].key) }},
		{"deal under the least collateral", func(s *filecoin.SignedProposal) {
			s.Proposal.ProviderCollateral.Int = big.NewInt(1)
			*s = *s.Proposal.Sign(c.key)
		}},
		{"deal that the client cannot pay", func(s *filecoin.SignedProposal) {
			s.Proposal.Price.Int = filecoin.FIL(100)
			*s = *s.Proposal.Sign(c.key)
		}},
		{"deal of 179 days", func(s *filecoin.SignedProposal) { s.Proposal.End -= day; *s = *s.Proposal.Sign(c.key) }},
	} {
		signed, err := w.propose(c, p, data, big.NewInt(1e15), cheat.what)
		if err != nil {
			return err
		}
		cheat.change(signed)
		before := w.has(p.name)
		dropped, err := p.publish([]offer{{c, signed, data}})
		caught := errors.Is(err, errBatch) && dropped[0] != nil
		reason := "it was published"
		if caught {
			reason = dropped[0].Error()
		} else if err != nil && !errors.Is(err, errBatch) {
			return err
		}
		w.res.caught(cheat.what, p.name, w.epoch, reason, before.Sub(before, w.has(p.name)), caught)
	}
	return nil
}

// refuseToSeal has the cheat take a deal and not seal it: the collateral is burnt when the deal was to start.
func (w *world) refuseToSeal() error {
	c, p := w.clients[2], w.providers[roleCheat]
	p.unwilling = true
	data, err := c.encrypt(w, bytes.Repeat([]byte("never stored "), 90))
	if err != nil {
		return err
	}
	d, err := w.place(c, p, data, p.ask, "never sealed")
	if err != nil {
		return err
	}
	if d == nil {
		p.unwilling = false
		return nil
	}
	w.at(d.terms.Start, func() error {
		w.res.caught("deal taken and not sealed", p.name, w.epoch, d.outcome, d.terms.ProviderCollateral, d.over)
		return nil
	})
	return nil
}

// victim is the sector of a part that a fault strikes: its first active one.
func (w *world) victim(role int) *storedSector {
	for _, s := range w.providers[role].sectors {
		if s.state == active && !s.faulty {
			return s
		}
	}
	return nil
}

func (w *world) deleteReplica() error {
	s := w.victim(roleDeletes)
	if s == nil {
		return nil
	}
	w.res.inject("replica deleted, declared", s, w.epoch)
	return errors.Join(os.Remove(s.files.Sealed), s.owner.declare(s, false))
}

func (w *world) flipByte() error {
	s := w.victim(roleFlips)
	if s == nil {
		return nil
	}
	w.res.inject("every node of the replica has a bit flipped, not declared", s, w.epoch)
	b, err := os.ReadFile(s.files.Sealed)
	if err != nil {
		return err
	}
	for i := 0; i < len(b); i += 32 {
		b[i] ^= 1
	}
	return os.WriteFile(s.files.Sealed, b, 0o600)
}

func (w *world) slowDisk() error {
	s := w.victim(roleSlow)
	if s == nil {
		return nil
	}
	w.res.inject("disk hangs past the pass's deadline, not declared", s, w.epoch)
	s.slow = true
	return nil
}

func (w *world) fastDisk() error { return w.recover(roleSlow) }

// recover repairs all faulty sectors of a part.
func (w *world) recover(role int) error {
	var err error
	for _, s := range w.providers[role].sectors {
		if s.faulty {
			err = errors.Join(err, w.providers[role].repair(s))
		}
	}
	return err
}

// loseAndForge has the cheat lose a replica for good and hand in its last proof as if it were today's.
func (w *world) loseAndForge() error {
	s := w.victim(roleCheat)
	if s == nil {
		return nil
	}
	s.forged = true
	w.res.inject("replica lost for good, proof forged", s, w.epoch)
	return os.Remove(s.files.Sealed)
}

// forge returns the proof that the cheat hands in for a sector it cannot prove: an old one; once.
func (p *provider) forge(s *storedSector) *post.SectorProof {
	if !s.forged || s.faulty || s.last == nil {
		return nil
	}
	return s.last
}

// cheatSeal tries a seal proof with a changed leaf, and one of another provider's replica.
func (s *storedSector) cheatSeal(proof *porep.Proof) error {
	w := s.owner.w
	c1, err := proof.AppendC1(nil, w.sp)
	if err != nil {
		return err
	}
	forged, err := porep.DecodeC1(c1, w.sp)
	if err != nil {
		return err
	}
	forged.Partitions[0][0].Replica.Leaf[0] ^= 1
	cheats := map[string]error{"forged seal proof": porep.Verify(w.ctx, &s.st, forged, nil)}
	for _, other := range w.providers[roleHonest].sectors {
		if other.state == active {
			stolen, err := porep.Prove(w.ctx, other.files, &other.st, nil)
			if err != nil {
				return err
			}
			cheats["seal proof of another's replica"] = porep.Verify(w.ctx, &s.st, stolen, nil)
			break
		}
	}
	for _, what := range []string{"forged seal proof", "seal proof of another's replica"} {
		verdict, tried := cheats[what]
		if !tried {
			continue
		}
		before := w.has(s.owner.name)
		if err := w.message(s.owner.name, "prove commit"); err != nil {
			return err
		}
		w.res.caught(what, s.owner.name, w.epoch, firstLine(verdict), before.Sub(before, w.has(s.owner.name)), errors.Is(verdict, porep.ErrProof))
	}
	return nil
}

// cheatVouchers has a payee present vouchers that it must not be paid for.
func (w *world) cheatVouchers(c *channel, good *filecoin.Voucher) error {
	if w.res.vouchersTried {
		return nil
	}
	w.res.vouchersTried = true
	raised, own := *good, *good
	raised.Nonce, own.Nonce = 9, 9
	raised.Amount.Int = filecoin.FIL(400)
	own.Sign(c.payeeKey)
	over := *good
	over.Nonce, over.Amount.Int = 9, filecoin.FIL(channelFunds+1)
	over.Sign(c.payerKey)
	for _, cheat := range []struct {
		what string
		v    *filecoin.Voucher
	}{{"voucher presented twice", good}, {"voucher with its amount raised", &raised}, {"voucher signed by the payee", &own}, {"voucher over the channel's funds", &over}} {
		before := w.has(c.payee)
		if err := w.message(c.payee, "redeem voucher"); err != nil {
			return err
		}
		err := c.Update(cheat.v, nil, w.epoch)
		w.res.caught(cheat.what, c.payee, w.epoch, fmt.Sprint(err), before.Sub(before, w.has(c.payee)), err != nil)
	}
	return nil
}

// leave has a provider terminate all its sectors.
func (w *world) leave() error {
	p := w.providers[roleLeaves]
	before := w.res.charged("termination")
	n := 0
	for _, s := range p.sectors {
		if s.state == active {
			if err := s.end(terminated, "the provider left"); err != nil {
				return err
			}
			n++
		}
	}
	fees := w.res.charged("termination")
	w.res.caught(fmt.Sprintf("provider left with %d sectors", n), p.name, w.epoch, "termination fees, deal collateral burnt", fees.Sub(fees, before), true)
	return w.message(p.name, "terminate")
}

// fillCaches has the retrievers buy pieces from providers.
func (w *world) fillCaches() error {
	for i, d := range w.deals {
		if d.over || i%2 == 1 {
			continue
		}
		// The one that lies is asked first, until it is struck off.
		for _, r := range slices.Backward(w.retrievers) {
			if err := w.stock(r, d.cid, len(d.data)); err != nil {
				return err
			}
		}
	}
	return nil
}

// browse has the reader ask for pieces by their identifiers.
func (w *world) browse() error {
	if len(w.deals) == 0 {
		return nil
	}
	for range 6 {
		if d := w.deals[w.rand.IntN(len(w.deals))]; !d.over {
			if err := w.request(d.cid, len(d.data)); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleDeals pays all running deals up to now.
func (w *world) settleDeals() error {
	for _, d := range w.deals {
		if !d.over && d.sector.state == active && w.epoch > d.terms.Start {
			if err := d.settle(); err != nil {
				return err
			}
		}
	}
	return nil
}

// audit changes an entry of the book as a forger would, and holds it against the log.
func (w *world) audit(earlier, later ledger.Epoch) error {
	if err := w.book.Audit(); err != nil {
		return err
	}
	proof, err := w.book.Consistency(earlier, later)
	if err != nil {
		return err
	}
	if err := ledger.VerifyExtension(earlier, later, proof); err != nil {
		return err
	}
	i := later.Entries / 2
	path, err := w.book.Inclusion(i, later)
	if err != nil {
		return err
	}
	e := w.book.Entry(int(i))
	if err := ledger.VerifyEntry(&e, i, later, path); err != nil {
		return err
	}
	e.Amount = new(big.Int).Add(e.Amount, big.NewInt(1))
	err = ledger.VerifyEntry(&e, i, later, path)
	w.res.caught("entry of the book raised by 1 attoFIL", "bookkeeper", w.epoch, fmt.Sprint(err), new(big.Int), errors.Is(err, merkle.ErrProof))
	return nil
}
