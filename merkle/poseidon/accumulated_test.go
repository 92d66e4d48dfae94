package poseidon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// accumulate hashes cases seeded groups of an arity and returns the SHA-256 of all digests after each of
// the numbers of cases in stops, ascending.
func accumulate(k kernel, arity int, stops []int) []string {
	const batch = 100
	rng := rand.New(rand.NewPCG(uint64(arity), 20260101))
	sum, out := sha256.New(), []string(nil)
	dst := make([]merkle.Digest, batch)
	for done := 0; len(out) < len(stops); {
		src := someNodes(rng, batch*arity)
		k.hash(dst, src, arity, Tag(arity))
		sum.Write(merkle.Bytes(dst))
		for done += batch; len(out) < len(stops) && stops[len(out)] == done; {
			out = append(out, hex.EncodeToString(sum.Sum(nil)))
		}
	}
	return out
}

// TestAccumulated holds 10^4 hashes of each arity (100 in -short, 10^6 with ASSAY_MILLION=1) on each kernel
// against digests that the definition made (ASSAY_MILLION=generic prints them; it takes minutes).
func TestAccumulated(t *testing.T) {
	stops, million := []int{100, 10_000}, os.Getenv("ASSAY_MILLION")
	ks := kernels(t)[1:]
	switch {
	case million != "":
		stops = append(stops, 1_000_000)
	case testing.Short():
		stops = stops[:1]
	}
	if million == "generic" {
		ks = kernels(t)[:1]
	}
	b, err := os.ReadFile("testdata/accumulated.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Digests map[string]map[string]string `json:"digests"` // by arity, then cases
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for _, arity := range Arities() {
		for _, k := range ks {
			if arity < k.min {
				continue
			}
			for i, got := range accumulate(k, arity, stops) {
				cases := strconv.Itoa(stops[i])
				if million == "generic" {
					t.Logf("arity %d, %s cases: %s", arity, cases, got)
				}
				if w := want.Digests[strconv.Itoa(arity)][cases]; got != w {
					t.Errorf("%s, arity %d, %s cases: %s, want %s", k.name, arity, cases, got, w)
				}
			}
		}
	}
}
