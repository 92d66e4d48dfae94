package fixed

import "math/bits"

// A U64F64 is an unsigned number of 64 integer and 64 fraction bits: value = bits / 2^64.
type U64F64 struct{ Hi, Lo uint64 }

// A U96F32 is an unsigned number of 96 integer and 32 fraction bits: value = bits / 2^32.
type U96F32 struct{ Hi, Lo uint64 }

var maxUnsigned = u128{1<<64 - 1, 1<<64 - 1}

func (a u128) orMax(ok bool) u128 {
	if ok {
		return a
	}
	return maxUnsigned
}

func (a u128) satAdd(b u128) u128 { s, c := a.add(b); return s.orMax(c == 0) }

func (a u128) satSub(b u128) u128 {
	if a.less(b) {
		return u128{}
	}
	d, _ := a.sub(b)
	return d
}

func (a u128) satMul(b u128, f uint) u128 { m, _, ok := a.mulShift(b, f); return m.orMax(ok) }

func (a u128) checkedDiv(b u128, f uint) (u128, bool) {
	if b.isZero() {
		return u128{}, false
	}
	return a.divShift(b, f)
}

func (x U64F64) raw() u128 { return u128{x.Hi, x.Lo} }
func (x U96F32) raw() u128 { return u128{x.Hi, x.Lo} }

func (a u128) u64f64() U64F64 { return U64F64{a.hi, a.lo} }
func (a u128) u96f32() U96F32 { return U96F32{a.hi, a.lo} }

// U64F64FromU64 returns v exactly.
func U64F64FromU64(v uint64) U64F64 { return U64F64{Hi: v} }

// SatAdd returns x + y, clamped.
func (x U64F64) SatAdd(y U64F64) U64F64 { return x.raw().satAdd(y.raw()).u64f64() }

// SatSub returns x - y, 0 where y is the larger.
func (x U64F64) SatSub(y U64F64) U64F64 { return x.raw().satSub(y.raw()).u64f64() }

// SatMul returns floor(x*y), clamped.
func (x U64F64) SatMul(y U64F64) U64F64 { return x.raw().satMul(y.raw(), 64).u64f64() }

// CheckedDiv returns x/y truncated; not ok for y = 0 or overflow.
func (x U64F64) CheckedDiv(y U64F64) (U64F64, bool) {
	v, ok := x.raw().checkedDiv(y.raw(), 64)
	return v.u64f64(), ok
}

// SafeDiv returns x/y truncated, 0 where CheckedDiv fails.
func (x U64F64) SafeDiv(y U64F64) U64F64 {
	v, ok := x.CheckedDiv(y)
	if !ok {
		return U64F64{}
	}
	return v
}

// Cmp returns -1, 0 or 1 as x is below, equal to or above y.
func (x U64F64) Cmp(y U64F64) int { return compare(x.raw(), y.raw()) }

// U64 returns the integer part by floor.
func (x U64F64) U64() uint64 { return x.Hi }

// CheckedPow returns x^e by squaring with saturating products (safe-math's checked_pow); not ok for 0 to a negative power.
func (x U64F64) CheckedPow(e int32) (U64F64, bool) {
	one := U64F64{Hi: 1}
	if e == 0 {
		return one, true
	}
	if x == (U64F64{}) {
		return U64F64{}, e > 0
	}
	k := uint32(e)
	if e < 0 {
		k = -k
	}
	r, base := one, x
	for ; k > 0; k >>= 1 {
		if k&1 != 0 {
			r = r.SatMul(base)
		}
		base = base.SatMul(base)
	}
	if e < 0 {
		r = one.SafeDiv(r)
	}
	return r, true
}

// CheckedSqrt returns the square root by bisection until the quotient is within epsilon (safe-math's checked_sqrt).
func (x U64F64) CheckedSqrt(epsilon U64F64) U64F64 {
	one, two := U64F64{Hi: 1}, U64F64{Hi: 2}
	high, low := one, x
	if x.Cmp(one) > 0 {
		high, low = x, U64F64{}
	}
	middle := high.SatAdd(low).SafeDiv(two)
	quotient := x.SafeDiv(middle)
	for i := 0; quotient.absDiff(middle).Cmp(epsilon) > 0; {
		if quotient.Cmp(middle) < 0 {
			high = middle
		} else {
			low = middle
		}
		middle = high.SatAdd(low).SafeDiv(two)
		quotient = x.SafeDiv(middle)
		if i++; i > 128 {
			break
		}
	}
	return middle
}

func (x U64F64) absDiff(y U64F64) U64F64 {
	if x.Cmp(y) < 0 {
		return y.SatSub(x)
	}
	return x.SatSub(y)
}

// U96F32FromU64 returns v exactly.
func U96F32FromU64(v uint64) U96F32 { return U96F32{v >> 32, v << 32} }

// SatAdd returns x + y, clamped.
func (x U96F32) SatAdd(y U96F32) U96F32 { return x.raw().satAdd(y.raw()).u96f32() }

// SatSub returns x - y, 0 where y is the larger.
func (x U96F32) SatSub(y U96F32) U96F32 { return x.raw().satSub(y.raw()).u96f32() }

// SatMul returns floor(x*y), clamped.
func (x U96F32) SatMul(y U96F32) U96F32 { return x.raw().satMul(y.raw(), 32).u96f32() }

// CheckedDiv returns x/y truncated; not ok for y = 0 or overflow.
func (x U96F32) CheckedDiv(y U96F32) (U96F32, bool) {
	v, ok := x.raw().checkedDiv(y.raw(), 32)
	return v.u96f32(), ok
}

// SafeDiv returns x/y truncated, 0 where CheckedDiv fails.
func (x U96F32) SafeDiv(y U96F32) U96F32 {
	v, ok := x.CheckedDiv(y)
	if !ok {
		return U96F32{}
	}
	return v
}

// Cmp returns -1, 0 or 1 as x is below, equal to or above y.
func (x U96F32) Cmp(y U96F32) int { return compare(x.raw(), y.raw()) }

// U64 returns the integer part by floor, clamped.
func (x U96F32) U64() uint64 {
	if x.Hi>>32 != 0 {
		return 1<<64 - 1
	}
	return x.Hi<<32 | x.Lo>>32
}

func compare(a, b u128) int {
	switch {
	case a == b:
		return 0
	case a.less(b):
		return -1
	}
	return 1
}

// U64F64 clamps x; its fraction bits are kept.
func (x U96F32) U64F64() U64F64 {
	if x.Hi>>32 != 0 {
		return maxUnsigned.u64f64()
	}
	return U64F64{x.Hi<<32 | x.Lo>>32, x.Lo << 32}
}

// U96F32 drops 32 fraction bits by floor.
func (x U64F64) U96F32() U96F32 { return U96F32{x.Hi >> 32, x.Hi<<32 | x.Lo>>32} }

// U96F32FromBits returns the number of that many 2^-32.
func U96F32FromBits(bits uint64) U96F32 { return U96F32{Lo: bits} }

// SatAddU64 returns a + b, at most 2^64-1.
func SatAddU64(a, b uint64) uint64 {
	if s := a + b; s >= a {
		return s
	}
	return 1<<64 - 1
}

// SatMulU64 returns a * b, at most 2^64-1.
func SatMulU64(a, b uint64) uint64 {
	if hi, lo := bits.Mul64(a, b); hi == 0 {
		return lo
	}
	return 1<<64 - 1
}
