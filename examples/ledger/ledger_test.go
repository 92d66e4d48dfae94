package ledger

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/assaylab/assay/merkle"
)

func acc(party string, c Class) Account { return Account{party, "FIL", c} }

func entry(epoch int64, kind string, from, to Account, amount int64) Entry {
	return Entry{Epoch: epoch, Kind: kind, From: from, To: to, Amount: big.NewInt(amount)}
}

// filled returns a book with a reward, a fee and a burn.
func filled(t *testing.T) *Book {
	t.Helper()
	b := New()
	err := b.PostAll([]Entry{
		entry(1, "block reward", acc("network", Minted), acc("miner", Available), 100),
		entry(1, "deposit", acc("client", Deposited), acc("client", Available), 50),
		entry(1, "pledge", acc("miner", Available), acc("miner", Locked), 40),
		entry(2, "storage fee", acc("client", Available), acc("miner", Available), 20),
		entry(2, "fault fee", acc("miner", Locked), acc("network", Burnt), 5),
		entry(3, "withdrawal", acc("miner", Available), acc("miner", Paid), 10),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBookBalances(t *testing.T) {
	b := filled(t)
	if err := errors.Join(b.Check(), b.Audit()); err != nil {
		t.Fatal(err)
	}
	got := b.Totals()[0]
	for name, pair := range map[string][2]int64{"minted": {100, got.Minted.Int64()}, "deposited": {50, got.Deposited.Int64()},
		"available": {100, got.Available.Int64()}, "locked": {35, got.Locked.Int64()}, "burnt": {5, got.Burnt.Int64()}, "paid": {10, got.Paid.Int64()}} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %d, want %d", name, pair[1], pair[0])
		}
	}
	b.balances[acc("miner", Locked)].Add(b.balances[acc("miner", Locked)], big.NewInt(1))
	if err := b.Check(); !errors.Is(err, ErrBalance) {
		t.Errorf("an invented unit: got %v", err)
	}
}

func TestBookRefuses(t *testing.T) {
	b := filled(t)
	before, entries := b.Totals()[0].Available.String(), b.Entries()
	other := acc("miner", Available)
	other.Asset = "IO"
	for name, e := range map[string]Entry{
		"overdraft":      entry(4, "fee", acc("client", Available), acc("miner", Available), 31),
		"negative":       entry(4, "fee", acc("client", Available), acc("miner", Available), -1),
		"no amount":      {Epoch: 4, Kind: "fee", From: acc("client", Available), To: acc("miner", Available)},
		"no kind":        entry(4, "", acc("client", Available), acc("miner", Available), 1),
		"other asset":    entry(4, "fee", acc("client", Available), other, 1),
		"to itself":      entry(4, "fee", acc("client", Available), acc("client", Available), 1),
		"from the burnt": entry(4, "fee", acc("network", Burnt), acc("client", Available), 1),
		"into the mint":  entry(4, "fee", acc("client", Available), acc("network", Minted), 1),
		"unknown class":  entry(4, "fee", acc("client", 9), acc("miner", Available), 1),
		"long memo":      {Epoch: 4, Kind: "fee", Memo: strings.Repeat("x", maxText), From: acc("client", Available), To: acc("miner", Available), Amount: big.NewInt(1)},
	} {
		batch := []Entry{entry(4, "fee", acc("client", Available), acc("miner", Available), 1), e}
		if err := b.PostAll(batch); !errors.Is(err, ErrEntry) && !errors.Is(err, ErrFunds) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if b.Totals()[0].Available.String() != before || b.Entries() != entries || b.Audit() != nil {
		t.Error("a refused batch left something behind")
	}
	if _, err := b.Close(3); err != nil {
		t.Fatal(err)
	}
	if err := b.Post(entry(3, "fee", acc("client", Available), acc("miner", Available), 1)); !errors.Is(err, ErrEntry) {
		t.Errorf("an entry of a closed epoch: got %v", err)
	}
}

func TestAuditorSeesExtensionOnly(t *testing.T) {
	b := New()
	var states []Epoch
	for epoch := range int64(9) {
		for i := range int64(epoch%4) + 1 {
			if err := b.Post(entry(epoch, "reward", acc("network", Minted), acc("m", Available), i)); err != nil {
				t.Fatal(err)
			}
		}
		s, err := b.Close(epoch)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s)
	}
	for i, from := range states {
		for _, to := range states[i:] {
			proof, err := b.Consistency(from, to)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyExtension(from, to, proof); err != nil {
				t.Errorf("%d to %d: %v", from.Epoch, to.Epoch, err)
			}
			forged := from
			forged.Root[0] ^= 1
			if err := VerifyExtension(forged, to, proof); !errors.Is(err, merkle.ErrProof) {
				t.Errorf("%d to %d: a rewritten past was accepted", from.Epoch, to.Epoch)
			}
		}
	}
	last := states[len(states)-1]
	for i := range b.Entries() {
		e := b.Entry(i)
		proof, err := b.Inclusion(uint64(i), last)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyEntry(&e, uint64(i), last, proof); err != nil {
			t.Error(err)
		}
		e.Amount = new(big.Int).Add(e.Amount, big.NewInt(1))
		if err := VerifyEntry(&e, uint64(i), last, proof); err == nil {
			t.Error("a changed entry was accepted")
		}
	}
}

func TestStatement(t *testing.T) {
	var out strings.Builder
	if err := filled(t).WriteStatement(&out, "miner"); err != nil {
		t.Fatal(err)
	}
	want := "party,asset,kind,entries,in,out,of which burnt\nminer,FIL,block reward,1,100,0,0\nminer,FIL,fault fee,1,0,5,5\nminer,FIL,storage fee,1,20,0,0\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestRandomBooks posts random entries from several goroutines: the book always balances and sums up again from its entries.
func TestRandomBooks(t *testing.T) {
	b := New()
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			parties := []string{"a", "b", "c"}
			for range 500 {
				from := Account{parties[r.IntN(3)], "FIL", Class(r.IntN(int(classes)))}
				to := Account{parties[r.IntN(3)], "FIL", Class(r.IntN(int(classes)))}
				b.Post(Entry{Epoch: 1, Kind: "random", From: from, To: to, Amount: big.NewInt(r.Int64N(100))})
			}
		})
	}
	group.Wait()
	if err := errors.Join(b.Check(), b.Audit()); err != nil || b.Entries() == 0 {
		t.Fatal(err, b.Entries())
	}
}
