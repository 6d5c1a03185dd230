package wav

import (
	"bytes"
	"encoding/binary"
	"math"

	"breakwater/media/g711"
)

// HeaderSize is where the samples begin in a file that this package writes.
const HeaderSize = 58

// maxData is what the 32-bit lengths of RIFF leave for samples: 74 hours of stereo.
const maxData = math.MaxUint32 - HeaderSize

// Header is all that stands before the samples of a G.711 file at 8000 Hz: RIFF, fmt
// with format tag 6 or 7, fact, and the head of data. It has HeaderSize bytes for
// any size, so that it can be written anew in place while the file grows. More
// bytes than RIFF can tell are told as the most it can.
func Header(law g711.Law, channels int, dataBytes int64) []byte {
	size := uint32(min(max(0, dataBytes), maxData))
	tag := ULaw
	if law == g711.A {
		tag = ALaw
	}
	le := binary.LittleEndian
	h := make([]byte, 0, HeaderSize)
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, HeaderSize-8+size+size&1)
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 18)
	h = le.AppendUint16(h, uint16(tag))
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint32(h, g711.Rate)
	h = le.AppendUint32(h, uint32(g711.Rate*channels))
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint16(h, 8)
	h = le.AppendUint16(h, 0) // no extension
	h = append(h, "fact"...)
	h = le.AppendUint32(h, 4)
	h = le.AppendUint32(h, size/uint32(max(1, channels)))
	h = append(h, "data"...)
	return le.AppendUint32(h, size)
}

// ReadHeader tells what file a Header begins, whatever lengths it tells; false if the
// bytes begin with none.
func ReadHeader(begin []byte) (law g711.Law, channels int, ok bool) {
	if len(begin) < HeaderSize {
		return 0, 0, false
	}
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		for channels := 1; channels <= 2; channels++ {
			h := Header(law, channels, 0)
			for _, at := range []int{4, HeaderSize - 12, HeaderSize - 4} { // RIFF, fact and data
				copy(h[at:at+4], begin[at:])
			}
			if bytes.Equal(h, begin[:HeaderSize]) {
				return law, channels, true
			}
		}
	}
	return 0, 0, false
}

// Encode is a whole file: the codes of a law, interleaved if there are two channels.
func Encode(law g711.Law, channels int, codes []byte) []byte {
	file := append(Header(law, channels, int64(len(codes))), codes...)
	if len(codes)%2 == 1 {
		file = append(file, 0) // chunks end at even places
	}
	return file
}

// Interleave makes stereo of two channels: left, right, left, right. dst must have
// room for both; it tells how many bytes it wrote.
func Interleave(dst, left, right []byte) int {
	n := min(len(left), len(right), len(dst)/2)
	le := binary.LittleEndian
	i := interleaved(dst, left, right, n)
	for ; i+8 <= n; i += 8 {
		l, r := le.Uint64(left[i:i+8]), le.Uint64(right[i:i+8])
		both := dst[2*i : 2*i+16]
		le.PutUint64(both, shuffle(l&0xFFFFFFFF|r<<32))
		le.PutUint64(both[8:], shuffle(l>>32|r&^0xFFFFFFFF))
	}
	for ; i < n; i++ {
		dst[2*i], dst[2*i+1] = left[i], right[i]
	}
	return 2 * n
}

// shuffle lays the bytes of the lower and the upper half in turn: 76543210 becomes
// 73625140.
func shuffle(x uint64) uint64 {
	t := (x ^ x>>16) & 0x00000000FFFF0000
	x ^= t ^ t<<16
	t = (x ^ x>>8) & 0x0000FF000000FF00
	return x ^ t ^ t<<8
}
