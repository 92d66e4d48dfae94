package consensus

import (
	"math/bits"
	"slices"

	"github.com/assaylab/assay/consensus/fixed"
)

// A panel is who votes in an epoch: the stakes, the activity and the permits.
type panel struct {
	permit []bool         // old permits, by which weights count
	wide   []fixed.I64F64 // filtered stake before it is normalised
	order  []int32        // scratch of the top-k
}

// fill computes stake, activity, permits and active stake into o (README of the vectors, steps 1 to 4).
func (p *panel) fill(s *State, dense bool, o *Output) {
	n := s.N()
	p.permit = resize(p.permit, n)
	copy(p.permit, s.ValidatorPermit)
	owner := -1
	if s.HasOwner && !dense && int(s.Owner) < n {
		owner = int(s.Owner)
		p.permit[owner] = true
	}
	cutoff := s.activityCutoff()
	for i := range o.Active {
		o.Active[i] = fixed.SatAddU64(s.LastUpdateOf(i), cutoff) >= s.CurrentBlock
	}
	p.shares(s, owner, o.Stake)
	p.topKNonzero(o.Stake, int(s.MaxAllowedValidators), o.NewValidatorPermit)
	if owner >= 0 {
		o.NewValidatorPermit[owner] = true
	}
	for i, v := range o.Stake {
		if !o.Active[i] || !p.permit[i] {
			v = 0
		}
		o.ActiveStake[i] = v
	}
	normalize(o.ActiveStake)
}

// shares normalises the stake weights: those under the threshold count as none, except the owner's.
func (p *panel) shares(s *State, owner int, out []fixed.I32F32) {
	p.wide = resize(p.wide, len(out))
	var sum fixed.I64F64
	for i, v := range s.Stake {
		if i != owner && v.U64() < s.StakeThreshold {
			v = fixed.I64F64{}
		}
		p.wide[i] = v
		sum = sum.Add(v)
	}
	whole := sum.Lo == 0 && sum.Hi > 0
	for i, v := range p.wide {
		switch {
		case v.IsZero() || sum.IsZero():
			out[i] = v.I32F32()
		case whole && v.Lo == 0 && uint64(v.Hi) < min(uint64(sum.Hi), 1<<32):
			out[i] = fixed.I32F32(uint64(v.Hi) << 32 / uint64(sum.Hi)) // the same quotient, cut at once
		case whole && v.Lo == 0 && uint64(v.Hi) < uint64(sum.Hi):
			q, _ := bits.Div64(uint64(v.Hi), 0, uint64(sum.Hi))
			out[i] = fixed.I32F32(q >> 32)
		default:
			out[i] = v.SafeDiv(sum).I32F32()
		}
	}
}

// topKNonzero marks the k largest values that are not 0; of equal ones the larger index wins (is_topk_nonzero).
func (p *panel) topKNonzero(v []fixed.I32F32, k int, out []bool) {
	for i, x := range v {
		out[i] = x != 0
	}
	if len(v) < k {
		return
	}
	// The n-k that lose are the first of a stable ascending sort: those of value 0 need no order, as they are out already.
	p.order = p.order[:0]
	lose := len(v) - k
	for i, x := range v {
		switch {
		case x == 0:
			lose--
		default:
			p.order = append(p.order, int32(i))
		}
	}
	slices.SortStableFunc(p.order, func(a, b int32) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return 0
	})
	p.lose(v, lose, out)
}

// lose clears the first of order. Negative values, which only a wrapped stake sum gives, stand before the zeros.
func (p *panel) lose(v []fixed.I32F32, count int, out []bool) {
	negative := 0
	for negative < len(p.order) && v[p.order[negative]] < 0 {
		negative++
	}
	zeros := len(v) - len(p.order)
	if count+zeros < negative {
		count += zeros
	} else if count < negative {
		count = negative
	}
	for _, i := range p.order[:min(max(count, 0), len(p.order))] {
		out[i] = false
	}
}

// TopK marks the k largest values; of equal ones the larger index wins (is_topk).
func TopK(v []fixed.I32F32, k int) []bool {
	out := make([]bool, len(v))
	for i := range out {
		out[i] = true
	}
	if len(v) < k {
		return out
	}
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return 0
	})
	for _, i := range order[:len(v)-k] {
		out[i] = false
	}
	return out
}

// TopKNonzero marks the k largest values except those that are 0 (is_topk_nonzero).
func TopKNonzero(v []fixed.I32F32, k int) []bool {
	out := make([]bool, len(v))
	new(panel).topKNonzero(v, k, out)
	return out
}
