package main

import "fmt"

// The AVX-512 kernels hold one word of sixteen messages in a register and work on two such groups at a time:
// the schedules of one after the other go to memory, then the rounds of both run interleaved, for those of one
// group alone would wait for each other's results. A group's state is in stateA or stateB.

func z(n int) string { return fmt.Sprintf("Z%d", n) }

// A round works on a state whose letters move through the registers of st, and on four temporaries; word is the
// operand of its schedule word with K added.
func round(st [8]int, t int, tmp [4]int, word string) code {
	r := func(i int) string { return z(st[(i+64-t)%8]) }
	a, b, c, d, e, f, g, h := r(0), r(1), r(2), r(3), r(4), r(5), r(6), r(7)
	t0, t1, t2, t3 := z(tmp[0]), z(tmp[1]), z(tmp[2]), z(tmp[3])
	var o code
	o.add("%s, %s, %s", word, h, h)
	o.add("VPRORD $6, %s, %s", e, t1)
	o.add("VPRORD $11, %s, %s", e, t2)
	o.add("VPRORD $25, %s, %s", e, t3)
	o.add("VMOVDQA64 %s, %s", g, t0)
	o.add("VPTERNLOGD $0xd8, %s, %s, %s", e, f, t0) // e ? f : g
	o.add("VPTERNLOGD $0x96, %s, %s, %s", t3, t2, t1)
	o.add("VPADDD %s, %s, %s", t0, h, h)
	o.add("VPADDD %s, %s, %s", h, d, d)
	o.add("VPADDD %s, %s, %s", t1, d, d)
	o.add("VPADDD %s, %s, %s", t1, h, h)
	o.add("VMOVDQA64 %s, %s", c, t0)
	o.add("VPTERNLOGD $0xe8, %s, %s, %s", a, b, t0) // majority
	o.add("VPRORD $2, %s, %s", a, t1)
	o.add("VPRORD $13, %s, %s", a, t2)
	o.add("VPRORD $22, %s, %s", a, t3)
	o.add("VPADDD %s, %s, %s", t0, h, h)
	o.add("VPTERNLOGD $0x96, %s, %s, %s", t3, t2, t1)
	o.add("VPADDD %s, %s, %s", t1, h, h)
	return o
}

// twin is the 64 rounds of both groups, eight a turn of the loop. word gives the addition of a schedule word of
// round t of a group, relative to a pointer that moves on by stride a turn.
func twin(name, pointer string, stride int, word func(group, t int) string) code {
	var c code
	c.add("MOVQ $8, DX")
	c.label(name)
	for t := range 8 {
		c = append(c, weave(round(stateB, t, [4]int{8, 9, 10, 11}, word(0, t)), round(stateA, t, [4]int{24, 25, 26, 27}, word(1, t)), 1)...)
	}
	c.add("ADDQ $%d, %s", stride, pointer)
	c.add("DECQ DX")
	c.add("JNZ %s", name)
	return c
}

// variable and constant are the words for twin: schedules in memory at BX, those of the second block of a node
// at AX.
func variable(group, t int) string { return fmt.Sprintf("VPADDD %d(BX)", 4096*group+64*t) }
func constant(_, t int) string     { return fmt.Sprintf("VPADDD.BCST %d(AX)", 4*t) }

// next replaces W[t] by W[t+16].
func next(w [16]int, t int, tmp [3]int) code {
	var c code
	r := func(i int) string { return z(w[(t+i)%16]) }
	t0, t1, t2 := z(tmp[0]), z(tmp[1]), z(tmp[2])
	sigma := func(x string, a, b, s int) {
		c.add("VPRORD $%d, %s, %s", a, x, t0)
		c.add("VPRORD $%d, %s, %s", b, x, t1)
		c.add("VPSRLD $%d, %s, %s", s, x, t2)
		c.add("VPTERNLOGD $0x96, %s, %s, %s", t2, t1, t0)
		c.add("VPADDD %s, %s, %s", t0, r(0), r(0))
	}
	c.add("VPADDD %s, %s, %s", r(9), r(0), r(0))
	sigma(r(1), 7, 18, 3)
	sigma(r(14), 17, 19, 10)
	return c
}

// schedules makes those of one block of both groups, 4096 bytes a group from BX on. SI is the first message,
// R11 the distance of two; SI ends behind the last message. Uses AX, DX, R9, R10.
func schedules(name string) code {
	var c code
	c.add("LEAQ (R11)(R11*2), R10")
	c.add("MOVQ $2, DX")
	c.label(name)
	c.add("VBROADCASTI32X4 flip32<>(SB), %s", flipReg)
	load, w, free := gather(words)
	c = append(c, load...)
	c.add("LEAQ (R9)(R11*4), SI")
	c.add("LEAQ k256<>(SB), AX")
	c.label(name + "_words")
	keep := func(t int) {
		c.add("VPADDD.BCST %d(AX), %s, %s", 4*t, z(w[t]), z(free[0]))
		c.add("VMOVDQU64 %s, %d(BX)", z(free[0]), 64*t)
	}
	for t := range 16 {
		keep(t)
		c = append(c, next(w, t, [3]int(free[1:4]))...)
	}
	c.add("ADDQ $64, AX")
	c.add("ADDQ $1024, BX")
	c.add("LEAQ k256<>+192(SB), R9")
	c.add("CMPQ AX, R9")
	c.add("JNE %s_words", name)
	for t := range 16 {
		keep(t)
	}
	c.add("ADDQ $1024, BX")
	c.add("DECQ DX")
	c.add("JNZ %s", name)
	c.add("SUBQ $8192, BX")
	return c
}

// A pool hands out vector registers.
type pool []int

func (p *pool) take() int {
	n := (*p)[0]
	*p = (*p)[1:]
	return n
}

func (p *pool) give(n ...int) { *p = append(*p, n...) }

// pair replaces x, y by op(x, y) for both forms.
func (p *pool) pair(c *code, x, y *int, lo, hi string) {
	a, b := p.take(), p.take()
	c.add("%s %s, %s, %s", lo, z(*y), z(*x), z(a))
	c.add("%s %s, %s, %s", hi, z(*y), z(*x), z(b))
	p.give(*x, *y)
	*x, *y = a, b
}

// transpose turns rows of words into columns, four rows of 128 bits a step: r[4g+i] becomes, in 128-bit lane L,
// word 4L+i of the rows 4g to 4g+3.
func (p *pool) transpose(c *code, r []int) {
	for g := 0; g < len(r); g += 4 {
		q := r[g : g+4]
		p.pair(c, &q[0], &q[1], "VPUNPCKLDQ", "VPUNPCKHDQ")
		p.pair(c, &q[2], &q[3], "VPUNPCKLDQ", "VPUNPCKHDQ")
		p.pair(c, &q[0], &q[2], "VPUNPCKLQDQ", "VPUNPCKHQDQ")
		p.pair(c, &q[1], &q[3], "VPUNPCKLQDQ", "VPUNPCKHQDQ")
		q[1], q[2] = q[2], q[1]
	}
}

// lanes turns four registers of four 128-bit lanes: register k becomes lane k of all four.
func (p *pool) lanes(c *code, u0, u1, u2, u3 *int) {
	p.pair(c, u0, u1, "VSHUFI32X4 $0x44,", "VSHUFI32X4 $0xee,")
	p.pair(c, u2, u3, "VSHUFI32X4 $0x44,", "VSHUFI32X4 $0xee,")
	p.pair(c, u0, u2, "VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,")
	p.pair(c, u1, u3, "VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,")
	*u1, *u2 = *u2, *u1
}

// gather loads a block of sixteen messages: word t of all of them in the register w[t]. SI is the first
// message, R11 the distance of two, R10 three times that; R9 ends at the thirteenth message. left are the
// registers of free that are free again.
func gather(free []int) (c code, w [16]int, left pool) {
	p := pool(free)
	rows := make([]int, 16)
	for i := range rows {
		rows[i] = p.take()
		switch {
		case i == 0:
			c.add("MOVQ SI, R9")
		case i%4 == 0:
			c.add("LEAQ (R9)(R11*4), R9")
		}
		at := []string{"(R9)", "(R9)(R11*1)", "(R9)(R11*2)", "(R9)(R10*1)"}[i%4]
		c.add("VMOVDQU64 %s, %s", at, z(rows[i]))
		c.add("VPSHUFB %s, %s, %s", flipReg, z(rows[i]), z(rows[i]))
	}
	p.transpose(&c, rows)
	for i := range 4 {
		p.lanes(&c, &rows[i], &rows[4+i], &rows[8+i], &rows[12+i])
	}
	return c, [16]int(rows), p
}

// flipReg holds the byte order while words are loaded: a state register, free then.
const flipReg = "Z16"

// scatter stores the states in st as sixteen digests from off(DI) on, the last word masked by the vector at 0(R13).
func scatter(st [8]int, off int, free []int) code {
	var c code
	p := pool(free)
	r := st[:]
	flip := p.take()
	c.add("VBROADCASTI32X4 flip32<>(SB), %s", z(flip))
	for i, s := range r {
		c.add("VPSHUFB %s, %s, %s", z(flip), z(s), z(s))
		if i == 7 {
			c.add("VPANDD.BCST 12(R13), %s, %s", z(s), z(s))
		}
	}
	p.transpose(&c, r)
	// In 128-bit lane L of r[i] and r[4+i] lie the halves of digest 4L+i.
	p.lanes(&c, &r[0], &r[4], &r[1], &r[5])
	p.lanes(&c, &r[2], &r[6], &r[3], &r[7])
	for l, i := range []int{0, 4, 1, 5} {
		c.add("VMOVDQU64 %s, %d(DI)", z(r[i]), off+128*l)
	}
	for l, i := range []int{2, 6, 3, 7} {
		c.add("VMOVDQU64 %s, %d(DI)", z(r[i]), off+128*l+64)
	}
	return c
}

var (
	stateA = [8]int{16, 17, 18, 19, 20, 21, 22, 23}
	stateB = [8]int{0, 1, 2, 3, 4, 5, 6, 7}
	words  = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31}
)

// initial loads or adds the initial state.
func initial(op string, st [8]int) code {
	var c code
	for i, s := range st {
		if op == "VPBROADCASTD" {
			c.add("%s h256<>+%d(SB), %s", op, 4*i, z(s))
		} else {
			c.add("%s h256<>+%d(SB), %s, %s", op, 4*i, z(s), z(s))
		}
	}
	return c
}

func moveState(op string, st [8]int, base string, off int) code {
	var c code
	for i, s := range st {
		at := fmt.Sprintf("%d(%s)", off+64*i, base)
		switch op {
		case "save":
			c.add("VMOVDQU64 %s, %s", z(s), at)
		case "load":
			c.add("VMOVDQU64 %s, %s", at, z(s))
		case "add":
			c.add("VPADDD %s, %s, %s", at, z(s), z(s))
		}
	}
	return c
}

// both applies f to the states of both groups, the second with a part of memory step bytes further on.
func both(f func(st [8]int, off int) code, step int) code {
	return join(f(stateB, 0), f(stateA, step))
}

func moveStates(op, base string) code {
	return both(func(st [8]int, off int) code { return moveState(op, st, base, off) }, 512)
}

// digests stores both groups' from DI on.
func digests() code {
	return join(scatter(stateB, 0, []int{8, 9, 10, 11}), scatter(stateA, 512, []int{24, 25, 26, 27}), code{"\tADDQ $1024, DI"})
}

// wideFrame has room for two groups' schedules and states, aligned, and for a word.
const wideFrame = 8 + 2*4096 + 2*512 + 64

// wideStart reads the arguments that both kernels share and lays out the frame: BX schedules, R8 states.
func wideStart() code {
	var c code
	c.add("MOVQ dst+0(FP), DI")
	c.add("MOVQ groups+16(FP), CX")
	c.add("MOVQ mask+24(FP), R13")
	c.add("LEAQ frame-%d(SP), BX", wideFrame-8)
	c.add("ADDQ $63, BX")
	c.add("ANDQ $-64, BX")
	c.add("LEAQ 8192(BX), R8")
	return c
}

// nodes32 is the kernel of 64-byte messages, 32 a group.
func nodes32() string {
	c := wideStart()
	c.add("MOVQ src+8(FP), SI")
	c.add("MOVQ $64, R11")
	c.label("group")
	c = append(c, schedules("load")...)
	c = append(c, both(func(st [8]int, _ int) code { return initial("VPBROADCASTD", st) }, 0)...)
	c = append(c, twin("first", "BX", 512, variable)...)
	c.add("SUBQ $4096, BX")
	c = append(c, both(func(st [8]int, _ int) code { return initial("VPADDD.BCST", st) }, 0)...)
	c = append(c, moveStates("save", "R8")...)
	c.add("LEAQ pad64<>(SB), AX")
	c = append(c, twin("second", "AX", 32, constant)...)
	c = append(c, moveStates("add", "R8")...)
	c = append(c, digests()...)
	c.add("DECQ CX")
	c.add("JNZ group")
	c.add("VZEROUPPER")
	c.add("RET")
	return text("func nodes32(dst, src *byte, groups int, mask *[16]byte)", "nodes32", fmt.Sprintf("$%d-32", wideFrame), c)
}

// messages32 is the kernel of longer messages, 32 a group, each of up to three segments of whole blocks. CX:
// groups left; R12: segment; R10 and the frame: blocks left in it; SI, R11: first message, distance.
func messages32() string {
	done, left := fmt.Sprintf("done-%d(SP)", wideFrame+8), fmt.Sprintf("left-%d(SP)", wideFrame)
	c := wideStart()
	c.add("MOVQ $0, %s", done)
	c.label("group")
	c = append(c, both(func(st [8]int, _ int) code { return initial("VPBROADCASTD", st) }, 0)...)
	c = append(c, moveStates("save", "R8")...)
	c.add("MOVQ segs+8(FP), R12")
	c.label("segment")
	c.add("MOVQ 16(R12), AX")
	c.add("TESTQ AX, AX")
	c.add("JZ message")
	c.add("MOVQ AX, %s", left)
	c.add("MOVQ 8(R12), R11")
	c.add("MOVQ %s, SI", done)
	c.add("IMULQ R11, SI")
	c.add("ADDQ 0(R12), SI")
	c.label("block")
	c = append(c, schedules("load")...)
	c.add("MOVQ R11, AX")
	c.add("SHLQ $5, AX")
	c.add("SUBQ AX, SI")
	c = append(c, moveStates("load", "R8")...)
	c = append(c, twin("rounds", "BX", 512, variable)...)
	c.add("SUBQ $4096, BX")
	c = append(c, moveStates("add", "R8")...)
	c = append(c, moveStates("save", "R8")...)
	c.add("ADDQ $64, SI")
	c.add("DECQ %s", left)
	c.add("JNZ block")
	c.add("ADDQ $24, R12")
	c.add("JMP segment")
	c.label("message")
	c = append(c, digests()...)
	c.add("ADDQ $32, %s", done)
	c.add("DECQ CX")
	c.add("JNZ group")
	c.add("VZEROUPPER")
	c.add("RET")
	return text("func messages32(dst *byte, segs *[4]segment, groups int, mask *[16]byte)", "messages32",
		fmt.Sprintf("$%d-32", wideFrame+8), c)
}
