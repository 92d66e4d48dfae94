//go:build !purego

package sha2

// A segment is a run of whole blocks of every message: message i has it at ptr + i*step.
type segment struct {
	ptr    *byte
	step   uintptr // bytes
	blocks uintptr
}

// states are the chaining values of a group of four, eight words a lane in the order F, E, B, A, H, G, D, C.
type states [lanesSHANI][8]uint32

// masks are the kernels' operands for whole digests and for digests of 254 bits: their second half is cut by them.
var masks = [2][16]byte{ones(0xff), ones(0x3f)}

func ones(last byte) (m [16]byte) {
	for i := range m {
		m[i] = 0xff
	}
	m[15] = last
	return m
}

// nodes4 hashes 4*groups messages of 64 bytes at src.
//
//go:noescape
func nodes4(dst, src *byte, groups int, mask *[16]byte)

// messages4 hashes 4*groups messages of blocks blocks each, padding included. segs are the parts of a message
// in order, ended by one of no blocks; every other has some. If state is not nil, groups is 1 and the chaining
// values are read from and left in state instead of going to dst.
//
//go:noescape
func messages4(dst *byte, segs *[4]segment, groups int, mask *[16]byte, blocks int, state *states)

// nodes32 hashes 32*groups messages of 64 bytes at src.
//
//go:noescape
func nodes32(dst, src *byte, groups int, mask *[16]byte)

// messages32 hashes 32*groups messages; segs as in messages4.
//
//go:noescape
func messages32(dst *byte, segs *[4]segment, groups int, mask *[16]byte)
