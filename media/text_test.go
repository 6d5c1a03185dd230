package media

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"breakwater/loadtest/shim"
	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/rtp"
)

// text is what a caller says: sentences of our own prompts, made so loud that a hearing
// guard has something to do, and keys in the pauses.
type text struct {
	codes []byte // A-law
	keys  map[int]byte
	dial  string
}

func newText(t testing.TB, length time.Duration) text {
	t.Helper()
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	clips, err := book.Sound("en", "welcome", "about", "notice", "comfort-1", "menu-main", "comfort-2", "expected-wait", "comfort-3")
	if err != nil {
		t.Fatal(err)
	}
	const keys = "1590*#28"
	all := text{keys: map[int]byte{}}
	for want := int(length * rtp.Rate / time.Second); len(all.codes) < want; {
		for i, c := range clips {
			sentence := slices.Clone(c.ALaw)
			g711.Map(sentence, sentence, g711.A.GainTable(9))
			all.codes = append(all.codes, sentence...)
			all.codes = append(all.codes, bytes.Repeat([]byte{g711.A.Silence()}, 160-len(all.codes)%160+20*160)...)
			if key := keys[i%len(keys)]; len(all.codes) < want {
				all.keys[len(all.codes)/160-15] = key
				all.dial += string(key)
			}
		}
	}
	all.codes = all.codes[:int(length*rtp.Rate/time.Second)/160*160]
	return all
}

// frames is how many packets the text has.
func (x text) frames() int { return len(x.codes) / 160 }

// samples is the text as it sounds.
func (x text) samples() []int16 {
	out := make([]int16, len(x.codes))
	g711.A.Decode(out, x.codes)
	return out
}

const keyLength = 6 // frames

// packet is the i-th packet of the text; of a key when one is pressed then. The end of a
// key is sent three times, by the two frames after it as well.
func (x text) packet(i int, h rtp.Header) []byte {
	h.Payload, h.Sequence, h.Timestamp = uint8(PCMA), h.Sequence+uint16(i), h.Timestamp+uint32(i*160)
	payload := x.codes[i*160:][:160]
	for back := range keyLength + 2 {
		if key, ok := x.keys[i-back]; ok {
			code, _ := dtmf.Code(key)
			e := dtmf.Event{Code: code, Volume: 10, Duration: uint16(min(back+1, keyLength) * 160), End: back >= keyLength-1}
			event := e.Payload()
			payload = event[:]
			h.Payload, h.Marker, h.Timestamp = 101, back == 0, h.Timestamp-uint32(back*160)
		}
	}
	packet := make([]byte, rtp.HeaderSize, rtp.HeaderSize+160)
	h.Put(packet)
	return append(packet, payload...)
}

// mouth is where a text is told, by a line that may be bad.
type mouth struct {
	conn *net.UDPConn
	to   netip.AddrPort
	base rtp.Header
	line *shim.Shim
}

// throughLine puts a line between a new mouth and to, and gives where the far side hears from.
func throughLine(t testing.TB, f shim.Faults, to netip.AddrPort) (*mouth, netip.AddrPort) {
	t.Helper()
	s, err := shim.Open(shim.Route{Listen: netip.AddrPortFrom(loopback, 0), Target: to, There: f})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	m := &mouth{conn: listen(t, netip.AddrPortFrom(loopback, 0)), to: s.Near(), line: s}
	t.Cleanup(func() { _ = m.conn.Close() })
	m.base = rtp.Header{Sequence: 65400, Timestamp: 0xFFFFE000, SSRC: uint32(s.Near().Port())}
	return m, s.Far()
}

// through tells whether the line has done with so many packets, and how many of them it let
// through.
func (m *mouth) through(sent int) (delivered uint64, done bool) {
	c := m.line.There()
	return c.Delivered, c.Sent == uint64(sent) && c.Lost+c.Delivered == c.Sent
}

// tell tells the text by all mouths, a packet each 20 ms.
func (x text) tell(t testing.TB, mouths ...*mouth) {
	begin, clock := time.Now(), time.NewTimer(0)
	defer clock.Stop()
	for i := range x.frames() {
		clock.Reset(time.Until(begin.Add(time.Duration(i) * 20 * time.Millisecond)))
		<-clock.C
		for _, m := range mouths {
			if _, err := m.conn.WriteToUDPAddrPort(x.packet(i, m.base), m.to); err != nil {
				t.Error(err)
				return
			}
		}
	}
}
