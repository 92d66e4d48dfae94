package ledger

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/assaylab/assay/merkle"
)

// Totals are the sums of an asset's accounts by class. Minted and Deposited are given above zero.
type Totals struct {
	Asset                                             string
	Minted, Deposited, Available, Locked, Burnt, Paid *big.Int
}

// Check returns nil if the totals balance, else an error that wraps ErrBalance and states both sides.
func (t *Totals) Check() error {
	have := new(big.Int).Add(t.Locked, t.Burnt)
	have.Add(have, t.Paid).Add(have, t.Available)
	if from := new(big.Int).Add(t.Minted, t.Deposited); have.Cmp(from) != 0 {
		return fmt.Errorf("%w: %s: locked + burnt + paid + available = %s, minted + deposited = %s", ErrBalance, t.Asset, have, from)
	}
	return nil
}

// Totals returns the totals of every asset, by name. They are added up from the accounts.
func (b *Book) Totals() []Totals {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.totals()
}

func (b *Book) totals() []Totals {
	sums := map[string]*[classes]big.Int{}
	for a, x := range b.balances {
		if sums[a.Asset] == nil {
			sums[a.Asset] = new([classes]big.Int)
		}
		s := &sums[a.Asset][a.Class]
		if a.Class.source() {
			s.Sub(s, x)
		} else {
			s.Add(s, x)
		}
	}
	var out []Totals
	for asset, s := range sums {
		out = append(out, Totals{asset, &s[Minted], &s[Deposited], &s[Available], &s[Locked], &s[Burnt], &s[Paid]})
	}
	slices.SortFunc(out, func(x, y Totals) int { return cmp.Compare(x.Asset, y.Asset) })
	return out
}

// Check adds up the whole book: every asset balances, and no account that holds is below zero. Errors wrap ErrBalance.
func (b *Book) Check() error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.checkAll()
}

func (b *Book) checkAll() error {
	for a, x := range b.balances {
		if !a.Class.source() && x.Sign() < 0 {
			return fmt.Errorf("%w: %s holds %s", ErrBalance, a, x)
		}
	}
	for _, t := range b.totals() {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Audit adds up the balances again from the entries and holds them, and the log, against the book's own. It is Check for
// someone who trusts nothing but the entries.
func (b *Book) Audit() error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	again := New()
	for _, e := range b.entries {
		if err := again.Post(e); err != nil {
			return fmt.Errorf("%w: %w", ErrBalance, err)
		}
	}
	for a, x := range b.balances {
		if again.balance(a).Cmp(x) != 0 {
			return fmt.Errorf("%w: %s holds %s, its entries sum to %s", ErrBalance, a, x, again.balance(a))
		}
	}
	have, err := b.log.Root(b.log.Size())
	if err != nil {
		return err
	}
	want, err := again.log.Root(again.log.Size())
	if err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("%w: the log's root is %x, its entries give %x", ErrBalance, have, want)
	}
	return again.checkAll()
}

// Close checks the book and ends an epoch: no entry of it or an earlier one can be posted any more. It returns the log's
// state, which an auditor keeps.
func (b *Book) Close(epoch int64) (Epoch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if epoch <= b.epoch {
		return Epoch{}, fmt.Errorf("%w: epoch %d is closed already", ErrEntry, epoch)
	}
	if err := b.checkAll(); err != nil {
		return Epoch{}, err
	}
	root, err := b.log.Root(b.log.Size())
	if err != nil {
		return Epoch{}, err
	}
	b.epoch = epoch
	b.closed = append(b.closed, Epoch{epoch, b.log.Size(), root})
	return b.closed[len(b.closed)-1], nil
}

// Closed returns the epochs that were closed.
func (b *Book) Closed() []Epoch {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.closed)
}

// Consistency returns the proof that the book at a later state extends the book at an earlier one.
func (b *Book) Consistency(earlier, later Epoch) ([]merkle.Digest, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.log.Consistency(earlier.Entries, later.Entries)
}

// Inclusion returns the proof that entry number i is in the book at a state.
func (b *Book) Inclusion(i uint64, at Epoch) ([]merkle.Digest, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.log.Inclusion(i, at.Entries)
}

// VerifyExtension is the auditor's side of Consistency: nil means that the later state has all entries of the earlier one,
// unchanged and in place.
func VerifyExtension(earlier, later Epoch, proof []merkle.Digest) error {
	return Log().VerifyConsistency(earlier.Entries, later.Entries, earlier.Root, later.Root, proof)
}

// VerifyEntry is the auditor's side of Inclusion.
func VerifyEntry(e *Entry, i uint64, at Epoch, proof []merkle.Digest) error {
	return Log().VerifyInclusion(at.Root, at.Entries, i, Log().Leaf(e.Bytes()), proof)
}
