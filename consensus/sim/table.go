package sim

import (
	"encoding/csv"
	"fmt"
	"io"
)

// A Table is a named list of columns and its rows. Values print as fmt.Sprint does; fixed-point numbers are their bits.
type Table struct {
	Columns []string
	Rows    [][]any
}

// Add appends a row.
func (t *Table) Add(values ...any) { t.Rows = append(t.Rows, values) }

// WriteCSV writes the table with its header. Errors: a row with another number of values than there are columns, or w's.
func (t *Table) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.Columns); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return fmt.Errorf("sim: row %d has %d values, want %d", i, len(row), len(t.Columns))
		}
		line := make([]string, len(row))
		for k, v := range row {
			line[k] = fmt.Sprint(v)
		}
		if err := c.Write(line); err != nil {
			return fmt.Errorf("sim: %w", err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}

// EpochTable returns a table for what Record adds: a line an epoch and neuron.
func EpochTable() *Table {
	return &Table{Columns: []string{
		"epoch", "block", "uid", "stake", "consensus", "validator_trust", "incentive", "dividends", "server_emission",
		"validator_emission", "emission", "validator_permit",
	}}
}

// Record adds one line for each neuron of an epoch.
func (t *Table) Record(e Epoch) {
	o := e.Output
	for i := range o.Stake {
		t.Add(e.Index, e.State.CurrentBlock, i, int64(o.Stake[i]), int64(o.Consensus[i]), int64(o.ValidatorTrust[i]), int64(o.Incentive[i]),
			int64(o.Dividends[i]), o.ServerEmission[i], o.ValidatorEmission[i], o.Emission[i], o.NewValidatorPermit[i])
	}
}
