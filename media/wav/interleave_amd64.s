#include "textflag.h"

// func interleave16(dst, left, right *byte, blocks int)
//
// blocks of 16 samples: PUNPCKLBW and PUNPCKHBW (SSE2, which every amd64 has) lay the bytes of two
// registers in turn.
TEXT ·interleave16(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ left+8(FP), SI
	MOVQ right+16(FP), DX
	MOVQ blocks+24(FP), CX

next:
	MOVOU     (SI), X0
	MOVOU     (DX), X1
	MOVO      X0, X2
	PUNPCKLBW X1, X0
	PUNPCKHBW X1, X2
	MOVOU     X0, (DI)
	MOVOU     X2, 16(DI)
	ADDQ      $16, SI
	ADDQ      $16, DX
	ADDQ      $32, DI
	DECQ      CX
	JNZ       next
	RET
