package sim

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
	"github.com/assaylab/assay/post"
)

// Run simulates a market. The result depends on the configuration only, not on the machine, except for Dir and Progress.
// Errors: ErrConfig, those of files, ctx's; a ledger that does not balance, and a cheat that was not caught, are errors.
func Run(ctx context.Context, c Config) (*Result, error) {
	w, err := newWorld(ctx, c)
	if err != nil {
		return nil, err
	}
	w.plan()
	end := int64(w.Days) * day
	for ; w.epoch <= end; w.epoch += w.Interval {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := w.tipset(); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", w.epoch, err)
		}
		if w.Progress != nil && w.epoch%(day/4) == 0 {
			w.Progress("market", uint64(w.epoch/w.Interval), uint64(end/w.Interval))
		}
	}
	w.epoch -= w.Interval
	return w.res, w.finish()
}

// tipset is one epoch of the chain: the clock, what falls due, proofs, the election, fees, and the book's closing.
func (w *world) tipset() error {
	if w.epoch > 0 {
		raw := w.power()
		if err := w.reward.Next(slices.Repeat([]*big.Int{raw}, int(w.epoch-w.last))...); err != nil {
			return err
		}
		w.qa = w.qa.Next(raw, w.epoch-w.last)
	}
	for _, p := range w.providers {
		if err := p.cron(); err != nil {
			return err
		}
	}
	for _, do := range w.events[w.epoch] {
		if err := do(); err != nil {
			return err
		}
	}
	delete(w.events, w.epoch)
	for _, p := range w.providers {
		if p.submitted {
			continue
		}
		p.submitted = true
		if err := p.submit(); err != nil {
			return err
		}
	}
	blocks, err := w.elect()
	if err != nil {
		return err
	}
	w.fees(blocks)
	if err := w.commitResponses(); err != nil {
		return err
	}
	return w.close()
}

// cron ends a deadline that has closed since the last tipset, and frees what has vested.
func (p *provider) cron() error {
	for p.w.epoch >= p.current.Close {
		if err := p.closeDeadline(); err != nil {
			return err
		}
		p.current = post.DeadlineAt(p.periodStart, p.current.Close)
		p.submitted = false
	}
	return p.release()
}

// close checks what every provider has locked and the whole book, and closes it for the epoch.
func (w *world) close() error {
	for _, p := range w.providers {
		if err := p.check(); err != nil {
			return err
		}
	}
	state, err := w.book.Close(w.epoch)
	if err != nil {
		return err
	}
	w.last = w.epoch
	w.res.tipset(w, state)
	return nil
}

// finish pays out what is free, closes the book for the last time and has it audited.
func (w *world) finish() error {
	w.epoch++
	parties := []string{reader}
	for _, c := range w.clients {
		parties = append(parties, c.name)
	}
	for _, r := range w.retrievers {
		parties = append(parties, r.name)
	}
	for _, p := range parties {
		if err := w.move("withdrawal", "", account(p, ledger.Available), account(p, ledger.Paid), w.has(p)); err != nil {
			return err
		}
	}
	state, err := w.book.Close(w.epoch)
	if err != nil {
		return err
	}
	if err := w.audit(w.res.half, state); err != nil {
		return err
	}
	limit := new(big.Int).Add(filecoin.SimpleTotal, filecoin.BaselineTotal)
	t := w.book.Totals()[0]
	if t.Minted.Cmp(limit) > 0 || new(big.Int).Add(t.Minted, t.Deposited).Cmp(filecoin.FIL(2_000_000_000)) > 0 {
		return fmt.Errorf("sim: %v minted and %v allocated, over the cap", t.Minted, t.Deposited)
	}
	return w.res.finish(w, state)
}
