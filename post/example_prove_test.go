package post_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/groth16"
	"github.com/assaylab/assay/porep/groth16/groth16test"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// memory is a file in memory.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

// exampleReplica makes what a provider keeps of a sector; a real one comes from package porep.
func exampleReplica(r post.Rules, fill byte) (*post.Replica, sector.CommR, error) {
	sealed := make([]byte, r.Size)
	for i := 0; i < len(sealed); i += sector.NodeSize {
		sealed[i] = fill + byte(i/sector.NodeSize)
	}
	layout := merkle.Layout{Detached: true, Discard: r.DefaultDiscard()}
	size, err := layout.FileSize(r.Shape())
	if err != nil {
		return nil, sector.CommR{}, err
	}
	tree := make(memory, size)
	root, err := merkle.BuildFiles(context.Background(), poseidon.Hasher{}, r.Shape(), layout,
		merkle.FromReaderAt(bytes.NewReader(sealed)), []io.WriterAt{tree}, nil)
	if err != nil {
		return nil, sector.CommR{}, err
	}
	aux := sector.PAux{CommC: sector.CommC{fill}, CommRLast: sector.CommRLast(root)}
	commR, err := poseidon.Sum2(merkle.Digest(aux.CommC), root)
	return &post.Replica{Aux: aux, Sealed: bytes.NewReader(sealed), TreeRLast: []io.ReaderAt{bytes.NewReader(tree)},
		Discard: layout.Discard}, sector.CommR(commR), err
}

// One pass over three sectors, of which one is lost: the others are proven, and the lost one is named.
func ExampleRules_Prove() {
	ctx := context.Background()
	rules, err := post.NewRules(true, sector.Size2KiB, sector.V1_2_0)
	if err != nil {
		fmt.Println(err)
		return
	}
	replicas := map[sector.Number]*post.Replica{}
	var sectors []post.Public
	for n := sector.Number(1); n <= 3; n++ {
		rep, commR, err := exampleReplica(rules, byte(n))
		if err != nil {
			fmt.Println(err)
			return
		}
		replicas[n] = rep
		sectors = append(sectors, post.Public{Number: n, CommR: commR})
	}
	delete(replicas, 2)
	rand := post.Randomness{1, 2, 3}
	pass, err := rules.Prove(ctx, rand, sectors, func(_ context.Context, n sector.Number) (*post.Replica, error) {
		if replicas[n] == nil {
			return nil, fs.ErrNotExist
		}
		return replicas[n], nil
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range pass.Faults {
		fmt.Println("sector", f.Number, f.Reason)
	}
	good := []post.Public{sectors[0], sectors[2]} // under V1_2_0 challenges do not depend on who else is proven
	fmt.Println("verdict:", rules.Verify(ctx, rand, good, pass.Proofs, nil))
	pass.Proofs[1].Openings[0].Leaf[0] ^= 1
	err = rules.Verify(ctx, rand, good, pass.Proofs, nil)
	var bad *post.SectorError
	fmt.Println("refuted:", errors.Is(err, post.ErrProof), errors.As(err, &bad), bad.Number)
	// Output:
	// sector 2 missing
	// verdict: <nil>
	// refuted: true true 3
}

// A piece's possession is proven from its padded bytes and a small cache, and verified from its CommP.
func ExampleProvePDP() {
	ctx := context.Background()
	const leaves = 1 << 10
	data := make([]byte, 32*leaves)
	for i := 0; i < len(data); i += 32 {
		data[i], data[i+1] = byte(i/32), byte(i/32>>8)
	}
	cache := make(memory, post.PieceCacheSize(leaves))
	root, err := post.BuildPiece(ctx, bytes.NewReader(data), leaves, cache, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	seed, set := [32]byte{7}, big.NewInt(42)
	proofs, err := post.ProvePDP(ctx, bytes.NewReader(data), leaves, bytes.NewReader(cache), seed, set, post.PDPChallenges, nil)
	fmt.Println(len(proofs), "openings", err)
	fmt.Println("verdict:", post.VerifyPDP(root, leaves, seed, set, proofs))
	seed[0]++
	fmt.Println("tomorrow:", errors.Is(post.VerifyPDP(root, leaves, seed, set, proofs), post.ErrProof))
	// Output:
	// 5 openings <nil>
	// verdict: <nil>
	// tomorrow: true
}

// Which of a provider's 1,000 eligible sectors the chain asks for.
func ExampleWinningSectors() {
	picks, err := post.WinningSectors(post.Randomness{1}, sector.NewProverID(1000), 1000, sector.WinningPoStSectors)
	fmt.Println(len(picks), picks[0] < 1000, err)
	// Output: 1 true <nil>
}

// Five sectors go where they fill a partition: to the deadline that holds some already.
func ExampleAssignDeadlines() {
	loads := make([]post.Load, post.Deadlines)
	for i := range loads {
		loads[i].Closed = i != 3 && i != 4
	}
	loads[4] = post.Load{Live: 2347, Total: 2347}
	assigned, err := post.AssignDeadlines(loads, 2349, post.MaxPartitions, 5)
	fmt.Println(assigned, err)
	// Output: [4 4 3 3 3] <nil>
}

// A winning PoSt of one sector, under a key made for the example.
func ExampleVerifyWinningPoSt() {
	rules, err := post.NewRules(false, sector.Size2KiB, sector.V1_0_0)
	if err != nil {
		fmt.Println(err)
		return
	}
	rand, one := post.Randomness{1}, post.Public{Number: 7, CommR: sector.CommR{2}}
	in, err := rules.WinningInputs(rand, one)
	if err != nil {
		fmt.Println(err)
		return
	}
	var scalars []groth16.Scalar
	for _, x := range in {
		scalars = append(scalars, x)
	}
	setup := groth16test.New(1, len(scalars))
	keys := groth16test.Keys(map[string][]byte{groth16.WinningCircuit(sector.Size2KiB, sector.Shape{Base: 8}).KeyFile(): setup.Key()})
	proof := setup.Prove(scalars)

	fmt.Println(post.VerifyWinningPoSt(context.Background(), keys, rules, rand, one, proof, nil))
	one.Number++
	fmt.Println(errors.Is(post.VerifyWinningPoSt(context.Background(), keys, rules, rand, one, proof, nil), post.ErrProof))
	// Output:
	// <nil>
	// true
}
