package poseidon2_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon2"
)

func ExampleHasher() {
	shape, _ := merkle.Uniform(4, 2)
	tree, err := merkle.Build(context.Background(), poseidon2.Hasher{}, shape, make([]merkle.Digest, 4), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	root := tree.Root()
	fmt.Printf("%x\n", root[:8])
	// Output: ccfdd2c380d575da
}
