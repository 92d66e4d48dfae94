package erasure

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/assaylab/assay/merkle"
)

// TestRootsOfRsmt2d holds the roots of small squares against rsmt2d's, recorded in testdata.
func TestRootsOfRsmt2d(t *testing.T) {
	b, err := os.ReadFile("testdata/rsmt2d.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Squares []struct {
			K, Size       int
			Rows, Columns []string
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Squares) == 0 {
		t.Fatal("no squares")
	}
	for _, v := range file.Squares {
		var data []byte
		for i := range v.K * v.K {
			data = append(data, bytes.Repeat([]byte{byte(i*7 + 1)}, v.Size)...)
		}
		square, err := Extend(data, v.Size, nil)
		if err != nil {
			t.Fatal(err)
		}
		roots, err := square.Roots(bg, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !sameHex(roots.Rows, v.Rows) || !sameHex(roots.Columns, v.Columns) {
			t.Errorf("k %d size %d: roots differ", v.K, v.Size)
		}
		if got, err := square.Data(nil); err != nil || !bytes.Equal(got, data) {
			t.Errorf("k %d size %d: data %v", v.K, v.Size, err)
		}
	}
}

func sameHex(got []merkle.Digest, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if hex.EncodeToString(got[i][:]) != want[i] {
			return false
		}
	}
	return true
}
