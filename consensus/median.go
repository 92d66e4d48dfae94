package consensus

import "github.com/assaylab/assay/consensus/fixed"

// An electorate is the staked rows of a median: their stakes normalised again, and the sums the search starts from.
type electorate struct {
	row      []int
	stake    []fixed.I32F32
	sum      fixed.I32F32 // wrapping sum of stake
	minority fixed.I32F32 // sum - majority, saturating
}

func newElectorate(stake []fixed.I32F32, majority fixed.I32F32) electorate {
	var e electorate
	for i, s := range stake {
		if s > 0 {
			e.row, e.stake = append(e.row, i), append(e.stake, s)
		}
	}
	normalize(e.stake)
	e.sum = fixed.Sum(e.stake)
	e.minority = e.sum.SatSub(majority)
	return e
}

// Median returns for each of n columns the stake-weighted median of the rows that hold stake (weighted_median_col_sparse).
// Missing entries score 0; of a repeated column the last entry counts. Without stake every median is 0.
func (m *Sparse) Median(stake []fixed.I32F32, n int, majority fixed.I32F32) []fixed.I32F32 {
	e := newElectorate(stake, majority)
	k := len(e.row)
	score := make([]fixed.I32F32, n*k)
	for r, i := range e.row {
		col, val := m.Row(i)
		for x, j := range col {
			if int(j) < n {
				score[int(j)*k+r] = val[x]
			}
		}
	}
	out, p := make([]fixed.I32F32, n), newPartition(k)
	for j := range out {
		out[j] = p.median(e.stake, score[j*k:(j+1)*k], e.minority, 0, e.sum)
	}
	return out
}

// Median returns for each column the stake-weighted median of the rows that hold stake (weighted_median_col).
func (m *Dense) Median(stake []fixed.I32F32, majority fixed.I32F32) []fixed.I32F32 {
	e := newElectorate(stake, majority)
	score, p := make([]fixed.I32F32, len(e.row)), newPartition(len(e.row))
	out := make([]fixed.I32F32, m.Cols)
	for j := range out {
		for r, i := range e.row {
			score[r] = m.Val[i*m.Cols+j]
		}
		out[j] = p.median(e.stake, score, e.minority, 0, e.sum)
	}
	return out
}

// WeightedMedian returns the score at which the stake below passes minority, by the chain's partitioning loop with all
// indexes in play, a lower end of 0 and an upper end of hi. Stake and score have one length.
func WeightedMedian(stake, score []fixed.I32F32, minority, hi fixed.I32F32) fixed.I32F32 {
	return newPartition(len(stake)).median(stake, score, minority, 0, hi)
}

// A partition is the memory of the median's loop.
type partition struct{ set, lower, upper []int32 }

func newPartition(k int) *partition {
	return &partition{make([]int32, 0, k), make([]int32, 0, k), make([]int32, 0, k)}
}

// median follows weighted_median of epoch/math.rs comparison by comparison; fast.go names when a search by value may stand
// in for it.
func (p *partition) median(stake, score []fixed.I32F32, minority, lo, hi fixed.I32F32) fixed.I32F32 {
	p.set = p.set[:0]
	for i := range stake {
		p.set = append(p.set, int32(i))
	}
	for range len(stake) + 1 {
		switch len(p.set) {
		case 0:
			return 0
		case 1:
			return score[p.set[0]]
		}
		pivot := score[p.set[len(p.set)/2]]
		below, above := p.split(stake, score, pivot)
		switch {
		case minority < lo.SatAdd(below) && len(p.lower) > 0:
			p.set, p.lower = p.lower, p.set
			hi = lo.SatAdd(below)
		case hi.SatSub(above) <= minority && len(p.upper) > 0:
			p.set, p.upper = p.upper, p.set
			lo = hi.SatSub(above)
		default:
			return pivot
		}
	}
	return 0
}

// split fills lower and upper with the set's members on either side of pivot and returns their stakes.
func (p *partition) split(stake, score []fixed.I32F32, pivot fixed.I32F32) (below, above fixed.I32F32) {
	p.lower, p.upper = p.lower[:0], p.upper[:0]
	for _, i := range p.set {
		switch s := score[i]; {
		case s < pivot:
			below = below.SatAdd(stake[i])
			p.lower = append(p.lower, i)
		case s > pivot:
			above = above.SatAdd(stake[i])
			p.upper = append(p.upper, i)
		}
	}
	return below, above
}
