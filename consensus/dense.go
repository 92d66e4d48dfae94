package consensus

import "github.com/assaylab/assay/consensus/fixed"

// A Dense is a matrix of Cols columns, row after row in Val. Its methods are the chain's dense matrix functions
// (epoch/math.rs); methods that return a matrix leave the receiver as it is.
type Dense struct {
	Cols int
	Val  []fixed.I32F32
}

// NewDense returns a zero matrix.
func NewDense(rows, cols int) *Dense { return &Dense{Cols: cols, Val: make([]fixed.I32F32, rows*cols)} }

// Rows returns the number of rows.
func (m *Dense) Rows() int {
	if m.Cols == 0 {
		return 0
	}
	return len(m.Val) / m.Cols
}

// Row returns row i, m's own memory.
func (m *Dense) Row(i int) []fixed.I32F32 { return m.Val[i*m.Cols : (i+1)*m.Cols] }

// Clone returns a copy of m.
func (m *Dense) Clone() *Dense { return &Dense{m.Cols, append([]fixed.I32F32(nil), m.Val...)} }

// mask sets to 0 every element for which f holds.
func (m *Dense) mask(f func(row, col int) bool) {
	for i := range m.Rows() {
		row := m.Row(i)
		for j := range row {
			if row[j] != 0 && f(i, j) {
				row[j] = 0
			}
		}
	}
}

// RowSums returns the wrapping sums of the rows.
func (m *Dense) RowSums() []fixed.I32F32 {
	out := make([]fixed.I32F32, m.Rows())
	for i := range out {
		out[i] = fixed.Sum(m.Row(i))
	}
	return out
}

// NormalizeRows divides each row by its sum where that is positive, in place.
func (m *Dense) NormalizeRows() {
	for i := range m.Rows() {
		if s := fixed.Sum(m.Row(i)); s > 0 {
			divideAll(m.Row(i), s)
		}
	}
}

// NormalizeCols divides each column by its saturating sum where that is not 0, in place.
func (m *Dense) NormalizeCols() {
	sum := make([]fixed.I32F32, m.Cols)
	for i := range m.Rows() {
		for j, v := range m.Row(i) {
			sum[j] = sum[j].SatAdd(v)
		}
	}
	m.divideCols(sum)
}

// UpscaleCols divides each column by its largest positive value, in place.
func (m *Dense) UpscaleCols() {
	top := make([]fixed.I32F32, m.Cols)
	for i := range m.Rows() {
		for j, v := range m.Row(i) {
			top[j] = max(top[j], v)
		}
	}
	m.divideCols(top)
}

func (m *Dense) divideCols(by []fixed.I32F32) {
	for i := range m.Rows() {
		row := m.Row(i)
		for j, v := range row {
			if by[j] != 0 {
				row[j] = v.SafeDiv(by[j])
			}
		}
	}
}

// Clip returns the minimum of each value and its column's threshold.
func (m *Dense) Clip(threshold []fixed.I32F32) *Dense {
	out := m.Clone()
	for i := range m.Rows() {
		row := out.Row(i)
		for j := range row {
			row[j] = min(row[j], threshold[j])
		}
	}
	return out
}

// Hadamard returns each row times its element of v.
func (m *Dense) Hadamard(v []fixed.I32F32) *Dense {
	out := m.Clone()
	for i := range m.Rows() {
		row := out.Row(i)
		for j := range row {
			row[j] = v[i].SatMul(row[j])
		}
	}
	return out
}

// Mul returns the column sums of rows weighted by v, accumulated in row order with saturation (matmul).
func (m *Dense) Mul(v []fixed.I32F32) []fixed.I32F32 {
	out := make([]fixed.I32F32, m.Cols)
	for i := range m.Rows() {
		for j, x := range m.Row(i) {
			out[j] = out[j].SatAdd(v[i].SatMul(x))
		}
	}
	return out
}

// MulTranspose returns each row's product with v, accumulated with saturation (matmul_transpose).
func (m *Dense) MulTranspose(v []fixed.I32F32) []fixed.I32F32 {
	out := make([]fixed.I32F32, m.Rows())
	for i := range out {
		for j, x := range m.Row(i) {
			out[i] = out[i].SatAdd(x.SatMul(v[j]))
		}
	}
	return out
}

// MulCols returns each column times its element of v, 0 where a product does not fit (mat_vec_mul).
func (m *Dense) MulCols(v []fixed.I32F32) *Dense {
	out := m.Clone()
	for i := range m.Rows() {
		row := out.Row(i)
		for j := range row {
			row[j] = row[j].MulOrZero(v[j])
		}
	}
	return out
}

// Interpolate returns m + ratio*(b - m); m for ratio 0 and b for ratio 1.
func (m *Dense) Interpolate(b *Dense, ratio fixed.I32F32) *Dense {
	switch ratio {
	case 0:
		return m.Clone()
	case fixed.One:
		return b.Clone()
	}
	out := m.Clone()
	for k, v := range m.Val {
		out.Val[k] = v.SatAdd(ratio.SatMul(b.Val[k].SatSub(v)))
	}
	return out
}

// EMA returns alpha*m + (1-alpha)*old.
func (m *Dense) EMA(old *Dense, alpha fixed.I32F32) *Dense {
	out, beta := m.Clone(), fixed.One.SatSub(alpha)
	for k, v := range m.Val {
		out.Val[k] = alpha.SatMul(v).SatAdd(beta.SatMul(old.Val[k]))
	}
	return out
}

// EMAAlpha returns min(1, (1-a)*old + max(0, a*m)) with an a for each element.
func (m *Dense) EMAAlpha(old, alphas *Dense) *Dense {
	out := m.Clone()
	for k, v := range m.Val {
		out.Val[k] = blend(v, old.Val[k], alphas.Val[k])
	}
	return out
}

// blend is one element of the liquid average.
func blend(v, old, alpha fixed.I32F32) fixed.I32F32 {
	return min(fixed.One, fixed.One.SatSub(alpha).SatMul(old).SatAdd(max(0, alpha.SatMul(v))))
}
