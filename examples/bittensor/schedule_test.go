package bittensor_test

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/examples/bittensor"
)

// TestSchedule: every phase begins where the emission halves, and the phases end short of 21 M.
func TestSchedule(t *testing.T) {
	phases, err := bittensor.Schedule()
	if err != nil || len(phases) != 30 {
		t.Fatalf("%d phases, %v", len(phases), err)
	}
	var issued, block uint64
	for i, p := range phases {
		if p.Index != i || p.StartIssuance != issued || p.StartBlock != block || p.Emission != coinbase.DefaultBlockEmission>>i {
			t.Errorf("phase %d: %+v, issued %d, block %d", i, p, issued, block)
		}
		last, err := coinbase.BlockEmission(issued + (p.Blocks-1)*p.Emission)
		if err != nil || last != p.Emission {
			t.Errorf("phase %d: its last block mints %d, %v", i, last, err)
		}
		issued, block = issued+p.Blocks*p.Emission, block+p.Blocks
	}
	if e, _ := coinbase.BlockEmission(issued); e != 0 || issued > coinbase.TotalSupply {
		t.Errorf("%d issued at the end, a block mints %d", issued, e)
	}
}

func ExampleSchedule() {
	phases, err := bittensor.Schedule()
	if err != nil {
		fmt.Println(err)
		return
	}
	p := phases[10]
	fmt.Println(p.Emission, p.StartIssuance, p.Blocks, p.Years().FloatString(4))
	// Output: 976562 20979492187500000 10500006 39.9270
}

func ExampleDivide() {
	fmt.Println(bittensor.Divide(1_000_000_000, coinbase.DefaultOwnerCut))
	// Output: {179995422 410002288 410002288}
}
