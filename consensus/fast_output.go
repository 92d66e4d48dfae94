package consensus

import "github.com/assaylab/assay/consensus/fixed"

// outcome turns the columns' results into the epoch's: incentive, dividends and the rows of bonds.
func (f *fast) outcome(s *State, o *Output, dense bool) {
	copy(o.Incentive, o.Ranks)
	normalize(o.Incentive)
	clear(o.ValidatorTrust)
	for r := range f.rows {
		var sum uint64
		for i := range f.work {
			sum += f.work[i].trust[r]
		}
		o.ValidatorTrust[f.rows[r].uid] = fixed.I32F32(sum)
	}
	switch {
	case f.block.on && !dense:
		f.closeBlock(o)
	case f.block.on:
	case dense:
		f.reserveDense(s, o)
	default:
		f.reserve(s, o)
	}
	f.each(job{s: s, o: o, dense: dense, pay: true})
	f.dividends(s, o)
}

// reserve lays out the rows of bonds and gives each worker the place of its first bond in each row.
func (f *fast) reserve(s *State, o *Output) {
	b := &o.Bonds
	b.Start = resize(b.Start, s.N()+1)
	total := 0
	for i, r := range f.index {
		b.Start[i] = total
		if r < 0 || !f.rows[r].keep {
			continue
		}
		for x := range f.work {
			w := &f.work[x]
			count := int(w.rows[r])
			w.rows[r] = int32(total)
			total += count
		}
	}
	b.Start[s.N()] = total
	b.Col, b.Val = resize(b.Col, total), resize(b.Val, total)
}

// reserveDense lays out whole rows of zeros for new permits, and the stored row for those who never had one.
func (f *fast) reserveDense(s *State, o *Output) {
	n, b := s.N(), &o.Bonds
	b.Start = resize(b.Start, n+1)
	total := 0
	for i := range n {
		b.Start[i] = total
		if o.NewValidatorPermit[i] {
			total += n
		} else if !s.ValidatorPermit[i] {
			col, _ := s.Bonds.Row(i)
			total += len(col)
		}
	}
	b.Start[n] = total
	b.Col, b.Val = resize(b.Col, total), resize(b.Val, total)
	first := -1
	for i := range n {
		col, val := b.Row(i)
		switch {
		case o.NewValidatorPermit[i]:
			clear(val)
			if first >= 0 {
				copy(col, b.Col[first:first+n])
				continue
			}
			first = b.Start[i]
			for j := range col {
				col[j] = uint16(j)
			}
		case !s.ValidatorPermit[i]:
			c, v := s.Bonds.Row(i)
			copy(col, c)
			copy(val, v)
		}
	}
}

// payAndWrite adds up bonds times incentive by row and writes the bonds of the worker's columns.
func (f *fast) payAndWrite(w *worker, o *Output, dense bool) {
	clear(w.gain)
	col, val := o.Bonds.Col, o.Bonds.Val
	for j := w.from; j < w.to; j++ {
		at := f.wStart[j] + f.bStart[j]
		kept := f.kept[at : at+f.count[j]]
		if inc := uint64(o.Incentive[j]); inc != 0 {
			for x := range kept {
				w.gain[kept[x].row] += mul(kept[x].norm, inc)
			}
		}
		for x := range kept {
			b := &kept[x]
			r := &f.rows[b.row]
			switch {
			case !r.keep:
			case dense:
				val[o.Bonds.Start[r.uid]+j] = b.store
			default:
				p := w.rows[b.row]
				w.rows[b.row] = p + 1
				col[p], val[p] = uint16(j), b.store
			}
		}
	}
}

// dividends gathers the rows' gains.
func (f *fast) dividends(s *State, o *Output) {
	into := o.Dividends
	if s.Yuma3 {
		into = o.TotalBonds
	}
	clear(into)
	for r := range f.rows {
		var sum uint64
		for i := range f.work {
			sum += f.work[i].gain[r]
		}
		into[f.rows[r].uid] = fixed.I32F32(sum)
	}
	if s.Yuma3 {
		o.dividendsFromBonds()
		return
	}
	normalize(o.Dividends)
}
