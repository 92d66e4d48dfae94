package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/assaylab/assay/examples/compute/envelope"
	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/engine/queue"
	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/examples/ionet"
	"github.com/assaylab/assay/examples/ledger"
)

// cheats are the suppliers of the demonstration that must be caught.
const cheats = 5

// run is the whole market.
func run(ctx context.Context, s settings, out io.Writer) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent)) // as the suppliers do, who are held against this process
	m, err := newMarket(s, out)
	if err != nil {
		return err
	}
	closing, err := m.open(ctx)
	if err != nil {
		return err
	}
	ctx, stop := m.dispatching(ctx)
	defer stop() // after closing: a supplier's process, which ends with ctx, is to end by itself
	defer closing()
	// The market's own puzzles must not hold up its messages, which on one processor waited ten milliseconds at each step.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(m.processors + 3))
	begin := time.Now()
	if err := m.startAll(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "engine %s: %d suppliers joined, each a process; health records at %s/health, log at %s/log\n", m.Engine, len(m.nodes), m.base, m.base)
	m.declare()
	if err := m.launch(); err != nil {
		return err
	}
	if err := m.clusterTest(ctx); err != nil {
		return err
	}
	client := &auditor{}
	for h := range m.hours {
		if err := m.hour(ctx, h); err != nil {
			return fmt.Errorf("hour %d: %w", h, err)
		}
		if err := errors.Join(client.observe(&m.log), m.publish()); err != nil {
			return fmt.Errorf("hour %d: %w", h, err)
		}
	}
	return m.finish(client, time.Since(begin))
}

// newMarket returns a market without processes.
func newMarket(s settings, out io.Writer) (*market, error) {
	m := &market{settings: s, out: out, params: ionet.DefaultParams(), book: ledger.New(), seen: map[[32]byte]string{},
		waiting: map[queue.ID]chan *queue.Proposal{}, joined: map[string]chan []byte{}, processors: min(runtime.GOMAXPROCS(0), runtime.NumCPU())}
	e, err := ionet.EmissionByName(s.emission)
	if err != nil {
		return nil, err
	}
	if err := m.params.Check(); err != nil {
		return nil, err
	}
	if m.months, err = e.Months(); err != nil {
		return nil, err
	}
	if m.key, err = envelope.NewKey(); err != nil {
		return nil, err
	}
	for _, p := range plans() {
		m.nodes = append(m.nodes, &peer{plan: p, claimed: p.devices})
	}
	for _, r := range []renter{{name: "lyra", currency: ionet.USDC}, {name: "orion", currency: ionet.IO}} {
		if r.client, err = envelope.NewKey(); err != nil {
			return nil, err
		}
		m.renters = append(m.renters, &r)
	}
	return m, nil
}

// startAll starts the suppliers' processes side by side.
func (m *market) startAll(ctx context.Context) error {
	errs := make([]error, len(m.nodes))
	var group sync.WaitGroup
	for i, p := range m.nodes {
		group.Go(func() { errs[i] = m.start(ctx, p, 0) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// finish checks everything once more, prints and writes what was asked for.
func (m *market) finish(client *auditor, took time.Duration) error {
	counted, err := client.recount(&m.log)
	if err != nil {
		return err
	}
	for _, p := range m.nodes {
		if c := counted[p.name]; c == nil || *c != p.health.counts {
			return fmt.Errorf("the health record of %s is not what the log has", p.name)
		}
	}
	if err := errors.Join(m.book.Check(), m.book.Audit()); err != nil {
		return err
	}
	m.print(client, took)
	if err := m.write(); err != nil {
		return err
	}
	if len(m.stats.Caught) != cheats {
		return fmt.Errorf("%d cheats were caught, want %d", len(m.stats.Caught), cheats)
	}
	for _, p := range m.nodes {
		if (p.cheat != "") != (p.caught != "") {
			return fmt.Errorf("%s: cheat %q, caught %q", p.name, p.cheat, p.caught)
		}
	}
	return nil
}

// verdicts are the bounds of the checks that the market makes.
func verdicts() []verify.Verdict {
	return []verify.Verdict{verify.ProductVerdict(rounds), verify.TraceVerdict(samples, 0.2), verify.PuzzleVerdict(verify.PuzzleSamples, 0.2)}
}

// root returns the book's last state.
func (m *market) root() ledger.Epoch { return m.epochs[len(m.epochs)-1] }

// print tells people what happened.
func (m *market) print(client *auditor, took time.Duration) {
	w, s := m.out, &m.stats
	fmt.Fprintf(w, "hours %d, emission %s, first block %s IO; blocks: nominated %d, succeeded %d, failed %d\n", m.hours, m.emission, io9(s.Blocks[0]),
		s.Nominated, s.Succeeded, s.Failed)
	fmt.Fprintf(w, "clusters: %d reserved, %d released\n", s.Reserved, s.Released)
	fmt.Fprintf(w, "verified: jobs %d, bytes %d (encrypted end to end), puzzles %d, probes %d; refuted %d, reassigned %d\n",
		s.Jobs, s.Bytes, s.Puzzles, s.Probes, s.Refuted, s.Reassigned)
	for _, v := range verdicts() {
		fmt.Fprintf(w, "soundness of %s\n", v)
	}
	fmt.Fprintln(w, "health    up h  down h  ok   failed  puzzles  missed  MB/s down  MB/s up  reliability  listed")
	for _, p := range m.nodes {
		h := &p.health
		fmt.Fprintf(w, "%-9s %4d  %6d  %3d  %6d  %7d  %6d  %9.1f  %7.1f  %11.4f  %v\n", p.name, m.hours-h.DownFor, h.DownFor, h.OK, h.Failed, h.Solved, h.Missed,
			h.Down, h.Up, float64(h.reliability())/1e6, p.listed())
	}
	fmt.Fprint(w, "rank:")
	for _, p := range m.rank(m.hours) {
		fmt.Fprintf(w, " %s", p.name)
	}
	fmt.Fprintln(w)
	for _, l := range m.book.Statement("") {
		if l.Kind == "co-stake reward" {
			fmt.Fprintf(w, "co-staker %s: %s IO of block rewards\n", l.Party, io9(l.In.Int64()))
		}
	}
	for _, c := range s.Caught {
		fmt.Fprintln(w, "caught", c)
	}
	fmt.Fprintf(w, "log: %d executions, %d consistency proofs checked by a client, root %x\n", client.last.size, client.proofs, client.last.root)
	for _, t := range m.book.Totals() {
		fmt.Fprintf(w, "%-4s minted %s + deposited %s = available %s + locked %s + burnt %s + paid %s\n", t.Asset, t.Minted, t.Deposited, t.Available,
			t.Locked, t.Burnt, t.Paid)
	}
	e := m.root()
	fmt.Fprintf(w, "book: %d entries, root %x\n", e.Entries, e.Root)
	fmt.Fprintf(w, "cheats caught %d of %d\n", len(s.Caught), cheats)
	fmt.Fprintf(w, "ledger balanced (%v)\n", took.Round(10*time.Millisecond))
}

// declare prints the parameters that are ours and not Io.net's.
func (m *market) declare() {
	p := &m.params
	fmt.Fprintf(m.out, "launch supply %d IO, shares declared by us:", ionet.LaunchSupply)
	for _, g := range p.Groups {
		fmt.Fprintf(m.out, " %s %d %%;", g.Name, g.Percent)
	}
	fmt.Fprintf(m.out, "\nslashing, declared by us, in %% of stake: wrong work %d, refuted proof %d, forged record %d, missing device %d; rank: performance %d, stability %d, stake %d\n",
		p.SlashWork, p.SlashProof, p.SlashRecord, p.SlashDevice, p.RankPerformance, p.RankStability, p.RankStake)
}

// io9 writes nano-IO as IO.
func io9(x int64) string { return fmt.Sprintf("%d.%09d", x/nano, x%nano) }

// write makes the files that the command line asks for.
func (m *market) write() error {
	if m.csv != "" {
		if err := toFile(m.csv, m.out, func(w io.Writer) error { return m.book.WriteStatement(w, "") }); err != nil {
			return err
		}
	}
	if m.json != "" {
		err := toFile(m.json, m.out, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", " ")
			return e.Encode(m.figures())
		})
		if err != nil {
			return err
		}
	}
	if m.report != "" {
		return m.page().Save(m.report)
	}
	return nil
}

// toFile writes to a file, or to out for "-".
func toFile(name string, out io.Writer, write func(w io.Writer) error) error {
	if name == "-" {
		return write(out)
	}
	return cli.WriteFile(name, write)
}
