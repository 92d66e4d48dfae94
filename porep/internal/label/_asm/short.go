package main

import "fmt"

// A shortKernel labels with short messages: every parent once, seven blocks of them (three in layer 1), then one of the node's
// number and the padding, after a prefix that is the same for a whole layer. No schedule is used twice, so each is made beside
// the rounds of its own block, four words before they are wanted, and nothing is kept from node to node.
type shortKernel struct{ kernel }

// The scratch memory: the words of a block of each lane, the chaining values behind the prefix, those before the block, the two
// halves of the last block, the addresses of the halves of all blocks.
func (k shortKernel) prefixed() int { return 256 * k.lanes }
func (k shortKernel) saved() int    { return k.prefixed() + 32*k.lanes }
func (k shortKernel) last() int     { return k.saved() + 32*k.lanes }
func (k shortKernel) sources() int  { return k.last() + 64*k.lanes }

// text is the whole kernel. R8: blocks left; R10: scratch memory; R11: parents; R12, R13: this and the previous layer; CX:
// nodes left; DX: addresses of the block's halves, which are SI and DI.
func (k shortKernel) text() string {
	var c code
	c.add("MOVQ j+0(FP), DX")
	c.add("MOVQ %d(DX), R10", jobMem)
	c.add("MOVQ %d(DX), R11", jobParents)
	c.add("MOVQ %d(DX), R12", jobCur)
	c.add("MOVQ %d(DX), R13", jobPrev)
	c.add("MOVQ %d(DX), CX", jobCount)
	c.add("VZEROUPPER")
	c.label("node")
	c.put(k.prep())
	c.put(k.fetch())
	c.put(load(0, k.lanes, at("R10", k.prefixed(), 32, 16)))
	c.add("LEAQ %d(R10), DX", k.sources())
	c.label("block")
	c.put(k.block())
	c.add("ADDQ $16, DX")
	c.add("DECQ R8")
	c.add("JNZ block")
	c.put(k.store())
	c.add("DECQ CX")
	c.add("JNZ node")
	c.label("return")
	c.add("RET")
	return fmt.Sprintf("// func labels%[1]ds(j *job)\nTEXT ·labels%[1]ds(SB), NOSPLIT, $0-8\n%[2]s\n\n", k.lanes, lines(c))
}

// prep checks the node's parents, writes down where they lie, and puts the node's number into the last block. R8 becomes the
// number of blocks.
func (k shortKernel) prep() code {
	var c code
	source := func(i int, layer, limit string) {
		c.add("MOVL %d(R11), AX", 4*i)
		c.add("CMPQ AX, %s", limit)
		c.add("JAE return")
		c.put(k.scale())
		c.add("ADDQ %s, AX", layer)
		c.add("MOVQ AX, %d(R10)", k.sources()+8*i)
	}
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), BX", jobNode)
	for i := range base {
		source(i, "R12", "BX")
	}
	c.add("BSWAPQ BX")
	for l := range k.lanes {
		c.add("MOVQ BX, %d(R10)", k.last()+32*l)
	}
	c.add("MOVL $%d, R8", base/2+1)
	c.add("TESTQ R13, R13")
	c.add("JZ prepared")
	c.add("MOVQ %d(SI), BX", jobNodes)
	for i := base; i < degree; i++ {
		source(i, "R13", "BX")
	}
	c.add("MOVL $%d, R8", degree/2+1)
	c.label("prepared")
	return c
}

// block hashes the block at DX.
func (k shortKernel) block() code {
	var c code
	c.put(save(0, k.lanes, at("R10", k.saved(), 32, 16)))
	c.add("MOVQ 0(DX), SI")
	c.add("MOVQ 8(DX), DI")
	for t := range 16 {
		for l := range k.lanes {
			c.put(k.words(l, t))
			c.add("SHA256RNDS2 X0, %s, %s", abef(l), cdgh(l))
			c.add("VPSHUFD $0x0e, X0, X0")
			c.add("SHA256RNDS2 X0, %s, %s", cdgh(l), abef(l))
		}
	}
	c.put(forward(0, k.lanes, at("R10", k.saved(), 32, 16)))
	return c
}

// words makes four words of a lane's schedule, in X9, and with their constants in X0. Those before lie in memory, the last four
// in X12 to X15 as well.
func (k shortKernel) words(l, t int) code {
	var c code
	at := func(t int) string { return fmt.Sprintf("%d(R10)", 256*l+16*t) }
	newest := fmt.Sprintf("X%d", 12+l)
	if t < 4 {
		c.add("VMOVDQU %d(%s), X9", 32*l+16*(t%2), []string{"SI", "DI"}[t/2])
		c.add("VPSHUFB flip32<>(SB), X9, X9")
	} else {
		c.add("VMOVDQA %s, X9", at(t-4))
		c.add("SHA256MSG1 %s, X9", at(t-3))
		c.add("VPALIGNR $4, %s, %s, X10", at(t-2), newest)
		c.add("VPADDD X10, X9, X9")
		c.add("SHA256MSG2 %s, X9", newest)
	}
	if t < 15 {
		c.add("VMOVDQA X9, %s", at(t))
		c.add("VMOVDQA X9, %s", newest)
	}
	c.add("VPADDD k256<>+%d(SB), X9, X0", 16*t)
	return c
}
