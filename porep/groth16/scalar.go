package groth16

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A Scalar is one public input: an element of the BLS12-381 scalar field, 32 bytes little-endian, reduced. Values not
// below the modulus are refused wherever scalars are read, never reduced.
type Scalar [32]byte

// ScalarUint64 returns the scalar of a small number.
func ScalarUint64(x uint64) (s Scalar) {
	binary.LittleEndian.PutUint64(s[:], x)
	return s
}

// ScalarElement returns the scalar of a field element.
func ScalarElement(x *fr.Element) (s Scalar) {
	fr.LittleEndian.PutElement((*[32]byte)(&s), *x)
	return s
}

// Canonical reports whether s is below the modulus.
func (s *Scalar) Canonical() bool { l := s.limbs(); return l.canonical() }

// Element returns s as a field element in Montgomery form. It fails if s is not reduced.
func (s *Scalar) Element() (fr.Element, error) {
	e, err := fr.LittleEndian.Element((*[32]byte)(s))
	if err != nil {
		return e, fmt.Errorf("%w: scalar %x is not reduced", ErrInputs, s[:])
	}
	return e, nil
}

func (s *Scalar) limbs() limbs {
	return limbs{
		binary.LittleEndian.Uint64(s[0:]), binary.LittleEndian.Uint64(s[8:]),
		binary.LittleEndian.Uint64(s[16:]), binary.LittleEndian.Uint64(s[24:]),
	}
}

// limbs is an integer below 2^256, least significant word first.
type limbs [4]uint64

// modulus is the order r of the scalar field.
var modulus = limbs{0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48}

// canonical reports whether l < r.
func (l *limbs) canonical() bool {
	_, borrow := bits.Sub64(l[0], modulus[0], 0)
	_, borrow = bits.Sub64(l[1], modulus[1], borrow)
	_, borrow = bits.Sub64(l[2], modulus[2], borrow)
	_, borrow = bits.Sub64(l[3], modulus[3], borrow)
	return borrow == 1
}

// bitLen returns the number of bits of l.
func (l *limbs) bitLen() int {
	for i := 3; i >= 0; i-- {
		if l[i] != 0 {
			return 64*i + bits.Len64(l[i])
		}
	}
	return 0
}

// parseInputs checks the public inputs of one proof against a key with n of them.
func parseInputs(inputs []Scalar, n int) ([]limbs, error) {
	if len(inputs) != n {
		return nil, fmt.Errorf("%w: got %d, the key wants %d", ErrInputs, len(inputs), n)
	}
	out := make([]limbs, n)
	for i := range inputs {
		out[i] = inputs[i].limbs()
		if !out[i].canonical() {
			return nil, fmt.Errorf("%w: input %d is not reduced", ErrInputs, i)
		}
	}
	return out, nil
}
