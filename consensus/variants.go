package consensus

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/consensus/fixed"
)

// Variants computes epochs that differ from one state in one validator's weights only, each at a fraction of an epoch's cost.
//
// What the other rows come to is prepared once. A column in which even with this validator's vote there is less than kappa
// has consensus 0 and earns nobody anything, whatever it votes; of the others the prepared weights and old bonds stay in one
// piece each. The median needs no search: as a function of one vote x it is min(max(x, A), B), where A is the median with
// that vote below all others and B the one with it above.
//
// Under liquid alpha a bond depends on consensus, weight and bond of its own pair only, so that the other rows' bonds are kept for
// A and for B, which nearly every variant ends at.
//
// It is for one goroutine at a time and keeps the state, which must not change.
type Variants struct {
	state  *State
	uid    int
	engine *Engine // for states that the fast form does not take
	row    Rows    // the state's weights with a row replaced, for engine
	fast   bool
	mute   bool // the validator has no permit: its weights do not count

	f       fast
	w       worker
	lane    int // of the validator in the block
	columns []variantColumn
	weight  []uint64 // of each column in columns, the block's height: normalised weights, 0 for the validator
	old     []uint64 // likewise: old bonds as the average takes them
	norm    []uint64 // likewise: of the last variant
	vote    []uint64 // the validator's new weights by column, 0 between variants
	base    Output

	// For liquid alpha.
	stored []bool     // like weight: the chain has an entry
	voted  []bool     // the validator's entries by column, none between variants
	kept   [][]uint64 // of each column the others' bonds at A, and at B; nil until they are asked for
	keptOf []uint64   // their sums
}

type variantColumn struct {
	j         int
	low, high uint64 // A and B
	hasOld    bool
}

// NewVariants prepares variants of the weights of uid, sparse form. Options are those of an engine; Dense, Trace and
// FixedBonds do not apply. States that the fast form does not take cost a whole epoch each.
// Errors: those of Engine.Epoch, and ErrState for a uid that is not on the subnet.
func NewVariants(ctx context.Context, s *State, uid int) (*Variants, error) {
	if uid < 0 || uid >= s.N() {
		return nil, fmt.Errorf("consensus: %w: uid %d of %d neurons", ErrState, uid, s.N())
	}
	v := &Variants{state: s, uid: uid, engine: NewEngine(nil)}
	if err := v.engine.Epoch(ctx, s, &v.base); err != nil {
		return nil, err
	}
	v.prepare()
	return v, nil
}

// Epoch computes the epoch in which the validator's row is col and val, into o, except for the bonds: o.Bonds stays empty. The
// row is in the form of stored weights: columns ascending below n, val of the same length. Errors: ErrState for other lengths, and
// ctx.Err().
func (v *Variants) Epoch(ctx context.Context, col, val []uint16, o *Output) error {
	n := v.state.N()
	if len(col) != len(val) {
		return fmt.Errorf("consensus: %w: %d columns, %d values", ErrState, len(col), len(val))
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("consensus: %w", err)
	}
	if !v.fast || !v.set(col, val) {
		return v.whole(ctx, col, val, o)
	}
	o.size(n, v.state.Yuma3)
	copy(o.Stake, v.base.Stake)
	copy(o.ActiveStake, v.base.ActiveStake)
	copy(o.Active, v.base.Active)
	copy(o.NewValidatorPermit, v.base.NewValidatorPermit)
	clear(o.Consensus)
	clear(o.Ranks)
	v.run(o)
	v.unset(col)
	v.pay(o)
	o.emit(v.state.RaoEmission)
	return nil
}

// whole runs a complete epoch, without its bonds.
func (v *Variants) whole(ctx context.Context, col, val []uint16, o *Output) error {
	v.row.Reset()
	for i := range v.state.N() {
		if i == v.uid {
			v.row.Append(col, val)
			continue
		}
		v.row.Append(v.state.Weights.Row(i))
	}
	s := *v.state
	s.Weights = v.row
	err := v.engine.Epoch(ctx, &s, o)
	o.Bonds.Reset()
	return err
}

// prepare builds the block of the other rows and the columns that can have a rank.
func (v *Variants) prepare() {
	s, e, f := v.state, v.engine, &v.f
	if !e.usable(s, &v.base) {
		return
	}
	f.setMode(s)
	f.forceBlocks, f.include = true, v.uid+1
	f.alpha, f.pen = uint64(s.bondsAlpha()), uint64(fixed.ProportionU16(s.BondsPenalty))
	if !f.electorate(s, &v.base) || !f.build(s, &v.base, false, e.panel.permit) || !f.block.on || f.index[v.uid] < 0 {
		return
	}
	v.mute = !e.panel.permit[v.uid]
	v.lane = int(f.index[v.uid])
	v.vote = make([]uint64, s.N())
	h := f.block.height
	v.w.sizeBlock(h)
	for j := range s.N() {
		v.column(j, f.block.w[j*h:(j+1)*h], f.block.b[j*h:(j+1)*h])
	}
	v.norm = make([]uint64, len(v.weight))
	if f.mode == yuma3Liquid {
		v.prepareLiquid()
	}
	f.block.w, f.block.b = nil, nil
	v.fast = true
}

// column prepares column j if it can have a rank.
func (v *Variants) column(j int, raw, old []uint16) {
	f, w := &v.f, &v.w
	mine := f.block.vote[v.lane]
	raw[v.lane] = 0
	support := supportOf(raw, f.block.vote)
	if support+mine < f.kappa {
		return
	}
	top := normalizeColumn(w.weight, raw, f.block.sum, f.block.inv)
	c := variantColumn{j: j, high: 1<<64 - 1}
	if support >= f.kappa {
		c.low = medianColumn(w.weight, f.block.vote, f.kappa, top)
	}
	if mine < f.kappa {
		// With this vote above all others the rest of kappa decides; where that is 0 it is the largest score.
		c.high = medianColumn(w.weight, f.block.vote, f.kappa-mine, top)
	}
	v.weight = append(v.weight, w.weight...)
	clear(w.old)
	if !f.reg[j] {
		if f.mode == yuma2 {
			if sum := widenColumn(w.old, old); sum != 0 {
				divideColumn(w.old, sum)
				c.hasOld = true
			}
		} else {
			c.hasOld = proportionColumn(w.old, old) != 0
		}
	}
	v.old = append(v.old, w.old...)
	v.columns = append(v.columns, c)
}

// set normalises the validator's new row; it is not ok, with nothing set, for rows the fast form does not take.
func (v *Variants) set(col, val []uint16) bool {
	s, last, sum := v.state, -1, uint64(0)
	m := s.mask(v.uid, false)
	for k, j := range col {
		if int(j) <= last || int(j) >= len(v.vote) {
			return false
		}
		last = int(j)
		if !m.drops(j, s.BlockAtRegistration[j]) {
			sum += uint64(val[k])
		}
	}
	if sum >= 1<<31 {
		return false
	}
	if v.mute {
		return true
	}
	sum = max(sum, 1)
	recip := (1<<64 - 1) / sum
	for k, j := range col {
		if !m.drops(j, s.BlockAtRegistration[j]) {
			v.vote[j] = quot(uint64(val[k])<<32, sum, recip)
			if v.voted != nil {
				v.voted[j] = true
			}
		}
	}
	return true
}

func (v *Variants) unset(col []uint16) {
	for _, j := range col {
		v.vote[j] = 0
		if v.voted != nil {
			v.voted[j] = false
		}
	}
}

// run works through the prepared columns with the new votes in place.
func (v *Variants) run(o *Output) {
	f, w, h := &v.f, &v.w, v.f.block.height
	clear(w.trust)
	for x := range v.columns {
		c := &v.columns[x]
		vote := v.vote[c.j]
		agreed := min(max(vote, c.low), c.high)
		copy(w.weight, v.weight[x*h:(x+1)*h])
		w.weight[v.lane] = vote
		rank := f.blockClip(w, agreed)
		o.Consensus[c.j], o.Ranks[c.j] = fixed.I32F32(agreed), fixed.I32F32(rank)
		if rank == 0 {
			continue
		}
		norm := v.norm[x*h : (x+1)*h]
		var sum uint64
		switch f.mode {
		case yuma2:
			sum = f.blockMix2(w, norm, v.old[x*h:(x+1)*h], w.freshSum != 0, c.hasOld)
		case yuma3:
			sum = f.blockMix3(w, norm, v.old[x*h:(x+1)*h], true, c.hasOld)
		default:
			sum = v.mixLiquid(x, agreed, norm)
		}
		if sum != 0 {
			divideColumn(norm, sum)
		}
	}
}

// pay turns ranks and bonds into incentive, trust and dividends.
func (v *Variants) pay(o *Output) {
	f, w, h := &v.f, &v.w, v.f.block.height
	copy(o.Incentive, o.Ranks)
	normalize(o.Incentive)
	clear(w.gain)
	for x := range v.columns {
		if inc := uint64(o.Incentive[v.columns[x].j]); inc>>32 != 0 {
			payGeneric(w.gain, v.norm[x*h:(x+1)*h], inc)
		} else if inc != 0 {
			payColumn(w.gain, v.norm[x*h:(x+1)*h], inc)
		}
	}
	clear(o.ValidatorTrust)
	into := o.Dividends
	if v.state.Yuma3 {
		into = o.TotalBonds
	}
	clear(into)
	for r := range f.rows {
		uid := f.rows[r].uid
		o.ValidatorTrust[uid], into[uid] = fixed.I32F32(w.trust[r]), fixed.I32F32(w.gain[r])
	}
	if v.state.Yuma3 {
		o.dividendsFromBonds()
		return
	}
	normalize(o.Dividends)
}
