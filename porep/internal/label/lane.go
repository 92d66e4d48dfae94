package label

import "encoding/binary"

// interleaved is the largest number of lanes whose labels lie whole beside each other; with more, words do.
const interleaved = 4

// Take copies one lane of interleaved nodes to dst: the nodes of one sector as they go to disk. src holds lanes
// labels a node, dst one; it panics unless len(src) == lanes*len(dst), both of whole nodes, and 0 <= lane <
// lanes.
func Take(dst, src []byte, lanes, lane int) {
	check(dst, src, lanes, lane)
	if lanes == MaxLanes {
		takeWide(dst, src, lane)
		return
	}
	step := Size * lanes
	for len(dst) > 0 {
		takeLane((*[Size]byte)(dst), src[:step], lanes, lane)
		dst, src = dst[Size:], src[step:]
	}
}

// Put is the inverse of [Take]: it writes the nodes of one sector, src, into their lane of dst and leaves the
// other lanes alone. It panics unless len(dst) == lanes*len(src).
func Put(dst, src []byte, lanes, lane int) {
	check(src, dst, lanes, lane)
	step := Size * lanes
	for len(src) > 0 {
		putLane(dst[:step], lanes, lane, (*[Size]byte)(src))
		src, dst = src[Size:], dst[step:]
	}
}

func check(one, all []byte, lanes, lane int) {
	if lanes < 1 || lane < 0 || lane >= lanes || len(one)%Size != 0 || len(all) != lanes*len(one) {
		panic("label: lanes do not fit")
	}
}

// takeLane reads one lane of a node.
func takeLane(dst *[Size]byte, row []byte, lanes, lane int) {
	if lanes <= interleaved {
		*dst = *(*[Size]byte)(row[Size*lane:])
		return
	}
	for w := range Size / 4 {
		binary.BigEndian.PutUint32(dst[4*w:], binary.NativeEndian.Uint32(row[4*(w*lanes+lane):]))
	}
}

// takeWide is Take for all lanes that there can be, without checks of bounds.
func takeWide(dst, src []byte, lane int) {
	const row = Size * MaxLanes
	off := 4 * (lane % MaxLanes)
	for len(dst) >= Size && len(src) >= row {
		d, s := (*[Size]byte)(dst), (*[row]byte)(src)
		for w := range Size / 4 {
			binary.BigEndian.PutUint32(d[4*w:], binary.NativeEndian.Uint32(s[4*MaxLanes*w+off:]))
		}
		dst, src = dst[Size:], src[row:]
	}
}

// putLane writes one lane of a node.
func putLane(row []byte, lanes, lane int, src *[Size]byte) {
	if lanes <= interleaved {
		*(*[Size]byte)(row[Size*lane:]) = *src
		return
	}
	for w := range Size / 4 {
		binary.NativeEndian.PutUint32(row[4*(w*lanes+lane):], binary.BigEndian.Uint32(src[4*w:]))
	}
}
