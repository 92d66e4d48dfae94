package sim

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
)

// A Case is a fault or a cheat that the scenario puts in, and what came of it.
type Case struct {
	What   string   `json:"what"`
	Party  string   `json:"party"`
	Epoch  int64    `json:"epoch"`
	Caught bool     `json:"caught"`
	At     int64    `json:"caught_at"` // or judged at; -1 for a fault that is not seen yet
	How    string   `json:"how"`
	Price  *big.Int `json:"price_atto"` // what it cost whoever did it

	sector *storedSector
}

// An Income is what a provider or retriever earned, by source, and what it lost.
type Income struct {
	Party   string   `json:"party"`
	Storage *big.Int `json:"storage_atto"`
	Access  *big.Int `json:"access_atto"`
	Rewards *big.Int `json:"block_rewards_atto"`
	Burnt   *big.Int `json:"burnt_atto"`
	Wins    int      `json:"wins"`
}

// A Result is what a simulation came to.
type Result struct {
	Seed      uint64 `json:"seed"`
	Days      int    `json:"days"`
	Tipsets   int    `json:"tipsets"`
	Epochs    int64  `json:"epochs"`
	Providers int    `json:"providers"`

	Sealed         int            `json:"sectors_sealed"` // again after faults too
	SealedBytes    int64          `json:"sealed_bytes"`
	SealProofs     int            `json:"seal_proofs_accepted"`
	SealProofBytes int64          `json:"seal_proof_bytes"`
	PoStChecked    int            `json:"window_posts_judged"` // sectors
	PoStAccepted   int            `json:"window_posts_accepted"`
	PoStOpenings   int            `json:"window_post_openings"`
	PoStBytes      int64          `json:"window_post_bytes"`
	PoStBytesRead  int64          `json:"window_post_bytes_read"`
	EpochRoots     int            `json:"epoch_roots"`
	Disputes       int            `json:"disputes_won"`
	Faults         map[string]int `json:"faults_found"`
	Elections      int            `json:"elections"`
	Wins           int            `json:"wins"`
	VRFs           int            `json:"vrf_proofs_verified"`
	Messages       int            `json:"messages"`
	Deals          int            `json:"deals"`
	Completed      int            `json:"deals_completed"`
	Retrieved      int            `json:"retrievals_paid"`
	RetrievedBytes int64          `json:"retrieved_bytes"`
	NotFound       int            `json:"retrievals_without_holder"`
	Unsealed       int            `json:"unsealed"`
	RepairedShards int            `json:"shards_repaired"`
	RepairRead     int64          `json:"repair_bytes_read"`
	DatasetRead    bool           `json:"dataset_read_back"`
	Receipts       int            `json:"deletion_receipts"`

	Cases     []Case              `json:"cases"`
	Dropped   []string            `json:"deals_dropped,omitempty"` // by the policy or by the chain, outside of the cases
	Fees      map[string]*big.Int `json:"fees"`                    // attoFIL, by kind
	Income    []Income            `json:"income"`
	Retention []Retention         `json:"retention"`
	Totals    ledger.Totals       `json:"totals"`
	Entries   uint64              `json:"book_entries"`
	Root      string              `json:"book_root"`
	Series    Series              `json:"series"`
	Market    []MarketRound       `json:"market"`
	Book      *ledger.Book        `json:"-"`

	half          ledger.Epoch
	vouchersTried bool
}

// Series are values over time, a point every quarter of a day.
type Series struct {
	Day    []float64 `json:"day"`
	ByUse  []float64 `json:"base_fee_by_use"`
	ByBids []float64 `json:"base_fee_by_premium"`
	Power  []float64 `json:"power_pib"`
	Reward []float64 `json:"epoch_reward_fil"`
	Minted []float64 `json:"minted_fil"`
	Locked []float64 `json:"locked_fil"`
	Burnt  []float64 `json:"burnt_fil"`
	Circ   []float64 `json:"available_and_paid_fil"`
}

// A MarketRound is one round of asks and bids.
type MarketRound struct {
	Epoch   int64    `json:"epoch"`
	Asks    int      `json:"asks"`
	Bids    int      `json:"bids"`
	Matched int      `json:"matched"`
	LowAsk  *big.Int `json:"lowest_ask"`
	HighBid *big.Int `json:"highest_bid"`
	Price   *big.Int `json:"mean_price"`
}

func newResult(c Config) *Result {
	return &Result{Seed: c.Seed, Days: c.Days, Providers: c.Providers, Faults: map[string]int{}, Fees: map[string]*big.Int{}}
}

// charged returns the fees of a kind so far.
func (r *Result) charged(kind string) *big.Int {
	sum := new(big.Int)
	if x := r.Fees[kind]; x != nil {
		sum.Set(x)
	}
	return sum
}

// charge adds to the fees of a kind.
func (r *Result) charge(kind string, amount *big.Int) {
	sum := r.charged(kind)
	r.Fees[kind] = sum.Add(sum, amount)
}

// caught records a cheat with its outcome.
func (r *Result) caught(what, party string, epoch int64, how string, price *big.Int, ok bool) {
	r.Cases = append(r.Cases, Case{What: what, Party: party, Epoch: epoch, At: epoch, How: how, Price: new(big.Int).Set(price), Caught: ok})
}

// dropped records a deal that was not published.
func (r *Result) dropped(deal *filecoin.SignedProposal, why error) {
	r.Dropped = append(r.Dropped, fmt.Sprintf("%s: %v", deal.Proposal.CID(), why))
}

// inject records a fault that is yet to be caught.
func (r *Result) inject(what string, s *storedSector, epoch int64) {
	r.Cases = append(r.Cases, Case{What: what, Party: s.owner.name, Epoch: epoch, At: -1, Price: new(big.Int), sector: s})
}

// noticed marks the fault of a sector as caught.
func (r *Result) noticed(s *storedSector, epoch int64, how string) {
	for i := range r.Cases {
		if c := &r.Cases[i]; c.sector == s && !c.Caught {
			c.Caught, c.At, c.How = true, epoch, how
		}
	}
}

// priced adds a fee to the fault of a sector.
func (r *Result) priced(s *storedSector, fee *big.Int) {
	for i := range r.Cases {
		if r.Cases[i].sector == s {
			r.Cases[i].Price.Add(r.Cases[i].Price, fee)
		}
	}
}

// market records a round.
func (r *Result) market(w *world, asks []filecoin.Ask, bids []filecoin.Bid, matches []filecoin.Match, paid *big.Int) {
	m := MarketRound{Epoch: w.epoch, Asks: len(asks), Bids: len(bids), Matched: len(matches), Price: new(big.Int)}
	m.LowAsk = slices.MinFunc(asks, func(a, b filecoin.Ask) int { return a.Price.Cmp(b.Price) }).Price
	m.HighBid = slices.MaxFunc(bids, func(a, b filecoin.Bid) int { return a.Most.Cmp(b.Most) }).Most
	if len(matches) > 0 {
		m.Price.Div(paid, big.NewInt(int64(len(matches))))
	}
	r.Market = append(r.Market, m)
}

// fil converts to FIL for plots.
func fil(atto *big.Int) float64 {
	x, _ := new(big.Rat).SetFrac(atto, filecoin.FIL(1)).Float64()
	return x
}

// tipset records the state after a tipset.
func (r *Result) tipset(w *world, state ledger.Epoch) {
	r.Tipsets++
	r.Epochs = w.epoch
	if w.epoch <= int64(w.Days)*day/2 {
		r.half = state
	}
	if w.epoch%(day/4) != 0 {
		return
	}
	t := w.book.Totals()[0]
	float := func(x *big.Int) float64 { f, _ := new(big.Float).SetInt(x).Float64(); return f }
	s := &r.Series
	s.Day = append(s.Day, float64(w.epoch)/day)
	s.ByUse = append(s.ByUse, float(w.byUse))
	s.ByBids = append(s.ByBids, float(w.byBids))
	s.Power = append(s.Power, float(new(big.Int).Rsh(w.power(), 40))/1024)
	s.Reward = append(s.Reward, fil(w.reward.ThisEpochReward))
	s.Minted = append(s.Minted, fil(t.Minted))
	s.Locked = append(s.Locked, fil(t.Locked))
	s.Burnt = append(s.Burnt, fil(t.Burnt))
	s.Circ = append(s.Circ, fil(new(big.Int).Add(t.Available, t.Paid)))
}

// finish reads the sums from the book and refuses a run in which something was not caught.
func (r *Result) finish(w *world, state ledger.Epoch) error {
	r.Book, r.Totals, r.Entries, r.Root = w.book, w.book.Totals()[0], state.Entries, fmt.Sprintf("%x", state.Root)
	r.Retention = w.retention()
	r.Deals = len(w.deals)
	for _, d := range w.deals {
		if d.outcome == "completed" {
			r.Completed++
		}
	}
	for _, p := range w.providers {
		r.Income = append(r.Income, w.income(p.name, p.wins))
	}
	for _, x := range w.retrievers {
		r.Income = append(r.Income, w.income(x.name, 0))
	}
	var err error
	for _, c := range r.Cases {
		// A cheat is judged at once; a fault is seen at its deadline, which may be a day away when the simulation ends.
		if waits := c.At < 0 && w.epoch-c.Epoch <= 2*day; !c.Caught && !waits {
			err = errors.Join(err, fmt.Errorf("sim: %s by %s at epoch %d was not caught: %s", c.What, c.Party, c.Epoch, c.How))
		}
	}
	return err
}

// income adds up a party's lines.
func (w *world) income(party string, wins int) Income {
	in := Income{Party: party, Storage: new(big.Int), Access: new(big.Int), Rewards: new(big.Int), Burnt: new(big.Int), Wins: wins}
	for _, l := range w.book.Statement(party) {
		switch l.Kind {
		case "storage fee":
			in.Storage.Add(in.Storage, l.In)
		case "access fee":
			in.Access.Add(in.Access, l.In)
		case "block reward", "tips":
			in.Rewards.Add(in.Rewards, l.In)
		}
		in.Burnt.Add(in.Burnt, l.Burnt)
	}
	return in
}

// firstLine is an error in one line.
func firstLine(err error) string {
	if err == nil {
		return "accepted"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// WriteStatements writes what every party earned, paid and lost, as CSV.
func (r *Result) WriteStatements(out io.Writer) error { return r.Book.WriteStatement(out, "") }
