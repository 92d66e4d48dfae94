package main

import (
	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// portDense is epoch_dense_mechanism.
func portDense(s *consensus.State) *portOutput {
	n := len(s.Stake)
	stake, activeStake, inactive, forbid, permits := portHead(s, true)
	outdated := make([][]bool, 0, n)
	for _, updated := range s.LastUpdate {
		row := make([]bool, 0, n)
		for _, registered := range s.BlockAtRegistration {
			row = append(row, updated <= registered)
		}
		outdated = append(outdated, row)
	}
	lastTempo := portLastTempo(s)
	recent := make([]bool, 0, n)
	for _, registered := range s.BlockAtRegistration {
		recent = append(recent, lastTempo <= registered)
	}
	weights := denseRows(&s.Weights, n)
	for i := range weights {
		if forbid[i] {
			weights[i] = make([]num, n)
		}
		weights[i][i] = 0
	}
	for i, row := range weights {
		for j := range row {
			if outdated[i][j] {
				row[j] = 0
			}
		}
	}
	for _, row := range weights {
		if sum := portSum(row); sum > 0 {
			for j, v := range row {
				row[j] = v.SafeDiv(sum)
			}
		}
	}
	agreed := denseMedian(activeStake, weights, fixed.ProportionU16(s.Kappa))
	clipped := denseClone(weights)
	for _, row := range clipped {
		for j, v := range row {
			row[j] = min(agreed[j], v)
		}
	}
	trust := denseRowSum(clipped)
	ranks := denseMatmul(clipped, activeStake)
	portNormalize(ranks)
	incentive := append([]num(nil), ranks...)
	forBonds := denseInterpolate(weights, clipped, fixed.ProportionU16(s.BondsPenalty))
	bonds := denseRows(&s.Bonds, n)
	if s.Yuma3 {
		for _, row := range bonds {
			for j, v := range row {
				row[j] = v.U16Proportion()
			}
		}
	}
	for _, row := range bonds {
		for j := range row {
			if recent[j] {
				row[j] = 0
			}
		}
	}
	var dividends []num
	var ema [][]num
	if s.Yuma3 {
		ema = denseBonds(s, forBonds, bonds, agreed)
		norm := denseClone(ema)
		denseNormalizeCols(norm)
		product := make([][]num, 0, n)
		for _, row := range norm {
			product = append(product, portVecMul(row, incentive))
		}
		dividends = portVecMul(denseRowSum(product), activeStake)
		portNormalize(dividends)
	} else {
		denseNormalizeCols(bonds)
		delta := denseHadamard(forBonds, activeStake)
		denseNormalizeCols(delta)
		ema = denseEMA(delta, bonds, portAlpha(s))
		denseNormalizeCols(ema)
		dividends = denseMatmulTranspose(ema, incentive)
		portNormalize(dividends)
		denseUpscaleCols(ema)
	}
	o := portTail(s, stake, activeStake, inactive, permits, agreed, trust, incentive, dividends)
	o.bonds = make([][][2]uint16, n)
	for i, row := range ema {
		switch {
		case permits[i]:
			u16 := make([]uint16, 0, n)
			for _, v := range row {
				u16 = append(u16, v.ToU16Proportion())
			}
			o.bonds[i] = make([][2]uint16, 0, n)
			for j, v := range u16 {
				o.bonds[i] = append(o.bonds[i], [2]uint16{uint16(j), v})
			}
		case !s.ValidatorPermit[i]:
			col, val := s.Bonds.Row(i)
			for k, j := range col {
				o.bonds[i] = append(o.bonds[i], [2]uint16{j, val[k]})
			}
		}
	}
	return o
}

func denseRows(r *consensus.Rows, n int) [][]num {
	out := make([][]num, n)
	for i := range out {
		out[i] = make([]num, n)
		col, val := r.Row(i)
		for k, j := range col {
			out[i][j] = fixed.FromU16(val[k])
		}
	}
	return out
}

func denseClone(m [][]num) [][]num {
	out := make([][]num, len(m))
	for i, row := range m {
		out[i] = append([]num(nil), row...)
	}
	return out
}

func denseRowSum(m [][]num) []num {
	out := make([]num, 0, len(m))
	for _, row := range m {
		out = append(out, portSum(row))
	}
	return out
}

func denseMedian(stake []num, m [][]num, majority num) []num {
	out := make([]num, len(m[0]))
	for j := range out {
		var use, score []num
		for i, s := range stake {
			if s > 0 {
				use, score = append(use, s), append(score, m[i][j])
			}
		}
		if len(use) == 0 {
			continue
		}
		portNormalize(use)
		sum := portSum(use)
		index := make([]int, len(use))
		for i := range index {
			index[i] = i
		}
		out[j] = portMedian(use, score, index, sum.SatSub(majority), 0, sum)
	}
	return out
}

func denseMatmul(m [][]num, v []num) []num {
	out := make([]num, len(m[0]))
	for i, row := range m {
		for j, x := range row {
			out[j] = out[j].SatAdd(v[i].SatMul(x))
		}
	}
	return out
}

func denseMatmulTranspose(m [][]num, v []num) []num {
	out := make([]num, 0, len(m))
	for _, row := range m {
		var acc num
		for j, x := range row {
			acc = acc.SatAdd(x.SatMul(v[j]))
		}
		out = append(out, acc)
	}
	return out
}

func denseHadamard(m [][]num, v []num) [][]num {
	out := make([][]num, 0, len(m))
	for i, row := range m {
		scaled := make([]num, 0, len(row))
		for _, x := range row {
			scaled = append(scaled, v[i].SatMul(x))
		}
		out = append(out, scaled)
	}
	return out
}

func denseInterpolate(a, b [][]num, ratio num) [][]num {
	switch ratio {
	case 0:
		return denseClone(a)
	case fixed.One:
		return denseClone(b)
	}
	out := denseClone(a)
	for i, row := range out {
		for j, v := range row {
			row[j] = v.SatAdd(ratio.SatMul(b[i][j].SatSub(v)))
		}
	}
	return out
}

func denseNormalizeCols(m [][]num) {
	sum := make([]num, len(m[0]))
	for _, row := range m {
		for j, v := range row {
			sum[j] = sum[j].SatAdd(v)
		}
	}
	denseDivideCols(m, sum)
}

func denseUpscaleCols(m [][]num) {
	top := make([]num, len(m[0]))
	for _, row := range m {
		for j, v := range row {
			top[j] = max(top[j], v)
		}
	}
	denseDivideCols(m, top)
}

func denseDivideCols(m [][]num, by []num) {
	for _, row := range m {
		for j, v := range row {
			if by[j] != 0 {
				row[j] = v.SafeDiv(by[j])
			}
		}
	}
}

func denseEMA(fresh, old [][]num, alpha num) [][]num {
	beta := fixed.One.SatSub(alpha)
	out := make([][]num, 0, len(fresh))
	for i, row := range fresh {
		mixed := make([]num, 0, len(row))
		for j, v := range row {
			mixed = append(mixed, alpha.SatMul(v).SatAdd(beta.SatMul(old[i][j])))
		}
		out = append(out, mixed)
	}
	return out
}

func denseBonds(s *consensus.State, w, b [][]num, agreed []num) [][]num {
	some := false
	for _, c := range agreed {
		if c != 0 {
			some = true
			break
		}
	}
	if !s.LiquidAlpha || !some {
		return denseEMA(w, b, portAlpha(s))
	}
	l := newPortLiquid(s)
	alphas := make([][]num, 0, len(w))
	for i, row := range w {
		var a []num
		for j, v := range row {
			a = append(a, l.alpha(agreed[j], v, b[i][j]))
		}
		alphas = append(alphas, a)
	}
	out := make([][]num, 0, len(w))
	for i, row := range w {
		mixed := make([]num, 0, len(row))
		for j, v := range row {
			a := alphas[i][j]
			decayed := fixed.One.SatSub(a).SatMul(b[i][j])
			mixed = append(mixed, min(fixed.One, decayed.SatAdd(max(0, a.SatMul(v)))))
		}
		out = append(out, mixed)
	}
	return out
}
