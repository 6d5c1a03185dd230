// Package g711 turns the bytes of a telephone call into samples and back: both
// laws of ITU-T G.711, the direct way between them, a change of loudness and the
// power of what was said. Everything is a table look-up, or, where the processor can,
// the law computed for sixteen codes at once: no allocation, no clock.
package g711

import (
	"math"

	zaf "github.com/zaf/g711"
)

// Rate is the sampling rate of both laws, in samples (= bytes) a second.
const Rate = 8000

// Law is one of the two companding laws. The zero value is µ-law.
type Law uint8

// The laws.
const (
	Mu Law = iota // µ-law, PCMU
	A             // A-law, PCMA
)

// String names the law as an rtpmap does.
func (l Law) String() string {
	if l == A {
		return "PCMA"
	}
	return "PCMU"
}

// Silence is the code of the sample 0: 0xFF for µ-law, 0xD5 for A-law.
func (l Law) Silence() byte {
	if l == A {
		return 0xD5
	}
	return 0xFF
}

// The tables. They are exported so that a packet loop can index them in place;
// nobody may write to them. An encoding table is indexed by uint16(sample)>>2:
// neither law looks at the two lowest bits of a 16-bit sample.
var (
	ULawToLinear = decoding(zaf.DecodeUlawFrame)
	ALawToLinear = decoding(zaf.DecodeAlawFrame)
	LinearToULaw = encoding(zaf.EncodeUlawFrame)
	LinearToALaw = encoding(zaf.EncodeAlawFrame)
	ULawToALaw   = direct(zaf.Ulaw2AlawFrame) // ITU-T G.711 table 3
	ALawToULaw   = direct(zaf.Alaw2UlawFrame) // ITU-T G.711 table 4
	ULawSquare   = squares(&ULawToLinear)     // square of the decoded sample
	ALawSquare   = squares(&ALawToLinear)
)

// Decode writes the samples of src into dst and tells how many: the shorter of
// the two lengths.
func (l Law) Decode(dst []int16, src []byte) int {
	table := &ULawToLinear
	if l == A {
		table = &ALawToLinear
	}
	n := min(len(dst), len(src))
	done := l.decoded(dst[:n], src[:n])
	dst, src = dst[done:n], src[done:n]
	for i, code := range src {
		dst[i] = table[code]
	}
	return n
}

// Encode writes the codes of src into dst and tells how many: the shorter of the
// two lengths.
func (l Law) Encode(dst []byte, src []int16) int {
	table := &LinearToULaw
	if l == A {
		table = &LinearToALaw
	}
	n := min(len(dst), len(src))
	done := l.encoded(dst[:n], src[:n])
	dst, src = dst[done:n], src[done:n]
	for i, sample := range src {
		dst[i] = table[uint16(sample)>>2]
	}
	return n
}

// Map replaces every code of src by table and writes it to dst: a gain table, or
// one of the direct tables. dst and src may be the same slice. It tells how many
// codes were written: the shorter of the two lengths.
func Map(dst, src []byte, table *[256]byte) int {
	n := min(len(dst), len(src))
	dst, src = dst[:n], src[:n]
	for i, code := range src {
		dst[i] = table[code]
	}
	return n
}

// Energy is the sum of the squared samples of a frame. Sums of frames of both
// laws may be added; DBm0 makes a level of them.
func (l Law) Energy(frame []byte) uint64 {
	table := &ULawSquare
	if l == A {
		table = &ALawSquare
	}
	sum, done := l.energyOf(frame)
	for _, code := range frame[done:] {
		sum += uint64(table[code])
	}
	return sum
}

// Power is the mean power of a frame in dBm0; −Inf for digital silence or no
// samples.
func (l Law) Power(frame []byte) float64 { return DBm0(l.Energy(frame), len(frame)) }

// DBm0 is the level of energy spread over so many samples. A sine whose peaks
// touch full scale has +3.14 dBm0 (ITU-T G.711 §4: T_max of A-law; µ-law's +3.17
// is held to be the same). −Inf when there is no energy or no sample.
func DBm0(energy uint64, samples int) float64 {
	if energy == 0 || samples <= 0 {
		return math.Inf(-1)
	}
	const (
		fullScale = 1 << 30 // square of 32768
		overload  = 6.15    // dBm0 of a constant full scale: 3.14 + 3.01 for the crest of a sine
	)
	return 10*math.Log10(float64(energy)/float64(samples)/fullScale) + overload
}

// GainTable gives, for each code, the code of the same sample made louder by dB.
// 0 dB changes no bit; −96 dB or less is silence; what overflows is clipped.
func (l Law) GainTable(dB float64) *[256]byte {
	var t [256]byte
	linear, codes := &ULawToLinear, &LinearToULaw
	if l == A {
		linear, codes = &ALawToLinear, &LinearToALaw
	}
	const nothing = -96 // below one step of 16 bits
	for i := range t {
		switch {
		case dB == 0:
			t[i] = byte(i)
		case dB <= nothing || math.IsNaN(dB):
			t[i] = l.Silence()
		default:
			louder := math.Round(float64(linear[i]) * math.Pow(10, dB/20))
			t[i] = codes[uint16(Clip(louder))>>2]
		}
	}
	return &t
}

// Clip is the 16-bit sample nearest to v.
func Clip(v float64) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, v)))
}

func decoding(decode func(uint8) int16) (t [256]int16) {
	for i := range t {
		t[i] = decode(uint8(i))
	}
	return t
}

func encoding(encode func(int16) uint8) (t [1 << 14]byte) {
	for i := range t {
		t[i] = encode(int16(uint16(i << 2)))
	}
	return t
}

func direct(convert func(uint8) uint8) (t [256]byte) {
	for i := range t {
		t[i] = convert(uint8(i))
	}
	return t
}

func squares(linear *[256]int16) (t [256]uint32) {
	for i, v := range linear {
		t[i] = uint32(int32(v) * int32(v))
	}
	return t
}
