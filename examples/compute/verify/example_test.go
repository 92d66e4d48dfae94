package verify_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/examples/compute/verify"
)

func ExampleProduct() {
	a, _ := verify.RandomMatrix([32]byte{1}, 64, 64)
	b, _ := verify.RandomMatrix([32]byte{2}, 64, 64)
	c, _ := verify.Multiply(a, b) // the worker's side
	claim := &verify.Claim{A: a, B: b, C: c}
	fmt.Println(verify.Product(claim, [32]byte{3}, 2))
	c[7]++
	fmt.Println(errors.Is(verify.Product(claim, [32]byte{3}, 2), verify.ErrProof))
	fmt.Println(verify.ProductVerdict(2).Bound)
	// Output:
	// <nil>
	// true
	// a wrong product passes with a chance of 2^-62, a right one always
}

func ExampleCheckProof() {
	double := func(_ uint64, state []byte) ([]byte, error) { return []byte{2 * state[0]}, nil }
	nonce := [32]byte{9}
	trace, _ := verify.Run(context.Background(), []byte{3}, 4, double)
	proof, _ := trace.Prove(nonce, 8)
	result, err := verify.CheckProof(context.Background(), proof, nonce, 8, []byte{3}, 4, double)
	fmt.Println(result, err)
	// Output: [48] <nil>
}
