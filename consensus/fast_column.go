package consensus

import (
	"context"
	"math/bits"

	"github.com/assaylab/assay/consensus/fixed"
)

// A worker is the memory of one range of columns. The vectors up to sel hold one column; those by row are sums over the range.
type worker struct {
	from, to int
	row      []uint16 // rows of the column: those with a weight first
	weight   []uint64 // normalised weights
	forBonds []uint64 // clipped, or mixed with the clipped ones by the penalty
	has      []bool   // the chain has an entry in its weights for bonds
	old      []uint64 // stored bonds as numbers
	ema      []uint64
	slot     []uint64 // scratch by row, zero between columns
	selW     []uint64
	selS     []uint64
	loop     partition
	score    []fixed.I32F32
	trust    []uint64 // by row: sum of the clipped weights
	gain     []uint64 // by row: sum of bonds times incentive
	rows     []int32  // by row: kept bonds in this range, then where its next one is stored

	// For blocks; vectors by row of the block.
	fresh    []uint64 // stake times weights for bonds
	freshSum uint64
	norm1    []uint64
	batch    []int32  // columns whose bonds wait to be stored
	store    []uint16 // of each column in batch
	mask     []uint8
	first    []int32  // by row: where its first bond is stored
	norm     []uint64 // normalised bonds of the columns in ranked, one after the other
	ranked   []int32
}

func (w *worker) size(rows int) {
	for _, v := range []*[]uint64{&w.weight, &w.forBonds, &w.old, &w.ema, &w.selW, &w.selS} {
		*v = resize(*v, rows+lanes)
	}
	w.row, w.has = resize(w.row, rows), resize(w.has, rows)
	w.slot, w.trust, w.gain, w.rows = zeroed(w.slot, rows), zeroed(w.trust, rows), zeroed(w.gain, rows), zeroed(w.rows, rows)
}

// mul returns floor(x*y / 2^32); the product is below 2^96.
func mul(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi<<32 | lo>>32
}

// quot returns floor(x / d), where recip is floor((2^64-1) / d): the estimate by recip is right or one too small.
func quot(x, d, recip uint64) uint64 {
	q, _ := bits.Mul64(x, recip)
	if x-q*d >= d {
		q++
	}
	return q
}

// A divisor divides many values of at most 1 by one sum.
type divisor struct{ d, recip uint64 }

func newDivisor(d uint64) divisor { return divisor{d, (1<<64 - 1) / d} }

// div returns floor(x * 2^32 / d).
func (v divisor) div(x uint64) uint64 {
	if x>>32 == 0 {
		return quot(x<<32, v.d, v.recip)
	}
	return uint64(fixed.I32F32(x).SafeDiv(fixed.I32F32(v.d)))
}

// divideAll64 divides v by d in place; d = 0 leaves it, as the chain does.
func divideAll64(v []uint64, d uint64) {
	if d == 0 {
		return
	}
	if len(v) < 6 {
		for k, x := range v {
			if x>>32 == 0 {
				v[k] = x << 32 / d
			} else {
				v[k] = uint64(fixed.I32F32(x).SafeDiv(fixed.I32F32(d)))
			}
		}
		return
	}
	by := newDivisor(d)
	for k, x := range v {
		v[k] = by.div(x)
	}
}

// columns works through the worker's range: consensus, ranks, trust and bonds.
func (f *fast) columns(ctx context.Context, w *worker, s *State, o *Output, dense bool) {
	clear(w.trust)
	clear(w.rows)
	for j := w.from; j < w.to; j++ {
		if j&255 == 0 && ctx.Err() != nil {
			return
		}
		m, support := f.gather(w, j)
		c := f.median(w, m, support)
		o.Consensus[j] = fixed.I32F32(c)
		o.Ranks[j] = fixed.I32F32(f.clip(w, m, c))
		f.bonds(w, j, m, c, o.Ranks[j] != 0, dense)
	}
}

// gather unpacks the weights of column j, normalised by row, and returns their number and the votes behind positive ones.
func (f *fast) gather(w *worker, j int) (m int, support uint64) {
	list := f.wList[f.wStart[j]:f.wEnd[j]]
	row, weight := w.row[:len(list)], w.weight[:len(list)]
	for k, e := range list {
		r := &f.rows[e>>16]
		v := quot(uint64(e&0xffff)<<32, r.sum, r.recip)
		row[k], weight[k] = uint16(e>>16), v
		if v != 0 {
			support += r.vote
		}
	}
	return len(list), support
}

// median returns the consensus of the column gathered in w: the smallest score with less than kappa of the votes above it.
func (f *fast) median(w *worker, m int, support uint64) uint64 {
	if f.byLoop {
		return f.medianByLoop(w, m)
	}
	if support < f.kappa {
		return 0
	}
	score, vote, k, top := w.selW, w.selS, 0, uint64(0)
	for i, v := range w.weight[:m] {
		score[k], vote[k] = v, f.rows[w.row[i]].vote
		if vote[k] != 0 {
			k++
			top = max(top, v)
		}
	}
	if !avx512 {
		return selectAbove(score[:k], vote[:k], f.kappa)
	}
	even := (k + lanes - 1) / lanes * lanes
	clear(score[k:even])
	clear(vote[k:even])
	return medianColumn(score[:even], vote[:even], f.kappa, top)
}

// selectAbove returns the smallest score with less than kappa of the votes above it, given that all votes together reach
// kappa. It reorders both slices.
func selectAbove(score, vote []uint64, kappa uint64) uint64 {
	var above uint64
	for {
		pivot := score[len(score)/2]
		var over, level uint64
		for i, v := range score {
			if v > pivot {
				over += vote[i]
			}
			if v == pivot {
				level += vote[i]
			}
		}
		k := 0
		switch {
		case above+over >= kappa:
			for i, v := range score {
				score[k], vote[k] = v, vote[i]
				if v > pivot {
					k++
				}
			}
		case above+over+level >= kappa:
			return pivot
		default:
			above += over + level
			for i, v := range score {
				score[k], vote[k] = v, vote[i]
				if v < pivot {
					k++
				}
			}
		}
		score, vote = score[:k], vote[:k]
	}
}

// medianByLoop runs the chain's loop over all voters.
func (f *fast) medianByLoop(w *worker, m int) uint64 {
	for i, v := range w.weight[:m] {
		w.slot[w.row[i]] = v
	}
	w.score = w.score[:0]
	for _, uid := range f.vote.row {
		var v uint64
		if r := f.index[uid]; r >= 0 {
			v = w.slot[r]
		}
		w.score = append(w.score, fixed.I32F32(v))
	}
	for _, r := range w.row[:m] {
		w.slot[r] = 0
	}
	return uint64(w.loop.median(f.vote.stake, w.score, f.vote.minority, 0, f.vote.sum))
}

// clip bounds the column's weights by its consensus, mixes them for the bonds, and returns the rank.
func (f *fast) clip(w *worker, m int, c uint64) (rank uint64) {
	row, weight, forBonds, has := w.row[:m], w.weight[:m], w.forBonds[:m], w.has[:m]
	for k, v := range weight {
		clipped := min(v, c)
		r := row[k]
		w.trust[r] += clipped
		rank += mul(f.rows[r].stake, clipped)
		switch f.pen {
		case 0:
			forBonds[k], has[k] = v, true
		case uint64(fixed.One):
			forBonds[k], has[k] = clipped, v <= c || c != 0
		default:
			forBonds[k] = v - (f.pen*(v-clipped)+(1<<32-1))>>32
			has[k] = forBonds[k] != 0
		}
	}
	return rank
}

// bonds averages, normalises and stores the bonds of column j; the first m rows of w have weights.
func (f *fast) bonds(w *worker, j, m int, c uint64, ranked, dense bool) {
	u := f.join(w, j, m)
	switch f.mode {
	case yuma2:
		f.average2(w, j, m, u)
	case yuma3:
		f.average3(w, m, u)
	case yuma3Liquid:
		f.averageLiquid(w, m, u, c, dense)
	}
	f.store(w, j, u, ranked)
}

// join appends the rows that have a stored bond but no weight, and returns the number of rows in the column.
func (f *fast) join(w *worker, j, m int) int {
	old := w.old
	if f.reg[j] || f.bStart[j] == f.bEnd[j] {
		clear(old[:m])
		return m
	}
	list := f.bList[f.bStart[j]:f.bEnd[j]]
	for _, e := range list {
		w.slot[e>>16] = uint64(e & 0xffff)
	}
	for k, r := range w.row[:m] {
		old[k] = w.slot[r]
		w.slot[r] = 0
	}
	u := m
	row := w.row[:cap(w.row)]
	for _, e := range list {
		r := e >> 16
		if b := w.slot[r]; b != 0 {
			row[u], old[u] = uint16(r), b
			w.slot[r] = 0
			u++
		}
	}
	if f.mode != yuma2 {
		for k, b := range old[:u] {
			old[k] = b << 32 / 65535
		}
	}
	return u
}

// average2 is Yuma 2: stakes times weights and old bonds, each divided by its sum, averaged, and divided again.
func (f *fast) average2(w *worker, j, m, u int) {
	old, ema, row := w.old[:u], w.ema[:u], w.row[:u]
	var sumOld, sumNew uint64
	for _, b := range old {
		sumOld += b
	}
	if sumOld != 0 {
		by := newDivisor(sumOld)
		for k, b := range old {
			old[k] = quot(b<<32, by.d, by.recip)
		}
	}
	for k, v := range w.forBonds[:m] {
		d := mul(f.rows[row[k]].stake, v)
		ema[k] = d
		sumNew += d
	}
	beta := uint64(fixed.One) - f.alpha
	if sumNew != 0 {
		divideAll64(ema[:m], sumNew)
		for k := range m {
			ema[k] = mul(f.alpha, ema[k]) + mul(beta, old[k])
		}
	} else {
		for k := range m {
			ema[k] = mul(beta, old[k])
		}
	}
	for k := m; k < u; k++ {
		ema[k] = mul(beta, old[k])
	}
}

// average3 is Yuma 3 with one alpha.
func (f *fast) average3(w *worker, m, u int) {
	beta := uint64(fixed.One) - f.alpha
	for k, v := range w.forBonds[:m] {
		w.ema[k] = mul(f.alpha, v) + mul(beta, w.old[k])
	}
	for k := m; k < u; k++ {
		w.ema[k] = mul(beta, w.old[k])
	}
}

// averageLiquid is Yuma 3 with an alpha for each pair. In the sparse form a bond without a weight entry is lost at once.
func (f *fast) averageLiquid(w *worker, m, u int, c uint64, dense bool) {
	for k := range u {
		var v uint64
		if k < m && w.has[k] {
			v = w.forBonds[k]
		} else if !dense {
			w.ema[k] = 0
			continue
		}
		if v|w.old[k] == 0 {
			w.ema[k] = 0
			continue
		}
		w.ema[k] = f.liquidBond(c, v, w.old[k])
	}
}

// liquidBond is one bond after the average of liquid alpha.
func (f *fast) liquidBond(c, w, b uint64) uint64 {
	a := uint64(f.liquid.Alpha(fixed.I32F32(c), fixed.I32F32(w), fixed.I32F32(b)))
	return min(uint64(fixed.One), mul(uint64(fixed.One)-a, b)+mul(a, w))
}

// store keeps the positive bonds of column j with their normalised and their stored value. Normalised values are needed only
// where there is a rank, but Yuma 2 stores what it normalised.
func (f *fast) store(w *worker, j, u int, ranked bool) {
	var sum uint64
	k, row, ema := 0, w.row, w.ema
	kept := f.kept[f.wStart[j]+f.bStart[j]:]
	for x, v := range ema[:u] {
		ema[k], row[k] = v, row[x]
		sum += v
		if v != 0 {
			k++
		}
	}
	f.count[j] = int32(k)
	if k == 0 {
		return
	}
	kept, row, ema = kept[:k], row[:k], ema[:k]
	if f.mode == yuma2 {
		divideAll64(ema, sum)
		var top uint64
		for x, v := range ema {
			kept[x].norm = v
			top = max(top, v)
		}
		divideAll64(ema, top)
	}
	for x, v := range ema {
		kept[x].row = row[x]
		kept[x].store = uint16(min(65535, v*65535>>32))
		w.rows[row[x]]++
	}
	if f.mode != yuma2 && ranked {
		divideAll64(ema, sum)
		for x, v := range ema {
			kept[x].norm = v
		}
	}
}
