package main

import (
	"fmt"
	"strings"
)

// A code is a list of instructions in program order.
type code []string

func (c *code) add(format string, a ...any) { *c = append(*c, "\t"+fmt.Sprintf(format, a...)) }

func (c *code) label(name string) { *c = append(*c, name+":") }

// text is a whole function: signature comment, header, body.
func text(doc, name, frame string, body code) string {
	return fmt.Sprintf("// %s\nTEXT ·%s(SB), 0, %s\n%s\n", doc, name, frame, strings.Join(body, "\n"))
}

// data writes words as a read-only symbol.
func data(name string, words []uint32) string {
	var b strings.Builder
	for i, w := range words {
		fmt.Fprintf(&b, "DATA %s<>+%d(SB)/4, $0x%08x\n", name, 4*i, w)
	}
	fmt.Fprintf(&b, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n\n", name, 4*len(words))
	return b.String()
}

// weave spreads b over a: a is cut into runs of step instructions and each run is followed by its part of b.
// The out-of-order window is far shorter than a block, so what shall overlap must stand close together.
func weave(a, b code, step int) code {
	runs := (len(a) + step - 1) / step
	var out code
	done := 0
	for r := range runs {
		out = append(out, a[r*step:min((r+1)*step, len(a))]...)
		next := len(b) * (r + 1) / runs
		out = append(out, b[done:next]...)
		done = next
	}
	return out
}

const lanes = 4

// Registers of a four-lane kernel: the state halves of lane l (A, B, E, F and C, D, G, H from the top down) in
// X1 to X8, X0 for the words that SHA256RNDS2 wants there, X9 to X12 for the schedule in the making, X13 for
// temporaries.
func abef(l int) string { return fmt.Sprintf("X%d", 1+2*l) }
func cdgh(l int) string { return fmt.Sprintf("X%d", 2+2*l) }

// rounds are the 64 rounds of one block of all lanes. wk gives the operand of two schedule words, constants
// added, of a lane; shared says that it is the same for all.
func rounds(wk func(lane, half int) string, shared bool) code {
	var c code
	for h := range 32 {
		for l := range lanes {
			if l == 0 || !shared {
				c.add("MOVQ %s, X0", wk(l, h))
			}
			src, dst := abef(l), cdgh(l)
			if h%2 == 1 {
				src, dst = dst, src
			}
			c.add("SHA256RNDS2 X0, %s, %s", src, dst)
		}
	}
	return c
}

// expand makes the schedule of one block, constants added: src gives the operand of 16 message bytes, dst that
// of four words.
func expand(src, dst func(quad int) string) code {
	var c code
	m := func(t int) string { return fmt.Sprintf("X%d", 9+t%4) }
	for t := range 16 {
		if t < 4 {
			c.add("VMOVDQU %s, %s", src(t), m(t))
			c.add("VPSHUFB flip32<>(SB), %s, %s", m(t), m(t))
		} else {
			c.add("SHA256MSG1 %s, %s", m(t+1), m(t))
			c.add("VPALIGNR $4, %s, %s, X13", m(t+2), m(t+3))
			c.add("VPADDD X13, %s, %s", m(t), m(t))
			c.add("SHA256MSG2 %s, %s", m(t+3), m(t))
		}
		c.add("VPADDD k256<>+%d(SB), %s, X13", 16*t, m(t))
		c.add("VMOVDQU X13, %s", dst(t))
	}
	return c
}

// reset loads the initial state into all lanes.
func reset() code {
	var c code
	for l := range lanes {
		c.add("VMOVDQU iv<>+0(SB), %s", abef(l))
		c.add("VMOVDQU iv<>+16(SB), %s", cdgh(l))
	}
	return c
}

// forward adds 32 bytes a lane to the states.
func forward(at func(lane, half int) string) code {
	var c code
	for l := range lanes {
		c.add("VPADDD %s, %s, %s", at(l, 0), abef(l), abef(l))
		c.add("VPADDD %s, %s, %s", at(l, 1), cdgh(l), cdgh(l))
	}
	return c
}

// load is the inverse of save.
func load(at func(lane, half int) string) code {
	var c code
	for l := range lanes {
		c.add("VMOVDQU %s, %s", at(l, 0), abef(l))
		c.add("VMOVDQU %s, %s", at(l, 1), cdgh(l))
	}
	return c
}

// save stores the states.
func save(at func(lane, half int) string) code {
	var c code
	for l := range lanes {
		c.add("VMOVDQU %s, %s", abef(l), at(l, 0))
		c.add("VMOVDQU %s, %s", cdgh(l), at(l, 1))
	}
	return c
}

// digest stores the states as digests, the second half masked by X14.
func digest(at func(lane, half int) string) code {
	var c code
	for l := range lanes {
		c.add("VPUNPCKHQDQ %s, %s, X9", cdgh(l), abef(l))
		c.add("VPUNPCKLQDQ %s, %s, X10", cdgh(l), abef(l))
		c.add("VPSHUFB flip64<>(SB), X9, X9")
		c.add("VPSHUFB flip64<>(SB), X10, X10")
		c.add("VPAND X14, X10, X10")
		c.add("VMOVDQU X9, %s", at(l, 0))
		c.add("VMOVDQU X10, %s", at(l, 1))
	}
	return c
}

func join(parts ...code) code {
	var c code
	for _, p := range parts {
		c = append(c, p...)
	}
	return c
}

// at returns operands of 16 bytes: off, laneStep*lane and 16*index beyond a register.
func at(reg string, off, laneStep int) func(lane, index int) string {
	return func(lane, index int) string {
		return fmt.Sprintf("%d(%s)", off+laneStep*lane+16*index, reg)
	}
}
