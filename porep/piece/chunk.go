package piece

import (
	"math/bits"

	"github.com/assaylab/assay/merkle"
	"github.com/assaylab/assay/merkle/sha2"
	"github.com/assaylab/assay/porep/fr32"
)

// A chunk is the part of a payload that one goroutine folds at a time: 2^17 bytes after padding, so that
// its nodes stay in the second-level cache and a few of them in every worker's memory budget.
const (
	chunkLevel = 12
	chunkNodes = 1 << chunkLevel
	chunkRaw   = chunkNodes * 32 / 128 * 127
)

// A folder folds chunks. It holds 192 KiB; one goroutine at a time may use it.
type folder struct {
	leaves [chunkNodes]merkle.Digest
	half   [chunkNodes / 2]merkle.Digest
}

// fold returns the root of the smallest whole tree over 1 to chunkRaw bytes of payload, filled with zeros
// up to 127 times a power of two, and the tree's level.
func (f *folder) fold(raw []byte) (level int, root merkle.Digest) {
	blocks := (len(raw) + 126) / 127
	level = 2 + bits.Len(uint(blocks-1))
	nodes := f.leaves[:1<<level]
	b := merkle.Bytes(nodes)
	// Pad cannot fail: it gets room for whole elements of at most chunkRaw bytes.
	n, _ := fr32.Pad(b, raw)
	clear(b[n:])
	src, dst := nodes, f.half[:]
	for len(src) > 1 {
		dst = dst[:len(src)/2]
		sha2.SHA254{}.Parents(dst, src, 2)
		src, dst = dst, src
	}
	return level, src[0]
}
