package consensus

import "github.com/assaylab/assay/consensus/fixed"

// EMA returns alpha*m + (1-alpha)*old row by row, positive values only and sorted by column (mat_ema_sparse). Both matrices
// are square; entries beyond the last column are dropped.
func (m *Sparse) EMA(old *Sparse, alpha fixed.I32F32) *Sparse {
	n, beta := m.Rows(), fixed.One.SatSub(alpha)
	out, acc := begin(n, len(m.Col)+len(old.Col)), make([]fixed.I32F32, n)
	for i := range n {
		clear(acc)
		for pass, from := range []*Sparse{m, old} {
			factor := alpha
			if pass == 1 {
				factor = beta
			}
			col, val := from.Row(i)
			for k, j := range col {
				if int(j) < n {
					acc[j] = acc[j].SatAdd(factor.SatMul(val[k]))
				}
			}
		}
		for j, v := range acc {
			if v > 0 {
				out.push(uint16(j), v)
			}
		}
		out.endRow()
	}
	return out
}

// EMAAlpha returns min(1, (1-a)*old + max(0, a*m)) for each entry of m in its order, positive values only
// (mat_ema_alpha_sparse): an entry of old without an entry of m is lost at once.
func (m *Sparse) EMAAlpha(old *Sparse, alphas *Dense) *Sparse {
	n := alphas.Cols
	out, decayed := begin(m.Rows(), len(m.Col)), make([]fixed.I32F32, n)
	for i := range m.Rows() {
		clear(decayed)
		alpha := alphas.Row(i)
		col, val := old.Row(i)
		for k, j := range col {
			if int(j) < n {
				decayed[j] = fixed.One.SatSub(alpha[j]).SatMul(val[k])
			}
		}
		col, val = m.Row(i)
		for k, j := range col {
			if int(j) < n {
				if v := min(fixed.One, decayed[j].SatAdd(max(0, alpha[j].SatMul(val[k])))); v > 0 {
					out.push(j, v)
				}
			}
		}
		out.endRow()
	}
	return out
}

// bondsAlpha is the scalar alpha of the bonds' average: 1 - moving average / 1e6.
func (p *Params) bondsAlpha() fixed.I32F32 {
	ma := fixed.I64F64FromU64(p.BondsMovingAverage).SafeDiv(fixed.I64F64{Hi: 1_000_000})
	return fixed.One.SatSub(ma.I32F32())
}
