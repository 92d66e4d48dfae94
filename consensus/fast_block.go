package consensus

import (
	"context"
	"encoding/binary"
	"math/bits"

	"github.com/assaylab/assay/consensus/fixed"
)

// A block holds all weights and bonds of an epoch as u16, column after column, each with every row: where the columns are
// not too thin this is faster than lists, since each pass over a column is a kernel over neighbours in memory. A column is
// cleared as soon as it is read, so a block is zero between epochs.
//
// It serves Yuma 2 and Yuma 3 with one alpha. A stored weight of 0 is then the same as none, and so is a bond.
type block struct {
	on     bool
	dirty  bool     // an epoch was given up midway
	height int      // rows, a multiple of lanes
	w, b   []uint16 // height*n
	stake  []uint64 // by row, as in fastRow
	vote   []uint64
	sum    []uint64
	inv    []float64 // 2^32 / sum
	permit []uint8   // by row, a bit each, a multiple of 8 bytes: holds a new permit
}

// batchColumns is the number of columns whose bonds are stored together.
const batchColumns = 32

// blockLimit is the size up to which blocks are used however thin the columns are.
const blockLimit = 1 << 20

// blockFits reports whether a block serves this epoch.
func (f *fast) blockFits(s *State, entries int) bool {
	b, n := &f.block, s.N()
	b.height = (len(f.rows) + lanes - 1) / lanes * lanes
	if !avx512 && !f.forceBlocks || f.mode == yuma3Liquid && f.include == 0 || f.byLoop || f.alpha == 0 || f.alpha >= uint64(fixed.One) || b.height == 0 {
		return false
	}
	for i := range f.rows {
		if f.rows[i].stake >= uint64(fixed.One) {
			return false
		}
	}
	size := b.height * n
	return f.forceBlocks || size <= blockLimit || entries*8 >= size
}

// fillBlock puts every row into the block; it is not ok for rows the fast form does not take.
func (f *fast) fillBlock(s *State, dense bool, permit []bool) bool {
	b, size := &f.block, f.block.height*s.N()
	if b.dirty || len(b.w) < size {
		b.w, b.b = zeroed(b.w, max(size, len(b.w))), zeroed(b.b, max(size, len(b.b)))
	}
	b.dirty = true
	b.stake, b.vote = zeroed(b.stake, b.height), zeroed(b.vote, b.height)
	b.sum, b.inv = resize(b.sum, b.height), resize(b.inv, b.height)
	b.permit = zeroed(b.permit, (b.height+63)/64*8)
	for r := range b.sum {
		b.sum[r] = 1
	}
	for r := range f.rows {
		row := &f.rows[r]
		b.stake[r], b.vote[r] = row.stake, row.vote
		if row.keep {
			b.permit[r/8] |= 1 << (r % 8)
		}
		col, val := s.Bonds.Row(int(row.uid))
		scatter(b.b, col, val, r, b.height)
		sum := f.scatterWeights(s, r, dense, permit)
		if sum >= 1<<31 {
			return false
		}
		b.sum[r] = max(sum, 1)
	}
	for r, v := range b.sum {
		b.inv[r] = (1 << 32) / float64(v)
	}
	return true
}

// scatter writes one row into a block.
func scatter(dst, col, val []uint16, r, height int) {
	val = val[:len(col)]
	for k, j := range col {
		dst[int(j)*height+r] = val[k]
	}
}

// scatterWeights writes one row of weights, those left out that the chain masks, and returns their sum.
func (f *fast) scatterWeights(s *State, r int, dense bool, permit []bool) (sum uint64) {
	i := int(f.rows[r].uid)
	if !permit[i] {
		return 0
	}
	m := s.mask(i, dense)
	col, val := s.Weights.Row(i)
	val = val[:len(col)]
	registered, dst, height := s.BlockAtRegistration, f.block.w, f.block.height
	for k, j := range col {
		if m.drops(j, registered[j]) {
			continue
		}
		dst[int(j)*height+r] = val[k]
		sum += uint64(val[k])
	}
	return sum
}

// A rowMask says which of one neuron's weights the chain drops.
type rowMask struct {
	updated, commit uint64
	self            int
}

func (s *State) mask(i int, dense bool) rowMask {
	m := rowMask{s.LastUpdateOf(i), NoCommit, i}
	if !dense && s.HasOwner && int(s.Owner) == i {
		m.self = -1
	}
	if !dense && s.CommitReveal && s.CommitBlock != nil {
		m.commit = s.CommitBlock[i]
	}
	return m
}

func (m *rowMask) drops(j uint16, registered uint64) bool {
	return m.updated <= registered || m.commit < registered || int(j) == m.self
}

// sizeBlock gives the worker columns of the block's height.
func (w *worker) sizeBlock(height int) {
	for _, v := range []*[]uint64{&w.weight, &w.forBonds, &w.old, &w.ema, &w.fresh, &w.norm1} {
		*v = resize(*v, height)
	}
	w.trust, w.gain = zeroed(w.trust, height), zeroed(w.gain, height)
	w.store, w.mask, w.batch = resize(w.store, batchColumns*height), zeroed(w.mask, batchColumns*((height+63)/64*8)), w.batch[:0]
	w.rows, w.first = resize(w.rows, height), resize(w.first, height)
	w.norm, w.ranked = w.norm[:0], w.ranked[:0]
}

// blockColumns works through the worker's range of the block.
func (f *fast) blockColumns(ctx context.Context, w *worker, o *Output, dense bool) {
	h := f.block.height
	for j := w.from; j < w.to; j++ {
		if j&255 == 0 && ctx.Err() != nil {
			return
		}
		raw, old := f.block.w[j*h:(j+1)*h], f.block.b[j*h:(j+1)*h]
		c, rank, fresh := f.blockWeights(w, raw)
		o.Consensus[j], o.Ranks[j] = fixed.I32F32(c), fixed.I32F32(rank)
		var any bool
		if f.mode == yuma2 {
			any = f.blockBonds2(w, old, j, rank, fresh)
		} else {
			any = f.blockBonds3(w, old, j, rank, fresh)
		}
		clear(raw)
		clear(old)
		if !any {
			continue
		}
		if w.batch = append(w.batch, int32(j)); len(w.batch) == batchColumns {
			f.blockStore(w, o, dense)
		}
	}
	f.blockStore(w, o, dense)
}

// packBatch packs a column's bonds into the next place of the batch: what is stored, and a bit for each there is.
func (f *fast) packBatch(w *worker, ema, v []uint64) {
	h, m, k := f.block.height, len(f.block.permit), len(w.batch)
	packColumn(w.store[k*h:(k+1)*h], w.mask[k*m:(k+1)*m], ema, v)
}

// blockWeights returns consensus and rank of a column. Fresh reports weights for bonds: they are in w.forBonds, and under
// Yuma 2 stake times them in w.fresh with the sum w.freshSum.
func (f *fast) blockWeights(w *worker, raw []uint16) (c, rank uint64, fresh bool) {
	b, one := &f.block, uint64(fixed.One)
	support := supportOf(raw, b.vote)
	if support < f.kappa && f.pen == one {
		return 0, 0, false
	}
	top := normalizeColumn(w.weight, raw, b.sum, b.inv)
	if support >= f.kappa {
		c = medianColumn(w.weight, b.vote, f.kappa, top)
	}
	return c, f.blockClip(w, c), true
}

// blockClip bounds the weights in w.weight by c, adds them to the trust and returns the rank. It leaves the weights for bonds
// in w.forBonds and, under Yuma 2, stake times them in w.fresh with the sum w.freshSum.
func (f *fast) blockClip(w *worker, c uint64) (rank uint64) {
	b, one := &f.block, uint64(fixed.One)
	switch f.pen {
	case one:
		rank = clipColumn(w.weight, b.stake, w.trust, w.fresh, c)
		w.forBonds, w.weight = w.weight, w.forBonds
		w.freshSum = rank
		return rank
	case 0:
		copy(w.forBonds, w.weight)
	default:
		for k, v := range w.weight {
			w.forBonds[k] = v - (f.pen*(v-min(v, c))+(one-1))>>32
		}
	}
	rank = clipColumn(w.weight, b.stake, w.trust, w.fresh, c)
	if f.mode == yuma2 {
		w.freshSum = productColumn(w.fresh, w.forBonds, b.stake)
	}
	return rank
}

// blockBonds2 averages a column of Yuma 2 into w.ema and leaves in w.norm1 what is stored; it reports whether there is any bond.
func (f *fast) blockBonds2(w *worker, raw []uint16, j int, rank uint64, fresh bool) bool {
	old := false
	if !f.reg[j] {
		if sum := widenColumn(w.old, raw); sum != 0 {
			divideColumn(w.old, sum)
			old = true
		}
	}
	sum := f.blockMix2(w, w.ema, w.old, fresh && w.freshSum != 0, old)
	if sum == 0 {
		return false
	}
	copy(w.norm1, w.ema)
	top := divideColumn(w.norm1, sum)
	if rank != 0 {
		w.norm, w.ranked = append(w.norm, w.norm1...), append(w.ranked, int32(j))
	}
	divideColumn(w.norm1, top)
	f.packBatch(w, w.ema, w.norm1)
	return true
}

// blockMix2 writes the average of w.fresh and old, both divided by their sums, and returns its sum. Fresh and hasOld say
// whether there is either.
func (f *fast) blockMix2(w *worker, dst, old []uint64, fresh, hasOld bool) uint64 {
	if fresh {
		divideColumn(w.fresh, w.freshSum)
	}
	return f.blockMix(dst, w.fresh, old, fresh, hasOld)
}

// blockMix3 is blockMix2 of Yuma 3, which averages the weights for bonds themselves.
func (f *fast) blockMix3(w *worker, dst, old []uint64, fresh, hasOld bool) uint64 {
	return f.blockMix(dst, w.forBonds, old, fresh, hasOld)
}

func (f *fast) blockMix(dst, fresh, old []uint64, hasFresh, hasOld bool) uint64 {
	beta := uint64(fixed.One) - f.alpha
	switch {
	case hasFresh && hasOld:
		return mixColumn(dst, fresh, old, f.alpha, beta)
	case hasFresh:
		return mixColumn(dst, fresh, fresh, f.alpha, 0)
	case hasOld:
		return mixColumn(dst, old, old, beta, 0)
	}
	return 0
}

// blockBonds3 is blockBonds2 of Yuma 3.
func (f *fast) blockBonds3(w *worker, raw []uint16, j int, rank uint64, fresh bool) bool {
	old := !f.reg[j] && proportionColumn(w.old, raw) != 0
	sum := f.blockMix3(w, w.ema, w.old, fresh, old)
	if sum == 0 {
		return false
	}
	f.packBatch(w, w.ema, w.ema)
	if rank != 0 {
		at := len(w.norm)
		w.norm, w.ranked = append(w.norm, w.ema...), append(w.ranked, int32(j))
		divideColumn(w.norm[at:], sum)
	}
	return true
}

// blockStore writes the batch's bonds into the rows that keep them: by column and only what is there or, where that is most of
// it, row after row.
func (f *fast) blockStore(w *worker, o *Output, dense bool) {
	m, total := len(f.block.permit), 0
	for word := 0; word < len(w.batch)*m; word += 8 {
		left := binary.LittleEndian.Uint64(w.mask[word:]) & binary.LittleEndian.Uint64(f.block.permit[word%m:])
		binary.LittleEndian.PutUint64(w.mask[word:], left)
		total += bits.OnesCount64(left)
	}
	if !dense && 2*total > len(w.batch)*f.block.height {
		f.storeRows(w, o)
	} else {
		for k := range w.batch {
			f.storeColumn(w, o, k, dense)
		}
	}
	w.batch = w.batch[:0]
}

func (f *fast) storeColumn(w *worker, o *Output, k int, dense bool) {
	h, m, j := f.block.height, len(f.block.permit), int(w.batch[k])
	col, val, store, mask := o.Bonds.Col, o.Bonds.Val, w.store[k*h:(k+1)*h], w.mask[k*m:(k+1)*m]
	for word := 0; word < m; word += 8 {
		for left := binary.LittleEndian.Uint64(mask[word:]); left != 0; left &= left - 1 {
			r := word*8 + bits.TrailingZeros64(left)
			if dense {
				val[int(w.first[r])+j] = store[r]
				continue
			}
			p := w.rows[r]
			col[p], val[p] = uint16(j), store[r]
			w.rows[r] = p + 1
		}
	}
}

func (f *fast) storeRows(w *worker, o *Output) {
	h, m := f.block.height, len(f.block.permit)
	for r := range f.rows {
		if !f.rows[r].keep {
			continue
		}
		p := int(w.rows[r])
		col, val, n := o.Bonds.Col[p:], o.Bonds.Val[p:], 0
		for k, j := range w.batch {
			if w.mask[k*m+r/8]>>(r%8)&1 != 0 {
				col[n], val[n] = uint16(j), w.store[k*h+r]
				n++
			}
		}
		w.rows[r] += int32(n)
	}
}

// reserveBlock lays out the rows of bonds before the columns run: of each row as much as it can come to, worker by worker.
func (f *fast) reserveBlock(s *State, o *Output, dense bool) {
	if dense {
		f.reserveDense(s, o)
		for r := range f.rows {
			for x := range f.work {
				f.work[x].first[r] = int32(o.Bonds.Start[f.rows[r].uid])
			}
		}
		return
	}
	total := 0
	for r := range f.rows {
		if !f.rows[r].keep {
			continue
		}
		wc, _ := s.Weights.Row(int(f.rows[r].uid))
		bc, _ := s.Bonds.Row(int(f.rows[r].uid))
		for x := range f.work {
			w := &f.work[x]
			w.first[r], w.rows[r] = int32(total), int32(total)
			most := len(wc) + len(bc)
			if len(f.work) > 1 {
				most = within(wc, w.from, w.to) + within(bc, w.from, w.to)
			}
			total += min(w.to-w.from, most)
		}
	}
	o.Bonds.Col, o.Bonds.Val = resize(o.Bonds.Col, total), resize(o.Bonds.Val, total)
}

// within counts the columns of a row from one to another.
func within(col []uint16, from, to int) (count int) {
	for _, j := range col {
		if int(j) >= from && int(j) < to {
			count++
		}
	}
	return count
}

// closeBlock moves the rows of bonds together.
func (f *fast) closeBlock(o *Output) {
	b, at := &o.Bonds, 0
	b.Start = resize(b.Start, len(f.index)+1)
	for i, r := range f.index {
		b.Start[i] = at
		if r < 0 || !f.rows[r].keep {
			continue
		}
		for x := range f.work {
			from, to := f.work[x].first[r], f.work[x].rows[r]
			copy(b.Col[at:], b.Col[from:to])
			at += copy(b.Val[at:], b.Val[from:to])
		}
	}
	b.Start[len(f.index)] = at
	b.Col, b.Val = b.Col[:at], b.Val[:at]
}

// blockPay adds up the worker's normalised bonds times incentive by row.
func (f *fast) blockPay(w *worker, o *Output) {
	h := f.block.height
	for x, j := range w.ranked {
		inc, norm := uint64(o.Incentive[j]), w.norm[x*h:(x+1)*h]
		switch {
		case inc == 0:
		case inc>>32 != 0:
			payGeneric(w.gain, norm, inc)
		default:
			payColumn(w.gain, norm, inc)
		}
	}
}
