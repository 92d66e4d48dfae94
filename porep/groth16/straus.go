package groth16

import (
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// nafWidth is the width of the signed digits of single multiplications: eight odd multiples are kept.
const nafWidth = 5

// multiply returns k·p for one point of the subgroup; long numbers are split by the endomorphism first.
func multiply(p *bls.G1Affine, k *limbs) bls.G1Jac {
	if k.bitLen() <= middleBits {
		return straus([]bls.G1Affine{*p}, []limbs{*k})
	}
	q, lo, hi := split(p, k)
	return straus([]bls.G1Affine{*p, q}, []limbs{lo, hi})
}

// straus returns the sum of scalars[i]·points[i] for a handful of points: the doublings are shared, each point adds about
// a sixth of its bits.
func straus(points []bls.G1Affine, scalars []limbs) bls.G1Jac {
	const odd = 1 << (nafWidth - 2)
	jac := make([]bls.G1Jac, 0, odd*len(points))
	digits, longest := make([][]int8, len(points)), 0
	for i := range points {
		var twice, multiple bls.G1Jac
		multiple.FromAffine(&points[i])
		twice.Double(&multiple)
		for range odd {
			jac = append(jac, multiple)
			multiple.AddAssign(&twice)
		}
		digits[i] = scalars[i].naf()
		longest = max(longest, len(digits[i]))
	}
	table := bls.BatchJacobianToAffineG1(jac)
	sum := g1Identity()
	for at := longest - 1; at >= 0; at-- {
		sum.DoubleAssign()
		for i, d := range digits {
			if at >= len(d) || d[at] == 0 {
				continue
			}
			if d[at] > 0 {
				sum.AddMixed(&table[i*odd+int(d[at])/2])
			} else {
				var neg bls.G1Affine
				sum.AddMixed(neg.Neg(&table[i*odd+int(-d[at])/2]))
			}
		}
	}
	return sum
}

// naf returns the digits of l in the signed form of width nafWidth, least significant first: each is zero or odd and below
// 2^(nafWidth-1) in size, and at most one of nafWidth neighbours is not zero.
func (l limbs) naf() []int8 {
	digits := make([]int8, 0, 257)
	for carry, at, n := 0, 0, l.bitLen(); at < n || carry != 0; {
		if l.bits(at, 1) == carry {
			digits = append(digits, 0)
			at++
			continue
		}
		d := l.bits(at, nafWidth) + carry
		carry = d >> (nafWidth - 1)
		digits = append(digits, int8(d-carry<<nafWidth))
		for range nafWidth - 1 {
			digits = append(digits, 0)
		}
		at += nafWidth
	}
	return digits
}
