package porep_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
)

// A seal as the chain has it, under a key made for the example; groth16.OpenKeys finds the published ones in a folder.
func ExampleVerifySeal() {
	kind, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		fmt.Println(err)
		return
	}
	st := porep.Statement{
		Sector: porep.Sector{
			Proof: kind, ID: sector.ID{Prover: sector.NewProverID(1000), Number: 7},
			Ticket: sector.Ticket{1}, CommD: sector.CommD{2},
		},
		CommR: sector.CommR{3}, Seed: sector.Seed{4},
	}
	inputs, err := porep.PublicInputs(st.Proof, st.ReplicaID(), st.CommD, st.CommR, st.Seed, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	scalars := make([]groth16.Scalar, len(inputs))
	for i := range inputs {
		scalars[i] = groth16.Scalar(inputs[i])
	}
	setup := groth16test.New(1, len(scalars))
	keys := groth16test.Keys(map[string][]byte{groth16.SealCircuit(kind).KeyFile(): setup.Key()})
	proof := setup.Prove(scalars)

	fmt.Println(porep.VerifySeal(context.Background(), keys, &st, proof, nil))
	st.ID.Number = 8
	fmt.Println(errors.Is(porep.VerifySeal(context.Background(), keys, &st, proof, nil), porep.ErrProof))
	// Output:
	// <nil>
	// true
}
