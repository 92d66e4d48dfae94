package erasure

import (
	"sync"

	"github.com/klauspost/reedsolomon"
)

// dense is the systematic Cauchy code over GF(2^16) for the large shapes that leopard cannot lay out:
// leopard rounds the parity shards up to a power of two m and wants m plus the data shards, rounded up to a
// multiple of m, within 65,536.
//
// Parity shard i is the sum over j of d_j/(x_i+y_j) with y_j = j and x_i = data+i, all distinct. Elements
// lie in shards as leopard's do (64-byte chunks, 32 low bytes before 32 high bytes). Time grows with data
// times parity.
type dense struct {
	data, parity int
	t            *gf16Tables
}

// gf16Tables are logarithms to a generator of leopard's field.
type gf16Tables struct {
	log [65536]uint16
	exp [2 * 65535]uint16
}

var gf16 = sync.OnceValue(func() *gf16Tables {
	var field reedsolomon.LowLevel
	for g := uint16(2); ; g++ {
		t := new(gf16Tables)
		x, order := uint16(1), 0
		for order < 65535 {
			t.exp[order], t.exp[order+65535], t.log[x] = x, x, uint16(order)
			order++
			if x = field.GF16Mul(x, g); x == 1 {
				break
			}
		}
		if order == 65535 {
			return t
		}
	}
})

func newDense(data, parity int) *dense { return &dense{data: data, parity: parity, t: gf16()} }

// inv returns the logarithm of 1/a for a != 0.
func (t *gf16Tables) inv(a uint16) int { return (65535 - int(t.log[a])) % 65535 }

// coef returns 1/(x+y) of parity shard i and data shard j.
func (d *dense) coef(i, j int) uint16 { return d.t.exp[d.t.inv(uint16(d.data+i)^uint16(j))] }

func (d *dense) encode(shards [][]byte) {
	for i := range d.parity {
		clear(shards[d.data+i])
	}
	d.add(shards[:d.data], shards[d.data:], d.coef)
}

// add adds coef(i, j)*in[j] to out[i], eight outputs at a time; nil inputs are skipped.
func (d *dense) add(in, out [][]byte, coef func(i, j int) uint16) {
	var field reedsolomon.LowLevel
	for lo := 0; lo < len(out); lo += 8 {
		part := out[lo:min(lo+8, len(out))]
		for j, src := range in {
			if len(src) == 0 {
				continue
			}
			if len(part) < 8 {
				for i, dst := range part {
					field.GF16MulSliceXor(coef(lo+i, j), src, dst)
				}
				continue
			}
			var c [8]uint16
			for i := range c {
				c[i] = coef(lo+i, j)
			}
			field.GF16MulSliceXor8(&c, src, (*[8][]byte)(part))
		}
	}
}

// rebuild fills work[i][:size] for the lost i.
func (d *dense) rebuild(work [][]byte, lost []int, size int) {
	var holes, spare []int
	for j := range d.data {
		if len(work[j]) == 0 {
			holes = append(holes, j)
		}
	}
	for i := 0; len(spare) < len(holes); i++ {
		if len(work[d.data+i]) != 0 {
			spare = append(spare, i)
		}
	}
	data := append([][]byte(nil), work[:d.data]...)
	if len(holes) > 0 {
		d.solve(work, data, holes, spare, size)
	}
	var rows []int
	var out [][]byte
	for _, l := range lost {
		work[l] = work[l][:size]
		if l < d.data {
			copy(work[l], data[l])
			continue
		}
		clear(work[l])
		rows, out = append(rows, l-d.data), append(out, work[l])
	}
	d.add(data, out, func(i, j int) uint16 { return d.coef(rows[i], j) })
}

// solve puts the lost data shards into data: the inverse of the Cauchy matrix of the holes and the spare
// parity shards times those shards less what the present data put into them.
func (d *dense) solve(work, data [][]byte, holes, spare []int, size int) {
	e := len(holes)
	sums := cut(make([]byte, e*size), e, size)
	for i, s := range spare {
		copy(sums[i], work[d.data+s])
	}
	d.add(data, sums, func(i, j int) uint16 { return d.coef(spare[i], j) })
	// Inverse: b_ij = A_j B_i/(x_j+y_i), A_j = prod_k (x_j+y_k)/prod_{k!=j} (x_j+x_k), B_i = prod_k (x_k+y_i)/prod_{k!=i} (y_i+y_k).
	x := func(i int) uint16 { return uint16(d.data + spare[i]) }
	y := func(j int) uint16 { return uint16(holes[j]) }
	a, b := make([]int, e), make([]int, e)
	for i := range e {
		for k := range e {
			a[i] += int(d.t.log[x(i)^y(k)])
			b[i] += int(d.t.log[x(k)^y(i)])
			if k != i {
				a[i] += d.t.inv(x(i) ^ x(k))
				b[i] += d.t.inv(y(i) ^ y(k))
			}
		}
		a[i] %= 65535
		b[i] %= 65535
	}
	found := cut(make([]byte, e*size), e, size)
	d.add(sums, found, func(i, j int) uint16 {
		return d.t.exp[(a[j]+b[i]+d.t.inv(x(j)^y(i)))%65535]
	})
	for i, h := range holes {
		data[h] = found[i]
	}
}
