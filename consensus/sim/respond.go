package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

// A Voter answers what one validator would earn with other weights, the rest of a state unchanged.
type Voter struct {
	uid      int
	variants *consensus.Variants
	out      consensus.Output
	vals     []uint16
}

// NewVoter prepares the questions. The state is kept and must not change. Errors: those of consensus.NewVariants.
func NewVoter(ctx context.Context, s *consensus.State, uid int) (*Voter, error) {
	v, err := consensus.NewVariants(ctx, s, uid)
	if err != nil {
		return nil, err
	}
	return &Voter{uid: uid, variants: v}, nil
}

// Dividends returns the validator's dividends, of all dividends, with a row of weights: columns ascending, values as stored.
func (v *Voter) Dividends(ctx context.Context, col, val []uint16) (fixed.I32F32, error) {
	if err := v.variants.Epoch(ctx, col, val, &v.out); err != nil {
		return 0, err
	}
	return v.out.Dividends[v.uid], nil
}

// Output returns the whole epoch of the last question, bonds aside. It is the voter's own.
func (v *Voter) Output() *consensus.Output { return &v.out }

// Gradient returns, for each column, how the dividends change when that value grows by step, down where it cannot grow: the
// difference of two epochs in exact arithmetic, with the sign of growth. Val is left as it was.
func (v *Voter) Gradient(ctx context.Context, col, val []uint16, step uint16) ([]fixed.I32F32, error) {
	if step == 0 {
		return nil, fmt.Errorf("sim: a step of 0")
	}
	base, err := v.Dividends(ctx, col, val)
	if err != nil {
		return nil, err
	}
	v.vals = append(v.vals[:0], val...)
	out := make([]fixed.I32F32, len(val))
	for k, x := range val {
		sign := fixed.I32F32(1)
		if x <= 65535-step {
			v.vals[k] = x + step
		} else {
			v.vals[k], sign = x-step, -1
		}
		d, err := v.Dividends(ctx, col, v.vals)
		if err != nil {
			return nil, err
		}
		out[k], v.vals[k] = sign*(d-base), x
	}
	return out, nil
}

// A Response is a row of weights and what it earns. Epochs counts the variants tried.
type Response struct {
	Values    []uint16
	Dividends fixed.I32F32
	Epochs    int
}

// BestResponse climbs from a row of weights to one that no single step betters: values move up and down by a step that starts at
// half the range and halves down to least, columns in order, a move kept only if it earns strictly more. It ends in a local
// maximum of the dividends; limit bounds the variants tried (0 is no bound).
func (v *Voter) BestResponse(ctx context.Context, col, start []uint16, least uint16, limit int) (Response, error) {
	r := Response{Values: slices.Clone(start)}
	var err error
	if r.Dividends, err = v.Dividends(ctx, col, r.Values); err != nil {
		return r, err
	}
	for step := 32768; step >= max(int(least), 1); step /= 2 {
		for moved := true; moved; {
			moved = false
			for k := range r.Values {
				for _, to := range []int{int(r.Values[k]) + step, int(r.Values[k]) - step} {
					if limit > 0 && r.Epochs >= limit {
						return r, nil
					}
					better, err := v.try(ctx, col, &r, k, min(max(to, 0), 65535))
					if err != nil {
						return r, err
					}
					moved = moved || better
				}
			}
		}
	}
	return r, nil
}

// try moves one value and keeps the move if it earns more.
func (v *Voter) try(ctx context.Context, col []uint16, r *Response, k, to int) (bool, error) {
	was := r.Values[k]
	if int(was) == to {
		return false, nil
	}
	r.Values[k] = uint16(to)
	r.Epochs++
	d, err := v.Dividends(ctx, col, r.Values)
	if err != nil || d <= r.Dividends {
		r.Values[k] = was
		return false, err
	}
	r.Dividends = d
	return true, nil
}
