package poseidon_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
)

// A tree of the shape of a 2 KiB sector: 64 nodes, arity 8.
func ExampleHasher() {
	shape, err := merkle.Uniform(64, 8)
	if err != nil {
		panic(err)
	}
	tree, err := merkle.Build(context.Background(), poseidon.Hasher{}, shape, make([]merkle.Digest, 64), nil)
	if err != nil {
		panic(err)
	}
	root := tree.Root()
	fmt.Printf("%x\n", root[:8])
	// Output: 643ff4d08bf7d20d
}

func ExampleHash() {
	src := make([]merkle.Digest, 4) // two pairs
	src[2][0], src[3][0] = 1, 2
	dst := make([]merkle.Digest, 2)
	if err := poseidon.Hash(dst, src, 2, poseidon.Tag(2)); err != nil {
		panic(err)
	}
	fmt.Printf("%x\n%x\n", dst[0][:8], dst[1][:8])
	src[0] = merkle.Digest{31: 0xff}
	fmt.Println(poseidon.Hash(dst, src, 2, poseidon.Tag(2)))
	// Output:
	// d413460e7f14e58b
	// bea95f3e83d91793
	// poseidon: not a canonical field element: node 0
}

// CommR of a sector is the hash of its CommC and CommRLast.
func ExampleSum2() {
	var commC, commRLast merkle.Digest
	commC[0], commRLast[0] = 1, 2
	commR, err := poseidon.Sum2(commC, commRLast)
	fmt.Printf("%x %v\n", commR[:8], err)
	// Output: bea95f3e83d91793 <nil>
}

// Two layers of labels of three nodes.
func ExampleColumns() {
	layers := [][]byte{make([]byte, 96), make([]byte, 96)}
	layers[0][0], layers[1][0] = 1, 2 // labels of node 0
	dst := make([]merkle.Digest, 3)
	if err := poseidon.Columns(dst, layers); err != nil {
		panic(err)
	}
	fmt.Printf("%x\n%x\n", dst[0][:8], dst[1][:8])
	// Output:
	// bea95f3e83d91793
	// d413460e7f14e58b
}

func ExampleConstantsOf() {
	c, err := poseidon.ConstantsOf(8)
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Width, c.PartialRounds, len(c.Round))
	// Output: 9 57 585
}
