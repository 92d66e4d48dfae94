package fixed

// An I64F64 is a signed number of 64 integer and 64 fraction bits: value = bits / 2^64, Hi the high half.
type I64F64 struct {
	Hi int64
	Lo uint64
}

// An I96F32 is a signed number of 96 integer and 32 fraction bits: value = bits / 2^32, Hi the high half.
type I96F32 struct {
	Hi int64
	Lo uint64
}

// A signed128 is the storage of both signed types; the methods below take the fraction bits f.
type signed128 struct {
	Hi int64
	Lo uint64
}

var (
	maxSigned = signed128{1<<63 - 1, 1<<64 - 1}
	minSigned = signed128{-1 << 63, 0}
)

func (x signed128) bits() u128 { return u128{uint64(x.Hi), x.Lo} }

func fromBits(u u128) signed128 { return signed128{int64(u.hi), u.lo} }

func (x signed128) abs() u128 {
	if x.Hi < 0 {
		return x.bits().neg()
	}
	return x.bits()
}

func (x signed128) add(y signed128) (signed128, bool) {
	u, _ := x.bits().add(y.bits())
	s := fromBits(u)
	return s, (x.Hi^s.Hi)&(y.Hi^s.Hi) >= 0
}

func (x signed128) sub(y signed128) (signed128, bool) {
	u, _ := x.bits().sub(y.bits())
	d := fromBits(u)
	return d, (x.Hi^y.Hi)&(x.Hi^d.Hi) >= 0
}

// limit is the bound a result of the given sign is clamped to.
func limit(negative bool) signed128 {
	if negative {
		return minSigned
	}
	return maxSigned
}

// signedFrom gives a magnitude its sign, if it fits.
func signedFrom(m u128, negative bool) (signed128, bool) {
	if negative {
		return fromBits(m.neg()), m.hi < 1<<63 || m == u128{1 << 63, 0}
	}
	return fromBits(m), m.hi < 1<<63
}

func (x signed128) mul(y signed128, f uint) (signed128, bool) {
	negative := x.Hi^y.Hi < 0
	m, inexact, fits := x.abs().mulShift(y.abs(), f)
	if negative && inexact && fits {
		var c uint64
		m, c = m.add(u128{0, 1})
		fits = c == 0
	}
	v, ok := signedFrom(m, negative)
	return v, ok && fits
}

func (x signed128) div(y signed128, f uint) (signed128, bool) {
	if y.abs().isZero() {
		return signed128{}, false
	}
	m, fits := x.abs().divShift(y.abs(), f)
	v, ok := signedFrom(m, x.Hi^y.Hi < 0)
	return v, ok && fits
}

func or(v signed128, ok bool, other signed128) signed128 {
	if ok {
		return v
	}
	return other
}

func (x I64F64) raw() signed128 { return signed128(x) }
func (x I96F32) raw() signed128 { return signed128(x) }

// Add returns x + y, wrapping.
func (x I64F64) Add(y I64F64) I64F64 { v, _ := x.raw().add(y.raw()); return I64F64(v) }

// SatAdd returns x + y, clamped.
func (x I64F64) SatAdd(y I64F64) I64F64 {
	v, ok := x.raw().add(y.raw())
	return I64F64(or(v, ok, limit(x.Hi < 0)))
}

// SatSub returns x - y, clamped.
func (x I64F64) SatSub(y I64F64) I64F64 {
	v, ok := x.raw().sub(y.raw())
	return I64F64(or(v, ok, limit(x.Hi < 0)))
}

// CheckedMul returns floor(x*y) and whether it fits.
func (x I64F64) CheckedMul(y I64F64) (I64F64, bool) {
	v, ok := x.raw().mul(y.raw(), 64)
	return I64F64(v), ok
}

// SatMul returns floor(x*y), clamped by the signs.
func (x I64F64) SatMul(y I64F64) I64F64 {
	v, ok := x.raw().mul(y.raw(), 64)
	return I64F64(or(v, ok, limit(x.Hi^y.Hi < 0)))
}

// CheckedDiv returns x/y truncated; not ok for y = 0 or overflow.
func (x I64F64) CheckedDiv(y I64F64) (I64F64, bool) {
	v, ok := x.raw().div(y.raw(), 64)
	return I64F64(v), ok
}

// SafeDiv returns x/y truncated, 0 where CheckedDiv fails.
func (x I64F64) SafeDiv(y I64F64) I64F64 {
	v, ok := x.raw().div(y.raw(), 64)
	return I64F64(or(v, ok, signed128{}))
}

// Cmp returns -1, 0 or 1 as x is below, equal to or above y.
func (x I64F64) Cmp(y I64F64) int { return cmp128(x.raw(), y.raw()) }

// IsZero reports whether x is 0.
func (x I64F64) IsZero() bool { return x.Hi == 0 && x.Lo == 0 }

// U64 returns the integer part by floor, 0 for negative x.
func (x I64F64) U64() uint64 { return uint64(max(x.Hi, 0)) }

// I32F32 drops 32 fraction bits by floor and clamps.
func (x I64F64) I32F32() I32F32 {
	switch {
	case x.Hi > 1<<31-1:
		return MaxI32F32
	case x.Hi < -1<<31:
		return MinI32F32
	}
	return I32F32(x.Hi<<32 | int64(x.Lo>>32))
}

// I64F64FromU64 returns v, clamped to the largest I64F64.
func I64F64FromU64(v uint64) I64F64 {
	if v > 1<<63-1 {
		return I64F64(maxSigned)
	}
	return I64F64{Hi: int64(v)}
}

// I64F64 returns x exactly.
func (x I32F32) I64F64() I64F64 { return I64F64{int64(x) >> 32, uint64(x) << 32} }

// Add returns x + y, wrapping.
func (x I96F32) Add(y I96F32) I96F32 { v, _ := x.raw().add(y.raw()); return I96F32(v) }

// SatAdd returns x + y, clamped.
func (x I96F32) SatAdd(y I96F32) I96F32 {
	v, ok := x.raw().add(y.raw())
	return I96F32(or(v, ok, limit(x.Hi < 0)))
}

// SatSub returns x - y, clamped.
func (x I96F32) SatSub(y I96F32) I96F32 {
	v, ok := x.raw().sub(y.raw())
	return I96F32(or(v, ok, limit(x.Hi < 0)))
}

// CheckedMul returns floor(x*y) and whether it fits.
func (x I96F32) CheckedMul(y I96F32) (I96F32, bool) {
	v, ok := x.raw().mul(y.raw(), 32)
	return I96F32(v), ok
}

// SatMul returns floor(x*y), clamped by the signs.
func (x I96F32) SatMul(y I96F32) I96F32 {
	v, ok := x.raw().mul(y.raw(), 32)
	return I96F32(or(v, ok, limit(x.Hi^y.Hi < 0)))
}

// CheckedDiv returns x/y truncated; not ok for y = 0 or overflow.
func (x I96F32) CheckedDiv(y I96F32) (I96F32, bool) {
	v, ok := x.raw().div(y.raw(), 32)
	return I96F32(v), ok
}

// SafeDiv returns x/y truncated, 0 where CheckedDiv fails.
func (x I96F32) SafeDiv(y I96F32) I96F32 {
	v, ok := x.raw().div(y.raw(), 32)
	return I96F32(or(v, ok, signed128{}))
}

// Cmp returns -1, 0 or 1 as x is below, equal to or above y.
func (x I96F32) Cmp(y I96F32) int { return cmp128(x.raw(), y.raw()) }

// U64 returns the integer part by floor, clamped to u64.
func (x I96F32) U64() uint64 {
	switch h := x.Hi >> 32; {
	case h < 0:
		return 0
	case h > 0:
		return 1<<64 - 1
	}
	return uint64(x.Hi)<<32 | x.Lo>>32
}

// I96F32FromU64 returns v exactly.
func I96F32FromU64(v uint64) I96F32 { return I96F32{int64(v >> 32), v << 32} }

// I96F32 returns x exactly.
func (x I32F32) I96F32() I96F32 { return I96F32{int64(x) >> 63, uint64(x)} }

// I32F32 clamps x.
func (x I96F32) I32F32() I32F32 {
	if x.Hi != int64(x.Lo)>>63 {
		return MaxI32F32 ^ I32F32(x.Hi>>63)
	}
	return I32F32(x.Lo)
}

// Log2 returns the binary logarithm by the loop of I32F32.Log2 on 128 bits; not ok for x <= 0 and where 1/x does not fit.
func (x I96F32) Log2() (I96F32, bool) {
	one, two := I96F32{0, 1 << 32}, I96F32{0, 2 << 32}
	if x.Cmp(I96F32{}) <= 0 {
		return I96F32{}, false
	}
	inverted := x.Cmp(one) < 0
	if inverted {
		var ok bool
		if x, ok = one.CheckedDiv(x); !ok {
			return I96F32{}, false
		}
	}
	var c uint64
	for x.Cmp(two) >= 0 {
		c++
		x = x.halve()
	}
	if x == one {
		c <<= 32
	} else {
		for range 32 {
			x = x.SatMul(x)
			c <<= 1
			if x.Cmp(two) >= 0 {
				c |= 1
				x = x.halve()
			}
		}
	}
	if inverted {
		return I96F32(fromBits(u128{0, c}.neg())), true
	}
	return I96F32{0, c}, true
}

func (x I96F32) halve() I96F32 {
	return I96F32{x.Hi >> 1, uint64(x.Hi)<<63 | x.Lo>>1}.Add(I96F32{0, x.Lo & 1})
}

func cmp128(x, y signed128) int {
	switch {
	case x == y:
		return 0
	case x.Hi < y.Hi || x.Hi == y.Hi && x.Lo < y.Lo:
		return -1
	}
	return 1
}
