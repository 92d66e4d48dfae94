package fixed

import "math/bits"

// Constants of substrate-fixed's transcendental module, as I32F32 bits.
const (
	constE     I32F32 = 22802600 << 9
	constLog2E I32F32 = 12102203 << 9
)

// Exp returns e^x by the chain's series of 31 terms; it is not ok where a step of the series does not fit.
//
// The series is not accurate near |x| = 20, on purpose. Source: substrate-fixed transcendental::exp.
func (x I32F32) Exp() (v I32F32, ok bool) {
	switch x {
	case 0:
		return One, true
	case One:
		return constE, true
	case MinI32F32:
		return 0, false
	}
	neg := x < 0
	if neg {
		x = -x
	}
	sum, ok := x.CheckedAdd(One)
	if !ok {
		return 0, false
	}
	u, term := uint64(x), uint64(x)
	for i := uint64(2); i < 32 && term != 0; i++ {
		hi, lo := bits.Mul64(term, u)
		if hi >= 1<<31 {
			return 0, false
		}
		term = (hi<<32 | lo>>32) / i
		if sum += I32F32(term); sum < 0 {
			return 0, false
		}
	}
	if neg {
		return One.CheckedDiv(sum)
	}
	return sum, true
}

// ExpSafe returns Exp of x clamped to [-20, 20]; where that fails, 0 for x <= 0 and the maximum otherwise.
func (x I32F32) ExpSafe() I32F32 {
	x = x.Clamp(-20<<32, 20<<32)
	v, ok := x.Exp()
	switch {
	case ok:
		return v
	case x <= 0:
		return 0
	}
	return MaxI32F32
}

// halve is substrate-fixed's rs: one bit to the right, the lost bit added back.
func halve(x I32F32) I32F32 { return x>>1 + x&1 }

// Log2 returns the binary logarithm bit by bit; it is not ok for x <= 0 and where 1/x does not fit.
func (x I32F32) Log2() (v I32F32, ok bool) {
	if x <= 0 {
		return 0, false
	}
	if x >= One {
		return log2Above(x), true
	}
	y, ok := One.CheckedDiv(x)
	if !ok {
		return 0, false
	}
	return -log2Above(y), true
}

// log2Above is the logarithm of x >= 1.
func log2Above(x I32F32) I32F32 {
	var c I32F32
	for x >= 2*One {
		c++
		x = halve(x)
	}
	if x == One {
		return c << 32
	}
	for range 32 {
		x = x.SatMul(x)
		c <<= 1
		if x >= 2*One {
			c |= 1
			x = halve(x)
		}
	}
	return c
}

// Ln returns Log2(x) / log2(e), truncated; not ok where Log2 is not.
func (x I32F32) Ln() (I32F32, bool) {
	l, ok := x.Log2()
	if !ok {
		return 0, false
	}
	return l.CheckedDiv(constLog2E)
}

// SafeLn returns Ln, or 0 where it is not defined.
func (x I32F32) SafeLn() I32F32 {
	v, ok := x.Ln()
	if !ok {
		return 0
	}
	return v
}

// Pow returns x^y as exp(ln(x)*y); 0 for x = 0, 1 for y = 0, x for y = 1. It is not ok where a step fails.
func (x I32F32) Pow(y I32F32) (I32F32, bool) {
	switch {
	case x == 0:
		return 0, true
	case y == 0:
		return One, true
	case y == One:
		return x, true
	}
	l, ok := x.Ln()
	if !ok {
		return 0, false
	}
	p, ok := l.CheckedMul(y)
	if !ok {
		return 0, false
	}
	return p.Exp()
}

// Sqrt returns the square root by 32 steps of Newton's method, below 1 by way of the inverse; not ok for x < 0.
func (x I32F32) Sqrt() (I32F32, bool) {
	if x < 0 {
		return 0, false
	}
	if x == 0 || x == One {
		return x, true
	}
	inverted := x < One
	if inverted {
		var ok bool
		if x, ok = One.CheckedDiv(x); !ok {
			return 0, false
		}
	}
	l := x/2 + One
	for range 32 {
		q, ok := x.CheckedDiv(l)
		if !ok {
			return 0, false
		}
		l = (l + q) / 2
	}
	if inverted {
		return One.CheckedDiv(l)
	}
	return l, true
}

// Sigmoid returns 1 / (1 + ExpSafe(-rho*(x-kappa))) (sigmoid_safe). The epoch of this release no longer uses it.
func (x I32F32) Sigmoid(rho, kappa I32F32) I32F32 {
	e := rho.SatMul(-One).SatMul(x.SatSub(kappa)).ExpSafe()
	return One.SafeDiv(e.SatAdd(One))
}
