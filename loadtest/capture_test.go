package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var (
	serverAt = netip.MustParseAddrPort("127.0.0.1:5060")
	trunkAt  = netip.MustParseAddrPort("127.0.0.2:6000")
	start    = time.Unix(1_700_000_000, 0)
)

// datagram wraps a payload in UDP and IPv4.
func datagram(from, to netip.AddrPort, payload []byte) []byte {
	b := make([]byte, 28, 28+len(payload))
	b[0], b[8], b[9] = 0x45, 64, protocolUDP
	binary.BigEndian.PutUint16(b[2:], uint16(28+len(payload)))
	copy(b[12:], from.Addr().AsSlice())
	copy(b[16:], to.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[20:], from.Port())
	binary.BigEndian.PutUint16(b[22:], to.Port())
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(payload)))
	return append(b, payload...)
}

// datagram6 wraps a payload in UDP and IPv6.
func datagram6(from, to netip.AddrPort, payload []byte) []byte {
	b := make([]byte, 48, 48+len(payload))
	b[0], b[6], b[7] = 0x60, protocolUDP, 64
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(payload)))
	copy(b[8:], from.Addr().AsSlice())
	copy(b[24:], to.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[40:], from.Port())
	binary.BigEndian.PutUint16(b[42:], to.Port())
	return append(b, payload...)
}

// tcpSegment wraps a payload in TCP and IPv4.
func tcpSegment(from, to netip.AddrPort, seq uint32, flags byte, payload string) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[8], b[9] = 0x45, 64, protocolTCP
	binary.BigEndian.PutUint16(b[2:], uint16(40+len(payload)))
	copy(b[12:], from.Addr().AsSlice())
	copy(b[16:], to.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[20:], from.Port())
	binary.BigEndian.PutUint16(b[22:], to.Port())
	binary.BigEndian.PutUint32(b[24:], seq)
	b[32], b[33] = 5<<4, flags
	return append(b, payload...)
}

// pcapFile writes a classic capture file.
func pcapFile(order binary.ByteOrder, magic, link uint32, frames ...captured) []byte {
	unit := time.Microsecond
	if magic == pcapNano {
		unit = time.Nanosecond
	}
	b := make([]byte, 24)
	order.PutUint32(b, magic)
	order.PutUint32(b[20:], link)
	for _, f := range frames {
		r := make([]byte, 16)
		order.PutUint32(r, uint32(f.at.Unix()))
		order.PutUint32(r[4:], uint32(time.Duration(f.at.Nanosecond())/unit))
		order.PutUint32(r[8:], uint32(len(f.data)))
		order.PutUint32(r[12:], uint32(len(f.data)))
		b = append(append(b, r...), f.data...)
	}
	return b
}

// appender is what both byte orders are.
type appender interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapngFile writes a capture with one card that counts nanoseconds.
func pcapngFile(order appender, link uint16, frames ...captured) []byte {
	head := order.AppendUint32(nil, pcapngOrder)
	head = append(head, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b := pad(order, pcapngHeader, head)
	face := order.AppendUint16(nil, link)
	face = append(face, 0, 0, 0, 0, 0, 0)
	face = order.AppendUint16(face, 2) // if_name, to be passed over
	face = order.AppendUint16(face, 2)
	face = append(face, 'l', 'o', 0, 0)
	face = order.AppendUint16(face, 9)
	face = order.AppendUint16(face, 1)
	face = append(face, 9, 0, 0, 0)
	b = append(b, pad(order, blockInterface, face)...)
	b = append(b, pad(order, 0xbad, nil)...) // an unknown block
	for _, f := range frames {
		ticks := uint64(f.at.UnixNano())
		body := order.AppendUint32(nil, 0)
		body = order.AppendUint32(body, uint32(ticks>>32))
		body = order.AppendUint32(body, uint32(ticks))
		body = order.AppendUint32(body, uint32(len(f.data)))
		body = order.AppendUint32(body, uint32(len(f.data)))
		b = append(b, pad(order, blockEnhanced, append(body, f.data...))...)
	}
	return b
}

func pad(order appender, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, uint32(12+len(body)))
	b = append(b, body...)
	return order.AppendUint32(b, uint32(12+len(body)))
}

func options(id string) []byte {
	return []byte("OPTIONS sip:x SIP/2.0\r\nCall-ID: " + id + "\r\nl: 0\r\n\r\n")
}

// ids gives the Call-IDs that a capture shows, and when.
func ids(t *testing.T, file []byte) (string, []time.Time) {
	t.Helper()
	var seen []string
	var at []time.Time
	err := watch(bytes.NewReader(file), serverAt, func(s sighting) {
		seen = append(seen, s.message.Get("Call-ID"))
		at = append(at, s.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(seen, " "), at
}

func TestEveryKindOfCaptureIsRead(t *testing.T) {
	when := start.Add(123456 * time.Microsecond)
	ip := datagram(trunkAt, serverAt, options("a"))
	with := func(skip int, end ...byte) captured {
		return captured{at: when, data: append(append(make([]byte, skip-len(end)), end...), ip...)}
	}
	bare := captured{at: when, data: ip}
	for name, file := range map[string][]byte{
		"microseconds":           pcapFile(binary.LittleEndian, pcapMicro, linkRaw, bare),
		"nanoseconds":            pcapFile(binary.LittleEndian, pcapNano, linkRaw, bare),
		"the other byte order":   pcapFile(binary.BigEndian, pcapMicro, linkRawBSD, bare),
		"ethernet":               pcapFile(binary.LittleEndian, pcapMicro, linkEthernet, with(14, 8, 0)),
		"ethernet with a VLAN":   pcapFile(binary.LittleEndian, pcapMicro, linkEthernet, with(18, 0x81, 0, 0, 5, 8, 0)),
		"BSD loopback":           pcapFile(binary.LittleEndian, pcapMicro, linkNull, with(4, 2, 0, 0, 0)),
		"any interface":          pcapFile(binary.LittleEndian, pcapMicro, linkSLL, with(16)),
		"any interface, new":     pcapFile(binary.LittleEndian, pcapMicro, linkSLL2, with(20)),
		"pcapng":                 pcapngFile(binary.LittleEndian, linkRaw, bare),
		"pcapng, the other way":  pcapngFile(binary.BigEndian, linkRaw, bare),
		"cut in the last packet": append(pcapFile(binary.LittleEndian, pcapMicro, linkRaw, bare), 1, 2, 3),
	} {
		t.Run(name, func(t *testing.T) {
			got, at := ids(t, file)
			if got != "a" || !at[0].Equal(when) {
				t.Errorf("saw %q at %v, want a at %v", got, at, when)
			}
		})
	}
}

func TestIPv6IsRead(t *testing.T) {
	from, to := netip.MustParseAddrPort("[::1]:6000"), netip.MustParseAddrPort("[::1]:5060")
	file := pcapFile(binary.LittleEndian, pcapMicro, linkRaw, captured{at: start, data: datagram6(from, to, options("six"))})
	n := 0
	err := watch(bytes.NewReader(file), netip.MustParseAddrPort("[::1]:5060"), func(s sighting) {
		if s.message.Get("Call-ID") == "six" && s.from == from {
			n++
		}
	})
	if err != nil || n != 1 {
		t.Errorf("saw %d messages, %v", n, err)
	}
}

func TestWhatIsNoCaptureIsRefused(t *testing.T) {
	huge := pcapFile(binary.LittleEndian, pcapMicro, linkRaw)
	huge = append(huge, bytes.Repeat([]byte{0xff}, 16)...)
	for name, file := range map[string][]byte{
		"nothing":        {},
		"text":           []byte("hello, this is no capture"),
		"a giant packet": huge,
		"packets of no card": append(pcapngFile(binary.LittleEndian, linkRaw)[:28],
			pad(binary.LittleEndian, blockEnhanced, make([]byte, 20))...),
		"packets without time": append(pcapngFile(binary.LittleEndian, linkRaw), pad(binary.LittleEndian, blockSimple, nil)...),
	} {
		t.Run(name, func(t *testing.T) {
			if err := watch(bytes.NewReader(file), serverAt, func(sighting) {}); err == nil {
				t.Error("read without complaint")
			}
		})
	}
}

func TestOnlyTheServersMessagesCount(t *testing.T) {
	other := netip.MustParseAddrPort("127.0.0.1:7000")
	fragment := datagram(trunkAt, serverAt, options("fragment"))
	fragment[6] = 0x20
	file := pcapFile(
		binary.LittleEndian, pcapMicro, linkRaw,
		captured{at: start, data: datagram(trunkAt, other, options("elsewhere"))},
		captured{at: start, data: datagram(serverAt, trunkAt, options("out"))},
		captured{at: start, data: datagram(trunkAt, serverAt, []byte("\r\n\r\n"))},
		captured{at: start, data: fragment},
		captured{at: start, data: []byte{0x45}},
		captured{at: start, data: datagram(trunkAt, serverAt, options("in"))},
	)
	if got, _ := ids(t, file); got != "out in" {
		t.Errorf("saw %q", got)
	}
}

func TestStreamsArePutTogether(t *testing.T) {
	one, two := string(options("one")), strings.Replace(string(options("two")), "l: 0\r\n\r\n", "Content-Length: 3\r\n\r\nabc", 1)
	text := one + "\r\n\r\n" + two
	const syn, ack = 2, 16
	at := func(seq int, piece string) captured {
		return captured{at: start, data: tcpSegment(trunkAt, serverAt, uint32(1000+seq), ack, piece)}
	}
	hello := captured{at: start, data: tcpSegment(trunkAt, serverAt, 999, syn, "")}
	for name, c := range map[string]struct {
		frames []captured
		want   string
	}{
		"in one piece":            {[]captured{hello, at(0, text)}, "one two"},
		"in two pieces":           {[]captured{hello, at(0, text[:20]), at(20, text[20:])}, "one two"},
		"with a repeated segment": {[]captured{hello, at(0, text[:20]), at(0, text[:20]), at(10, text[10:])}, "one two"},
		"begun before us":         {[]captured{at(0, text)}, "one two"},
		"with a hole": {
			[]captured{hello, at(0, one[:10]), at(500, one)}, "one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := ids(t, pcapFile(binary.LittleEndian, pcapMicro, linkRaw, c.frames...)); got != c.want {
				t.Errorf("saw %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzCapture(f *testing.F) {
	frame := captured{at: start, data: datagram(trunkAt, serverAt, options("a"))}
	f.Add(pcapFile(binary.LittleEndian, pcapMicro, linkRaw, frame))
	f.Add(pcapngFile(binary.BigEndian, linkEthernet, frame))
	f.Add(pcapFile(binary.LittleEndian, pcapNano, linkRaw, captured{at: start, data: tcpSegment(trunkAt, serverAt, 1, 16, "l: 9\r\n\r\n")}))
	f.Fuzz(func(_ *testing.T, file []byte) {
		j := newJudge(serverAt)
		if err := watch(bytes.NewReader(file), serverAt, j.see); err != nil {
			return
		}
		fmt.Fprint(io.Discard, j.verdict())
	})
}
