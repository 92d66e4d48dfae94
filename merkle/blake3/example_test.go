package blake3_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
)

func ExampleHasher() {
	shape, _ := merkle.Uniform(4, 2)
	tree, err := merkle.Build(context.Background(), blake3.Hasher{}, shape, make([]merkle.Digest, 4), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	root := tree.Root()
	fmt.Printf("%x\n", root[:8])
	// Output: 498a8e7c02bc2c7a
}

func ExampleSum() {
	sum := blake3.Sum([]byte("abc"))
	fmt.Printf("%x\n", sum[:8])
	// Output: 6437b3ac38465133
}
