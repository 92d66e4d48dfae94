package porep_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/graph"
	"github.com/assaylab/assay/porep/sector"
)

// What a prover risks under the native profile, in a sector of 1 MiB (32768 nodes, 2 layers, 65536 labels).
func ExampleSoundnessTable() {
	p, err := sector.NativeProfile(2).Proof(0, 1<<20)
	if err != nil {
		fmt.Println(err)
		return
	}
	table, err := porep.SoundnessTable(context.Background(), p, []float64{0.01, 0.035, 0.05, 0.1, 0.2, 0.5, 1}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("missing  undetected  labels  depth")
	for _, l := range table {
		fmt.Printf("%6.1f%%  %10.2g  %6.0f  %5.0f\n", 100*l.Missing, l.Undetected, l.Labels, l.Depth)
	}
	// Output:
	// missing  undetected  labels  depth
	//    1.0%        0.28       2      1
	//    3.5%        0.01       2      1
	//    5.0%      0.0014       6      2
	//   10.0%     1.4e-06       9      3
	//   20.0%     3.9e-13     978     38
	//   50.0%     2.9e-39   28828   6009
	//  100.0%           0   61239  61207
}

func TestSoundness(t *testing.T) {
	p, err := sector.NativeProfile(3).Proof(0, sector.Size32KiB)
	if err != nil {
		t.Fatal(err)
	}
	table, err := porep.SoundnessTable(t.Context(), p, []float64{0, 0.1, 0.5, 1}, 5)
	if err != nil {
		t.Fatal(err)
	}
	again, err := porep.SoundnessTable(t.Context(), p, []float64{0, 0.1, 0.5, 1}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range table {
		if l != again[i] {
			t.Errorf("line %d depends on the run", i)
		}
		if want := math.Pow(1-l.Missing, 128); l.Undetected != want {
			t.Errorf("%v missing: %v, want %v", l.Missing, l.Undetected, want)
		}
		if i > 0 && (l.Labels <= table[i-1].Labels || l.Depth < table[i-1].Depth) {
			t.Errorf("more missing nodes cost less: %+v, %+v", table[i-1], l)
		}
		if l.Labels > float64(3*p.Nodes()) {
			t.Errorf("%v labels of %d", l.Labels, 3*p.Nodes())
		}
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := porep.SoundnessTable(ctx, p, []float64{0.5}, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if p, err = sector.NativeProfile(3).Proof(0, sector.Size512MiB); err != nil {
		t.Fatal(err)
	}
	if _, err := porep.SoundnessTable(t.Context(), p, nil, 5); !errors.Is(err, graph.ErrTooLarge) {
		t.Errorf("512 MiB: %v", err)
	}
}
