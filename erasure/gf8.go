package erasure

import (
	"sync"

	"github.com/klauspost/reedsolomon"
)

// gf8Poly is the field polynomial x^8+x^4+x^3+x^2+1 of klauspost/reedsolomon.
const gf8Poly = 0x11d

// gf8Tables are the products, inverses and, for GFNI, the bit matrices of multiplication.
type gf8Tables struct {
	mul    [256][256]byte
	inv    [256]byte
	affine [256]uint64
}

// gf8 makes the tables at their first use (64 KiB).
var gf8 = sync.OnceValue(func() *gf8Tables {
	t := new(gf8Tables)
	for a := range 256 {
		for b := range 256 {
			p := gf8Mul(byte(a), byte(b))
			t.mul[a][b] = p
			if p == 1 {
				t.inv[a] = byte(b)
			}
		}
		t.affine[a] = gf8Affine(byte(a))
	}
	return t
})

// gf8Mul multiplies bit by bit.
func gf8Mul(a, b byte) byte {
	x, p := uint(a), uint(0)
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			p ^= x
		}
		if x <<= 1; x&0x100 != 0 {
			x ^= gf8Poly
		}
	}
	return byte(p)
}

// gf8Affine returns the 8x8 bit matrix of multiplication by c as VGF2P8AFFINEQB wants it: byte 7-i holds
// the bits of the input that make bit i of the output.
func gf8Affine(c byte) uint64 {
	var m uint64
	for j := range 8 {
		col := gf8Mul(c, 1<<j)
		for i := range 8 {
			m |= uint64(col>>i&1) << ((7-i)*8 + j)
		}
	}
	return m
}

// A matrix8 is a matrix over GF(2^8) by rows.
type matrix8 [][]byte

func newMatrix8(rows, cols int) matrix8 { return cut(make([]byte, rows*cols), rows, cols) }

// cut cuts flat into n slices of size bytes that cannot grow into one another.
func cut(flat []byte, n, size int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = flat[i*size : (i+1)*size : (i+1)*size]
	}
	return out
}

// solve brings the left n columns of m, which has n rows or more, to the identity by row operations and
// reports whether they had full rank. Rows beyond n become zero in those columns.
func (m matrix8) solve(n int) bool {
	t := gf8()
	for c := range n {
		p := c
		for p < len(m) && m[p][c] == 0 {
			p++
		}
		if p == len(m) {
			return false
		}
		m[c], m[p] = m[p], m[c]
		if inv := &t.mul[t.inv[m[c][c]]]; inv[1] != 1 {
			for j, v := range m[c] {
				m[c][j] = inv[v]
			}
		}
		for r := range m {
			if f := m[r][c]; r != c && f != 0 {
				addMul(f, m[c], m[r])
			}
		}
	}
	return true
}

// addMul adds f*src to dst.
func addMul(f byte, src, dst []byte) { reedsolomon.LowLevel{}.GalMulSliceXor(f, src, dst) }

// vandermonde8 returns the parity rows of klauspost/reedsolomon's default matrix: the Vandermonde matrix r^c times the
// inverse of its top square. That takes the values of a polynomial at 0..data-1 to its value at r, so row r is
// Lagrange's basis there: N(r)/((r-c) D_c) with N(x) = prod_j (x-j) and D_c = prod_{j!=c} (c-j).
func vandermonde8(data, parity int) matrix8 {
	t := gf8()
	weights := make([]byte, data) // 1/D_c
	for c := range weights {
		d := byte(1)
		for j := range data {
			if j != c {
				d = t.mul[d][byte(c^j)]
			}
		}
		weights[c] = t.inv[d]
	}
	rows := newMatrix8(parity, data)
	for i, row := range rows {
		r := data + i
		n := byte(1)
		for j := range data {
			n = t.mul[n][byte(r^j)]
		}
		for c := range row {
			row[c] = t.mul[t.mul[n][weights[c]]][t.inv[byte(r^c)]]
		}
	}
	return rows
}
