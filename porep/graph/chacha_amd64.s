//go:build !purego

#include "textflag.h"

// Written by hand: one macro and two blocks. Its plain twin is drgStreamsGeneric in chacha.go.

DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000300000002
DATA lanes<>+16(SB)/8, $0x0000000500000004
DATA lanes<>+24(SB)/8, $0x0000000700000006
DATA lanes<>+32(SB)/8, $0x0000000900000008
DATA lanes<>+40(SB)/8, $0x0000000b0000000a
DATA lanes<>+48(SB)/8, $0x0000000d0000000c
DATA lanes<>+56(SB)/8, $0x0000000f0000000e
GLOBL lanes<>(SB), RODATA|NOPTR, $64

// QUARTER is ChaCha's quarter round on sixteen streams.
#define QUARTER(a, b, c, d) \
	VPADDD b, a, a; \
	VPXORD a, d, d; \
	VPROLD $16, d, d; \
	VPADDD d, c, c; \
	VPXORD c, b, b; \
	VPROLD $12, b, b; \
	VPADDD b, a, a; \
	VPXORD a, d, d; \
	VPROLD $8, d, d; \
	VPADDD d, c, c; \
	VPXORD c, b, b; \
	VPROLD $7, b, b

// DOUBLE is a column round and a diagonal round.
#define DOUBLE \
	QUARTER(Z0, Z4, Z8, Z12); \
	QUARTER(Z1, Z5, Z9, Z13); \
	QUARTER(Z2, Z6, Z10, Z14); \
	QUARTER(Z3, Z7, Z11, Z15); \
	QUARTER(Z0, Z5, Z10, Z15); \
	QUARTER(Z1, Z6, Z11, Z12); \
	QUARTER(Z2, Z7, Z8, Z13); \
	QUARTER(Z3, Z4, Z9, Z14)

// LOAD sets the state: Z16 to Z19 hold the constants, Z20 to Z26 the seed, Z27 the nodes.
#define LOAD \
	VMOVDQA32 Z16, Z0; \
	VMOVDQA32 Z17, Z1; \
	VMOVDQA32 Z18, Z2; \
	VMOVDQA32 Z19, Z3; \
	VMOVDQA32 Z20, Z4; \
	VMOVDQA32 Z21, Z5; \
	VMOVDQA32 Z22, Z6; \
	VMOVDQA32 Z23, Z7; \
	VMOVDQA32 Z24, Z8; \
	VMOVDQA32 Z25, Z9; \
	VMOVDQA32 Z26, Z10; \
	VMOVDQA32 Z27, Z11; \
	VPXORD Z12, Z12, Z12; \
	VPXORD Z13, Z13, Z13; \
	VPXORD Z14, Z14, Z14; \
	VPXORD Z15, Z15, Z15

// PUT adds the input to word n of the state and stores it.
#define PUT(n, x, input) \
	VPADDD input, x, x; \
	VMOVDQU32 x, (64*n)(DI)

// func drgStreamsAVX512(seed *[7]uint32, node uint32, dst *[20][16]uint32)
TEXT ·drgStreamsAVX512(SB), NOSPLIT, $0-24
	MOVQ seed+0(FP), SI
	MOVL node+8(FP), AX
	MOVQ dst+16(FP), DI

	VPBROADCASTD AX, Z27
	VPADDD lanes<>(SB), Z27, Z27
	MOVL $0x61707865, AX
	VPBROADCASTD AX, Z16
	MOVL $0x3320646e, AX
	VPBROADCASTD AX, Z17
	MOVL $0x79622d32, AX
	VPBROADCASTD AX, Z18
	MOVL $0x6b206574, AX
	VPBROADCASTD AX, Z19
	VPBROADCASTD 0(SI), Z20
	VPBROADCASTD 4(SI), Z21
	VPBROADCASTD 8(SI), Z22
	VPBROADCASTD 12(SI), Z23
	VPBROADCASTD 16(SI), Z24
	VPBROADCASTD 20(SI), Z25
	VPBROADCASTD 24(SI), Z26

	LOAD
	MOVL $4, CX
block0:
	DOUBLE
	DECL CX
	JNZ block0
	PUT(0, Z0, Z16)
	PUT(1, Z1, Z17)
	PUT(2, Z2, Z18)
	PUT(3, Z3, Z19)
	PUT(4, Z4, Z20)
	PUT(5, Z5, Z21)
	PUT(6, Z6, Z22)
	PUT(7, Z7, Z23)
	PUT(8, Z8, Z24)
	PUT(9, Z9, Z25)
	PUT(10, Z10, Z26)
	PUT(11, Z11, Z27)
	VMOVDQU32 Z12, (64*12)(DI)
	VMOVDQU32 Z13, (64*13)(DI)
	VMOVDQU32 Z14, (64*14)(DI)
	VMOVDQU32 Z15, (64*15)(DI)

	// Block 1: the counter is 1; only its first four words are needed.
	LOAD
	MOVL $1, AX
	VPBROADCASTD AX, Z12
	MOVL $4, CX
block1:
	DOUBLE
	DECL CX
	JNZ block1
	PUT(16, Z0, Z16)
	PUT(17, Z1, Z17)
	PUT(18, Z2, Z18)
	PUT(19, Z3, Z19)
	VZEROUPPER
	RET
