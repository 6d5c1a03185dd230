#include "textflag.h"

// The places of a strip's fields.
#define stripSamples 0
#define stripBy 8
#define stripX1 16
#define stripX2 48
#define stripD1 80
#define stripS0 112
#define stripS1 144
#define stripS2 176
#define stripC00 208
#define stripC01 240
#define stripC02 272
#define stripY1 304
#define stripY2 336
#define stripTop 368

// And of a stripFilter's.
#define byMinus2 0
#define byTap 32
#define byA1 64
#define byA2 96
#define byRing 128

// Four samples of each of the four blocks: X13 has the first and the second of each, X14 the
// third and the fourth. Of the whole of a block nothing is larger than X15.
#define LOAD \
	VMOVQ      (SI), X13           \
	VPUNPCKLWD 80(SI), X13, X13    \
	VMOVQ      160(SI), X14        \
	VMOVQ      240(SI), X12        \
	VPUNPCKLWD X12, X14, X14       \
	VPUNPCKHDQ X14, X13, X12       \
	VPUNPCKLDQ X14, X13, X13       \
	VMOVDQA    X12, X14            \
	VPABSW     X13, X12            \
	VPMAXUW    X12, X15, X15       \
	VPABSW     X14, X12            \
	VPMAXUW    X12, X15, X15

// One sample of each block, x, is in WORDS. x1 and x2 are those before it, d1 the second
// difference before it, y1 and y2 the last two outputs of the filter:
//   d = x − 2·x1 + x2, v = d + tap·d1, y = v + a2·y2 + a1·y1
// What is before the next sample is then where this one had it, but for one place: x is
// where x2 was, d where D says, y where y2 was.
#define SAMPLE(WORDS, x1, x2, D, d1, y1, y2, AT) \
	VPMOVSXWD    WORDS, X12         \
	VCVTDQ2PD    X12, Y12           \
	VADDPD       Y12, x2, D         \
	VFMADD231PD  byMinus2(BX), x1, D \
	VFMADD132PD  byTap(BX), D, d1   \
	VFMADD132PD  byA2(BX), d1, y2   \
	VFMADD231PD  byA1(BX), y1, y2   \
	VFMADD231PD  Y12, Y12, Y5       \
	VFMADD231PD  Y12, x1, Y6        \
	VFMADD231PD  Y12, x2, Y7        \
	VMOVAPD      Y12, x2            \
	VFMADD231PD  y2, y2, Y2         \
	VBROADCASTSD AT+0(DX), Y12      \
	VFMADD231PD  Y12, y2, Y3        \
	VBROADCASTSD AT+8(DX), Y12      \
	VFMADD231PD  Y12, y2, Y4

// func sumStrip(s *strip)
TEXT ·sumStrip(SB), NOSPLIT, $0-8
	MOVQ s+0(FP), DI
	MOVQ stripSamples(DI), SI
	MOVQ stripBy(DI), BX
	LEAQ byRing(BX), DX
	VXORPD Y0, Y0, Y0 // y[n−1]: each block is filtered as if there was nothing before it
	VXORPD Y1, Y1, Y1 // y[n−2]
	VXORPD Y2, Y2, Y2 // Σ y²
	VXORPD Y3, Y3, Y3 // Σ y·ring[0]
	VXORPD Y4, Y4, Y4 // Σ y·ring[1]
	VXORPD Y5, Y5, Y5 // Σ x[n]²: all are whole numbers below 2⁵³, which are exact
	VXORPD Y6, Y6, Y6 // Σ x[n]·x[n−1]
	VXORPD Y7, Y7, Y7 // Σ x[n]·x[n−2]
	VPXOR  X15, X15, X15
	VMOVUPD stripX1(DI), Y8
	VMOVUPD stripX2(DI), Y9
	VMOVUPD stripD1(DI), Y10
	MOVQ $10, CX

four:
	LOAD
	SAMPLE(X13, Y8, Y9, Y11, Y10, Y0, Y1, 0)
	VPSRLDQ $8, X13, X13
	SAMPLE(X13, Y9, Y8, Y10, Y11, Y1, Y0, 16)
	SAMPLE(X14, Y8, Y9, Y11, Y10, Y0, Y1, 32)
	VPSRLDQ $8, X14, X14
	SAMPLE(X14, Y9, Y8, Y10, Y11, Y1, Y0, 48)
	ADDQ $8, SI
	ADDQ $64, DX
	DECQ CX
	JNZ four

	VMOVUPD Y2, stripS0(DI)
	VMOVUPD Y3, stripS1(DI)
	VMOVUPD Y4, stripS2(DI)
	VMOVUPD Y5, stripC00(DI)
	VMOVUPD Y6, stripC01(DI)
	VMOVUPD Y7, stripC02(DI)
	VMOVUPD Y0, stripY1(DI)
	VMOVUPD Y1, stripY2(DI)
	VMOVDQU X15, stripTop(DI)
	VZEROUPPER
	RET
