#include "textflag.h"

// The codes of X0 become samples without their sign in X4 (the first eight) and X1. What terms
// holds is in X7 to X14, X5 is 0. The sign, all bits of a byte for a minus, is in X15 if SIGN
// was asked for.
#define LOAD \
	MOVOU 0(BX), X8  \
	MOVOU 16(BX), X9  \
	MOVOU 32(BX), X10 \
	MOVOU 48(BX), X11 \
	MOVOU 64(BX), X12 \
	MOVOU 80(BX), X14 \
	MOVOU 96(BX), X7  \
	MOVQ  112(BX), X13

#define SIZES \
	MOVO      X0, X1   \
	PAND      X14, X1  \
	PSLLW     X13, X1  \
	PADDB     X11, X1  \
	PSRLW     $4, X0   \
	PAND      X7, X0   \
	MOVO      X9, X2   \
	PSHUFB    X0, X2   \
	MOVO      X10, X3  \
	PSHUFB    X0, X3   \
	PXOR      X5, X5   \
	MOVO      X1, X4   \
	PUNPCKLBW X3, X4   \
	PUNPCKHBW X3, X1   \
	MOVO      X2, X6   \
	PUNPCKLBW X5, X6   \
	PUNPCKHBW X5, X2   \
	PMULLW    X6, X4   \
	PMULLW    X2, X1   \
	PSUBW     X12, X4  \
	PSUBW     X12, X1

// func energy16(codes *byte, blocks int, t *terms) uint64
TEXT ·energy16(SB), NOSPLIT, $0-32
	MOVQ codes+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ t+16(FP), BX
	LOAD
	PXOR X3, X3
	MOVQ $0, AX

next:
	MOVOU   (SI), X0
	PXOR    X8, X0
	SIZES
	PMADDWL X4, X4
	PMADDWL X1, X1
	PADDL   X1, X4
	MOVO    X4, X1
	PUNPCKLLQ X5, X4
	PUNPCKHLQ X5, X1
	PADDQ   X1, X4
	MOVQ    X4, DX
	ADDQ    DX, AX
	PSRLO   $8, X4
	MOVQ    X4, DX
	ADDQ    DX, AX
	ADDQ    $16, SI
	DECQ    CX
	JNZ     next
	MOVQ    AX, ret+24(FP)
	RET

// func decode16(samples *int16, codes *byte, blocks int, t *terms)
TEXT ·decode16(SB), NOSPLIT, $0-32
	MOVQ samples+0(FP), DI
	MOVQ codes+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ t+24(FP), BX
	LOAD

next:
	MOVOU     (SI), X0
	PXOR      X8, X0
	MOVOU     120(BX), X15
	PXOR      X0, X15
	SIZES
	PCMPGTB   X15, X5
	MOVO      X5, X15
	PUNPCKLBW X5, X5
	PUNPCKHBW X15, X15
	PXOR      X5, X4
	PXOR      X15, X1
	PSUBW     X5, X4
	PSUBW     X15, X1
	MOVOU     X4, (DI)
	MOVOU     X1, 16(DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	DECQ      CX
	JNZ       next
	PXOR      X15, X15
	RET
