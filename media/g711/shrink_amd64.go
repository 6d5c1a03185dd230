package g711

import "golang.org/x/sys/cpu"

// shrinking is what both laws differ in on the way from samples to codes, sixteen at a time:
// a size without its sign becomes 13 bits, whose highest one is the segment, and the four
// behind it are the rest of the code (ITU-T G.711 §3).
type shrinking struct {
	low, high   [16]byte // the segment, by the bits 5 to 8 of a size, and by the bits 9 to 12
	power       [16]byte // by segment: 2¹⁵ over what the size is divided by, in 256ths
	bias, most  uint16   // is added to a size; and the largest there is then
	four, minus uint16   // the bits of a code behind the segment, and the sign's
	flip        byte     // of the bits of a code
	_           [7]byte
	right, left uint64 // shifts that make 13 bits of 15
}

func (l Law) shrinking() *shrinking {
	if l == A {
		return &aShrinking
	}
	return &muShrinking
}

var (
	muShrinking = shrinking{
		low: lowSegments, high: highSegments, power: [16]byte{128, 64, 32, 16, 8, 4, 2, 1},
		bias: 33, most: 0x1FFF, four: 0x0F, minus: 0x80, flip: 0xFF, right: 2,
	}
	aShrinking = shrinking{
		low: lowSegments, high: highSegments, power: [16]byte{64, 64, 32, 16, 8, 4, 2, 1},
		most: 0x1FFF, four: 0x0F, minus: 0x80, flip: 0xD5, right: 4, left: 2,
	}
	lowSegments  = [16]byte{0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3}
	highSegments = [16]byte{0, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7}
)

// encode16 encodes blocks of 16 samples (AVX2); blocks must be at least 1.
//
//go:noescape
func encode16(codes *byte, samples *int16, blocks int, s *shrinking)

// encoded encodes as many whole blocks as there are, and tells how many samples.
func (l Law) encoded(dst []byte, src []int16) (done int) {
	if len(src) < 16 || !cpu.X86.HasAVX2 {
		return 0
	}
	encode16(&dst[0], &src[0], len(src)/16, l.shrinking())
	return len(src) &^ 15
}
