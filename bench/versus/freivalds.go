package main

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/assaylab/assay/examples/compute/verify"
)

// freivaldsContest holds the check of an int8 product of n by n, one round, against doing the product again: by the definition, to which
// the claim is held, and with the Go matrix products at hand, gonum's in float64 and in float32 (exact at this size: sums stay
// within 2^24).
func freivaldsContest(n int) func() ([]duel, func(), error) {
	return func() ([]duel, func(), error) {
		a, err := verify.RandomMatrix([32]byte{1}, n, n)
		if err != nil {
			return nil, nil, err
		}
		b, err := verify.RandomMatrix([32]byte{2}, n, n)
		if err != nil {
			return nil, nil, err
		}
		c, err := verify.Multiply(a, b)
		if err != nil {
			return nil, nil, err
		}
		claim := &verify.Claim{A: a, B: b, C: c}
		check := func() error { return verify.Product(claim, [32]byte{3}, 1) }
		if err := check(); err != nil {
			return nil, nil, err
		}
		note := fmt.Sprintf("n=%d soundness=2^-31", n)
		duels := []duel{{peer: "naive", theirs: timedErr(func() error { _, err := verify.Naive(a, b); return err }), check: func() error {
			got, err := verify.Naive(a, b)
			return sameProduct(got, c, err)
		}}}
		a64, b64, c64 := floats[float64](a.Data), floats[float64](b.Data), make([]float64, n*n)
		double := func() {
			gonum.Implementation{}.Dgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a64, n, b64, n, 0, c64, n)
		}
		a32, b32, c32 := floats[float32](a.Data), floats[float32](b.Data), make([]float32, n*n)
		single := func() {
			gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a32, n, b32, n, 0, c32, n)
		}
		duels = append(duels,
			duel{peer: "gonum-float64", theirs: timed(double), check: func() error { double(); return sameProduct(c64, c, nil) }},
			duel{peer: "gonum-float32", theirs: timed(single), check: func() error { single(); return sameProduct(c32, c, nil) }})
		for i := range duels {
			duels[i].unit, duels[i].work, duels[i].ours, duels[i].note = "ms/check", 1, timedErr(check), note
		}
		return duels, nil, nil
	}
}

// floats turns entries into floating point.
func floats[T float32 | float64](x []int8) []T {
	out := make([]T, len(x))
	for i := range x {
		out[i] = T(x[i])
	}
	return out
}

// sameProduct compares a peer's product with ours, entry by entry.
func sameProduct[T int32 | float32 | float64](got []T, want []int32, err error) error {
	if err != nil {
		return err
	}
	for i, x := range got {
		if x != T(want[i]) {
			return fmt.Errorf("entry %d is %v, want %d", i, x, want[i])
		}
	}
	return nil
}
