package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/examples/evm"
	"github.com/assaylab/assay/examples/report"
	"github.com/assaylab/assay/merkle"
)

// A cost is what a chain carries and pays for the PoSt responses of an epoch, by the size of the network.
type cost struct {
	Sectors    int     `json:"sectors"`
	Commitment float64 `json:"commitment_bytes_a_sector"` // what the chain keeps
	CommitGas  float64 `json:"commit_gas_a_sector"`
	Sample     int     `json:"sampled"` // responses shown by one multiproof
	Bytes      float64 `json:"sample_bytes_a_sector"`
	Gas        float64 `json:"sample_gas_a_sector"`
	OneBytes   float64 `json:"sample_bytes_a_response"`
	OneGas     float64 `json:"sample_gas_a_response"`
}

type costTable []cost

// sampled is the number of responses that are looked at in an epoch at most: with 5 % of them bad, none is met in 0.6 % of
// epochs.
const sampled = 100

// account commits to the responses.
var account = [20]byte{19: 1}

// responseCosts measures 1, 100 and 10,000 sectors in an EVM in this process.
func responseCosts(ctx context.Context) (costTable, error) {
	chain, err := evm.NewChain(account)
	if err != nil {
		return nil, err
	}
	var t costTable
	for i, n := range []int{1, 100, 10_000} {
		c, err := measure(ctx, chain, uint64(i+1), n)
		if err != nil {
			return nil, err
		}
		t = append(t, c)
	}
	return t, nil
}

// measure commits to an epoch of n responses and shows a sample of them.
func measure(ctx context.Context, chain *evm.Chain, epoch uint64, n int) (c cost, err error) {
	leaves := make([]merkle.Digest, n)
	for i := range leaves {
		leaves[i] = envelope.Response{Provider: 1000, Sector: uint64(i), Proof: fmt.Append(nil, "response ", i)}.Leaf(epoch)
	}
	e, err := envelope.CommitEpoch(ctx, epoch, leaves)
	if err != nil {
		return c, err
	}
	k := min(n, sampled)
	places := make([]uint64, k)
	for i := range places {
		places[i] = uint64(i * n / k)
	}
	proof, err := e.Prove(ctx, places)
	if err != nil {
		return c, err
	}
	if err := envelope.VerifyEpoch(e.Commitment(), epoch, e.Sectors, e.Root(), proof); err != nil {
		return c, err
	}
	committing := evm.CommitCalldata(epoch, e.Commitment())
	_, commit, err := chain.Call(committing)
	if err != nil {
		return c, err
	}
	data := evm.EpochCalldata(account, epoch, e.Sectors, proof)
	ok, show, err := chain.Call(data)
	if err == nil && !ok {
		err = errors.New("it returned false")
	}
	if err != nil {
		return c, fmt.Errorf("the contract refuses a good proof of %d of %d responses: %w", k, n, err)
	}
	commit += evm.TransactionGas + evm.CalldataGas(committing)
	show += evm.TransactionGas + evm.CalldataGas(data)
	all, some := float64(n), float64(k)
	return cost{n, 32 / all, float64(commit) / all, k, float64(len(data)) / all, float64(show) / all, float64(len(data)) / some, float64(show) / some}, nil
}

var costColumns = []string{"sectors", "kept: bytes a sector", "gas a sector", "sampled", "shown: bytes a sector", "gas a sector", "bytes a response", "gas a response"}

func (t costTable) rows() (rows [][]string) {
	for _, c := range t {
		row := []string{fmt.Sprint(c.Sectors), fmt.Sprintf("%.4f", c.Commitment), fmt.Sprintf("%.1f", c.CommitGas), fmt.Sprint(c.Sample)}
		for _, x := range []float64{c.Bytes, c.Gas, c.OneBytes, c.OneGas} {
			row = append(row, fmt.Sprintf("%.1f", x))
		}
		rows = append(rows, row)
	}
	return rows
}

// write prints the table.
func (t costTable) write(w io.Writer) error {
	fmt.Fprintln(w, "PoSt responses of an epoch under one root, checked by a contract in an EVM:")
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{costColumns}, t.rows()...) {
		for _, cell := range row {
			fmt.Fprint(out, cell, "\t")
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out)
	return out.Flush()
}

// add appends the table to a report.
func (t costTable) add(r *report.Report) {
	r.Section("What a chain must carry")
	r.AddText("All PoSt responses of an epoch lie under one root, which is all that a chain keeps. Gas is that of the contract in examples/evm, measured in go-ethereum's EVM, with call data and 21,000 a transaction.")
	r.AddTable("Bytes and gas", costColumns, t.rows())
	var x, kept, shown []float64
	for _, c := range t {
		x, kept, shown = append(x, float64(c.Sectors)), append(kept, c.CommitGas), append(shown, c.Gas)
	}
	r.AddPlot(report.Plot{Title: "Gas a sector and epoch", X: "sectors under one root", Y: "gas", LogX: true, LogY: true,
		Lines: []report.Line{{Name: "commitment", X: x, Y: kept}, {Name: "a sample of at most 100 responses", X: x, Y: shown}}})
}
