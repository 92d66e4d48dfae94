package erasure

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// kernels lists what computes matrix products here.
var kernels = []struct {
	name string
	have bool
	mul  func(t *rowTable, in, out [][]byte, size int)
}{
	{"generic", true, func(t *rowTable, in, out [][]byte, size int) { mulRangeGeneric(t.rows, in, out, 0, size) }},
	{"gfni", haveGFNI, func(t *rowTable, in, out [][]byte, size int) { mulRows(t, in, out, 1) }},
}

// TestKernelRows holds every kernel against products taken bit by bit, for every number of rows up to two
// groups and one, many numbers of inputs, and every length through all vector tails, on unaligned slices.
func TestKernelRows(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			kerneltest.Need(t, k.have, k.name)
			for rows := 1; rows <= 2*lanes8+1; rows++ {
				for _, cols := range []int{1, 2, 3, 10, 11, 17} {
					m := matrix8(cut(randomBytes(uint64(rows<<8|cols), rows*cols), rows, cols))
					m[rows-1][cols-1], m[0][0] = 1, 0
					for size := 0; size <= 600; size += 1 + size/70*(5+rows%3) {
						if raceOn {
							size += 29 + cols
						}
						if err := checkKernel(k.mul, m, size); err != nil {
							t.Fatalf("%d x %d, %d bytes: %v", rows, cols, size, err)
						}
					}
				}
			}
			big := matrix8(cut(randomBytes(1, 9*3), 9, 3))
			if err := checkKernel(k.mul, big, 3*rowStrip+77); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// checkKernel compares one product with the definition, and looks at the bytes around the outputs.
func checkKernel(mul func(*rowTable, [][]byte, [][]byte, int), m matrix8, size int) error {
	t := gf8()
	rows, cols := len(m), len(m[0])
	flat := randomBytes(uint64(size), (rows+cols)*(size+2)+1)[1:]
	all := cut(flat, rows+cols, size+2)
	before := cloneShards(all)
	in, out := make([][]byte, cols), make([][]byte, rows)
	for i := range all {
		if own := all[i][1 : 1+size]; i < cols {
			in[i] = own
		} else {
			out[i-cols] = own
		}
	}
	mul(newRowTable(m), in, out, size)
	for i, b := range all {
		if i < cols && string(b) != string(before[i]) || b[0] != before[i][0] || b[size+1] != before[i][size+1] {
			return fmt.Errorf("bytes outside output %d changed", i-cols)
		}
	}
	for r := range out {
		for at := range size {
			var want byte
			for c := range in {
				want ^= t.mul[m[r][c]][in[c][at]]
			}
			if out[r][at] != want {
				return fmt.Errorf("row %d byte %d", r, at)
			}
		}
	}
	return nil
}

// TestField holds the tables against multiplication bit by bit and the bit matrices against both.
func TestField(t *testing.T) {
	f := gf8()
	for a := range 256 {
		if a > 0 && f.mul[a][f.inv[a]] != 1 {
			t.Fatalf("inverse of %d", a)
		}
		for b := range 256 {
			var viaMatrix byte
			for bit := range 8 {
				row := byte(f.affine[a] >> ((7 - bit) * 8))
				sum := byte(0)
				for x := row & byte(b); x != 0; x &= x - 1 {
					sum ^= 1
				}
				viaMatrix |= sum << bit
			}
			if p := gf8Mul(byte(a), byte(b)); f.mul[a][b] != p || viaMatrix != p {
				t.Fatalf("%d times %d", a, b)
			}
		}
	}
}

func BenchmarkKernel(b *testing.B) {
	for _, k := range kernels {
		if !k.have {
			continue
		}
		for _, s := range [][2]int{{10, 4}, {17, 3}, {64, 64}} {
			b.Run(fmt.Sprintf("kernel=%s/data=%d/parity=%d/size=16384", k.name, s[0], s[1]), func(b *testing.B) {
				table := newRowTable(vandermonde8(s[0], s[1]))
				shards := cut(randomBytes(1, (s[0]+s[1])<<14), s[0]+s[1], 1<<14)
				b.SetBytes(int64(s[0] << 14))
				b.ReportAllocs()
				for b.Loop() {
					k.mul(table, shards[:s[0]], shards[s[0]:], 1<<14)
				}
			})
		}
	}
}
