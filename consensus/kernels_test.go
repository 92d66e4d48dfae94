package consensus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// kernelInput draws values with many at the edges: 0, 1 (2^32) and their neighbours.
func kernelInput(r *rand.Rand, n int, top uint64) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		switch r.IntN(6) {
		case 0:
		case 1:
			out[i] = top
		case 2:
			out[i] = top - min(top, 1)
		case 3:
			out[i] = r.Uint64N(min(top, 1000) + 1)
		default:
			out[i] = r.Uint64N(top + 1)
		}
	}
	return out
}

func raws(r *rand.Rand, n int) []uint16 {
	out := make([]uint16, n)
	for i := range out {
		out[i] = []uint16{0, 65535, 1, uint16(r.Uint32())}[r.IntN(4)]
	}
	return out
}

// TestKernels holds every kernel against its plain twin over every number of rows up to 64 vectors.
func TestKernels(t *testing.T) { t.Run("avx512", testKernels) }

func testKernels(t *testing.T) {
	kerneltest.Need(t, avx512, "avx512")
	const one = 1 << 32
	r := rand.New(rand.NewPCG(1, 2))
	same := func(name string, n int, got, want []uint64, a, b uint64) {
		t.Helper()
		if !slices.Equal(got, want) || a != b {
			t.Fatalf("%s, n=%d: got %v (%d), want %v (%d)", name, n, got, a, want, b)
		}
	}
	for n := lanes; n <= 64*lanes; n += lanes {
		raw, raw2 := raws(r, n), raws(r, n)
		x, y, low := kernelInput(r, n, one), kernelInput(r, n, one), kernelInput(r, n, one-1)
		got, want := make([]uint64, n), make([]uint64, n)
		same("support", n, nil, nil, supportOf(raw, low), supportGeneric(raw, low))

		sum, inv := make([]uint64, n), make([]float64, n)
		for k := range sum {
			sum[k] = uint64(raw[k]) + []uint64{0, 1, uint64(r.Uint32()) >> 1, uint64(raw2[k])}[r.IntN(4)]
			sum[k] = max(sum[k], 1)
			inv[k] = (1 << 32) / float64(sum[k])
		}
		a, b := normalizeColumn(got, raw, sum, inv), normalizeGeneric(want, raw, sum)
		same("normalize", n, got, want, a, b)

		a, b = widenColumn(got, raw), widenGeneric(want, raw)
		same("widen", n, got, want, a, b)
		a, b = proportionColumn(got, raw), proportionGeneric(want, raw)
		same("proportion", n, got, want, a, b)
		a, b = productColumn(got, x, low), productGeneric(want, x, low)
		same("product", n, got, want, a, b)
		alpha, beta := r.Uint64N(one), r.Uint64N(one)
		a, b = mixColumn(got, x, y, alpha, beta), mixGeneric(want, x, y, alpha, beta)
		same("mix", n, got, want, a, b)

		for _, d := range []uint64{slices.Max(x), one + r.Uint64N(1<<40), one} {
			if d = max(d, slices.Max(x), 1); d == 0 {
				continue
			}
			got, want = slices.Clone(x), slices.Clone(x)
			a, b = divideColumn(got, d), divideGeneric(want, d)
			same("divide", n, got, want, a, b)
		}
		kernelsWithState(t, r, n, x, low)
	}
}

// kernelsWithState are those that add to what is there.
func kernelsWithState(t *testing.T, r *rand.Rand, n int, x, low []uint64) {
	const one = 1 << 32
	trust := kernelInput(r, n, 1<<40)
	for _, c := range []uint64{0, 1, r.Uint64N(one), one} {
		w1, w2, t1, t2 := slices.Clone(x), slices.Clone(x), slices.Clone(trust), slices.Clone(trust)
		d1, d2 := make([]uint64, n), make([]uint64, n)
		a, b := clipColumn(w1, low, t1, d1, c), clipGeneric(w2, low, t2, d2, c)
		if a != b || !slices.Equal(w1, w2) || !slices.Equal(t1, t2) || !slices.Equal(d1, d2) {
			t.Fatalf("clip, n=%d c=%d: kernels differ", n, c)
		}
	}
	g1, g2, inc := slices.Clone(trust), slices.Clone(trust), r.Uint64N(one)
	payColumn(g1, x, inc)
	payGeneric(g2, x, inc)
	if !slices.Equal(g1, g2) {
		t.Fatalf("pay, n=%d: kernels differ", n)
	}
	s1, s2, m1, m2 := make([]uint16, n), make([]uint16, n), make([]uint8, n/lanes), make([]uint8, n/lanes)
	packColumn(s1, m1, low, x)
	packGeneric(s2, m2, low, x)
	if !slices.Equal(s1, s2) || !slices.Equal(m1, m2) {
		t.Fatalf("pack, n=%d: kernels differ", n)
	}
	var votes uint64
	for k, v := range x {
		if v != 0 {
			votes += low[k]
		}
	}
	for _, kappa := range []uint64{1, votes / 2, votes} {
		if kappa == 0 || kappa > votes {
			continue
		}
		a, b := medianColumn(x, low, kappa, slices.Max(x)), medianGeneric(x, low, kappa, slices.Max(x))
		if a != b {
			t.Fatalf("median, n=%d: got %d, want %d", n, a, b)
		}
	}
}

// TestSelectAbove holds the quickselect of the lists against the bisection.
func TestSelectAbove(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 200; n++ {
		score, vote := kernelInput(r, n, 1<<32), kernelInput(r, n, 1<<20)
		var total uint64
		for k := range score {
			score[k] = max(score[k], 1)
			vote[k]++
			total += vote[k]
		}
		for range 5 {
			kappa := 1 + r.Uint64N(total)
			want := medianGeneric(score, vote, kappa, slices.Max(score))
			if got := selectAbove(slices.Clone(score), slices.Clone(vote), kappa); got != want {
				t.Fatalf("n=%d kappa=%d: got %d, want %d", n, kappa, got, want)
			}
		}
	}
}

// TestQuotients covers the scalar division by a reciprocal.
func TestQuotients(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200000 {
		d := max(1, r.Uint64()>>r.UintN(64))
		x := r.Uint64() >> r.UintN(64)
		if got, want := quot(x, d, (1<<64-1)/d), x/d; got != want {
			t.Fatalf("quot(%d, %d) = %d, want %d", x, d, got, want)
		}
	}
}

func BenchmarkMedian(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{64, 256} {
		score, vote := make([]uint64, n), make([]uint64, n)
		for k := range score {
			score[k], vote[k] = 1<<24+r.Uint64N(1<<25), r.Uint64N(1<<24)
		}
		var total uint64
		for _, v := range vote {
			total += v
		}
		top := slices.Max(score)
		for name, median := range map[string]func() uint64{
			"column":  func() uint64 { return medianColumn(score, vote, total/2, top) },
			"generic": func() uint64 { return medianGeneric(score, vote, total/2, top) },
			"select":  func() uint64 { return selectAbove(slices.Clone(score), slices.Clone(vote), total/2) },
		} {
			b.Run(fmt.Sprintf("rows=%d/kernel=%s", n, name), func(b *testing.B) {
				for b.Loop() {
					median()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/score")
			})
		}
	}
}
