package fr8

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// perLane reports the time of one unit of work in one of the sixteen lanes.
func perLane(b *testing.B, units int, unit string) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*Lanes*units), unit)
}

// BenchmarkKernel times each kernel in the sizes of arity 8.
func BenchmarkKernel(b *testing.B) {
	needVectors(b)
	rng := rand.New(rand.NewPCG(2, 1))
	const t, rounds = 9, 57
	x, z := make([]Elem, 2*t), make([]Elem, 2*t)
	copy(x, elems(b, rng, 2*t, fr.Modulus()))
	start, hankel := constants(b, rng, t), words(b, rng, 2*t)
	for i := range hankel {
		hankel[i] >>= 20
	}
	nodes := make([][32]byte, Lanes*8)
	b.Run("kernel=load", func(b *testing.B) {
		for b.Loop() {
			LoadNodes(&z[0], nodes, 8, &start[0])
		}
		perLane(b, 1, "ns/node")
	})
	b.Run("kernel=store", func(b *testing.B) {
		var out [Lanes][32]byte
		for b.Loop() {
			StoreNodes(&out, &x[0], &start[0])
		}
		perLane(b, 1, "ns/node")
	})
	b.Run("kernel=sbox", func(b *testing.B) {
		for b.Loop() {
			Sbox(x[:t], z[:t])
		}
		perLane(b, t, "ns/element")
	})
	b.Run("kernel=rows", func(b *testing.B) {
		for b.Loop() {
			Rows(z[:t], x[:t], hankel, start)
		}
		perLane(b, t, "ns/row")
	})
	b.Run("kernel=combine", func(b *testing.B) {
		var sum Sum
		pick := []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8}
		for b.Loop() {
			Combine(&sum, x, pick, hankel, 2)
		}
		perLane(b, t, "ns/product")
	})
	w := constants(b, rng, (t-1)*2*(t-1))
	b.Run("kernel=matrix", func(b *testing.B) {
		for b.Loop() {
			Matrix(z[:t-1], x[:2*(t-1)], w, start)
		}
		perLane(b, t-1, "ns/row")
	})
	for _, width := range []int{3, 5, 9, 12} {
		s := shapeOf(width)
		p := NewPartial(lengths(rng, s.a), lengths(rng, s.b))
		for range rounds {
			var k, c fr.Element
			k.SetBigInt(edge(rng, fr.Modulus()))
			p.AddRound(&k, &c)
		}
		history, sums, scratch := make([]Elem, 2*rounds+1), make([]Sum, width-1), new([2]Elem)
		b.Run(fmt.Sprintf("kernel=partial/width=%d", width), func(b *testing.B) {
			for b.Loop() {
				p.Run(history, sums, scratch)
			}
			perLane(b, rounds, "ns/round")
		})
	}
}
