package blake3

import (
	"sync"

	"github.com/zeebo/blake3"

	"github.com/assaylab/assay/merkle"
)

const (
	chunkSize   = 1024
	chunkBlocks = chunkSize / blockSize
	sumMin      = lanes * chunkSize // bytes from which the kernel pays
	sumMax      = 1 << 20           // bytes that a scratch has room for
)

// A sumScratch holds the chaining values of a message's chunks, one group of parents more than there are, and the
// chunks of an incomplete group.
type sumScratch struct {
	cvs  [(sumMax/chunkSize + 2*lanes) * 32]byte
	tail [sumMin]byte
}

var sumPool = sync.Pool{New: func() any { return new(sumScratch) }}

// Sum returns the 32-byte BLAKE3 hash of b, without key. Messages of 16 KiB to 1 MiB take 16 chunks, and 16 parents,
// side by side where the processor has AVX-512; others go to zeebo/blake3, which has eight lanes. The result is the same. It is
// safe for concurrent use and keeps its memory in a pool.
//
// Source: the BLAKE3 paper, sections 2.2 to 2.4.
func Sum(b []byte) merkle.Digest {
	if !haveLanes || len(b) < sumMin || len(b) > sumMax {
		return blake3.Sum256(b)
	}
	s := sumPool.Get().(*sumScratch)
	defer sumPool.Put(s)
	n := s.chunks(b)
	for n > 2 {
		n = s.parents(n)
	}
	var root merkle.Digest
	compress(&iv, s.cvs[:blockSize], blockSize, 0, flagParent|flagRoot, root[:])
	return root
}

// chunks fills the chaining values of all chunks of b and returns their number.
func (s *sumScratch) chunks(b []byte) int {
	var counters [lanes]uint32
	for i := range counters {
		counters[i] = uint32(i)
	}
	whole := len(b) / chunkSize
	n := 0
	for ; n+lanes <= whole; n += lanes {
		hash16(s.cvs[32*n:], b[n*chunkSize:], chunkSize, chunkBlocks, blockSize, &counters, flagStart, flagEnd)
		for i := range counters {
			counters[i] += lanes
		}
	}
	if n < whole {
		copy(s.tail[:], b[n*chunkSize:whole*chunkSize])
		hash16(s.cvs[32*n:], s.tail[:], chunkSize, chunkBlocks, blockSize, &counters, flagStart, flagEnd)
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
	var counters [lanes]uint32
	for i := 0; i < n/2; i += lanes {
		hash16(s.cvs[32*i:], s.cvs[64*i:], blockSize, 1, blockSize, &counters, flagParent, 0)
	}
	if n%2 == 1 {
		copy(s.cvs[32*(n/2):], odd[:])
	}
	return (n + 1) / 2
}

// lastChunk writes the chaining value of a chunk of less than 1,024 bytes.
func lastChunk(b []byte, counter uint32, out []byte) {
	cv := iv
	flags := uint32(flagStart)
	for len(b) > blockSize {
		cv = next(&cv, b[:blockSize], counter, flags)
		b, flags = b[blockSize:], 0
	}
	var block [blockSize]byte
	n := copy(block[:], b)
	compress(&cv, block[:], uint32(n), counter, flags|flagEnd, out)
}
