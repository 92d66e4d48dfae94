package erasure

import (
	"hash"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestAccumulated folds many products of matrices over GF(2^8) into one hash; a row is an input. The expected values are
// Python's (multiplication bit by bit, CPython 3). A batch draws its matrix by rows, then the shards.
func TestAccumulated(t *testing.T) {
	kerneltest.Accumulated(t, "assay/erasure/", [3]string{
		"a3800e53cb83c841034953d035f974a083a144bcab709e0a5610b0d387c0e7ed",
		"9ddac54280b702605960ee35097c4b6250570a2c787b4628bec34240106f7b6d",
		"b0ad1e8a026648c1f2354471d464305590b653572fcd2e841b0f59e92a11ff0d",
	}, func(h [32]byte, draw io.Reader, out hash.Hash) int {
		rows, inputs, size := 1+int(h[0])%17, 1+int(h[1])%20, 1+(int(h[2])|int(h[3])<<8)%300
		matrix, shards := make([]byte, rows*inputs), make([]byte, inputs*size)
		draw.Read(matrix)
		draw.Read(shards)
		products := make([]byte, rows*size)
		mulRows(newRowTable(cut(matrix, rows, inputs)), cut(shards, inputs, size), cut(products, rows, size), 1)
		out.Write(products)
		return rows
	})
}
