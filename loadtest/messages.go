package main

import (
	"bytes"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"breakwater/sip/siptest"
)

// sighting is one SIP message seen on the wire.
type sighting struct {
	at       time.Time
	from, to netip.AddrPort
	message  *siptest.Message
}

// watch calls see for every SIP message that a server sent or received, in the
// order of the capture. Everything else, and what is not SIP, is passed over.
func watch(r io.Reader, server netip.AddrPort, see func(sighting)) error {
	streams := map[[2]netip.AddrPort]*tcpStream{}
	return readCapture(r, func(f captured) error {
		s, ok := unwrap(f)
		if !ok || (!concerns(server, s.from) && !concerns(server, s.to)) {
			return nil
		}
		raws := [][]byte{s.payload}
		if s.tcp {
			key := [2]netip.AddrPort{s.from, s.to}
			if streams[key] == nil || s.syn {
				streams[key] = &tcpStream{}
			}
			raws = streams[key].add(s)
		}
		for _, raw := range raws {
			if m, err := siptest.ParseMessage(raw); err == nil {
				see(sighting{f.at, s.from, s.to, m})
			}
		}
		return nil
	})
}

// concerns compares with the server's address; an unspecified one stands for all
// of the machine's.
func concerns(server, a netip.AddrPort) bool {
	return a.Port() == server.Port() && (server.Addr().IsUnspecified() || a.Addr().Unmap() == server.Addr().Unmap())
}

// tcpStream puts one direction of a connection together. Segments that come out
// of order, which loopback does not do, are given up with everything before.
type tcpStream struct {
	started bool
	next    uint32
	held    []byte
}

func (t *tcpStream) add(s segment) [][]byte {
	switch {
	case s.syn:
		t.started, t.next = true, s.seq+1
		return nil
	case len(s.payload) == 0:
		return nil
	case !t.started || int32(s.seq-t.next) > 0: // began before the capture, or a hole
		t.started, t.held = true, nil
	case int32(s.seq-t.next) < 0: // repeated
		old := t.next - s.seq
		if uint32(len(s.payload)) <= old {
			return nil
		}
		s.payload, s.seq = s.payload[old:], t.next
	}
	t.next = s.seq + uint32(len(s.payload))
	t.held = append(t.held, s.payload...)
	return t.cut()
}

// cut takes the whole messages out of what is held.
func (t *tcpStream) cut() [][]byte {
	var whole [][]byte
	for {
		t.held = bytes.TrimLeft(t.held, "\r\n")
		end := bytes.Index(t.held, []byte("\r\n\r\n"))
		if end < 0 {
			return whole
		}
		total := end + 4 + contentLength(string(t.held[:end]))
		if total > len(t.held) {
			return whole
		}
		whole = append(whole, bytes.Clone(t.held[:total]))
		t.held = t.held[total:]
	}
}

func contentLength(head string) int {
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "content-length" || name == "l" {
			if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && n >= 0 {
				return n
			}
		}
	}
	return 0
}
