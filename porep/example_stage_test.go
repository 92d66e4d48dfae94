package porep_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/porep"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/piece"
	"github.com/assaylab/assay/porep/sector"
)

// Two pieces of different sizes are put into a sector: the second begins at a multiple of its own size.
func ExampleStagePieces() {
	job, remove := exampleJob(sector.StackedDRG2KiBV1_1.Proof())
	defer remove()
	staged, err := porep.StagePieces(context.Background(), job.Files, job.Proof, []piece.Payload{
		{R: strings.NewReader("a small piece"), Len: 13},
		{R: bytes.NewReader(make([]byte, 500)), Len: 500},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range staged.Pieces {
		fmt.Println(p.Size, "bytes at", p.Offset)
	}
	root, err := porep.StageFile(context.Background(), job.Files, job.Proof, nil) // what lies staged already
	fmt.Println(root == staged.CommD, err)
	// Output:
	// 128 bytes at 0
	// 512 bytes at 512
	// true <nil>
}

// The labels of one sector, layer after layer, into any io.WriterAt.
func ExampleLabel() {
	p, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		log.Fatal(err)
	}
	labels := make(memory, p.Layers*int(p.Size))
	if err := porep.Label(context.Background(), sector.ReplicaID{1}, p, labels, nil); err != nil {
		log.Fatal(err)
	}
	first := sha256.Sum256(append([]byte{0: 1, 35: 1}, make([]byte, 28)...)) // replica id; layer 1, node 0, big-endian; zeros
	first[31] &= 0x3f
	fmt.Println(len(labels)/32, "labels; node 0 of layer 1 hashes the replica id and its place:", bytes.Equal(labels[:32], first[:]))
	// Output: 128 labels; node 0 of layer 1 hashes the replica id and its place: true
}

// A synthetic sector is proven to every challenge it can meet before the seed is known; then layers and trees may go.
func ExampleSynthesize() {
	ctx := context.Background()
	f, st, remove := exampleSector(sector.StackedDRG2KiBV1_1Synthetic.Proof())
	defer remove()
	if err := porep.Synthesize(ctx, f, st, nil); err != nil {
		log.Fatal(err)
	}
	if err := f.Prune(st.Proof); err != nil {
		log.Fatal(err)
	}
	_, err := os.Stat(filepath.Join(f.Cache, sector.LayerFile(1)))
	fmt.Println("layers are gone:", errors.Is(err, os.ErrNotExist))
	st.Seed = sector.Seed{9}
	proof, err := porep.Prove(ctx, f, st, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("verdict:", porep.Verify(ctx, st, proof, nil))
	// Output:
	// layers are gone: true
	// verdict: <nil>
}

// A vanilla proof travels as the reference's JSON, of which there is one text only.
func ExampleDecodeC1() {
	ctx := context.Background()
	f, st, remove := exampleSector(sector.StackedDRG2KiBV1_1.Proof())
	defer remove()
	proof, err := porep.Prove(ctx, f, st, nil)
	if err != nil {
		log.Fatal(err)
	}
	text, err := proof.AppendC1(nil, st.Proof)
	if err != nil {
		log.Fatal(err)
	}
	again, err := porep.DecodeC1(text, st.Proof)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("verdict:", porep.Verify(ctx, st, again, nil))
	_, err = porep.DecodeC1(append(text, ' '), st.Proof)
	fmt.Println("a space too many:", errors.Is(err, porep.ErrFormat))
	// Output:
	// verdict: <nil>
	// a space too many: true
}

// Three seals are aggregated and verified together, under a key and a reference string made for the example.
func ExampleAggregateSeals() {
	ctx := context.Background()
	kind, err := sector.StackedDRG2KiBV1_1.Proof()
	if err != nil {
		log.Fatal(err)
	}
	var setup *groth16test.Setup
	var sts []porep.Statement
	var proofs [][]byte
	for n := range byte(3) {
		st := porep.Statement{Sector: porep.Sector{Proof: kind, ID: sector.ID{Prover: sector.NewProverID(1000), Number: sector.Number(n)},
			CommD: sector.CommD{1}}, CommR: sector.CommR{2, n}, Seed: sector.Seed{n}}
		in, err := porep.PublicInputs(kind, st.ReplicaID(), st.CommD, st.CommR, st.Seed, 0)
		if err != nil {
			log.Fatal(err)
		}
		var scalars []groth16.Scalar
		for _, x := range in {
			scalars = append(scalars, groth16.Scalar(x))
		}
		if setup == nil {
			setup = groth16test.New(1, len(scalars))
		}
		sts, proofs = append(sts, st), append(proofs, setup.Prove(scalars))
	}
	reference := groth16test.SRS(1, 4)
	srs, err := groth16.ReadSRS(ctx, bytes.NewReader(reference), 4, nil)
	if err != nil {
		log.Fatal(err)
	}
	aggregate, err := porep.AggregateSeals(ctx, srs, sts, groth16.SnarkPackV2, proofs, nil)
	if err != nil {
		log.Fatal(err)
	}
	keys := groth16test.Keys(map[string][]byte{groth16.SealCircuit(kind).KeyFile(): setup.Key(), groth16.ReferenceFile: reference})
	fmt.Println(len(aggregate) == groth16.AggregateSize(groth16.PaddedProofs(3)))
	fmt.Println("verdict:", porep.VerifyAggregateSeals(ctx, keys, sts, groth16.SnarkPackV2, aggregate, nil))
	sts[0], sts[1] = sts[1], sts[0]
	err = porep.VerifyAggregateSeals(ctx, keys, sts, groth16.SnarkPackV2, aggregate, nil)
	fmt.Println("in another order:", errors.Is(err, porep.ErrProof))
	// Output:
	// true
	// verdict: <nil>
	// in another order: true
}
