package bittensor

import (
	"slices"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/examples/ledger"
)

// PendingRao returns the alpha over which a subnet's next epoch runs: all that waits but the owner's cut.
func (m *Market) PendingRao() uint64 { return m.Pending.Server + m.Pending.Validator + m.Pending.Root }

// Pay pays an epoch that has run over PendingRao: the owner's cut; the miners' emission, burnt where it would be the owner's own;
// and the rest by dividends, of which validators keep their take and those who staked with them get the rest by stake, added to
// their stake. Root's part is paid likewise while the prices of all subnets sum to more than 1, else burnt.
//
// What cannot be divided stays with the chain. The miners' part is paid as the epoch gives it, the validators' up to what is left.
func (e *Economy) Pay(s *Subnet, m *Market) error {
	if err := e.settle(m); err != nil {
		return err
	}
	p := payer{e: e, s: s, m: m, left: m.waiting}
	p.pay("owner cut", available(m.Owner, Alpha(m.Netuid)), m.Pending.Owner)
	rootPot := min(p.left, m.Pending.Root)
	p.left -= rootPot // miners have no part of it
	withheld, total := p.miners()
	pot := min(p.left, coinbase.ValidatorPot(&s.Output, m.Pending.Server, m.Pending.Validator))
	p.left += rootPot
	p.validators(pot, rootPot)
	if err := e.moves(p.entries); err != nil {
		return err
	}
	for _, x := range p.stakes {
		e.addStake(x.Holder, x.Validator, x.Netuid, x.Amount)
	}
	m.waiting = p.left
	m.Burned = fixed.U64F64FromU64(withheld).SafeDiv(fixed.U64F64FromU64(total))
	m.Pending, m.settled = Tally{}, Tally{}
	return nil
}

// A payer collects the entries of one epoch.
type payer struct {
	e       *Economy
	s       *Subnet
	m       *Market
	left    uint64 // alpha that still waits
	entries []ledger.Entry
	stakes  []Stake
}

// pay moves alpha that waits, at most what is left, and returns how much.
func (p *payer) pay(kind string, to ledger.Account, amount uint64) uint64 {
	amount = min(amount, p.left)
	p.left -= amount
	p.entries = append(p.entries, ledger.Entry{Kind: kind, From: locked(Chain, to.Asset), To: to, Amount: rao(amount)})
	return amount
}

// miners pays the server emission and returns how much of it was withheld from the owner.
func (p *payer) miners() (withheld, total uint64) {
	asset := Alpha(p.m.Netuid)
	for uid, v := range p.s.Output.ServerEmission {
		total += v
		if p.s.State.HasOwner && uid == int(p.s.State.Owner) {
			withheld += v
			p.pay("owner's incentive burnt", burnt(Chain, asset), v)
			continue
		}
		p.pay("incentive", available(p.s.Neurons[uid].Name, asset), v)
	}
	return withheld, total
}

// validators divides the two pots by dividends.
func (p *payer) validators(pot, rootPot uint64) {
	var uids []int
	var holders []coinbase.Holder
	for uid, v := range p.s.Output.ValidatorEmission {
		if name := p.s.Neurons[uid].Name; v > 0 {
			uids = append(uids, uid)
			holders = append(holders, coinbase.Holder{Dividend: fixed.U96F32FromU64(v), Alpha: p.e.staked(p.m.Netuid, name), Root: p.e.staked(0, name)})
		}
	}
	if !p.e.rootSells() {
		p.pay("root's part recycled", burnt(Chain, Alpha(p.m.Netuid)), rootPot)
		rootPot = 0
	}
	alpha, root := coinbase.DividePending(pot, rootPot, p.e.TaoWeight, holders)
	for i, uid := range uids {
		name := p.s.Neurons[uid].Name
		p.share("dividend", name, p.m.Netuid, alpha[i])
		p.share("root dividend", name, 0, root[i])
	}
}

// share pays a validator's take, and the rest to those who staked with it on netuid.
func (p *payer) share(kind, validator string, netuid uint16, dividends fixed.U96F32) {
	take, ok := p.e.Takes[validator]
	if !ok {
		take = coinbase.DefaultDelegateTake
	}
	x := coinbase.PayTake(dividends, take)
	p.stake(kind+": take", validator, validator, x.Take)
	whole := p.e.staked(netuid, validator)
	for _, s := range p.e.Stakes {
		if s.Netuid == netuid && s.Validator == validator {
			p.stake(kind, s.Holder, validator, portion(x.Nominators, s.Amount, whole))
		}
	}
}

// stake pays alpha into a stake.
func (p *payer) stake(kind, holder, validator string, amount uint64) {
	amount = p.pay(kind, locked(holder, Alpha(p.m.Netuid)), amount)
	p.stakes = append(p.stakes, Stake{holder, validator, p.m.Netuid, amount})
}

// rootSells reports whether the moving prices sum to more than 1.
func (e *Economy) rootSells() bool {
	markets := make([]coinbase.Market, len(e.Subnets))
	for i, m := range e.Subnets {
		markets[i].Price = m.Moving
	}
	return coinbase.RootSells(markets)
}

// Escrow locks the price of one request of a user. Errors: ledger.ErrFunds, wrapped.
func (e *Economy) Escrow(user string) error {
	return e.move("request escrow", available(user, Tao), locked(user, Tao), e.Terms.RequestPrice)
}

// Served pays a request out of escrow: the subnet's owner gets the fee, the miner the rest.
func (e *Economy) Served(user, miner string, m *Market) error {
	fee := portion(e.Terms.RequestPrice, uint64(e.Terms.RequestFee), 65535)
	return e.moves([]ledger.Entry{
		{Kind: "request fee", From: locked(user, Tao), To: available(m.Owner, Tao), Amount: rao(fee)},
		{Kind: "request", From: locked(user, Tao), To: available(miner, Tao), Amount: rao(e.Terms.RequestPrice - fee)},
	})
}

// Refund gives a request's price back.
func (e *Economy) Refund(user string) error {
	return e.move("request refund", locked(user, Tao), available(user, Tao), e.Terms.RequestPrice)
}

// Deposit brings TAO in from outside.
func (e *Economy) Deposit(party string, amount uint64) error {
	return e.move("deposit", ledger.Account{Party: party, Asset: Tao, Class: ledger.Deposited}, available(party, Tao), amount)
}

// Send moves available TAO.
func (e *Economy) Send(from, to string, amount uint64) error {
	return e.move("transfer", available(from, Tao), available(to, Tao), amount)
}

// Route chooses a uid with a chance in proportion to its incentive, by a random number; -1 where nobody has any.
func Route(incentive []uint16, random uint64) int {
	var sum uint64
	for _, v := range incentive {
		sum += uint64(v)
	}
	if sum == 0 {
		return -1
	}
	at := random % sum
	return slices.IndexFunc(incentive, func(v uint16) bool {
		if at < uint64(v) {
			return true
		}
		at -= uint64(v)
		return false
	})
}

// MintAll posts a network's whole emission phase by phase to a book, as an asset of its own, and returns what it comes to.
func MintAll(b *ledger.Book, asset string) (uint64, error) {
	phases, err := Schedule()
	if err != nil {
		return 0, err
	}
	var total uint64
	for _, p := range phases {
		total += p.Blocks * p.Emission
		err := b.Post(ledger.Entry{Epoch: int64(p.Index), Kind: "emission", From: minted(asset), To: available(Chain, asset), Amount: rao(p.Blocks * p.Emission)})
		if err != nil {
			return 0, err
		}
	}
	return total, b.Check()
}
