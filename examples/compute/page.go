package main

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/assaylab/assay/examples/compute/verify"
	"github.com/assaylab/assay/examples/ionet"
	"github.com/assaylab/assay/examples/report"
)

// A nodeFigures is a supplier's public record as JSON.
type nodeFigures struct {
	Name        string  `json:"name"`
	Devices     int     `json:"devices_claimed"`
	Multiplier  float64 `json:"multiplier"`
	StakeNano   int64   `json:"stake_nano"`
	Reliability float64 `json:"reliability"`
	Caught      string  `json:"caught,omitempty"`
	Health      health  `json:"health"`
}

// A figures is all of a run as JSON.
type figures struct {
	Engine    string           `json:"engine"`
	Hours     int              `json:"hours"`
	Seed      uint64           `json:"seed"`
	Emission  string           `json:"emission"`
	Balanced  bool             `json:"ledger_balanced"`
	Entries   uint64           `json:"book_entries"`
	BookRoot  string           `json:"book_root"`
	LogSize   int              `json:"log_entries"`
	Jobs      int              `json:"jobs_verified"`
	Bytes     int              `json:"bytes"`
	Puzzles   int              `json:"puzzles_verified"`
	Refuted   int              `json:"refuted"`
	Rewards   int64            `json:"rewards_nano"`
	Slashed   int64            `json:"slashed_nano"`
	Burnt     int64            `json:"bought_back_and_burnt_nano"`
	Caught    []string         `json:"caught"`
	Soundness []verify.Verdict `json:"soundness"`
	Params    ionet.Params     `json:"declared_parameters"`
	Nodes     []nodeFigures    `json:"nodes"`
}

func (p *peer) figures() nodeFigures {
	return nodeFigures{p.name, p.claimed, float64(p.multiplier) / 1000, p.stake, float64(p.health.reliability()) / 1e6, p.caught, p.health}
}

func (m *market) figures() figures {
	e, s := m.root(), &m.stats
	f := figures{m.Engine, m.hours, m.seed, m.emission, true, e.Entries, hex.EncodeToString(e.Root[:]), len(m.log.lines), s.Jobs, s.Bytes, s.Puzzles, s.Refuted,
		s.Rewards, s.Slashed, s.BoughtBack, s.Caught, verdicts(), m.params, nil}
	for _, p := range m.nodes {
		f.Nodes = append(f.Nodes, p.figures())
	}
	return f
}

// page is the run as a report.
func (m *market) page() *report.Report {
	r, e, s := report.New("Compute market"), m.root(), &m.stats
	r.AddFact("engine", m.Engine)
	r.AddFact("seed", m.seed)
	r.AddFact("hours", m.hours)
	r.AddFact("emission policy", m.emission)
	r.AddFact("book", fmt.Sprintf("%d entries, root %x, balanced", e.Entries, e.Root))
	r.AddFact("verified", fmt.Sprintf("%d jobs, %d puzzles, %d bytes; %d refuted", s.Jobs, s.Puzzles, s.Bytes, s.Refuted))
	r.Section("What is shown, and what is not")
	var rows [][]string
	for _, v := range verdicts() {
		rows = append(rows, []string{v.Check, v.Bound, v.Limits})
	}
	r.AddTable("Soundness", []string{"check", "bound", "does not show"}, rows)
	r.Section("Cheats caught")
	for _, c := range s.Caught {
		r.AddText("%s", c)
	}
	m.pageHealth(r)
	m.pageMoney(r)
	return r
}

func (m *market) pageHealth(r *report.Report) {
	r.Section("Public health records")
	var rows [][]string
	var names []string
	var reliability []float64
	for _, p := range m.nodes {
		h := &p.health
		names, reliability = append(names, p.name), append(reliability, float64(h.reliability())/1e6)
		rows = append(rows, []string{p.name, strconv.Itoa(p.claimed), strconv.Itoa(h.DownFor), fmt.Sprintf("%.1f", h.Down), fmt.Sprintf("%.1f", h.Up), strconv.Itoa(h.OK),
			strconv.Itoa(h.Failed), strconv.Itoa(h.Solved), strconv.Itoa(h.Missed), fmt.Sprintf("%.4f", float64(h.reliability())/1e6)})
	}
	r.AddTable("Nodes", []string{"node", "devices", "hours down", "MB/s down", "MB/s up", "tasks ok", "failed", "puzzles", "missed", "reliability"}, rows)
	r.AddBars(report.Bars{Title: "Reliability", Y: "share of tasks and puzzles", Labels: names, Series: []report.Series{{Name: "reliability", Values: reliability}}})
}

func (m *market) pageMoney(r *report.Report) {
	r.Section("Economy")
	line := report.Line{Name: "emitted, million IO"}
	sum := 0.0
	for i, x := range m.months {
		sum += float64(x) / nano / 1e6
		line.X, line.Y = append(line.X, float64(i+1)), append(line.Y, sum)
	}
	r.AddPlot(report.Plot{Title: "Emission", X: "month", Y: "million IO", Lines: []report.Line{line}})
	var rows [][]string
	for _, g := range m.params.Groups {
		rows = append(rows, []string{g.Name, strconv.FormatInt(g.Percent, 10), strconv.FormatInt(ionet.LaunchSupply/100*g.Percent, 10)})
	}
	r.AddTable("Launch supply (shares are declared by us)", []string{"group", "percent", "IO"}, rows)
	rows = nil
	for _, t := range m.book.Totals() {
		rows = append(rows, []string{t.Asset, t.Minted.String(), t.Deposited.String(), t.Available.String(), t.Locked.String(), t.Burnt.String(), t.Paid.String()})
	}
	r.AddTable("Totals, in smallest units", []string{"asset", "minted", "deposited", "available", "locked", "burnt", "paid"}, rows)
	rows = nil
	for _, l := range m.book.Statement("") {
		rows = append(rows, []string{l.Party, l.Asset, l.Kind, strconv.Itoa(l.Count), l.In.String(), l.Out.String()})
	}
	r.AddTable("Statements", []string{"party", "asset", "kind", "entries", "in", "out"}, rows)
}
