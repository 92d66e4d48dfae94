package bittensor

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/examples/ledger"
)

// Parties of the book that are no people.
const (
	Chain    = "chain"    // where emission waits, and what was too small to divide
	Protocol = "protocol" // alpha that excess TAO bought
)

// Tao is the asset of the network.
const Tao = "TAO"

// Alpha returns the asset of a subnet.
func Alpha(netuid uint16) string { return fmt.Sprintf("ALPHA-%d", netuid) }

// A Stake is what a holder has staked to a validator, on a subnet in alpha or on root (netuid 0) in TAO.
type Stake struct {
	Holder, Validator string
	Netuid            uint16
	Amount            uint64 // rao
}

// An Economy is the money of several subnets in one book: blocks mint, epochs pay, people stake and buy. Every amount is in
// the book; the pools and stakes here are what the book's accounts are made of. It is for one goroutine.
type Economy struct {
	Book      *ledger.Book
	Terms     Terms
	TaoWeight uint64 // of 2^64-1
	Issuance  uint64 // of TAO, rao
	Blocks    uint64
	Subnets   []*Market
	Stakes    []Stake
	Takes     map[string]uint16 // of validators, of 65535; missing ones are the chain's default

	epoch int64 // of the book
}

// A Market is a subnet's money.
type Market struct {
	Netuid   uint16
	Owner    string
	OwnerCut uint16
	Pool     Pool
	Issued   uint64       // of alpha, rao
	Moving   fixed.U64F64 // price
	Burned   fixed.U64F64 // part of the last miner emission withheld
	Pending  Tally        // since the last epoch
	started  uint64       // block after which its blocks count
	settled  Tally        // part of Pending that is in the book
	waiting  uint64       // alpha of the chain in the book for this subnet's epoch
}

// ErrPool marks TAO that a pool cannot take: it is empty, or its reserve would pass 2^64-1 rao.
var ErrPool = errors.New("bittensor: pool cannot take the amount")

// ErrNetuid marks a number that no new subnet can have.
var ErrNetuid = errors.New("bittensor: number of the subnet is taken")

// NewEconomy returns an economy in which an amount of TAO was issued before, all of it the treasury's.
func NewEconomy(issued uint64, treasury string, t Terms) (*Economy, error) {
	e := &Economy{Book: ledger.New(), Terms: t.defaults(), TaoWeight: InitialTaoWeight, Issuance: issued, Takes: map[string]uint16{}}
	return e, e.move("issued before", minted(Tao), available(treasury, Tao), issued)
}

func minted(asset string) ledger.Account {
	return ledger.Account{Party: Chain, Asset: asset, Class: ledger.Minted}
}
func available(p, asset string) ledger.Account {
	return ledger.Account{Party: p, Asset: asset, Class: ledger.Available}
}
func locked(p, asset string) ledger.Account {
	return ledger.Account{Party: p, Asset: asset, Class: ledger.Locked}
}
func burnt(p, asset string) ledger.Account {
	return ledger.Account{Party: p, Asset: asset, Class: ledger.Burnt}
}

// PoolParty returns the name of a subnet's pool in the book.
func PoolParty(netuid uint16) string { return fmt.Sprintf("pool %d", netuid) }

func (e *Economy) move(kind string, from, to ledger.Account, amount uint64) error {
	if amount == 0 {
		return nil
	}
	return e.Book.Post(ledger.Entry{Epoch: e.epoch, Kind: kind, From: from, To: to, Amount: rao(amount)})
}

// moves posts several entries, or none.
func (e *Economy) moves(entries []ledger.Entry) error {
	kept := entries[:0]
	for _, x := range entries {
		if x.Amount.Sign() != 0 {
			x.Epoch = e.epoch
			kept = append(kept, x)
		}
	}
	return e.Book.PostAll(kept)
}

// Close checks the book, ends its epoch and returns the state of its log.
func (e *Economy) Close() (ledger.Epoch, error) {
	for _, m := range e.Subnets {
		if err := e.settle(m); err != nil {
			return ledger.Epoch{}, err
		}
	}
	at, err := e.Book.Close(e.epoch)
	e.epoch++
	return at, err
}

// AddSubnet opens a subnet: the owner puts TAO into its pool and as much alpha is minted beside it as the price asks for. Errors:
// ledger.ErrFunds, wrapped, and ErrNetuid for root's number and one that is taken.
func (e *Economy) AddSubnet(netuid uint16, owner string, p Pool) (*Market, error) {
	if netuid == 0 || slices.ContainsFunc(e.Subnets, func(m *Market) bool { return m.Netuid == netuid }) {
		return nil, ErrNetuid
	}
	m := &Market{Netuid: netuid, Owner: owner, OwnerCut: coinbase.DefaultOwnerCut, Pool: p, Issued: p.Alpha, Moving: p.Price().U64F64(), started: e.Blocks}
	pool := PoolParty(netuid)
	err := e.moves([]ledger.Entry{
		{Kind: "network lock", From: available(owner, Tao), To: locked(pool, Tao), Amount: rao(p.Tao)},
		{Kind: "first alpha", From: minted(Alpha(netuid)), To: locked(pool, Alpha(netuid)), Amount: rao(p.Alpha)},
	})
	if err != nil {
		return nil, err
	}
	e.Subnets = append(e.Subnets, m)
	return m, nil
}

// Block mints one block: TAO by the issuance so far, shared among subnets by their moving prices; alpha by each subnet's own.
// TAO that no subnet could use is not minted, which puts the next halving off.
func (e *Economy) Block() error {
	emission, err := coinbase.BlockEmission(e.Issuance)
	if err != nil {
		return err
	}
	markets := make([]coinbase.Market, len(e.Subnets))
	for i, m := range e.Subnets {
		markets[i] = coinbase.Market{Price: m.Moving, Burned: m.Burned, Enabled: true}
	}
	root := e.staked(0, "")
	e.Blocks++
	for i, share := range coinbase.SubnetShares(markets) {
		m := e.Subnets[i]
		alpha, err := coinbase.BlockEmission(m.Issued)
		if err != nil {
			return err
		}
		part := coinbase.RootProportion(root, e.TaoWeight, m.Issued)
		tao := fixed.U64F64FromU64(emission).SatMul(share).U96F32()
		before := m.Pending
		e.Issuance += m.Pending.block(&m.Pool, tao, alpha, part, m.OwnerCut)
		m.Issued += m.Pending.AlphaIn - before.AlphaIn + alpha
		m.Moving = coinbase.MovingPrice(m.Moving, m.Pool.Price().U64F64(), e.Blocks-m.started, coinbase.DefaultHalvingBlocks, coinbase.DefaultMovingAlpha)
	}
	return nil
}

// settle posts what a subnet's blocks have come to since the last time.
func (e *Economy) settle(m *Market) error {
	p, s := &m.Pending, &m.settled
	alpha, pool := Alpha(m.Netuid), PoolParty(m.Netuid)
	err := e.moves([]ledger.Entry{
		{Kind: "block emission", From: minted(Tao), To: locked(pool, Tao), Amount: rao(p.TaoIn - s.TaoIn + p.Excess - s.Excess)},
		{Kind: "liquidity", From: minted(alpha), To: locked(pool, alpha), Amount: rao(p.AlphaIn - s.AlphaIn)},
		{Kind: "chain buys", From: locked(pool, alpha), To: available(Protocol, alpha), Amount: rao(p.Bought - s.Bought)},
		{Kind: "block emission", From: minted(alpha), To: locked(Chain, alpha), Amount: rao(p.AlphaOut - s.AlphaOut)},
	})
	if err == nil {
		m.waiting += p.AlphaOut - s.AlphaOut
		*s = *p
	}
	return err
}

// staked sums stakes on a subnet, with one validator or with all ("").
func (e *Economy) staked(netuid uint16, validator string) (sum uint64) {
	for i := range e.Stakes {
		if s := &e.Stakes[i]; s.Netuid == netuid && (validator == "" || s.Validator == validator) {
			sum += s.Amount
		}
	}
	return sum
}

// addStake adds to a stake, a new one if need be.
func (e *Economy) addStake(holder, validator string, netuid uint16, amount uint64) {
	for i := range e.Stakes {
		if s := &e.Stakes[i]; s.Holder == holder && s.Validator == validator && s.Netuid == netuid {
			s.Amount += amount
			return
		}
	}
	e.Stakes = append(e.Stakes, Stake{holder, validator, netuid, amount})
}

// Stake locks TAO of a holder with a validator: on root as it is, on a subnet as the alpha that it buys. Errors: ledger.ErrFunds and
// ErrPool, wrapped; nothing has moved then.
func (e *Economy) Stake(holder, validator string, m *Market, tao uint64) error {
	if m == nil {
		if err := e.move("stake on root", available(holder, Tao), locked(holder, Tao), tao); err != nil {
			return err
		}
		e.addStake(holder, validator, 0, tao)
		return nil
	}
	got, err := e.buy(holder, m, tao, "stake", "stake", locked(holder, Alpha(m.Netuid)))
	if err == nil {
		e.addStake(holder, validator, m.Netuid, got)
	}
	return err
}

// buy pays a party's TAO into a pool and the alpha that it buys out of it.
func (e *Economy) buy(party string, m *Market, tao uint64, paid, bought string, to ledger.Account) (alpha uint64, err error) {
	if err := e.settle(m); err != nil {
		return 0, err
	}
	next, pool := m.Pool, PoolParty(m.Netuid)
	alpha = next.Buy(tao)
	if next == m.Pool && tao != 0 {
		return 0, fmt.Errorf("%w: %d rao into %+v", ErrPool, tao, m.Pool)
	}
	err = e.moves([]ledger.Entry{
		{Kind: paid, From: available(party, Tao), To: locked(pool, Tao), Amount: rao(tao)},
		{Kind: bought, From: locked(pool, to.Asset), To: to, Amount: rao(alpha)},
	})
	if err == nil {
		m.Pool = next
	}
	return alpha, err
}

// StakeWeights returns the stake weight of each neuron of a subnet: alpha with it and root stake with it times the TAO weight.
func (e *Economy) StakeWeights(s *Subnet) ([]fixed.I64F64, error) {
	alpha, root := make([]uint64, len(s.Neurons)), make([]uint64, len(s.Neurons))
	for uid := range s.Neurons {
		name := s.Neurons[uid].Name
		alpha[uid], root[uid] = e.staked(s.Netuid, name), e.staked(0, name)
	}
	return coinbase.StakeWeight(alpha, root, nil, e.TaoWeight)
}

// Register takes the price of a registration: it buys alpha in the pool, which is burnt. Errors: those of Stake.
func (e *Economy) Register(party string, m *Market, price uint64) error {
	gone, err := e.buy(party, m, price, "registration", "registration burn", burnt(PoolParty(m.Netuid), Alpha(m.Netuid)))
	if err == nil {
		m.Issued -= min(m.Issued, gone)
	}
	return err
}
