package porep

import (
	"encoding/binary"
	"math/bits"

	"github.com/assaylab/assay/merkle"
)

// The order r of the BLS12-381 scalar field, little-endian words.
const (
	r0 = 0xffffffff00000001
	r1 = 0x53bda402fffe5bfe
	r2 = 0x3339d80809a1d805
	r3 = 0x73eda753299d7d48
)

// A word4 is a 256-bit number, little-endian words.
type word4 [4]uint64

func load(d *merkle.Digest) word4 {
	return word4{
		binary.LittleEndian.Uint64(d[0:]), binary.LittleEndian.Uint64(d[8:]),
		binary.LittleEndian.Uint64(d[16:]), binary.LittleEndian.Uint64(d[24:]),
	}
}

func store(d *merkle.Digest, w word4) {
	binary.LittleEndian.PutUint64(d[0:], w[0])
	binary.LittleEndian.PutUint64(d[8:], w[1])
	binary.LittleEndian.PutUint64(d[16:], w[2])
	binary.LittleEndian.PutUint64(d[24:], w[3])
}

// minusR returns w-r and 1 if w was below r.
func (w word4) minusR() (word4, uint64) {
	var b uint64
	w[0], b = bits.Sub64(w[0], r0, 0)
	w[1], b = bits.Sub64(w[1], r1, b)
	w[2], b = bits.Sub64(w[2], r2, b)
	w[3], b = bits.Sub64(w[3], r3, b)
	return w, b
}

// encodeNodes sets dst[i] to data[i]+key[i] in the scalar field. Both must be reduced; it returns the
// first place where one is not, or -1. dst may be data or key. All three have one length.
//
// Source: storage-proofs-porep/src/encode.rs.
func encodeNodes(dst, data, key []merkle.Digest) int {
	for i := range dst {
		d, k := load(&data[i]), load(&key[i])
		_, lowD := d.minusR()
		_, lowK := k.minusR()
		if lowD&lowK == 0 {
			return i
		}
		// Both are below r < 2^255: no carry leaves the sum.
		var c uint64
		d[0], c = bits.Add64(d[0], k[0], 0)
		d[1], c = bits.Add64(d[1], k[1], c)
		d[2], c = bits.Add64(d[2], k[2], c)
		d[3], _ = bits.Add64(d[3], k[3], c)
		if less, low := d.minusR(); low == 0 {
			d = less
		}
		store(&dst[i], d)
	}
	return -1
}

// decodeNodes is the inverse of encodeNodes: dst[i] = sealed[i]-key[i].
func decodeNodes(dst, sealed, key []merkle.Digest) int {
	for i := range dst {
		s, k := load(&sealed[i]), load(&key[i])
		_, lowS := s.minusR()
		_, lowK := k.minusR()
		if lowS&lowK == 0 {
			return i
		}
		var b uint64
		s[0], b = bits.Sub64(s[0], k[0], 0)
		s[1], b = bits.Sub64(s[1], k[1], b)
		s[2], b = bits.Sub64(s[2], k[2], b)
		s[3], b = bits.Sub64(s[3], k[3], b)
		if b != 0 {
			s[0], b = bits.Add64(s[0], r0, 0)
			s[1], b = bits.Add64(s[1], r1, b)
			s[2], b = bits.Add64(s[2], r2, b)
			s[3], _ = bits.Add64(s[3], r3, b)
		}
		store(&dst[i], s)
	}
	return -1
}
