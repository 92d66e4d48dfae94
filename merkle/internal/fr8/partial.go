package fr8

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A shape is how the kernel of one width reduces a sum of so many limbs: the quotient by r<<shift is
// estimated from the sum in units of 2^unit and raised by slack. The generator has the same table.
type shape struct{ width, limbs, unit, shift, slack int }

var shapes = []shape{
	{width: 3, limbs: 6, unit: 255, shift: 1, slack: 2},
	{width: 5, limbs: 6, unit: 255, shift: 1, slack: 2},
	{width: 9, limbs: 8, unit: 255, shift: 1, slack: 3},
	{width: 12, limbs: 9, unit: 256, shift: 2, slack: 3},
}

// NewPartial lays out the coefficients |a_i| and |b_i| (index 0 unused) for the kernel, without rounds:
// the limbs of the coefficients, oldest lag first, a_i before b_i; the words 2^260, 2^312 ... modulo r
// for the limbs above the sixth if there are any; slack times the modulus, the modulus, its reciprocal.
func NewPartial(a, b []*big.Int) Partial {
	p := Partial{Width: len(a)}
	for i := len(a); i >= 1; i-- {
		if i < len(a) {
			p.Words = append(p.Words, Limbs(a[i], (a[i].BitLen()+51)/52)...)
		}
		p.Words = append(p.Words, Limbs(b[i], (b[i].BitLen()+51)/52)...)
	}
	for _, s := range shapes {
		if s.width != p.Width {
			continue
		}
		r := fr.Modulus()
		for k := 5; k < s.limbs && s.limbs > 6; k++ {
			c := new(big.Int).Lsh(big.NewInt(1), uint(52*k))
			p.Words = append(p.Words, Limbs(c.Mod(c, r), 5)...)
		}
		m := new(big.Int).Lsh(r, uint(s.shift))
		p.Words = append(p.Words, Limbs(new(big.Int).Mul(m, big.NewInt(int64(s.slack))), 5)...)
		p.Words = append(p.Words, Limbs(m, 5)...)
		c := new(big.Int).Lsh(big.NewInt(1), uint(52+s.unit))
		p.Words = append(p.Words, Limbs(c.Quo(c, m), 1)...)
		return p
	}
	panic("fr8: no such width")
}

// Limbs returns the n limbs of |x|.
func Limbs(x *big.Int, n int) []uint64 {
	out := make([]uint64, n)
	y, low := new(big.Int).Abs(x), new(big.Int)
	for i := range out {
		out[i] = low.And(y, big.NewInt(1<<52-1)).Uint64()
		y.Rsh(y, 52)
	}
	if y.Sign() != 0 {
		panic("fr8: integer too long")
	}
	return out
}
