package merkle_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
)

// A filecoinProof is an inclusion proof made by rust-fil-proofs; the file names its producer.
type filecoinProof struct {
	File, Tree string
	Arities    []int
	BaseDepth  int `json:"base_depth"`
	Index      uint64
	Root, Leaf node
	Siblings   []node
}

// A node reads as 64 hexadecimal digits.
type node merkle.Digest

func (n *node) UnmarshalText(b []byte) error {
	if len(b) != 64 {
		return errors.New("not 32 bytes")
	}
	_, err := hex.Decode(n[:], b)
	return err
}

func filecoinProofs(t *testing.T) []filecoinProof {
	t.Helper()
	data, err := os.ReadFile("testdata/filecoin_proofs.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Producer string
		Proofs   []filecoinProof
	}
	if err := json.Unmarshal(data, &file); err != nil || len(file.Proofs) == 0 {
		t.Fatalf("%d proofs, %v", len(file.Proofs), err)
	}
	return file.Proofs
}

// TestFilecoinProofs verifies proofs of the trees of sectors, made by rust-fil-proofs, with the shapes that
// Compound makes for their sizes; and refutes them for the neighbouring index and with a bit flipped
// in each node.
func TestFilecoinProofs(t *testing.T) {
	for _, f := range filecoinProofs(t) {
		h, s := filecoinTree(t, f)
		p := merkle.Proof{Index: f.Index, Leaf: merkle.Digest(f.Leaf)}
		for _, d := range f.Siblings {
			p.Siblings = append(p.Siblings, merkle.Digest(d))
		}
		root := merkle.Digest(f.Root)
		if err := merkle.Verify(h, s, root, p); err != nil {
			t.Errorf("%s %s %v: %v", f.File, f.Tree, s, err)
		}
		b := merkle.AppendProof(nil, h, s, p)
		if back, err := merkle.ParseProof(b, h, s); err != nil || merkle.Verify(h, s, root, back) != nil {
			t.Errorf("%s %s: bytes: %v", f.File, f.Tree, err)
		}
		bad := []merkle.Proof{}
		for i := range p.Siblings {
			q := p
			q.Siblings = slices.Clone(p.Siblings)
			q.Siblings[i][i%31] ^= 1 << (i % 8)
			bad = append(bad, q)
		}
		q := p
		q.Index ^= 1
		// Where leaf and sibling are equal, the neighbour's proof is this one.
		if p.Leaf != p.Siblings[0] || s.Arity(0) > 2 {
			bad = append(bad, q)
		}
		refuted, err := merkle.VerifyBatch(t.Context(), h, s, []merkle.Digest{root}, bad, nil)
		if err != nil || len(refuted) != len(bad) {
			t.Errorf("%s %s: %d of %d refuted: %v", f.File, f.Tree, len(refuted), len(bad), err)
		}
	}
}

// filecoinTree returns hasher and shape of a proof, which must have the arities that are recorded.
func filecoinTree(t *testing.T, f filecoinProof) (merkle.Hasher, merkle.Shape) {
	t.Helper()
	leaves := uint64(1)
	for _, a := range f.Arities {
		leaves *= uint64(a)
	}
	if f.Tree == "tree-d" {
		return sha2.SHA254{}, must(merkle.Uniform(leaves, 2))
	}
	var upper [2]int
	copy(upper[:], f.Arities[f.BaseDepth:])
	s := must(merkle.Compound(leaves, 8, upper[0], upper[1]))
	if s.Depth() != len(f.Arities) || s.BaseDepth() != f.BaseDepth {
		t.Fatalf("%s: shape %v", f.File, s)
	}
	return poseidon.Hasher{}, s
}
