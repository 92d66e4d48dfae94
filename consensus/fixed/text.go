package fixed

import (
	"fmt"
	"math/big"
)

// String returns the bits as a decimal integer, the form of the vectors.
func (x I64F64) String() string { return decimal(x.raw().bits(), true) }

// String returns the bits as a decimal integer.
func (x I96F32) String() string { return decimal(x.raw().bits(), true) }

// String returns the bits as a decimal integer.
func (x U64F64) String() string { return decimal(x.raw(), false) }

// String returns the bits as a decimal integer.
func (x U96F32) String() string { return decimal(x.raw(), false) }

// ParseI64F64 reads bits written as a decimal integer.
func ParseI64F64(s string) (I64F64, error) {
	u, err := parseBits(s, true)
	return I64F64(fromBits(u)), err
}

// ParseI96F32 reads bits written as a decimal integer.
func ParseI96F32(s string) (I96F32, error) {
	u, err := parseBits(s, true)
	return I96F32(fromBits(u)), err
}

// ParseU64F64 reads bits written as a decimal integer.
func ParseU64F64(s string) (U64F64, error) { u, err := parseBits(s, false); return u.u64f64(), err }

// ParseU96F32 reads bits written as a decimal integer.
func ParseU96F32(s string) (U96F32, error) { u, err := parseBits(s, false); return u.u96f32(), err }

func decimal(u u128, signed bool) string {
	v := new(big.Int).SetUint64(u.hi)
	v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(u.lo))
	if signed && u.hi>>63 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return v.String()
}

// parseBits reads at most 40 characters, so that a hostile length costs nothing.
func parseBits(s string, signed bool) (u128, error) {
	if len(s) > 40 {
		return u128{}, fmt.Errorf("fixed: %d characters, want at most 40", len(s))
	}
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return u128{}, fmt.Errorf("fixed: %q is no decimal integer", s)
	}
	width := 128
	if signed {
		width = 127
	}
	m := new(big.Int).Set(v)
	if v.Sign() < 0 {
		m.Not(v)
	}
	if m.BitLen() > width || !signed && v.Sign() < 0 {
		return u128{}, fmt.Errorf("fixed: %s does not fit", s)
	}
	v.And(v, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1)))
	return u128{new(big.Int).Rsh(v, 64).Uint64(), new(big.Int).And(v, new(big.Int).SetUint64(1<<64-1)).Uint64()}, nil
}
