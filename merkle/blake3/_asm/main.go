// Command _asm writes the kernel of package blake3: sixteen messages of up to 1024 bytes side by side in AVX-512 registers.
//
// Z0 to Z15 are the state, word w of all messages in one register, Z16 to Z31 the block. A block is loaded a message a
// register and turned around (16 by 16 words) by unpacking and shuffling; a permutation of the block between rounds is a
// permutation of names. Source of the algorithm: the BLAKE3 paper, section 2.2.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
)

// A code is a list of instructions in program order.
type code []string

func (c *code) add(format string, a ...any) { *c = append(*c, "\t"+fmt.Sprintf(format, a...)) }

func (c *code) label(name string) { *c = append(*c, name+":") }

// iv are the first words of SHA-256's initial state.
var iv = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// permutation is the order of the block's words in the next round.
var permutation = [16]int{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8}

// turn turns the rows Z16 to Z31 into columns, in the same registers, by way of Z0 to Z15.
func (c *code) turn() {
	for i := 0; i < 16; i += 2 {
		c.add("VPUNPCKLDQ Z%d, Z%d, Z%d", 17+i, 16+i, i)
		c.add("VPUNPCKHDQ Z%d, Z%d, Z%d", 17+i, 16+i, i+1)
	}
	for g := 0; g < 16; g += 4 { // Z16+g+k: words k of four rows in each quarter
		c.add("VPUNPCKLQDQ Z%d, Z%d, Z%d", g+2, g, 16+g)
		c.add("VPUNPCKHQDQ Z%d, Z%d, Z%d", g+2, g, 17+g)
		c.add("VPUNPCKLQDQ Z%d, Z%d, Z%d", g+3, g+1, 18+g)
		c.add("VPUNPCKHQDQ Z%d, Z%d, Z%d", g+3, g+1, 19+g)
	}
	for k := range 4 {
		c.add("VSHUFI32X4 $0x44, Z%d, Z%d, Z%d", 20+k, 16+k, 4*k)
		c.add("VSHUFI32X4 $0x44, Z%d, Z%d, Z%d", 28+k, 24+k, 4*k+1)
		c.add("VSHUFI32X4 $0xee, Z%d, Z%d, Z%d", 20+k, 16+k, 4*k+2)
		c.add("VSHUFI32X4 $0xee, Z%d, Z%d, Z%d", 28+k, 24+k, 4*k+3)
	}
	for k := range 4 { // word 4q+k comes from quarter q
		c.add("VSHUFI32X4 $0x88, Z%d, Z%d, Z%d", 4*k+1, 4*k, 16+k)
		c.add("VSHUFI32X4 $0xdd, Z%d, Z%d, Z%d", 4*k+1, 4*k, 20+k)
		c.add("VSHUFI32X4 $0x88, Z%d, Z%d, Z%d", 4*k+3, 4*k+2, 24+k)
		c.add("VSHUFI32X4 $0xdd, Z%d, Z%d, Z%d", 4*k+3, 4*k+2, 28+k)
	}
}

// mix is four quarter rounds side by side: g lists their state words, m the block's word of each for one half.
func (c *code) mix(g [4][4]int, m [4]int, rotD, rotB int) {
	each := func(f func(a, b, cc, d, x int)) {
		for i, s := range g {
			f(s[0], s[1], s[2], s[3], 16+m[i])
		}
	}
	each(func(a, b, _, _, _ int) { c.add("VPADDD Z%d, Z%d, Z%d", b, a, a) })
	each(func(a, _, _, _, x int) { c.add("VPADDD Z%d, Z%d, Z%d", x, a, a) })
	each(func(a, _, _, d, _ int) { c.add("VPXORD Z%d, Z%d, Z%d", a, d, d) })
	each(func(_, _, _, d, _ int) { c.add("VPRORD $%d, Z%d, Z%d", rotD, d, d) })
	each(func(_, _, cc, d, _ int) { c.add("VPADDD Z%d, Z%d, Z%d", d, cc, cc) })
	each(func(_, b, cc, _, _ int) { c.add("VPXORD Z%d, Z%d, Z%d", cc, b, b) })
	each(func(_, b, _, _, _ int) { c.add("VPRORD $%d, Z%d, Z%d", rotB, b, b) })
}

var (
	columns   = [4][4]int{{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}}
	diagonals = [4][4]int{{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14}}
)

// rounds are the seven rounds.
func (c *code) rounds() {
	var m [16]int
	for i := range m {
		m[i] = i
	}
	for range 7 {
		c.mix(columns, [4]int{m[0], m[2], m[4], m[6]}, 16, 12)
		c.mix(columns, [4]int{m[1], m[3], m[5], m[7]}, 8, 7)
		c.mix(diagonals, [4]int{m[8], m[10], m[12], m[14]}, 16, 12)
		c.mix(diagonals, [4]int{m[9], m[11], m[13], m[15]}, 8, 7)
		var next [16]int
		for i, p := range permutation {
			next[i] = m[p]
		}
		m = next
	}
}

// store turns the eight words of sixteen digests around and writes them, 32 bytes a digest.
func (c *code) store() {
	for i := 0; i < 8; i += 2 {
		c.add("VPUNPCKLDQ Z%d, Z%d, Z%d", i+1, i, 16+i)
		c.add("VPUNPCKHDQ Z%d, Z%d, Z%d", i+1, i, 17+i)
	}
	for g := 0; g < 8; g += 4 { // Zg+k: four words of message 4q+k in quarter q
		c.add("VPUNPCKLQDQ Z%d, Z%d, Z%d", 18+g, 16+g, g)
		c.add("VPUNPCKHQDQ Z%d, Z%d, Z%d", 18+g, 16+g, g+1)
		c.add("VPUNPCKLQDQ Z%d, Z%d, Z%d", 19+g, 17+g, g+2)
		c.add("VPUNPCKHQDQ Z%d, Z%d, Z%d", 19+g, 17+g, g+3)
	}
	for q := range 4 {
		for k := range 4 {
			c.add("VEXTRACTI32X4 $%d, Z%d, %d(DI)", q, k, 32*(4*q+k))
			c.add("VEXTRACTI32X4 $%d, Z%d, %d(DI)", q, 4+k, 32*(4*q+k)+16)
		}
	}
}

func kernel() code {
	var c code
	c.add("MOVQ dst+0(FP), DI")
	c.add("MOVQ src+8(FP), SI")
	c.add("MOVQ stride+16(FP), DX")
	c.add("MOVQ blocks+24(FP), CX")
	c.add("MOVQ last+32(FP), R9")
	c.add("MOVQ cv+40(FP), R8")
	c.add("MOVL $1, R10 // CHUNK_START")
	for w := range 8 {
		c.add("VPBROADCASTD iv<>+%d(SB), Z%d", 4*w, w)
		c.add("VMOVDQU32 Z%d, %d(R8)", w, 64*w)
	}
	c.label("block")
	c.add("MOVQ SI, AX")
	for i := range 16 {
		c.add("VMOVDQU32 (AX), Z%d", 16+i)
		if i < 15 {
			c.add("ADDQ DX, AX")
		}
	}
	c.turn()
	c.add("MOVL $64, R11")
	c.add("CMPQ CX, $1")
	c.add("JNE state")
	c.add("ORL $10, R10 // CHUNK_END, ROOT")
	c.add("MOVL R9, R11")
	c.label("state")
	for w := range 8 {
		c.add("VMOVDQU32 %d(R8), Z%d", 64*w, w)
	}
	for w := range 4 {
		c.add("VPBROADCASTD iv<>+%d(SB), Z%d", 4*w, 8+w)
	}
	c.add("VPXORD Z12, Z12, Z12")
	c.add("VPXORD Z13, Z13, Z13")
	c.add("VPBROADCASTD R11, Z14")
	c.add("VPBROADCASTD R10, Z15")
	c.rounds()
	for w := range 8 {
		c.add("VPXORD Z%d, Z%d, Z%d", 8+w, w, w)
	}
	c.add("DECQ CX")
	c.add("JEQ done")
	for w := range 8 {
		c.add("VMOVDQU32 Z%d, %d(R8)", w, 64*w)
	}
	c.add("XORL R10, R10")
	c.add("ADDQ $64, SI")
	c.add("JMP block")
	c.label("done")
	c.store()
	c.add("VZEROUPPER")
	c.add("RET")
	return c
}

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "file to write")
	flag.Parse()
	var b strings.Builder
	b.WriteString("// Code generated by _asm. DO NOT EDIT.\n\n//go:build !purego\n\n#include \"textflag.h\"\n\n")
	for w, x := range iv {
		fmt.Fprintf(&b, "DATA iv<>+%d(SB)/4, $0x%08x\n", 4*w, x)
	}
	b.WriteString("GLOBL iv<>(SB), RODATA|NOPTR, $32\n\n")
	b.WriteString("// func hash16(dst, src *byte, stride, blocks, last uintptr, cv *[512]byte)\n")
	b.WriteString("// Requires: AVX512F\n")
	fmt.Fprintf(&b, "TEXT ·hash16(SB), NOSPLIT, $0-48\n%s\n", strings.Join(kernel(), "\n"))
	if err := os.WriteFile(*out, []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
