package g711

import "golang.org/x/sys/cpu"

// terms are what both laws differ in. With them sixteen codes at a time are computed, not
// looked up: a size is a mantissa with a bias, times a power of two (ITU-T G.711 §3).
type terms struct {
	flip  [16]byte // makes a code's bits grow with the size
	power [16]byte // by segment: what the mantissa is multiplied by
	lift  [16]byte // by segment: 1 where the mantissa has one more bit than the code says
	bias  [16]byte // of the mantissa
	less  [8]int16 // and what is taken away in the end
	four  [16]byte // the bits of the mantissa, in a code
	three [16]byte // the bits of the segment, where the mantissa was
	shift uint64   // of the mantissa
	minus [16]byte // makes the first bit of a flipped code say minus
}

func (l Law) terms() *terms {
	if l == A {
		return &aTerms
	}
	return &muTerms
}

var (
	muTerms = terms{
		flip: all(0xFF), power: [16]byte{1, 2, 4, 8, 16, 32, 64, 128}, bias: all(0x84),
		less: [8]int16{0x84, 0x84, 0x84, 0x84, 0x84, 0x84, 0x84, 0x84}, four: all(0x0F), three: all(0x07), shift: 3,
	}
	aTerms = terms{
		flip: all(0x55), power: [16]byte{1, 1, 2, 4, 8, 16, 32, 64}, lift: [16]byte{0, 1, 1, 1, 1, 1, 1, 1}, bias: all(0x08),
		four: all(0x0F), three: all(0x07), shift: 4, minus: all(0x80),
	}
)

func all(b byte) (bs [16]byte) {
	for i := range bs {
		bs[i] = b
	}
	return bs
}

// energy16 is the energy of blocks of 16 codes; blocks must be at least 1.
//
//go:noescape
func energy16(codes *byte, blocks int, t *terms) uint64

// decode16 decodes blocks of 16 codes; blocks must be at least 1.
//
//go:noescape
func decode16(samples *int16, codes *byte, blocks int, t *terms)

// energyOf adds up as many whole blocks as there are, and tells of how many codes.
func (l Law) energyOf(codes []byte) (energy uint64, done int) {
	if len(codes) < 16 || !cpu.X86.HasSSSE3 {
		return 0, 0
	}
	return energy16(&codes[0], len(codes)/16, l.terms()), len(codes) &^ 15
}

// decoded decodes as many whole blocks as there are, and tells how many codes.
func (l Law) decoded(dst []int16, src []byte) (done int) {
	if len(src) < 16 || !cpu.X86.HasSSSE3 {
		return 0
	}
	decode16(&dst[0], &src[0], len(src)/16, l.terms())
	return len(src) &^ 15
}
