package post_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// A window PoSt of two sectors, under a key made for the example; groth16.OpenKeys finds the published ones in a folder.
func ExampleVerifyWindowPoSt() {
	rules, err := post.NewRules(true, sector.Size2KiB, sector.V1_2_0)
	if err != nil {
		fmt.Println(err)
		return
	}
	rand := post.Randomness{1}
	sectors := []post.Public{{Number: 7, CommR: sector.CommR{2}}, {Number: 9, CommR: sector.CommR{3}}}
	rows, err := rules.WindowInputs(rand, sectors)
	if err != nil {
		fmt.Println(err)
		return
	}
	var scalars []groth16.Scalar
	for _, in := range rows[0] {
		scalars = append(scalars, in)
	}
	setup := groth16test.New(1, len(scalars))
	keys := groth16test.Keys(map[string][]byte{groth16.WindowCircuit(sector.Size2KiB, sector.Shape{Base: 8}).KeyFile(): setup.Key()})
	proof := setup.Prove(scalars)

	fmt.Println(post.VerifyWindowPoSt(context.Background(), keys, rules, rand, sectors, proof, nil))
	rand[0]++
	fmt.Println(errors.Is(post.VerifyWindowPoSt(context.Background(), keys, rules, rand, sectors, proof, nil), post.ErrProof))
	// Output:
	// <nil>
	// true
}
