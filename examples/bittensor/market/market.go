// Package market runs the AI-model marketplace: three subnets, one of each flavour of package task, whose miners answer over
// loopback HTTP; validators that ask and score them all at once; commit-reveal, Yuma consensus every tempo, pruning; and the
// money of it all in one book.
//
// What comes out depends on the Config's seed and sizes only: scores are integers, results are kept by place and not by time, and
// no answer of a miner that works comes near the deadline. A miner that hangs does not hold up the others: its request gives its
// slot back after a moment, and a validator whose deadline it has missed asks it less and less often.
package market

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/bittensor"
	"github.com/assaylab/assay/examples/bittensor/task"
	"github.com/assaylab/assay/examples/bittensor/wire"
	"github.com/assaylab/assay/examples/ledger"
)

// A Config is a marketplace. Zero values choose the defaults.
type Config struct {
	Seed       uint64
	Epochs     int           // at most MaxEpochs; 0 is 12
	Validators int           // of each subnet; 0 is 6
	Miners     int           // of each subnet; 0 is 13
	Workers    int           // requests at a time; 0 is four a processor. Results do not depend on it.
	Deadline   time.Duration // of a request, at most wire.MaxDeadline; 0 is 5 s
	Honest     bool          // leaves out the faulty miners: those in their places work
	Open       bool          // switches commit-reveal off
	Mode       sim.Mode      // of the bonds: Yuma 2, Yuma 3 or liquid alpha
	Still      bool          // nobody new registers and no user asks
	Progress   func(stage string, done, total uint64)
}

func (c Config) defaults() Config {
	c.Epochs = cmp.Or(c.Epochs, 12)
	c.Validators = cmp.Or(c.Validators, 6)
	c.Miners = cmp.Or(c.Miners, 13)
	c.Workers = cmp.Or(c.Workers, 4*runtime.GOMAXPROCS(0))
	c.Deadline = cmp.Or(c.Deadline, 5*time.Second)
	if c.Progress == nil {
		c.Progress = func(string, uint64, uint64) {}
	}
	return c
}

// MaxEpochs is the most that a marketplace plays: about half of those in which the first halving could fall in its middle.
const MaxEpochs = 1 << 15

// check refuses a marketplace that cannot be.
func (c *Config) check() error {
	switch {
	case c.Epochs < 1 || c.Epochs > MaxEpochs:
		return fmt.Errorf("market: %d epochs, want 1 to %d", c.Epochs, MaxEpochs)
	case c.Validators < 1 || c.Miners < 1 || c.Validators > consensus.MaxNeurons || c.Miners > consensus.MaxNeurons || 1+c.Validators+c.Miners > consensus.MaxNeurons:
		return fmt.Errorf("market: %d validators and %d miners beside an owner, want one of each and at most %d neurons", c.Validators, c.Miners, consensus.MaxNeurons)
	case c.Workers < 1 || c.Deadline < 0 || c.Deadline > wire.MaxDeadline:
		return fmt.Errorf("market: %d workers, a deadline of %s", c.Workers, c.Deadline)
	}
	return nil
}

// A Kind is what a miner does with a request.
type Kind int

// The kinds.
const (
	Works   Kind = iota
	Hangs        // never answers
	Late         // answers after the deadline
	Garbage      // answers with bytes of no meaning
	Forges       // signs with another key than its own
	Overfit      // works well for one validator and as little as it can for the others
)

var kindNames = [...]string{"works", "hangs", "late", "garbage", "forges", "overfits"}

// String returns what a miner of the kind does.
func (k Kind) String() string { return kindNames[k] }

// A Miner is a party that serves.
type Miner struct {
	Name  string
	Kind  Kind
	Skill int // of task.Skills

	key    ed25519.PrivateKey
	server *wire.Server
}

// A Record is what one epoch of a subnet came to, by uid.
type Record struct {
	Epoch                                       int
	Block                                       uint64
	Names                                       []string
	Consensus, Incentive, Dividends, Trust      []uint16
	Emission                                    []uint64
	Permit                                      []bool
	Burn, PoolTao, PoolAlpha, Pending, Issuance uint64
	Scores                                      []Score
	Consumed                                    time.Duration // by consensus; not part of what a seed decides
}

// A Score is one validator's of one miner; Asked is false where it was passed over after missed deadlines.
type Score struct {
	Validator, Miner string
	Value            uint16
	Asked            bool
	Failure          string // "", or in a word why there was no answer
}

// A Subnet is one of the three.
type Subnet struct {
	Flavour string
	Chain   *bittensor.Subnet
	Money   *bittensor.Market
	Records []Record

	flavour    task.Flavour
	validators []*validator
	miners     map[string]*Miner
	scores     []Score // of the round
	newcomers  int
}

type validator struct {
	name   string
	key    ed25519.PrivateKey
	client *wire.Client
	missed map[string]*patience // by miner
	vote   *ballot              // committed and not revealed
}

// patience is how long a miner that missed deadlines is passed over.
type patience struct{ misses, until int }

type ballot struct{ uids, values, salt []uint16 }

// A Result is what a marketplace came to.
type Result struct {
	Config  Config
	Subnets []*Subnet
	Economy *bittensor.Economy
	Closed  []ledger.Epoch
	Events  []string // what happened, in order
	Served  map[string]int
	Chains  [][3]uint16 // scores of users' chained requests
	// Times, not decided by the seed.
	Consensus, Elapsed time.Duration
	Epochs             int // of subnets, that Consensus is of
}

// world is a marketplace that runs.
type world struct {
	Config
	Result
	rng     sim.Random
	known   map[wire.Key]bool
	user    *wire.Client
	clients func()
	keys    func(name string) ed25519.PrivateKey
	slowest atomic.Int64 // of the answers, in ns
}

// Parties that are in every marketplace.
const (
	treasury = "treasury"
	user     = "user"
)

// Run plays a marketplace. Errors: ctx.Err(), those of the network and of the rules, and one for a Config out of range.
func Run(ctx context.Context, c Config) (*Result, error) {
	c = c.defaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	w := &world{Config: c, rng: sim.Random{State: c.Seed}, known: map[wire.Key]bool{}}
	w.Result.Config, w.Served = c, map[string]int{}
	w.keys = func(name string) ed25519.PrivateKey {
		seed := blake2b.Sum256(binary.LittleEndian.AppendUint64([]byte("key "+name+" "), c.Seed))
		return ed25519.NewKeyFromSeed(seed[:])
	}
	defer w.close()
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	started := time.Now()
	for e := range w.Config.Epochs {
		c.Progress("epochs", uint64(e), uint64(c.Epochs))
		if err := w.tempo(ctx, e); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", e, err)
		}
	}
	c.Progress("epochs", uint64(c.Epochs), uint64(c.Epochs))
	w.Elapsed = time.Since(started)
	return &w.Result, nil
}

// Places in a tempo, in blocks.
const (
	tempoBlocks   = 360
	blockReveal   = 10
	blockRegister = 20
	blockAsk      = 140
	blockUsers    = 200
)

// tempo plays the blocks of one epoch.
func (w *world) tempo(ctx context.Context, e int) error {
	for b := range tempoBlocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.block(ctx, e); err != nil {
			return err
		}
		var err error
		switch {
		case b == blockReveal && !w.Open:
			err = w.reveal()
		case b == blockRegister && !w.Still:
			err = w.change(e)
		case b == blockAsk:
			if err = w.ask(ctx, e); err == nil {
				w.vote()
			}
		case b == blockUsers && !w.Still:
			err = w.users(ctx, e)
		}
		if err != nil {
			return err
		}
	}
	at, err := w.Economy.Close()
	w.Closed = append(w.Closed, at)
	return err
}

// block mints one block and runs the epochs that are due.
func (w *world) block(ctx context.Context, e int) error {
	before, err := coinbase.BlockEmission(w.Economy.Issuance)
	if err != nil {
		return err
	}
	if err := w.Economy.Block(); err != nil {
		return err
	}
	after, err := coinbase.BlockEmission(w.Economy.Issuance)
	if err != nil {
		return err
	}
	if after != before {
		w.event("halving: from block %d on a block mints %d rao, not %d; %d rao are issued", w.Subnets[0].Chain.State.CurrentBlock+2, after, before, w.Economy.Issuance)
	}
	for _, s := range w.Subnets {
		if s.Chain.NextBlock() {
			if err := w.epoch(ctx, s, e); err != nil {
				return fmt.Errorf("subnet %d: %w", s.Chain.Netuid, err)
			}
		}
	}
	return nil
}

// epoch runs a subnet's consensus and pays by it.
func (w *world) epoch(ctx context.Context, s *Subnet, e int) error {
	if err := w.weigh(s); err != nil {
		return err
	}
	pending := s.Money.PendingRao()
	from := time.Now()
	if err := s.Chain.Epoch(ctx, pending); err != nil {
		return err
	}
	spent := time.Since(from)
	if err := w.Economy.Pay(s.Chain, s.Money); err != nil || e < 0 {
		return err
	}
	w.Consensus, w.Result.Epochs = w.Consensus+spent, w.Result.Epochs+1
	o := &s.Chain.Output
	r := Record{Epoch: e, Block: s.Chain.State.CurrentBlock, Burn: s.Chain.Burn, PoolTao: s.Money.Pool.Tao, PoolAlpha: s.Money.Pool.Alpha,
		Pending: pending, Issuance: w.Economy.Issuance, Scores: s.scores, Consumed: spent,
		Consensus: slices.Clone(o.ConsensusU16), Incentive: slices.Clone(o.IncentiveU16), Dividends: slices.Clone(o.DividendsU16),
		Trust: slices.Clone(o.ValidatorTrustU16), Emission: slices.Clone(o.Emission), Permit: slices.Clone(o.NewValidatorPermit)}
	for _, n := range s.Chain.Neurons {
		r.Names = append(r.Names, n.Name)
	}
	s.Records, s.scores = append(s.Records, r), nil
	return nil
}

// weigh sets the stake weights of a subnet from the book's stakes.
func (w *world) weigh(s *Subnet) (err error) {
	s.Chain.State.Stake, err = w.Economy.StakeWeights(s.Chain)
	return err
}

func (w *world) event(format string, args ...any) {
	w.Events = append(w.Events, fmt.Sprintf(format, args...))
}
