package poseidon

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// benchBatch is a batch long enough to fill lanes many times and short enough to stay in the cache.
const benchBatch = 256

func BenchmarkHash(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, arity := range Arities()[1:] {
		src, dst := someNodes(rng, benchBatch*arity), make([]merkle.Digest, benchBatch)
		for _, k := range kernels(b) {
			b.Run(fmt.Sprintf("arity=%d/path=%s", arity, k.name), func(b *testing.B) {
				b.SetBytes(int64(32 * len(src)))
				b.ReportAllocs()
				for b.Loop() {
					k.hash(dst, src, arity, Tag(arity))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchBatch, "ns/hash")
			})
		}
	}
}

// BenchmarkSingle is one hash a call, as the root of a tree or a verifier of one proof needs it.
func BenchmarkSingle(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, arity := range Arities()[1:] {
		b.Run(fmt.Sprintf("arity=%d", arity), func(b *testing.B) {
			src, dst := someNodes(rng, arity), make([]merkle.Digest, 1)
			b.SetBytes(int64(32 * len(src)))
			b.ReportAllocs()
			for b.Loop() {
				Hasher{}.Parents(dst, src, arity)
			}
		})
	}
}

func BenchmarkColumns(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, count := range []int{2, 11} {
		layers, dst := make([][]byte, count), make([]merkle.Digest, benchBatch)
		for l := range layers {
			layers[l] = merkle.Bytes(someNodes(rng, benchBatch))
		}
		b.Run(fmt.Sprintf("layers=%d", count), func(b *testing.B) {
			b.SetBytes(int64(32 * benchBatch * count))
			b.ReportAllocs()
			for b.Loop() {
				if err := Columns(dst, layers); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchBatch, "ns/hash")
		})
	}
}

// BenchmarkTables is what the first hash of an arity costs more.
func BenchmarkTables(b *testing.B) {
	for _, arity := range Arities()[1:] {
		b.Run(fmt.Sprintf("arity=%d", arity), func(b *testing.B) {
			for b.Loop() {
				makeConstants(arity)
				newLaneTable(arity)
			}
		})
	}
}
