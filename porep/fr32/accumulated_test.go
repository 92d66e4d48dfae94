package fr32

import (
	"bytes"
	"hash"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestAccumulated folds the padding of many messages of many lengths into one hash and takes each back. The expected
// values are Python's (integers of CPython 3).
func TestAccumulated(t *testing.T) {
	var padded, back [512]byte
	kerneltest.Accumulated(t, "assay/fr32/", [3]string{
		"6149ba912f526cf2520acb2f318a8e9113bce258bd1af74848b52cd22abd43f0",
		"3d4f01c67d339412f1b603096366a042b1d98cb7dce0bb6fb680b91f1cf5496f",
		"e3683c8e0cc50c233527cf47523495c12b0004e8cae2160ad68dac29c827dab5",
	}, func(h [32]byte, draw io.Reader, out hash.Hash) int {
		n, size := 1+int(h[0])%40, (int(h[1])|int(h[2])<<8)%300
		data := make([]byte, n*size)
		draw.Read(data)
		for i := range n {
			message := data[size*i:][:size]
			k, err := Pad(padded[:], message)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(padded[:k])
			if _, err := Unpad(back[:], padded[:k]); err != nil || !bytes.Equal(back[:size], message) {
				t.Fatalf("%d bytes do not come back: %v", size, err)
			}
		}
		return n
	})
}
