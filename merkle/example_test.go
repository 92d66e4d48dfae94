package merkle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
	"github.com/assaylab/assay/merkle/sha2"
)

func ExampleBuild() {
	shape, err := merkle.Uniform(1024, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	tree, err := merkle.Build(context.Background(), sha2.SHA254{}, shape, merkletest.Leaves(1024, 1), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err := tree.Proof(42)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("proven:", merkle.Verify(sha2.SHA254{}, shape, tree.Root(), proof) == nil)
	proof.Index = 43
	fmt.Println("refuted:", errors.Is(merkle.Verify(sha2.SHA254{}, shape, tree.Root(), proof), merkle.ErrProof))
	// Output:
	// proven: true
	// refuted: true
}

// A tree over a file of leaves, kept without the leaves and without the two rows above them.
func ExampleBuildFiles() {
	ctx, h := context.Background(), sha2.SHA254{}
	shape, _ := merkle.Uniform(4096, 8)
	layout := merkle.Layout{Detached: true, Discard: 2}
	replica := bytes.NewReader(merkle.Bytes(merkletest.Leaves(4096, 1)))

	f, err := os.CreateTemp("", "tree")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	root, err := merkle.BuildFiles(ctx, h, shape, layout, merkle.FromReaderAt(replica), []io.WriterAt{f}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	tree, err := merkle.OpenFiles(h, shape, layout, []io.ReaderAt{f}, replica)
	if err != nil {
		fmt.Println(err)
		return
	}
	proofs, err := tree.Open(ctx, []uint64{7, 4000, 8}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	bad, err := merkle.VerifyBatch(ctx, h, shape, []merkle.Digest{root}, proofs, nil)
	size, _ := layout.FileSize(shape)
	fmt.Println(size, "bytes;", len(proofs), "proofs; bad:", bad, err)
	// Output: 288 bytes; 3 proofs; bad: [] <nil>
}

func ExampleCompound() {
	shape, _ := merkle.Compound(1<<31, 8, 8, 2) // the tree of a 64 GiB sector
	fmt.Println(shape, shape.Trees(), "files, proofs of", shape.Siblings(), "nodes")
	_, err := merkle.Compound(1<<31, 8, 8, 0)
	fmt.Println(err)
	// Output:
	// 8^9|8-2 16 files, proofs of 71 nodes
	// merkle: impossible shape: 2147483648 leaves are no tree of arities 8-8-0
}

func ExampleStream() {
	s, err := merkle.NewStream(sha2.SHA254{}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, leaf := range merkletest.Leaves(8, 1) {
		if err := s.Append(leaf); err != nil {
			fmt.Println(err)
			return
		}
	}
	shape, root, err := s.Root()
	fmt.Println(shape, root != merkle.Digest{}, err)
	// Output: 2^3 true <nil>
}

func ExampleTree_OpenMulti() {
	ctx, h := context.Background(), sha2.SHA254{}
	shape, _ := merkle.Uniform(1024, 2)
	tree, err := merkle.Build(ctx, h, shape, merkletest.Leaves(1024, 1), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := tree.OpenMulti(ctx, []uint64{5, 6, 7, 900}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(p.Nodes), "nodes for 4 leaves, alone they take", 4*shape.Siblings())
	fmt.Println(merkle.VerifyMulti(h, shape, tree.Root(), p))
	// Output:
	// 17 nodes for 4 leaves, alone they take 40
	// <nil>
}

func ExampleLogTree() {
	l := merkle.Log{Sum: sha2.SumPrefix}
	log := merkle.NewLogTree(l)
	for _, entry := range []string{"one", "two", "three"} {
		log.Append(l.Leaf([]byte(entry)))
	}
	old, _ := log.Root(3)
	log.Append(l.Leaf([]byte("four")), l.Leaf([]byte("five")))
	now, _ := log.Root(5)

	in, _ := log.Inclusion(1, 5)
	fmt.Println("in the log:", l.VerifyInclusion(now, 5, 1, l.Leaf([]byte("two")), in) == nil)
	grown, _ := log.Consistency(3, 5)
	fmt.Println("only appended to:", l.VerifyConsistency(3, 5, old, now, grown) == nil)
	// Output:
	// in the log: true
	// only appended to: true
}

func ExampleVerifyBatch() {
	ctx, h := context.Background(), sha2.SHA254{}
	shape, _ := merkle.Uniform(1024, 2)
	tree, err := merkle.Build(ctx, h, shape, merkletest.Leaves(1024, 1), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proofs, err := tree.Open(ctx, []uint64{3, 1, 4, 1, 5, 9, 2, 6}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proofs[2].Siblings[7][0] ^= 1
	proofs[5].Leaf = proofs[0].Leaf
	bad, err := merkle.VerifyBatch(ctx, h, shape, []merkle.Digest{tree.Root()}, proofs, nil)
	fmt.Println(bad, err)
	// Output: [2 5] <nil>
}

func ExampleParseProof() {
	h := sha2.SHA254{}
	shape, _ := merkle.Uniform(1024, 2)
	tree, err := merkle.Build(context.Background(), h, shape, merkletest.Leaves(1024, 1), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err := tree.Proof(42)
	if err != nil {
		fmt.Println(err)
		return
	}
	b := merkle.AppendProof(nil, h, shape, proof)
	same, err := merkle.ParseProof(b, h, shape)
	fmt.Println(len(b), "bytes, leaf", same.Index, err)
	_, err = merkle.ParseProof(append(b, 0), h, shape)
	fmt.Println(errors.Is(err, merkle.ErrEncoding))
	// Output:
	// 374 bytes, leaf 42 <nil>
	// true
}

func ExampleTree_OpenRange() {
	ctx, h := context.Background(), sha2.SHA254{}
	shape, _ := merkle.Uniform(1024, 2)
	tree, err := merkle.Build(ctx, h, shape, merkletest.Leaves(1024, 1), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := tree.OpenRange(ctx, 100, 200, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(p.Leaves), "leaves,", len(p.Nodes), "nodes,", merkle.VerifyRange(h, shape, tree.Root(), p))
	// Output: 100 leaves, 8 nodes, <nil>
}

// A cached tree whose file was cut short is found out against the recorded root, and made again.
func ExampleRestoreFiles() {
	ctx, h := context.Background(), sha2.SHA254{}
	shape, _ := merkle.Uniform(4096, 8)
	layout := merkle.Layout{Detached: true, Discard: 1}
	replica := bytes.NewReader(merkle.Bytes(merkletest.Leaves(4096, 1)))
	f, err := os.CreateTemp("", "tree")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	root, err := merkle.BuildFiles(ctx, h, shape, layout, merkle.FromReaderAt(replica), []io.WriterAt{f}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Truncate(1000); err != nil {
		fmt.Println(err)
		return
	}
	tree, rebuilt, err := merkle.RestoreFiles(ctx, h, shape, layout, root, []merkle.File{f}, replica, nil)
	fmt.Println(rebuilt, err, tree.Root() == root)
	// Output: true <nil> true
}
