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

// words returns a node as a number, little-endian words. Words are variables of their own here, not arrays: those lie in memory.
func words(d *merkle.Digest) (w0, w1, w2, w3 uint64) {
	return binary.LittleEndian.Uint64(d[0:]), binary.LittleEndian.Uint64(d[8:]),
		binary.LittleEndian.Uint64(d[16:]), binary.LittleEndian.Uint64(d[24:])
}

func setWords(d *merkle.Digest, w0, w1, w2, w3 uint64) {
	binary.LittleEndian.PutUint64(d[0:], w0)
	binary.LittleEndian.PutUint64(d[8:], w1)
	binary.LittleEndian.PutUint64(d[16:], w2)
	binary.LittleEndian.PutUint64(d[24:], w3)
}

// minusR returns w-r, modulo 2^256, and 1 if w was below r.
func minusR(w0, w1, w2, w3 uint64) (x0, x1, x2, x3, below uint64) {
	x0, below = bits.Sub64(w0, r0, 0)
	x1, below = bits.Sub64(w1, r1, below)
	x2, below = bits.Sub64(w2, r2, below)
	x3, below = bits.Sub64(w3, r3, below)
	return x0, x1, x2, x3, below
}

// encodeNodes sets dst[i] to data[i]+key[i] in the scalar field. Both must be reduced; it returns the
// first place where one is not, or -1. dst may be data or key. All three have one length.
//
// Source: storage-proofs-porep/src/encode.rs.
func encodeNodes(dst, data, key []merkle.Digest) int {
	data, key = data[:len(dst)], key[:len(dst)]
	for i := range dst {
		d0, d1, d2, d3 := words(&data[i])
		k0, k1, k2, k3 := words(&key[i])
		_, _, _, _, lowD := minusR(d0, d1, d2, d3)
		_, _, _, _, lowK := minusR(k0, k1, k2, k3)
		if lowD&lowK == 0 {
			return i
		}
		// Both are below r < 2^255: no carry leaves the sum.
		var c uint64
		d0, c = bits.Add64(d0, k0, 0)
		d1, c = bits.Add64(d1, k1, c)
		d2, c = bits.Add64(d2, k2, c)
		d3, _ = bits.Add64(d3, k3, c)
		x0, x1, x2, x3, low := minusR(d0, d1, d2, d3)
		keep := -low // all ones where the sum is reduced: which it is, no branch can foresee
		setWords(&dst[i], x0^(x0^d0)&keep, x1^(x1^d1)&keep, x2^(x2^d2)&keep, x3^(x3^d3)&keep)
	}
	return -1
}

// decodeNodes is the inverse of encodeNodes: dst[i] = sealed[i]-key[i].
func decodeNodes(dst, sealed, key []merkle.Digest) int {
	sealed, key = sealed[:len(dst)], key[:len(dst)]
	for i := range dst {
		s0, s1, s2, s3 := words(&sealed[i])
		k0, k1, k2, k3 := words(&key[i])
		_, _, _, _, lowS := minusR(s0, s1, s2, s3)
		_, _, _, _, lowK := minusR(k0, k1, k2, k3)
		if lowS&lowK == 0 {
			return i
		}
		var b, c uint64
		s0, b = bits.Sub64(s0, k0, 0)
		s1, b = bits.Sub64(s1, k1, b)
		s2, b = bits.Sub64(s2, k2, b)
		s3, b = bits.Sub64(s3, k3, b)
		add := -b // r is added where the difference is negative
		s0, c = bits.Add64(s0, r0&add, 0)
		s1, c = bits.Add64(s1, r1&add, c)
		s2, c = bits.Add64(s2, r2&add, c)
		s3, _ = bits.Add64(s3, r3&add, c)
		setWords(&dst[i], s0, s1, s2, s3)
	}
	return -1
}
