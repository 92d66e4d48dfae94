package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"testing"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/ledger"
)

func run(t *testing.T, c Config) *Result {
	t.Helper()
	c.Dir = t.TempDir()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun holds a run of the first weeks against what the scenario puts in.
func TestRun(t *testing.T) {
	c := Config{Seed: 1, Days: 32}
	if testing.Short() {
		c.Days = 13
	}
	r := run(t, c)
	for _, x := range r.Cases {
		t.Logf("epoch %6d %-60s %-8s caught=%v at %d: %s, %s attoFIL", x.Epoch, x.What, x.Party, x.Caught, x.At, x.How, x.Price)
		if !x.Caught {
			t.Errorf("%s was not caught", x.What)
		}
	}
	if err := errors.Join(r.Totals.Check(), r.Book.Audit()); err != nil {
		t.Error(err)
	}
	if r.PoStAccepted == 0 || r.SealProofs < 10 || r.Retrieved == 0 || len(r.Cases) < 14 {
		t.Errorf("proved %d of %d, seals %d, retrieved %d, %d cases", r.PoStAccepted, r.PoStChecked, r.SealProofs, r.Retrieved, len(r.Cases))
	}
	if !testing.Short() && (r.Disputes != 1 || r.PoStChecked <= r.PoStAccepted || r.Faults["timed out"] != 1 || r.Faults["digest mismatch"] != 1) {
		t.Errorf("%d disputes, %d of %d proofs accepted, faults %v", r.Disputes, r.PoStAccepted, r.PoStChecked, r.Faults)
	}
	var page, statements bytes.Buffer
	if err := errors.Join(r.Report().WriteHTML(&page), r.WriteStatements(&statements), r.WriteText(&page)); err != nil {
		t.Error(err)
	}
	if !bytes.Contains(page.Bytes(), []byte("ledger balanced")) {
		t.Error("no balance is printed")
	}
}

// TestTerm runs the whole term of the deals: completion, deletion, repair, 42 days of fault. About a minute.
func TestTerm(t *testing.T) {
	if os.Getenv("ASSAY_LONG") == "" {
		t.Skip("ASSAY_LONG is not set")
	}
	r := run(t, Config{Seed: 2})
	if r.Completed == 0 || r.Receipts != r.Completed || r.RepairedShards == 0 || !r.DatasetRead || r.Fees["termination"] == nil {
		t.Errorf("%d deals completed, %d receipts, %d shards repaired, dataset %v, fees %v", r.Completed, r.Receipts, r.RepairedShards, r.DatasetRead, r.Fees)
	}
	for _, l := range r.Retention {
		if l.Outcome == "completed" && (l.Proofs < l.Periods-4 || l.Deletion == "") {
			t.Errorf("%+v", l)
		}
	}
}

// TestSeedRepeats wants the same result of the same seed, byte for byte, and another of another.
func TestSeedRepeats(t *testing.T) {
	var out [3][]byte
	for i, seed := range []uint64{5, 5, 6} {
		b, err := json.Marshal(run(t, Config{Seed: seed, Days: 3}))
		if err != nil {
			t.Fatal(err)
		}
		out[i] = b
	}
	if !bytes.Equal(out[0], out[1]) || bytes.Equal(out[1], out[2]) {
		t.Error("the seed does not decide")
	}
}

// TestPolicy denies a client: none of its deals is published, all others are.
func TestPolicy(t *testing.T) {
	plain := run(t, Config{Seed: 1, Days: 3})
	if len(plain.Dropped) != 0 {
		t.Errorf("dropped without a policy: %q", plain.Dropped)
	}
	key, err := filecoin.NewBLSKey((&world{Config: Config{Seed: 1}}).secret("client ", 1))
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, Config{Seed: 1, Days: 3, Policy: DenyList{key.Address().String(): true}})
	if len(r.Dropped) == 0 || r.Deals+len(r.Dropped) != plain.Deals {
		t.Errorf("%d deals and %d dropped, %d without the list", r.Deals, len(r.Dropped), plain.Deals)
	}
}

// everybody is a policy that refuses every deal.
type everybody struct{}

func (everybody) Publish(*filecoin.Proposal) error { return errors.New("refused") }

// TestPolicyAll refuses every deal over the whole term: nothing is sealed, and the book balances all the same.
func TestPolicyAll(t *testing.T) {
	r := run(t, Config{Seed: 1, Policy: everybody{}})
	var page bytes.Buffer
	if err := errors.Join(r.Totals.Check(), r.Book.Audit(), r.Report().WriteHTML(&page), r.WriteText(&page)); err != nil {
		t.Error(err)
	}
	if r.Deals != 0 || r.Sealed != 0 || r.DatasetRead || len(r.Dropped) == 0 {
		t.Errorf("%d deals, %d sectors, %d dropped, dataset read: %v", r.Deals, r.Sealed, len(r.Dropped), r.DatasetRead)
	}
}

// TestPolicySome refuses some providers, so that shards of the dataset are missing from the start, or cannot be repaired.
func TestPolicySome(t *testing.T) {
	if os.Getenv("ASSAY_LONG") == "" {
		t.Skip("ASSAY_LONG is not set")
	}
	for _, c := range []struct {
		denied []uint64
		read   bool // f01005 leaves with a shard, three of five must be left
	}{{[]uint64{1000, 1001, 1003}, false}, {[]uint64{1002, 1006}, true}, {[]uint64{1000, 1001}, false}, {[]uint64{1005}, true}} {
		list := DenyList{}
		for _, id := range c.denied {
			list[filecoin.IDAddress(id).String()] = true
		}
		if r := run(t, Config{Seed: 2, Days: 46, Policy: list}); len(r.Dropped) == 0 || r.DatasetRead != c.read {
			t.Errorf("%d denied: %d dropped, dataset read: %v, want %v", c.denied, len(r.Dropped), r.DatasetRead, c.read)
		}
	}
}

// TestFinishRefuses ends a run in which a cheat has just been accepted, which is an error however late it was; a fault that no
// deadline has met yet is none.
func TestFinishRefuses(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		w, err := newWorld(t.Context(), Config{Seed: 1, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.tipset(); err != nil {
			t.Fatal(err)
		}
		w.res.inject("replica lost", &storedSector{owner: w.providers[roleDeletes]}, w.epoch)
		if accepted {
			w.res.caught("forged proof", w.providers[roleCheat].name, w.epoch, "accepted", new(big.Int), false)
		}
		if err := w.res.finish(w, ledger.Epoch{}); (err != nil) != accepted {
			t.Errorf("accepted %v: %v", accepted, err)
		}
	}
}

// TestDamagedReplicaServed has the reader ask for a piece whose only holder, a provider, has a bad replica that no proof has met
// yet: it pays nothing and finds nobody.
func TestDamagedReplicaServed(t *testing.T) {
	w, err := newWorld(t.Context(), Config{Seed: 1, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	w.at(0, w.trade)
	for ; w.epoch <= day; w.epoch += w.Interval {
		if err := w.tipset(); err != nil {
			t.Fatal(err)
		}
	}
	d := w.deals[0]
	replica, err := os.ReadFile(d.sector.files.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	replica[0] ^= 1
	if err := os.WriteFile(d.sector.files.Sealed, replica, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.request(d.cid, len(d.data)); err != nil || w.res.NotFound != 1 || w.res.Retrieved != 0 {
		t.Errorf("%v; %d not found, %d paid", err, w.res.NotFound, w.res.Retrieved)
	}
}

// TestStockMoney has a retriever buy its whole stock, every second deal of the first days, from as many providers: with many of
// them it once ran out of money for channels, and the run ended.
func TestStockMoney(t *testing.T) {
	w, err := newWorld(t.Context(), Config{Seed: 1, Dir: t.TempDir(), Providers: MaxProviders})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tipset(); err != nil {
		t.Fatal(err)
	}
	w.epoch += w.Interval
	r := w.retrievers[0]
	for _, p := range w.providers[:(shards+5*clients+2)/2] {
		if _, err := w.open(r.name, r.key, p.name, p.worker); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	for name, c := range map[string]Config{"no directory": {}, "days": {Dir: "x", Days: 1}, "many days": {Dir: "x", Days: 1e6},
		"interval": {Dir: "x", Interval: 7}, "providers": {Dir: "x", Providers: 2}} {
		if _, err := Run(t.Context(), c); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
