package label

// Take copies one lane of interleaved nodes to dst: the nodes of one sector as they go to disk. src holds lanes labels
// a node, dst one; it panics unless len(src) == lanes*len(dst), both of whole nodes, and 0 <= lane < lanes.
func Take(dst, src []byte, lanes, lane int) {
	check(dst, src, lanes, lane)
	step := Size * lanes
	for i, j := 0, Size*lane; i < len(dst); i, j = i+Size, j+step {
		*(*[Size]byte)(dst[i:]) = *(*[Size]byte)(src[j:])
	}
}

// Put is the inverse of [Take]: it writes the nodes of one sector, src, into their lane of dst and leaves the other
// lanes alone. It panics unless len(dst) == lanes*len(src).
func Put(dst, src []byte, lanes, lane int) {
	check(src, dst, lanes, lane)
	step := Size * lanes
	for i, j := 0, Size*lane; i < len(src); i, j = i+Size, j+step {
		*(*[Size]byte)(dst[j:]) = *(*[Size]byte)(src[i:])
	}
}

func check(one, all []byte, lanes, lane int) {
	if lanes < 1 || lane < 0 || lane >= lanes || len(one)%Size != 0 || len(all) != lanes*len(one) {
		panic("label: lanes do not fit")
	}
}
