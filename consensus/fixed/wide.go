package fixed

import "math/bits"

// A u128 is an unsigned number of 128 bits, the storage under the wide types.
type u128 struct{ hi, lo uint64 }

func (a u128) less(b u128) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func (a u128) isZero() bool { return a.hi|a.lo == 0 }

func (a u128) neg() u128 {
	lo, c := bits.Sub64(0, a.lo, 0)
	hi, _ := bits.Sub64(0, a.hi, c)
	return u128{hi, lo}
}

func (a u128) add(b u128) (u128, uint64) {
	lo, c := bits.Add64(a.lo, b.lo, 0)
	hi, c := bits.Add64(a.hi, b.hi, c)
	return u128{hi, lo}, c
}

func (a u128) sub(b u128) (u128, uint64) {
	lo, c := bits.Sub64(a.lo, b.lo, 0)
	hi, c := bits.Sub64(a.hi, b.hi, c)
	return u128{hi, lo}, c
}

// mul returns the four limbs of a*b, low first.
func (a u128) mul(b u128) (l [4]uint64) {
	var c, h uint64
	l[1], l[0] = bits.Mul64(a.lo, b.lo)
	h, m := bits.Mul64(a.lo, b.hi)
	l[1], c = bits.Add64(l[1], m, 0)
	l[2] = h + c
	h, m = bits.Mul64(a.hi, b.lo)
	l[1], c = bits.Add64(l[1], m, 0)
	l[2], c = bits.Add64(l[2], h, c)
	l[3] = c
	h, m = bits.Mul64(a.hi, b.hi)
	l[2], c = bits.Add64(l[2], m, 0)
	l[3], _ = bits.Add64(l[3], h, c)
	return l
}

// mulShift returns floor(a*b / 2^f) for f = 32 or 64, whether a bit was dropped, and whether it fits in 128 bits.
func (a u128) mulShift(b u128, f uint) (q u128, inexact, fits bool) {
	l := a.mul(b)
	if f == 64 {
		return u128{l[2], l[1]}, l[0] != 0, l[3] == 0
	}
	return u128{l[1]>>32 | l[2]<<32, l[0]>>32 | l[1]<<32}, uint32(l[0]) != 0, l[2]>>32 == 0 && l[3] == 0
}

// divShift returns floor(a * 2^f / b) for f = 32 or 64 and b != 0, and whether it fits in 128 bits.
func (a u128) divShift(b u128, f uint) (q u128, fits bool) {
	n := [3]uint64{0, a.lo, a.hi}
	if f == 32 {
		n = [3]uint64{a.lo << 32, a.hi<<32 | a.lo>>32, a.hi >> 32}
	}
	if b.hi == 0 {
		if n[2] >= b.lo {
			return u128{}, false
		}
		var r uint64
		q.hi, r = bits.Div64(n[2], n[1], b.lo)
		q.lo, _ = bits.Div64(r, n[0], b.lo)
		return q, true
	}
	// Knuth's algorithm D with two limbs below and a normalised divisor.
	s := uint(bits.LeadingZeros64(b.hi))
	d := u128{b.hi<<s | shr(b.lo, 64-s), b.lo << s}
	top := shr(n[2], 64-s)
	n[2] = n[2]<<s | shr(n[1], 64-s)
	n[1] = n[1]<<s | shr(n[0], 64-s)
	n[0] <<= s
	var r u128
	q.hi, r = div3by2(u128{top, n[2]}, n[1], d)
	q.lo, _ = div3by2(r, n[0], d)
	return q, true
}

// shr is x >> k with k up to 64.
func shr(x uint64, k uint) uint64 { return x >> k }

// div3by2 divides h:low (three limbs, h < d) by d, whose top bit is set.
func div3by2(h u128, low uint64, d u128) (q uint64, r u128) {
	var rest, over uint64
	if h.hi >= d.hi {
		q = ^uint64(0)
		rest, over = bits.Add64(h.lo, d.hi, 0)
	} else {
		q, rest = bits.Div64(h.hi, h.lo, d.hi)
	}
	for over == 0 {
		ph, pl := bits.Mul64(q, d.lo)
		if ph < rest || ph == rest && pl <= low {
			break
		}
		q--
		rest, over = bits.Add64(rest, d.hi, 0)
	}
	// r = h:low - q*d, taken modulo 2^128: it is below d.
	ph, pl := bits.Mul64(q, d.lo)
	ph += q * d.hi
	r, _ = u128{h.lo, low}.sub(u128{ph, pl})
	return q, r
}
