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

func ExampleLiquid_Alpha() {
	l := consensus.NewLiquid(45875, 58982, 1000)
	at := l.Alpha(fixed.Half, fixed.Half, 0) // a weight at consensus
	fmt.Println(at.ToU16Proportion())
	// Output: 45962
}
