package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// network is the party that mints and burns.
const network = "network"

// A world is the state of a simulation.
type world struct {
	Config
	ctx   context.Context
	epoch int64
	rand  *rand.Rand
	sp    sector.Proof
	rules post.Rules

	book    *ledger.Book
	reward  *filecoin.Reward
	qa      filecoin.Estimate
	baseFee *big.Int // charged
	byUse   *big.Int // by the old rule
	byBids  *big.Int // by the new rule
	gas     int64    // of our own messages since the last tipset
	own     []filecoin.GasBid

	providers  []*provider
	clients    []*client
	retrievers []*retriever
	deals      []*deal
	offers     map[string][]holder // the content index
	responses  []merkle.Digest     // of the proofs since the last root
	channels   []*channel
	data       *dataset
	events     map[int64][]func() error
	last       int64 // epoch of the last tipset
	res        *Result
}

// newWorld returns the world before its first epoch.
func newWorld(ctx context.Context, c Config) (*world, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	sp, err := seal.Proof()
	if err != nil {
		return nil, err
	}
	kind, err := seal.WindowPoSt()
	if err != nil {
		return nil, err
	}
	rules, err := post.RulesOf(kind)
	if err != nil {
		return nil, err
	}
	w := &world{Config: c, ctx: ctx, rand: rand.New(rand.NewPCG(c.Seed, 0x66696c)), sp: sp, rules: rules, book: ledger.New(),
		reward: filecoin.NewReward(new(big.Int)), qa: filecoin.NewEstimate(filecoin.InitBaselinePower, new(big.Int)),
		byUse: big.NewInt(filecoin.InitialBaseFee), byBids: big.NewInt(filecoin.InitialBaseFee), events: map[int64][]func() error{},
		offers: map[string][]holder{}, res: newResult(c)}
	w.baseFee = w.byBids
	return w, errors.Join(w.newProviders(), w.newClients())
}

// derive returns 32 bytes that depend on the seed and names only.
func (w *world) derive(names ...any) [32]byte {
	b := binary.BigEndian.AppendUint64([]byte("assay storage market\n"), w.Seed)
	return blake2b.Sum256(fmt.Append(b, names...))
}

// secret is derive for keys: below every curve's order in either order of bytes.
func (w *world) secret(names ...any) [32]byte {
	s := w.derive(names...)
	s[0] &= 0x3f
	s[31] &= 0x3f
	return s
}

// random returns n bytes of content.
func (w *world) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.rand.Uint32())
	}
	return b
}

// draw draws from the beacon entry of an epoch, which here is a hash of the seed.
func (w *world) draw(d filecoin.Draw, epoch int64, a filecoin.Address) [32]byte {
	beacon := w.derive("beacon ", epoch)
	return filecoin.DrawRandomness(beacon[:], d, epoch, filecoin.EntropyOf(a))
}

// at has do called at the tipset at or after an epoch.
func (w *world) at(epoch int64, do func() error) {
	epoch = (epoch + w.Interval - 1) / w.Interval * w.Interval
	w.events[epoch] = append(w.events[epoch], do)
}

// account is a party's account.
func account(party string, c ledger.Class) ledger.Account {
	return ledger.Account{Party: party, Asset: "FIL", Class: c}
}

// move posts an entry; an amount of zero is left out.
func (w *world) move(kind, memo string, from, to ledger.Account, amount *big.Int) error {
	if amount.Sign() == 0 || from == to {
		return nil
	}
	return w.book.Post(ledger.Entry{Epoch: w.epoch, Kind: kind, Memo: memo, From: from, To: to, Amount: amount})
}

// note posts an entry that moves nothing: what the book is to remember.
func (w *world) note(kind, memo, party string) error {
	return w.book.Post(ledger.Entry{Epoch: w.epoch, Kind: kind, Memo: memo, From: account(party, ledger.Available),
		To: account(network, ledger.Available), Amount: new(big.Int)})
}

// has returns what a party has at its disposal.
func (w *world) has(party string) *big.Int { return w.book.Balance(account(party, ledger.Available)) }

// circulating is what is neither locked nor burnt.
func (w *world) circulating() *big.Int {
	for _, t := range w.book.Totals() {
		if t.Asset == "FIL" {
			return new(big.Int).Add(t.Available, t.Paid)
		}
	}
	return new(big.Int)
}

// network returns the figures that pledges and fees depend on.
func (w *world) network() *filecoin.Network {
	return &filecoin.Network{Reward: w.reward.Smoothed, QAPower: w.qa, Baseline: w.reward.ThisEpochBaselinePower, Circulating: w.circulating()}
}

// scaled returns the power that a number of real bytes counts as.
func scaled(bytes uint64) *big.Int { return new(big.Int).Lsh(new(big.Int).SetUint64(bytes), ScaleBits) }

// power is the power of all providers.
func (w *world) power() *big.Int {
	sum := new(big.Int)
	for _, p := range w.providers {
		sum.Add(sum, p.power())
	}
	return sum
}

// gasOf is the gas of a message. The figures are ours; they are of the right size.
var gasOf = map[string]int64{"create miner": 60e6, "publish deals": 110e6, "pre-commit": 40e6, "prove commit": 90e6, "window post": 35e6,
	"declare faults": 15e6, "declare recovery": 15e6, "dispute": 60e6, "terminate": 50e6, "settle deals": 25e6, "open channel": 20e6,
	"redeem voucher": 15e6, "report fault": 40e6}

// message charges a party for a message: the base fee is burnt, the premium goes to the next block's winner.
func (w *world) message(party, method string) error {
	gas, ok := gasOf[method]
	if !ok {
		return fmt.Errorf("sim: no gas for %q", method)
	}
	premium := big.NewInt(100_000 + int64(w.rand.IntN(50_000)))
	w.gas += gas
	w.own = append(w.own, filecoin.GasBid{Premium: premium, Limit: gas})
	burn := new(big.Int).Mul(w.baseFee, big.NewInt(gas))
	tip := new(big.Int).Mul(premium, big.NewInt(gas))
	w.res.Messages++
	return errors.Join(w.move("gas", method, account(party, ledger.Available), account(network, ledger.Burnt), burn),
		w.move("tip", method, account(party, ledger.Available), account(tipJar, ledger.Available), tip))
}

// tipJar holds tips until a block's winner takes them.
const tipJar = "tips"

// fees moves the base fee by both rules. Traffic of the rest of the world, which is not in the book, fills the blocks: each
// message has a fee that it does not go beyond, so that demand falls as the base fee rises.
func (w *world) fees(blocks int) {
	blocks = max(blocks, 1)
	limit := filecoin.BlockGasLimit * int64(blocks)
	bids := slices.Clone(w.own)
	used, offered := w.gas, w.gas
	for load := int64((1.2 + w.rand.Float64()) * float64(limit)); offered < load; {
		gas := int64(50e6 + w.rand.IntN(400e6))
		most := big.NewInt(int64(2e8 * w.rand.ExpFloat64()))
		premium := big.NewInt(int64(4e7 * w.rand.ExpFloat64()))
		offered += gas
		if most.Cmp(w.byUse) >= 0 {
			used += gas
		}
		if left := new(big.Int).Sub(most, w.byBids); left.Sign() >= 0 {
			bids = append(bids, filecoin.GasBid{Premium: minOf(premium, left), Limit: gas})
		}
	}
	w.byUse = filecoin.NextBaseFeeByUse(w.byUse, min(used, limit), blocks, true)
	w.byBids = filecoin.NextBaseFee(w.byBids, filecoin.PercentilePremium(bids))
	if w.baseFee = w.byBids; w.OldFees {
		w.baseFee = w.byUse
	}
	w.gas, w.own = 0, w.own[:0]
}
