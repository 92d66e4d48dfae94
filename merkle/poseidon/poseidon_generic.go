package poseidon

import (
	"github.com/assaylab/assay/merkle"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// maxWidth is the width of the largest arity.
const maxWidth = 12

// hashGeneric is the definition of Hash: it sets dst[i] to the hash of the arity nodes from
// src[i*arity]. The fast paths are tested against it.
func hashGeneric(dst, src []merkle.Digest, arity int, tag uint64) {
	c := constantsOf(arity)
	var state [maxWidth]fr.Element
	for i := range dst {
		state[0].SetUint64(tag)
		for j := range arity {
			state[1+j] = load(&src[i*arity+j])
		}
		permute(c, state[:c.Width])
		store(&dst[i], &state[1])
	}
}

// permute applies the permutation to a state of c.Width elements.
func permute(c *Constants, state []fr.Element) {
	t, half := c.Width, FullRounds/2
	rounds := FullRounds + c.PartialRounds
	for r := range rounds {
		for i := range state {
			state[i].Add(&state[i], &c.Round[r*t+i])
		}
		sbox(&state[0])
		if r < half || r >= rounds-half {
			for i := 1; i < t; i++ {
				sbox(&state[i])
			}
		}
		mix(c, state)
	}
}

// sbox raises x to the fifth power.
func sbox(x *fr.Element) {
	var x4 fr.Element
	x4.Square(x)
	x4.Square(&x4)
	x.Mul(x, &x4)
}

// mix multiplies the state by the MDS matrix.
func mix(c *Constants, state []fr.Element) {
	var out [maxWidth]fr.Element
	for i := range state {
		for j := range state {
			var term fr.Element
			term.Mul(&c.MDS[i*c.Width+j], &state[j])
			out[i].Add(&out[i], &term)
		}
	}
	copy(state, out[:])
}

// load reads a canonical little-endian node into Montgomery form.
func load(d *merkle.Digest) fr.Element {
	e := limbs(d)
	return *e.Mul(&e, &rSquare)
}

// store writes an element as a canonical little-endian node.
func store(d *merkle.Digest, e *fr.Element) {
	fr.LittleEndian.PutElement((*[fr.Bytes]byte)(d), *e)
}
