package evm_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/examples/evm"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// An envelope becomes the call that shows it to the contract.
func ExampleCalldata() {
	shape, _ := merkle.Uniform(1024, 2)
	tree, _ := merkle.Build(context.Background(), sha2.SHA254{}, shape, make([]merkle.Digest, 1024), nil)
	proof, _ := tree.Proof(1000)
	e, _ := envelope.NewInclusion(envelope.Claim{Hash: "sha254", Domain: "filecoin/commd", Shape: shape, Root: tree.Root()}, proof)

	data, err := evm.Calldata(e)
	fmt.Printf("%x... %d bytes, %d gas, %v\n", data[:4], len(data), evm.CalldataGas(data), err)
	// Output:
	// 9095d13c... 548 bytes, 6116 gas, <nil>
}
