package main

import (
	"sort"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// This file, yuma_port_bonds.go and yuma_port_dense.go are the peer of the contests yuma/*: the chain's epoch, loop by loop and allocation by
// allocation, from subtensor 14bc6f9f964b, pallets/subtensor/src/epoch/{math,run_epoch}.rs. Rows are vectors of pairs, each
// step makes a new matrix, the median partitions index vectors, and liquid alpha takes an exponential for every pair. The
// arithmetic is package fixed's, which is no slower than the chain's; only the series of exp is written out here, since the
// package's leaves it early.

type num = fixed.I32F32

// A pair is one entry of a row.
type pair struct {
	col uint16
	val num
}

// portOutput is what both forms of the port return.
type portOutput struct {
	consensus, incentive, dividends, trust []num
	server, validator, combined            []uint64
	stakeU16, consensusU16, incentiveU16   []uint16
	dividendsU16, trustU16                 []uint16
	active, permits                        []bool
	bonds                                  [][][2]uint16
}

// portHead is the part before the weights, the same in both forms but for the owner.
func portHead(s *consensus.State, dense bool) (stake, activeStake []num, inactive, forbid, permits []bool) {
	n := len(s.Stake)
	cutoff := max(1, s.ActivityCutoffFactorMilli*uint64(s.Tempo)/1000)
	inactive = make([]bool, 0, n)
	for _, u := range s.LastUpdate {
		inactive = append(inactive, u+cutoff < s.CurrentBlock)
	}
	owner := -1
	if s.HasOwner && !dense {
		owner = int(s.Owner)
	}
	filtered := make([]fixed.I64F64, 0, n)
	for uid, v := range s.Stake {
		if uid != owner && v.U64() < s.StakeThreshold {
			v = fixed.I64F64{}
		}
		filtered = append(filtered, v)
	}
	var sum fixed.I64F64
	for _, v := range filtered {
		sum = sum.Add(v)
	}
	if !sum.IsZero() {
		for i, v := range filtered {
			filtered[i] = v.SafeDiv(sum)
		}
	}
	stake = make([]num, 0, n)
	for _, v := range filtered {
		stake = append(stake, v.I32F32())
	}
	old := append([]bool(nil), s.ValidatorPermit...)
	permits = portTopK(stake, int(s.MaxAllowedValidators))
	if owner >= 0 {
		old[owner], permits[owner] = true, true
	}
	forbid = make([]bool, n)
	for i, p := range old {
		forbid[i] = !p
	}
	activeStake = append([]num(nil), stake...)
	portMask(inactive, activeStake)
	portMask(forbid, activeStake)
	portNormalize(activeStake)
	return stake, activeStake, inactive, forbid, permits
}

func portTopK(v []num, k int) []bool {
	out := make([]bool, len(v))
	for i, x := range v {
		out[i] = x != 0
	}
	if len(v) < k {
		return out
	}
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return v[order[a]] < v[order[b]] })
	for _, i := range order[:len(v)-k] {
		out[i] = false
	}
	return out
}

func portMask(mask []bool, v []num) {
	for i := range v {
		if mask[i] {
			v[i] = 0
		}
	}
}

func portSum(v []num) (s num) {
	for _, x := range v {
		s += x
	}
	return s
}

func portNormalize(v []num) {
	sum := portSum(v)
	if sum == 0 {
		return
	}
	for i, x := range v {
		v[i] = x.SafeDiv(sum)
	}
}

// portSparse is epoch_mechanism.
func portSparse(s *consensus.State) *portOutput {
	n := len(s.Stake)
	stake, activeStake, inactive, forbid, permits := portHead(s, false)
	weights := portRows(&s.Weights, n, fixed.FromU16)
	weights = portMaskRows(forbid, weights)
	weights = portFilter(weights, func(i int, j uint16) bool {
		return i != int(j) || s.HasOwner && i == int(s.Owner)
	})
	weights = portFilter(weights, func(i int, j uint16) bool { return s.LastUpdate[i] > s.BlockAtRegistration[j] })
	if s.CommitReveal && s.CommitBlock != nil {
		weights = portFilter(weights, func(i int, j uint16) bool { return s.CommitBlock[i] >= s.BlockAtRegistration[j] })
	}
	portNormalizeRows(weights)
	kappa := fixed.ProportionU16(s.Kappa)
	agreed := portMedianSparse(activeStake, weights, n, kappa)
	clipped := portClip(weights, agreed)
	trust := portRowSum(clipped)
	ranks := portMatmul(clipped, activeStake, n)
	portNormalize(ranks)
	incentive := append([]num(nil), ranks...)
	forBonds := portInterpolate(weights, clipped, n, fixed.ProportionU16(s.BondsPenalty))
	lastTempo := portLastTempo(s)
	keep := func(_ int, j uint16) bool { return lastTempo > s.BlockAtRegistration[j] }
	var dividends []num
	var ema [][]pair
	if s.Yuma3 {
		bonds := portFilter(portRows(&s.Bonds, n, fixed.ProportionU16), keep)
		ema = portBondsSparse(s, forBonds, bonds, agreed)
		norm := portClone(ema)
		portNormalizeCols(norm, n)
		total := portRowSum(portMatVec(norm, incentive))
		dividends = portVecMul(total, activeStake)
		portNormalize(dividends)
	} else {
		bonds := portFilter(portRows(&s.Bonds, n, fixed.FromU16), keep)
		portNormalizeCols(bonds, n)
		delta := portHadamard(forBonds, activeStake)
		portNormalizeCols(delta, n)
		ema = portEMA(delta, bonds, portAlpha(s))
		portNormalizeCols(ema, n)
		dividends = portMatmulTranspose(ema, incentive)
		portNormalize(dividends)
		portUpscaleCols(ema, n)
	}
	o := portTail(s, stake, activeStake, inactive, permits, agreed, trust, incentive, dividends)
	o.bonds = make([][][2]uint16, n)
	for i, row := range ema {
		if permits[i] {
			o.bonds[i] = make([][2]uint16, 0, len(row))
			for _, p := range row {
				o.bonds[i] = append(o.bonds[i], [2]uint16{p.col, p.val.ToU16Proportion()})
			}
		}
	}
	return o
}

func portLastTempo(s *consensus.State) uint64 {
	if s.LastMechanismStepBlock == 0 {
		return s.CurrentBlock - min(s.CurrentBlock, uint64(s.Tempo))
	}
	return s.LastMechanismStepBlock + 1
}

func portAlpha(s *consensus.State) num {
	ma := fixed.I64F64FromU64(s.BondsMovingAverage).SafeDiv(fixed.I64F64FromU64(1_000_000))
	return fixed.One.SatSub(ma.I32F32())
}

// portTail is the part after the bonds, the same in both forms.
func portTail(s *consensus.State, stake, activeStake []num, inactive, permits []bool, agreed, trust, incentive, dividends []num) *portOutput {
	n := len(stake)
	combined := make([]num, 0, n)
	for i, v := range incentive {
		combined = append(combined, v.SatAdd(dividends[i]))
	}
	sum := portSum(combined)
	server, validator := append([]num(nil), incentive...), append([]num(nil), dividends...)
	if sum != 0 {
		for i := range server {
			server[i] = server[i].SafeDiv(sum)
		}
		for i := range validator {
			validator[i] = validator[i].SafeDiv(sum)
		}
	}
	portNormalize(combined)
	if sum == 0 {
		from := activeStake
		if portSum(activeStake) == 0 {
			from = stake
		}
		validator, combined = append([]num(nil), from...), append([]num(nil), from...)
	}
	rao := fixed.I96F32FromU64(s.RaoEmission)
	emission := func(shares []num) []uint64 {
		wide := make([]fixed.I96F32, 0, n)
		for _, v := range shares {
			wide = append(wide, v.I96F32().SatMul(rao))
		}
		out := make([]uint64, 0, n)
		for _, v := range wide {
			out = append(out, v.U64())
		}
		return out
	}
	u16 := func(v []num) []uint16 {
		out := make([]uint16, 0, n)
		for _, x := range v {
			out = append(out, x.ToU16Proportion())
		}
		return out
	}
	active := make([]bool, n)
	for i := range active {
		active[i] = !inactive[i]
	}
	return &portOutput{
		consensus: agreed, incentive: incentive, dividends: dividends, trust: trust, server: emission(server),
		validator: emission(validator), combined: emission(combined), stakeU16: u16(stake), consensusU16: u16(agreed),
		incentiveU16: u16(incentive), dividendsU16: u16(dividends), trustU16: u16(trust), active: active, permits: permits,
	}
}

func portRows(r *consensus.Rows, n int, number func(uint16) num) [][]pair {
	out := make([][]pair, n)
	for i := range out {
		col, val := r.Row(i)
		for k, j := range col {
			if int(j) < n {
				out[i] = append(out[i], pair{j, number(val[k])})
			}
		}
	}
	return out
}

func portMaskRows(mask []bool, m [][]pair) [][]pair {
	out := make([][]pair, 0, len(m))
	for i, row := range m {
		if mask[i] {
			out = append(out, nil)
		} else {
			out = append(out, append([]pair(nil), row...))
		}
	}
	return out
}

func portFilter(m [][]pair, keep func(i int, j uint16) bool) [][]pair {
	out := make([][]pair, 0, len(m))
	for i, row := range m {
		kept := make([]pair, 0, len(row))
		for _, p := range row {
			if keep(i, p.col) {
				kept = append(kept, p)
			}
		}
		out = append(out, kept)
	}
	return out
}

func portClone(m [][]pair) [][]pair {
	out := make([][]pair, len(m))
	for i, row := range m {
		out[i] = append([]pair(nil), row...)
	}
	return out
}

func portNormalizeRows(m [][]pair) {
	for _, row := range m {
		var sum num
		for _, p := range row {
			sum += p.val
		}
		if sum > 0 {
			for k := range row {
				row[k].val = row[k].val.SafeDiv(sum)
			}
		}
	}
}

func portRowSum(m [][]pair) []num {
	out := make([]num, 0, len(m))
	for _, row := range m {
		var sum num
		for _, p := range row {
			sum += p.val
		}
		out = append(out, sum)
	}
	return out
}

func portNormalizeCols(m [][]pair, n int) {
	sum := make([]num, n)
	for _, row := range m {
		for _, p := range row {
			sum[p.col] = sum[p.col].SatAdd(p.val)
		}
	}
	portDivideCols(m, sum)
}

func portUpscaleCols(m [][]pair, n int) {
	top := make([]num, n)
	for _, row := range m {
		for _, p := range row {
			if top[p.col] < p.val {
				top[p.col] = p.val
			}
		}
	}
	portDivideCols(m, top)
}

func portDivideCols(m [][]pair, by []num) {
	for _, row := range m {
		for k, p := range row {
			if by[p.col] != 0 {
				row[k].val = p.val.SafeDiv(by[p.col])
			}
		}
	}
}

func portClip(m [][]pair, threshold []num) [][]pair {
	out := make([][]pair, 0, len(m))
	for _, row := range m {
		kept := make([]pair, 0, len(row))
		for _, p := range row {
			th := threshold[p.col]
			if th < p.val {
				if th > 0 {
					kept = append(kept, pair{p.col, th})
				}
			} else {
				kept = append(kept, p)
			}
		}
		out = append(out, kept)
	}
	return out
}

func portHadamard(m [][]pair, v []num) [][]pair {
	out := make([][]pair, 0, len(m))
	for i, row := range m {
		scaled := make([]pair, 0, len(row))
		for _, p := range row {
			scaled = append(scaled, pair{p.col, p.val.SatMul(v[i])})
		}
		out = append(out, scaled)
	}
	return out
}

func portMatmul(m [][]pair, v []num, n int) []num {
	out := make([]num, n)
	for i, row := range m {
		for _, p := range row {
			out[p.col] = out[p.col].SatAdd(v[i].SatMul(p.val))
		}
	}
	return out
}

func portMatmulTranspose(m [][]pair, v []num) []num {
	out := make([]num, len(m))
	for i, row := range m {
		var acc num
		for _, p := range row {
			acc = acc.SatAdd(v[p.col].SatMul(p.val))
		}
		out[i] = acc
	}
	return out
}

func portMatVec(m [][]pair, v []num) [][]pair {
	out := make([][]pair, len(m))
	for i, row := range m {
		for _, p := range row {
			if x := p.val.SatMul(v[p.col]); x != 0 {
				out[i] = append(out[i], pair{p.col, x})
			}
		}
	}
	return out
}

func portVecMul(a, b []num) []num {
	out := make([]num, 0, len(a))
	for i, x := range a {
		out = append(out, x.MulOrZero(b[i]))
	}
	return out
}

func portInterpolate(a, b [][]pair, n int, ratio num) [][]pair {
	switch ratio {
	case 0:
		return portClone(a)
	case fixed.One:
		return portClone(b)
	}
	out := make([][]pair, len(a))
	for i := range a {
		row1, row2 := make([]num, n), make([]num, n)
		for _, p := range a[i] {
			row1[p.col] = p.val
		}
		for _, p := range b[i] {
			row2[p.col] = p.val
		}
		for j := range n {
			if v := row1[j].SatAdd(ratio.SatMul(row2[j].SatSub(row1[j]))); v > 0 {
				out[i] = append(out[i], pair{uint16(j), v})
			}
		}
	}
	return out
}
