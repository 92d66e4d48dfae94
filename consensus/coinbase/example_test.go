package coinbase_test

import (
	"fmt"

	"github.com/assaylab/assay/consensus/coinbase"
)

func ExampleSplitAlpha() {
	root := coinbase.RootProportion(6_000_000_000_000_000, 971718665099567868, 3_000_000_000_000_000)
	fmt.Printf("%+v\n", coinbase.SplitAlpha(1_000_000_000, coinbase.DefaultOwnerCut, root))
	// Output: {Owner:179995422 Server:410002288 Validator:370923982 Root:39078306}
}

func ExampleStakeWeight() {
	// The second neuron lends half of its stake to the first; root stake counts half.
	w, err := coinbase.StakeWeight([]uint64{100, 200}, []uint64{0, 40}, []coinbase.Delegation{{Parent: 1, Child: 0, Proportion: 1 << 63}}, 1<<63)
	fmt.Println(w[0].U64(), w[1].U64(), err)
	// Output: 210 110 <nil>
}

func ExampleBlockEmission() {
	rao, err := coinbase.BlockEmission(10_500_000_000_000_000)
	fmt.Println(rao, err)
	// Output: 500000000 <nil>
}
