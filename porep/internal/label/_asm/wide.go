package main

import "fmt"

// The AVX-512 kernel labels five to sixteen sectors: a register holds one word of all of them. Labels lie in
// memory that way too, so nothing is ever transposed. Words are in Z0 to Z15, the state in Z16 to Z23,
// temporaries in Z24 to Z31; K1 masks the lanes that there are. With one state the rounds wait for each other's
// results; so a schedule is made between the rounds of its first block, and kept for the others.

func z(n int) string { return fmt.Sprintf("Z%d", n) }

// turn is a round whose schedule word, constant added, has been added to h already. Copies are made of what was
// there before, and e waits for a rotation, an XOR and one sum only.
func turn(t int, tmp [4]int) code {
	r := func(i int) string { return z(16 + (i+64-t)%8) }
	a, b, c, d, e, f, g, h := r(0), r(1), r(2), r(3), r(4), r(5), r(6), r(7)
	t0, t1, t2, t3 := z(tmp[0]), z(tmp[1]), z(tmp[2]), z(tmp[3])
	var o code
	o.add("VPRORD $6, %s, %s", e, t1)
	o.add("VPRORD $11, %s, %s", e, t2)
	o.add("VMOVDQA64 %s, %s", g, t0)
	o.add("VPTERNLOGD $0xd8, %s, %s, %s", e, f, t0) // e ? f : g
	o.add("VPRORD $25, %s, %s", e, t3)
	o.add("VPADDD %s, %s, %s", h, d, d)
	o.add("VPTERNLOGD $0x96, %s, %s, %s", t3, t2, t1)
	o.add("VPADDD %s, %s, %s", t0, d, d)
	o.add("VPADDD %s, %s, %s", t0, h, h)
	o.add("VPADDD %s, %s, %s", t1, d, d)
	o.add("VPADDD %s, %s, %s", t1, h, h)
	o.add("VPRORD $2, %s, %s", a, t1)
	o.add("VPRORD $13, %s, %s", a, t2)
	o.add("VMOVDQA64 %s, %s", c, t0)
	o.add("VPTERNLOGD $0xe8, %s, %s, %s", a, b, t0) // majority
	o.add("VPRORD $22, %s, %s", a, t3)
	o.add("VPADDD %s, %s, %s", t0, h, h)
	o.add("VPTERNLOGD $0x96, %s, %s, %s", t3, t2, t1)
	o.add("VPADDD %s, %s, %s", t1, h, h)
	return o
}

// word adds W and K of round t to h and keeps the sum at BX.
func word(t int) code {
	var c code
	h := z(16 + (7+64-t)%8)
	c.add("VPADDD.BCST %d(AX), %s, Z31", 4*t, z(t))
	c.add("VMOVDQU64 Z31, %d(BX)", 64*t)
	c.add("VPADDD Z31, %s, %s", h, h)
	return c
}

// next replaces W[t] by W[t+16].
func next(t int) code {
	var c code
	r := func(i int) string { return z((t + i) % 16) }
	sigma := func(x string, a, b, s int) {
		c.add("VPRORD $%d, %s, Z28", a, x)
		c.add("VPRORD $%d, %s, Z29", b, x)
		c.add("VPSRLD $%d, %s, Z30", s, x)
		c.add("VPTERNLOGD $0x96, Z30, Z29, Z28")
		c.add("VPADDD Z28, %s, %s", r(0), r(0))
	}
	c.add("VPADDD %s, %s, %s", r(9), r(0), r(0))
	sigma(r(1), 7, 18, 3)
	sigma(r(14), 17, 19, 10)
	return c
}

// The scratch memory of the wide kernel: nine schedules of 4096 bytes, the sources that are not labels in rows
// of sixteen lanes at most, the sources of all slots, the chaining values.
const (
	wideSlot    = 4096
	wideIDs     = slots * wideSlot
	wideHead    = wideIDs + 512
	wideEnd     = wideHead + 512
	wideSources = wideEnd + 512
	wideState   = wideSources + 192
	jobLanes    = 80
)

// wideText is the kernel. R8: bytes of a word of all lanes; R9: three times that; R10: scratch memory; R11:
// parents; R12, R13: this and the previous layer; CX: nodes left; DX: block; AX: K; BX: schedule; SI, DI: its
// sources.
func wideText() string {
	var c code
	c.add("MOVQ j+0(FP), DX")
	c.add("MOVQ %d(DX), R10", jobMem)
	c.add("MOVQ %d(DX), R11", jobParents)
	c.add("MOVQ %d(DX), R12", jobCur)
	c.add("MOVQ %d(DX), R13", jobPrev)
	c.add("MOVQ %d(DX), R8", jobLanes)
	c.add("MOVQ R8, CX")
	c.add("MOVL $1, AX")
	c.add("SHLL CX, AX")
	c.add("DECL AX")
	c.add("KMOVW AX, K1")
	c.add("SHLQ $2, R8")
	c.add("LEAQ (R8)(R8*2), R9")
	c.add("MOVQ %d(DX), CX", jobCount)
	c.label("node")
	c.put(widePages())
	c.put(widePrep())
	for i := range 8 {
		c.add("VPBROADCASTD h256<>+%d(SB), %s", 4*i, z(16+i))
	}
	c.add("XORQ DX, DX")
	c.label("block")
	c.put(wideBlock())
	c.put(wideFinish())
	return fmt.Sprintf("// func labels16(j *job)\nTEXT ·labels16(SB), NOSPLIT, $0-8\n%s\n\n", lines(c))
}

// widePrep checks the node's parents and works out the sources of its schedules, and puts its number into the
// prefix.
func widePrep() code {
	var c code
	c.add("MOVQ j+0(FP), DI")
	c.add("MOVQ %d(DI), BX", jobNode)
	source := func(i int, layer, limit string) {
		c.add("MOVL %d(R11), AX", 4*i)
		c.add("CMPQ AX, %s", limit)
		c.add("JAE return")
		c.add("IMULQ R8, AX")
		c.add("SHLQ $3, AX")
		c.add("ADDQ %s, AX", layer)
		c.add("MOVQ AX, %d(R10)", wideSources+16+8*i)
		if i == 8 || i == 0 {
			c.add("MOVQ AX, %d(R10)", wideSources+16*slotEnd)
		}
	}
	for i := range base {
		source(i, "R12", "BX")
	}
	c.add("VPBROADCASTD BX, Z1")
	c.add("MOVQ BX, AX")
	c.add("SHRQ $32, AX")
	c.add("VPBROADCASTD AX, Z0")
	c.add("LEAQ %d(R10), SI", wideHead)
	c.add("VMOVDQU32 Z0, K1, (SI)(R8*1)")
	c.add("VMOVDQU32 Z1, K1, (SI)(R8*2)")
	c.add("TESTQ R13, R13")
	c.add("JZ prepared")
	c.add("MOVQ %d(DI), BX", jobNodes)
	for i := base; i < degree; i++ {
		source(i, "R13", "BX")
	}
	c.label("prepared")
	return c
}

// wideBlock is a block: DX its number. A table gives its slot and whether the schedule is to be made.
func wideBlock() code {
	var c code
	c.add("LEAQ wide2<>(SB), AX")
	c.add("LEAQ wide1<>(SB), BX")
	c.add("TESTQ R13, R13")
	c.add("CMOVQEQ BX, AX")
	c.put(wideFetch())
	c.add("MOVL (AX)(DX*4), AX")
	for i := range 8 {
		c.add("VMOVDQU64 %s, %d(R10)", z(16+i), wideState+64*i)
	}
	c.add("MOVL AX, BX")
	c.add("ANDL $15, BX")
	c.add("MOVQ BX, SI")
	c.add("SHLQ $4, SI")
	c.add("SHLQ $12, BX")
	c.add("ADDQ R10, BX")
	c.add("TESTL $16, AX")
	c.add("JZ kept")
	c.add("MOVQ %d(R10)(SI*1), DI", wideSources+8)
	c.add("MOVQ %d(R10)(SI*1), SI", wideSources)
	for half, reg := range []string{"SI", "DI"} {
		c.add("LEAQ (%s)(R9*1), AX", reg)
		for i, at := range []string{"(%[1]s)", "(%[1]s)(R8*1)", "(%[1]s)(R8*2)", "(AX)", "(%[1]s)(R8*4)", "(AX)(R8*2)", "(%[1]s)(R9*2)", "(AX)(R8*4)"} {
			if i != 3 && i != 5 && i != 7 {
				at = fmt.Sprintf(at, reg)
			}
			c.add("VMOVDQU32.Z %s, K1, %s", at, z(8*half+i))
		}
	}
	c.add("LEAQ k256<>(SB), AX")
	c.add("LEAQ k256<>+192(SB), DI")
	c.label("make")
	for t := range 16 {
		c.put(word(t), weave(turn(t, [4]int{24, 25, 26, 27}), next(t), 2))
	}
	c.add("ADDQ $1024, BX")
	c.add("ADDQ $64, AX")
	c.add("CMPQ AX, DI")
	c.add("JNE make")
	for t := range 16 {
		c.put(word(t), turn(t, [4]int{24, 25, 26, 27}))
	}
	c.add("JMP added")
	c.label("kept")
	c.add("LEAQ 4096(BX), DI")
	c.label("repeat")
	for t := range 8 {
		h := z(16 + (7+64-t)%8)
		c.add("VPADDD %d(BX), %s, %s", 64*t, h, h)
		c.put(turn(t, [4]int{24, 25, 26, 27}))
	}
	c.add("ADDQ $512, BX")
	c.add("CMPQ BX, DI")
	c.add("JNE repeat")
	c.label("added")
	for i := range 8 {
		c.add("VPADDD %d(R10), %s, %s", wideState+64*i, z(16+i), z(16+i))
	}
	c.add("INCQ DX")
	c.add("CMPQ DX, $20")
	c.add("JNE block")
	return c
}

// widePages fetches the first line of all parents of a later node, so that the walks for their pages overlap.
func widePages() code {
	var c code
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), SI", jobFetch)
	for i := range degree {
		layer := "R12"
		if i >= base {
			layer = "R13"
		}
		if i == base {
			c.add("TESTQ R13, R13")
			c.add("JZ pages")
		}
		c.add("MOVL %d(SI), AX", 4*i)
		c.add("IMULQ R8, AX")
		c.add("PREFETCHT0 (%s)(AX*8)", layer)
	}
	c.label("pages")
	return c
}

// wideFetch fetches the other lines of parent DX of a later node into the cache, up to seven. Keeps AX.
func wideFetch() code {
	var c code
	c.add("CMPQ DX, $%d", degree)
	c.add("JAE fetched")
	c.add("MOVQ R12, SI")
	c.add("CMPQ DX, $%d", base)
	c.add("JB near")
	c.add("MOVQ R13, SI")
	c.add("TESTQ R13, R13")
	c.add("JZ fetched")
	c.label("near")
	c.add("MOVQ j+0(FP), DI")
	c.add("MOVQ %d(DI), DI", jobFetch)
	c.add("MOVL (DI)(DX*4), DI")
	c.add("IMULQ R8, DI")
	c.add("LEAQ (SI)(DI*8), SI")
	for i := 1; i < 8; i++ {
		c.add("PREFETCHT0 %d(SI)", 64*i)
	}
	c.label("fetched")
	return c
}

// wideFinish stores the labels of a node and turns to the next.
func wideFinish() code {
	var c code
	c.add("VPANDD.BCST cut254<>(SB), Z23, Z23")
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), DI", jobOut)
	for i := range 8 {
		c.add("VMOVDQU32 %s, K1, (DI)", z(16+i))
		c.add("ADDQ R8, DI")
	}
	c.add("MOVQ DI, %d(SI)", jobOut)
	c.add("INCQ %d(SI)", jobNode)
	c.add("ADDQ $%d, R11", listSize)
	c.add("CMPQ %d(SI), $0", jobFetchLeft)
	c.add("JEQ last")
	c.add("DECQ %d(SI)", jobFetchLeft)
	c.add("ADDQ $%d, %d(SI)", listSize, jobFetch)
	c.label("last")
	c.add("DECQ CX")
	c.add("JNZ node")
	c.label("return")
	c.add("VZEROUPPER")
	c.add("RET")
	return c
}

// wideTables are the slots of the blocks in layer 1 and above, with 16 where the schedule is used first.
func wideTables() string {
	k := kernel{lanes: 4}
	s := ""
	for i, p := range [][]entry{k.program(true), k.program(false)} {
		var words []uint32
		seen := map[int]bool{}
		for _, e := range p {
			w := uint32(e.wk)
			if !seen[e.wk] {
				w |= 16
			}
			seen[e.wk] = true
			words = append(words, w)
		}
		s += data(fmt.Sprintf("wide%d", i+1), words)
	}
	return s + data("cut254", []uint32{0xffffff3f})
}
