package fr32

import (
	"encoding/binary"
	"math/bits"
)

// mask62 keeps the 62 data bits of an element's last word.
const mask62 = 1<<62 - 1

// padBlocks pads whole blocks: len(dst)/128 == len(src)/127.
func padBlocks(dst, src []byte) {
	for len(src) >= UnpaddedBlock && len(dst) >= PaddedBlock {
		padBlock((*[PaddedBlock]byte)(dst), (*[UnpaddedBlock]byte)(src))
		dst, src = dst[PaddedBlock:], src[UnpaddedBlock:]
	}
}

// unpadBlocks unpads whole blocks: len(src)/128 == len(dst)/127. It returns the number of the first element
// with a padding bit set, or -1.
func unpadBlocks(dst, src []byte) (dirty int) {
	dirty = -1
	for at := 0; len(src) >= PaddedBlock && len(dst) >= UnpaddedBlock; at += 4 {
		if d := unpadBlock((*[UnpaddedBlock]byte)(dst), (*[PaddedBlock]byte)(src)); d >= 0 && dirty < 0 {
			dirty = at + d
		}
		dst, src = dst[UnpaddedBlock:], src[PaddedBlock:]
	}
	return dirty
}

// padBlock spreads 1016 bits over four elements of 254: the element k takes bits 254k to 254k+253, which
// is a shift by 2k bits against the words of the input.
func padBlock(dst *[PaddedBlock]byte, src *[UnpaddedBlock]byte) {
	le := binary.LittleEndian
	s3, s7, s11 := le.Uint64(src[24:]), le.Uint64(src[56:]), le.Uint64(src[88:])
	s4, s5, s6 := le.Uint64(src[32:]), le.Uint64(src[40:]), le.Uint64(src[48:])
	s8, s9, s10 := le.Uint64(src[64:]), le.Uint64(src[72:]), le.Uint64(src[80:])
	s12, s13, s14 := le.Uint64(src[96:]), le.Uint64(src[104:]), le.Uint64(src[112:])
	s15 := le.Uint64(src[119:]) >> 8

	le.PutUint64(dst[0:], le.Uint64(src[0:]))
	le.PutUint64(dst[8:], le.Uint64(src[8:]))
	le.PutUint64(dst[16:], le.Uint64(src[16:]))
	le.PutUint64(dst[24:], s3&mask62)

	le.PutUint64(dst[32:], s3>>62|s4<<2)
	le.PutUint64(dst[40:], s4>>62|s5<<2)
	le.PutUint64(dst[48:], s5>>62|s6<<2)
	le.PutUint64(dst[56:], (s6>>62|s7<<2)&mask62)

	le.PutUint64(dst[64:], s7>>60|s8<<4)
	le.PutUint64(dst[72:], s8>>60|s9<<4)
	le.PutUint64(dst[80:], s9>>60|s10<<4)
	le.PutUint64(dst[88:], (s10>>60|s11<<4)&mask62)

	le.PutUint64(dst[96:], s11>>58|s12<<6)
	le.PutUint64(dst[104:], s12>>58|s13<<6)
	le.PutUint64(dst[112:], s13>>58|s14<<6)
	le.PutUint64(dst[120:], s14>>58|s15<<6)
}

// unpadBlock is the inverse of padBlock; it returns the first of the four elements with a padding bit set,
// or -1. dst may share src's memory if it begins at the same address or below: all is loaded first.
func unpadBlock(dst *[UnpaddedBlock]byte, src *[PaddedBlock]byte) (dirty int) {
	le := binary.LittleEndian
	p0, p1, p2, p3 := le.Uint64(src[0:]), le.Uint64(src[8:]), le.Uint64(src[16:]), le.Uint64(src[24:])
	p4, p5, p6, p7 := le.Uint64(src[32:]), le.Uint64(src[40:]), le.Uint64(src[48:]), le.Uint64(src[56:])
	p8, p9, p10, p11 := le.Uint64(src[64:]), le.Uint64(src[72:]), le.Uint64(src[80:]), le.Uint64(src[88:])
	p12, p13, p14, p15 := le.Uint64(src[96:]), le.Uint64(src[104:]), le.Uint64(src[112:]), le.Uint64(src[120:])
	if dirty = -1; (p3|p7|p11|p15)&^mask62 != 0 {
		dirty = bits.TrailingZeros64(p3>>62|p7>>62<<2|p11>>62<<4|p15>>62<<6) / 2
	}
	p3, p7, p11, p15 = p3&mask62, p7&mask62, p11&mask62, p15&mask62

	le.PutUint64(dst[0:], p0)
	le.PutUint64(dst[8:], p1)
	le.PutUint64(dst[16:], p2)
	le.PutUint64(dst[24:], p3|p4<<62)
	le.PutUint64(dst[32:], p4>>2|p5<<62)
	le.PutUint64(dst[40:], p5>>2|p6<<62)
	le.PutUint64(dst[48:], p6>>2|p7<<62)
	le.PutUint64(dst[56:], p7>>2|p8<<60)
	le.PutUint64(dst[64:], p8>>4|p9<<60)
	le.PutUint64(dst[72:], p9>>4|p10<<60)
	le.PutUint64(dst[80:], p10>>4|p11<<60)
	le.PutUint64(dst[88:], p11>>4|p12<<58)
	le.PutUint64(dst[96:], p12>>6|p13<<58)
	le.PutUint64(dst[104:], p13>>6|p14<<58)
	w14, w15 := p14>>6|p15<<58, p15>>6
	le.PutUint64(dst[112:], w14)
	// The last word has 56 bits: its eight bytes begin one byte earlier, with the top byte of w14.
	le.PutUint64(dst[119:], w14>>56|w15<<8)
	return dirty
}
