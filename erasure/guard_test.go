package erasure

import (
	"os"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// guardPages runs every kernel on slices that end, and begin, where memory does; a stray access ends the process.
func guardPages(t *testing.T, n *tally) {
	const inputs = 13
	var mem [inputs + 9][]byte
	for i := range mem {
		mem[i] = kerneltest.Guarded[byte](t, os.Getpagesize(), true)
		copy(mem[i], randomBytes(uint64(i), len(mem[i])))
	}
	slices := func(lo, hi, size int, end bool) [][]byte {
		var out [][]byte
		for _, b := range mem[lo:hi] {
			if end {
				b = b[len(b)-size:]
			}
			out = append(out, b[:size:size])
		}
		return out
	}
	for _, end := range []bool{false, true} {
		for rows := 1; rows <= 9; rows++ {
			m := matrix8(cut(randomBytes(uint64(rows), rows*inputs), rows, inputs))
			table := newRowTable(m)
			for _, size := range []int{1, 63, 64, 65, 127, 128, 191, 255, 256, 257, 320, 4095, 4096} {
				n.wrong(func() bool {
					in, out := slices(0, inputs, size, end), slices(inputs, inputs+rows, size, end)
					mulRows(table, in, out, 1)
					want := newMatrix8(rows, size)
					mulRangeGeneric(m, in, want, 0, size)
					return !equalShards(out, want)
				})
			}
		}
		for _, s := range [][2]int{{1, 1}, {4, 2}, {10, 4}, {11, 4}, {13, 9}} {
			c := newCode(t, s[0], s[1])
			for size := 1; size <= 300; size += 7 {
				n.wrong(func() bool {
					shards := slices(0, s[0]+s[1], size, end)
					if c.Encode(shards) != nil {
						return true
					}
					want := cloneShards(shards)
					for i := range s[1] {
						shards[i] = shards[i][:0]
					}
					return c.Reconstruct(shards) != nil || !equalShards(shards, want)
				})
			}
		}
		for size := 1; size <= 600; size += 13 {
			n.wrong(func() bool {
				b := slices(0, 1, size, end)[0]
				var d [1]merkle.Digest
				leafDigests(d[:], b, size)
				return d[0] != naiveRoot([][]byte{b})
			})
		}
	}
}
