package fr8

import (
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// MulAdd adds sum x_j n_j to acc, six words, for as many terms as x has. It serves the path without
// vectors: x are plain words, not lanes. The sum stays below 2^384; n has a word for each x.
func MulAdd(acc *[6]uint64, x []fr.Element, n []uint64) {
	n = n[:len(x)]
	if len(x) == 0 {
		return
	}
	if supportedADX {
		mulAdd(acc, &x[0][0], &n[0], len(x))
		return
	}
	mulAddGeneric(acc, x, n)
}

// mulAddGeneric is MulAdd.
func mulAddGeneric(acc *[6]uint64, x []fr.Element, n []uint64) {
	a0, a1, a2, a3, a4, a5 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5]
	var c uint64
	for j := range x {
		v, k := &x[j], n[j]
		h0, l0 := bits.Mul64(v[0], k)
		h1, l1 := bits.Mul64(v[1], k)
		h2, l2 := bits.Mul64(v[2], k)
		h3, l3 := bits.Mul64(v[3], k)
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		h3 += c
		a0, c = bits.Add64(a0, l0, 0)
		a1, c = bits.Add64(a1, l1, c)
		a2, c = bits.Add64(a2, l2, c)
		a3, c = bits.Add64(a3, l3, c)
		a4, c = bits.Add64(a4, h3, c)
		a5 += c
	}
	acc[0], acc[1], acc[2], acc[3], acc[4], acc[5] = a0, a1, a2, a3, a4, a5
}
