package fr8

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A shape is what the kernel of one width was generated for: the bits of |a_i| and |b_i| from lag 1 on
// and how a sum of so many limbs is reduced: the quotient by r<<shift is estimated from the sum in units
// of 2^unit, and raised by slack. The generator has the same table.
type shape struct {
	a, b                      []int
	limbs, unit, shift, slack int
}

// shapeOf returns the shape of a width.
func shapeOf(width int) *shape {
	switch width {
	case 3:
		return &shape{a: []int{8, 8}, b: []int{8, 12, 8}, limbs: 6, unit: 255, shift: 1, slack: 2}
	case 5:
		return &shape{a: []int{18, 29, 33, 29}, b: []int{17, 30, 38, 38, 31}, limbs: 6, unit: 255, shift: 1, slack: 2}
	case 9:
		return &shape{a: []int{34, 62, 83, 98, 107, 108, 101, 86}, b: []int{32, 62, 86, 103, 114, 119, 116, 107, 88},
			limbs: 8, unit: 255, shift: 1, slack: 3}
	case 12:
		return &shape{a: []int{47, 87, 121, 149, 171, 186, 194, 195, 189, 175, 151},
			b:     []int{44, 87, 123, 152, 176, 194, 205, 210, 207, 198, 180, 154},
			limbs: 9, unit: 256, shift: 2, slack: 3}
	}
	panic("fr8: no such width")
}

// NewPartial lays out the coefficients |a_i| and |b_i| (index 0 unused) for the kernel, without rounds:
// the limbs of the coefficients, oldest lag first, a_i before b_i; the words 2^260, 2^312 ... modulo r
// for the limbs above the sixth if there are any; slack times the modulus, the modulus, its reciprocal.
// It panics where a coefficient is longer than the kernel expects.
func NewPartial(a, b []*big.Int) Partial {
	p := Partial{Width: len(a)}
	s := shapeOf(p.Width)
	for i := p.Width; i >= 1; i-- {
		if i < p.Width {
			p.Words = append(p.Words, Limbs(a[i], (s.a[i-1]+51)/52)...)
		}
		p.Words = append(p.Words, Limbs(b[i], (s.b[i-1]+51)/52)...)
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

// AddRound appends a round: y = k u^5/2^1040, and the constant that is part of the next sum.
func (p *Partial) AddRound(k, next *fr.Element) {
	x := k.BigInt(new(big.Int))
	p.Round = append(p.Round, Limbs(x, 5)...)
	x.Lsh(x, 260)
	p.Round = append(p.Round, Limbs(x.Quo(x, fr.Modulus()), 5)...)
	p.Round = append(p.Round, Limbs(next.BigInt(x), 5)...)
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
