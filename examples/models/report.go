package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
	"github.com/assaylab/assay/examples/bittensor/arena"
	"github.com/assaylab/assay/examples/bittensor/market"
	"github.com/assaylab/assay/examples/bittensor/replay"
	"github.com/assaylab/assay/examples/internal/cli"
	"github.com/assaylab/assay/examples/report"
)

// write writes the report and the tables and prints their hashes.
func (r *results) write(w io.Writer) error {
	doc := r.document()
	names := []string{"report.html", "report.json", "epochs.csv", "scores.csv", "adversaries.csv", "payouts.csv", "journal.csv"}
	fill := []func(io.Writer) error{doc.WriteHTML, doc.WriteJSON, r.epochTable, r.scoreTable, r.outcomeTable,
		func(w io.Writer) error { return r.market.Economy.Book.WriteStatement(w, "") }, r.market.Economy.Book.WriteEntries}
	for _, m := range r.market.Subnets {
		state := sim.Clone(&m.Chain.State)
		state.RaoEmission = m.Records[len(m.Records)-1].Pending
		names = append(names, m.Flavour+".snapshot.json", m.Flavour+".weights.scale", m.Flavour+".bonds.scale")
		fill = append(fill, func(w io.Writer) error { return replay.Write(w, state) },
			func(w io.Writer) error { return replay.WriteRows(w, &state.Weights, state.N()) },
			func(w io.Writer) error { return replay.WriteRows(w, &state.Bonds, state.N()) })
	}
	for i, name := range names {
		if err := cli.WriteFile(filepath.Join(r.out, name), fill[i]); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return files(w, r.out, names)
}

func table(w io.Writer, rows [][]string) error { return csv.NewWriter(w).WriteAll(rows) }

func (r *results) epochTable(w io.Writer) error {
	rows := [][]string{{"subnet", "epoch", "block", "uid", "name", "permit", "consensus", "incentive", "dividends", "validator_trust", "emission_rao", "burn_rao", "pool_tao_rao", "pool_alpha_rao", "tao_issued_rao"}}
	for _, s := range r.market.Subnets {
		for _, x := range s.Records {
			for uid, name := range x.Names {
				rows = append(rows, cells(s.Flavour, x.Epoch, x.Block, uid, name, x.Permit[uid], x.Consensus[uid], x.Incentive[uid], x.Dividends[uid], x.Trust[uid],
					x.Emission[uid], x.Burn, x.PoolTao, x.PoolAlpha, x.Issuance))
			}
		}
	}
	return table(w, rows)
}

func (r *results) scoreTable(w io.Writer) error {
	rows := [][]string{{"subnet", "epoch", "validator", "miner", "asked", "score", "failure"}}
	for _, s := range r.market.Subnets {
		for _, x := range s.Records {
			for _, y := range x.Scores {
				rows = append(rows, cells(s.Flavour, x.Epoch, y.Validator, y.Miner, y.Asked, y.Value, y.Failure))
			}
		}
	}
	return table(w, rows)
}

func (r *results) outcomeTable(w io.Writer) error {
	rows := [][]string{{"adversary", "bonds", "honest_rao", "attack_rao", "gain_rao", "gain_bp", "validators_bp", "servers_bp", "others_bp"}}
	for _, o := range r.outcomes {
		x := o.Total()
		rows = append(rows, cells(o.Adversary, o.Mode, x.Honest, x.Attack, x.Gain(), x.Basis(), o.Validators.Basis(), o.Servers.Basis(), o.Others.Basis()))
	}
	return table(w, rows)
}

func cells(values ...any) (out []string) {
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// document fills the report.
func (r *results) document() *report.Report {
	d := report.New("AI-model marketplace")
	d.AddFact("command", fmt.Sprintf("go run ./examples/models -seed %d -epochs %d -mode %s", r.seed, r.settings.epochs, r.mode))
	d.AddFact("chain's rules", consensus.Release)
	d.AddFact("ledger", fmt.Sprintf("balanced, %d entries", r.market.Economy.Book.Entries()))
	d.AddFact("requests", r.market.Served)
	d.AddFact("faulty miners", fmt.Sprintf("%d scores of others unchanged", r.compared))
	d.Section("What happened")
	var rows [][]string
	for i, e := range r.market.Events {
		rows = append(rows, cells(i, e))
	}
	d.AddTable("Events, in order", []string{"", "event"}, rows)
	d.AddTable("Faulty miners harm themselves only: what they earned, beside the mean of those that work", faultColumns, faults(r.market))
	for _, s := range r.market.Subnets {
		subnetSection(d, s)
	}
	r.money(d)
	r.outcomeSection(d)
	return d
}

// subnetSection shows weights, bonds and what came of them over the epochs.
func subnetSection(d *report.Report, s *market.Subnet) {
	d.Section(fmt.Sprintf("Subnet %d: %s", s.Chain.Netuid, s.Flavour))
	last := s.Records[len(s.Records)-1]
	var rows [][]string
	for uid, name := range last.Names {
		rows = append(rows, cells(uid, name, role(s, name), last.Permit[uid], last.Trust[uid], last.Consensus[uid], last.Incentive[uid], last.Dividends[uid], last.Emission[uid]))
	}
	d.AddTable("Last epoch (scores of 65535, emission in rao)", []string{"uid", "name", "does", "permit", "validator trust", "consensus", "incentive", "dividends", "emission"}, rows)
	d.AddHeatmap(heat("Weights set (rows: validators, columns: uids)", s, &s.Chain.State.Weights))
	d.AddHeatmap(heat("Bonds carried (rows: validators, columns: uids)", s, &s.Chain.State.Bonds))
	d.AddPlot(lines("Incentive", s, func(x *market.Record) []uint16 { return x.Incentive }))
	d.AddPlot(lines("Dividends", s, func(x *market.Record) []uint16 { return x.Dividends }))
	d.AddPlot(lines("Validator trust", s, func(x *market.Record) []uint16 { return x.Trust }))
	burn := report.Line{Name: "registration, TAO", Step: true}
	for _, x := range s.Records {
		burn.X, burn.Y = append(burn.X, float64(x.Block)), append(burn.Y, float64(x.Burn)/1e9)
	}
	d.AddPlot(report.Plot{Title: "Price of a registration", X: "block", Y: "TAO", Lines: []report.Line{burn}})
}

// heat draws the rows of validators that have any.
func heat(title string, s *market.Subnet, rows *consensus.Rows) report.Heatmap {
	h := report.Heatmap{Title: title, X: "uid", Y: "validator"}
	n := s.Chain.State.N()
	for j := range n {
		h.Columns = append(h.Columns, strconv.Itoa(j))
	}
	for i := range n {
		col, val := rows.Row(i)
		if len(col) == 0 {
			continue
		}
		line := make([]float64, n)
		for k, j := range col {
			line[j] = float64(val[k]) / 65535
		}
		h.Rows, h.Values = append(h.Rows, strconv.Itoa(i)), append(h.Values, line)
	}
	if len(h.Values) == 0 {
		h.Rows, h.Values = []string{"none"}, [][]float64{make([]float64, n)}
	}
	return h
}

// lines draws a score of every uid that has any, over the epochs.
func lines(title string, s *market.Subnet, of func(*market.Record) []uint16) report.Plot {
	p := report.Plot{Title: title, X: "epoch", Y: "of 1"}
	for uid := range s.Chain.State.N() {
		l := report.Line{Name: "uid " + strconv.Itoa(uid)}
		some := false
		for i := range s.Records {
			v := of(&s.Records[i])[uid]
			some = some || v > 0
			l.X, l.Y = append(l.X, float64(s.Records[i].Epoch)), append(l.Y, float64(v)/65535)
		}
		if some {
			p.Lines = append(p.Lines, l)
		}
	}
	if len(p.Lines) == 0 {
		p.Lines = []report.Line{{Name: "nobody", X: []float64{0}, Y: []float64{0}}}
	}
	return p
}

// money shows the book.
func (r *results) money(d *report.Report) {
	d.Section("Money")
	d.AddText("Every amount is in whole rao. The book balances for every asset: locked + burnt + paid + available = minted + deposited. The whole emission schedule mints %d rao in 30 phases.", r.minted)
	var rows [][]string
	for _, x := range r.market.Economy.Book.Totals() {
		rows = append(rows, cells(x.Asset, x.Minted, x.Deposited, x.Available, x.Locked, x.Burnt, x.Paid))
	}
	d.AddTable("Assets", []string{"asset", "minted", "deposited", "available", "locked", "burnt", "paid"}, rows)
	rows = nil
	for _, l := range r.market.Economy.Book.Statement("") {
		rows = append(rows, cells(l.Party, l.Asset, l.Kind, l.Count, l.In, l.Out, l.Burnt))
	}
	d.AddTable("Payouts of every party", []string{"party", "asset", "for", "entries", "in", "out", "of which burnt"}, rows)
	issued := report.Line{Name: "issued"}
	for _, x := range r.market.Subnets[0].Records {
		issued.X, issued.Y = append(issued.X, float64(x.Block)), append(issued.Y, float64(x.Issuance)/1e9)
	}
	d.AddPlot(report.Plot{Title: "TAO issued", X: "block", Y: "TAO", Lines: []report.Line{issued}})
	rows = nil
	for i, c := range r.market.Chains {
		rows = append(rows, cells(i, c[0], c[1], c[2]))
	}
	d.AddTable("Users' chained requests: scores of 65535", []string{"request", "image", "text", "audio"}, rows)
}

// outcomeSection shows what each adversary gained or lost.
func (r *results) outcomeSection(d *report.Report) {
	d.Section("Adversaries")
	d.AddText("Each is played for 100 epochs against a run of the same seed in which it works. Gains are of all its neurons' emission, miners of its own included.")
	var rows [][]string
	var labels []string
	series := map[sim.Mode]*report.Series{}
	modes := []sim.Mode{sim.Yuma2, sim.Yuma3, sim.Yuma3Liquid}
	for _, m := range modes {
		series[m] = &report.Series{Name: m.String()}
	}
	for _, o := range r.outcomes {
		x := o.Total()
		rows = append(rows, cells(o.Adversary, o.Mode, x.Honest, x.Attack, x.Gain(), percent(x), percent(o.Validators), percent(o.Others)))
		if !slices.Contains(labels, short(o)) {
			labels = append(labels, short(o))
		}
		series[o.Mode].Values = append(series[o.Mode].Values, min(100, float64(x.Basis())/100))
	}
	d.AddTable("Gain or loss", []string{"adversary", "bonds", "honest rao", "attack rao", "gain rao", "gain", "its validators", "others"}, rows)
	b := report.Bars{Title: "Gain in percent of the honest run (cut at +100)", Y: "%", Labels: labels}
	for _, m := range modes {
		b.Series = append(b.Series, *series[m])
	}
	d.AddBars(b)
}

// short is a label of an adversary: its number in the table.
func short(o arena.Outcome) string {
	i := slices.IndexFunc(arena.Adversaries(), func(a arena.Adversary) bool { return a.Name == o.Adversary })
	return strconv.Itoa(i + 1)
}
