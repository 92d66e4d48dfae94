package graph

import "math/bits"

// baseParents sets dst to the base parents of a node below the graph's size.
//
// Each of five parents takes two numbers of the node's stream: one chooses a bucket of distances, that is
// a power of two, the other a distance within it; both in the metagraph, where a node stands for five.
func (g *Graph) baseParents(node uint32, dst *[BaseDegree]uint32) {
	if node < 2 {
		*dst = [BaseDegree]uint32{}
		return
	}
	const m = BaseDegree - 1
	var stream [2 * m]uint64
	drgStream(&g.keyWords, node, &stream)
	meta := uint64(node) * m
	// The reference rounds log2 of a float64 up. A multiple of five is no power of two, and below 2^54
	// the float is exact enough to tell it from the next one.
	buckets := uint64(bits.Len64(meta))
	for i := range m {
		bucket := stream[2*i]%buckets + 1
		largest := min(meta, 1<<bucket)
		smallest := max(2, largest>>1)
		distance := smallest + stream[2*i+1]%(largest-smallest+1)
		parent := uint32((meta - distance) / m)
		if parent == node {
			parent = node - 1
		}
		dst[g.rest+i] = parent
	}
	dst[g.pred] = node - 1
}
