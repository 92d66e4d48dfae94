package groth16_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
)

// A key, a proof and its inputs, decoded and checked.
func ExamplePreparedKey_Verify() {
	setup := groth16test.New(1, 3)
	inputs := []groth16.Scalar{groth16.ScalarUint64(7), groth16.ScalarUint64(8), groth16.ScalarUint64(9)}
	key, err := groth16.ParseKey(setup.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err := groth16.ParseProof(setup.Prove(inputs))
	if err != nil {
		fmt.Println(err)
		return
	}
	prepared := key.Prepare()
	fmt.Println(prepared.Verify(proof, inputs, nil))
	inputs[0] = groth16.ScalarUint64(6)
	fmt.Println(errors.Is(prepared.Verify(proof, inputs, nil), groth16.ErrProof))
	// Output:
	// <nil>
	// true
}

// Ten proofs in one equation; the false one is found.
func ExampleVerifyBatch() {
	setup := groth16test.New(1, 2)
	key, err := groth16.ParseKey(setup.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	prepared := key.Prepare()
	var batch []groth16.Statement
	for i := range uint64(10) {
		inputs := []groth16.Scalar{groth16.ScalarUint64(i), groth16.ScalarUint64(i * i)}
		proof, err := groth16.ParseProof(setup.Prove(inputs))
		if err != nil {
			fmt.Println(err)
			return
		}
		batch = append(batch, groth16.Statement{Key: prepared, Proof: proof, Inputs: inputs})
	}
	fmt.Println(groth16.VerifyBatch(context.Background(), batch, nil))
	batch[6].Inputs[1] = groth16.ScalarUint64(35)
	var failed *groth16.BatchError
	if errors.As(groth16.VerifyBatch(context.Background(), batch, nil), &failed) {
		fmt.Println("refused:", failed.Bad)
	}
	// Output:
	// <nil>
	// refused: [6]
}

// A folder without the key of 32 GiB seals.
func ExampleKeys_Key() {
	p, err := sector.StackedDRG32GiBV1_1.Proof()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = groth16.NewKeys(fstest.MapFS{}, nil).Key(groth16.SealCircuit(p))
	var missing *groth16.KeyError
	fmt.Println(errors.As(err, &missing))
	fmt.Println(missing.File)
	// Output:
	// true
	// v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-0-sha256_hasher-82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.vk
}

// Three proofs of one key become one.
func ExampleSRS_Aggregate() {
	ctx, setup := context.Background(), groth16test.New(1, 2)
	key, err := groth16.ParseKey(setup.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	srs, err := groth16.ReadSRS(context.Background(), bytes.NewReader(groth16test.SRS(1, 4)), 4, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var proofs []*groth16.Proof
	var inputs []groth16.Scalar
	for i := range uint64(3) {
		in := []groth16.Scalar{groth16.ScalarUint64(i), groth16.ScalarUint64(i + 1)}
		proof, err := groth16.ParseProof(setup.Prove(in))
		if err != nil {
			fmt.Println(err)
			return
		}
		proofs, inputs = append(proofs, proof), append(inputs, in...)
	}
	include := []byte("what the proofs are about")
	a, err := srs.Aggregate(ctx, proofs, groth16.SnarkPackV2, include, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Proofs(), "proofs with padding,", len(a.AppendBytes(nil)), "bytes")
	fmt.Println(key.Prepare().VerifyAggregate(ctx, srs.Verifier(), a, groth16.SnarkPackV2, include, inputs, nil))
	// Output:
	// 4 proofs with padding, 8212 bytes
	// <nil>
}
