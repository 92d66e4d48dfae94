package sim_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/fixed"
	"github.com/assaylab/assay/consensus/sim"
)

var long = os.Getenv("ASSAY_LONG") != ""

// TestKnownCases plays the 14 simulation cases in three modes and compares every epoch with the chain's.
func TestKnownCases(t *testing.T) {
	f, err := os.Open("../testdata/simulation_cases.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name   string
			Epochs []struct {
				Block                           uint64
				Consensus, Incentive, Dividends []fixed.I32F32
				ValidatorTrust                  []fixed.I32F32 `json:"validator_trust"`
				ServerEmission                  []uint64       `json:"server_emission"`
				ValidatorEmission               []uint64       `json:"validator_emission"`
				BondsOut                        [][][2]uint16  `json:"bonds_out"`
			}
		}
	}
	if err := json.NewDecoder(z).Decode(&file); err != nil {
		t.Fatal(err)
	}
	scenarios := map[string]*sim.Scenario{}
	for _, m := range []sim.Mode{sim.Yuma2, sim.Yuma3, sim.Yuma3Liquid} {
		for _, sc := range sim.Cases(m) {
			scenarios[sc.Name] = sc
		}
	}
	if len(scenarios) != len(file.Cases) {
		t.Fatalf("%d scenarios, %d cases", len(scenarios), len(file.Cases))
	}
	for _, c := range file.Cases {
		sc := scenarios[c.Name]
		if sc == nil {
			t.Fatalf("no scenario %q", c.Name)
		}
		count := 0
		for e, err := range sc.Run(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			want, o := c.Epochs[e.Index], e.Output
			if e.State.CurrentBlock != want.Block || !slices.Equal(o.Consensus, want.Consensus) || !slices.Equal(o.Incentive, want.Incentive) ||
				!slices.Equal(o.Dividends, want.Dividends) || !slices.Equal(o.ValidatorTrust, want.ValidatorTrust) ||
				!slices.Equal(o.ServerEmission, want.ServerEmission) || !slices.Equal(o.ValidatorEmission, want.ValidatorEmission) {
				t.Fatalf("%s: epoch %d differs", c.Name, e.Index)
			}
			for i, row := range want.BondsOut {
				col, val := o.Bonds.Row(i)
				for k, p := range row {
					if len(col) != len(row) || col[k] != p[0] || val[k] != p[1] {
						t.Fatalf("%s: epoch %d: bonds of %d: %v %v, want %v", c.Name, e.Index, i, col, val, row)
					}
				}
			}
			count++
		}
		if count != len(c.Epochs) {
			t.Fatalf("%s: %d epochs, want %d", c.Name, count, len(c.Epochs))
		}
	}
}

func TestScenarioStops(t *testing.T) {
	sc := sim.Cases(sim.Yuma3)[0]
	count := 0
	for range sc.Run(context.Background()) {
		if count++; count == 3 {
			break
		}
	}
	if count != 3 {
		t.Errorf("%d epochs after a break at 3", count)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range sc.Run(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	}
}

// TestFixedBonds carries bonds without their rounding: close to the rounded ones, and not equal.
func TestFixedBonds(t *testing.T) {
	for _, m := range []sim.Mode{sim.Yuma2, sim.Yuma3, sim.Yuma3Liquid} {
		rounded, exact := sim.Cases(m)[4], sim.Cases(m)[4]
		exact.Options = &consensus.Options{FixedBonds: true}
		var a, b [][]fixed.I32F32
		for _, x := range []struct {
			sc  *sim.Scenario
			out *[][]fixed.I32F32
		}{{rounded, &a}, {exact, &b}} {
			for e, err := range x.sc.Run(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				*x.out = append(*x.out, slices.Clone(e.Output.Dividends))
			}
		}
		differ := false
		for e := range a {
			for i, v := range a[e] {
				d := (v - b[e][i]).Float64()
				differ = differ || d != 0
				if d > 0.01 || d < -0.01 {
					t.Fatalf("%s: epoch %d: dividends of %d: %d rounded, %d exact", m, e, i, v, b[e][i])
				}
			}
		}
		if !differ {
			t.Errorf("%s: bonds were rounded all the same", m)
		}
	}
}

func TestVoter(t *testing.T) {
	ctx := context.Background()
	s := sim.Subnet{Seed: 42, N: 64, V: 16, K: 12, KB: 12}.State()
	uid := slices.Index(s.ValidatorPermit, true)
	v, err := sim.NewVoter(ctx, s, uid)
	if err != nil {
		t.Fatal(err)
	}
	col, val := s.Weights.Row(uid)
	base, err := v.Dividends(ctx, col, val)
	if err != nil {
		t.Fatal(err)
	}
	var o consensus.Output
	if err := consensus.NewEngine(nil).Epoch(ctx, s, &o); err != nil || o.Dividends[uid] != base {
		t.Fatalf("dividends %d, the epoch's %d, %v", base, o.Dividends[uid], err)
	}
	before := slices.Clone(val)
	grad, err := v.Gradient(ctx, col, val, 256)
	if err != nil || !slices.Equal(val, before) {
		t.Fatalf("gradient: %v; row changed: %v", err, !slices.Equal(val, before))
	}
	for k := range val {
		moved, sign := slices.Clone(val), fixed.I32F32(1)
		if val[k] <= 65535-256 {
			moved[k] += 256
		} else {
			moved[k], sign = moved[k]-256, -1
		}
		d, err := v.Dividends(ctx, col, moved)
		if err != nil || sign*(d-base) != grad[k] {
			t.Fatalf("column %d: gradient %d, difference %d, %v", k, grad[k], sign*(d-base), err)
		}
	}
	best, err := v.BestResponse(ctx, col, val, 1024, 0)
	if err != nil || best.Dividends < base {
		t.Fatalf("best response earns %d, the row itself %d, %v", best.Dividends, base, err)
	}
	for k := range best.Values { // no single step of the least size betters it
		for _, to := range []int{int(best.Values[k]) + 1024, int(best.Values[k]) - 1024} {
			moved := slices.Clone(best.Values)
			moved[k] = uint16(min(max(to, 0), 65535))
			if d, err := v.Dividends(ctx, col, moved); err != nil || d > best.Dividends {
				t.Fatalf("column %d to %d earns %d, the best response %d, %v", k, to, d, best.Dividends, err)
			}
		}
	}
}

func TestSweep(t *testing.T) {
	ctx := context.Background()
	square := func() func(context.Context, int) (int, error) {
		return func(_ context.Context, i int) (int, error) { return i * i, nil }
	}
	for _, workers := range []int{0, 1, 2, 7, 300} {
		got, err := sim.Sweep(ctx, 100, workers, square)
		if err != nil || len(got) != 100 {
			t.Fatalf("%d workers: %d points, %v", workers, len(got), err)
		}
		for i, v := range got {
			if v != i*i {
				t.Errorf("%d workers: point %d is %d", workers, i, v)
			}
		}
	}
	fault := errors.New("fault")
	_, err := sim.Sweep(ctx, 100, 3, func() func(context.Context, int) (int, error) {
		return func(_ context.Context, i int) (int, error) {
			if i == 50 {
				return 0, fault
			}
			return i, nil
		}
	})
	if !errors.Is(err, fault) {
		t.Errorf("got %v, want the fault", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := sim.Sweep(stopped, 10, 2, square); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after cancel", err)
	}
}

// TestSweepFault: a point that fails does not end those before it, whose error comes first. It once ended their context, and the
// sweep returned that as the error.
func TestSweepFault(t *testing.T) {
	for _, own := range []error{errors.New("of the first point"), nil} {
		second, begun := errors.New("of the second point"), make(chan struct{})
		_, err := sim.Sweep(t.Context(), 100, 2, func() func(context.Context, int) (int, error) {
			return func(ctx context.Context, i int) (int, error) {
				switch i {
				case 0:
					<-begun
					select {
					case <-ctx.Done():
						return 0, ctx.Err()
					case <-time.After(20 * time.Millisecond): // long enough for the fault, did it end the context
						return 0, own
					}
				case 1:
					close(begun)
					return 0, second
				}
				return 0, errors.New("begun after a fault")
			}
		})
		if want := cmp.Or(own, second); !errors.Is(err, want) {
			t.Errorf("got %v, want the error %v", err, want)
		}
	}
}

func TestRetentionWorkers(t *testing.T) {
	var first []sim.RetentionPoint
	for _, workers := range []int{1, 2, 7} {
		r := sim.Retention{Deviation: fixed.One / 5, Penalty: 65534, Grid: 2, Workers: workers, Stakes: sim.RetentionStakes()[1:3]}
		points, err := r.Map(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = points
		}
		if !slices.Equal(points, first) {
			t.Errorf("%d workers: another map", workers)
		}
	}
	var b bytes.Buffer
	if err := sim.RetentionTable(first).WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != 1+len(first) {
		t.Errorf("a table of %d lines for %d points", lines, len(first))
	}
}

func TestTable(t *testing.T) {
	table := sim.EpochTable()
	for e, err := range sim.Cases(sim.Yuma2)[0].Run(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		table.Record(e)
	}
	var b bytes.Buffer
	if err := table.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 1+40*5 || !strings.HasPrefix(lines[0], "epoch,block,uid") || lines[1] != "0,1360,0,3435973836,0,4294967296,0,3435973853,0,400000001,400000001,true" {
		t.Errorf("%d lines, first %q, second %q", len(lines), lines[0], lines[1])
	}
	table.Add(1, 2)
	if err := table.WriteCSV(&b); err == nil {
		t.Error("a short row was written")
	}
}

func ExampleScenario_Run() {
	sc := sim.Cases(sim.Yuma3)[0]
	for e, err := range sc.Run(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if e.Index == 3 {
			fmt.Println(e.State.CurrentBlock, e.Output.ValidatorEmission[:3])
			break
		}
	}
	// Output: 2440 [443608291 37435089 18956617]
}

func ExampleVoter_BestResponse() {
	ctx := context.Background()
	s := sim.Subnet{Seed: 1, N: 32, V: 4, K: 6, KB: 6}.State()
	v, err := sim.NewVoter(ctx, s, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	col, val := s.Weights.Row(0)
	now, _ := v.Dividends(ctx, col, val)
	best, _ := v.BestResponse(ctx, col, val, 4096, 0)
	fmt.Println(best.Dividends >= now)
	// Output: true
}

func ExampleSweep() {
	// What the first validator of a subnet earns under several kappas, on all processors.
	kappas := []uint16{16384, 32767, 49152}
	shares, err := sim.Sweep(context.Background(), len(kappas), 0, func() func(context.Context, int) (uint16, error) {
		s := sim.Subnet{Seed: 5, N: 48, V: 8, K: 12, KB: 12}.State()
		engine, o := consensus.NewEngine(nil), new(consensus.Output)
		return func(ctx context.Context, i int) (uint16, error) {
			s.Kappa = kappas[i]
			err := engine.Epoch(ctx, s, o)
			return o.DividendsU16[0], err
		}
	})
	fmt.Println(len(shares), err)
	// Output: 3 <nil>
}
