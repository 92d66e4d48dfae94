package consensus

import "github.com/assaylab/assay/consensus/fixed"

// A Sparse is a matrix of rows of (column, value): entry k of row i is (Col[k], Val[k]) for k from Start[i] to Start[i+1]-1.
//
// Its methods are the chain's sparse matrix functions (epoch/math.rs), orders and saturations included. Entries keep their
// order; columns beyond a given width are passed over. Methods that return a matrix leave the receiver as it is.
type Sparse struct {
	Start []int
	Col   []uint16
	Val   []fixed.I32F32
}

// Rows returns the number of rows.
func (m *Sparse) Rows() int { return max(0, len(m.Start)-1) }

// Row returns row i; the slices are m's own.
func (m *Sparse) Row(i int) ([]uint16, []fixed.I32F32) {
	a, b := m.Start[i], m.Start[i+1]
	return m.Col[a:b], m.Val[a:b]
}

// CopyFrom makes m a copy of s in m's own memory.
func (m *Sparse) CopyFrom(s *Sparse) {
	m.Start = append(m.Start[:0], s.Start...)
	m.Col = append(m.Col[:0], s.Col...)
	m.Val = append(m.Val[:0], s.Val...)
}

// Clone returns a copy of m.
func (m *Sparse) Clone() *Sparse {
	c := new(Sparse)
	c.CopyFrom(m)
	return c
}

func (m *Sparse) check(n int) error {
	return checkStarts("fixed bonds", m.Start, n, len(m.Col), len(m.Val))
}

// begin returns an empty matrix about to receive rows.
func begin(rows, entries int) *Sparse {
	return &Sparse{Start: append(make([]int, 0, rows+1), 0), Col: make([]uint16, 0, entries), Val: make([]fixed.I32F32, 0, entries)}
}

func (m *Sparse) push(col uint16, v fixed.I32F32) {
	m.Col, m.Val = append(m.Col, col), append(m.Val, v)
}

func (m *Sparse) endRow() { m.Start = append(m.Start, len(m.Col)) }

// keep returns the entries for which f holds.
func (m *Sparse) keep(f func(row int, col uint16) bool) *Sparse {
	out := begin(m.Rows(), len(m.Col))
	for i := range m.Rows() {
		col, val := m.Row(i)
		for k, j := range col {
			if f(i, j) {
				out.push(j, val[k])
			}
		}
		out.endRow()
	}
	return out
}

// RowSums returns the wrapping sums of the rows.
func (m *Sparse) RowSums() []fixed.I32F32 {
	out := make([]fixed.I32F32, m.Rows())
	for i := range out {
		_, val := m.Row(i)
		out[i] = fixed.Sum(val)
	}
	return out
}

// NormalizeRows divides each row by its sum where that is positive, in place.
func (m *Sparse) NormalizeRows() {
	for i := range m.Rows() {
		_, val := m.Row(i)
		if s := fixed.Sum(val); s > 0 {
			divideAll(val, s)
		}
	}
}

// NormalizeCols divides each of n columns by its saturating sum where that is not 0, in place.
func (m *Sparse) NormalizeCols(n int) {
	sum := make([]fixed.I32F32, n)
	for k, j := range m.Col {
		if int(j) < n {
			sum[j] = sum[j].SatAdd(m.Val[k])
		}
	}
	m.divideCols(sum)
}

// UpscaleCols divides each of n columns by its largest positive value, in place.
func (m *Sparse) UpscaleCols(n int) {
	top := make([]fixed.I32F32, n)
	for k, j := range m.Col {
		if int(j) < n {
			top[j] = max(top[j], m.Val[k])
		}
	}
	m.divideCols(top)
}

func (m *Sparse) divideCols(by []fixed.I32F32) {
	for k, j := range m.Col {
		if int(j) < len(by) && by[j] != 0 {
			m.Val[k] = m.Val[k].SafeDiv(by[j])
		}
	}
}

// Clip replaces each value above its column's threshold by the threshold, and drops it where that is not positive.
func (m *Sparse) Clip(threshold []fixed.I32F32) *Sparse {
	out := begin(m.Rows(), len(m.Col))
	for i := range m.Rows() {
		col, val := m.Row(i)
		for k, j := range col {
			th := at(threshold, j)
			switch {
			case th >= val[k]:
				out.push(j, val[k])
			case th > 0:
				out.push(j, th)
			}
		}
		out.endRow()
	}
	return out
}

// at returns v[j], 0 beyond its end.
func at(v []fixed.I32F32, j uint16) fixed.I32F32 {
	if int(j) < len(v) {
		return v[j]
	}
	return 0
}

// Hadamard returns each row times its element of v.
func (m *Sparse) Hadamard(v []fixed.I32F32) *Sparse {
	out := m.Clone()
	for i := range m.Rows() {
		_, val := out.Row(i)
		for k := range val {
			val[k] = val[k].SatMul(v[i])
		}
	}
	return out
}

// Mul returns the n column sums of rows weighted by v, accumulated in row order with saturation (matmul_sparse).
func (m *Sparse) Mul(v []fixed.I32F32, n int) []fixed.I32F32 {
	out := make([]fixed.I32F32, n)
	for i := range m.Rows() {
		col, val := m.Row(i)
		for k, j := range col {
			if int(j) < n {
				out[j] = out[j].SatAdd(v[i].SatMul(val[k]))
			}
		}
	}
	return out
}

// MulTranspose returns each row's product with v, accumulated with saturation (matmul_transpose_sparse).
func (m *Sparse) MulTranspose(v []fixed.I32F32) []fixed.I32F32 {
	out := make([]fixed.I32F32, m.Rows())
	for i := range out {
		col, val := m.Row(i)
		for k, j := range col {
			out[i] = out[i].SatAdd(at(v, j).SatMul(val[k]))
		}
	}
	return out
}

// MulCols returns each column times its element of v, zero products dropped (mat_vec_mul_sparse).
func (m *Sparse) MulCols(v []fixed.I32F32) *Sparse {
	out := begin(m.Rows(), len(m.Col))
	for i := range m.Rows() {
		col, val := m.Row(i)
		for k, j := range col {
			if int(j) < len(v) {
				if p := val[k].SatMul(v[j]); p != 0 {
					out.push(j, p)
				}
			}
		}
		out.endRow()
	}
	return out
}

// Interpolate returns m + ratio*(b - m) over n columns, positive values only and sorted; m for ratio 0 and b for ratio 1.
func (m *Sparse) Interpolate(b *Sparse, n int, ratio fixed.I32F32) *Sparse {
	switch ratio {
	case 0:
		return m.Clone()
	case fixed.One:
		return b.Clone()
	}
	out := begin(m.Rows(), len(m.Col))
	v1, v2 := make([]fixed.I32F32, n), make([]fixed.I32F32, n)
	for i := range m.Rows() {
		clear(v1)
		clear(v2)
		m.scatter(i, v1)
		b.scatter(i, v2)
		for j := range n {
			if v := v1[j].SatAdd(ratio.SatMul(v2[j].SatSub(v1[j]))); v > 0 {
				out.push(uint16(j), v)
			}
		}
		out.endRow()
	}
	return out
}

// scatter writes row i into dst; of a repeated column the last value stays.
func (m *Sparse) scatter(i int, dst []fixed.I32F32) {
	col, val := m.Row(i)
	for k, j := range col {
		if int(j) < len(dst) {
			dst[j] = val[k]
		}
	}
}

// Dense returns m as a dense matrix of n columns; of a repeated column the last value stays.
func (m *Sparse) Dense(n int) *Dense {
	d := NewDense(m.Rows(), n)
	for i := range m.Rows() {
		m.scatter(i, d.Row(i))
	}
	return d
}

func divideAll(v []fixed.I32F32, by fixed.I32F32) {
	for k, x := range v {
		if x != 0 {
			v[k] = x.SafeDiv(by)
		}
	}
}

// normalize divides v by its wrapping sum where that is not 0, in place.
func normalize(v []fixed.I32F32) {
	if s := fixed.Sum(v); s != 0 {
		divideAll(v, s)
	}
}

// DropColumn removes a column from every row in place: the chain's bonds reset of one neuron.
func (m *Sparse) DropColumn(uid uint16) {
	*m = *m.keep(func(_ int, j uint16) bool { return j != uid })
}
