package subnet_test

import (
	"fmt"

	"github.com/assaylab/assay/consensus/subnet"
)

func ExampleSetWeights() {
	s := small()
	s.LastUpdate[0], s.LastUpdate[3] = 100, 0
	rules := &subnet.WeightRules{Mechanisms: 1, MinAllowed: 1, RateLimit: 100}
	col, val, err := subnet.SetWeights(s, rules, &subnet.WeightCall{UID: 0, Uids: []uint16{2, 3}, Values: []uint16{1, 3}})
	fmt.Println(col, val, err)
	_, _, err = subnet.SetWeights(s, rules, &subnet.WeightCall{UID: 3, Uids: []uint16{2}, Values: []uint16{1}})
	fmt.Println(err == subnet.ErrNoPermit, err)
	// Output:
	// [2 3] [21845 65535] <nil>
	// true subnet: neuron has no validator permit
}

func ExamplePrune() {
	uid, err := subnet.Prune([]uint64{10, 20, 30}, 1000, &subnet.Pruning{Emission: []uint64{5, 0, 0}, ImmunityPeriod: 100, MinNonImmune: 1})
	fmt.Println(uid, err)
	// Output: 1 <nil>
}
