package envelope_test

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
)

// A provider proves a leaf; a verifier who knows root and shape reads the bytes and judges them.
func Example() {
	shape, _ := merkle.Uniform(4, 2)
	tree, _ := merkle.Build(context.Background(), sha2.SHA256{}, shape, make([]merkle.Digest, 4), nil)
	claim := envelope.Claim{Kind: envelope.Inclusion, Hash: "sha256", Domain: "example/tree", Shape: shape, Root: tree.Root()}

	proof, _ := tree.Proof(2)
	sent, _ := envelope.NewInclusion(claim, proof)
	bytes, _ := sent.EncodeCBOR()

	got, err := envelope.DecodeCBOR(bytes)
	fmt.Println(len(bytes), err, got.Verify(claim))
	claim.Domain = "example/other"
	fmt.Println(got.Verify(claim))
	// Output:
	// 187 <nil> <nil>
	// envelope: proof refuted: it is about another claim
}

// All responses of an epoch go under 32 bytes, out of which any of them can be shown.
func ExampleCommitEpoch() {
	ctx := context.Background()
	leaves := make([]merkle.Digest, 10_000)
	for i := range leaves {
		leaves[i] = envelope.Response{Provider: 1000, Sector: uint64(i), Proof: []byte{byte(i)}}.Leaf(42)
	}
	epoch, _ := envelope.CommitEpoch(ctx, 42, leaves)
	onChain := epoch.Commitment()

	shown, _ := epoch.Prove(ctx, []uint64{3, 9_999})
	fmt.Println(len(onChain), len(shown.Path), envelope.VerifyEpoch(onChain, 42, 10_000, epoch.Root(), shown))
	// Output:
	// 32 26 <nil>
}
