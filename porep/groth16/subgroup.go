package groth16

import (
	"crypto/rand"
	"fmt"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// subgroupBits is the number of random subset sums that are tested: a set with a point outside the subgroup passes one of
// them with probability at most one half.
const subgroupBits = 128

// subgroupWidth is how many subset sums share one pass over the points.
const subgroupWidth = 8

// allInSubgroup reports whether all points, which are on the curve, lie in the prime-order subgroup. Each of 128 sums over
// independent random halves of the points must lie there; eight sums at a time come out of 255 buckets. Few points are
// tested one by one. It fails only where there is no randomness.
func allInSubgroup(points []bls.G1Affine) (bool, error) {
	if len(points) < 64 {
		for i := range points {
			if !points[i].IsInSubGroup() {
				return false, nil
			}
		}
		return true, nil
	}
	coins := make([]byte, len(points))
	entries := make([]entry, 0, len(points))
	buckets := make([]bls.G1Affine, 1<<subgroupWidth-1)
	var set bucketSet
	for range subgroupBits / subgroupWidth {
		if _, err := rand.Read(coins); err != nil {
			return false, fmt.Errorf("groth16: no randomness for the subgroup test: %w", err)
		}
		entries = entries[:0]
		for i, c := range coins {
			if c != 0 {
				entries = append(entries, entry{bucket: int32(c) - 1, point: int32(i)})
			}
		}
		set.sum(buckets, points, entries)
		for bit := range subgroupWidth {
			sum := g1Identity()
			for b := range buckets {
				if (b+1)>>bit&1 == 1 && !buckets[b].IsInfinity() {
					sum.AddMixed(&buckets[b])
				}
			}
			if !sum.IsInSubGroup() {
				return false, nil
			}
		}
	}
	return true, nil
}
