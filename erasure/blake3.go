package erasure

import (
	"encoding/binary"
	"math/bits"
	"sync"

	zeebo "github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
)

// BLAKE3 of a block: 16 chunks, and 16 parents, side by side where the processor has AVX-512, which is half as
// fast again as the eight lanes of zeebo/blake3 v0.2.4. Everything else goes there; results are the same.
//
// Source: the BLAKE3 paper, sections 2.2 to 2.4.
const (
	chunkSize   = 1024
	chunkBlocks = 16
	lanes16     = 16
	sumMin      = lanes16 * chunkSize // bytes from which the kernel pays
	sumMax      = maxBlock

	flagStart  = 1
	flagEnd    = 2
	flagParent = 4
	flagRoot   = 8
)

var blake3IV = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// A sumScratch holds the chaining values of a block's chunks, one group of parents more than there are, and the
// chunks of an incomplete group.
type sumScratch struct {
	cvs  [(sumMax/chunkSize + 2*lanes16) * 32]byte
	tail [sumMin]byte
}

var sumPool = sync.Pool{New: func() any { return new(sumScratch) }}

// blake3Sum returns BLAKE3 of b.
func blake3Sum(b []byte) merkle.Digest {
	if !haveHash16 || len(b) < sumMin || len(b) > sumMax {
		return zeebo.Sum256(b)
	}
	s := sumPool.Get().(*sumScratch)
	defer sumPool.Put(s)
	n := s.chunks(b)
	for n > 2 {
		n = s.parents(n)
	}
	var root merkle.Digest
	compressBlock(&blake3IV, s.cvs[:64], 64, 0, flagParent|flagRoot, root[:])
	return root
}

// chunks fills the chaining values of all chunks of b and returns their number.
func (s *sumScratch) chunks(b []byte) int {
	whole := len(b) / chunkSize
	n := 0
	for ; n+lanes16 <= whole; n += lanes16 {
		hash16(s.cvs[32*n:], b[n*chunkSize:], chunkSize, chunkBlocks, uint32(n), flagStart, 0, flagEnd)
	}
	if n < whole {
		copy(s.tail[:], b[n*chunkSize:whole*chunkSize])
		hash16(s.cvs[32*n:], s.tail[:], chunkSize, chunkBlocks, uint32(n), flagStart, 0, flagEnd)
		n = whole
	}
	if rest := b[whole*chunkSize:]; len(rest) > 0 {
		lastChunk(rest, uint32(n), s.cvs[32*n:])
		n++
	}
	return n
}

// parents replaces n > 2 chaining values by their parents; an odd last one rises.
func (s *sumScratch) parents(n int) int {
	odd := [32]byte(s.cvs[32*(n-1):]) // the idle lanes write over it
	for i := 0; i < n/2; i += lanes16 {
		hash16(s.cvs[32*i:], s.cvs[64*i:], 64, 1, 0, flagParent, 0, 0)
	}
	if n%2 == 1 {
		copy(s.cvs[32*(n/2):], odd[:])
	}
	return (n + 1) / 2
}

// lastChunk writes the chaining value of a chunk of less than 1,024 bytes.
func lastChunk(b []byte, counter uint32, out []byte) {
	cv := blake3IV
	flags := uint32(flagStart)
	for len(b) > 64 {
		var next [32]byte
		compressBlock(&cv, b[:64], 64, counter, flags, next[:])
		for i := range cv {
			cv[i] = binary.LittleEndian.Uint32(next[4*i:])
		}
		b, flags = b[64:], 0
	}
	var block [64]byte
	n := copy(block[:], b)
	compressBlock(&cv, block[:], uint32(n), counter, flags|flagEnd, out)
}

// compressBlock writes the first 32 bytes of a compression's output: the plain twin of one lane.
func compressBlock(cv *[8]uint32, block []byte, size, counter, flags uint32, out []byte) {
	var m [16]uint32
	for i := range m {
		m[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	v := [16]uint32{8: blake3IV[0], blake3IV[1], blake3IV[2], blake3IV[3], counter, 0, size, flags}
	copy(v[:8], cv[:])
	for range 7 {
		for i, s := range [8][4]int{
			{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15},
			{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14},
		} {
			a, b, c, d := v[s[0]], v[s[1]], v[s[2]], v[s[3]]
			a += b + m[2*i]
			d = bits.RotateLeft32(d^a, -16)
			c += d
			b = bits.RotateLeft32(b^c, -12)
			a += b + m[2*i+1]
			d = bits.RotateLeft32(d^a, -8)
			c += d
			b = bits.RotateLeft32(b^c, -7)
			v[s[0]], v[s[1]], v[s[2]], v[s[3]] = a, b, c, d
		}
		m = [16]uint32{m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8]}
	}
	for i := range 8 {
		binary.LittleEndian.PutUint32(out[4*i:], v[i]^v[i+8])
	}
}
