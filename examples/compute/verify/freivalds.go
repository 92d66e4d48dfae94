package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
)

// prime is the modulus, a Mersenne prime: x mod prime is a shift and an addition.
const prime = 1<<31 - 1

// A Claim says that C is A*B, row by row.
type Claim struct {
	A, B *Matrix
	C    []int32
}

// Product checks a claim with so many rounds (1 to 64) under the verifier's seed. A right product always passes; a wrong one
// passes with a chance of at most 2^(-31*rounds), over seeds that are drawn after the claim. Errors: ErrProof, ErrShape.
//
// A round takes rows*cols multiplications for each of A, B and C. Entries of C that no product of this shape has are
// refused first: all others differ from the right ones by less than the modulus, so that no error is a multiple of it.
//
// Source: R. Freivalds, "Probabilistic machines can use less running time", 1977.
func Product(c *Claim, seed [32]byte, rounds int) error {
	if rounds < 1 || rounds > 64 {
		return fmt.Errorf("%w: %d rounds, want 1 to 64", ErrShape, rounds)
	}
	if c == nil || c.A == nil || c.B == nil {
		return fmt.Errorf("%w: a claim without factors", ErrShape)
	}
	if err := checkProduct(c.A, c.B, len(c.C)); err != nil {
		return err
	}
	r := make([]int64, c.B.Cols)
	y := make([]int64, c.B.Rows)
	source := rand.NewChaCha8(seed)
	for range rounds {
		for i := range r {
			r[i] = int64(uniform(source))
		}
		for k := range y {
			y[k] = dot8(c.B.Data[k*c.B.Cols:(k+1)*c.B.Cols], r)
		}
		if row := mismatch(c, r, y); row >= 0 {
			return fmt.Errorf("%w: row %d of the product", ErrProof, row)
		}
	}
	return nil
}

// Products checks claims one after another, each under a seed of its own drawn from seed, and returns the indexes of those refuted.
// Errors: ErrShape for a claim that cannot be judged, ctx.Err().
func Products(ctx context.Context, claims []Claim, seed [32]byte, rounds int) (refuted []int, err error) {
	source := rand.NewChaCha8(seed)
	for i := range claims {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var own [32]byte
		source.Read(own[:])
		switch err := Product(&claims[i], own, rounds); {
		case err == nil:
		case errors.Is(err, ErrProof):
			refuted = append(refuted, i)
		default:
			return nil, fmt.Errorf("claim %d: %w", i, err)
		}
	}
	return refuted, nil
}

// uniform draws from [0, prime) without bias.
func uniform(r *rand.ChaCha8) uint32 {
	for {
		if x := uint32(r.Uint64() >> 33); x < prime {
			return x
		}
	}
}

// reduce returns x mod prime, in [0, prime), for any x.
func reduce(x int64) int64 {
	x = x&prime + x>>31 // above -2^32, below 2^33
	x = x&prime + x>>31 // from -2 to 2^31 + 2
	if x < 0 {
		x += prime
	}
	if x >= prime {
		x -= prime
	}
	return x
}

// mismatch returns the first row of C whose product with r is not A's with y, -1 if there is none.
func mismatch(c *Claim, r, y []int64) int {
	n, inner := c.B.Cols, c.A.Cols
	bound := int64(inner) << 14 // |entries| of a product of int8 are no larger
	// bound * 2^31 * run < 2^63: so many terms fit an int64.
	run := min(max(int(int64(1)<<32/bound-1), 1), n)
	for i := range c.A.Rows {
		row := c.C[i*n : (i+1)*n]
		sum, outside := int64(0), int64(0)
		for from := 0; from < n; from += run {
			to := min(from+run, n)
			s, o := dot32(row[from:to], r[from:to], bound)
			sum, outside = sum+reduce(s), outside|o
		}
		if outside < 0 || reduce(sum) != dot8(c.A.Data[i*inner:(i+1)*inner], y) {
			return i
		}
	}
	return -1
}

// dot8 returns the sum of x[i]*r[i] mod prime. r is below prime, so that 2^25 terms fit an int64, more than MaxInner; of products with more
// columns the sum is reduced on the way.
func dot8(x []int8, r []int64) int64 {
	sum := int64(0)
	for len(x) > 1<<24 {
		sum = reduce(sum + reduce(dot8(x[:1<<24], r)))
		x, r = x[1<<24:], r[1<<24:]
	}
	r = r[:len(x)]
	var s0, s1, s2, s3 int64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		u, v := x[i:i+4:i+4], r[i:i+4:i+4]
		s0 += int64(u[0]) * v[0]
		s1 += int64(u[1]) * v[1]
		s2 += int64(u[2]) * v[2]
		s3 += int64(u[3]) * v[3]
	}
	for ; i < len(x); i++ {
		s0 += int64(x[i]) * r[i]
	}
	return reduce(sum + reduce(s0+s1+s2+s3))
}

// dot32 returns the sum of x[i]*r[i], and a number below 0 if an |x[i]| is over bound.
func dot32(x []int32, r []int64, bound int64) (sum, outside int64) {
	r = r[:len(x)]
	var s0, s1, o0, o1 int64
	i := 0
	for ; i+2 <= len(x); i += 2 {
		u, v := x[i:i+2:i+2], r[i:i+2:i+2]
		a, b := int64(u[0]), int64(u[1])
		s0 += a * v[0]
		s1 += b * v[1]
		o0 |= (bound - a) | (bound + a)
		o1 |= (bound - b) | (bound + b)
	}
	for ; i < len(x); i++ {
		a := int64(x[i])
		s0 += a * r[i]
		o0 |= (bound - a) | (bound + a)
	}
	return s0 + s1, o0 | o1
}
