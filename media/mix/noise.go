package mix

import "math"

// Noise is comfort noise (RFC 3389): what a line sounds like whose party sends nothing
// in its pauses. It is white; the spectrum that a party may tell is not obeyed (§3.2 leaves
// that free).
type Noise struct {
	seed uint32
	peak int32
}

// Level sets how loud it is, by the first byte of a comfort noise packet: dB below
// overload (RFC 3389 §3.1); 127 is as good as silence.
func (n *Noise) Level(below uint8) {
	const overload = 32768 // root mean square of the loudest signal there is, a square
	mean := overload * math.Pow(10, -float64(below&0x7F)/20)
	n.peak = int32(min(mean*math.Sqrt(3), overload-1)) // of evenly spread samples
}

// Loud tells whether there is anything to hear.
func (n *Noise) Loud() bool { return n.peak > 0 }

// Fill writes noise.
func (n *Noise) Fill(dst []int16) {
	for i := range dst {
		n.seed = n.seed*1664525 + 1013904223 // a linear congruence; its upper bits are random enough to the ear
		dst[i] = int16(int64(int32(n.seed)) * int64(n.peak) >> 31)
	}
}
