package ledger

import (
	"cmp"
	"encoding/csv"
	"io"
	"math/big"
	"slices"
	"strconv"
)

// A Line is one kind of movement of one party in one asset. Own movements between two of the party's accounts count in
// neither direction.
type Line struct {
	Party, Asset, Kind string
	Count              int
	In, Out, Burnt     *big.Int // Burnt is the part of Out that was burnt
}

// Statement returns the lines of a party, or of all parties for "", by party, asset and kind.
func (b *Book) Statement(party string) []Line {
	b.mu.RLock()
	defer b.mu.RUnlock()
	type key struct{ party, asset, kind string }
	lines := map[key]*Line{}
	line := func(p string, e *Entry) *Line {
		k := key{p, e.From.Asset, e.Kind}
		if lines[k] == nil {
			lines[k] = &Line{k.party, k.asset, k.kind, 0, new(big.Int), new(big.Int), new(big.Int)}
		}
		return lines[k]
	}
	for i := range b.entries {
		e := &b.entries[i]
		if e.From.Party != e.To.Party || e.To.Class == Burnt || e.From.Class.source() {
			if from := e.From.Party; !e.From.Class.source() && (party == "" || party == from) {
				l := line(from, e)
				l.Count++
				l.Out.Add(l.Out, e.Amount)
				if e.To.Class == Burnt {
					l.Burnt.Add(l.Burnt, e.Amount)
				}
			}
			if to := e.To.Party; e.To.Class != Burnt && (party == "" || party == to) {
				l := line(to, e)
				l.Count++
				l.In.Add(l.In, e.Amount)
			}
		}
	}
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(x, y Line) int {
		return cmp.Or(cmp.Compare(x.Party, y.Party), cmp.Compare(x.Asset, y.Asset), cmp.Compare(x.Kind, y.Kind))
	})
	return out
}

// WriteStatement writes the statement as CSV, for a tax office's spreadsheet: amounts in the asset's smallest unit.
func (b *Book) WriteStatement(w io.Writer, party string) error {
	c := csv.NewWriter(w)
	c.Write([]string{"party", "asset", "kind", "entries", "in", "out", "of which burnt"})
	for _, l := range b.Statement(party) {
		c.Write([]string{l.Party, l.Asset, l.Kind, strconv.Itoa(l.Count), l.In.String(), l.Out.String(), l.Burnt.String()})
	}
	c.Flush()
	return c.Error()
}

// WriteEntries writes the whole journal as CSV, in order.
func (b *Book) WriteEntries(w io.Writer) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c := csv.NewWriter(w)
	c.Write([]string{"number", "epoch", "kind", "from", "to", "asset", "amount", "memo"})
	for i, e := range b.entries {
		c.Write([]string{strconv.Itoa(i), strconv.FormatInt(e.Epoch, 10), e.Kind, e.From.Party + "/" + e.From.Class.String(),
			e.To.Party + "/" + e.To.Class.String(), e.From.Asset, e.Amount.String(), e.Memo})
	}
	c.Flush()
	return c.Error()
}
