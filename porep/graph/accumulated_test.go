package graph

import (
	"encoding/binary"
	"hash"
	"io"
	"testing"

	"github.com/assaylab/assay/merkle/merkletest/kerneltest"
)

// TestAccumulated folds many streams of ChaCha8, by the kernel of this CPU, and many first words of Blake2b into a hash
// each. The expected values are Python's (a plain ChaCha in integers; hashlib's blake2b): seed and first node of a batch of
// streams are the little-endian words of its h, a message is the first half of its h. Whole graphs stand in
// TestPublishedDigests.
func TestAccumulated(t *testing.T) {
	kerneltest.Accumulated(t, "assay/chacha8/", [3]string{
		"43b1ee3cda6df7ed077e1a2aa30d6083ed16962b5dee95e2c9168f3912186ee3",
		"fe2e14ebcd299f6146d10bee58d442f16d07bc8f45d5c810e196397c1d89e934",
		"f0c4d94c0a62c63b5b01d8ab9c640a42254098db2a8239ac2c0fa990123dd087",
	}, func(h [32]byte, _ io.Reader, out hash.Hash) int {
		var seed [7]uint32
		for i := range seed {
			seed[i] = binary.LittleEndian.Uint32(h[4*i:])
		}
		var words [20][streamLanes]uint32
		drgStreams(&seed, binary.LittleEndian.Uint32(h[28:]), &words)
		binary.Write(out, binary.LittleEndian, &words)
		return streamLanes
	})
	kerneltest.Accumulated(t, "assay/blake2b/", [3]string{
		"22b46b365f18bbc18c4d0d06dc6cf7be0df8b9227642fe9340d4b609ae41f116",
		"6a08de4d281a9bba362c3201533c8d59090c329db18833cb550b7e223a0bf8b0",
		"798ae5cdc124d843e911f8e2e60ad2383657a18ed45eb098b9cc5cdb5101f307",
	}, func(h [32]byte, _ io.Reader, out hash.Hash) int {
		word := blake2bFirst(binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:]))
		out.Write(binary.LittleEndian.AppendUint64(nil, word))
		return 1
	})
}
