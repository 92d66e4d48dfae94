package consensus_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

// TestNoAllocations: an engine and an output that have run an epoch of a size run the next ones without allocating.
func TestNoAllocations(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	ctx := context.Background()
	for _, d := range []sim.Subnet{{Seed: 1, N: 256, V: 64, K: 48, KB: 48}, {Seed: 1, N: 1024, V: 64, K: 128, KB: 128}} {
		for _, m := range modes {
			for _, dense := range []bool{false, true} {
				s := d.State()
				s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
				e, o := consensus.NewEngine(&consensus.Options{Dense: dense}), new(consensus.Output)
				run := func() {
					if err := e.Epoch(ctx, s, o); err != nil {
						t.Fatal(err)
					}
				}
				run()
				run()
				if n := testing.AllocsPerRun(5, run); n != 0 {
					t.Errorf("n=%d %s dense=%v: %v allocations an epoch", d.N, m.name, dense, n)
				}
			}
		}
	}
	s := sim.Subnet{Seed: 1, N: 256, V: 64, K: 48, KB: 48}.State()
	v, err := consensus.NewVariants(ctx, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	col, val := s.Weights.Row(2)
	var o consensus.Output
	run := func() {
		if err := v.Epoch(ctx, col, val, &o); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(5, run); n != 0 {
		t.Errorf("%v allocations a variant", n)
	}
}

// TestLargeSubnet runs 65,536 neurons of which 64 validators vote for all, within 2 GiB. It takes some seconds: ASSAY_LONG=1;
// the default is a sixteenth.
func TestLargeSubnet(t *testing.T) {
	n := 4096
	if long {
		n = 65536
	}
	s := sim.Subnet{Seed: 7, N: n, V: 64, K: n, KB: n}.State()
	for _, m := range modes[:2] {
		s.Yuma3 = m.yuma3
		var o consensus.Output
		if err := consensus.NewEngine(&consensus.Options{Workers: 2}).Epoch(context.Background(), s, &o); err != nil {
			t.Fatal(err)
		}
		if fixed.Sum(o.Incentive) < fixed.One*9/10 || len(o.Bonds.Col) == 0 {
			t.Errorf("%s: incentives sum to %d with %d bonds", m.name, fixed.Sum(o.Incentive), len(o.Bonds.Col))
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("n=%d: %d weights, %d MiB from the system", n, len(s.Weights.Col), m.Sys>>20)
	if m.Sys > 2<<30 {
		t.Errorf("%d MiB from the system", m.Sys>>20)
	}
}

// TestDenseMemory: the dense form at 4096 keeps under 300 MiB.
func TestDenseMemory(t *testing.T) {
	s := sim.Subnet{Seed: 42, N: 4096, V: 128, K: 256, KB: 256}.State()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var o consensus.Output
	if err := consensus.NewEngine(&consensus.Options{Dense: true}).Epoch(context.Background(), s, &o); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 300 {
		t.Errorf("%d MiB allocated", got)
	} else {
		t.Logf("%d MiB allocated", got)
	}
}

// TestCancel: a context that has ended stops the epoch, and the engine runs the next one as if nothing had been.
func TestCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	s := sim.Subnet{Seed: 2, N: 256, V: 32, K: 64, KB: 64}.State()
	for _, workers := range []int{1, 4} {
		e := consensus.NewEngine(&consensus.Options{Workers: workers})
		var o, want consensus.Output
		for range 3 {
			ctx := &countdown{Context: context.Background()}
			ctx.left.Store(1)
			if err := e.Epoch(ctx, s, &o); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if err := e.Epoch(context.Background(), s, &o); err != nil {
				t.Fatal(err)
			}
			if err := consensus.NewEngine(nil).Epoch(context.Background(), s, &want); err != nil {
				t.Fatal(err)
			}
			if err := sameOutput(&o, &want); err != nil {
				t.Errorf("after a cancelled epoch: %v", err)
			}
		}
	}
	for wait := 0; runtime.NumGoroutine() > before; wait++ { // ended ones are counted until the machine lets them go
		if wait == 30_000 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

// A countdown is a context that ends after its error was asked for a few times.
type countdown struct {
	context.Context
	left atomic.Int32
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestStateUntouched: an epoch leaves its state as it is.
func TestStateUntouched(t *testing.T) {
	s := sim.Subnet{Seed: 2, N: 64, V: 16, K: 16, KB: 16}.State()
	s.HasOwner, s.Owner = true, 40
	copied := fmt.Sprint(*s)
	for _, dense := range []bool{false, true} {
		if _, err := agree(s, dense); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(*s) != copied {
		t.Error("the state changed")
	}
}

func ExampleEngine_Epoch() {
	// Two validators agree on one server.
	s := &consensus.State{Params: consensus.DefaultParams(), CurrentBlock: 1000, RaoEmission: 1e9}
	s.Stake = []fixed.I64F64{fixed.I64F64FromU64(600), fixed.I64F64FromU64(400), {}}
	s.LastUpdate, s.BlockAtRegistration = []uint64{999, 999, 999}, []uint64{1, 1, 1}
	s.ValidatorPermit = []bool{true, true, false}
	s.Weights.Append([]uint16{2}, []uint16{65535})
	s.Weights.Append([]uint16{2}, []uint16{65535})
	s.Weights.Append(nil, nil)
	var o consensus.Output
	if err := consensus.NewEngine(nil).Epoch(context.Background(), s, &o); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.ConsensusU16, o.ServerEmission, o.ValidatorEmission)
	// Output: [0 0 65535] [0 0 500000000] [299999999 199999999 0]
}

func ExampleNewVariants() {
	ctx := context.Background()
	s := sim.Subnet{Seed: 3, N: 32, V: 4, K: 6, KB: 6}.State()
	v, err := consensus.NewVariants(ctx, s, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	col, val := s.Weights.Row(1) // what if 0 voted as 1 does?
	var o consensus.Output
	if err := v.Epoch(ctx, col, val, &o); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(o.Dividends), o.Bonds.Len())
	// Output: 32 0
}

func ExampleDecodeScaleRow() {
	var rows consensus.Rows
	rest, err := consensus.DecodeScaleRow([]byte{0x04, 3, 0, 0xff, 0xff}, 256, &rows)
	fmt.Println(rows.Col, rows.Val, len(rest), err)
	// Output: [3] [65535] 0 <nil>
}
