//go:build itu

package g722

import (
	"encoding/binary"
	"flag"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

var vectors = flag.String("vectors", "", "folder with the ITU's files bt1c1.xmt … bt3h3.rc0")

// sequence is one file of G.722 Appendix II and its CRC-32 in the ITU's list, by the
// order of its bytes.
type sequence struct {
	file        string
	little, big uint32
}

// The ITU's digital test sequences belong to the ITU and are not kept here. They are
// part of the software that comes with the Recommendation, free of charge:
//
//	go test -tags itu ./media/g722 -run Appendix -vectors /where/they/are
//
// They drive the two bands without the mirror filters (Appendix II, configurations 1
// and 2). A word with its last bit set is a reset; else a sample has bits 15 to 1, a
// code bits 15 to 8.
func TestAppendixII(t *testing.T) {
	for _, run := range [][2]sequence{
		{{"bt1c1.xmt", 0x0C3BFCA7, 0x015ACCE4}, {"bt2r1.cod", 0xD1DAA1D1, 0x0B904231}},
		{{"bt1c2.xmt", 0x2D604685, 0xEAFC99B4}, {"bt2r2.cod", 0x344EA5D0, 0xF928980D}},
	} {
		var e Encoder
		want := run[1].words(t)
		for i, w := range run[0].words(t) {
			if w&1 != 0 {
				e.Reset()
				continue
			}
			x := int32(int16(w) >> 1)
			if got := uint16(e.higher.encodeHigher(x)<<6|e.lower.encodeLower(x)) << 8; got != want[i]&^1 {
				t.Fatalf("%s: word %d encodes to %04x, want %04x", run[0].file, i, got, want[i])
			}
		}
	}
	for _, run := range [][3]sequence{
		{{"bt2r1.cod", 0xD1DAA1D1, 0x0B904231}, {"bt3l1.rc1", 0xED1B3993, 0x90DD2D72}, {"bt3h1.rc0", 0xE9250851, 0x0BDE9C9C}},
		{{"bt2r2.cod", 0x344EA5D0, 0xF928980D}, {"bt3l2.rc1", 0xAF00F31F, 0xD2599DE8}, {"bt3h2.rc0", 0x5330AE2E, 0x3A54C7DF}},
		{{"bt1d3.cod", 0x7398964F, 0x1C85BE45}, {"bt3l3.rc1", 0xA5374659, 0x8C12ED04}, {"bt3h3.rc0", 0x3731AD7F, 0x8E8DEE65}},
	} {
		var d Decoder
		lower, higher := run[1].words(t), run[2].words(t)
		for i, w := range run[0].words(t) {
			if w&1 != 0 {
				d.Reset()
				continue
			}
			low, high := d.lower.decodeLower(byte(w>>8)&0x3F), d.higher.decodeHigher(byte(w>>14))
			if uint16(low<<1) != lower[i] || uint16(high<<1) != higher[i] {
				t.Fatalf("%s: word %d decodes to %04x and %04x, want %04x and %04x", run[0].file, i, uint16(low<<1), uint16(high<<1), lower[i], higher[i])
			}
		}
	}
}

// words reads a sequence in either order of bytes.
func (s sequence) words(t *testing.T) []uint16 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(*vectors, s.file))
	if err != nil {
		t.Fatal(err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if sum := crc32.ChecksumIEEE(b); sum != s.little {
		order = binary.BigEndian
		if sum != s.big {
			t.Fatalf("%s: CRC-32 %08x is not the ITU's", s.file, sum)
		}
	}
	w := make([]uint16, len(b)/2)
	for i := range w {
		w[i] = order.Uint16(b[2*i:])
	}
	return w
}
