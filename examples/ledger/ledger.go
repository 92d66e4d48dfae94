package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"sync"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// A Class says what an account is for.
type Class uint8

// The classes. Minted and Deposited are sources; the others hold what came from them.
const (
	Minted    Class = iota // made by the system
	Deposited              // brought in from outside
	Available              // at a party's disposal
	Locked                 // collateral, pledge, vesting, escrow
	Burnt                  // gone for good
	Paid                   // taken out by a party
	classes
)

var classNames = [classes]string{"minted", "deposited", "available", "locked", "burnt", "paid"}

// String returns the class in lower case.
func (c Class) String() string {
	if c >= classes {
		return fmt.Sprintf("class %d", uint8(c))
	}
	return classNames[c]
}

// source reports whether the account goes below zero.
func (c Class) source() bool { return c <= Deposited }

// An Account is a party's holding of an asset in a class. Accounts exist from their first entry on.
type Account struct {
	Party string
	Asset string // "FIL", "IO", "TAO" ...
	Class Class
}

// String returns "party/asset/class".
func (a Account) String() string { return fmt.Sprintf("%s/%s/%s", a.Party, a.Asset, a.Class) }

// An Entry moves Amount, in the asset's smallest unit, from one account to another.
type Entry struct {
	Epoch    int64
	Kind     string // "block reward", "storage fee" ...: the line of the statements
	Memo     string
	From, To Account
	Amount   *big.Int
}

// Errors of a book.
var (
	ErrEntry   = errors.New("ledger: impossible entry")
	ErrFunds   = errors.New("ledger: not enough funds")
	ErrBalance = errors.New("ledger: the book does not balance")
)

// maxText bounds names and memos.
const maxText = 1 << 12

// A Book holds entries and balances in memory. It is safe for concurrent use.
type Book struct {
	mu       sync.RWMutex
	entries  []Entry
	balances map[Account]*big.Int
	log      *merkle.LogTree
	epoch    int64
	closed   []Epoch
}

// An Epoch is the state of the log when an epoch was closed.
type Epoch struct {
	Epoch   int64
	Entries uint64
	Root    merkle.Digest
}

// New returns an empty book.
func New() *Book {
	return &Book{balances: map[Account]*big.Int{}, log: merkle.NewLogTree(Log()), epoch: -1 << 62}
}

// Log is the RFC 6962 log that books are kept in.
func Log() merkle.Log { return merkle.Log{Sum: sha2.SumPrefix} }

// Post adds an entry, or nothing. Errors: ErrEntry for one that no book may hold or of a closed epoch, ErrFunds where From
// would fall below zero.
func (b *Book) Post(e Entry) error { return b.PostAll([]Entry{e}) }

// PostAll adds all entries, in order, or none.
func (b *Book) PostAll(entries []Entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range entries {
		err := b.check(&e)
		if err == nil {
			err = b.move(e.From, e.To, e.Amount)
		}
		if err != nil {
			for _, e := range entries[:i] {
				b.shift(e.To, e.From, e.Amount)
			}
			return fmt.Errorf("%w: entry %d of epoch %d, %q", err, i, e.Epoch, e.Kind)
		}
	}
	for _, e := range entries {
		e.Amount = new(big.Int).Set(e.Amount)
		b.entries = append(b.entries, e)
		b.log.Append(Log().Leaf(e.Bytes()))
	}
	return nil
}

// check refuses entries that make no sense.
func (b *Book) check(e *Entry) error {
	switch {
	case e.Amount == nil || e.Amount.Sign() < 0:
		return fmt.Errorf("%w: an amount of %v", ErrEntry, e.Amount)
	case e.From == e.To || e.From.Asset != e.To.Asset || e.From.Asset == "" || e.Kind == "":
		return fmt.Errorf("%w: from %s to %s", ErrEntry, e.From, e.To)
	case e.From.Class >= classes || e.To.Class >= classes || e.To.Class.source():
		return fmt.Errorf("%w: from %s to %s", ErrEntry, e.From, e.To)
	case e.From.Class == Burnt || e.From.Class == Paid:
		return fmt.Errorf("%w: what was %s does not come back", ErrEntry, e.From.Class)
	case len(e.Kind)+len(e.Memo)+len(e.From.Party)+len(e.To.Party)+len(e.From.Asset) > maxText:
		return fmt.Errorf("%w: over %d bytes of text", ErrEntry, maxText)
	case e.Epoch <= b.epoch:
		return fmt.Errorf("%w: epoch %d is closed", ErrEntry, e.Epoch)
	}
	return nil
}

// move shifts an amount if From has it.
func (b *Book) move(from, to Account, amount *big.Int) error {
	if !from.Class.source() && b.balance(from).Cmp(amount) < 0 {
		return fmt.Errorf("%w: %s has %s, %s is asked", ErrFunds, from, b.balance(from), amount)
	}
	b.shift(from, to, amount)
	return nil
}

func (b *Book) shift(from, to Account, amount *big.Int) {
	b.balances[from] = new(big.Int).Sub(b.balance(from), amount)
	b.balances[to] = new(big.Int).Add(b.balance(to), amount)
}

func (b *Book) balance(a Account) *big.Int {
	if x := b.balances[a]; x != nil {
		return x
	}
	return new(big.Int)
}

// Balance returns what an account holds; sources hold less than zero.
func (b *Book) Balance(a Account) *big.Int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return new(big.Int).Set(b.balance(a))
}

// Entries returns the number of entries.
func (b *Book) Entries() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.entries)
}

// Entry returns entry number i. Its amount must not be changed.
func (b *Book) Entry(i int) Entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.entries[i]
}

// Bytes returns the entry as it is logged: lengths and numbers big-endian, texts and amount with a 4-byte length each.
func (e *Entry) Bytes() []byte {
	out := binary.BigEndian.AppendUint64([]byte("assay entry 1\n"), uint64(e.Epoch))
	text := func(b []byte) {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(b))), b...)
	}
	text([]byte(e.Kind))
	text([]byte(e.Memo))
	for _, a := range []Account{e.From, e.To} {
		text([]byte(a.Party))
		text([]byte(a.Asset))
		out = append(out, byte(a.Class))
	}
	text(e.Amount.Bytes())
	return out
}
