package groth16

import (
	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// Lengths of encoded points in bytes.
const (
	sizeG1    = 48
	sizeG2    = 96
	sizeG1Raw = 96
	sizeG2Raw = 192
)

// Flag bits of the first byte of an encoded point (ZCash serialisation of BLS12-381).
const (
	flagCompressed = 0x80
	flagInfinity   = 0x40
	flagLargest    = 0x20
	flagMask       = flagCompressed | flagInfinity | flagLargest
)

const (
	reasonForm     = "not in compressed form"
	reasonRaw      = "not in uncompressed form"
	reasonInfinity = "is the identity"
	reasonField    = "coordinate is not reduced"
	reasonCurve    = "not on the curve"
	reasonSubgroup = "not in the prime-order subgroup"
)

// decodeG1 reads the 48 bytes of a compressed point. It returns the reason of a refusal, empty if there is none. The
// identity, unreduced coordinates and points outside the subgroup are refused.
func decodeG1(p *bls.G1Affine, b []byte) string {
	var x [sizeG1]byte
	if reason := compressedForm(x[:], b); reason != "" {
		return reason
	}
	if p.X.SetBytesCanonical(x[:]) != nil {
		return reasonField
	}
	var yy, y fp.Element
	yy.Square(&p.X).Mul(&yy, &p.X).Add(&yy, &curveB)
	if y.Sqrt(&yy) == nil {
		return reasonCurve
	}
	if y.LexicographicallyLargest() != (b[0]&flagLargest != 0) {
		y.Neg(&y)
	}
	p.Y = y
	if !p.IsInSubGroup() {
		return reasonSubgroup
	}
	return ""
}

// decodeG2 reads the 96 bytes of a compressed point of G2, imaginary part first, with the checks of decodeG1.
func decodeG2(p *bls.G2Affine, b []byte) string {
	var x [sizeG2]byte
	if reason := compressedForm(x[:], b); reason != "" {
		return reason
	}
	if p.X.A1.SetBytesCanonical(x[:48]) != nil || p.X.A0.SetBytesCanonical(x[48:]) != nil {
		return reasonField
	}
	var yy, y bls.E2
	yy.Square(&p.X).Mul(&yy, &p.X).Add(&yy, &twistB)
	if yy.Legendre() == -1 {
		return reasonCurve
	}
	y.Sqrt(&yy)
	if y.LexicographicallyLargest() != (b[0]&flagLargest != 0) {
		y.Neg(&y)
	}
	p.Y = y
	if !p.IsInSubGroup() {
		return reasonSubgroup
	}
	return ""
}

// compressedForm copies a compressed coordinate without its flags.
func compressedForm(dst, b []byte) string {
	if len(b) != len(dst) || b[0]&flagCompressed == 0 {
		return reasonForm
	}
	if b[0]&flagInfinity != 0 {
		return reasonInfinity
	}
	copy(dst, b)
	dst[0] &^= flagMask
	return ""
}

// rawG1 reads the 96 bytes of an uncompressed point. It checks the form, that the coordinates are reduced and, if check is
// set, that the point lies on the curve; the subgroup is the caller's affair.
func rawG1(p *bls.G1Affine, b []byte, check bool) string {
	if len(b) != sizeG1Raw || b[0]&(flagCompressed|flagLargest) != 0 {
		return reasonRaw
	}
	if b[0]&flagInfinity != 0 {
		return reasonInfinity
	}
	if p.X.SetBytesCanonical(b[:48]) != nil || p.Y.SetBytesCanonical(b[48:]) != nil {
		return reasonField
	}
	if check && (p.IsInfinity() || !p.IsOnCurve()) {
		return reasonCurve
	}
	return ""
}

// rawG2 reads the 192 bytes of an uncompressed point of G2, imaginary parts first, with the checks of rawG1.
func rawG2(p *bls.G2Affine, b []byte, check bool) string {
	if len(b) != sizeG2Raw || b[0]&(flagCompressed|flagLargest) != 0 {
		return reasonRaw
	}
	if b[0]&flagInfinity != 0 {
		return reasonInfinity
	}
	for i, e := range []*fp.Element{&p.X.A1, &p.X.A0, &p.Y.A1, &p.Y.A0} {
		if e.SetBytesCanonical(b[48*i:48*i+48]) != nil {
			return reasonField
		}
	}
	if check && (p.IsInfinity() || !p.IsOnCurve()) {
		return reasonCurve
	}
	return ""
}

// curveB and twistB are the constants of y² = x³ + 4 and of its twist y² = x³ + 4(1+u).
var (
	curveB = fp.NewElement(4)
	twistB = bls.E2{A0: curveB, A1: curveB}
)
