package main

import (
	"bytes"
	"fmt"
)

// schedule is BLAKE3's permutation of the message words between rounds.
var schedule = [16]int{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8}

// mixes are the (a, b, c, d) of a round's eight mixing steps: four columns, then four diagonals.
var mixes = [8][4]int{
	{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15},
	{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14},
}

// blake3 writes the function that compresses 16 inputs of whole blocks side by side.
//
// Z0-Z15 are the 16 words of the state, Z16-Z31 those of the message, a lane an input. All 32 registers
// are in use in the rounds; the message is turned from inputs to words while Z8-Z15 are idle.
func blake3(b *bytes.Buffer) {
	b.WriteString(`
DATA iv3<>+0(SB)/4, $0x6a09e667
DATA iv3<>+4(SB)/4, $0xbb67ae85
DATA iv3<>+8(SB)/4, $0x3c6ef372
DATA iv3<>+12(SB)/4, $0xa54ff53a
DATA iv3<>+16(SB)/4, $0x510e527f
DATA iv3<>+20(SB)/4, $0x9b05688c
DATA iv3<>+24(SB)/4, $0x1f83d9ab
DATA iv3<>+28(SB)/4, $0x5be0cd19
DATA iv3<>+32(SB)/4, $64
GLOBL iv3<>(SB), RODATA|NOPTR, $36

// func hash16AVX512(out, in *byte, stride, blocks int, counters *[16]uint32, first, middle, last uint32)
TEXT ·hash16AVX512(SB), NOSPLIT, $0-52
	MOVQ out+0(FP), DI
	MOVQ in+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ blocks+24(FP), CX
	MOVQ counters+32(FP), R10
	MOVL first+40(FP), R8
`)
	for i := range 8 {
		fmt.Fprintf(b, "\tVPBROADCASTD iv3<>+%d(SB), Z%d\n", 4*i, i)
	}
	b.WriteString("\nblock:\n\tCMPQ CX, $1\n\tJNE load\n\tORL last+48(FP), R8\n\nload:\n\tMOVQ SI, R9\n")
	rows := make([]int, 16)
	for i := range rows {
		rows[i] = 16 + i
		fmt.Fprintf(b, "\tVMOVDQU32 (R9), Z%d\n\tADDQ DX, R9\n", rows[i])
	}
	m := turn(b, rows, 15)
	for i := range 4 {
		fmt.Fprintf(b, "\tVPBROADCASTD iv3<>+%d(SB), Z%d\n", 4*i, 8+i)
	}
	// turn may have left a message word in Z15: bring it back to the register that is free.
	m = settle(b, m)
	b.WriteString("\tVMOVDQU32 (R10), Z12\n\tVPXORD Z13, Z13, Z13\n\tVPBROADCASTD iv3<>+32(SB), Z14\n\tVPBROADCASTD R8, Z15\n")
	for range 7 {
		for half := range 2 {
			quarter(b, mixes[4*half:4*half+4], m[8*half:])
		}
		next := make([]int, 16)
		for i, p := range schedule {
			next[i] = m[p]
		}
		m = next
	}
	for i := range 8 {
		fmt.Fprintf(b, "\tVPXORD Z%d, Z%d, Z%d\n", 8+i, i, i)
	}
	b.WriteString("\tMOVL middle+44(FP), R8\n\tADDQ $64, SI\n\tDECQ CX\n\tJNZ block\n\n")
	for i := range rows {
		rows[i] = i
	}
	for i, r := range turn(b, rows, 16) {
		fmt.Fprintf(b, "\tVMOVDQU32 Y%d, %d(DI)\n", r, 32*i)
	}
	b.WriteString("\tVZEROUPPER\n\tRET\n")
}

// quarter writes four mixing steps side by side.
func quarter(b *bytes.Buffer, steps [][4]int, m []int) {
	each := func(format string, args func(i int, s [4]int) []any) {
		for i, s := range steps {
			fmt.Fprintf(b, "\t"+format+"\n", args(i, s)...)
		}
	}
	for half, rotate := range [2][2]int{{16, 12}, {8, 7}} {
		each("VPADDD Z%d, Z%d, Z%d", func(i int, s [4]int) []any { return []any{m[2*i+half], s[0], s[0]} })
		each("VPADDD Z%d, Z%d, Z%d", func(_ int, s [4]int) []any { return []any{s[1], s[0], s[0]} })
		each("VPXORD Z%d, Z%d, Z%d", func(_ int, s [4]int) []any { return []any{s[0], s[3], s[3]} })
		each("VPRORD $%d, Z%d, Z%d", func(_ int, s [4]int) []any { return []any{rotate[0], s[3], s[3]} })
		each("VPADDD Z%d, Z%d, Z%d", func(_ int, s [4]int) []any { return []any{s[3], s[2], s[2]} })
		each("VPXORD Z%d, Z%d, Z%d", func(_ int, s [4]int) []any { return []any{s[2], s[1], s[1]} })
		each("VPRORD $%d, Z%d, Z%d", func(_ int, s [4]int) []any { return []any{rotate[1], s[1], s[1]} })
	}
}

// turn transposes 16 registers of 16 words with one free register and returns which register holds which word.
func turn(b *bytes.Buffer, r []int, free int) []int {
	// pair replaces x, y by low(x, y), high(x, y).
	pair := func(low, high string, x, y int) (int, int) {
		out := free
		fmt.Fprintf(b, "\t%s Z%d, Z%d, Z%d\n\t%s Z%d, Z%d, Z%d\n", low, y, x, out, high, y, x, y)
		free = x
		return out, y
	}
	r = append([]int(nil), r...)
	for i := 0; i < 16; i += 2 {
		r[i], r[i+1] = pair("VPUNPCKLDQ", "VPUNPCKHDQ", r[i], r[i+1])
	}
	for g := 0; g < 16; g += 4 {
		a, c := pair("VPUNPCKLQDQ", "VPUNPCKHQDQ", r[g], r[g+2])
		d, e := pair("VPUNPCKLQDQ", "VPUNPCKHQDQ", r[g+1], r[g+3])
		r[g], r[g+1], r[g+2], r[g+3] = a, c, d, e
	}
	words := make([]int, 16)
	for j := range 4 {
		// A register of group g holds word 4L+j of inputs 4g to 4g+3 in its quarter L.
		a, c := pair("VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,", r[j], r[4+j])
		d, e := pair("VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,", r[8+j], r[12+j])
		words[j], words[8+j] = pair("VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,", a, d)
		words[4+j], words[12+j] = pair("VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,", c, e)
	}
	return words
}

// settle moves a word that lies outside Z16-Z31 into the register left free there.
func settle(b *bytes.Buffer, words []int) []int {
	used := map[int]bool{}
	for _, w := range words {
		used[w] = true
	}
	for i, w := range words {
		if w >= 16 {
			continue
		}
		for f := 16; f < 32; f++ {
			if !used[f] {
				fmt.Fprintf(b, "\tVMOVDQA32 Z%d, Z%d\n", w, f)
				used[f] = true
				words[i] = f
				break
			}
		}
	}
	return words
}
