package graph

import "math/bits"

// The initial state of Blake2b.
const (
	iv0 = 0x6a09e667f3bcc908
	iv1 = 0xbb67ae8584caa73b
	iv2 = 0x3c6ef372fe94f82b
	iv3 = 0xa54ff53a5f1d36f1
	iv4 = 0x510e527fade682d1
	iv5 = 0x9b05688c2b3e6c1f
	iv6 = 0x1f83d9abfb41bd6b
	iv7 = 0x5be0cd19137e2179

	// h0 is the first word of the state with the parameters mixed in: 64 bytes of digest, no key.
	h0 = iv0 ^ 0x01010040
)

// mix is the mixing function G of Blake2b where both message words are zero, or the first is added already.
func mix(a, b, c, d uint64) (uint64, uint64, uint64, uint64) { return mixWith(a, b, c, d, 0) }

// mixWith is mix with a second message word.
func mixWith(a, b, c, d, y uint64) (uint64, uint64, uint64, uint64) {
	a += b
	d = bits.RotateLeft64(d^a, -32)
	c += d
	b = bits.RotateLeft64(b^c, -24)
	a += b + y
	d = bits.RotateLeft64(d^a, -16)
	c += d
	b = bits.RotateLeft64(b^c, -63)
	return a, b, c, d
}

// blake2bFirst returns the first word of Blake2b-512 over the sixteen bytes of two message words. Its twin is
// blake2b.Sum512 of golang.org/x/crypto; here all message words but two are known to be zero, and the mixing
// that cannot reach the first word of the digest is left out of the last round.
//
// Source: RFC 7693.
func blake2bFirst(m0, m1 uint64) uint64 {
	v0, v1, v2, v3, v4, v5, v6, v7 := uint64(h0), uint64(iv1), uint64(iv2), uint64(iv3), uint64(iv4), uint64(iv5), uint64(iv6), uint64(iv7)
	v8, v9, v10, v11 := uint64(iv0), uint64(iv1), uint64(iv2), uint64(iv3)
	// Sixteen bytes are hashed, and this block is the last.
	v12, v13, v14, v15 := uint64(iv4^16), uint64(iv5), ^uint64(iv6), uint64(iv7)

	// Round 0.
	v0 += m0
	v0, v4, v8, v12 = mixWith(v0, v4, v8, v12, m1)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 1.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0 += m1
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1 += m0
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 2.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mixWith(v1, v5, v9, v13, m0)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mixWith(v2, v7, v8, v13, m1)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 3.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mixWith(v1, v5, v9, v13, m1)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mixWith(v2, v7, v8, v13, m0)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 4.
	v0, v4, v8, v12 = mixWith(v0, v4, v8, v12, m0)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mixWith(v0, v5, v10, v15, m1)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 5.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2 += m0
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3 += m1
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 6.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1 += m1
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0 += m0
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 7.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mixWith(v2, v6, v10, v14, m1)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mixWith(v0, v5, v10, v15, m0)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 8.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3 += m0
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2 += m1
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 9.
	v0, v4, v8, v12 = mix(v0, v4, v8, v12)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3 += m1
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mixWith(v3, v4, v9, v14, m0)
	// Round 10.
	v0 += m0
	v0, v4, v8, v12 = mixWith(v0, v4, v8, v12, m1)
	v1, v5, v9, v13 = mix(v1, v5, v9, v13)
	v2, v6, v10, v14 = mix(v2, v6, v10, v14)
	v3, v7, v11, v15 = mix(v3, v7, v11, v15)
	v0, v5, v10, v15 = mix(v0, v5, v10, v15)
	v1, v6, v11, v12 = mix(v1, v6, v11, v12)
	v2, v7, v8, v13 = mix(v2, v7, v8, v13)
	v3, v4, v9, v14 = mix(v3, v4, v9, v14)
	// Round 11.
	v0, _, v8, _ = mix(v0, v4, v8, v12)
	_, v5, _, v13 = mix(v1, v5, v9, v13)
	v2, _, v10, _ = mix(v2, v6, v10, v14)
	_, v7, _, v15 = mix(v3, v7, v11, v15)
	v0 += m1
	v0, _, _, _ = mix(v0, v5, v10, v15)
	_, _, v8, _ = mix(v2, v7, v8, v13)

	return h0 ^ v0 ^ v8
}
