package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
)

// TestAccumulated folds many streams of ChaCha8, by the kernel of this CPU, and many first words of Blake2b into a hash
// each. The expected values are Python's (a plain ChaCha in integers; hashlib's blake2b): batch b takes seed and first
// node from SHA-256("assay/chacha8/" + b) in little-endian words, message i is the first half of
// SHA-256("assay/blake2b/" + i). ASSAY_MILLION=1 runs the million of each. Whole graphs stand in TestPublishedDigests.
func TestAccumulated(t *testing.T) {
	size := 1
	switch {
	case os.Getenv("ASSAY_MILLION") == "1":
		size = 2
	case testing.Short():
		size = 0
	}
	t.Run("chacha8", func(t *testing.T) {
		batches := [3]int{7, 625, 62_500}[size]
		want := [3]string{
			"43b1ee3cda6df7ed077e1a2aa30d6083ed16962b5dee95e2c9168f3912186ee3",
			"fe2e14ebcd299f6146d10bee58d442f16d07bc8f45d5c810e196397c1d89e934",
			"f0c4d94c0a62c63b5b01d8ab9c640a42254098db2a8239ac2c0fa990123dd087",
		}[size]
		all := sha256.New()
		var words [20][streamLanes]uint32
		var raw [20 * streamLanes * 4]byte
		for b := range batches {
			h := sha256.Sum256(fmt.Appendf(nil, "assay/chacha8/%d", b))
			var seed [7]uint32
			for i := range seed {
				seed[i] = binary.LittleEndian.Uint32(h[4*i:])
			}
			drgStreams(&seed, binary.LittleEndian.Uint32(h[28:]), &words)
			for w := range words {
				for i, x := range words[w] {
					binary.LittleEndian.PutUint32(raw[4*(streamLanes*w+i):], x)
				}
			}
			all.Write(raw[:])
		}
		if got := hex.EncodeToString(all.Sum(nil)); got != want {
			t.Errorf("%d streams: got %s, want %s", batches*streamLanes, got, want)
		}
	})
	t.Run("blake2b", func(t *testing.T) {
		messages := [3]int{100, 10_000, 1_000_000}[size]
		want := [3]string{
			"22b46b365f18bbc18c4d0d06dc6cf7be0df8b9227642fe9340d4b609ae41f116",
			"6a08de4d281a9bba362c3201533c8d59090c329db18833cb550b7e223a0bf8b0",
			"798ae5cdc124d843e911f8e2e60ad2383657a18ed45eb098b9cc5cdb5101f307",
		}[size]
		all := sha256.New()
		for i := range messages {
			m := sha256.Sum256(fmt.Appendf(nil, "assay/blake2b/%d", i))
			word := blake2bFirst(binary.LittleEndian.Uint64(m[:]), binary.LittleEndian.Uint64(m[8:]))
			all.Write(binary.LittleEndian.AppendUint64(nil, word))
		}
		if got := hex.EncodeToString(all.Sum(nil)); got != want {
			t.Errorf("%d messages: got %s, want %s", messages, got, want)
		}
	})
}
