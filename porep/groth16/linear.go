package groth16

import (
	"math/big"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A linear is a sum of multiples of points of the subgroup, worked out together.
type linear struct {
	points  []bls.G1Affine
	factors []limbs
}

// add adds k·p.
func (l *linear) add(p *bls.G1Affine, k *fr.Element) {
	f := plain(k)
	if f.bitLen() <= middleBits {
		l.points, l.factors = append(l.points, *p), append(l.factors, f)
		return
	}
	q, lo, hi := split(p, &f)
	l.points, l.factors = append(l.points, *p, q), append(l.factors, lo, hi)
}

// sub subtracts k·p.
func (l *linear) sub(p *bls.G1Affine, k *fr.Element) {
	var neg bls.G1Affine
	l.add(neg.Neg(p), k)
}

func (l *linear) value() bls.G1Jac { return straus(l.points, l.factors) }

func (l *linear) affine() (p bls.G1Affine) {
	j := l.value()
	return *p.FromJacobian(&j)
}

// montgomery returns a number below r as a field element.
func montgomery(l *limbs) (e fr.Element) {
	e = fr.Element(*l)
	return *e.Mul(&e, &montgomerySquare)
}

// plain returns a field element as a number.
func plain(e *fr.Element) limbs { return limbs(e.Bits()) }

func times(a, b *fr.Element) *fr.Element { return new(fr.Element).Mul(a, b) }

func power(x *fr.Element, n int) (y fr.Element) { return *y.Exp(*x, big.NewInt(int64(n))) }

func bigInt(x *fr.Element) *big.Int { return x.BigInt(new(big.Int)) }
