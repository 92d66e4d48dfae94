package main

import "fmt"

// Fields of an entry of a program.
const (
	entryWK, entrySlot, entrySource, entryKind, entryLate = 0, 2, 4, 6, 7
	entryPrep, entryLast                                  = 8, 9
	entrySize                                             = 12
)

// text is the whole kernel. R8, R9: schedules of this and of the next node; R10: scratch memory; R11: parents
// of the next node; R12, R13: this and the previous layer; CX: nodes left; DX: entry of the program; AX:
// schedule of the block; BX, SI, DI: schedule to expand and its two sources.
func (k kernel) text() string {
	var c code
	c.add("MOVQ j+0(FP), DX")
	c.add("MOVQ %d(DX), R10", jobMem)
	c.add("MOVQ %d(DX), R11", jobParents)
	c.add("MOVQ %d(DX), R12", jobCur)
	c.add("MOVQ %d(DX), R13", jobPrev)
	c.add("MOVQ %d(DX), CX", jobCount)
	c.add("MOVQ R10, R8")
	c.add("LEAQ %d(R10), R9", k.slot(slots))
	c.add("VZEROUPPER")
	c.put(k.start())
	c.put(k.node())
	c.put(k.dispatch())
	c.put(k.bodies())
	c.put(k.finish())
	return fmt.Sprintf("// func labels%[1]d(j *job)\nTEXT ·labels%[1]d(SB), NOSPLIT, $0-8\n%[2]s\n\n", k.lanes, lines(c))
}

func lines(c code) string {
	s := ""
	for i, l := range c {
		if i > 0 {
			s += "\n"
		}
		s += l
	}
	return s
}

// start expands all schedules of the first node; no label it needs is still in the making.
func (k kernel) start() code {
	var c code
	c.add("MOVQ %d(DX), BX", jobNode)
	c.put(k.prep("0", "return"))
	c.add("ADDQ $%d, R11", listSize)
	c.add("MOVQ $0, %d(R10)", k.late())
	c.add("MOVQ R8, BX")
	c.add("LEAQ %d(R10), DX", k.sources())
	c.add("XORQ AX, AX")
	c.label("fill")
	c.add("MOVQ (DX), SI")
	c.add("MOVQ 8(DX), DI")
	c.put(k.expand("BX"))
	c.label("skip")
	c.add("ADDQ $%d, BX", k.slot(1))
	c.add("ADDQ $16, DX")
	c.add("INCQ AX")
	c.add("CMPQ AX, $%d", slots)
	c.add("JEQ filled")
	c.add("TESTQ R13, R13")
	c.add("JNZ fill")
	c.add("CMPQ AX, $4") // layer 1 has no slots 4 to 7
	c.add("JLT fill")
	c.add("CMPQ AX, $8")
	c.add("JLT skip")
	c.add("JMP fill")
	c.label("filled")
	if k.ahead {
		c.put(load(k.lanes, k.lanes, at("iv<>", 0, 0, 16)))
		c.put(rounds(k.lanes, k.lanes, at("R8", 0, 256, 8)))
		c.put(k.keepFirst())
	}
	return c
}

// keepFirst ends the first block of a node run ahead.
func (k kernel) keepFirst() code {
	var c code
	c.put(forward(k.lanes, k.lanes, at("iv<>", 0, 0, 16)))
	c.put(save(k.lanes, k.lanes, at("R10", k.first(), 32, 16)))
	return c
}

// prep works out the sources of the node BX, whose parents are at R11: their addresses, checked, which are
// late, and its number in the prefix. It leaves for bad if a parent is out of range. Uses AX, SI, DI.
func (k kernel) prep(id, bad string) code {
	var c code
	for i := range base {
		c.add("MOVL %d(R11), AX", 4*i)
		c.add("CMPQ AX, BX")
		c.add("JAE %s", bad)
		c.add("LEAQ 1(AX), DI")
		c.add("CMPQ DI, BX")
		c.add("SETEQ %d(R10)", k.late()+i)
		c.put(k.scale())
		c.add("ADDQ R12, AX")
		c.add("MOVQ AX, %d(R10)", k.sources()+16+8*i)
	}
	for l := range k.lanes {
		if l == 0 {
			c.add("MOVQ BX, AX")
			c.add("BSWAPQ AX")
		}
		c.add("MOVQ AX, %d(R10)", k.head()+32*l+4)
	}
	c.add("TESTQ R13, R13")
	c.add("JZ layer1_%s", id)
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), SI", jobNodes)
	for i := base; i < degree; i++ {
		c.add("MOVL %d(R11), AX", 4*i)
		c.add("CMPQ AX, SI")
		c.add("JAE %s", bad)
		c.put(k.scale())
		c.add("ADDQ R13, AX")
		c.add("MOVQ AX, %d(R10)", k.sources()+16+8*i)
		if i == 8 {
			c.add("MOVQ AX, %d(R10)", k.sources()+16*slotEnd)
		}
	}
	c.add("JMP prepared_%s", id)
	c.label("layer1_" + id)
	c.add("MOVQ %d(R10), AX", k.sources()+16)
	c.add("MOVQ AX, %d(R10)", k.sources()+16*slotEnd)
	c.add("MOVBLZX %d(R10), AX", k.late())
	c.add("MOVB AX, %d(R10)", k.late()+6)
	c.label("prepared_" + id)
	return c
}

// node begins a node: its chaining values and its program.
func (k kernel) node() code {
	var c code
	c.label("node")
	c.put(k.fetch())
	if k.ahead {
		c.put(load(0, k.lanes, at("R10", k.first(), 32, 16)))
	} else {
		c.put(load(0, k.lanes, at("iv<>", 0, 0, 16)))
	}
	c.put(save(0, k.lanes, at("R10", k.saved(), 32, 16)))
	c.add("LEAQ program%d_2<>(SB), DX", k.lanes)
	c.add("LEAQ program%d_1<>(SB), AX", k.lanes)
	c.add("TESTQ R13, R13")
	c.add("CMOVQEQ AX, DX")
	return c
}

// dispatch reads an entry: prefetch, preparation, then the body for its kind.
func (k kernel) dispatch() code {
	var c code
	c.label("block")
	c.add("CMPB %d(DX), $0", entryPrep)
	c.add("JEQ dispatch")
	c.add("CMPQ CX, $1")
	c.add("JEQ dispatch")
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), BX", jobNode)
	c.add("INCQ BX")
	c.put(k.prep("1", "bad"))
	c.add("JMP dispatch")
	c.label("bad")
	c.add("MOVQ $1, CX") // this node is the last
	c.label("dispatch")
	c.add("MOVWLZX %d(DX), AX", entryWK)
	c.add("ADDQ R8, AX")
	c.add("MOVBLZX %d(DX), DI", entryKind)
	c.add("TESTL DI, DI")
	c.add("JZ plain")
	c.add("MOVBLZX %d(DX), SI", entryLate)
	c.add("MOVWLZX %d(R10)(SI*2), SI", k.late())
	c.add("MOVWLZX %d(DX), BX", entrySlot)
	c.add("CMPL DI, $%d", nextSlot)
	c.add("JEQ next")
	if k.ahead {
		c.add("CMPL DI, $%d", prefix)
		c.add("JEQ prefix")
	}
	c.add("TESTL SI, SI")
	c.add("JZ plain")
	c.add("ADDQ R8, BX")
	c.put(k.sourcesOf())
	if k.ahead {
		c.add("CMPL DI, $%d", lateNow)
		c.add("MOVQ 8(SI), DI")
		c.add("MOVQ 0(SI), SI")
		c.add("JEQ fused")
	} else {
		c.add("MOVQ 8(SI), DI")
		c.add("MOVQ 0(SI), SI")
	}
	c.add("JMP both")
	c.label("next")
	c.add("TESTL SI, SI")
	c.add("JNZ plain")
	c.add("CMPQ CX, $1")
	c.add("JEQ plain")
	c.add("ADDQ R9, BX")
	c.put(k.sourcesOf())
	c.add("MOVQ 8(SI), DI")
	c.add("MOVQ 0(SI), SI")
	return c
}

// fetch fetches the parents of a later node into the cache. They lie all over the layers, and a fetch retires no sooner than its
// page is found: one here and one there would each hold the rounds up for most of a page walk, while walks for
// all parents at a time, the first line of each before the second of any, overlap.
func (k kernel) fetch() code {
	var c code
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), SI", jobFetch)
	c.put(k.fetchLines(0, base, "R12"))
	c.add("TESTQ R13, R13")
	c.add("JZ fetched")
	c.put(k.fetchLines(base, degree, "R13"))
	c.label("fetched")
	return c
}

// fetchLines fetches the parents from number from to number to in a layer.
func (k kernel) fetchLines(from, to int, layer string) code {
	var c code
	for off := 0; off < 32*k.lanes; off += 64 {
		for i := from; i < to; i++ {
			c.add("MOVL %d(SI), AX", 4*i)
			c.put(k.scale())
			if off == 0 {
				c.add("PREFETCHT0 (%s)(AX*1)", layer)
			} else {
				c.add("PREFETCHT0 %d(%s)(AX*1)", off, layer)
			}
		}
	}
	return c
}

// scale makes the number of a node, in AX, its offset in a layer.
func (k kernel) scale() code {
	var c code
	if k.lanes == 3 {
		c.add("LEAQ (AX)(AX*2), AX")
		c.add("SHLQ $5, AX")
	} else {
		c.add("SHLQ $%d, AX", 5+k.lanes/2) // 1, 2, 4 lanes: 32, 64, 128 bytes
	}
	return c
}

// sourcesOf points SI to the two sources of the entry's slot.
func (k kernel) sourcesOf() code {
	var c code
	c.add("MOVWLZX %d(DX), SI", entrySource)
	c.add("ADDQ R10, SI")
	return c
}

func (k kernel) expand(dst string) code {
	return expand(k.lanes, at("SI", 0, 32, 16), at("DI", 0, 32, 16), at(dst, 0, 256, 16))
}

// bodies are the rounds of a block: beside the expansion of another schedule, alone, beside the first block of
// the next node, behind the expansion of its own schedule.
func (k kernel) bodies() code {
	var c code
	wk := at("AX", 0, 256, 8)
	c.label("both")
	c.put(weave(rounds(0, k.lanes, wk), k.expand("BX"), 2*k.lanes*k.step))
	c.add("JMP added")
	c.label("plain")
	c.put(rounds(0, k.lanes, wk))
	c.label("added")
	c.put(forward(0, k.lanes, at("R10", k.saved(), 32, 16)))
	c.add("CMPB %d(DX), $0", entryLast)
	c.add("JNE finish")
	c.put(save(0, k.lanes, at("R10", k.saved(), 32, 16)))
	c.add("ADDQ $%d, DX", entrySize)
	c.add("JMP block")
	if !k.ahead {
		return c
	}
	c.label("prefix")
	c.add("CMPQ CX, $1")
	c.add("JEQ plain")
	c.put(load(k.lanes, k.lanes, at("iv<>", 0, 0, 16)))
	for h := range 32 {
		c.put(half(0, k.lanes, h, wk), half(k.lanes, k.lanes, h, at("R9", 0, 256, 8)))
	}
	c.put(k.keepFirst())
	c.add("JMP added")
	c.label("fused") // the second lane's words lie where the first block ran ahead: never in one body
	for t := range 17 {
		for l := range k.lanes {
			if t < 16 {
				c.put(quad(9-4*l, l, t, at("SI", 0, 32, 16), at("DI", 0, 32, 16), at("BX", 0, 256, 16)))
			}
		}
		if t > 0 {
			c.put(half(0, k.lanes, 2*t-2, wk), half(0, k.lanes, 2*t-1, wk))
		}
	}
	c.add("JMP added")
	return c
}

// finish stores the labels of a node and turns to the next.
func (k kernel) finish() code {
	var c code
	c.label("finish")
	c.put(k.store())
	c.add("XCHGQ R8, R9")
	c.add("DECQ CX")
	c.add("JNZ node")
	c.label("return")
	c.add("RET")
	return c
}

// store stores the labels of a node and moves the job and R11 on to the next.
func (k kernel) store() code {
	var c code
	c.add("MOVQ j+0(FP), SI")
	c.add("MOVQ %d(SI), DI", jobOut)
	c.put(digest(k.lanes, at("DI", 0, 32, 16)))
	c.add("ADDQ $%d, DI", 32*k.lanes)
	c.add("MOVQ DI, %d(SI)", jobOut)
	c.add("INCQ %d(SI)", jobNode)
	c.add("ADDQ $%d, R11", listSize)
	c.add("CMPQ %d(SI), $0", jobFetchLeft)
	c.add("JEQ near")
	c.add("DECQ %d(SI)", jobFetchLeft)
	c.add("ADDQ $%d, %d(SI)", listSize, jobFetch)
	c.label("near")
	return c
}
