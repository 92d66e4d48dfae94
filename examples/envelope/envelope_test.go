package envelope

import (
	"bytes"
	"context"
	"errors"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/blake3"
	"github.com/assaylab/assay/merkle/poseidon"
	"github.com/assaylab/assay/merkle/poseidon2"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/post"
)

func newTree(t testing.TB, h merkle.Hasher, arities ...int) *merkle.Tree {
	t.Helper()
	shape, err := merkle.Mixed(arities...)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(shape.Leaves(), 7))
	leaves := make([]merkle.Digest, shape.Leaves())
	for i := range leaves {
		for k := range leaves[i] {
			leaves[i][k] = byte(rnd.Uint32())
		}
		leaves[i][31] &= 0x3f
	}
	tree, err := merkle.Build(context.Background(), h, shape, leaves, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func claimOf(tree *merkle.Tree) Claim {
	return Claim{Hash: tree.Hasher().Name(), Domain: "test/tree", Shape: tree.Shape(), Root: tree.Root()}
}

func inclusion(t testing.TB, tree *merkle.Tree, index uint64) *Envelope {
	t.Helper()
	p, err := tree.Proof(index)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewInclusion(claimOf(tree), p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func multi(t testing.TB, tree *merkle.Tree, indices ...uint64) *Envelope {
	t.Helper()
	p, err := tree.OpenMulti(context.Background(), indices, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewMulti(claimOf(tree), p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func possession(t testing.TB, tree *merkle.Tree) *Envelope {
	t.Helper()
	c := claimOf(tree)
	c.Domain, c.Seed, c.Set = "filecoin/commp", [32]byte{1, 2, 3}, [32]byte{30: 1, 31: 58}
	var proofs []merkle.Proof
	for i := range uint64(post.PDPChallenges) {
		index, err := post.PDPIndex(c.Seed, new(big.Int).SetBytes(c.Set[:]), i, c.Shape.Leaves())
		if err != nil {
			t.Fatal(err)
		}
		p, err := tree.Proof(index)
		if err != nil {
			t.Fatal(err)
		}
		proofs = append(proofs, p)
	}
	e, err := NewPDP(c, proofs)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// samples are envelopes of every kind and hash.
func samples(t testing.TB) []*Envelope {
	t.Helper()
	all := []*Envelope{
		inclusion(t, newTree(t, poseidon.Hasher{}, 8, 8, 2), 77),
		inclusion(t, newTree(t, poseidon2.Hasher{}, 2, 2), 3),
		multi(t, newTree(t, blake3.Hasher{}, 2, 2, 2), 0, 7),
	}
	return append(all, portable(t)...)
}

// portable are those whose hash Node has, too.
func portable(t testing.TB) []*Envelope {
	t.Helper()
	cut := newTree(t, sha2.SHA254{}, 2, 2, 2, 2)
	return []*Envelope{
		inclusion(t, cut, 0), inclusion(t, cut, 15),
		inclusion(t, newTree(t, sha2.SHA256{}, 4, 2, 3), 13),
		inclusion(t, newTree(t, merkle.Log{}, 2, 2), 2),
		multi(t, cut, 1, 2, 3, 12),
		multi(t, newTree(t, sha2.SHA256{}, 4, 2), 1, 6),
		multi(t, newTree(t, sha2.SHA254{}, 2), 0, 1),
		possession(t, cut),
		possession(t, newTree(t, sha2.SHA254{}, 2)),
	}
}

// A codec is one of the encodings.
type codec struct {
	name   string
	encode func(*Envelope) ([]byte, error)
	decode func([]byte) (*Envelope, error)
}

var codecs = []codec{{"JSON", (*Envelope).EncodeJSON, DecodeJSON}, {"CBOR", (*Envelope).EncodeCBOR, DecodeCBOR}}

func TestRoundTrip(t *testing.T) {
	for _, e := range samples(t) {
		for _, c := range codecs {
			b, err := c.encode(e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.decode(b)
			if err != nil {
				t.Fatalf("%s %s %s: %v", c.name, e.Kind, e.Hash, err)
			}
			if err := got.Verify(e.Claim); err != nil {
				t.Errorf("%s %s %s: %v", c.name, e.Kind, e.Hash, err)
			}
			if again, err := c.encode(got); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%s %s %s: does not come back", c.name, e.Kind, e.Hash)
			}
		}
	}
}

// TestFrozen holds the encodings against the committed ones: a byte format, once out, stays.
func TestFrozen(t *testing.T) {
	for _, c := range codecs {
		name := filepath.Join("testdata", "pdp."+strings.ToLower(c.name))
		got, err := c.encode(possession(t, newTree(t, sha2.SHA254{}, 2, 2, 2, 2)))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
}

// TestMutations flips every byte of every encoding, and cuts and extends it: what still decodes must be refuted.
func TestMutations(t *testing.T) {
	tried := 0
	for _, e := range samples(t) {
		for _, c := range codecs {
			good, err := c.encode(e)
			if err != nil {
				t.Fatal(err)
			}
			refuse := func(what string, at int, b []byte) {
				tried++
				got, err := c.decode(b)
				if err == nil {
					err = got.Verify(e.Claim)
				}
				if err == nil {
					t.Errorf("%s %s: %s %d: accepted", c.name, e.Kind, what, at)
				} else if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrProof) {
					t.Errorf("%s %s: %s %d: %v", c.name, e.Kind, what, at, err)
				}
			}
			for i := range good {
				for _, flip := range []byte{1, 0x20, 0x80} {
					bad := bytes.Clone(good)
					bad[i] ^= flip
					refuse("byte flipped", i, bad)
				}
				refuse("cut", i, good[:i])
				refuse("byte dropped", i, append(bytes.Clone(good[:i]), good[i+1:]...))
			}
			for n := 1; n <= 100; n++ {
				refuse("zeros behind", n, append(bytes.Clone(good), make([]byte, n)...))
			}
			refuse("twice", 0, append(bytes.Clone(good), good...))
		}
	}
	t.Logf("%d mutations, none accepted", tried)
}

// TestOtherClaim shows that a sound envelope proves nothing else.
func TestOtherClaim(t *testing.T) {
	for _, e := range samples(t) {
		for name, change := range map[string]func(*Claim){
			"root":   func(c *Claim) { c.Root[5] ^= 1 },
			"domain": func(c *Claim) { c.Domain = "test/other" },
			"kind":   func(c *Claim) { c.Kind = map[Kind]Kind{Inclusion: Multi, Multi: PDP, PDP: Inclusion}[c.Kind] },
			"seed":   func(c *Claim) { c.Seed[0] ^= 1 },
			"set":    func(c *Claim) { c.Set[31] ^= 1 },
			"hash":   func(c *Claim) { c.Hash += "x" },
			"shape":  func(c *Claim) { c.Shape, _ = merkle.Uniform(64, 2) },
		} {
			want := e.Claim
			change(&want)
			if err := e.Verify(want); !errors.Is(err, ErrProof) {
				t.Errorf("%s %s, other %s: %v", e.Kind, e.Hash, name, err)
			}
		}
	}
}

// TestNotTheOneEncoding refuses bytes that a lenient decoder would take for the same envelope.
func TestNotTheOneEncoding(t *testing.T) {
	e := inclusion(t, newTree(t, sha2.SHA254{}, 2, 2), 1)
	good, err := e.EncodeJSON()
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	for name, bad := range map[string][]byte{
		"field of other case":  replace(`"kind"`, `"Kind"`),
		"field twice":          replace(`{`, `{"version":1,`),
		"unknown field":        replace(`{`, `{"more":1,`),
		"number as number":     replace(`"index":["1"]`, `"index":[1]`),
		"number with a zero":   replace(`["1"]`, `["01"]`),
		"version as float":     replace(`"version":1`, `"version":1.0`),
		"null":                 replace(`"version":1`, `"version":null`),
		"escape":               replace(`"inclusion"`, `"\u0069nclusion"`),
		"seed without PDP":     replace(`"index"`, `"seed":"`+string(bytes.Repeat([]byte("00"), 32))+`","index"`),
		"second value":         append(bytes.Clone(good), "{}"...),
		"byte order mark":      append([]byte("\xef\xbb\xbf"), good...),
		"space inside a value": replace("test/tree", "test/ tree"),
	} {
		if bytes.Equal(bad, good) {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := DecodeJSON(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := DecodeJSON(replace(`,"kind"`, ",\n\t\"kind\"")); err != nil {
		t.Errorf("white space between parts: %v", err)
	}
}

// TestAllocationIsBounded feeds decoders what claims to be long, and what is long.
func TestAllocationIsBounded(t *testing.T) {
	fill := func(head, each, tail string, size int) []byte {
		return []byte(head + string(bytes.Repeat([]byte(each), size/len(each))) + tail)
	}
	hostile := map[string][]byte{
		"JSON indexes":    fill(`{"index":[""`, `,""`, `]}`, MaxBytes-100),
		"JSON numbers":    fill(`{"index":["1"`, `,"1"`, `]}`, MaxBytes-100),
		"JSON nulls":      fill(`{"leaf":[null`, `,null`, `]}`, MaxBytes-100),
		"JSON brackets":   fill(``, `[`, ``, MaxBytes),
		"JSON over":       fill(`"`, `a`, `"`, MaxBytes),
		"CBOR long list":  {0xa1, 0x09, 0x9a, 0xff, 0xff, 0xff, 0xff},
		"CBOR long text":  {0xa1, 0x02, 0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"CBOR long map":   {0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"CBOR nesting":    fill("", "\x81", "", 1000),
		"CBOR indexes":    fill("\xa1\x08\x9a\x00\x0f\xff\x00", "\x00", "", 0xfff00),
		"CBOR null nodes": fill("\xa1\x0a\x9a\x00\x0f\xff\x00", "\xf6", "", 0xfff00),
	}
	for name, b := range hostile {
		for _, c := range codecs {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := c.decode(b)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%s as %s: %v", name, c.name, err)
			}
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64*len(b)+64<<10); got > most {
				t.Errorf("%s as %s: %d bytes allocated for %d, at most %d", name, c.name, got, len(b), most)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range samples(f) {
		for _, c := range codecs {
			b, err := c.encode(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range codecs {
			e, err := c.decode(b)
			if err != nil {
				if e != nil || !errors.Is(err, ErrFormat) {
					t.Fatalf("%s: %v, %v", c.name, e, err)
				}
				continue
			}
			if err := e.Verify(e.Claim); err != nil && !errors.Is(err, ErrProof) {
				t.Fatalf("%s: %v", c.name, err)
			}
			if _, err := c.encode(e); err != nil {
				t.Fatalf("%s: decodes, but does not encode: %v", c.name, err)
			}
		}
	})
}
