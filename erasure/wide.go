package erasure

import (
	"bytes"
	"sync"

	"github.com/klauspost/reedsolomon"
)

// wide codes in GF(2^8) with more than 10 data or parity shards.
//
// With a single goroutine klauspost/reedsolomon v1.14.2 never reaches its GFNI kernels at such shapes:
// codeSomeShards asks canGFNI for all inputs and outputs at once and then falls to AVX2. So the matrix
// products are computed here where the processor has GFNI (mulRows), and given to klauspost with two
// goroutines where not.
type wide struct {
	data, parity int
	rows         matrix8
	enc          *rowTable
	plain        reedsolomon.Encoder // where mulRows has no kernel

	mu   sync.Mutex
	last *recipe8
}

// A recipe8 tells how one set of lost shards is made of k present ones.
type recipe8 struct {
	absent, lost []int
	inputs       []int
	table        *rowTable
}

func newWide(data, parity int) (*wide, error) {
	w := &wide{data: data, parity: parity}
	if !haveGFNI {
		enc, err := reedsolomon.New(data, parity, reedsolomon.WithMaxGoroutines(2))
		w.plain = enc
		return w, err
	}
	w.rows = vandermonde8(data, parity)
	w.enc = newRowTable(w.rows)
	return w, nil
}

func (w *wide) encode(shards [][]byte, workers int) {
	if w.plain != nil {
		// The sizes have been checked: no error is left.
		_ = w.plain.Encode(shards)
		return
	}
	mulRows(w.enc, shards[:w.data], shards[w.data:], workers)
}

// rebuild fills work[i][:size] for the lost i; the others that are not empty are present.
func (w *wide) rebuild(work [][]byte, lost []int, size, workers int) {
	if w.plain != nil {
		required := make([]bool, len(work))
		for _, i := range lost {
			required[i], work[i] = true, work[i][:0]
		}
		_ = w.plain.ReconstructSome(work, required)
		return
	}
	r := w.recipe(work, lost)
	in, out := make([][]byte, len(r.inputs)), make([][]byte, len(lost))
	for i, s := range r.inputs {
		in[i] = work[s]
	}
	for i, s := range lost {
		work[s] = work[s][:size]
		out[i] = work[s]
	}
	mulRows(r.table, in, out, workers)
}

// recipe returns how the lost shards follow from the present ones, from memory if the last call was alike.
func (w *wide) recipe(work [][]byte, lost []int) *recipe8 {
	var absent []int
	for i, s := range work {
		if len(s) == 0 {
			absent = append(absent, i)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.last; r != nil && equalInts(r.absent, absent) && equalInts(r.lost, lost) {
		return r
	}
	w.last = newRecipe8(w.rows, w.data, absent, append([]int(nil), lost...))
	return w.last
}

// newRecipe8 solves for the absent data shards with as many parity rows, then puts them into the rows of
// the lost parity shards. rows are the parity rows of an MDS code, absent is sorted.
func newRecipe8(rows matrix8, data int, absent, lost []int) *recipe8 {
	gone := make(map[int]bool, len(absent))
	var holes []int // absent data shards
	for _, i := range absent {
		gone[i] = true
		if i < data {
			holes = append(holes, i)
		}
	}
	r := &recipe8{absent: absent, lost: lost}
	for i := 0; len(r.inputs) < data; i++ {
		if !gone[i] {
			r.inputs = append(r.inputs, i)
		}
	}
	present := r.inputs[:data-len(holes)]
	aug := newMatrix8(len(holes), len(holes)+data)
	for e, row := range aug {
		parity := rows[r.inputs[len(present)+e]-data]
		for j, h := range holes {
			row[j] = parity[h]
		}
		for j, p := range present {
			row[len(holes)+j] = parity[p]
		}
		row[len(holes)+len(present)+e] = 1
	}
	aug.solve(len(holes))
	out := newMatrix8(len(lost), data)
	for i, l := range lost {
		if l < data {
			for j, h := range holes {
				if h == l {
					copy(out[i], aug[j][len(holes):])
				}
			}
			continue
		}
		for j, p := range present {
			out[i][j] = rows[l-data][p]
		}
		for j, h := range holes {
			addMul(rows[l-data][h], aug[j][len(holes):], out[i])
		}
	}
	r.table = newRowTable(out)
	return r
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func equalShards(a, b [][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
