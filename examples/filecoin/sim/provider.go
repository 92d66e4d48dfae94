package sim

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// A provider stakes, stores and proves.
type provider struct {
	w       *world
	name    string // the address as text, its party in the book
	address filecoin.Address
	prover  sector.ProverID
	worker  *filecoin.BLSKey

	sectors     []*storedSector
	periodStart int64
	loads       []post.Load
	current     post.Deadline // the one that is open
	submitted   bool          // in the open deadline
	tickets     []ticket

	ask *big.Int

	pledge, deposit, escrow, vesting *big.Int // locked, by reason
	vests                            map[int64]*big.Int
	vestedTo                         int64
	debt                             *big.Int
	barredUntil                      int64
	unwilling                        bool // takes the next deal and does not seal it
	wins                             int
}

// newProviders makes the providers and has them join at epoch 0.
func (w *world) newProviders() error {
	for i := range w.Providers {
		id := uint64(1000 + i)
		worker, err := filecoin.NewBLSKey(w.secret("worker ", i))
		if err != nil {
			return err
		}
		p := &provider{w: w, address: filecoin.IDAddress(id), prover: sector.NewProverID(id), worker: worker, loads: make([]post.Load, post.Deadlines),
			ask:    new(big.Int).Mul(big.NewInt(int64(16+w.rand.IntN(9))), big.NewInt(1e15)),
			pledge: new(big.Int), deposit: new(big.Int), escrow: new(big.Int), vesting: new(big.Int), vests: map[int64]*big.Int{}, debt: new(big.Int)}
		p.name = p.address.String()
		draw := w.draw(filecoin.DrawWindowDeadlineAssignment, 0, p.address)
		p.periodStart = -(int64(draw[0])<<8 | int64(draw[1])) % post.ProvingPeriod
		p.current = post.DeadlineAt(p.periodStart, 0)
		w.providers = append(w.providers, p)
		w.at(0, p.join)
	}
	return nil
}

// join brings a provider's money in and locks what creating it costs: a tenth of the pledge of 10 TiB.
func (p *provider) join() error {
	w := p.w
	if err := w.move("genesis allocation", "", account(p.name, ledger.Deposited), account(p.name, ledger.Available), filecoin.FIL(30_000_000)); err != nil {
		return err
	}
	deposit := w.network().InitialPledge(new(big.Int).Lsh(big.NewInt(10), 40), 0, 0).Pledge
	deposit.Div(deposit, big.NewInt(10))
	return errors.Join(w.message(p.name, "create miner"), p.vest("miner deposit", deposit))
}

// party returns an account of the provider.
func (p *provider) party(c ledger.Class) ledger.Account { return account(p.name, c) }

// lock moves money between available and locked, and counts what it is locked for.
func (p *provider) lock(kind, memo string, what, amount *big.Int) error {
	from, to := p.party(ledger.Available), p.party(ledger.Locked)
	if amount.Sign() < 0 {
		from, to = to, from
	}
	err := p.w.move(kind, memo, from, to, new(big.Int).Abs(amount))
	if err == nil {
		what.Add(what, amount)
	}
	return err
}

// unlock is lock of what was locked.
func (p *provider) unlock(kind, memo string, what, amount *big.Int) error {
	return p.lock(kind, memo, what, new(big.Int).Neg(amount))
}

// vest locks an amount that becomes available over 180 days.
func (p *provider) vest(kind string, amount *big.Int) error {
	entries, err := filecoin.RewardVesting.Schedule(amount, p.w.epoch, 0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if p.vests[e.Epoch] == nil {
			p.vests[e.Epoch] = new(big.Int)
		}
		p.vests[e.Epoch].Add(p.vests[e.Epoch], e.Amount)
	}
	return p.lock(kind, "", p.vesting, amount)
}

// release frees what has vested: entries of epochs before the present one.
func (p *provider) release() error {
	sum := new(big.Int)
	unit := filecoin.RewardVesting.Quantization
	for e := p.vestedTo; e < p.w.epoch; e += unit {
		if x := p.vests[e]; x != nil {
			sum.Add(sum, x)
			delete(p.vests, e)
		}
		p.vestedTo = e + unit
	}
	if err := p.unlock("vested", "", p.vesting, sum); err != nil {
		return err
	}
	return p.repay()
}

// penalize burns an amount: out of what is vesting, the earliest first, then out of what
// is available; the rest is debt, which coming income pays.
func (p *provider) penalize(kind, memo string, amount *big.Int) error {
	left := new(big.Int).Set(amount)
	epochs := make([]int64, 0, len(p.vests))
	for e := range p.vests {
		epochs = append(epochs, e)
	}
	slices.Sort(epochs)
	fromVesting := new(big.Int)
	for _, e := range epochs {
		take := new(big.Int).Set(minOf(left, p.vests[e]))
		if p.vests[e].Sub(p.vests[e], take).Sign() == 0 {
			delete(p.vests, e)
		}
		fromVesting.Add(fromVesting, take)
		if left.Sub(left, take).Sign() == 0 {
			break
		}
	}
	p.vesting.Sub(p.vesting, fromVesting)
	burnt := account(network, ledger.Burnt)
	err := p.w.move(kind, memo, p.party(ledger.Locked), burnt, fromVesting)
	pay := new(big.Int).Set(minOf(left, p.w.has(p.name)))
	err = errors.Join(err, p.w.move(kind, memo, p.party(ledger.Available), burnt, pay))
	p.debt.Add(p.debt, left.Sub(left, pay))
	return err
}

// penalizeFor is penalize with a part of the amount for a reporter.
func (p *provider) penalizeFor(kind, memo string, amount *big.Int, reporter *provider, reward *big.Int) error {
	reward = minOf(minOf(reward, amount), p.w.has(p.name))
	return errors.Join(p.w.move("reporter reward", memo, p.party(ledger.Available), reporter.party(ledger.Available), reward),
		p.penalize(kind, memo, new(big.Int).Sub(amount, reward)))
}

// repay burns debt out of what is available.
func (p *provider) repay() error {
	if p.debt.Sign() == 0 {
		return nil
	}
	pay := new(big.Int).Set(minOf(p.debt, p.w.has(p.name)))
	p.debt.Sub(p.debt, pay)
	return p.w.move("debt repaid", "", p.party(ledger.Available), account(network, ledger.Burnt), pay)
}

// id is the provider's actor number.
func (p *provider) id() uint64 {
	id, _ := p.address.ID()
	return id
}

// power is the quality-adjusted power of the sectors that are proven.
func (p *provider) power() *big.Int {
	sum := new(big.Int)
	for _, s := range p.sectors {
		if s.state == active && !s.faulty {
			sum.Add(sum, s.qaPower)
		}
	}
	return sum
}

// check holds the book's locked balance against the provider's own reasons for it.
func (p *provider) check() error {
	want := new(big.Int).Add(p.pledge, p.deposit)
	want.Add(want, p.escrow).Add(want, p.vesting)
	if got := p.w.book.Balance(p.party(ledger.Locked)); got.Cmp(want) != 0 {
		return fmt.Errorf("sim: %s has %v locked, its reasons sum to %v", p.name, got, want)
	}
	return nil
}

func minOf(a, b *big.Int) *big.Int {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

// faultFee is the fee of a proving period for power that is faulty.
func (p *provider) faultFee(power *big.Int) *big.Int { return p.w.network().FaultFee(power) }
