package consensus

import "github.com/assaylab/assay/consensus/fixed"

// runPlain computes one epoch row by row, in the chain's order. It takes every valid state.
func (e *Engine) runPlain(s *State, o *Output) {
	if o.Active = o.Active[:s.N()]; s.N() == 0 {
		o.emit(s.RaoEmission)
		o.Bonds.Start = append(o.Bonds.Start, 0)
		return
	}
	t := &Trace{}
	if e.opt.Dense {
		e.plainDense(s, o, t)
	} else {
		e.plainSparse(s, o, t)
	}
	o.emit(s.RaoEmission)
	if e.opt.Trace {
		t.PruningU16 = o.PruningScores()
		t.Trust = make([]fixed.I32F32, s.N())
		for i := range t.Trust {
			t.Trust[i] = o.Ranks[i].SafeDiv(t.Prerank[i])
		}
		o.Trace = t
	}
}

func (e *Engine) plainSparse(s *State, o *Output, t *Trace) {
	n := s.N()
	w := e.sparseWeights(s)
	w.NormalizeRows()
	copy(o.Consensus, w.Median(o.ActiveStake, n, fixed.ProportionU16(s.Kappa)))
	clipped := w.Clip(o.Consensus)
	copy(o.ValidatorTrust, clipped.RowSums())
	copy(o.Ranks, clipped.Mul(o.ActiveStake, n))
	copy(o.Incentive, o.Ranks)
	normalize(o.Incentive)
	forBonds := w.Interpolate(clipped, n, fixed.ProportionU16(s.BondsPenalty))
	b, lt := s.bonds(), s.lastTempo()
	b = b.keep(func(_ int, j uint16) bool { return lt > s.registered(j) })
	ema := e.sparseBonds(s, o, t, forBonds, b)
	e.storeSparse(o, ema)
	if e.opt.Trace {
		t.WeightsNorm.Sparse, t.Clipped.Sparse, t.WeightsForBonds.Sparse, t.BondsPrev.Sparse = w, clipped, forBonds, b
		t.Prerank = w.Mul(o.ActiveStake, n)
	}
}

// sparseBonds computes bonds and dividends and returns the bonds to store.
func (e *Engine) sparseBonds(s *State, o *Output, t *Trace, w, b *Sparse) *Sparse {
	n := s.N()
	if !s.Yuma3 {
		b.NormalizeCols(n)
		delta := w.Hadamard(o.ActiveStake)
		delta.NormalizeCols(n)
		ema := delta.EMA(b, s.bondsAlpha())
		ema.NormalizeCols(n)
		copy(o.Dividends, ema.MulTranspose(o.Incentive))
		normalize(o.Dividends)
		stored := ema.Clone()
		stored.UpscaleCols(n)
		t.BondsDelta.Sparse, t.EMABonds.Sparse, t.EMABondsUpscaled.Sparse = delta, ema, stored
		return stored
	}
	var ema *Sparse
	if s.LiquidAlpha && anyNonzero(o.Consensus) {
		l := s.liquid()
		if e.opt.Trace {
			t.Alphas = l.AlphasSparse(w, b, o.Consensus)
			ema = w.EMAAlpha(b, t.Alphas)
		} else {
			ema = l.average(w, b, o.Consensus)
		}
	} else {
		ema = w.EMA(b, s.bondsAlpha())
	}
	norm := ema.Clone()
	norm.NormalizeCols(n)
	copy(o.TotalBonds, norm.MulCols(o.Incentive).RowSums())
	o.dividendsFromBonds()
	t.EMABonds.Sparse, t.EMABondsNorm.Sparse = ema, norm
	return ema
}

// dividendsFromBonds weighs the total bonds by stake and normalises (Yuma 3).
func (o *Output) dividendsFromBonds() {
	for i, v := range o.TotalBonds {
		o.Dividends[i] = v.MulOrZero(o.ActiveStake[i])
	}
	normalize(o.Dividends)
}

// storeSparse keeps the bonds of those who hold a new permit.
func (e *Engine) storeSparse(o *Output, ema *Sparse) {
	if e.opt.FixedBonds {
		o.EMABonds = ema.keep(func(i int, _ uint16) bool { return o.NewValidatorPermit[i] })
	}
	for i := range ema.Rows() {
		col, val := ema.Row(i)
		if !o.NewValidatorPermit[i] {
			col, val = nil, nil
		}
		o.Bonds.appendProportions(col, val)
	}
}

// sparseWeights returns the weights after every mask, not yet normalised (steps 5a to 5d).
func (e *Engine) sparseWeights(s *State) *Sparse {
	n := s.N()
	out := begin(n, len(s.Weights.Col))
	for i := range n {
		col, val := s.Weights.Row(i)
		if !e.panel.permit[i] {
			col = nil
		}
		for k, j := range col {
			if int(j) < n && !s.maskedSparse(i, j) {
				out.push(j, fixed.FromU16(val[k]))
			}
		}
		out.endRow()
	}
	return out
}

// maskedSparse reports whether the chain drops the weight of i for j.
func (s *State) maskedSparse(i int, j uint16) bool {
	if i == int(j) && !(s.HasOwner && j == s.Owner) {
		return true
	}
	if s.LastUpdateOf(i) <= s.BlockAtRegistration[j] {
		return true
	}
	return s.CommitReveal && s.CommitBlock != nil && s.CommitBlock[i] < s.BlockAtRegistration[j]
}

// registered returns the registration block of j, 0 beyond the last neuron.
func (s *State) registered(j uint16) uint64 {
	if int(j) < len(s.BlockAtRegistration) {
		return s.BlockAtRegistration[j]
	}
	return 0
}

// bonds returns the stored bonds as numbers: integers under Yuma 2, proportions under Yuma 3.
func (s *State) bonds() *Sparse {
	if s.BondsFixed != nil {
		return s.BondsFixed.Clone()
	}
	out := begin(s.N(), len(s.Bonds.Col))
	for i := range s.N() {
		col, val := s.Bonds.Row(i)
		for k, j := range col {
			out.push(j, s.bondValue(val[k]))
		}
		out.endRow()
	}
	return out
}

func (s *State) bondValue(v uint16) fixed.I32F32 {
	if s.Yuma3 {
		return fixed.ProportionU16(v)
	}
	return fixed.FromU16(v)
}

func anyNonzero(v []fixed.I32F32) bool {
	for _, x := range v {
		if x != 0 {
			return true
		}
	}
	return false
}
