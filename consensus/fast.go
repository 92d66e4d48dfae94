package consensus

import (
	"context"
	"fmt"
	"sync"

	"github.com/assaylab/assay/consensus/fixed"
)

// The fast form holds the epoch by columns. Each column is worked on alone: its median, clip, ranks, bonds and their three
// normalisations stay in the first cache level, rows that no permitted validator fills cost nothing, and columns go to
// workers in contiguous ranges. Only two things cross columns: the sum of the ranks, which makes the incentive, and the sums
// over each row, which every worker keeps for itself; they are sums of integers, so their order does not matter.
//
// It stands in for the plain form where no sum can saturate or wrap and no order can be seen. usable and build check this:
//
//   - stakes and alpha within [0, 1], so that every product and sum of the epoch stays within [0, rows];
//   - no column repeated in a row, and under sparse liquid alpha rows ascending, so that the chain's forward pointer misses nothing;
//   - row sums below 2^31, and at most 2^15 rows, so that the chain's sums of integers are exact;
//   - the median's upper end equal to the exact sum of positive stakes, and 0 < kappa <= that sum: then the chain's partition
//     loop ends at the smallest score above which there is less than kappa of stake. Otherwise the loop itself runs.
//
// Values are I32F32 bits in uint64 here.
type fast struct {
	rows   []fastRow
	index  []int32  // uid to row, -1 for none
	seen   []uint64 // columns met in a row, a bit each
	wStart []int32  // n+1, columns of wList
	bStart []int32  // n+1, columns of bList
	wEnd   []int32  // entries in use
	bEnd   []int32
	wList  []uint32 // row << 16 | weight
	bList  []uint32 // row << 16 | bond
	kept   []bond   // bonds after the average; column j has them from wStart[j]+bStart[j]
	count  []int32  // kept bonds of each column
	reg    []bool   // columns whose stored bonds are masked
	kappa  uint64
	byLoop bool // medians by the chain's loop
	alpha  uint64
	mode   bondMode
	liquid Liquid
	pen    uint64 // bonds penalty as a proportion
	work   []worker
	vote   electorate
	block  block
	// forceBlocks makes blocks serve whatever their size, and without kernels: for tests.
	forceBlocks bool
	include     int // uid + 1 of a neuron that gets a row even without entries, 0 for none
}

// A bond is one entry of the bonds after the average.
type bond struct {
	norm  uint64 // divided by its column's sum
	row   uint16
	store uint16 // what the chain stores
}

// A fastRow is a neuron with weights or bonds.
type fastRow struct {
	uid   int32
	keep  bool   // holds a new permit
	sum   uint64 // of the weights, 1 where that is 0
	recip uint64 // floor((2^64-1) / sum)
	stake uint64 // active stake
	vote  uint64 // active stake normalised again, for the median
}

type bondMode uint8

const (
	yuma2 bondMode = iota
	yuma3
	yuma3Liquid
)

// usable reports whether the state lets the fast form stand in; build finds the rest.
func (e *Engine) usable(s *State, o *Output) bool {
	if e.opt.Trace || e.opt.Plain || e.opt.FixedBonds || s.BondsFixed != nil || s.N() == 0 || s.BondsMovingAverage > 1_000_000 {
		return false
	}
	for _, v := range o.ActiveStake {
		if v < 0 || v > fixed.One {
			return false
		}
	}
	return true
}

// runFast computes one epoch by columns; it is not ok, with o unchanged but for scratch, where the rows forbid it.
func (e *Engine) runFast(ctx context.Context, s *State, o *Output) (ok bool, err error) {
	f := &e.fast
	f.setMode(s)
	f.alpha, f.pen = uint64(s.bondsAlpha()), uint64(fixed.ProportionU16(s.BondsPenalty))
	if !f.electorate(s, o) || !f.build(s, o, e.opt.Dense, e.panel.permit) {
		return false, nil
	}
	f.divide(s.N(), max(1, e.opt.Workers))
	if f.block.on {
		f.reserveBlock(s, o, e.opt.Dense)
	}
	for {
		f.each(job{ctx: ctx, s: s, o: o, dense: e.opt.Dense})
		if f.mode != yuma3Liquid || anyNonzero(o.Consensus) {
			break
		}
		f.mode = yuma3 // liquid alpha rests while there is no consensus
	}
	if err := ctx.Err(); err != nil {
		return true, fmt.Errorf("consensus: %w", err)
	}
	f.block.dirty = false
	f.outcome(s, o, e.opt.Dense)
	return true, nil
}

func (f *fast) setMode(s *State) {
	switch {
	case !s.Yuma3:
		f.mode = yuma2
	case !s.LiquidAlpha:
		f.mode = yuma3
	default:
		f.mode, f.liquid = yuma3Liquid, s.liquid()
	}
}

// electorate prepares the median's stakes and checks that the search by value may be used.
func (f *fast) electorate(s *State, o *Output) bool {
	v := &f.vote
	v.row, v.stake = v.row[:0], v.stake[:0]
	for i, a := range o.ActiveStake {
		if a > 0 {
			v.row, v.stake = append(v.row, i), append(v.stake, a)
		}
	}
	normalize(v.stake)
	v.sum = fixed.Sum(v.stake)
	for _, a := range v.stake {
		if a <= 0 || a > fixed.One {
			return false
		}
	}
	f.kappa = uint64(fixed.ProportionU16(s.Kappa))
	v.minority = v.sum.SatSub(fixed.I32F32(f.kappa))
	f.byLoop = f.kappa == 0 || fixed.I32F32(f.kappa) > v.sum
	return true
}

// A job is one pass over all columns: their own work, or the payment once the incentive is known.
type job struct {
	ctx   context.Context
	s     *State
	o     *Output
	dense bool
	pay   bool
}

// each runs a job on every worker's columns; one worker needs no goroutine.
func (f *fast) each(k job) {
	if len(f.work) == 1 {
		f.do(&f.work[0], k)
		return
	}
	f.fork(k)
}

func (f *fast) fork(k job) {
	var wg sync.WaitGroup
	for i := range f.work {
		wg.Add(1)
		go f.doFor(&wg, i, k)
	}
	wg.Wait()
}

func (f *fast) doFor(wg *sync.WaitGroup, i int, k job) {
	defer wg.Done()
	f.do(&f.work[i], k)
}

func (f *fast) do(w *worker, k job) {
	switch {
	case k.pay && f.block.on:
		f.blockPay(w, k.o)
		return
	case k.pay:
		f.payAndWrite(w, k.o, k.dense)
		return
	case f.block.on:
		f.blockColumns(k.ctx, w, k.o, k.dense)
		return
	}
	f.columns(k.ctx, w, k.s, k.o, k.dense)
}

// build brings weights and bonds into columns. It is not ok for rows that are not strictly ascending or whose sum could wrap.
func (f *fast) build(s *State, o *Output, dense bool, permit []bool) bool {
	entries, ok := f.list(s, o, permit, f.mode != yuma3Liquid || dense)
	if !ok || len(f.rows) > 1<<15 {
		return false
	}
	lt := s.lastTempo()
	f.reg = resize(f.reg, s.N())
	for j, b := range s.BlockAtRegistration {
		f.reg[j] = lt <= b
	}
	if f.block.on = f.blockFits(s, entries); f.block.on {
		return f.fillBlock(s, dense, permit)
	}
	return f.fillLists(s, dense, permit)
}

// list finds the rows with entries and returns the number of these. It is not ok for a row with a repeated column or one that is
// not on the subnet and, unless anyOrder, for one that is not ascending.
func (f *fast) list(s *State, o *Output, permit []bool, anyOrder bool) (entries int, ok bool) {
	n := s.N()
	f.rows, f.index = f.rows[:0], resize(f.index, n)
	for i := range f.index {
		f.index[i] = -1
		bonds, _ := s.Bonds.Row(i)
		var weights []uint16
		if permit[i] {
			weights, _ = s.Weights.Row(i)
		}
		if len(bonds)+len(weights) == 0 && i != f.include-1 {
			continue
		}
		for _, col := range [2][]uint16{bonds, weights} {
			if !ascending(col, n) && !(anyOrder && f.distinct(col, n)) {
				return 0, false
			}
		}
		entries += len(bonds) + len(weights)
		f.index[i] = int32(len(f.rows))
		f.rows = append(f.rows, fastRow{uid: int32(i), keep: o.NewValidatorPermit[i], stake: uint64(o.ActiveStake[i])})
	}
	for k, i := range f.vote.row {
		if r := f.index[i]; r >= 0 {
			f.rows[r].vote = uint64(f.vote.stake[k])
		}
	}
	return entries, true
}

// ascending reports whether a row's columns ascend strictly below n.
func ascending(col []uint16, n int) bool {
	last := -1
	for _, j := range col {
		if int(j) <= last {
			return false
		}
		last = int(j)
	}
	return last < n
}

// distinct reports whether a row's columns are below n and none is repeated.
func (f *fast) distinct(col []uint16, n int) bool {
	f.seen = zeroed(f.seen, (n+63)/64)
	for _, j := range col {
		if int(j) >= n || f.seen[j/64]>>(j%64)&1 != 0 {
			return false
		}
		f.seen[j/64] |= 1 << (j % 64)
	}
	return true
}

// fillLists makes a list of each column.
func (f *fast) fillLists(s *State, dense bool, permit []bool) bool {
	n := s.N()
	f.wStart, f.bStart = zeroed(f.wStart, n+1), zeroed(f.bStart, n+1)
	for r := range f.rows {
		i := int(f.rows[r].uid)
		col, _ := s.Bonds.Row(i)
		countColumns(col, f.bStart[1:])
		if permit[i] {
			col, _ = s.Weights.Row(i)
			countColumns(col, f.wStart[1:])
		}
	}
	f.wEnd, f.bEnd = ends(f.wEnd, f.wStart), ends(f.bEnd, f.bStart)
	f.wList, f.bList = resize(f.wList, int(f.wStart[n])), resize(f.bList, int(f.bStart[n]))
	f.kept, f.count = resize(f.kept, len(f.wList)+len(f.bList)), resize(f.count, n)
	for r := range f.rows {
		if !f.fill(s, r, dense, permit) {
			return false
		}
	}
	return true
}

// zeroed returns v with n zeros.
func zeroed[T any](v []T, n int) []T {
	v = resize(v, n)
	clear(v)
	return v
}

// countColumns counts a row's columns.
func countColumns(col []uint16, count []int32) {
	for _, j := range col {
		count[j]++
	}
}

// ends turns counts into starts, in place, and returns a copy as the places to fill.
func ends(end, start []int32) []int32 {
	for j := 1; j < len(start); j++ {
		start[j] += start[j-1]
	}
	end = resize(end, len(start)-1)
	copy(end, start)
	return end
}

// fill puts one row's entries into their columns, weights that the chain masks left out.
func (f *fast) fill(s *State, r int, dense bool, permit []bool) bool {
	row := &f.rows[r]
	i := int(row.uid)
	tag := uint32(r) << 16
	col, val := s.Bonds.Row(i)
	for k, j := range col {
		at := f.bEnd[j]
		f.bList[at] = tag | uint32(val[k])
		f.bEnd[j] = at + 1
	}
	row.sum = 1
	if !permit[i] {
		return true
	}
	m := s.mask(i, dense)
	var sum uint64
	col, val = s.Weights.Row(i)
	val = val[:len(col)]
	registered := s.BlockAtRegistration
	for k, j := range col {
		if m.drops(j, registered[j]) {
			continue
		}
		at := f.wEnd[j]
		f.wList[at] = tag | uint32(val[k])
		f.wEnd[j] = at + 1
		sum += uint64(val[k])
	}
	if sum >= 1<<31 {
		return false
	}
	row.sum = max(sum, 1)
	row.recip = (1<<64 - 1) / row.sum
	return true
}

// divide gives each worker a contiguous range of columns with about the same number of entries.
func (f *fast) divide(n, workers int) {
	workers = min(workers, n)
	for len(f.work) < workers {
		f.work = append(f.work, worker{})
	}
	f.work = f.work[:workers]
	for i := range f.work {
		w := &f.work[i]
		if f.block.on {
			w.from, w.to = n*i/workers, n*(i+1)/workers
			w.sizeBlock(f.block.height)
			continue
		}
		w.size(len(f.rows))
	}
	if !f.block.on {
		f.divideLists(n)
	}
}

// divideLists weighs columns by their lists.
func (f *fast) divideLists(n int) {
	workers, total, j := len(f.work), len(f.wList)+len(f.bList)+n, 0
	for i := range f.work {
		w := &f.work[i]
		w.from = j
		for j < n && (int(f.wStart[j]+f.bStart[j])+j)*workers < total*(i+1) {
			j++
		}
		if i == workers-1 {
			j = n
		}
		w.to = j
	}
}
