package consensus_test

import (
	"slices"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

// TestSetRow replaces rows of every length at every place and compares with rows appended one after the other.
func TestSetRow(t *testing.T) {
	r := &sim.Random{State: 3}
	draw := func(n int) []uint16 {
		out := make([]uint16, n)
		for k := range out {
			out[k] = uint16(r.Next())
		}
		return out
	}
	want := make([][2][]uint16, 6)
	var got consensus.Rows
	for range 500 {
		i, n := int(r.Below(6)), int(r.Below(5))
		want[i] = [2][]uint16{draw(n), draw(n)}
		got.SetRow(i, want[i][0], want[i][1])
		var whole consensus.Rows
		for _, row := range want[:got.Len()] {
			whole.Append(row[0], row[1])
		}
		if !slices.Equal(got.Start, whole.Start) || !slices.Equal(got.Col, whole.Col) || !slices.Equal(got.Val, whole.Val) {
			t.Fatalf("row %d of %d entries: got %+v, want %+v", i, n, got, whole)
		}
	}
	var none consensus.Rows
	if none.Pad(0); none.Len() != 0 || len(none.Start) != 0 {
		t.Errorf("padded to no rows: %+v", none)
	}
	if none.Pad(3); none.Len() != 3 || len(none.Start) != 4 {
		t.Errorf("padded to three rows: %+v", none)
	}
}
