// Package mark writes into sound who speaks, what and when, so that whoever hears
// it knows whom they hear, how late, and whether anybody has changed a sample. The
// mark lies in the lowest bit of every G.711 code: a listener takes it for a little
// noise, about 30 dB below the speech, and every system that passes sound on
// without touching it passes the mark on. It survives neither a change of law nor
// a gain, and that is the point.
package mark

import "encoding/binary"

// Samples is the length of a marked frame: 20 ms at 8 kHz.
const Samples = 160

// Mark is what one frame says of itself.
type Mark struct {
	Run  uint8  // which run of the load generator
	Talk uint32 // which party in it, 24 bits
	Seq  uint32 // frames that this party has spoken before
	Sent int64  // when it was sent, in µs by the clock of the run; 48 bits: nine years
}

// Verdict is what became of a frame on its way.
type Verdict uint8

// The verdicts.
const (
	Unmarked Verdict = iota // the server's own sound, or one that was changed throughout
	Altered                 // the mark can be read, but the sound is not what was spoken
	Whole                   // bit by bit what was spoken
)

// Frame is one frame of speech made ready to be marked: its lowest bits are empty.
type Frame struct {
	codes [Samples]byte
	sum   uint32
}

const (
	lowest = 0x0101010101010101 // of eight codes
	words  = Samples / 8
)

// spread gives the eight bits of a byte to the lowest bits of eight codes, the
// highest bit to the first code.
var spread = spreads()

func spreads() (t [256]uint64) {
	for b := range t {
		for i := range 8 {
			t[b] |= uint64(b>>(7-i)&1) << (8 * i)
		}
	}
	return t
}

// Prepare takes the first 160 codes of A-law or µ-law.
func Prepare(codes []byte) *Frame {
	f := &Frame{}
	copy(f.codes[:], codes)
	for i := range f.codes {
		f.codes[i] &^= 1
	}
	sum := uint64(seed)
	for i := range words {
		sum = mix(sum, binary.LittleEndian.Uint64(f.codes[8*i:]))
	}
	f.sum = uint32(sum)
	return f
}

// Put writes the frame with its mark into dst, which has 160 bytes.
func (f *Frame) Put(dst []byte, m Mark) {
	var bits [words]byte
	binary.BigEndian.PutUint32(bits[0:], uint32(m.Run)<<24|m.Talk&0xffffff)
	binary.BigEndian.PutUint32(bits[4:], m.Seq)
	binary.BigEndian.PutUint64(bits[8:], uint64(m.Sent)<<16)
	binary.BigEndian.PutUint16(bits[14:], headSum(&bits))
	binary.BigEndian.PutUint32(bits[16:], f.sum)
	_ = dst[Samples-1]
	for i := range words {
		codes := binary.LittleEndian.Uint64(f.codes[8*i:])
		binary.LittleEndian.PutUint64(dst[8*i:], codes|spread[bits[i]])
	}
}

// Read finds the mark of a frame; the mark is valid unless the verdict is Unmarked.
// A frame of another length than 160 is unmarked.
func Read(codes []byte) (Mark, Verdict) {
	if len(codes) != Samples {
		return Mark{}, Unmarked
	}
	var bits [words]byte
	sum := uint64(seed)
	for i := range words {
		w := binary.LittleEndian.Uint64(codes[8*i:])
		bits[i] = gather(w)
		sum = mix(sum, w&^lowest)
	}
	if binary.BigEndian.Uint16(bits[14:]) != headSum(&bits) {
		return Mark{}, Unmarked
	}
	who := binary.BigEndian.Uint32(bits[0:])
	m := Mark{
		Run: uint8(who >> 24), Talk: who & 0xffffff, Seq: binary.BigEndian.Uint32(bits[4:]),
		Sent: int64(binary.BigEndian.Uint64(bits[8:]) >> 16),
	}
	if uint32(sum) != binary.BigEndian.Uint32(bits[16:]) {
		return m, Altered
	}
	return m, Whole
}

// gather is the reverse of spread.
func gather(w uint64) byte {
	const toTheTop = 0x8040201008040201 // shifts bit 8i to bit 63-i; none of the sums carries into them
	return byte((w & lowest) * toTheTop >> 56)
}

// headSum is 16 bits over who, which and when. Silence (all bits equal) has none
// that fits.
func headSum(bits *[words]byte) uint16 {
	sum := mix(seed, binary.BigEndian.Uint64(bits[0:]))
	return uint16(mix(sum, binary.BigEndian.Uint64(bits[8:])>>16))
}

const seed = 0x9e3779b97f4a7c15 // the golden ratio: any odd number with mixed bits does

// mix takes eight more bytes into a sum. For a given sum it is one-to-one, so that
// one changed byte never goes unnoticed before the sum is cut short.
func mix(sum, w uint64) uint64 {
	sum = (sum ^ w) * seed
	return sum ^ sum>>32
}
