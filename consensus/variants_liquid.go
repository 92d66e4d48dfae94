package consensus

import "github.com/assaylab/assay/consensus/fixed"

// prepareLiquid notes where the other rows have weight entries.
func (v *Variants) prepareLiquid() {
	s, f, h := v.state, &v.f, v.f.block.height
	at := make([]int32, s.N())
	for j := range at {
		at[j] = -1
	}
	for x := range v.columns {
		at[v.columns[x].j] = int32(x)
	}
	v.stored, v.voted = make([]bool, len(v.weight)), make([]bool, s.N())
	v.kept, v.keptOf = make([][]uint64, 2*len(v.columns)), make([]uint64, 2*len(v.columns))
	for r := range f.rows {
		i := int(f.rows[r].uid)
		if r == v.lane || !v.engine.panel.permit[i] {
			continue
		}
		m := s.mask(i, false)
		col, _ := s.Weights.Row(i)
		for _, j := range col {
			if at[j] >= 0 && !m.drops(j, s.BlockAtRegistration[j]) {
				v.stored[int(at[j])*h+r] = true
			}
		}
	}
}

// mixLiquid writes the bonds of prepared column x at a consensus above 0 and returns their sum. The weights for bonds are in
// v.w.forBonds.
func (v *Variants) mixLiquid(x int, agreed uint64, dst []uint64) (sum uint64) {
	h, c := v.f.block.height, &v.columns[x]
	slot := -1
	switch agreed {
	case c.low:
		slot = 2 * x
	case c.high:
		slot = 2*x + 1
	}
	if slot >= 0 && v.kept[slot] != nil {
		copy(dst, v.kept[slot])
		sum = v.keptOf[slot]
	} else {
		for r := range dst {
			dst[r] = 0
			if r != v.lane && v.stored[x*h+r] {
				dst[r] = v.liquidBond(agreed, v.w.forBonds[r], v.old[x*h+r])
				sum += dst[r]
			}
		}
		if slot >= 0 {
			v.kept[slot], v.keptOf[slot] = append([]uint64(nil), dst...), sum
		}
	}
	if v.voted[c.j] {
		dst[v.lane] = v.liquidBond(agreed, v.w.forBonds[v.lane], v.old[x*h+v.lane])
		sum += dst[v.lane]
	}
	return sum
}

// liquidBond is one bond after the average, for a pair that the chain has in its weights. With a penalty between none and all
// the chain drops entries that come to 0 there.
func (v *Variants) liquidBond(agreed, w, b uint64) uint64 {
	if w == 0 && v.f.pen != 0 && v.f.pen != uint64(fixed.One) {
		return 0
	}
	return v.f.liquidBond(agreed, w, b)
}
