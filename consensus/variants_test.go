package consensus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

// drawRow draws a row of weights: about one column in share, and every popular one.
func drawRow(r *sim.Random, s *consensus.State, popular []uint16, share uint64) (col, val []uint16) {
	next := 0
	for j := range s.N() {
		for next < len(popular) && int(popular[next]) < j {
			next++
		}
		if next < len(popular) && int(popular[next]) == j && r.Below(16) != 0 || r.Below(share) == 0 {
			col, val = append(col, uint16(j)), append(val, uint16(r.Below(65536)*min(1, r.Below(8))))
		}
	}
	return col, val
}

func TestVariantsEqualWholeEpochs(t *testing.T) {
	ctx := context.Background()
	rounds := 3
	if os.Getenv("ASSAY_LONG") != "" {
		rounds = 60
	}
	for seed := range uint64(rounds) {
		for _, d := range []sim.Subnet{{Seed: seed, N: 40, V: 9, K: 12, KB: 12}, {Seed: seed, N: 256, V: 64, K: 48, KB: 48}} {
			for _, m := range modes {
				for _, penalty := range []uint16{0, 32768, 65535} {
					s := d.State()
					s.Yuma3, s.LiquidAlpha, s.BondsPenalty = m.yuma3, m.liquid, penalty
					s.Kappa = uint16(32767 + seed*1000)
					r := sim.Random{State: seed}
					for uid := 0; uid < d.V; uid += 7 {
						compareVariants(t, ctx, s, uid, &r)
					}
				}
			}
		}
	}
}

// TestVariantsOfOddStates varies small states with every parameter at its edges, stored zeros and masks included.
func TestVariantsOfOddStates(t *testing.T) {
	r := &sim.Random{State: 31}
	for range cases(300, 6000) {
		s := randomState(r, r.Below(2) == 0)
		if s.Yuma3 {
			s.LiquidAlpha = r.Below(2) == 0
		}
		compareVariants(t, context.Background(), s, int(r.Below(uint64(s.N()))), r)
	}
}

// TestVariantsCancel: a variant is not computed under a context that has ended; the fast way did not look.
func TestVariantsCancel(t *testing.T) {
	v, err := consensus.NewVariants(t.Context(), sim.Subnet{Seed: 2, N: 64, V: 8, K: 16, KB: 16}.State(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.Epoch(ctx, nil, nil, new(consensus.Output)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func compareVariants(t *testing.T, ctx context.Context, s *consensus.State, uid int, r *sim.Random) {
	t.Helper()
	v, err := consensus.NewVariants(ctx, s, uid)
	if err != nil {
		t.Fatal(err)
	}
	popular, _ := s.Weights.Row((uid + 1) % min(8, s.N()))
	popular = slices.Sorted(slices.Values(popular))
	e := consensus.NewEngine(&consensus.Options{Plain: true})
	var got, want consensus.Output
	for k := range 4 {
		col, val := drawRow(r, s, popular, []uint64{20, 2}[k%2])
		if k == 3 {
			col, val = nil, nil
		}
		if err := v.Epoch(ctx, col, val, &got); err != nil {
			t.Fatal(err)
		}
		changed := *s
		changed.Weights = consensus.Rows{}
		changed.Weights.CopyFrom(&s.Weights)
		changed.Weights.Pad(s.N())
		changed.Weights.SetRow(uid, col, val)
		if err := e.Epoch(ctx, &changed, &want); err != nil {
			t.Fatal(err)
		}
		want.Bonds.Reset()
		if err := sameOutput(&got, &want); err != nil {
			t.Fatalf("n=%d uid=%d %+v variant %d: %v", s.N(), uid, s.Params, k, err)
		}
	}
}

// sameOutput names the first field in which two outputs differ; slack capacity and nil against empty do not count.
func sameOutput(a, b *consensus.Output) error {
	x, y := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range x.NumField() {
		if got, want := fmt.Sprint(x.Field(i).Interface()), fmt.Sprint(y.Field(i).Interface()); got != want {
			return fmt.Errorf("%s: got %.200s, want %.200s", x.Type().Field(i).Name, got, want)
		}
	}
	return nil
}

func BenchmarkVariant(b *testing.B) {
	for _, m := range modes {
		b.Run("n=4096/v=128/mode="+m.name, func(b *testing.B) {
			s := sim.Subnet{Seed: 42, N: 4096, V: 128, K: 256, KB: 256}.State()
			s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
			v, err := consensus.NewVariants(context.Background(), s, 1)
			if err != nil {
				b.Fatal(err)
			}
			popular, _ := s.Weights.Row(5)
			col, val := drawRow(&sim.Random{State: 1}, s, popular, 64)
			var o consensus.Output
			b.ReportAllocs()
			for b.Loop() {
				if err := v.Epoch(context.Background(), col, val, &o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
