package market_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/examples/bittensor"
	"github.com/assaylab/assay/examples/bittensor/market"
	"github.com/assaylab/assay/examples/bittensor/task"
	"github.com/assaylab/assay/examples/ledger"
)

func play(t *testing.T, c market.Config) *market.Result {
	t.Helper()
	r, err := market.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// digest is everything that the seed decides.
func digest(r *market.Result) string {
	out := fmt.Sprint(r.Events, r.Served, r.Chains, r.Closed)
	for _, s := range r.Subnets {
		for _, x := range s.Records {
			x.Consumed = 0
			out += fmt.Sprint(x)
		}
		out += fmt.Sprint(s.Chain.State.Weights, s.Chain.State.Bonds)
	}
	return out
}

// deadline of requests in tests: far beyond what an answer takes on a machine with much else to do.
const deadline = 4 * time.Second

// playAll plays marketplaces side by side: most of their time they wait for deadlines.
func playAll(t *testing.T, all ...market.Config) []*market.Result {
	t.Helper()
	out, errs := make([]*market.Result, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	for i, c := range all {
		group.Go(func() { out[i], errs[i] = market.Run(t.Context(), c) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRun: the book balances, the money agrees with the rules' own counts, and the same seed gives the same for all workers.
func TestRun(t *testing.T) {
	c := market.Config{Seed: 5, Epochs: 4, Validators: 3, Miners: 9, Deadline: deadline}
	var all []market.Config
	for _, workers := range []int{1, 2, 7} {
		c.Workers = workers
		all = append(all, c)
	}
	c.Seed++
	results := playAll(t, append(all, c)...)
	first, other := results[0], results[3]
	checkMoney(t, first)
	for i, r := range results[1:3] {
		if digest(r) != digest(first) {
			t.Errorf("%d workers: another result", all[i+1].Workers)
		}
	}
	for _, s := range first.Subnets {
		last := s.Records[len(s.Records)-1]
		best, total := 0, 0
		for uid, v := range last.Incentive {
			total += int(v)
			best = max(best, int(v))
			if m := s.Kind(last.Names[uid]); v > 0 && (m == market.Hangs || m == market.Late || m == market.Garbage || m == market.Forges) {
				t.Errorf("%s: %s has incentive", s.Flavour, last.Names[uid])
			}
		}
		if best == 0 || total > 65535 {
			t.Errorf("%s: incentives %v", s.Flavour, last.Incentive)
		}
	}
	if digest(other) == digest(first) {
		t.Error("another seed, the same result")
	}
}

// checkMoney adds up the book again and holds the economy's own counts against it.
func checkMoney(t *testing.T, r *market.Result) {
	t.Helper()
	e := r.Economy
	if err := e.Book.Audit(); err != nil {
		t.Error(err)
	}
	if len(r.Closed) != r.Config.Epochs {
		t.Errorf("%d epochs closed", len(r.Closed))
	}
	for _, x := range e.Book.Totals() {
		if x.Asset == bittensor.Tao && x.Minted.Uint64() != e.Issuance {
			t.Errorf("%s TAO minted, issuance %d", x.Minted, e.Issuance)
		}
	}
	held := map[ledger.Account]uint64{}
	for _, s := range e.Stakes {
		asset := bittensor.Tao
		if s.Netuid != 0 {
			asset = bittensor.Alpha(s.Netuid)
		}
		held[ledger.Account{Party: s.Holder, Asset: asset, Class: ledger.Locked}] += s.Amount
	}
	for a, v := range held {
		if got := e.Book.Balance(a); got.Uint64() != v {
			t.Errorf("%s: %s in the book, stakes of %d", a, got, v)
		}
	}
	for _, m := range e.Subnets {
		pool := bittensor.PoolParty(m.Netuid)
		for asset, v := range map[string]uint64{bittensor.Tao: m.Pool.Tao, bittensor.Alpha(m.Netuid): m.Pool.Alpha} {
			if got := e.Book.Balance(ledger.Account{Party: pool, Asset: asset, Class: ledger.Locked}); got.Uint64() != v {
				t.Errorf("%s: %s %s in the book, %d by the rules", pool, got, asset, v)
			}
		}
	}
}

// TestFaults: the scores of miners that work are the same whether those in the last places work, hang, lie or come late.
func TestFaults(t *testing.T) {
	c := market.Config{Seed: 9, Epochs: 2, Validators: 3, Miners: 9, Deadline: deadline, Still: true}
	honest := c
	honest.Honest = true
	both := playAll(t, c, honest)
	faulty := both[0]
	compared, err := market.SameScores(both[1], faulty)
	if err != nil || compared != 3*2*3*4 {
		t.Errorf("%d scores compared, %v", compared, err)
	}
	for _, name := range []string{"answered", "deadline", "garbage", "signature"} {
		if faulty.Served[name] == 0 {
			t.Errorf("no request ended as %q: %v", name, faulty.Served)
		}
	}
}

// TestOpen: without commit-reveal weights count at once.
func TestOpen(t *testing.T) {
	r := play(t, market.Config{Seed: 1, Epochs: 1, Validators: 2, Miners: task.Skills, Honest: true, Open: true, Still: true})
	for _, s := range r.Subnets {
		if s.Records[0].Incentive[3] == 0 {
			t.Errorf("%s: no incentive in the first epoch: %v", s.Flavour, s.Records[0].Incentive)
		}
	}
}

// TestConfig: what no marketplace can be is refused; it was a panic, or an issuance of more than there is.
func TestConfig(t *testing.T) {
	for _, c := range []market.Config{{Epochs: -1}, {Epochs: market.MaxEpochs + 1}, {Validators: -1}, {Miners: -1}, {Miners: 65530}, {Validators: math.MaxInt, Miners: math.MaxInt}, {Workers: -1}, {Deadline: -1}, {Deadline: time.Hour}} {
		if _, err := market.Run(t.Context(), c); err == nil {
			t.Errorf("%+v was played", c)
		}
	}
}

// TestSmallest: one validator and one miner are a marketplace.
func TestSmallest(t *testing.T) {
	r := play(t, market.Config{Epochs: 1, Validators: 1, Miners: 1, Honest: true, Open: true, Still: true})
	for _, s := range r.Subnets {
		if last := s.Records[0]; last.Incentive[2] == 0 || !last.Permit[1] {
			t.Errorf("%s: incentive %v, permits %v", s.Flavour, last.Incentive, last.Permit)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := market.Run(ctx, market.Config{Epochs: 1000}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func ExampleRun() {
	r, err := market.Run(context.Background(), market.Config{Seed: 1, Epochs: 1, Validators: 2, Miners: 4, Honest: true, Open: true, Still: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(r.Subnets), "subnets,", r.Served["answered"], "answers, balanced:", r.Economy.Book.Check() == nil)
	// Output: 3 subnets, 24 answers, balanced: true
}
