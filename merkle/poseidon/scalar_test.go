package poseidon

import (
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
)

func randomNodes(rng *rand.Rand, n int) []merkle.Digest {
	out := make([]merkle.Digest, n)
	for i := range out {
		for canonicalFail := true; canonicalFail; canonicalFail = !canonical(&out[i]) {
			for j := range out[i] {
				out[i][j] = byte(rng.Uint32())
			}
			out[i][31] &= 0x7f
		}
	}
	return out
}

func TestScalar(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, arity := range Arities() {
		src := randomNodes(rng, 50*arity)
		want := make([]merkle.Digest, 50)
		got := make([]merkle.Digest, 50)
		hashGeneric(want, src, arity, Tag(arity))
		hashScalar(got, src, arity, Tag(arity))
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("arity %d: %d differs", arity, i)
				break
			}
		}
	}
}

func BenchmarkX(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, arity := range Arities() {
		src := randomNodes(rng, 50*arity)
		got := make([]merkle.Digest, 50)
		b.Run("", func(b *testing.B) {
			for b.Loop() {
				hashScalar(got, src, arity, Tag(arity))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50, "ns/hash")
		})
		_ = arity
	}
}
