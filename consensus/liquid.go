package consensus

import "github.com/assaylab/assay/consensus/fixed"

// A Liquid holds the parameters of liquid alpha.
type Liquid struct {
	Low, High fixed.I32F32
	slope     fixed.I32F32 // steepness / -100
	atZero    fixed.I32F32 // alpha of a difference of 0
	atOne     fixed.I32F32
}

// NewLiquid returns liquid alpha of a subnet: low and high of 65535, steepness in hundredths.
func NewLiquid(low, high uint16, steepness int16) Liquid {
	l := Liquid{Low: fixed.ProportionU16(low), High: fixed.ProportionU16(high)}
	l.slope, _ = fixed.FromInt(int64(steepness)).SatDiv(fixed.FromInt(-100))
	l.atZero, l.atOne = l.sigmoid(0), l.sigmoid(fixed.One)
	return l
}

// Alpha returns the alpha of one pair (alpha_sigmoid): how far the weight is from consensus when buying, from the bond when
// selling, through a sigmoid between Low and High.
func (l *Liquid) Alpha(consensus, weight, bond fixed.I32F32) fixed.I32F32 {
	var diff fixed.I32F32
	if weight >= bond {
		diff = weight.SatSub(consensus).Clamp(0, fixed.One)
	} else {
		diff = bond.SatSub(weight).Clamp(0, fixed.One)
	}
	switch diff {
	case 0:
		return l.atZero
	case fixed.One:
		return l.atOne
	}
	return l.sigmoid(diff)
}

func (l *Liquid) sigmoid(diff fixed.I32F32) fixed.I32F32 {
	e := l.slope.SatMul(diff.SatSub(fixed.Half)).ExpSafe()
	s := fixed.One.SafeDiv(fixed.One.SatAdd(e))
	return l.Low.SatAdd(s.SatMul(l.High.SatSub(l.Low))).Clamp(l.Low, l.High)
}

// liquid returns the liquid alpha of p.
func (p *Params) liquid() Liquid { return NewLiquid(p.AlphaLow, p.AlphaHigh, p.AlphaSigmoidSteepness) }

// Alphas returns alpha for every pair of the dense matrices w and b.
func (l *Liquid) Alphas(w, b *Dense, consensus []fixed.I32F32) *Dense {
	out := NewDense(w.Rows(), w.Cols)
	for i := range out.Rows() {
		ws, bs, row := w.Row(i), b.Row(i), out.Row(i)
		for j := range row {
			row[j] = l.Alpha(consensus[j], ws[j], bs[j])
		}
	}
	return out
}

// AlphasSparse returns alpha for every pair, rows being read as the chain reads them: with one pointer that never goes back,
// so that an entry after a larger column counts as 0.
func (l *Liquid) AlphasSparse(w, b *Sparse, consensus []fixed.I32F32) *Dense {
	n := len(consensus)
	out := NewDense(w.Rows(), n)
	ws, bs := make([]fixed.I32F32, n), make([]fixed.I32F32, n)
	for i := range w.Rows() {
		w.visible(i, ws)
		b.visible(i, bs)
		row := out.Row(i)
		for j := range row {
			row[j] = l.Alpha(consensus[j], ws[j], bs[j])
		}
	}
	return out
}

// visible writes to dst the entries of row i that a forward pointer meets: those beyond every column before them. Of equal
// columns the pointer stops at the first.
func (m *Sparse) visible(i int, dst []fixed.I32F32) {
	clear(dst)
	next := 0
	col, val := m.Row(i)
	for k, j := range col {
		if int(j) >= next {
			if int(j) < len(dst) {
				dst[j] = val[k]
			}
			next = int(j) + 1
		}
	}
}

// average is EMAAlpha with the alphas of AlphasSparse, each computed only where it is read: at the entries of w. At the last
// entry of a repeated column of b the bond decays, at any entry of w it is added to.
func (l *Liquid) average(w, b *Sparse, consensus []fixed.I32F32) *Sparse {
	n := len(consensus)
	out := begin(w.Rows(), len(w.Col))
	ws, bs, old := make([]fixed.I32F32, n), make([]fixed.I32F32, n), make([]fixed.I32F32, n)
	for i := range w.Rows() {
		w.visible(i, ws)
		b.visible(i, bs)
		clear(old)
		b.scatter(i, old)
		col, val := w.Row(i)
		for k, j := range col {
			if int(j) >= n {
				continue
			}
			a := l.Alpha(consensus[j], ws[j], bs[j])
			decayed := fixed.One.SatSub(a).SatMul(old[j])
			if v := min(fixed.One, decayed.SatAdd(max(0, a.SatMul(val[k])))); v > 0 {
				out.push(j, v)
			}
		}
		out.endRow()
	}
	return out
}
