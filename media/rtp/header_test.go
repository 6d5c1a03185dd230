package rtp

import (
	"errors"
	"testing"

	pion "github.com/pion/rtp"
)

func TestParse(t *testing.T) {
	plain := []byte{0x80, 0x88, 0, 7, 0, 0, 0, 160, 1, 2, 3, 4}
	with := func(first byte, rest ...byte) []byte {
		p := append([]byte{}, plain...)
		p[0] = first
		return append(p, rest...)
	}
	for name, c := range map[string]struct {
		packet   []byte
		from, to int
		err      error
	}{
		"a plain packet":                          {with(0x80, 1, 2, 3), 12, 15, nil},
		"a packet without payload":                {plain, 12, 12, nil},
		"two contributing sources":                {with(0x82, 0, 0, 0, 1, 0, 0, 0, 2, 9), 20, 21, nil},
		"an extension of one word":                {with(0x90, 0xBE, 0xDE, 0, 1, 0, 0, 0, 0, 9), 20, 21, nil},
		"an empty extension":                      {with(0x90, 0xBE, 0xDE, 0, 0, 9), 16, 17, nil},
		"padding of three":                        {with(0xA0, 9, 0, 0, 3), 12, 13, nil},
		"padding that is all of the payload":      {with(0xA0, 0, 2), 12, 12, nil},
		"nothing":                                 {nil, 0, 0, ErrShort},
		"eleven bytes":                            {plain[:11], 0, 0, ErrShort},
		"another version":                         {with(0x40), 0, 0, ErrVersion},
		"contributing sources beyond the end":     {with(0x81, 0, 0, 0), 0, 0, ErrShort},
		"an extension whose head is cut":          {with(0x90, 0, 0, 0), 0, 0, ErrShort},
		"an extension beyond the end":             {with(0x90, 0, 0, 0, 2, 0, 0, 0, 0), 0, 0, ErrShort},
		"an extension beyond the end, at its max": {with(0x90, 0, 0, 255, 255), 0, 0, ErrShort},
		"padding of none":                         {with(0xA0, 9, 0), 0, 0, ErrPadding},
		"padding over the payload":                {with(0xA0, 9, 3), 0, 0, ErrPadding},
		"padding without payload":                 {with(0xA0), 0, 0, ErrPadding},
	} {
		t.Run(name, func(t *testing.T) {
			h, from, to, err := Parse(c.packet)
			if !errors.Is(err, c.err) || from != c.from || to != c.to {
				t.Fatalf("payload %d:%d, %v; want %d:%d, %v", from, to, err, c.from, c.to, c.err)
			}
			if want := (Header{Kind: Kind{Marker: true, Payload: 8}, Sequence: 7, Timestamp: 160, SSRC: 0x01020304}); err == nil && h != want {
				t.Errorf("header %+v, want %+v", h, want)
			}
		})
	}
}

func TestIsReportTellsRTCPFromSound(t *testing.T) {
	for name, c := range map[string]struct {
		packet []byte
		want   bool
	}{
		"a receiver report":       {[]byte{0x80, 201, 0, 1, 0, 0, 0, 1}, true},
		"sound":                   {[]byte{0x80, 0, 0, 1, 0, 0, 0, 1}, false},
		"sound with a marker":     {[]byte{0x80, 0x88, 0, 1, 0, 0, 0, 1}, false},
		"a key with a marker":     {[]byte{0x80, 0x80 | 101, 0, 1, 0, 0, 0, 1}, false},
		"too little to be either": {[]byte{0x80, 201}, false},
	} {
		if got := IsReport(c.packet); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// FuzzParse compares with another implementation: where both accept, they agree, and
// no input leads outside the packet.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x80, 0x88, 0, 7, 0, 0, 0, 160, 1, 2, 3, 4, 5})
	f.Add([]byte{0x90, 0, 0, 7, 0, 0, 0, 160, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 0, 9})
	f.Add([]byte{0xB2, 0, 0, 7, 0, 0, 0, 160, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 9, 9, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, from, to, err := Parse(b)
		if err != nil {
			return
		}
		if from < HeaderSize || from > to || to > len(b) {
			t.Fatalf("payload %d:%d of %d bytes", from, to, len(b))
		}
		var out [HeaderSize]byte
		h.Put(out[:])
		if again, _, _, err := Parse(out[:]); err != nil || again != h {
			t.Fatalf("written and read again: %+v %v, want %+v", again, err, h)
		}
		var p pion.Packet
		if p.Unmarshal(append([]byte{}, b...)) != nil {
			return
		}
		if p.SSRC != h.SSRC || p.Timestamp != h.Timestamp || p.SequenceNumber != h.Sequence || len(p.Payload) != to-from {
			t.Fatalf("pion reads %v, payload %d; we read %+v, payload %d", p.Header, len(p.Payload), h, to-from)
		}
	})
}

func TestParseAllocatesNothing(t *testing.T) {
	b := append([]byte{0x80, 0x88, 0, 7, 0, 0, 0, 160, 1, 2, 3, 4}, make([]byte, 160)...)
	var r Receiver
	line := NewLine(1, 2, 3)
	now := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		h, lo, _, _ := Parse(b)
		r.Packet(h, uint32(now))
		out, _ := line.Follow(now, h, 160)
		out.Put(b[lo-HeaderSize:])
		now += 160
	}); n != 0 {
		t.Errorf("%v allocations a packet, want 0", n)
	}
}
