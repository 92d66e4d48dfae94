package graph

import "math/bits"

// others is the number of base parents besides the predecessor, and the number of metagraph nodes that
// stand for one node.
const others = BaseDegree - 1

// A bucket is a range of distances in the metagraph: from smallest on, count of them. inverse is
// floor((2^64-1)/count), by which a remainder is found without a division.
type bucket struct{ smallest, count, inverse uint64 }

// maxBuckets bounds the number of buckets: five times the nodes of the largest sector are below 2^34.
const maxBuckets = 64

// newBuckets returns the buckets by number, from 1, and for each number its own inverse.
func newBuckets() (b [maxBuckets]bucket, inverse [maxBuckets]uint64) {
	for i := 1; i < maxBuckets; i++ {
		smallest := max(2, uint64(1)<<i>>1)
		count := uint64(1)<<i - smallest + 1
		b[i] = bucket{smallest, count, ^uint64(0) / count}
		inverse[i] = ^uint64(0) / uint64(i)
	}
	return b, inverse
}

// remainder returns x modulo n for inverse = floor((2^64-1)/n). The estimated quotient is at most two too
// small: x*inverse/2^64 lies below x/n by less than 1 + 1/n, before it is rounded down.
func remainder(x, n, inverse uint64) uint64 {
	q, _ := bits.Mul64(x, inverse)
	r := x - q*n
	for r >= n {
		r -= n
	}
	return r
}

// baseParents sets dst to the base parents of a node below the graph's size.
func (g *Graph) baseParents(node uint32, dst *[BaseDegree]uint32) {
	var stream [20]uint32
	drgStream(&g.keyWords, node, &stream)
	var numbers [2 * others]uint64
	for i := range numbers {
		numbers[i] = uint64(stream[2*i]) | uint64(stream[2*i+1])<<32
	}
	g.baseFrom(node, &numbers, dst)
}

// baseFrom sets dst to the base parents of a node whose stream begins with these numbers.
//
// Each of five parents takes two numbers: one chooses a bucket of distances, the other a distance within it;
// both in the metagraph, where a node stands for five.
func (g *Graph) baseFrom(node uint32, numbers *[2 * others]uint64, dst *[BaseDegree]uint32) {
	if node < 2 {
		*dst = [BaseDegree]uint32{}
		return
	}
	meta := uint64(node) * others
	// The reference rounds log2 of a float64 up. A multiple of five is no power of two, and below 2^54
	// the float is exact enough to tell it from the next one.
	buckets := uint64(bits.Len64(meta))
	inverse := g.inverse[buckets%maxBuckets]
	for i := range others {
		index := remainder(numbers[2*i], buckets, inverse) + 1
		var distance uint64
		if index < buckets {
			b := &g.buckets[index%maxBuckets]
			distance = b.smallest + remainder(numbers[2*i+1], b.count, b.inverse)
		} else {
			// The last bucket is cut short: it ends at the first node.
			smallest := max(2, meta>>1)
			distance = smallest + numbers[2*i+1]%(meta-smallest+1)
		}
		parent := uint32((meta - distance) / others)
		if parent == node {
			parent = node - 1
		}
		dst[g.rest+i] = parent
	}
	dst[g.pred] = node - 1
}
