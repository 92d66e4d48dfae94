package sim

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/assaylab/assay/examples/filecoin"
	"github.com/assaylab/assay/examples/report"
)

// text is an amount in FIL, exact to six decimals.
func text(atto *big.Int) string {
	return new(big.Rat).SetFrac(atto, filecoin.FIL(1)).FloatString(6)
}

// WriteText writes the summary that a person reads: what was proven, what was caught, who earned, and whether the book
// balances.
func (r *Result) WriteText(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "simulated\t%d days, %d tipsets, %d providers, seed %d\n", r.Days, r.Tipsets, r.Providers, r.Seed)
	fmt.Fprintf(t, "sealed\t%d sectors, %d bytes, %d seal proofs (%d bytes) accepted\n", r.Sealed, r.SealedBytes, r.SealProofs, r.SealProofBytes)
	fmt.Fprintf(t, "window PoSt\t%d of %d sector proofs accepted, %d openings, %d bytes, %d bytes read; %d epoch roots; %d disputes won\n",
		r.PoStAccepted, r.PoStChecked, r.PoStOpenings, r.PoStBytes, r.PoStBytesRead, r.EpochRoots, r.Disputes)
	fmt.Fprintf(t, "elections\t%d, %d wins, %d VRF proofs verified\n", r.Elections, r.Wins, r.VRFs)
	fmt.Fprintf(t, "deals\t%d published, %d completed, %d deletion receipts\n", r.Deals, r.Completed, r.Receipts)
	fmt.Fprintf(t, "retrieval\t%d paid, %d bytes, %d unsealed\n", r.Retrieved, r.RetrievedBytes, r.Unsealed)
	fmt.Fprintf(t, "dataset\t%d of %d shards repaired from %d bytes read, read back: %v\n", r.RepairedShards, shards, r.RepairRead, r.DatasetRead)
	for _, d := range r.Dropped {
		fmt.Fprintf(t, "dropped\t%s\n", d)
	}
	fmt.Fprintf(t, "\nfault or cheat\tparty\tepoch\tverdict\tcost (FIL)\thow\n")
	for _, row := range r.cases() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", row[0], row[1], row[2], row[3], row[4], row[5])
	}
	fmt.Fprintf(t, "\nincome (FIL)\tstorage\taccess\tblock rewards\tburnt\n")
	for _, row := range r.income() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", row[0], row[1], row[2], row[3], row[4])
	}
	fmt.Fprintln(t)
	for _, l := range r.sums() {
		fmt.Fprintf(t, "%s\t%s\n", l[0], l[1])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if err := r.Totals.Check(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "ledger balanced: %d entries, log root %s\n", r.Entries, r.Root)
	return err
}

func (r *Result) cases() (rows [][]string) {
	for _, c := range r.Cases {
		verdict := "caught"
		if !c.Caught {
			verdict = "not yet seen"
		} else if c.At != c.Epoch {
			verdict = fmt.Sprintf("caught at %d", c.At)
		}
		rows = append(rows, []string{c.What, c.Party, strconv.FormatInt(c.Epoch, 10), verdict, text(c.Price), c.How})
	}
	return rows
}

func (r *Result) income() (rows [][]string) {
	for _, i := range r.Income {
		rows = append(rows, []string{i.Party, text(i.Storage), text(i.Access), text(i.Rewards), text(i.Burnt)})
	}
	return rows
}

// sums are both sides of the book, in attoFIL.
func (r *Result) sums() [][]string {
	t := r.Totals
	return [][]string{{"minted", t.Minted.String()}, {"deposited", t.Deposited.String()}, {"available", t.Available.String()},
		{"locked", t.Locked.String()}, {"burnt", t.Burnt.String()}, {"paid out", t.Paid.String()}}
}

// Report returns the result as a page with plots; more may be added to it.
func (r *Result) Report() *report.Report {
	p := report.New("Storage market")
	p.AddFact("Seed", r.Seed)
	p.AddFact("Simulated", fmt.Sprintf("%d days, %d tipsets, %d providers", r.Days, r.Tipsets, r.Providers))
	p.AddFact("Ledger", fmt.Sprintf("balanced, %d entries, log root %s", r.Entries, r.Root))
	p.AddText("Time is simulated by epochs, proofs are real, money is exact. A byte of a sector counts as 2^%d bytes of power.", ScaleBits)
	p.Section("What was proven")
	p.AddTable("Proofs", []string{"what", "count", "bytes"}, [][]string{
		{"sectors sealed, again after faults too", strconv.Itoa(r.Sealed), strconv.FormatInt(r.SealedBytes, 10)},
		{"seal proofs accepted", strconv.Itoa(r.SealProofs), strconv.FormatInt(r.SealProofBytes, 10)},
		{"sectors' window proofs judged", strconv.Itoa(r.PoStChecked), ""},
		{"of them accepted", strconv.Itoa(r.PoStAccepted), strconv.FormatInt(r.PoStBytes, 10)},
		{"leaves opened", strconv.Itoa(r.PoStOpenings), strconv.FormatInt(r.PoStBytesRead, 10)},
		{"VRF proofs of elections verified", strconv.Itoa(r.VRFs), strconv.Itoa(r.VRFs * 96)},
		{"pieces retrieved, checked and paid", strconv.Itoa(r.Retrieved), strconv.FormatInt(r.RetrievedBytes, 10)}})
	p.Section("Faults and cheats")
	p.AddTable("Caught and priced", []string{"what", "party", "epoch", "verdict", "cost (FIL)", "how"}, r.cases())
	r.reportMoney(p)
	r.reportMarket(p)
	return p
}

func (r *Result) reportMoney(p *report.Report) {
	s := r.Series
	p.Section("Money")
	p.AddTable("The book, attoFIL", []string{"class", "sum"}, r.sums())
	line := func(name string, y []float64) report.Line { return report.Line{Name: name, X: s.Day, Y: y} }
	p.AddPlot(report.Plot{Title: "Minted, locked and burnt", X: "day", Y: "FIL", Lines: []report.Line{line("minted", s.Minted), line("locked", s.Locked), line("burnt", s.Burnt)}})
	p.AddPlot(report.Plot{Title: "Base fee by both rules", X: "day", Y: "attoFIL", LogY: true,
		Lines: []report.Line{line("by use of gas", s.ByUse), line("by premium", s.ByBids)}})
	p.AddPlot(report.Plot{Title: "Reward of an epoch", X: "day", Y: "FIL", Lines: []report.Line{line("", s.Reward)}})
	kinds := make([]string, 0, len(r.Fees))
	for kind := range r.Fees {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	var values []float64
	for _, kind := range kinds {
		values = append(values, fil(r.Fees[kind]))
	}
	if len(kinds) > 0 {
		p.AddBars(report.Bars{Title: "Fees and penalties", Y: "FIL", Labels: kinds, Series: []report.Series{{Values: values}}})
	}
}

func (r *Result) reportMarket(p *report.Report) {
	p.Section("Market")
	p.AddTable("Income, FIL", []string{"party", "storage", "access", "block rewards", "burnt"}, r.income())
	var names []string
	series := []report.Series{{Name: "storage"}, {Name: "access"}, {Name: "block rewards"}}
	for _, i := range r.Income {
		names = append(names, i.Party)
		for k, x := range []*big.Int{i.Storage, i.Access, i.Rewards} {
			series[k].Values = append(series[k].Values, fil(x))
		}
	}
	p.AddBars(report.Bars{Title: "Income by source", Y: "FIL", Labels: names, Series: series})
	p.AddPlot(report.Plot{Title: "Power", X: "day", Y: "PiB", Lines: []report.Line{{X: r.Series.Day, Y: r.Series.Power, Step: true}}})
	if len(r.Market) > 0 {
		var x, low, high, mean []float64
		for _, m := range r.Market {
			x, low, high, mean = append(x, float64(m.Epoch)/day), append(low, fil(m.LowAsk)), append(high, fil(m.HighBid)), append(mean, fil(m.Price))
		}
		p.AddPlot(report.Plot{Title: "Price discovery", X: "day", Y: "FIL an epoch", Lines: []report.Line{
			{Name: "lowest ask", X: x, Y: low}, {Name: "highest bid", X: x, Y: high}, {Name: "mean price", X: x, Y: mean}}})
	}
	var rows [][]string
	for _, l := range r.Retention {
		receipt := "none"
		if len(l.Deletion) > 16 {
			receipt = l.Deletion[:16] + "..."
		}
		rows = append(rows, []string{l.Piece, l.Sector, strconv.Itoa(l.Proofs), strconv.Itoa(l.Periods), strconv.FormatInt(l.First, 10),
			strconv.FormatInt(l.Last, 10), l.Outcome, receipt})
	}
	p.Section("Retention")
	p.AddText("Every accepted window proof of each deal's piece, read from the book.")
	p.AddTable("Pieces", []string{"piece", "sector", "proofs", "proving periods", "first epoch", "last epoch", "outcome", "deletion receipt"}, rows)
}
