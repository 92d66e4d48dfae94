//go:build purego || !amd64

package graph

// drgStreams computes the streams of the sixteen nodes from node on; see drgStreamsGeneric.
func drgStreams(seed *[7]uint32, node uint32, dst *[20][streamLanes]uint32) {
	drgStreamsGeneric(seed, node, dst)
}
