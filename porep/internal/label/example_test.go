package label_test

import (
	"fmt"

	"github.com/assaylab/assay/porep/internal/label"
)

func ExampleLanes_Label() {
	// Two sectors of four nodes, side by side, over a toy graph: every parent is node 0.
	lanes, err := label.New([label.Size]byte{1}, [label.Size]byte{2})
	if err != nil {
		panic(err)
	}
	parents := make([]uint32, 4*label.Degree)
	layer := make([]byte, 4*2*label.Size)
	if err := lanes.Label(1, 0, parents, layer, nil); err != nil {
		panic(err)
	}
	first := make([]byte, 4*label.Size)
	label.Take(first, layer, 2, 0)
	fmt.Printf("%x\n", first[3*label.Size:][:8])
	// Output: ee5be9f0791dce6d
}
