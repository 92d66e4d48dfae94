package consensus_test

import (
	"fmt"
	"slices"
	"sort"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

// permutation draws to[i], the new uid of i.
func permutation(r *sim.Random, n int) []int {
	to := make([]int, n)
	for i := range to {
		to[i] = i
	}
	for i := n - 1; i > 0; i-- {
		k := int(r.Below(uint64(i + 1)))
		to[i], to[k] = to[k], to[i]
	}
	return to
}

func relabel(s *consensus.State, to []int) *consensus.State {
	m := sim.Clone(s)
	from := make([]int, len(to))
	for i, k := range to {
		from[k] = i
		m.Stake[k], m.LastUpdate[k], m.BlockAtRegistration[k] = s.Stake[i], s.LastUpdate[i], s.BlockAtRegistration[i]
		m.ValidatorPermit[k] = s.ValidatorPermit[i]
	}
	m.Weights, m.Bonds = consensus.Rows{}, consensus.Rows{}
	for k := range to {
		for _, x := range []struct{ dst, src *consensus.Rows }{{&m.Weights, &s.Weights}, {&m.Bonds, &s.Bonds}} {
			col, val := x.src.Row(from[k])
			x.dst.Append(sortedRow(col, val, to))
		}
	}
	return m
}

func sortedRow(col, val []uint16, to []int) ([]uint16, []uint16) {
	at := map[int]uint16{}
	var keys []int
	for k, j := range col {
		at[to[j]] = val[k]
		keys = append(keys, to[j])
	}
	sort.Ints(keys)
	var c, v []uint16
	for _, k := range keys {
		c, v = append(c, uint16(k)), append(v, at[k])
	}
	return c, v
}

func relabelled(got, want *consensus.Output, to []int) error {
	for i, k := range to {
		if got.Consensus[k] != want.Consensus[i] || got.Incentive[k] != want.Incentive[i] || got.Dividends[k] != want.Dividends[i] ||
			got.Emission[k] != want.Emission[i] || got.ValidatorTrust[k] != want.ValidatorTrust[i] || got.NewValidatorPermit[k] != want.NewValidatorPermit[i] {
			return fmt.Errorf("uid %d moved to %d: outputs differ", i, k)
		}
		col, val := want.Bonds.Row(i)
		col, val = sortedRow(col, val, to)
		if c, v := got.Bonds.Row(k); !slices.Equal(c, col) || !slices.Equal(v, val) {
			return fmt.Errorf("uid %d moved to %d: bonds differ", i, k)
		}
	}
	return nil
}
