package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/sha2"
)

// poseidonFile is poseidon*.json.
type poseidonFile struct {
	Set         string                            `json:"set"`
	Oracle      string                            `json:"oracle"`
	Constants   []poseidonConstants               `json:"constants"`
	Hashes      []poseidonHash                    `json:"hashes"`
	Hash2       *struct{ A, B, Out hex32 }        `json:"hash2"`
	Trees       []poseidonTree                    `json:"trees"`
	ColumnTrees []columnTree                      `json:"column_trees"`
	TruncNode   *struct{ Left, Right, Out hex32 } `json:"sha256_trunc_node"`
}

// runPoseidon checks poseidon*.json.
func runPoseidon(v *vector) (cases int, err error) {
	var f poseidonFile
	if err := v.JSON(&f); err != nil {
		return 0, err
	}
	for i, c := range f.Constants {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("constants %d, arity %d: %w", i, c.Arity, err)
		}
		cases++
	}
	for i, c := range f.Hashes {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("hash %d, %q: %w", i, c.Name, err)
		}
		cases++
	}
	if h := f.Hash2; h != nil {
		got, err := poseidon.Sum2(merkle.Digest(h.A), merkle.Digest(h.B))
		if err != nil {
			return cases, fmt.Errorf("hash2: %w", err)
		}
		if err := equal(hex32(got), h.Out, "hash2"); err != nil {
			return cases, err
		}
		cases++
	}
	for i, c := range f.Trees {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("tree %d, %s: %w", i, c.Shape, err)
		}
		cases++
	}
	for i, c := range f.ColumnTrees {
		if err := c.check(); err != nil {
			return cases, fmt.Errorf("column tree %d: %w", i, err)
		}
		cases++
	}
	if n := f.TruncNode; n != nil {
		var dst [1]merkle.Digest
		sha2.SHA254{}.Parents(dst[:], []merkle.Digest{merkle.Digest(n.Left), merkle.Digest(n.Right)}, 2)
		if err := equal(hex32(dst[0]), n.Out, "sha256_trunc_node"); err != nil {
			return cases, err
		}
		cases++
	}
	return cases, nil
}

// poseidonConstants describes one instance.
type poseidonConstants struct {
	Arity         int    `json:"arity"`
	HashType      string `json:"hash_type"`
	Width         int    `json:"width"`
	FullRounds    int    `json:"full_rounds"`
	HalfRounds    int    `json:"half_full_rounds"`
	PartialRounds int    `json:"partial_rounds"`
	Tag           hex32  `json:"domain_tag"`
	Count         int    `json:"round_constants_count"`
	First         hex32  `json:"round_constants_first"`
	Last          hex32  `json:"round_constants_last"`
	Round         hex32  `json:"round_constants_sha256"`
	MDS           hex32  `json:"mds_sha256"`
	MDS00         hex32  `json:"mds_00"`
	MDS01         hex32  `json:"mds_01"`
}

func (c *poseidonConstants) check() error {
	tag, err := domainTag(c.HashType, c.Arity)
	if err != nil {
		return err
	}
	got, err := poseidon.ConstantsOf(c.Arity)
	if err != nil {
		return err
	}
	var e fr.Element
	e.SetUint64(tag)
	for _, pair := range []struct {
		got, want any
		what      string
	}{
		{got.Width, c.Width, "width"},
		{poseidon.FullRounds, c.FullRounds, "full_rounds"},
		{poseidon.FullRounds / 2, c.HalfRounds, "half_full_rounds"},
		{got.PartialRounds, c.PartialRounds, "partial_rounds"},
		{node32(&e), c.Tag, "domain_tag"},
		{len(got.Round), c.Count, "round_constants_count"},
		{node32(&got.Round[0]), c.First, "round_constants_first"},
		{node32(&got.Round[len(got.Round)-1]), c.Last, "round_constants_last"},
		{elements256(got.Round), c.Round, "round_constants_sha256"},
		{elements256(got.MDS), c.MDS, "mds_sha256"},
		{node32(&got.MDS[0]), c.MDS00, "mds_00"},
		{node32(&got.MDS[1]), c.MDS01, "mds_01"},
	} {
		if err := equal(pair.got, pair.want, "%s", pair.what); err != nil {
			return err
		}
	}
	return nil
}

// node32 returns an element as it lies on disk.
func node32(e *fr.Element) (out hex32) {
	fr.LittleEndian.PutElement((*[32]byte)(&out), *e)
	return out
}

// elements256 returns the SHA-256 of elements as they lie on disk.
func elements256(es []fr.Element) hex32 {
	h := sha256.New()
	for i := range es {
		b := node32(&es[i])
		h.Write(b[:])
	}
	return hex32(h.Sum(nil))
}

// customType is neptune's HashType::Custom.
var customType = regexp.MustCompile(`^Custom\(Arbitrary\(([0-9]+)\)\)$`)

// domainTag returns the tag of a hash type: of trees, or 2^40 times the number of a custom one.
func domainTag(hashType string, arity int) (uint64, error) {
	if hashType == "MerkleTree" {
		return poseidon.Tag(arity), nil
	}
	m := customType.FindStringSubmatch(hashType)
	if m == nil {
		return 0, fmt.Errorf("unknown hash type %q", hashType)
	}
	n, err := strconv.ParseUint(m[1], 10, 24)
	return n * poseidon.TagUpdate, err
}

// poseidonHash is one hash.
type poseidonHash struct {
	Arity    int     `json:"arity"`
	HashType string  `json:"hash_type"`
	Name     string  `json:"name"`
	Preimage []hex32 `json:"preimage"`
	Digest   hex32   `json:"digest"`
}

// check hashes the preimage alone and, which takes the vector path, in a batch.
func (c *poseidonHash) check() error {
	tag, err := domainTag(c.HashType, c.Arity)
	if err != nil {
		return err
	}
	const batch = 17
	var src []merkle.Digest
	for range batch {
		for _, p := range c.Preimage {
			src = append(src, merkle.Digest(p))
		}
	}
	for _, n := range []int{1, batch} {
		dst := make([]merkle.Digest, n)
		if err := poseidon.Hash(dst, src[:n*len(c.Preimage)], c.Arity, tag); err != nil {
			return err
		}
		for i := range dst {
			if err := equal(hex32(dst[i]), c.Digest, "digest %d of %d", i, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// poseidonTree is the root of a tree and some of its proofs.
type poseidonTree struct {
	Shape  string      `json:"shape"`
	Leaves uint64      `json:"leaves"`
	Label  string      `json:"leaves_label"`
	Root   hex32       `json:"root"`
	Proofs []treeProof `json:"proofs"`
}

type treeProof struct {
	Index     uint64 `json:"index"`
	PathIndex uint64 `json:"path_index"`
	Leaf      hex32  `json:"leaf"`
	Path      []struct {
		Index    uint64  `json:"index"`
		Siblings []hex32 `json:"siblings"`
	} `json:"path"`
}

func (c *poseidonTree) check() error {
	tree, err := buildTree(c.Shape, c.Leaves, maskedNodes(c.Label, c.Leaves))
	if err != nil {
		return err
	}
	if err := equal(hex32(tree.Root()), c.Root, "root"); err != nil {
		return err
	}
	for _, p := range c.Proofs {
		if err := p.check(tree); err != nil {
			return fmt.Errorf("proof of leaf %d: %w", p.Index, err)
		}
	}
	return nil
}

// check compares a proof of the tree with p, and lets the verifier judge p.
func (p *treeProof) check(tree *merkle.Tree) error {
	shape := tree.Shape()
	ours, err := tree.Proof(p.Index)
	if err != nil {
		return err
	}
	theirs := merkle.Proof{Index: p.PathIndex, Leaf: merkle.Digest(p.Leaf)}
	if err := equal(len(p.Path), shape.Depth(), "levels"); err != nil {
		return err
	}
	for level, step := range p.Path {
		if err := equal(step.Index, uint64(shape.Position(p.Index, level)), "index at level %d", level); err != nil {
			return err
		}
		for _, s := range step.Siblings {
			theirs.Siblings = append(theirs.Siblings, merkle.Digest(s))
		}
		if err := equal(len(step.Siblings), shape.Arity(level)-1, "siblings at level %d", level); err != nil {
			return err
		}
	}
	h := tree.Hasher()
	if err := equalBytes(merkle.AppendProof(nil, h, shape, ours), merkle.AppendProof(nil, h, shape, theirs), "proof"); err != nil {
		return err
	}
	return merkle.Verify(h, shape, tree.Root(), theirs)
}

// columnTree is a tree over the hashes of columns.
type columnTree struct {
	Layers int    `json:"layers"`
	Nodes  uint64 `json:"nodes"`
	Label  string `json:"labels_label"`
	Shape  string `json:"tree_shape"`
	First  hex32  `json:"first_column_hash"`
	Last   hex32  `json:"last_column_hash"`
	Root   hex32  `json:"root"`
}

func (c *columnTree) check() error {
	labels := merkle.Bytes(maskedNodes(c.Label, uint64(c.Layers)*c.Nodes))
	layers := make([][]byte, c.Layers)
	for l := range layers {
		layers[l] = labels[32*c.Nodes*uint64(l) : 32*c.Nodes*uint64(l+1)]
	}
	columns := make([]merkle.Digest, c.Nodes)
	if err := poseidon.Columns(columns, layers); err != nil {
		return err
	}
	if err := equal(hex32(columns[0]), c.First, "first_column_hash"); err != nil {
		return err
	}
	if err := equal(hex32(columns[c.Nodes-1]), c.Last, "last_column_hash"); err != nil {
		return err
	}
	tree, err := buildTree(c.Shape, c.Nodes, columns)
	if err != nil {
		return err
	}
	return equal(hex32(tree.Root()), c.Root, "root")
}

// maskedNodes returns n chunks of the named stream with their two top bits cleared.
func maskedNodes(label string, n uint64) []merkle.Digest {
	nodes := merkle.Digests(stream(label, int(32*n)))
	for i := range nodes {
		nodes[i][31] &= 0x3f
	}
	return nodes
}

// buildTree builds a Poseidon tree of a shape written base-sub-top.
func buildTree(shape string, leaves uint64, nodes []merkle.Digest) (*merkle.Tree, error) {
	var base, sub, top int
	if _, err := fmt.Sscanf(shape, "%d-%d-%d", &base, &sub, &top); err != nil {
		return nil, fmt.Errorf("shape %q: %w", shape, err)
	}
	s, err := merkle.Compound(leaves, base, sub, top)
	if err != nil {
		return nil, err
	}
	return merkle.Build(context.Background(), poseidon.Hasher{}, s, nodes, nil)
}
