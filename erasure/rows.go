package erasure

import (
	"sync"

	"github.com/klauspost/reedsolomon"
)

const (
	lanes8     = 8       // rows that the kernel makes at a time
	rowStrip   = 4 << 10 // bytes of every input that stay in cache while all rows are made
	kernelUnit = 64      // bytes; the kernel works on whole vectors
)

// A rowTable is a matrix over GF(2^8) laid out for the kernels: groups of 8 rows, by columns inside.
type rowTable struct {
	rows   matrix8
	groups [][]uint64 // affine matrices, [group][column*rows of the group + row]
}

func newRowTable(rows matrix8) *rowTable {
	t := &rowTable{rows: rows}
	if !haveGFNI {
		return t
	}
	affine := &gf8().affine
	for lo := 0; lo < len(rows); lo += lanes8 {
		part := rows[lo:min(lo+lanes8, len(rows))]
		group := make([]uint64, 0, len(part)*len(part[0]))
		for c := range part[0] {
			for _, row := range part {
				group = append(group, affine[row[c]])
			}
		}
		t.groups = append(t.groups, group)
	}
	return t
}

// mulRows sets out = t.rows * in. All slices are equally long; out does not overlap in.
func mulRows(t *rowTable, in, out [][]byte, workers int) {
	if len(out) == 0 {
		return
	}
	size := len(out[0])
	if workers <= 1 || size < 2*smallWorker {
		mulRange(t, in, out, 0, size)
		return
	}
	each := max(smallWorker, (size+workers-1)/workers+kernelUnit-1) &^ (kernelUnit - 1)
	var wg sync.WaitGroup
	for lo := 0; lo < size; lo += each {
		wg.Go(func() { mulRange(t, in, out, lo, min(lo+each, size)) })
	}
	wg.Wait()
}

// mulRange computes bytes lo to hi of the rows, a strip at a time.
func mulRange(t *rowTable, in, out [][]byte, lo, hi int) {
	whole := lo
	if haveGFNI && len(in) > 0 {
		whole = lo + (hi-lo)&^(kernelUnit-1)
		strip := rowStrip
		if len(out) <= lanes8 {
			strip = whole - lo // every input is read once anyway
		}
		for at := lo; at < whole; at += strip {
			n := min(strip, whole-at)
			for g, group := range t.groups {
				kernel8(group, in, out[g*lanes8:min((g+1)*lanes8, len(out))], at, n)
			}
		}
	}
	mulRangeGeneric(t.rows, in, out, whole, hi)
}

// mulRangeGeneric is the plain twin of kernel8 for any length.
func mulRangeGeneric(rows matrix8, in, out [][]byte, lo, hi int) {
	for ; lo < hi; lo += rowStrip {
		end := min(lo+rowStrip, hi)
		for r, dst := range out {
			clear(dst[lo:end])
			for c, src := range in {
				reedsolomon.LowLevel{}.GalMulSliceXor(rows[r][c], src[lo:end], dst[lo:end])
			}
		}
	}
}
