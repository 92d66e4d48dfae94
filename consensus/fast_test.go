package consensus_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/sim"
)

// modes are the three kinds of bonds.
var modes = []struct {
	name          string
	yuma3, liquid bool
}{{"v2", false, false}, {"v3", true, false}, {"liquid", true, true}}

func BenchmarkEpoch(b *testing.B) {
	for _, d := range []sim.Subnet{
		{Seed: 42, N: 256, V: 64, K: 48, KB: 48}, {Seed: 42, N: 1024, V: 64, K: 128, KB: 128}, {Seed: 42, N: 1024, V: 256, K: 1024, KB: 1024},
		{Seed: 42, N: 4096, V: 128, K: 256, KB: 256}, {Seed: 42, N: 16384, V: 256, K: 512, KB: 512},
	} {
		s := d.State()
		for _, dense := range []bool{false, true} {
			for _, m := range modes {
				s.Yuma3, s.LiquidAlpha = m.yuma3, m.liquid
				if dense && d.N > 4096 {
					continue
				}
				for _, workers := range []int{1, 2} {
					if workers > 1 && d.N < 4096 {
						continue
					}
					b.Run(fmt.Sprintf("n=%d/v=%d/dense=%v/mode=%s/workers=%d", d.N, d.V, dense, m.name, workers), func(b *testing.B) {
						benchmarkEpoch(b, s, consensus.Options{Dense: dense, Workers: workers})
					})
				}
			}
		}
	}
}

func benchmarkEpoch(b *testing.B, s *consensus.State, opt consensus.Options) {
	e := consensus.NewEngine(&opt)
	var o consensus.Output
	entries := float64(len(s.Weights.Col) + len(s.Bonds.Col))
	b.SetBytes(4 * int64(entries))
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Epoch(context.Background(), s, &o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/entries, "ns/entry")
}
