package main

import (
	"fmt"
	"strings"
)

// streams is the number of vectors that each kernel carries side by side. Their instructions
// alternate, so that one hides the latencies of the other.
const streams = 2

// Sizes in bytes: a vector of limbs, the five of a vector of scalars, a scalar of every stream.
const (
	limb   = 64
	vector = 5 * limb
	elem   = streams * vector
)

// A text is the assembly under construction.
type text struct {
	strings.Builder
	labels int
}

// op writes one instruction.
func (t *text) op(format string, args ...any) {
	fmt.Fprintf(t, "\t"+format+"\n", args...)
}

// note writes a comment line.
func (t *text) note(format string, args ...any) {
	fmt.Fprintf(t, "\n\t// "+format+"\n", args...)
}

// label writes a label.
func (t *text) label(name string) { fmt.Fprintf(t, "\n%s:\n", name) }

// fn starts a function with its Go declaration as comment.
func (t *text) fn(name, params string, argBytes int) {
	fmt.Fprintf(t, "\n// func %s(%s)\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, params, name, argBytes)
}

// end leaves a function.
func (t *text) end() {
	t.op("VZEROUPPER")
	t.op("RET")
}

// each writes what body lists for every stream, instruction by instruction in turn.
func (t *text) each(body func(s *stream)) {
	lists := make([][]string, streams)
	longest := 0
	for i := range lists {
		s := &stream{index: i}
		body(s)
		lists[i] = s.lines
		longest = max(longest, len(s.lines))
	}
	for i := range longest {
		for _, l := range lists {
			if i < len(l) {
				t.WriteString(l[i])
			}
		}
	}
}

// A stream lists the instructions of one vector of eight lanes.
type stream struct {
	index int
	lines []string
}

// op lists one instruction.
func (s *stream) op(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("\t"+format+"\n", args...))
}

// Registers. Each stream owns perStream of them from Z0 on; the rest is shared.
const perStream = 12

func z(i int) string { return fmt.Sprintf("Z%d", i) }

const (
	mask = "Z30" // 2^52 - 1
	zero = "Z31"
)

// pReg returns the register of limb j of r.
func pReg(j int) string { return z(25 + j) }

// reg returns register k of the stream.
func (s *stream) reg(k int) string {
	if k >= perStream {
		panic("register of another stream")
	}
	return z(perStream*s.index + k)
}

// at addresses limb j of an element of the stream at byte offset off from a pointer.
func (s *stream) at(ptr string, off, j int) string {
	return fmt.Sprintf("%d(%s)", off+vector*s.index+limb*j, ptr)
}

// loadShared fills the shared registers.
func (t *text) loadShared() {
	t.op("VPXORQ Z31, Z31, Z31")
	t.op("VPBROADCASTQ consts<>+0(SB), Z30")
	t.loadModulus()
}

// loadModulus fills the registers of r, which products of many limbs use as scratch.
func (t *text) loadModulus() {
	for j := range 5 {
		t.op("VPBROADCASTQ consts<>+%d(SB), %s", 8+8*j, pReg(j))
	}
}
