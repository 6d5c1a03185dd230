package media

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// bearable is how late this machine may be without a test of real time that fails being judged
// again: half a packet.
const bearable = 10 * time.Millisecond

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// openEngine opens an engine on a probed range of so many pairs.
func openEngine(t testing.TB, pairs int) *Engine {
	t.Helper()
	low := probe(t, pairs)
	e, err := Open(Settings{PortLow: low, PortHigh: low + uint16(2*pairs) - 1, Loops: 2, Drain: 400 * time.Millisecond, Recordings: t.TempDir()}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e.crowded = 1 // every loop gets some of them
	t.Cleanup(func() {
		if err := e.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return e
}

// probe finds a range of free ports below those that the system gives to whoever asks
// for any: a test of another package would get one of ours else.
func probe(t testing.TB, pairs int) uint16 {
	t.Helper()
	const lowest, ephemeral = 10240, 32768 // net.ipv4.ip_local_port_range, as Linux sets it
	for range 200 {
		low := uint16(lowest+rand.IntN(ephemeral-lowest-2*pairs)) &^ 1
		if free(low, 2*pairs) {
			return low
		}
	}
	t.Fatal("no free range of ports on this machine")
	return 0
}

func free(low uint16, n int) bool {
	for i := range n {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, low+uint16(i))))
		if err != nil {
			return false
		}
		_ = c.Close()
	}
	return true
}

func listen(t testing.TB, at netip.AddrPort) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// phone is a party in a test: a socket that numbers its packets.
type phone struct {
	t     testing.TB
	conn  *net.UDPConn
	port  *Port
	codec Codec
	h     rtp.Header
}

// newPhone opens a socket and a port of the engine that expects it.
func newPhone(t testing.TB, e *Engine, codec Codec) *phone {
	t.Helper()
	port, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	f := &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), port: port, codec: codec}
	t.Cleanup(func() { _ = f.conn.Close() })
	f.h = rtp.Header{Kind: rtp.Kind{Payload: uint8(codec)}, Sequence: 65500, Timestamp: 0xFFFFF000, SSRC: uint32(f.addr().Port())}
	if err := port.Apply(f.desc()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *phone) addr() netip.AddrPort { return f.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (f *phone) desc() Desc {
	return Desc{Remote: f.addr(), Codec: f.codec, Payload: uint8(f.codec), DTMF: 101, Send: true, Recv: true}
}

// say sends one packet of sound.
func (f *phone) say(codes []byte) {
	f.t.Helper()
	f.put(f.h, codes)
	f.h.Sequence++
	f.h.Timestamp += uint32(len(codes))
}

func (f *phone) put(h rtp.Header, payload []byte) {
	f.t.Helper()
	packet := make([]byte, rtp.HeaderSize, rtp.HeaderSize+len(payload))
	h.Put(packet)
	f.write(append(packet, payload...))
}

func (f *phone) write(packet []byte) {
	f.t.Helper()
	if _, err := f.conn.WriteToUDPAddrPort(packet, f.port.Local()); err != nil {
		f.t.Fatal(err)
	}
}

// heard is one packet as a phone got it.
type heard struct {
	rtp.Header
	codes []byte
	at    time.Time
}

// hear waits for one packet; ok is false when none comes within d.
func (f *phone) hear(d time.Duration) (p heard, ok bool) {
	f.t.Helper()
	_ = f.conn.SetReadDeadline(time.Now().Add(d))
	b := make([]byte, biggest)
	for {
		n, _, err := f.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return p, false
		}
		if rtp.IsReport(b[:n]) {
			continue
		}
		h, lo, hi, err := rtp.Parse(b[:n])
		if err != nil {
			f.t.Fatal(err)
		}
		return heard{Header: h, codes: b[lo:hi], at: time.Now()}, true
	}
}

func (f *phone) mustHear() heard {
	f.t.Helper()
	p, ok := f.hear(ampleTime)
	if !ok {
		f.t.Fatal("heard nothing any more")
	}
	return p
}

// flat is a frame of one code.
func flat(code byte) []byte {
	b := make([]byte, 160)
	for i := range b {
		b[i] = code
	}
	return b
}

// clip is a sound that tells its samples apart.
func clip(samples int) *wav.Clip {
	c := &wav.Clip{Name: "counting", ULaw: make([]byte, samples), ALaw: make([]byte, samples)}
	for i := range samples {
		c.ULaw[i], c.ALaw[i] = byte(i/160), byte(i/160)^0x55
	}
	return c
}

// clips is one clip as a sound wants it.
func clips(samples int) []*wav.Clip { return []*wav.Clip{clip(samples)} }
