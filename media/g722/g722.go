// Package g722 is the wideband voice of a desk phone: ITU-T G.722 at 64 kbit/s,
// 7 kHz of sound in as many bytes as G.711 needs for 3.4. It turns samples of 16 kHz
// into bytes and back, one byte for two samples, bit for bit as the Recommendation
// says. Mode 1 only: no byte is shared with a data channel. No allocation, no clock.
//
// Sound is split into two bands of 4 kHz by a pair of mirror filters (qmf.go); each
// band predicts its next sample and sends, coarsely, how wrong it was (band.go): 6
// bits for the lower band, 2 for the higher one.
package g722

// Rate is the sampling rate, in samples a second; the codec makes half as many bytes.
const Rate = 16000

// block is how many bytes are worked on at once: 20 ms. It is a matter of speed only.
const block = 160

// Encoder is one direction's encoder. The zero value is the reset state of the
// Recommendation; assigning one Encoder to another copies its state.
type Encoder struct {
	lower, higher band
	past          [taps - 2]int16 // the newest samples already heard, oldest first
}

// Encode writes the bytes of src into dst and tells how many: half of the samples or
// the length of dst, whichever is less. An odd sample at the end is not heard.
func (e *Encoder) Encode(dst []byte, src []int16) int {
	n := min(len(dst), len(src)/2)
	for at := 0; at < n; at += block {
		to := min(at+block, n)
		e.encode(dst[at:to], src[2*at:2*to])
	}
	return n
}

// Reset forgets all that was heard.
func (e *Encoder) Reset() { *e = Encoder{} }

// encode takes at most one block.
func (e *Encoder) encode(dst []byte, src []int16) {
	var heard [taps - 2 + 2*block]int16
	copy(heard[:], e.past[:])
	copy(heard[len(e.past):], src)
	for i := range dst {
		low, high := split((*[taps]int16)(heard[2*i:]))
		dst[i] = e.higher.encodeHigher(high)<<6 | e.lower.encodeLower(low)
	}
	copy(e.past[:], heard[len(src):])
}

// Decoder is one direction's decoder. The zero value is the reset state of the
// Recommendation; assigning one Decoder to another copies its state. Every byte
// decodes to something: after a loss the sound is wrong for some milliseconds and
// finds its way back.
type Decoder struct {
	lower, higher band
	past          pairs // of the newest samples already decoded, oldest first
}

// Decode writes the samples of src into dst and tells how many: two for each byte, as
// many as fit in pairs into dst.
func (d *Decoder) Decode(dst []int16, src []byte) int {
	n := min(len(dst)/2, len(src))
	for at := 0; at < n; at += block {
		to := min(at+block, n)
		d.decode(dst[2*at:2*to], src[at:to])
	}
	return 2 * n
}

// Reset forgets all that was decoded.
func (d *Decoder) Reset() { *d = Decoder{} }

// decode takes at most one block.
func (d *Decoder) decode(dst []int16, src []byte) {
	const kept = len(d.past.sum)
	var sum, difference [kept + block]int16
	copy(sum[:], d.past.sum[:])
	copy(difference[:], d.past.difference[:])
	for i, code := range src {
		low := d.lower.decodeLower(code & 0x3F)
		high := d.higher.decodeHigher(code >> 6)
		sum[kept+i] = int16(low + high)
		difference[kept+i] = int16(low - high)
		dst[2*i] = join((*[taps / 2]int16)(difference[i:]), &odd)
		dst[2*i+1] = join((*[taps / 2]int16)(sum[i:]), &even)
	}
	copy(d.past.sum[:], sum[len(src):])
	copy(d.past.difference[:], difference[len(src):])
}
