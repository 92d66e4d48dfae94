package graph

import "math/bits"

// streamLanes is the number of nodes whose streams are computed together.
const streamLanes = 16

// drgStreamsGeneric sets dst to the first twenty words of the ChaCha8 streams of the sixteen nodes from node on,
// word by word: word w of node node+i is dst[w][i]. The key of a stream is seven words of seed and the
// node; counter and stream number are 64 bits each and begin at 0.
//
// Source: rand_chacha, ChaCha8Rng; D. J. Bernstein, "ChaCha, a variant of Salsa20".
func drgStreamsGeneric(seed *[7]uint32, node uint32, dst *[20][streamLanes]uint32) {
	for i := range uint32(streamLanes) {
		var x [16]uint32
		chacha8(seed, node+i, 0, &x)
		for w := range x {
			dst[w][i] = x[w]
		}
		chacha8(seed, node+i, 1, &x)
		for w := range 4 {
			dst[16+w][i] = x[w]
		}
	}
}

// drgStream sets dst to the first twenty words of one node's stream.
func drgStream(seed *[7]uint32, node uint32, dst *[20]uint32) {
	var x [16]uint32
	chacha8(seed, node, 0, &x)
	copy(dst[:], x[:])
	chacha8(seed, node, 1, &x)
	copy(dst[16:], x[:])
}

// The first four words of a ChaCha state, "expand 32-byte k".
const (
	sigma0 = 0x61707865
	sigma1 = 0x3320646e
	sigma2 = 0x79622d32
	sigma3 = 0x6b206574
)

// chacha8 sets out to one block of eight rounds.
func chacha8(seed *[7]uint32, node, counter uint32, out *[16]uint32) {
	x0, x1, x2, x3 := uint32(sigma0), uint32(sigma1), uint32(sigma2), uint32(sigma3)
	x4, x5, x6, x7 := seed[0], seed[1], seed[2], seed[3]
	x8, x9, x10, x11 := seed[4], seed[5], seed[6], node
	x12, x13, x14, x15 := counter, uint32(0), uint32(0), uint32(0)
	for range 4 {
		x0, x4, x8, x12 = quarterRound(x0, x4, x8, x12)
		x1, x5, x9, x13 = quarterRound(x1, x5, x9, x13)
		x2, x6, x10, x14 = quarterRound(x2, x6, x10, x14)
		x3, x7, x11, x15 = quarterRound(x3, x7, x11, x15)
		x0, x5, x10, x15 = quarterRound(x0, x5, x10, x15)
		x1, x6, x11, x12 = quarterRound(x1, x6, x11, x12)
		x2, x7, x8, x13 = quarterRound(x2, x7, x8, x13)
		x3, x4, x9, x14 = quarterRound(x3, x4, x9, x14)
	}
	*out = [16]uint32{
		x0 + sigma0, x1 + sigma1, x2 + sigma2, x3 + sigma3,
		x4 + seed[0], x5 + seed[1], x6 + seed[2], x7 + seed[3],
		x8 + seed[4], x9 + seed[5], x10 + seed[6], x11 + node,
		x12 + counter, x13, x14, x15,
	}
}

// quarterRound is ChaCha's quarter round.
func quarterRound(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	a += b
	d = bits.RotateLeft32(d^a, 16)
	c += d
	b = bits.RotateLeft32(b^c, 12)
	a += b
	d = bits.RotateLeft32(d^a, 8)
	c += d
	b = bits.RotateLeft32(b^c, 7)
	return a, b, c, d
}
