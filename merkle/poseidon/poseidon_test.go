package poseidon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/assaylab/assay/merkle"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// recorded is the part of poseidon.json that this package answers for.
type recorded struct {
	Constants []struct {
		Arity          int    `json:"arity"`
		HashType       string `json:"hash_type"`
		PartialRounds  int    `json:"partial_rounds"`
		DomainTag      string `json:"domain_tag"`
		RoundConstants string `json:"round_constants_sha256"`
		MDS            string `json:"mds_sha256"`
	} `json:"constants"`
	Hashes []struct {
		Arity    int      `json:"arity"`
		HashType string   `json:"hash_type"`
		Name     string   `json:"name"`
		Preimage []string `json:"preimage"`
		Digest   string   `json:"digest"`
	} `json:"hashes"`
	Hash2 struct{ A, B, Out string } `json:"hash2"`
}

func readRecorded(t testing.TB) *recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/poseidon.json")
	if err != nil {
		t.Fatal(err)
	}
	v := new(recorded)
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func node(t testing.TB, s string) (d merkle.Digest) {
	t.Helper()
	if n, err := hex.Decode(d[:], []byte(s)); err != nil || n != len(d) {
		t.Fatalf("bad node %q", s)
	}
	return d
}

func tagOf(arity int, hashType string) uint64 {
	if hashType == "MerkleTree" {
		return Tag(arity)
	}
	return TagUpdate
}

func TestConstants(t *testing.T) {
	digest := func(es []fr.Element) string {
		h := sha256.New()
		var d merkle.Digest
		for i := range es {
			store(&d, &es[i])
			h.Write(d[:])
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	for _, want := range readRecorded(t).Constants {
		c, err := ConstantsOf(want.Arity)
		if err != nil {
			t.Fatal(err)
		}
		var tag fr.Element
		tag.SetUint64(tagOf(want.Arity, want.HashType))
		var d merkle.Digest
		store(&d, &tag)
		if hex.EncodeToString(d[:]) != want.DomainTag {
			t.Errorf("arity %d: tag %x, want %s", want.Arity, d, want.DomainTag)
		}
		if c.PartialRounds != want.PartialRounds {
			t.Errorf("arity %d: %d partial rounds, want %d", want.Arity, c.PartialRounds, want.PartialRounds)
		}
		if got := digest(c.Round); got != want.RoundConstants {
			t.Errorf("arity %d: round constants %s, want %s", want.Arity, got, want.RoundConstants)
		}
		if got := digest(c.MDS); got != want.MDS {
			t.Errorf("arity %d: MDS %s, want %s", want.Arity, got, want.MDS)
		}
	}
}

func TestRecordedHashes(t *testing.T) {
	v := readRecorded(t)
	for _, h := range v.Hashes {
		src := make([]merkle.Digest, len(h.Preimage))
		for i, s := range h.Preimage {
			src[i] = node(t, s)
		}
		var dst [1]merkle.Digest
		if err := Hash(dst[:], src, h.Arity, tagOf(h.Arity, h.HashType)); err != nil {
			t.Fatal(err)
		}
		if dst[0] != node(t, h.Digest) {
			t.Errorf("arity %d %s %s: %x, want %s", h.Arity, h.HashType, h.Name, dst[0], h.Digest)
		}
	}
	got, err := Sum2(node(t, v.Hash2.A), node(t, v.Hash2.B))
	if err != nil || got != node(t, v.Hash2.Out) {
		t.Errorf("Sum2: %x (%v), want %s", got, err, v.Hash2.Out)
	}
}
