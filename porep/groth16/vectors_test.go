package groth16

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vectorPath returns the path of a golden vector, in testdata or else among the shared ones, or skips the test where the
// vectors are absent.
func vectorPath(t testing.TB, name string) string {
	t.Helper()
	if path := filepath.Join("testdata", filepath.Base(name)); exists(path) {
		return path
	}
	root := os.Getenv("ASSAY_VECTORS")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if exists(filepath.Join(dir, "go.work")) {
				break
			}
			if filepath.Dir(dir) == dir {
				t.Skip("vectors: no repository root")
			}
			dir = filepath.Dir(dir)
		}
		root = filepath.Join(dir, "..", "shared", "vectors")
	}
	path := filepath.Join(root, name)
	if !exists(path) {
		t.Skipf("vectors: %s is absent", name)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

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
