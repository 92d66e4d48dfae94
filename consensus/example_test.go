package consensus_test

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
)

func ExampleDecodeState() {
	s, err := consensus.DecodeState([]byte(snapshot))
	if err != nil {
		fmt.Println(err)
		return
	}
	o, err := epoch(s, consensus.Options{})
	fmt.Println(s.N(), o.IncentiveU16, err)
	_, err = consensus.DecodeState([]byte(`{"n":3`))
	fmt.Println(errors.Is(err, consensus.ErrDecode))
	// Output:
	// 3 [0 0 65535] <nil>
	// true
}

func ExampleSetWeights() {
	s := small(2, 3, []uint64{500, 400}, nil)
	s.LastUpdate[0], s.LastUpdate[3] = 100, 0
	rules := &consensus.WeightRules{Mechanisms: 1, MinAllowed: 1, RateLimit: 100}
	col, val, err := consensus.SetWeights(s, rules, &consensus.WeightCall{UID: 0, Uids: []uint16{2, 3, 4}, Values: []uint16{1, 2, 3}})
	fmt.Println(col, val, err)
	_, _, err = consensus.SetWeights(s, rules, &consensus.WeightCall{UID: 3, Uids: []uint16{2}, Values: []uint16{1}})
	fmt.Println(err == consensus.ErrNoPermit, err)
	// Output:
	// [2 3 4] [21845 43690 65535] <nil>
	// true consensus: neuron has no validator permit
}

func ExampleSplitAlpha() {
	root := consensus.RootProportion(6_000_000_000_000_000, 971718665099567868, 3_000_000_000_000_000)
	fmt.Printf("%+v\n", consensus.SplitAlpha(1_000_000_000, consensus.DefaultOwnerCut, root))
	// Output: {Owner:179995422 Server:410002288 Validator:370923982 Root:39078306}
}

func ExamplePrune() {
	uid, err := consensus.Prune([]uint64{10, 20, 30}, 1000, &consensus.Pruning{Emission: []uint64{5, 0, 0}, ImmunityPeriod: 100, MinNonImmune: 1})
	fmt.Println(uid, err)
	// Output: 1 <nil>
}

func ExampleStakeWeight() {
	// The second neuron lends half of its stake to the first; root stake counts half.
	w, err := consensus.StakeWeight([]uint64{100, 200}, []uint64{0, 40}, []consensus.Delegation{{Parent: 1, Child: 0, Proportion: 1 << 63}}, 1<<63)
	fmt.Println(w[0].U64(), w[1].U64(), err)
	// Output: 210 110 <nil>
}

func ExampleLiquid_Alpha() {
	l := consensus.NewLiquid(45875, 58982, 1000)
	at := l.Alpha(fixed.Half, fixed.Half, 0) // a weight at consensus
	fmt.Println(at.ToU16Proportion())
	// Output: 45962
}
