package erasure

import "encoding/binary"

// hash16Generic writes the chaining values of 16 inputs of whole blocks of 64 bytes, stride bytes apart: chunks, whose
// counters rise from counter, or parents (blocks 1), whose counters are zero. The flags of the first block are
// first, of the last one last as well, of others middle.
func hash16Generic(out, in []byte, stride, blocks int, counter, first, middle, last uint32) {
	var all [lanes16 * 32]byte // in may be out
	for lane := range lanes16 {
		cv, flags := blake3IV, first
		count := counter + uint32(lane)
		if blocks == 1 {
			count = counter
		}
		for b := range blocks {
			if b == blocks-1 {
				flags |= last
			}
			var next [32]byte
			compressBlock(&cv, in[lane*stride+64*b:], 64, count, flags, next[:])
			for i := range cv {
				cv[i] = binary.LittleEndian.Uint32(next[4*i:])
			}
			flags = middle
		}
		for i, w := range cv {
			binary.LittleEndian.PutUint32(all[32*lane+4*i:], w)
		}
	}
	copy(out, all[:])
}
