package groth16

import (
	"sync"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// shiftWidth is the width of the windows over shifted points, shiftWindows their number: scalars are below 2^255, so that
// the signed digit of the last window needs no further carry.
const (
	shiftWidth   = 8
	shiftWindows = 32
)

// shiftedPoints holds 2^(8w)·point[i] at w*n+i, so that the digits of all windows go into one set of buckets and nothing is
// doubled while verifying.
type shiftedPoints struct {
	n      int
	points []bls.G1Affine
}

// shiftedScratch keeps the buffers of sums over shifted points: below 1 MiB each.
var shiftedScratch = sync.Pool{New: func() any { return new(windowSummer) }}

// shift computes the multiples of the points, doubling all of them together.
func shift(points []bls.G1Affine) *shiftedPoints {
	n := len(points)
	s := &shiftedPoints{n: n, points: make([]bls.G1Affine, shiftWindows*n)}
	copy(s.points, points)
	for w := 1; w < shiftWindows; w++ {
		row := s.points[w*n : (w+1)*n]
		copy(row, s.points[(w-1)*n:w*n])
		for range shiftWidth {
			doubleAll(row)
		}
	}
	return s
}

// doubleAll doubles every point in place; none is the identity or of order two.
func doubleAll(points []bls.G1Affine) {
	inv := make([]fp.Element, len(points))
	for i := range points {
		inv[i].Double(&points[i].Y)
	}
	inv = fp.BatchInvert(inv)
	for i := range points {
		p := bls.E2{A0: points[i].X, A1: points[i].Y}
		doubleAffine(&p, &p, &inv[i])
		points[i] = bls.G1Affine{X: p.A0, Y: p.A1}
	}
}

// multiExp returns the sum of scalars[i]·point[i] for the first len(scalars) points.
func (s *shiftedPoints) multiExp(scalars []limbs) bls.G1Jac {
	scratch := shiftedScratch.Get().(*windowSummer)
	defer shiftedScratch.Put(scratch)
	entries := scratch.entries[:0]
	for i := range scalars {
		l := &scalars[i]
		for w := 0; w <= l.bitLen()/shiftWidth; w++ {
			at := int32(w*s.n + i)
			if d := l.digit(w, shiftWidth); d > 0 {
				entries = append(entries, entry{bucket: int32(d - 1), point: at})
			} else if d < 0 {
				entries = append(entries, entry{bucket: int32(-d - 1), point: -at - 1})
			}
		}
	}
	var buckets [1 << (shiftWidth - 1)]bls.G1Affine
	scratch.entries = entries
	scratch.set.sum(buckets[:], s.points, entries)
	var sum [1]bls.G1Jac
	scratch.set.weigh(sum[:], buckets[:], shiftWidth-1)
	return sum[0]
}
