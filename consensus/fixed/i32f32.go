package fixed

import "math/bits"

// An I32F32 is a signed number of 32 integer and 32 fraction bits; its value is int64(x) / 2^32.
type I32F32 int64

// Bounds and common constants of I32F32.
const (
	MaxI32F32 I32F32 = 1<<63 - 1
	MinI32F32 I32F32 = -1 << 63
	One       I32F32 = 1 << 32
	Half      I32F32 = 1 << 31
	// U16Max is 65535, the denominator of the chain's proportions.
	U16Max I32F32 = 65535 << 32
)

// FromInt returns v as I32F32, clamped.
func FromInt(v int64) I32F32 {
	switch {
	case v > 1<<31-1:
		return MaxI32F32
	case v < -1<<31:
		return MinI32F32
	}
	return I32F32(v) << 32
}

// FromU16 returns v exactly (u16_to_fixed).
func FromU16(v uint16) I32F32 { return I32F32(v) << 32 }

// ProportionU16 returns v / 65535, truncated (u16_proportion_to_fixed).
func ProportionU16(v uint16) I32F32 { return I32F32((uint64(v) << 32) / 65535) }

// U16Proportion returns x / 65535, truncated (fixed_to_fixed_u16_proportion).
func (x I32F32) U16Proportion() I32F32 { return x.SafeDiv(U16Max) }

// Add returns x + y, wrapping: the sum of the chain's iterators in release arithmetic.
func (x I32F32) Add(y I32F32) I32F32 { return x + y }

// Sub returns x - y, wrapping.
func (x I32F32) Sub(y I32F32) I32F32 { return x - y }

// CheckedAdd returns x + y and whether it fits.
func (x I32F32) CheckedAdd(y I32F32) (I32F32, bool) {
	s := x + y
	return s, (x^s)&(y^s) >= 0
}

// SatAdd returns x + y, clamped.
func (x I32F32) SatAdd(y I32F32) I32F32 {
	s := x + y
	if (x^s)&(y^s) < 0 {
		return MaxI32F32 ^ (x >> 63)
	}
	return s
}

// SatSub returns x - y, clamped.
func (x I32F32) SatSub(y I32F32) I32F32 {
	d := x - y
	if (x^y)&(x^d) < 0 {
		return MaxI32F32 ^ (x >> 63)
	}
	return d
}

// SatNeg returns -x, clamped.
func (x I32F32) SatNeg() I32F32 {
	if x == MinI32F32 {
		return MaxI32F32
	}
	return -x
}

// product returns floor(x*y / 2^32) as a 96-bit number: hi:lo with hi the sign part beyond 64 bits.
func product(x, y I32F32) (hi int64, lo uint64) {
	h, l := bits.Mul64(uint64(x), uint64(y))
	s := int64(h)
	if x < 0 {
		s -= int64(y)
	}
	if y < 0 {
		s -= int64(x)
	}
	return s >> 32, uint64(s)<<32 | l>>32
}

// CheckedMul returns floor(x*y) and whether it fits.
func (x I32F32) CheckedMul(y I32F32) (I32F32, bool) {
	hi, lo := product(x, y)
	return I32F32(lo), hi == int64(lo)>>63
}

// SatMul returns floor(x*y), clamped to the maximum when the signs are equal and to the minimum otherwise.
func (x I32F32) SatMul(y I32F32) I32F32 {
	hi, lo := product(x, y)
	if hi != int64(lo)>>63 {
		return MaxI32F32 ^ ((x ^ y) >> 63)
	}
	return I32F32(lo)
}

// MulOrZero returns floor(x*y), or 0 where it does not fit (checked_mul().unwrap_or_default()).
func (x I32F32) MulOrZero(y I32F32) I32F32 {
	v, ok := x.CheckedMul(y)
	if !ok {
		return 0
	}
	return v
}

// CheckedDiv returns x/y truncated towards zero; it is not ok for y = 0 and where the quotient does not fit.
func (x I32F32) CheckedDiv(y I32F32) (I32F32, bool) {
	if y == 0 {
		return 0, false
	}
	a, b := magnitude(x), magnitude(y)
	if a>>32 >= b {
		return 0, false
	}
	q := a << 32 / b
	if a>>32 != 0 {
		q, _ = bits.Div64(a>>32, a<<32, b)
	}
	if (x^y)>>63 != 0 {
		return I32F32(-q), q <= 1<<63
	}
	return I32F32(q), q < 1<<63
}

// SafeDiv returns x/y truncated, or 0 where CheckedDiv fails: on division by zero and on overflow.
func (x I32F32) SafeDiv(y I32F32) I32F32 {
	v, ok := x.CheckedDiv(y)
	if !ok {
		return 0
	}
	return v
}

// SatDiv returns x/y truncated and clamped. For y = 0, where the chain would panic, it is not ok.
func (x I32F32) SatDiv(y I32F32) (v I32F32, ok bool) {
	if y == 0 {
		return 0, false
	}
	if v, ok = x.CheckedDiv(y); ok {
		return v, true
	}
	return MaxI32F32 ^ ((x ^ y) >> 63), true
}

func magnitude(x I32F32) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// Round returns x rounded half away from zero, clamped.
func (x I32F32) Round() I32F32 {
	if x >= 0 {
		return x.SatAdd(Half) &^ (One - 1)
	}
	m := (magnitude(x) + uint64(Half)) &^ uint64(One-1)
	return I32F32(-m)
}

// U16 returns the integer part by floor, clamped to 0..65535 (saturating_to_num).
func (x I32F32) U16() uint16 {
	switch v := x >> 32; {
	case v < 0:
		return 0
	case v > 65535:
		return 65535
	default:
		return uint16(v)
	}
}

// U64 returns the integer part by floor, 0 for negative x.
func (x I32F32) U64() uint64 {
	if x < 0 {
		return 0
	}
	return uint64(x >> 32)
}

// ToU16Proportion returns floor(x * 65535) as u16, clamped (fixed_proportion_to_u16): it never rounds up.
func (x I32F32) ToU16Proportion() uint16 { return x.SatMul(U16Max).U16() }

// Clamp returns min(x, hi), then max of that and lo: for lo > hi the result is lo, as in the chain.
func (x I32F32) Clamp(lo, hi I32F32) I32F32 { return max(min(x, hi), lo) }

// Float64 returns x as a float, for display only.
func (x I32F32) Float64() float64 { return float64(x) / (1 << 32) }

// Sum returns the wrapping sum of v.
func Sum(v []I32F32) (s I32F32) {
	for _, x := range v {
		s += x
	}
	return s
}
