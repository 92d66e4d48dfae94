package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/celestiaorg/rsmt2d"

	"github.com/assaylab/assay/erasure"
)

// squareVector is a line of erasure/testdata/rsmt2d.json: shard i of the data is size bytes of value i*7+1.
type squareVector struct {
	K    int      `json:"k"`
	Size int      `json:"size"`
	Rows []string `json:"rows"`
	Cols []string `json:"columns"`
}

// TestSquareRootsEqualRsmt2d compares all roots over many widths. With ASSAY_WRITE_VECTORS naming a file it writes the
// small squares there: erasure/testdata/rsmt2d.json was made so.
func TestSquareRootsEqualRsmt2d(t *testing.T) {
	var vectors []squareVector
	for _, k := range []int{1, 2, 3, 4, 5, 7, 8, 12, 16, 33, 129} {
		for _, size := range []int{64, 192} {
			var data []byte
			for i := range k * k {
				data = append(data, slices.Repeat([]byte{byte(i*7 + 1)}, size)...)
			}
			square, err := erasure.Extend(data, size, nil)
			if err != nil {
				t.Fatal(err)
			}
			roots, err := square.Roots(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := rsmt2d.ComputeExtendedDataSquare(slices.Collect(slices.Chunk(data, size)), rsmt2d.NewLeoRSCodec(), rsmt2d.NewDefaultTree)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := theirs.RowRoots()
			if err != nil {
				t.Fatal(err)
			}
			cols, err := theirs.ColRoots()
			if err != nil {
				t.Fatal(err)
			}
			if !sameRoots(roots.Rows, rows) || !sameRoots(roots.Columns, cols) {
				t.Errorf("k %d size %d: roots differ", k, size)
			}
			if k <= 4 {
				vectors = append(vectors, squareVector{k, size, hexes(rows), hexes(cols)})
			}
		}
	}
	if name := os.Getenv("ASSAY_WRITE_VECTORS"); name != "" {
		b, err := json.MarshalIndent(map[string]any{
			"producer": "github.com/celestiaorg/rsmt2d v0.15.2, NewLeoRSCodec and NewDefaultTree",
			"command":  "ASSAY_WRITE_VECTORS=FILE go test -run SquareRoots ./bench/versus",
			"rule":     "shard i of the k*k data shards, by rows, is size bytes of value i*7+1",
			"squares":  vectors,
		}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(b, '\n'), 0o644); err != nil {
			t.Fatal(fmt.Errorf("vectors: %w", err))
		}
	}
}

// TestRebuiltDigest expects the data itself, whatever was lost.
func TestRebuiltDigest(t *testing.T) {
	for _, c := range [][3]int{{64, 64, 64}, {20, 7, 128}, {200, 100, 64}} {
		want := sha256.Sum256(labelledBytes("assay/erasure", c[0]*c[2]))
		got, err := rebuiltDigest(c[0], c[1], c[2])
		if err != nil || !bytes.Equal(got, want[:]) {
			t.Errorf("%v: %x, %v; want %x", c, got, err, want)
		}
	}
}

func hexes(b [][]byte) []string {
	var out []string
	for _, d := range b {
		out = append(out, hex.EncodeToString(d))
	}
	return out
}
