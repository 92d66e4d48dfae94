package groth16

import (
	"math/bits"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// sizeGT is the length of an element of the target group, compressed to its torus coordinate.
const sizeGT = 6 * 48

const (
	reasonGroup = "not in the target group"
	reasonShort = "is cut short"
)

// decodeGT reads a compressed element of the target group: six coordinates, little-endian, reduced. The identity has no
// such form.
//
// Source: blstrs 0.7, src/gt.rs; Rubin and Silverberg, "Compression in finite fields and torus-based cryptography".
func decodeGT(e *bls.GT, b []byte) string {
	if len(b) != sizeGT {
		return reasonShort
	}
	var num, den bls.GT
	coordinates := gtCoordinates(&num)
	for i, c := range coordinates[:6] {
		x, err := fp.LittleEndian.Element((*[48]byte)(b[48*i:]))
		if err != nil {
			return reasonField
		}
		*c = x
	}
	// (y + w)/(y - w)
	den.C0 = num.C0
	num.C1.SetOne()
	den.C1.Neg(&num.C1)
	e.Inverse(&den).Mul(e, &num)
	if !e.IsInSubGroup() {
		return reasonGroup
	}
	return ""
}

// appendGT appends the compressed form of an element other than the identity.
func appendGT(dst []byte, e *bls.GT) []byte {
	torus, err := e.CompressTorus()
	if err != nil {
		panic("groth16: the identity of the target group has no compressed form")
	}
	full := bls.GT{C0: torus}
	coordinates := gtCoordinates(&full)
	var b [48]byte
	for _, c := range coordinates[:6] {
		fp.LittleEndian.PutElement(&b, *c)
		dst = append(dst, b[:]...)
	}
	return dst
}

// A gtProduct collects factors base^exponent of elements of the target group and computes their product.
type gtProduct struct {
	bases []bls.GT
	exps  []limbs
}

func (g *gtProduct) add(base *bls.GT, exponent limbs) {
	g.bases, g.exps = append(g.bases, *base), append(g.exps, exponent)
}

// gtOdd is the number of odd powers kept of a base, for signed digits of width nafWidth.
const gtOdd = 1 << (nafWidth - 2)

// value returns the product. Raising to the power of the field's characteristic, which costs next to nothing, raises
// elements of the group to the curve's seed; so an exponent falls into four digits of 64 bits in the base of the seed, and
// all factors share 64 squarings.
func (g *gtProduct) value() bls.GT {
	type digits struct {
		table [gtOdd]bls.GT // odd powers
		naf   []int8
	}
	all := make([]digits, 4*len(g.bases))
	longest := 0
	for i := range g.bases {
		four := all[4*i : 4*i+4]
		var square bls.GT
		square.CyclotomicSquare(&g.bases[i])
		four[0].table[0] = g.bases[i]
		for j := 1; j < gtOdd; j++ {
			four[0].table[j].Mul(&four[0].table[j-1], &square)
		}
		rest := g.exps[i]
		for k := range four {
			if k > 0 {
				// x^p = x^seed, and the seed is negative.
				for j := range four[k].table {
					four[k].table[j].Frobenius(&four[k-1].table[j])
					four[k].table[j].Conjugate(&four[k].table[j])
				}
			}
			four[k].naf = limbs{rest.divSeed()}.naf()
			longest = max(longest, len(four[k].naf))
		}
	}
	var f bls.GT
	f.SetOne()
	for at := longest - 1; at >= 0; at-- {
		f.CyclotomicSquare(&f)
		for i := range all {
			d := &all[i]
			if at >= len(d.naf) || d.naf[at] == 0 {
				continue
			}
			if n := d.naf[at]; n > 0 {
				f.Mul(&f, &d.table[n/2])
			} else {
				var inv bls.GT
				f.Mul(&f, inv.Conjugate(&d.table[-n/2]))
			}
		}
	}
	return f
}

// divSeed divides l by the seed's absolute value and returns the remainder.
func (l *limbs) divSeed() (rem uint64) {
	for i := 3; i >= 0; i-- {
		l[i], rem = bits.Div64(rem, l[i], seed)
	}
	return rem
}
