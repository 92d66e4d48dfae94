package evm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"

	"github.com/assaylab/assay/examples/envelope"
	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/post"
)

// account sends the calls.
var account = [20]byte{19: 9}

func newChain(t testing.TB) *Chain {
	t.Helper()
	c, err := NewChain(account)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// judge runs an envelope on the chain and logs what it costs.
func (c *Chain) judge(t testing.TB, name string, e *envelope.Envelope) {
	t.Helper()
	data, err := Calldata(e)
	if err != nil {
		t.Fatal(err)
	}
	ok, gas, err := c.Call(data)
	if !ok {
		t.Fatalf("%s: refused: %v", name, err)
	}
	t.Logf("%s: %d gas, calldata %d bytes %d gas", name, gas, len(data), CalldataGas(data))
}

func newTree(t testing.TB, h merkle.Hasher, depth int) *merkle.Tree {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(depth), 1))
	leaves := make([]merkle.Digest, 1<<depth)
	for i := range leaves {
		for k := range leaves[i] {
			leaves[i][k] = byte(rnd.Uint32())
		}
		leaves[i][31] &= 0x3f
	}
	shape, err := merkle.Uniform(uint64(len(leaves)), 2)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := merkle.Build(context.Background(), h, shape, leaves, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func claim(tree *merkle.Tree) envelope.Claim {
	return envelope.Claim{Hash: tree.Hasher().Name(), Domain: "test/tree", Shape: tree.Shape(), Root: tree.Root()}
}

func inclusion(t testing.TB, tree *merkle.Tree, index uint64) *envelope.Envelope {
	t.Helper()
	p, err := tree.Proof(index)
	if err != nil {
		t.Fatal(err)
	}
	e, err := envelope.NewInclusion(claim(tree), p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func multi(t testing.TB, tree *merkle.Tree, indices ...uint64) *envelope.Envelope {
	t.Helper()
	p, err := tree.OpenMulti(context.Background(), indices, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := envelope.NewMulti(claim(tree), p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type memoryFile []byte

func (m memoryFile) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

// possession proves a piece of some leaves with the library, as a provider would.
func possession(t testing.TB, leaves uint64) *envelope.Envelope {
	t.Helper()
	ctx := context.Background()
	data := make([]byte, 32*leaves)
	rand.NewChaCha8([32]byte{1}).Read(data)
	for i := 31; i < len(data); i += 32 {
		data[i] &= 0x3f
	}
	cache := make(memoryFile, post.PieceCacheSize(leaves))
	root, err := post.BuildPiece(ctx, bytes.NewReader(data), leaves, cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := envelope.Claim{Hash: "sha254", Domain: "filecoin/commp", Root: root, Seed: sha256.Sum256([]byte("seed")), Set: [32]byte{30: 1, 31: 58}}
	if c.Shape, err = merkle.Uniform(leaves, 2); err != nil {
		t.Fatal(err)
	}
	proofs, err := post.ProvePDP(ctx, bytes.NewReader(data), leaves, bytes.NewReader(cache), c.Seed, new(big.Int).SetBytes(c.Set[:]), post.PDPChallenges, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := envelope.NewPDP(c, proofs)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestArtifact holds verifier.json against the source it names; ./rebuild holds it against the compiler.
func TestArtifact(t *testing.T) {
	a, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != a.SourceSHA256 {
		t.Errorf("verifier.json was made of another %s: run %s", a.Source, a.Command)
	}
	code, err := a.Creation()
	if err != nil || len(code) == 0 || len(code) > 24576 {
		t.Errorf("%d bytes of code, %v", len(code), err)
	}
	t.Logf("%s: %d bytes of code", a.Solc, len(code))
}

// TestProofsOfTheLibrary runs what the library proves and prints gas.
func TestProofsOfTheLibrary(t *testing.T) {
	c := newChain(t)
	for _, h := range []merkle.Hasher{sha2.SHA254{}, sha2.SHA256{}} {
		small := newTree(t, h, 3)
		for i := range uint64(8) {
			c.judge(t, h.Name()+" inclusion, depth 3", inclusion(t, small, i))
		}
		tree := newTree(t, h, 12)
		c.judge(t, h.Name()+" inclusion, depth 12", inclusion(t, tree, 1234))
		c.judge(t, h.Name()+" multi, 16 of 4096", multi(t, tree, 0, 1, 2, 3, 9, 10, 77, 500, 1000, 1001, 2048, 3000, 3001, 4000, 4094, 4095))
	}
	for _, leaves := range []uint64{2, 4, 1 << 10, 1 << 16} {
		c.judge(t, "possession, five of "+big.NewInt(int64(leaves)).String()+" leaves", possession(t, leaves))
	}
}

// TestMultiEverySubset shows every set of leaves of a tree of eight.
func TestMultiEverySubset(t *testing.T) {
	c, tree := newChain(t), newTree(t, sha2.SHA254{}, 3)
	for mask := 1; mask < 256; mask++ {
		var indices []uint64
		for i := range uint64(8) {
			if mask>>i&1 == 1 {
				indices = append(indices, i)
			}
		}
		data, err := Calldata(multi(t, tree, indices...))
		if err != nil {
			t.Fatal(err)
		}
		if ok, _, err := c.Call(data); !ok {
			t.Errorf("leaves %v: refused: %v", indices, err)
		}
	}
}

// TestCorruptedCalldata changes every byte of the calls, one at a time, and cuts them short.
func TestCorruptedCalldata(t *testing.T) {
	c, tree := newChain(t), newTree(t, sha2.SHA254{}, 4)
	tried := 0
	for _, e := range []*envelope.Envelope{inclusion(t, tree, 5), multi(t, tree, 1, 6, 7, 12), possession(t, 8)} {
		data, err := Calldata(e)
		if err != nil {
			t.Fatal(err)
		}
		for i := 4; i < len(data); i++ {
			for _, flip := range []byte{1, 0x80} {
				bad := bytes.Clone(data)
				bad[i] ^= flip
				tried++
				if ok, _, _ := c.Call(bad); ok {
					t.Errorf("%s: byte %d changed by %#x: accepted", e.Kind, i, flip)
				}
			}
		}
		for n := range len(data) {
			tried++
			if ok, _, _ := c.Call(data[:n]); ok {
				t.Errorf("%s: cut to %d bytes: accepted", e.Kind, n)
			}
		}
	}
	t.Logf("%d corrupted calls, none accepted", tried)
}

// TestCorruptedEnvelopes judges proofs that are well formed and wrong: Go and the contract must agree.
func TestCorruptedEnvelopes(t *testing.T) {
	c := newChain(t)
	for _, good := range []*envelope.Envelope{inclusion(t, newTree(t, sha2.SHA256{}, 4), 5), multi(t, newTree(t, sha2.SHA254{}, 4), 1, 6, 7), possession(t, 16)} {
		for name, bad := range mutations(good) {
			data, err := Calldata(bad)
			if err != nil {
				t.Fatal(good.Kind, name, err)
			}
			if ok, _, _ := c.Call(data); ok {
				t.Errorf("%s, %s: the contract accepts", good.Kind, name)
			}
			if bad.Verify(good.Claim) == nil {
				t.Errorf("%s, %s: Go accepts", good.Kind, name)
			}
		}
	}
}

func mutations(e *envelope.Envelope) map[string]*envelope.Envelope {
	all := map[string]*envelope.Envelope{}
	change := func(name string, f func(e *envelope.Envelope)) {
		bad := *e
		bad.Index, bad.Leaf, bad.Path = append([]uint64(nil), e.Index...), append([]merkle.Digest(nil), e.Leaf...), append([]merkle.Digest(nil), e.Path...)
		f(&bad)
		all[name] = &bad
	}
	change("root", func(e *envelope.Envelope) { e.Root[0] ^= 1 })
	change("leaf", func(e *envelope.Envelope) { e.Leaf[0][3] ^= 1 })
	change("top bit of a leaf", func(e *envelope.Envelope) { e.Leaf[0][31] ^= 0x80 })
	change("node", func(e *envelope.Envelope) { e.Path[len(e.Path)-1][31] ^= 1 })
	change("top bit of a node", func(e *envelope.Envelope) { e.Path[0][31] ^= 0x40 })
	change("node dropped", func(e *envelope.Envelope) { e.Path = e.Path[1:] })
	change("node appended", func(e *envelope.Envelope) { e.Path = append(e.Path, merkle.Digest{}) })
	change("nodes swapped", func(e *envelope.Envelope) { e.Path[0], e.Path[1] = e.Path[1], e.Path[0] })
	if e.Kind == envelope.PDP {
		change("seed", func(e *envelope.Envelope) { e.Seed[0] ^= 1 })
		change("set", func(e *envelope.Envelope) { e.Set[31] ^= 1 })
	} else {
		change("index", func(e *envelope.Envelope) { e.Index[0] ^= 1 })
		change("index beyond", func(e *envelope.Envelope) { e.Index[0] += e.Shape.Leaves() })
	}
	change("inner node for a leaf", func(e *envelope.Envelope) {
		if s, err := merkle.Uniform(e.Shape.Leaves()/2, 2); err == nil {
			e.Shape = s
		}
	})
	return all
}

// TestCalldataAgainstGoEthereum holds our encoder against go-ethereum's, by the ABI that solc wrote.
func TestCalldataAgainstGoEthereum(t *testing.T) {
	a, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := abi.JSON(bytes.NewReader(a.ABI))
	if err != nil {
		t.Fatal(err)
	}
	words := func(d []merkle.Digest) [][32]byte {
		w := make([][32]byte, len(d))
		for i := range d {
			w[i] = d[i]
		}
		return w
	}
	tree := newTree(t, sha2.SHA254{}, 4)
	one, many, piece := inclusion(t, tree, 5), multi(t, tree, 1, 6, 7, 12), possession(t, 8)
	for _, pair := range []struct {
		e    *envelope.Envelope
		name string
		args []any
	}{
		{one, "verifyInclusion", []any{true, [32]byte(one.Root), uint64(16), one.Index[0], [32]byte(one.Leaf[0]), words(one.Path)}},
		{many, "verifyMulti", []any{true, [32]byte(many.Root), uint64(16), many.Index, words(many.Leaf), words(many.Path)}},
		{piece, "verifyPossession", []any{[32]byte(piece.Root), uint64(8), piece.Seed, new(big.Int).SetBytes(piece.Set[:]), words(piece.Leaf), words(piece.Path)}},
	} {
		want, err := ref.Pack(pair.name, pair.args...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Calldata(pair.e)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x, %v", pair.name, got, want, err)
		}
	}
}

// TestRecordedPossession runs the recorded proofs of post/testdata/evm_pdp.json, which the library had no hand in, and the
// same with a leaf changed.
func TestRecordedPossession(t *testing.T) {
	b, err := os.ReadFile("../../post/testdata/evm_pdp.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Pieces []struct {
			Name       string
			Leaves     uint64
			Root       string `json:"root_hex"`
			Seed       string `json:"seed_hex"`
			Set        string `json:"data_set_id"`
			Challenges []struct {
				Index uint64   `json:"leaf_index"`
				Leaf  string   `json:"leaf_hex"`
				Path  []string `json:"proof_hex"`
			}
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	c := newChain(t)
	for _, p := range file.Pieces {
		set, ok := new(big.Int).SetString(p.Set, 10)
		if !ok {
			t.Fatal(p.Set)
		}
		claim := envelope.Claim{Hash: "sha254", Domain: "filecoin/commp", Root: node(t, p.Root), Seed: node(t, p.Seed)}
		set.FillBytes(claim.Set[:])
		if claim.Shape, err = merkle.Uniform(p.Leaves, 2); err != nil {
			t.Fatal(err)
		}
		var proofs []merkle.Proof
		for _, o := range p.Challenges {
			proof := merkle.Proof{Index: o.Index, Leaf: node(t, o.Leaf)}
			for _, s := range o.Path {
				proof.Siblings = append(proof.Siblings, node(t, s))
			}
			proofs = append(proofs, proof)
		}
		e, err := envelope.NewPDP(claim, proofs)
		if err != nil {
			t.Fatal(err)
		}
		c.judge(t, "recorded possession of "+p.Name, e)
		for i := range e.Leaf {
			e.Leaf[i][0] ^= 1
			data, err := Calldata(e)
			if err != nil {
				t.Fatal(err)
			}
			if ok, _, _ := c.Call(data); ok {
				t.Errorf("%s: leaf %d changed: accepted", p.Name, i)
			}
			e.Leaf[i][0] ^= 1
		}
	}
}

func node(t testing.TB, s string) (d merkle.Digest) {
	t.Helper()
	if n, err := hex.Decode(d[:], []byte(s)); err != nil || n != len(d) {
		t.Fatalf("%q is no node", s)
	}
	return d
}

// TestDepth30 shows a leaf of a sector of 32 GiB; only the nodes of its path exist.
func TestDepth30(t *testing.T) {
	siblings := newTree(t, sha2.SHA254{}, 5)
	e := &envelope.Envelope{Claim: envelope.Claim{Kind: envelope.Inclusion, Hash: "sha254", Domain: "filecoin/commd"}, Index: []uint64{0x2aaaaaaa}}
	var err error
	if e.Shape, err = merkle.Uniform(1<<30, 2); err != nil {
		t.Fatal(err)
	}
	e.Leaf = make([]merkle.Digest, 1)
	row := []merkle.Digest{{}}
	for level := range 30 {
		s, err := siblings.Node(0, uint64(level))
		if err != nil {
			t.Fatal(err)
		}
		pair := []merkle.Digest{row[0], s}
		if e.Index[0]>>level&1 == 1 {
			pair[0], pair[1] = s, row[0]
		}
		e.Path = append(e.Path, s)
		sha2.SHA254{}.Parents(row, pair, 2)
	}
	e.Root = row[0]
	if err := e.Verify(e.Claim); err != nil {
		t.Fatal(err)
	}
	newChain(t).judge(t, "sha254 inclusion, depth 30", e)
}
