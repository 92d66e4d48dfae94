package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

// variantsChecked is the number of variants whose results are held against whole epochs.
const variantsChecked = 10000

// yumaWhatIf times epochs that differ in one validator's weights against our own whole epochs, at 4096/128/256.
func yumaWhatIf() (out []duel, closing func(), err error) {
	for _, mode := range []string{"yuma2", "yuma3", "yuma3-liquid"} {
		w, err := newWhatIf(mode)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, duel{
			peer: "own-full-epoch", unit: "ms/epoch", work: 1, check: w.check, note: "mode=" + mode,
			ours:   timedErr(func() error { return w.variants.Epoch(context.Background(), w.col, w.val, &w.got) }),
			theirs: timedErr(func() error { return w.engine.Epoch(context.Background(), w.whole, &w.want) }),
		})
	}
	return out, nil, nil
}

// A whatIf holds both sides and the present variant.
type whatIf struct {
	variants  *consensus.Variants
	engine    *consensus.Engine
	whole     *consensus.State // with the variant's row, which is rows from its start to its end
	uid       int
	popular   []uint16
	col, val  []uint16
	random    sim.Random
	got, want consensus.Output
}

func newWhatIf(mode string) (*whatIf, error) {
	s := sim.Subnet{Seed: 42, N: 4096, V: 128, K: 256, KB: 256}.State()
	s.Yuma3, s.LiquidAlpha = mode != "yuma2", mode == "yuma3-liquid"
	uid := slices.Index(s.ValidatorPermit, true)
	w := &whatIf{uid: uid, engine: consensus.NewEngine(nil), random: sim.Random{State: 7}}
	var err error
	if w.variants, err = consensus.NewVariants(context.Background(), s, uid); err != nil {
		return nil, err
	}
	for _, other := range []int{uid + 1, uid + 2} {
		col, _ := s.Weights.Row(other)
		w.popular = append(w.popular, col...)
	}
	slices.Sort(w.popular)
	w.popular = slices.Compact(w.popular)
	changed := *s
	w.whole = &changed
	w.draw()
	return w, nil
}

// draw makes the next variant: new weights for nearly every column that validators vote for, or for a few of them.
func (w *whatIf) draw() {
	w.col, w.val = w.col[:0], w.val[:0]
	keep := 1 + w.random.Below(16)
	for _, j := range w.popular {
		if w.random.Below(16) < keep {
			w.col, w.val = append(w.col, j), append(w.val, uint16(w.random.Below(65536)))
		}
	}
	old, rows := w.whole.Weights, consensus.Rows{}
	for i := range w.whole.N() {
		if i == w.uid {
			rows.Append(w.col, w.val)
			continue
		}
		rows.Append(old.Row(i))
	}
	w.whole.Weights = rows
}

// check compares every vector of 10,000 variants with that of a whole epoch.
func (w *whatIf) check() error {
	for k := range variantsChecked {
		w.draw()
		if err := w.variants.Epoch(context.Background(), w.col, w.val, &w.got); err != nil {
			return err
		}
		if err := w.engine.Epoch(context.Background(), w.whole, &w.want); err != nil {
			return err
		}
		if name := differ(&w.got, &w.want); name != "" {
			return fmt.Errorf("variant %d: %s", k, name)
		}
	}
	return nil
}

// differ names a vector in which two outputs differ, bonds aside.
func differ(a, b *consensus.Output) string {
	switch {
	case !slices.Equal(a.Stake, b.Stake) || !slices.Equal(a.ActiveStake, b.ActiveStake) || !slices.Equal(a.Active, b.Active):
		return "stake"
	case !slices.Equal(a.Consensus, b.Consensus) || !slices.Equal(a.ConsensusU16, b.ConsensusU16):
		return "consensus"
	case !slices.Equal(a.ValidatorTrust, b.ValidatorTrust) || !slices.Equal(a.ValidatorTrustU16, b.ValidatorTrustU16):
		return "validator trust"
	case !slices.Equal(a.Ranks, b.Ranks) || !slices.Equal(a.Incentive, b.Incentive) || !slices.Equal(a.IncentiveU16, b.IncentiveU16):
		return "incentive"
	case !slices.Equal(a.TotalBonds, b.TotalBonds) || !slices.Equal(a.Dividends, b.Dividends) || !slices.Equal(a.DividendsU16, b.DividendsU16):
		return "dividends"
	case !slices.Equal(a.ServerShare, b.ServerShare) || !slices.Equal(a.ValidatorShare, b.ValidatorShare) || !slices.Equal(a.CombinedShare, b.CombinedShare):
		return "shares"
	case !slices.Equal(a.ServerEmission, b.ServerEmission) || !slices.Equal(a.ValidatorEmission, b.ValidatorEmission) || !slices.Equal(a.Emission, b.Emission):
		return "emission"
	case !slices.Equal(a.NewValidatorPermit, b.NewValidatorPermit) || !slices.Equal(a.StakeWeightU16, b.StakeWeightU16):
		return "permits"
	}
	return ""
}
