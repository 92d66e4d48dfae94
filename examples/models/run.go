package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/examples/bittensor"
	"github.com/assaylab/assay/examples/bittensor/arena"
	"github.com/assaylab/assay/examples/bittensor/market"
	"github.com/assaylab/assay/examples/ledger"
)

// results are everything that the report shows.
type results struct {
	settings
	market   *market.Result
	compared int // scores that faulty miners left as they were
	outcomes []arena.Outcome
	minted   uint64 // by the whole schedule
}

// run plays the marketplace, the adversaries and the large epoch, and writes the report.
func run(ctx context.Context, s settings, w io.Writer) error {
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	started := time.Now()
	r := &results{settings: s}
	c := market.Config{Seed: s.seed, Epochs: s.epochs, Workers: s.workers, Mode: s.mode, Deadline: s.deadline}
	var err error
	if r.market, err = market.Run(ctx, c); err != nil {
		return err
	}
	printMarket(w, r.market)
	if err := r.harm(ctx, c); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nfaulty miners: %d scores of the miners beside them are the same as in a run where all work\n", r.compared)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join(faultColumns, "\t")+"\t")
	for _, row := range faults(r.market) {
		fmt.Fprintln(t, strings.Join(row, "\t")+"\t")
	}
	t.Flush()
	if err := r.balance(w); err != nil {
		return err
	}
	if r.outcomes, err = arena.PlayAll(ctx, arena.Game{Seed: s.seed}, s.workers); err != nil {
		return err
	}
	printOutcomes(w, r.outcomes)
	fmt.Fprintf(w, "\nmarketplace: consensus took %s an epoch and subnet, %.4f %% of an epoch (%s)\n",
		r.market.Consensus/time.Duration(max(1, r.market.Epochs)), share(r.market), (r.market.Elapsed / time.Duration(s.epochs)).Round(time.Millisecond))
	if s.scale {
		if err := scale(ctx, s, w); err != nil {
			return err
		}
	}
	if err := r.write(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "done in %s\n", time.Since(started).Round(time.Second/10))
	return nil
}

// share is the part of a marketplace's time that consensus took, in percent.
func share(m *market.Result) float64 { return 100 * m.Consensus.Seconds() / m.Elapsed.Seconds() }

// harm runs the first epochs once with faulty miners and once without, and compares the scores of the others.
func (r *results) harm(ctx context.Context, c market.Config) error {
	c.Epochs, c.Still, c.Honest = 4, true, true
	honest, err := market.Run(ctx, c)
	if err != nil {
		return err
	}
	// The first epochs of the marketplace itself are the faulty run: until newcomers register, the same miners serve.
	r.compared, err = market.SameScores(honest, r.market)
	if err == nil && r.compared == 0 {
		err = errors.New("no scores to compare")
	}
	return err
}

// faultColumns are those of faults.
var faultColumns = []string{"subnet", "miner", "does", "asked", "mean score", "emission rao", "mean of those that work"}

// faults sums up what each faulty miner of the start earned until it was pruned.
func faults(m *market.Result) (rows [][]string) {
	for _, s := range m.Subnets {
		type sum struct{ asked, score, emission uint64 }
		by := map[string]*sum{}
		of := func(name string) *sum {
			if by[name] == nil {
				by[name] = &sum{}
			}
			return by[name]
		}
		var working, works uint64
		for _, x := range s.Records {
			for _, y := range x.Scores {
				if y.Asked {
					of(y.Miner).asked++
					of(y.Miner).score += uint64(y.Value)
				}
			}
			for uid, name := range x.Names {
				of(name).emission += x.Emission[uid]
			}
		}
		for i := range m.Config.Miners {
			if name := fmt.Sprintf("%s miner %d", s.Flavour, i); s.Kind(name) == market.Works {
				working, works = working+of(name).emission, works+1
			}
		}
		for i := range m.Config.Miners {
			name := fmt.Sprintf("%s miner %d", s.Flavour, i)
			if k, x := s.Kind(name), of(name); k != market.Works {
				rows = append(rows, cells(s.Flavour, name, k, x.asked, x.score/max(1, x.asked), x.emission, working/max(1, works)))
			}
		}
	}
	return rows
}

// balance audits the book and mints the whole schedule into another one.
func (r *results) balance(w io.Writer) error {
	book := r.market.Economy.Book
	if err := book.Audit(); err != nil {
		return err
	}
	total, err := bittensor.MintAll(ledger.New(), bittensor.Tao)
	if err != nil {
		return err
	}
	if total > coinbase.TotalSupply {
		return fmt.Errorf("the schedule mints %d rao, more than %d", total, uint64(coinbase.TotalSupply))
	}
	r.minted = total
	fmt.Fprintf(w, "\nledger balanced: %d entries, %d epochs closed, root %x\n", book.Entries(), len(r.market.Closed), r.market.Closed[len(r.market.Closed)-1].Root[:8])
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "asset\tminted\tdeposited\tavailable\tlocked\tburnt\tpaid\t")
	for _, x := range book.Totals() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", x.Asset, x.Minted, x.Deposited, x.Available, x.Locked, x.Burnt, x.Paid)
	}
	t.Flush()
	fmt.Fprintf(w, "the whole schedule mints %d rao in 30 phases, %d short of 21 million TAO\n", total, coinbase.TotalSupply-total)
	return nil
}

func printMarket(w io.Writer, m *market.Result) {
	fmt.Fprintf(w, "marketplace: %d subnets of 1 owner, %d validators and %d miners, %d epochs of 360 blocks, %s, seed %d\n",
		len(m.Subnets), m.Config.Validators, m.Config.Miners, m.Config.Epochs, m.Config.Mode, m.Config.Seed)
	fmt.Fprintf(w, "requests: %v\n", m.Served)
	whole := 0
	for _, c := range m.Chains {
		if c[2] > 0 {
			whole++
		}
	}
	fmt.Fprintf(w, "chained requests: %d of %d went through image, text and audio, each answer feeding the next\n", whole, len(m.Chains))
	for _, e := range m.Events {
		fmt.Fprintln(w, "event:", e)
	}
	for _, s := range m.Subnets {
		last := s.Records[len(s.Records)-1]
		fmt.Fprintf(w, "\nconsensus of subnet %d (%s) in block %d, %d rao paid out; registration costs %d rao\n", s.Chain.Netuid, s.Flavour, last.Block, last.Pending, last.Burn)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "uid\tname\t\tpermit\ttrust\tconsensus\tincentive\tdividends\temission rao\t")
		for uid, name := range last.Names {
			fmt.Fprintf(t, "%d\t%s\t%s\t%t\t%d\t%d\t%d\t%d\t%d\t\n", uid, name, role(s, name), last.Permit[uid], last.Trust[uid], last.Consensus[uid], last.Incentive[uid], last.Dividends[uid], last.Emission[uid])
		}
		t.Flush()
	}
}

// role says what a miner does, and how well.
func role(s *market.Subnet, name string) string {
	switch k, ok := s.Kind(name), s.IsMiner(name); {
	case !ok:
		return ""
	case k == market.Works:
		return fmt.Sprintf("skill %d", s.Skill(name))
	default:
		return k.String()
	}
}

func printOutcomes(w io.Writer, all []arena.Outcome) {
	fmt.Fprintln(w, "\nadversaries, 100 epochs, against an honest run of the same seed; in rao, and in percent of the honest run:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "adversary\tbonds\thonest\tattack\tgain\t\tits validators\tothers\t")
	for _, o := range all {
		x := o.Total()
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%+d\t%s\t%s\t%s\t\n", o.Adversary, o.Mode, x.Honest, x.Attack, x.Gain(), percent(x), percent(o.Validators), percent(o.Others))
	}
	t.Flush()
}

// percent prints a gain in percent of the honest run.
func percent(p arena.Pair) string { return fmt.Sprintf("%+.2f%%", float64(p.Basis())/100) }

// scale plays one epoch of three subnets of 256 neurons with 64 validators each and prints the part of consensus.
func scale(ctx context.Context, s settings, w io.Writer) error {
	m, err := market.Run(ctx, market.Config{Seed: s.seed, Epochs: 1, Validators: 64, Miners: 191, Workers: s.workers, Mode: s.mode,
		Honest: true, Open: true, Still: true, Deadline: 30 * time.Second})
	if err != nil {
		return err
	}
	each := m.Consensus / time.Duration(max(1, m.Epochs))
	fmt.Fprintf(w, "scale: 3 flavours of 256 neurons, 64 validators: %d requests in an epoch of %s; consensus %s an epoch and subnet, %.4f %% of the epoch\n",
		m.Served["answered"], m.Elapsed.Round(time.Millisecond), each.Round(time.Microsecond), share(m))
	if share(m) >= 1 {
		return fmt.Errorf("consensus took %.2f %% of the epoch, 1 %% is the most", share(m))
	}
	return nil
}

// files prints name and hash of each file written.
func files(w io.Writer, dir string, names []string) error {
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		fmt.Fprintf(w, "%x  %s\n", sum[:8], filepath.Join(dir, name))
	}
	return nil
}
