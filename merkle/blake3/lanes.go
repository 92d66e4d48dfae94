package blake3

import "github.com/assaylab/assay/merkle"

const (
	lanes     = 16
	blockSize = 64
	maxArity  = 32 // children in a chunk

	flagStart  = 1
	flagEnd    = 2
	flagParent = 4
	flagRoot   = 8
)

var iv = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// parents hashes groups of up to a chunk, sixteen at a time; where their number is no multiple of that the last sixteen
// overlap those before.
func parents(dst, src []merkle.Digest, arity int) {
	if !haveLanes || len(dst) < lanes || arity > maxArity {
		parentsGeneric(dst, src, arity)
		return
	}
	var counters [lanes]uint32
	var pad []merkle.Digest // sixteen groups of an odd arity, each filled up with zeros to whole blocks
	blocks := (arity + 1) / 2
	if arity%2 == 1 {
		pad = new([lanes * maxArity]merkle.Digest)[:lanes*2*blocks]
	}
	for at := 0; at < len(dst); at += lanes {
		at = min(at, len(dst)-lanes)
		groups, size := src[at*arity:(at+lanes)*arity], blockSize
		if pad != nil {
			for i := range lanes {
				copy(pad[2*blocks*i:], groups[i*arity:(i+1)*arity])
			}
			groups, size = pad, blockSize/2
		}
		hash16(merkle.Bytes(dst[at:at+lanes]), merkle.Bytes(groups), len(groups)/lanes*32, blocks, size, &counters, flagStart, flagEnd|flagRoot)
	}
}
