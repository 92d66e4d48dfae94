package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	commp "github.com/filecoin-project/go-fil-commp-hashhash"

	"github.com/assaylab/assay/porep/piece"
)

// TestCommP compares the pieces of seeded payloads with go-fil-commp-hashhash v0.3.0, and its pieces, folded, with the
// digests that porep/piece checks without it (TestAccumulated there).
func TestCommP(t *testing.T) {
	r := rand.New(rand.NewPCG(32, 254))
	sum := sha256.New()
	for i := range 3000 {
		payload := make([]byte, 65+r.IntN(1<<r.IntN(20)))
		for j := range payload {
			payload[j] = byte(r.Uint32())
		}
		var c commp.Calc
		if _, err := c.Write(payload); err != nil {
			t.Fatal(err)
		}
		want, size, err := c.Digest()
		if err != nil {
			t.Fatal(err)
		}
		got, err := piece.Sum(context.Background(), bytes.NewReader(payload), nil)
		if err != nil || !bytes.Equal(got.CommP[:], want) || uint64(got.Size) != size {
			t.Fatalf("payload %d of %d bytes: %v of %d, %v, theirs %x of %d", i, len(payload), got.CommP, got.Size, err, want, size)
		}
		sum.Write(want)
		if i == 99 {
			fold(t, sum.Sum(nil), "51792a14c9f433c9f9ba0d2c306ea9c7dc5574b7593b7c7b27d3db523fc91545")
		}
	}
	fold(t, sum.Sum(nil), "e4ed86df543c9a67dc5ee9e39746851166bcc5907f5bae85527f23c809ead356")
}

// fold compares a digest of the peer's results with the one that is recorded.
func fold(t *testing.T, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("folded %x, want %s", got, want)
	}
}
