package main

import (
	"math/bits"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

func portMedianSparse(stake []num, m [][]pair, n int, majority num) []num {
	var use []num
	for _, v := range stake {
		if v > 0 {
			use = append(use, v)
		}
	}
	portNormalize(use)
	sum := portSum(use)
	minority := sum.SatSub(majority)
	index := make([]int, len(use))
	for i := range index {
		index[i] = i
	}
	score := make([][]num, n)
	for j := range score {
		score[j] = make([]num, len(use))
	}
	k := 0
	for i, row := range m {
		if stake[i] > 0 {
			for _, p := range row {
				score[p.col][k] = p.val
			}
			k++
		}
	}
	out := make([]num, 0, n)
	for _, column := range score {
		out = append(out, portMedian(use, column, index, minority, 0, sum))
	}
	return out
}

func portMedian(stake, score []num, partition []int, minority, lo, hi num) num {
	current := append([]int(nil), partition...)
	var lower, upper []int
	for range len(partition) + 1 {
		switch len(current) {
		case 0:
			return 0
		case 1:
			return score[current[0]]
		}
		pivot := score[current[len(current)/2]]
		var loStake, hiStake num
		for _, i := range append([]int(nil), current...) {
			switch {
			case score[i] == pivot:
			case score[i] < pivot:
				loStake = loStake.SatAdd(stake[i])
				lower = append(lower, i)
			default:
				hiStake = hiStake.SatAdd(stake[i])
				upper = append(upper, i)
			}
		}
		switch {
		case minority < lo.SatAdd(loStake) && len(lower) > 0:
			current = append([]int(nil), lower...)
			hi = lo.SatAdd(loStake)
		case hi.SatSub(hiStake) <= minority && len(upper) > 0:
			current = append([]int(nil), upper...)
			lo = hi.SatSub(hiStake)
		default:
			return pivot
		}
		lower, upper = lower[:0], upper[:0]
	}
	return 0
}

func portEMA(fresh, old [][]pair, alpha num) [][]pair {
	n, beta := len(fresh), fixed.One.SatSub(alpha)
	out := make([][]pair, 0, n)
	for i, row := range fresh {
		acc := make([]num, n)
		for _, p := range row {
			acc[p.col] = acc[p.col].SatAdd(alpha.SatMul(p.val))
		}
		for _, p := range old[i] {
			acc[p.col] = acc[p.col].SatAdd(beta.SatMul(p.val))
		}
		var kept []pair
		for j, v := range acc {
			if v > 0 {
				kept = append(kept, pair{uint16(j), v})
			}
		}
		out = append(out, kept)
	}
	return out
}

func portBondsSparse(s *consensus.State, w, b [][]pair, agreed []num) [][]pair {
	some := false
	for _, c := range agreed {
		if c != 0 {
			some = true
			break
		}
	}
	if !s.LiquidAlpha || !some {
		return portEMA(w, b, portAlpha(s))
	}
	l := newPortLiquid(s)
	alphas := make([][]num, 0, len(w))
	for i := range w {
		row, x, y := make([]num, 0, len(w[i])), 0, 0
		for j, c := range agreed {
			var weight, bond num
			weight, x = portPeek(w[i], x, uint16(j))
			bond, y = portPeek(b[i], y, uint16(j))
			row = append(row, l.alpha(c, weight, bond))
		}
		alphas = append(alphas, row)
	}
	return portEMAAlpha(w, b, alphas)
}

// portPeek advances a row's pointer to column j and returns the value there.
func portPeek(row []pair, at int, j uint16) (num, int) {
	for at < len(row) {
		switch {
		case row[at].col < j:
			at++
			continue
		case row[at].col == j:
			return row[at].val, at
		}
		break
	}
	return 0, at
}

func portEMAAlpha(w, b [][]pair, alphas [][]num) [][]pair {
	out := make([][]pair, 0, len(w))
	for i, row := range w {
		decayed := make([]num, len(alphas[i]))
		for _, p := range b[i] {
			decayed[p.col] = fixed.One.SatSub(alphas[i][p.col]).SatMul(p.val)
		}
		var kept []pair
		for _, p := range row {
			grown := max(0, alphas[i][p.col].SatMul(p.val))
			if v := min(fixed.One, decayed[p.col].SatAdd(grown)); v > 0 {
				kept = append(kept, pair{p.col, v})
			}
		}
		out = append(out, kept)
	}
	return out
}

// portLiquid is alpha_sigmoid.
type portLiquid struct{ low, high, steepness num }

func newPortLiquid(s *consensus.State) portLiquid {
	return portLiquid{fixed.ProportionU16(s.AlphaLow), fixed.ProportionU16(s.AlphaHigh), fixed.FromInt(int64(s.AlphaSigmoidSteepness))}
}

func (l *portLiquid) alpha(c, weight, bond num) num {
	diff := bond.SatSub(weight).Clamp(0, fixed.One)
	if weight >= bond {
		diff = weight.SatSub(c).Clamp(0, fixed.One)
	}
	slope, _ := l.steepness.SatDiv(fixed.FromInt(-100))
	e := portExpSafe(slope.SatMul(diff.SatSub(fixed.Half)))
	sigmoid, _ := fixed.One.SatDiv(fixed.One.SatAdd(e))
	return l.low.SatAdd(sigmoid.SatMul(l.high.SatSub(l.low))).Clamp(l.low, l.high)
}

func portExpSafe(x num) num {
	x = x.Clamp(fixed.FromInt(-20), fixed.FromInt(20))
	if v, ok := portExp(x); ok {
		return v
	}
	if x <= 0 {
		return 0
	}
	return fixed.MaxI32F32
}

// portExp is transcendental::exp with all its terms.
func portExp(x num) (num, bool) {
	switch x {
	case 0:
		return fixed.One, true
	case fixed.One:
		return 22802600 << 9, true
	}
	neg := x < 0
	if neg {
		x = -x
	}
	result, term := x+fixed.One, x
	for i := int64(2); i < 32; i++ {
		var ok bool
		if term, ok = term.CheckedMul(x); !ok {
			return 0, false
		}
		if term, ok = portDivInt(term, uint64(i)); !ok {
			return 0, false
		}
		if result, ok = result.CheckedAdd(term); !ok {
			return 0, false
		}
	}
	if neg {
		return fixed.One.CheckedDiv(result)
	}
	return result, true
}

// portDivInt divides by a whole number as the chain does: as a fixed-point number, through the wide quotient.
func portDivInt(x num, i uint64) (num, bool) {
	hi, lo := uint64(x)>>32, uint64(x)<<32
	if hi >= i<<32 {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, i<<32)
	return num(q), true
}
