package piece

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// TestAccumulated folds the CommP of 3000 seeded payloads (100 in -short) into one digest. The expected values
// were computed by go-fil-commp-hashhash v0.3.0; bench/versus computes them again (TestCommP).
func TestAccumulated(t *testing.T) {
	total, want := 3000, "e4ed86df543c9a67dc5ee9e39746851166bcc5907f5bae85527f23c809ead356"
	if testing.Short() {
		total, want = 100, "51792a14c9f433c9f9ba0d2c306ea9c7dc5574b7593b7c7b27d3db523fc91545"
	}
	r := rand.New(rand.NewPCG(32, 254))
	sum := sha256.New()
	for range total {
		payload := make([]byte, 65+r.IntN(1<<r.IntN(20)))
		for j := range payload {
			payload[j] = byte(r.Uint32())
		}
		p, err := Sum(t.Context(), bytes.NewReader(payload), nil)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(p.CommP[:])
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("folded %s, want %s", got, want)
	}
}
