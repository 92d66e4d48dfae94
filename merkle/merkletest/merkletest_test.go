package merkletest_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/merkletest"
)

func TestConform(t *testing.T) {
	merkletest.Conform(t, merkletest.Case{Hasher: merkletest.Plain{}, Arities: []int{2, 3, 8, 11, 16}})
	bad := merkletest.Leaves(2, 1)
	bad[0][31], bad[1][31] = 0x40, 0x80
	merkletest.Conform(t, merkletest.Case{Hasher: merkletest.Strict{}, Arities: []int{2, 8}, Bad: bad})
}

var update = flag.Bool("update", false, "write testdata/proofs.json anew")

// A record is a proof over a tree of the hasher plain-sha256 and whether it is to be accepted. The file
// is for other implementations: leaf i of a tree is SHA-256 of i and 7 as little-endian uint64s, the four
// top bits of byte 31 cleared; a node is SHA-256 of its children.
type record struct {
	Name     string   `json:"name"`
	Valid    bool     `json:"valid"`
	Arities  []int    `json:"arities"`
	Root     string   `json:"root"`
	Index    uint64   `json:"index,string"`
	Leaf     string   `json:"leaf"`
	Siblings []string `json:"siblings"`
}

func records(t *testing.T) []record {
	var list []record
	h := merkletest.Plain{}
	for _, arities := range [][]int{{2, 2, 2}, {8}, {8, 2}, {3, 4}} {
		s, err := merkle.Mixed(arities...)
		if err != nil {
			t.Fatal(err)
		}
		rows := merkletest.Slow(h, s, merkletest.Leaves(s.Leaves(), 7))
		root := rows[s.Depth()][0]
		p := merkletest.SlowProof(s, rows, s.Leaves()/3)
		list = append(list, newRecord("true", true, s, root, p))
		for _, m := range merkletest.Mutations(s, rows, p, 1) {
			list = append(list, newRecord(m.Name, false, m.Shape, m.Root, m.Proof))
		}
	}
	return list
}

func newRecord(name string, valid bool, s merkle.Shape, root merkle.Digest, p merkle.Proof) record {
	r := record{Name: name, Valid: valid, Root: hex.EncodeToString(root[:]), Index: p.Index, Leaf: hex.EncodeToString(p.Leaf[:])}
	for l := range s.Depth() {
		r.Arities = append(r.Arities, s.Arity(l))
	}
	for _, d := range p.Siblings {
		r.Siblings = append(r.Siblings, hex.EncodeToString(d[:]))
	}
	return r
}

func (r record) judge(t *testing.T) error {
	t.Helper()
	s, err := merkle.Mixed(r.Arities...)
	if err != nil {
		t.Fatal(err)
	}
	p := merkle.Proof{Index: r.Index, Leaf: digest(t, r.Leaf)}
	for _, d := range r.Siblings {
		p.Siblings = append(p.Siblings, digest(t, d))
	}
	return merkle.Verify(merkletest.Plain{}, s, digest(t, r.Root), p)
}

func digest(t *testing.T, s string) merkle.Digest {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		t.Fatalf("%q: %v", s, err)
	}
	return merkle.Digest(b)
}

// TestRecords judges the proofs of testdata/proofs.json as it says; refusals outnumber acceptances tenfold.
func TestRecords(t *testing.T) {
	const name = "testdata/proofs.json"
	if *update {
		data, err := json.MarshalIndent(records(t), "", "")
		if err == nil {
			err = os.WriteFile(name, append(data, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []record
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	valid := 0
	for _, r := range list {
		switch err := r.judge(t); {
		case r.Valid && err == nil:
			valid++
		case r.Valid || !errors.Is(err, merkle.ErrProof):
			t.Errorf("%v %s: valid %v, judged %v", r.Arities, r.Name, r.Valid, err)
		}
	}
	if valid == 0 || len(list)-valid < 10*valid {
		t.Errorf("%d of %d are valid", valid, len(list))
	}
}
