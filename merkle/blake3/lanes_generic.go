package blake3

import (
	"encoding/binary"
	"math/bits"
)

// hash16Generic writes 16 outputs of 32 bytes: the chaining values, or digests, of 16 inputs that lie stride bytes
// apart and are blocks blocks of 64 bytes each, 1 to 16. The last block counts size bytes and is filled up with zeros.
// counters are the inputs' counters; flags are first for the first block, end for the last one, both where they are one.
// out may be in: all is read before it is written.
func hash16Generic(out, in []byte, stride, blocks, size int, counters *[lanes]uint32, first, end uint32) {
	var all [lanes * 32]byte
	for lane, counter := range counters {
		cv, flags := iv, first
		at := lane * stride
		for range blocks - 1 {
			cv = next(&cv, in[at:at+blockSize], counter, flags)
			at, flags = at+blockSize, 0
		}
		compress(&cv, in[at:at+blockSize], uint32(size), counter, flags|end, all[32*lane:])
	}
	copy(out, all[:])
}

// next returns the chaining value after a whole block.
func next(cv *[8]uint32, block []byte, counter, flags uint32) (out [8]uint32) {
	var b [32]byte
	compress(cv, block, blockSize, counter, flags, b[:])
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}

// compress writes the first 32 bytes of a compression's output: the plain twin of one lane.
func compress(cv *[8]uint32, block []byte, size, counter, flags uint32, out []byte) {
	var m [16]uint32
	for i := range m {
		m[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	v := [16]uint32{8: iv[0], iv[1], iv[2], iv[3], counter, 0, size, flags}
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
