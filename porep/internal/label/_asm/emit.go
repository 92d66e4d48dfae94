package main

import (
	"fmt"
	"strings"
)

// A code is a list of instructions in program order.
type code []string

func (c *code) add(format string, a ...any) { *c = append(*c, "\t"+fmt.Sprintf(format, a...)) }

func (c *code) label(name string) { *c = append(*c, name+":") }

func (c *code) put(parts ...code) {
	for _, p := range parts {
		*c = append(*c, p...)
	}
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
		out.put(a[r*step : min((r+1)*step, len(a))])
		next := len(b) * (r + 1) / runs
		out.put(b[done:next])
		done = next
	}
	return out
}

// The state halves of chain l (A, B, E, F and C, D, G, H from the top down) lie in X1 to X8; X0 takes the words
// that SHA256RNDS2 wants there, X9 to X12 hold the schedule in the making, X13 temporaries.
func abef(l int) string { return fmt.Sprintf("X%d", 1+2*l) }
func cdgh(l int) string { return fmt.Sprintf("X%d", 2+2*l) }

// An operand gives the 16 bytes (or two words) number index of a lane.
type operand func(lane, index int) string

// at returns operands of unit bytes: off, step*lane and unit*index beyond a register or symbol.
func at(base string, off, step, unit int) operand {
	return func(lane, index int) string {
		if strings.HasSuffix(base, "<>") {
			return fmt.Sprintf("%s+%d(SB)", base, off+step*lane+unit*index)
		}
		return fmt.Sprintf("%d(%s)", off+step*lane+unit*index, base)
	}
}

// rounds are the 64 rounds of one block of the chains from first on. wk gives two schedule words with their
// constants.
func rounds(first, chains int, wk operand) code {
	var c code
	for h := range 32 {
		c.put(half(first, chains, h, wk))
	}
	return c
}

// half is two rounds of every chain.
func half(first, chains, h int, wk operand) code {
	var c code
	for l := range chains {
		c.add("MOVQ %s, X0", wk(l, h))
		src, dst := abef(first+l), cdgh(first+l)
		if h%2 == 1 {
			src, dst = dst, src
		}
		c.add("SHA256RNDS2 X0, %s, %s", src, dst)
	}
	return c
}

// expand makes the schedules of one block of all lanes, constants added, from two runs of 32 bytes a lane, one
// lane after the other.
func expand(lanes int, a, b, dst operand) code {
	var c code
	for l := range lanes {
		for t := range 16 {
			c.put(quad(9, l, t, a, b, dst))
		}
	}
	return c
}

// quad makes four words of the schedule of one lane in four registers from reg on.
func quad(reg, l, t int, a, b, dst operand) code {
	var c code
	m := func(t int) string { return fmt.Sprintf("X%d", reg+t%4) }
	if t < 4 {
		from := a(l, t)
		if t >= 2 {
			from = b(l, t-2)
		}
		c.add("VMOVDQU %s, %s", from, m(t))
		c.add("VPSHUFB flip32<>(SB), %s, %s", m(t), m(t))
	} else {
		c.add("SHA256MSG1 %s, %s", m(t+1), m(t))
		c.add("VPALIGNR $4, %s, %s, X13", m(t+2), m(t+3))
		c.add("VPADDD X13, %s, %s", m(t), m(t))
		c.add("SHA256MSG2 %s, %s", m(t+3), m(t))
	}
	c.add("VPADDD k256<>+%d(SB), %s, X13", 16*t, m(t))
	c.add("VMOVDQU X13, %s", dst(l, t))
	return c
}

// load and save move the states of the chains from first on, forward adds to them.
func load(first, chains int, from operand) code {
	var c code
	for l := range chains {
		c.add("VMOVDQU %s, %s", from(l, 0), abef(first+l))
		c.add("VMOVDQU %s, %s", from(l, 1), cdgh(first+l))
	}
	return c
}

func save(first, chains int, to operand) code {
	var c code
	for l := range chains {
		c.add("VMOVDQU %s, %s", abef(first+l), to(l, 0))
		c.add("VMOVDQU %s, %s", cdgh(first+l), to(l, 1))
	}
	return c
}

func forward(first, chains int, from operand) code {
	var c code
	for l := range chains {
		c.add("VPADDD %s, %s, %s", from(l, 0), abef(first+l), abef(first+l))
		c.add("VPADDD %s, %s, %s", from(l, 1), cdgh(first+l), cdgh(first+l))
	}
	return c
}

// digest stores the states as labels: big-endian words, the two top bits of the last byte cleared.
func digest(chains int, to operand) code {
	var c code
	for l := range chains {
		c.add("VPUNPCKHQDQ %s, %s, X9", cdgh(l), abef(l))
		c.add("VPUNPCKLQDQ %s, %s, X10", cdgh(l), abef(l))
		c.add("VPSHUFB flip64<>(SB), X9, X9")
		c.add("VPSHUFB flip64<>(SB), X10, X10")
		c.add("VPAND mask254<>(SB), X10, X10")
		c.add("VMOVDQU X9, %s", to(l, 0))
		c.add("VMOVDQU X10, %s", to(l, 1))
	}
	return c
}
