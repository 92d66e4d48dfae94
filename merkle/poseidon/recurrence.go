package poseidon

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A recurrence is the linear algebra of one width over the integers.
//
// The matrix is M = N/L with L the least common multiple of the denominators i+j+t, so that N holds
// small integers. In the partial rounds only element 0 passes the S-box. Let x_r be the state before
// that S-box, its constants added, u_r = x_r[0], y_r = u_r^5, m the first column of N and N' the
// matrix N with that column zeroed. Scaling the state by L each round,
//
//	x_{r+1} = N' x_r + y_r m + c_{r+1},
//
// and with a the coefficients of the characteristic polynomial of N' (Cayley and Hamilton)
//
//	u_r = sum_{i=1}^{t-1} a_i u_{r-i} + sum_{i=1}^{t} b_i y_{r-i} + sum_{i=0}^{t-1} g_i . c_{r-i}
//
// where c_0 stands for x_0 and terms before round 0 are absent. With o_k the first row of N'^k and
// h_k = o_k . m: b_i = h_{i-1} - sum_{j<i} a_j h_{i-1-j} and g_i = o_i - sum_{j<=i} a_j o_{i-j}. N is
// totally positive, so a and b alternate in sign: with û_r = (-1)^r u_r and ŷ_r likewise,
//
//	û_r = -( sum |a_i| û_{r-i} + sum |b_i| ŷ_{r-i} - (-1)^r sum g_i . c_{r-i} ).
type recurrence struct {
	t      int
	hankel []uint64     // N[i][j] = hankel[i+j]
	a, b   []*big.Int   // |a_i| for i < t and |b_i| for i <= t; index 0 is unused
	g      [][]*big.Int // g_i for i < t, signed
	o      [][]*big.Int // o_k for k < t
	h      []*big.Int   // h_k for k < t
}

// newRecurrence derives the recurrence of width t.
func newRecurrence(t int) *recurrence {
	q := &recurrence{t: t}
	lcm := commonMultiple(t)
	for k := t; k < 3*t-1; k++ {
		q.hankel = append(q.hankel, lcm/uint64(k))
	}
	n := make([][]*big.Int, t) // N'
	for i := range n {
		n[i] = integers(t)
		for j := 1; j < t; j++ {
			n[i][j].SetUint64(q.hankel[i+j])
		}
	}
	q.krylov(n)
	a := characteristic(n)
	q.b = integers(t + 1)
	for i := 1; i <= t; i++ {
		q.b[i].Set(q.h[i-1])
		for j := 1; j < i && j < t; j++ {
			q.b[i].Sub(q.b[i], new(big.Int).Mul(a[j], q.h[i-1-j]))
		}
	}
	for i := range t {
		row := integers(t)
		for c := range row {
			row[c].Set(q.o[i][c])
			for j := 1; j <= i; j++ {
				row[c].Sub(row[c], new(big.Int).Mul(a[j], q.o[i-j][c]))
			}
		}
		q.g = append(q.g, row)
	}
	q.a = a
	alternate(q.a[1:])
	alternate(q.b[1:])
	return q
}

// krylov fills o and h from N'.
func (q *recurrence) krylov(n [][]*big.Int) {
	row := integers(q.t)
	row[0].SetUint64(1)
	for range q.t {
		q.o = append(q.o, row)
		h := new(big.Int)
		for i := range row {
			h.Add(h, new(big.Int).Mul(row[i], new(big.Int).SetUint64(q.hankel[i])))
		}
		q.h = append(q.h, h)
		row = product([][]*big.Int{row}, n)[0]
	}
}

// alternate turns a sequence whose signs are +, -, + ... into its absolute values.
func alternate(xs []*big.Int) {
	for i, x := range xs {
		if i%2 == 1 {
			x.Neg(x)
		}
		if x.Sign() < 0 {
			panic("poseidon: signs of the recurrence do not alternate")
		}
	}
}

// commonMultiple returns L, the least common multiple of t .. 3t-2 (48 bits for t = 12).
func commonMultiple(t int) uint64 {
	l := uint64(1)
	for k := uint64(t); k < uint64(3*t-1); k++ {
		x, y := l, k
		for y != 0 {
			x, y = y, x%y
		}
		l *= k / x
	}
	return l
}

// characteristic returns a_0 (unused) to a_{t-1} with n^t = sum a_i n^{t-i}, by Faddeev and LeVerrier.
// The last coefficient, the determinant, is zero here and left out.
func characteristic(n [][]*big.Int) []*big.Int {
	t := len(n)
	a := integers(t)
	m := make([][]*big.Int, t)
	for i := range m {
		m[i] = integers(t)
		m[i][i].SetUint64(1)
	}
	for k := 1; k < t; k++ {
		m = product(n, m)
		trace := new(big.Int)
		for i := range m {
			trace.Add(trace, m[i][i])
		}
		a[k].Quo(trace, big.NewInt(int64(k)))
		for i := range m {
			m[i][i].Sub(m[i][i], a[k])
		}
	}
	return a
}

// product returns x*y.
func product(x, y [][]*big.Int) [][]*big.Int {
	out := make([][]*big.Int, len(x))
	term := new(big.Int)
	for i := range x {
		out[i] = integers(len(y[0]))
		for j := range out[i] {
			for k := range y {
				if x[i][k].Sign() != 0 && y[k][j].Sign() != 0 {
					out[i][j].Add(out[i][j], term.Mul(x[i][k], y[k][j]))
				}
			}
		}
	}
	return out
}

// integers returns n zeros.
func integers(n int) []*big.Int {
	out := make([]*big.Int, n)
	for i := range out {
		out[i] = new(big.Int)
	}
	return out
}

// element returns an integer modulo r.
func element(x *big.Int) (e fr.Element) {
	e.SetBigInt(x)
	return e
}

// dot returns the product of an integer row and a column of field elements.
func dot(row []*big.Int, column []fr.Element) (sum fr.Element) {
	for i := range row {
		e := element(row[i])
		e.Mul(&e, &column[i])
		sum.Add(&sum, &e)
	}
	return sum
}
