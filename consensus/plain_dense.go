package consensus

import "github.com/assaylab/assay/consensus/fixed"

// plainDense is the dense form of plainSparse: the chain's test twin, with its own rules for the owner, for commits and for
// bonds without a weight.
func (e *Engine) plainDense(s *State, o *Output, t *Trace) {
	w := e.denseWeights(s)
	w.NormalizeRows()
	copy(o.Consensus, w.Median(o.ActiveStake, fixed.ProportionU16(s.Kappa)))
	clipped := w.Clip(o.Consensus)
	copy(o.ValidatorTrust, clipped.RowSums())
	copy(o.Ranks, clipped.Mul(o.ActiveStake))
	copy(o.Incentive, o.Ranks)
	normalize(o.Incentive)
	forBonds := w.Interpolate(clipped, fixed.ProportionU16(s.BondsPenalty))
	if e.opt.Trace {
		t.WeightsNorm.Dense, t.Clipped.Dense, t.WeightsForBonds.Dense = w, clipped, forBonds
		t.Prerank = w.Mul(o.ActiveStake)
	}
	b, lt := s.bonds().Dense(s.N()), s.lastTempo()
	b.mask(func(_, j int) bool { return lt <= s.BlockAtRegistration[j] })
	ema := e.denseBonds(s, o, t, forBonds, b)
	e.storeDense(s, o, ema)
	if e.opt.Trace {
		t.BondsPrev.Dense = b
	}
}

// denseWeights returns the weights after every mask, not yet normalised. The diagonal goes, the owner's too.
func (e *Engine) denseWeights(s *State) *Dense {
	n := s.N()
	out := NewDense(n, n)
	for i := range n {
		col, val := s.Weights.Row(i)
		if !e.panel.permit[i] {
			col = nil
		}
		row := out.Row(i)
		for k, j := range col {
			if int(j) < n && i != int(j) && s.LastUpdateOf(i) > s.BlockAtRegistration[j] {
				row[j] = fixed.FromU16(val[k])
			}
		}
	}
	return out
}

func (e *Engine) denseBonds(s *State, o *Output, t *Trace, w, b *Dense) *Dense {
	if !s.Yuma3 {
		b.NormalizeCols()
		delta := w.Hadamard(o.ActiveStake)
		delta.NormalizeCols()
		ema := delta.EMA(b, s.bondsAlpha())
		ema.NormalizeCols()
		copy(o.Dividends, ema.MulTranspose(o.Incentive))
		normalize(o.Dividends)
		stored := ema.Clone()
		stored.UpscaleCols()
		t.BondsDelta.Dense, t.EMABonds.Dense, t.EMABondsUpscaled.Dense = delta, ema, stored
		return stored
	}
	var ema *Dense
	if s.LiquidAlpha && anyNonzero(o.Consensus) {
		l := s.liquid()
		t.Alphas = l.Alphas(w, b, o.Consensus)
		ema = w.EMAAlpha(b, t.Alphas)
	} else {
		ema = w.EMA(b, s.bondsAlpha())
	}
	norm := ema.Clone()
	norm.NormalizeCols()
	copy(o.TotalBonds, norm.MulCols(o.Incentive).RowSums())
	o.dividendsFromBonds()
	t.EMABonds.Dense, t.EMABondsNorm.Dense = ema, norm
	return ema
}

// storeDense keeps whole rows for new permits, nothing for permits lost, and the stored row for those who never had one.
func (e *Engine) storeDense(s *State, o *Output, ema *Dense) {
	col := make([]uint16, ema.Cols)
	for j := range col {
		col[j] = uint16(j)
	}
	if e.opt.FixedBonds {
		o.EMABonds = begin(ema.Rows(), 0)
	}
	for i := range ema.Rows() {
		switch {
		case o.NewValidatorPermit[i]:
			o.Bonds.appendProportions(col, ema.Row(i))
			if e.opt.FixedBonds {
				for j, v := range ema.Row(i) {
					o.EMABonds.push(uint16(j), v)
				}
			}
		case s.ValidatorPermit[i]:
			o.Bonds.Append(nil, nil)
		default:
			o.Bonds.Append(s.Bonds.Row(i))
			e.keepFixed(s, o, i)
		}
		if e.opt.FixedBonds {
			o.EMABonds.endRow()
		}
	}
}

// keepFixed carries the row of a neuron that never had a permit.
func (e *Engine) keepFixed(s *State, o *Output, i int) {
	if !e.opt.FixedBonds || s.BondsFixed == nil {
		return
	}
	c, v := s.BondsFixed.Row(i)
	o.EMABonds.Col = append(o.EMABonds.Col, c...)
	o.EMABonds.Val = append(o.EMABonds.Val, v...)
}
