#include "textflag.h"

// func encode16(codes *byte, samples *int16, blocks int, s *shrinking)
TEXT ·encode16(SB), NOSPLIT, $0-32
	MOVQ codes+0(FP), DI
	MOVQ samples+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ s+24(FP), BX
	VBROADCASTI128 0(BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VPBROADCASTW   48(BX), Y11
	VPBROADCASTW   50(BX), Y12
	VPBROADCASTW   52(BX), Y13
	VPBROADCASTW   54(BX), Y14
	VPBROADCASTB   56(BX), X15
	VMOVQ          64(BX), X6
	VMOVQ          72(BX), X7

next:
	VMOVDQU  (SI), Y0
	VPSRAW   $15, Y0, Y1
	VPXOR    Y1, Y0, Y0
	VPSRLW   X6, Y0, Y0
	VPSLLW   X7, Y0, Y0
	VPADDW   Y11, Y0, Y0
	VPMINSW  Y12, Y0, Y0 // the size, 13 bits
	VPSRLW   $5, Y0, Y2
	VPAND    Y13, Y2, Y2
	VPSHUFB  Y2, Y8, Y2
	VPSRLW   $9, Y0, Y3
	VPSHUFB  Y3, Y9, Y3
	VPMAXUB  Y3, Y2, Y2 // the segment
	VPSHUFB  Y2, Y10, Y4
	VPSLLW   $8, Y4, Y4
	VPMULHUW Y4, Y0, Y4
	VPAND    Y13, Y4, Y4 // what is behind its highest bit
	VPSLLW   $4, Y2, Y2
	VPOR     Y2, Y4, Y4
	VPAND    Y14, Y1, Y1
	VPOR     Y1, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPACKUSWB X5, X4, X4
	VPXOR    X15, X4, X4
	VMOVDQU  X4, (DI)
	ADDQ     $32, SI
	ADDQ     $16, DI
	DECQ     CX
	JNZ      next
	VZEROUPPER
	RET
