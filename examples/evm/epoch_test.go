package evm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/porep/sector"
	"github.com/assaylab/assay/post"
)

// responses proves n sectors of 2 KiB by window PoSt and returns the leaves of an epoch, and the bytes of all responses. The
// sectors share a made-up replica, but not the challenges, which depend on a sector's number.
func responses(t testing.TB, epoch uint64, n int) (leaves []merkle.Digest, size int) {
	t.Helper()
	ctx := context.Background()
	r, err := post.NewRules(true, sector.Size2KiB, sector.V1_2_0)
	if err != nil {
		t.Fatal(err)
	}
	list, open := replica(t, r, n)
	random := post.Randomness{byte(epoch), 1, 2, 3}
	pass, err := r.Prove(ctx, random, list, open, nil)
	if err != nil || len(pass.Faults) > 0 {
		t.Fatalf("%d faults, %v", len(pass.Faults), err)
	}
	judged := min(n, 100) // the rest are of the same replica
	if err := r.Verify(ctx, random, list[:judged], pass.Proofs[:judged], nil); err != nil {
		t.Fatal(err)
	}
	for i := range pass.Proofs {
		b, err := r.EncodeJSON(&pass.Proofs[i])
		if err != nil {
			t.Fatal(err)
		}
		size += len(b)
		leaves = append(leaves, envelope.Response{Provider: 1000, Sector: uint64(list[i].Number), Proof: b}.Leaf(epoch))
	}
	return leaves, size
}

// replica returns n sectors and what opens them.
func replica(t testing.TB, r post.Rules, n int) ([]post.Public, post.Opener) {
	t.Helper()
	sealed := make([]byte, r.Size)
	rand.NewChaCha8([32]byte{2}).Read(sealed)
	for i := 31; i < len(sealed); i += 32 {
		sealed[i] &= 0x3f
	}
	layout := merkle.Layout{Detached: true}
	size, err := layout.FileSize(r.Shape())
	if err != nil {
		t.Fatal(err)
	}
	tree := make(memoryFile, size)
	root, err := merkle.BuildFiles(context.Background(), poseidon.Hasher{}, r.Shape(), layout, merkle.FromReaderAt(bytes.NewReader(sealed)), []io.WriterAt{tree}, nil)
	if err != nil {
		t.Fatal(err)
	}
	aux := sector.PAux{CommC: sector.CommC{7}, CommRLast: sector.CommRLast(root)}
	commR, err := poseidon.Sum2(merkle.Digest(aux.CommC), root)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]post.Public, n)
	for i := range list {
		list[i] = post.Public{Number: sector.Number(i), CommR: sector.CommR(commR)}
	}
	return list, func(context.Context, sector.Number) (*post.Replica, error) {
		return &post.Replica{Aux: aux, Sealed: bytes.NewReader(sealed), TreeRLast: []io.ReaderAt{bytes.NewReader(tree)}}, nil
	}
}

// sample returns k of n positions, strictly growing; all where there are no more.
func sample(n, k int) []uint64 {
	if n < k {
		k = n
	}
	at := make([]uint64, k)
	for i := range at {
		at[i] = uint64(i*n/k + n/k/2)
	}
	return at
}

// TestEpochOnChain commits to real window PoSt responses and prints what a chain carries, in all and a sector.
func TestEpochOnChain(t *testing.T) {
	for _, n := range []int{1, 100, 10_000} {
		if n > 100 && testing.Short() {
			t.Skip("-short: 10,000 sectors")
		}
		t.Run(fmt.Sprintf("sectors=%d", n), func(t *testing.T) { epochOnChain(t, n) })
	}
}

func epochOnChain(t *testing.T, n int) {
	const number = 4242
	c := newChain(t)
	leaves, size := responses(t, number, n)
	e, err := envelope.CommitEpoch(context.Background(), number, leaves)
	if err != nil {
		t.Fatal(err)
	}
	commit := CommitCalldata(number, e.Commitment())
	_, gas, err := c.Call(commit)
	if err != nil {
		t.Fatal(err)
	}
	total := TransactionGas + gas + CalldataGas(commit)
	t.Logf("%d sectors, %d bytes of responses: the chain carries %d bytes for %d gas: %.4f bytes and %.2f gas a sector",
		n, size, len(commit), total, float64(len(commit))/float64(n), float64(total)/float64(n))
	for _, k := range []int{1, 100} {
		p, err := e.Prove(context.Background(), sample(n, k))
		if err != nil {
			t.Fatal(err)
		}
		c.show(t, e, p)
	}
	if _, _, err := c.Call(commit); err == nil {
		t.Error("an epoch was committed twice")
	}
}

// show has the chain judge responses of an epoch, as they are and with each part changed, and prints what it costs.
func (c *Chain) show(t *testing.T, e *envelope.Epoch, p *envelope.Envelope) {
	t.Helper()
	if err := envelope.VerifyEpoch(e.Commitment(), e.Number, e.Sectors, e.Root(), p); err != nil {
		t.Fatal(err)
	}
	data := EpochCalldata(account, e.Number, e.Sectors, p)
	ok, gas, err := c.Call(data)
	if !ok {
		t.Fatalf("refused: %v", err)
	}
	shown := float64(len(p.Leaf))
	t.Logf("showing %d of them: calldata %d bytes (%d gas), call %d gas: %.0f bytes and %.0f gas each", len(p.Leaf), len(data),
		CalldataGas(data), gas, float64(len(data))/shown, float64(TransactionGas+gas+CalldataGas(data))/shown)
	leaf := *p
	leaf.Leaf = append([]merkle.Digest{{1}}, p.Leaf[1:]...)
	root := *p
	root.Root[0] ^= 1
	for name, bad := range map[string][]byte{
		"leaf":    EpochCalldata(account, e.Number, e.Sectors, &leaf),
		"root":    EpochCalldata(account, e.Number, e.Sectors, &root),
		"epoch":   EpochCalldata(account, e.Number+1, e.Sectors, p),
		"sectors": EpochCalldata(account, e.Number, e.Sectors+1, p),
		"account": EpochCalldata([20]byte{1}, e.Number, e.Sectors, p),
	} {
		if ok, _, _ := c.Call(bad); ok {
			t.Errorf("other %s: accepted", name)
		}
	}
}
