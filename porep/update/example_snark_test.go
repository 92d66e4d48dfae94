package update_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/porep/update"
)

// An update as the chain has it, under a key made for the example; groth16.OpenKeys finds the published ones in a folder.
func ExampleVerifyReplicaUpdate() {
	params, err := update.NewParams(sector.Size2KiB)
	if err != nil {
		fmt.Println(err)
		return
	}
	st := update.Statement{Params: params, CommROld: sector.CommR{1}, CommDNew: sector.CommD{2}, CommRNew: sector.CommR{3}}
	inputs, err := st.PublicInputs(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	var scalars []groth16.Scalar
	for i := range inputs {
		scalars = append(scalars, groth16.Scalar(inputs[i]))
	}
	setup := groth16test.New(1, len(scalars))
	keys := groth16test.Keys(map[string][]byte{groth16.UpdateCircuit(params.Size, params.Shape).KeyFile(): setup.Key()})
	proof := setup.Prove(scalars)

	fmt.Println(update.VerifyReplicaUpdate(context.Background(), keys, &st, proof, nil))
	st.CommDNew[0]++
	fmt.Println(errors.Is(update.VerifyReplicaUpdate(context.Background(), keys, &st, proof, nil), update.ErrProof))
	// Output:
	// <nil>
	// true
}
