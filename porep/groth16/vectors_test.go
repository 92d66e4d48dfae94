package groth16

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// readJSON reads a file of testdata.
func readJSON(t testing.TB, path string, dst any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, dst)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func scalars(t testing.TB, hexes []string) []Scalar {
	t.Helper()
	out := make([]Scalar, len(hexes))
	for i, s := range hexes {
		b := unhex(t, s)
		if len(b) != 32 {
			t.Fatalf("scalar %d: %d bytes", i, len(b))
		}
		out[i] = Scalar(b)
	}
	return out
}

// rawVector is the raw form of a groth16_*.json file.
type rawVector struct {
	Proofs []struct {
		Name   string   `json:"name"`
		VK     vkVector `json:"vk"`
		Inputs []string `json:"public_inputs_le_hex"`
		Proof  string   `json:"proof_hex"`
		Verify bool     `json:"verify"`
	} `json:"proofs"`
}

type vkVector struct {
	Len    int    `json:"len"`
	SHA256 string `json:"sha256"`
	ICLen  int    `json:"ic_len"`
	Hex    string `json:"hex"`
}
