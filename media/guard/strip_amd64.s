#include "textflag.h"

// The places of a strip's fields.
#define stripX 16   // the first sample; those before it lie in front
#define stripTap 336
#define stripA1 344
#define stripA2 352
#define stripRing 360
#define stripS0 368
#define stripS1 400
#define stripS2 432
#define stripY1 464
#define stripY2 496
#define stripC00 528

// func sumStrip(s *strip)
TEXT ·sumStrip(SB), $1280-8
	MOVQ s+0(FP), DI

	// v[n] = d[n] + tap·d[n−1], d[n] = x[n] − 2x[n−1] + x[n−2]: eight at a time.
	VBROADCASTSD stripTap(DI), Y15
	MOVQ $20, CX
	LEAQ stripX(DI), SI
	LEAQ v-1280(SP), DX

strike:
	VPMOVSXWD (SI), Y0
	VPMOVSXWD -2(SI), Y1
	VPMOVSXWD -4(SI), Y2
	VPMOVSXWD -6(SI), Y3
	VPADDD Y2, Y0, Y0
	VPADDD Y1, Y1, Y4
	VPSUBD Y4, Y0, Y0
	VPADDD Y3, Y1, Y1
	VPADDD Y2, Y2, Y2
	VPSUBD Y2, Y1, Y1
	VCVTDQ2PD X0, Y4
	VCVTDQ2PD X1, Y5
	VEXTRACTI128 $1, Y0, X0
	VEXTRACTI128 $1, Y1, X1
	VCVTDQ2PD X0, Y6
	VCVTDQ2PD X1, Y7
	VFMADD231PD Y5, Y15, Y4
	VFMADD231PD Y7, Y15, Y6
	VMOVUPD Y4, (DX)
	VMOVUPD Y6, 32(DX)
	ADDQ $16, SI
	ADDQ $64, DX
	DECQ CX
	JNZ strike

	// y[n] = v[n] + a1·y[n−1] + a2·y[n−2]: the four blocks side by side, each as if there
	// was nothing before it.
	VBROADCASTSD stripA1(DI), Y14
	VBROADCASTSD stripA2(DI), Y13
	VXORPD Y0, Y0, Y0 // y[n−1]
	VXORPD Y1, Y1, Y1 // y[n−2]
	VXORPD Y2, Y2, Y2 // Σ y²
	VXORPD Y3, Y3, Y3 // Σ y·ring1
	VXORPD Y4, Y4, Y4 // Σ y·ring2
	MOVQ stripRing(DI), BX
	LEAQ v-1280(SP), SI
	MOVQ $40, CX

filter:
	VMOVSD (SI), X5
	VMOVHPD 320(SI), X5, X5
	VMOVSD 640(SI), X6
	VMOVHPD 960(SI), X6, X6
	VINSERTF128 $1, X6, Y5, Y5
	VFMADD231PD Y1, Y13, Y5
	VMOVAPD Y0, Y1
	VFMADD231PD Y0, Y14, Y5
	VMOVAPD Y5, Y0
	VBROADCASTSD (BX), Y6
	VBROADCASTSD 8(BX), Y7
	VFMADD231PD Y0, Y0, Y2
	VFMADD231PD Y6, Y0, Y3
	VFMADD231PD Y7, Y0, Y4
	ADDQ $8, SI
	ADDQ $16, BX
	DECQ CX
	JNZ filter

	VMOVUPD Y2, stripS0(DI)
	VMOVUPD Y3, stripS1(DI)
	VMOVUPD Y4, stripS2(DI)
	VMOVUPD Y0, stripY1(DI)
	VMOVUPD Y1, stripY2(DI)

	// The moments, block by block, in whole numbers.
	LEAQ stripX(DI), SI
	LEAQ stripC00(DI), DX
	MOVQ $4, CX

block:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	MOVQ $5, R8

eight:
	VMOVDQU (SI), X3
	VMOVDQU -2(SI), X4
	VMOVDQU -4(SI), X5
	VPMADDWD X5, X3, X5
	VPMADDWD X4, X3, X4
	VPMADDWD X3, X3, X3
	VPMOVSXDQ X3, Y3
	VPMOVSXDQ X4, Y4
	VPMOVSXDQ X5, Y5
	VPADDQ Y3, Y0, Y0
	VPADDQ Y4, Y1, Y1
	VPADDQ Y5, Y2, Y2
	ADDQ $16, SI
	DECQ R8
	JNZ eight

	VEXTRACTI128 $1, Y0, X3
	VEXTRACTI128 $1, Y1, X4
	VEXTRACTI128 $1, Y2, X5
	VPADDQ X3, X0, X0
	VPADDQ X4, X1, X1
	VPADDQ X5, X2, X2
	VPSRLDQ $8, X0, X3
	VPSRLDQ $8, X1, X4
	VPSRLDQ $8, X2, X5
	VPADDQ X3, X0, X0
	VPADDQ X4, X1, X1
	VPADDQ X5, X2, X2
	VMOVQ X0, (DX)
	VMOVQ X1, 32(DX)
	VMOVQ X2, 64(DX)
	ADDQ $8, DX
	DECQ CX
	JNZ block

	VZEROUPPER
	RET
