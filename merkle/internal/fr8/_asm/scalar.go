package main

// mulAdd writes the sum of products of four words by one, carried along two chains (BMI2, ADX).
func (t *text) mulAdd() {
	t.fn("mulAdd", "acc *[6]uint64, x, n *uint64, count int", 32)
	t.op("MOVQ acc+0(FP), R15")
	t.op("MOVQ x+8(FP), SI")
	t.op("MOVQ n+16(FP), DI")
	t.op("MOVQ count+24(FP), CX")
	acc := []string{"R8", "R9", "R10", "R11", "R12", "R13"}
	for i, r := range acc {
		t.op("MOVQ %d(R15), %s", 8*i, r)
	}
	t.label("term")
	t.op("MOVQ (DI), DX")
	t.op("XORQ R14, R14") // also clears both carries
	for i := range 4 {
		t.op("MULXQ %d(SI), AX, BX", 8*i)
		t.op("ADCXQ AX, %s", acc[i])
		t.op("ADOXQ BX, %s", acc[i+1])
	}
	t.op("ADCXQ R14, R12")
	t.op("ADOXQ R14, R13")
	t.op("ADCXQ R14, R13")
	t.op("ADDQ $32, SI")
	t.op("ADDQ $8, DI")
	t.op("DECQ CX")
	t.op("JNZ term")
	for i, r := range acc {
		t.op("MOVQ %s, %d(R15)", r, 8*i)
	}
	t.op("RET")
}
