package main

import (
	"fmt"
	"math/big"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/ionet"
	"github.com/assaylab/assay/examples/ledger"
)

// Parties of the book besides suppliers, renters and co-stakers.
const (
	network   = "network"
	maker     = "market maker"
	ecosystem = "ecosystem and community"
	vault     = "reward vault" // rewards of hours without an eligible device
)

// Declared figures of the demonstration: none is Io.net's.
const (
	price     = 2_000_000  // millionths of a USDC an IO
	hourCost  = 3_000_000  // millionths of a USDC a node-hour of multiplier 1
	makerHas  = 100_000    // IO
	renterHas = 10_000     // USDC
	opening   = -1         // the epoch of what happens before the first hour
	usdc      = 1_000_000  // millionths
	nano      = ionet.Nano // per IO
	community = 1000       // devices of a lower multiplier, in thousandths, are in the community pool
)

// A renter reserves clusters.
type renter struct {
	name     string
	currency ionet.Currency
	client   *envelope.Key
}

// acct names an account.
func acct(party string, c ionet.Currency, class ledger.Class) ledger.Account {
	return ledger.Account{Party: party, Asset: string(c), Class: class}
}

// entry makes an entry of an hour.
func entry(hour int, kind, memo string, from, to ledger.Account, amount int64) ledger.Entry {
	return ledger.Entry{Epoch: int64(hour), Kind: kind, Memo: memo, From: from, To: to, Amount: big.NewInt(amount)}
}

// launch books the launch supply to its five groups and lets everybody buy what they start with.
func (m *market) launch() error {
	var all []ledger.Entry
	for _, g := range m.params.Groups {
		all = append(all, entry(opening, "launch supply", fmt.Sprint(g.Percent, " %"), acct(network, ionet.IO, ledger.Minted),
			acct(g.Name, ionet.IO, ledger.Available), ionet.LaunchSupply/100*g.Percent*nano))
	}
	all = append(all, purchase(opening, maker, makerHas*nano)...)
	for _, p := range m.nodes {
		need, err := p.need()
		if err != nil {
			return err
		}
		p.stake = need
		all = append(all, purchase(opening, p.name, need)...)
		all = append(all, lock(opening, "stake", p.name, need))
		for _, c := range p.coStakes {
			if err := ionet.CheckCoStake(need, coStaked(p, &c), c.Amount); err != nil {
				return err
			}
			all = append(all, purchase(opening, c.By, c.Amount)...)
			all = append(all, lock(opening, "co-stake on "+p.name, c.By, c.Amount))
		}
	}
	for _, r := range m.renters {
		if r.currency == ionet.USDC {
			all = append(all, deposit(opening, r.name, renterHas*usdc))
		} else {
			all = append(all, purchase(opening, r.name, renterHas*nano)...)
		}
	}
	if err := m.book.PostAll(all); err != nil {
		return err
	}
	return m.close(opening)
}

// coStaked is what others than c have co-staked on a peer.
func coStaked(p *peer, c *ionet.CoStake) (sum int64) {
	for _, o := range p.coStakes {
		if o.By != c.By {
			sum += o.Amount
		}
	}
	return sum
}

func deposit(hour int, party string, amount int64) ledger.Entry {
	return entry(hour, "deposit", "", acct(party, ionet.USDC, ledger.Deposited), acct(party, ionet.USDC, ledger.Available), amount)
}

func lock(hour int, kind, party string, amount int64) ledger.Entry {
	return entry(hour, kind, "", acct(party, ionet.IO, ledger.Available), acct(party, ionet.IO, ledger.Locked), amount)
}

// purchase lets a party bring USDC and buy IO for it from the ecosystem's share.
func purchase(hour int, party string, amount int64) []ledger.Entry {
	cost := new(big.Int).Mul(big.NewInt(amount), big.NewInt(price))
	paid := cost.Quo(cost, big.NewInt(nano)).Int64()
	return []ledger.Entry{
		deposit(hour, party, paid),
		entry(hour, "IO bought", "", acct(party, ionet.USDC, ledger.Available), acct(ecosystem, ionet.USDC, ledger.Available), paid),
		entry(hour, "IO bought", "", acct(ecosystem, ionet.IO, ledger.Available), acct(party, ionet.IO, ledger.Available), amount),
	}
}

// close ends an hour of the book and checks that the log of entries only grew.
func (m *market) close(hour int) error {
	e, err := m.book.Close(int64(hour))
	if err != nil {
		return err
	}
	if len(m.epochs) > 0 {
		last := m.epochs[len(m.epochs)-1]
		proof, err := m.book.Consistency(last, e)
		if err == nil {
			err = ledger.VerifyExtension(last, e, proof)
		}
		if err != nil {
			return err
		}
	}
	m.epochs = append(m.epochs, e)
	return nil
}

// topUp lets a supplier stake for devices that it says it has got.
func (m *market) topUp(p *peer, hour int) error {
	need, err := p.need()
	if err != nil || need <= p.stake {
		return err
	}
	more := need - p.stake
	p.stake = need
	return m.book.PostAll(append(purchase(hour, p.name, more), lock(hour, "stake", p.name, more)))
}

// A reservation is a cluster that a renter holds for some hours.
type reservation struct {
	renter     *renter
	nodes      []*peer
	from, to   int // hours, the last exclusive
	bills      map[*peer]ionet.Bill
	unreleased int64 // of the escrow
}

// reserve gives a renter the best free nodes and locks the price of all hours.
func (m *market) reserve(r *renter, hour, hours, size int) error {
	x := &reservation{renter: r, from: hour, to: hour + hours, bills: map[*peer]ionet.Bill{}}
	for _, p := range m.rank(hour) {
		if p.busy != nil || !p.up() || len(x.nodes) == size {
			continue
		}
		cost := hourCost / 1000 * p.multiplier
		if r.currency == ionet.IO {
			cost = cost * (nano / price)
		}
		b, err := ionet.NewBill(cost, r.currency)
		if err != nil {
			return err
		}
		p.busy = x
		x.nodes, x.bills[p] = append(x.nodes, p), b
		x.unreleased += b.RenterPays * int64(hours)
	}
	if len(x.nodes) == 0 {
		return nil
	}
	m.reservations = append(m.reservations, x)
	m.stats.Reserved++
	return m.book.Post(entry(hour, "cluster reserved", fmt.Sprintf("%d nodes for %d h", len(x.nodes), hours), acct(r.name, r.currency, ledger.Available),
		acct(r.name, r.currency, ledger.Locked), x.unreleased))
}

// pay settles a node-hour of a reservation: to the node that did it, with the fees of both sides to the network; or back to the
// renter where nobody did (by is nil).
func (m *market) pay(x *reservation, p, by *peer, hour int) error {
	b, c := x.bills[p], x.renter.currency
	x.unreleased -= b.RenterPays
	escrow := acct(x.renter.name, c, ledger.Locked)
	if by == nil {
		return m.book.Post(entry(hour, "refund", "not done by "+p.name, escrow, acct(x.renter.name, c, ledger.Available), b.RenterPays))
	}
	return m.book.PostAll([]ledger.Entry{
		entry(hour, "compute", "", escrow, acct(by.name, c, ledger.Available), b.SupplierGets),
		entry(hour, "fees of both sides", "", escrow, acct(network, c, ledger.Available), b.NetworkRevenue),
	})
}

// release ends the reservations whose time is over and gives back what was not used.
func (m *market) release(hour int) error {
	for i := 0; i < len(m.reservations); {
		x := m.reservations[i]
		if hour < x.to {
			i++
			continue
		}
		for _, p := range x.nodes {
			p.busy = nil
		}
		m.reservations = append(m.reservations[:i], m.reservations[i+1:]...)
		m.stats.Released++
		if x.unreleased == 0 {
			continue
		}
		c := x.renter.currency
		err := m.book.Post(entry(hour, "cluster released", "", acct(x.renter.name, c, ledger.Locked), acct(x.renter.name, c, ledger.Available), x.unreleased))
		if err != nil {
			return err
		}
	}
	return nil
}

// catch takes a cheat off the list and burns a share of its stake.
func (m *market) catch(p *peer, hour int, percent int64, how string) error {
	if p.caught != "" {
		return nil
	}
	burnt := p.stake * percent / 100
	p.stake -= burnt
	p.caught = how
	m.stats.Slashed += burnt
	m.stats.Caught = append(m.stats.Caught, fmt.Sprintf("%s (hour %d): %s; %d %% of its stake burnt", p.name, hour, how, percent))
	return m.book.Post(entry(hour, "slash", how, acct(p.name, ionet.IO, ledger.Locked), acct(p.name, ionet.IO, ledger.Burnt), burnt))
}

// block pays the hour's block reward: 95 % to the enterprise pool, 5 % to the community pool, in each to the eligible peers whose
// puzzles were solved, by devices times multiplier; a pool without one is kept in the vault.
func (m *market) block(hour int, solved map[*peer]bool) error {
	month := m.months[hour/ionet.HoursInMonth]
	reward := ionet.Hourly(month, hour%ionet.HoursInMonth)
	m.stats.Blocks = append(m.stats.Blocks, reward)
	m.stats.Rewards += reward
	enterprise, small := ionet.Pools(reward)
	minted := acct(network, ionet.IO, ledger.Minted)
	for _, pool := range []struct {
		name      string
		amount    int64
		community bool
	}{{"enterprise", enterprise, false}, {"community", small, true}} {
		var who []*peer
		var weights []int64
		for _, p := range m.nodes {
			need, err := p.need()
			if err != nil {
				return err
			}
			c := ionet.Candidate{ClusterTest: p.tested, Wallet: true, Listed: p.listed(), Connectivity: p.tier, Uptime: hour - p.since, Stake: p.stake, Need: need}
			if p.up() && solved[p] && c.Eligible() == nil && (p.multiplier < community) == pool.community {
				who, weights = append(who, p), append(weights, int64(p.claimed)*p.multiplier)
			}
		}
		if len(who) == 0 {
			if err := m.book.Post(entry(hour, "block reward kept", pool.name, minted, acct(vault, ionet.IO, ledger.Available), pool.amount)); err != nil {
				return err
			}
			continue
		}
		for i, amount := range ionet.Divide(pool.amount, weights) {
			if err := m.book.PostAll(who[i].share(hour, pool.name, minted, amount)); err != nil {
				return err
			}
		}
	}
	return nil
}

// share splits a device's reward between its supplier and the co-stakers that count, by stake.
func (p *peer) share(hour int, memo string, minted ledger.Account, amount int64) []ledger.Entry {
	who, weights := []string{p.name}, []int64{p.stake}
	for i := range p.coStakes {
		if c := &p.coStakes[i]; c.Counts(hour) {
			who, weights = append(who, c.By), append(weights, c.Amount)
		}
	}
	var out []ledger.Entry
	for i, part := range ionet.Divide(amount, weights) {
		kind := "block reward"
		if i > 0 {
			kind = "co-stake reward"
		}
		out = append(out, entry(hour, kind, memo, minted, acct(who[i], ionet.IO, ledger.Available), part))
	}
	return out
}

// buyBack spends the declared share of the network's USDC on IO and burns it, and the same share of its IO.
func (m *market) buyBack(hour int) error {
	revenue := m.book.Balance(acct(network, ionet.USDC, ledger.Available)).Int64()
	spent, bought, err := m.params.BuyBack(revenue, price)
	if err != nil {
		return err
	}
	own := m.book.Balance(acct(network, ionet.IO, ledger.Available)).Int64() / 100 * m.params.BuyBackPercent
	m.stats.BoughtBack += bought + own
	return m.book.PostAll([]ledger.Entry{
		entry(hour, "buy-back", "", acct(network, ionet.USDC, ledger.Available), acct(maker, ionet.USDC, ledger.Available), spent),
		entry(hour, "buy-back and burn", "", acct(maker, ionet.IO, ledger.Available), acct(network, ionet.IO, ledger.Burnt), bought),
		entry(hour, "burn of fees in IO", "", acct(network, ionet.IO, ledger.Available), acct(network, ionet.IO, ledger.Burnt), own),
	})
}

// withdraw pays the honest suppliers' USDC out.
func (m *market) withdraw(hour int) error {
	for _, p := range m.nodes {
		has := m.book.Balance(acct(p.name, ionet.USDC, ledger.Available)).Int64()
		if p.caught != "" || has == 0 {
			continue
		}
		if err := m.book.Post(entry(hour, "withdrawal", "", acct(p.name, ionet.USDC, ledger.Available), acct(p.name, ionet.USDC, ledger.Paid), has)); err != nil {
			return err
		}
	}
	return nil
}
