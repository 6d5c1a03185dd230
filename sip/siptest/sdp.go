package siptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"breakwater/media/g711"
)

// HoldStyle is how a phone puts somebody on hold.
type HoldStyle uint8

// The styles seen in the field.
const (
	SendOnly HoldStyle = iota // a=sendonly, RFC 3264 §8.4
	Inactive                  // a=inactive
	ZeroIP                    // c=IN IP4 0.0.0.0, RFC 2543
)

// session is what an SDP says about one side's sound.
type session struct {
	addr      netip.AddrPort
	laws      []g711.Law // in order of preference
	event     uint8      // payload type of telephone-event, NoEvent when there is none
	direction string     // sendrecv, sendonly, recvonly, inactive
	lines     []string   // every m= line, to be answered in order
	chosen    int        // which of them is ours; -1: none fits
}

// payloadType is the static payload type of a law, RFC 3551 §6.
func payloadType(l g711.Law) uint8 {
	if l == g711.A {
		return 8
	}
	return 0
}

// parseSDP reads the first usable audio line; every other is remembered so that
// an answer can refuse it.
func parseSDP(body []byte) session {
	s := session{event: NoEvent, direction: "sendrecv", chosen: -1}
	var common, own netip.Addr
	ours, section := false, -1
	for line := range strings.Lines(string(body)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case key == "m":
			section++
			s.lines = append(s.lines, value)
			ours = s.chosen < 0 && s.media(value)
			if ours {
				s.chosen = section
			}
		case key == "c" && section < 0:
			common = connection(value)
		case key == "c" && ours:
			own = connection(value)
		case key == "a" && (ours || section < 0):
			s.attribute(value)
		}
	}
	if own.IsValid() {
		common = own
	}
	s.addr = netip.AddrPortFrom(common, s.addr.Port())
	return s
}

// media takes an m= value when it is audio over RTP with a law of G.711.
func (s *session) media(value string) bool {
	f := strings.Fields(value)
	if len(f) < 4 || f[0] != "audio" || f[2] != "RTP/AVP" {
		return false
	}
	port, err := strconv.ParseUint(f[1], 10, 16)
	if err != nil || port == 0 {
		return false
	}
	for _, pt := range f[3:] {
		switch pt {
		case "0":
			s.laws = append(s.laws, g711.Mu)
		case "8":
			s.laws = append(s.laws, g711.A)
		}
	}
	s.addr = netip.AddrPortFrom(netip.Addr{}, uint16(port))
	return len(s.laws) > 0
}

func (s *session) attribute(value string) {
	switch value {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		s.direction = value
		return
	}
	rest, ok := strings.CutPrefix(value, "rtpmap:")
	if !ok {
		return
	}
	pt, name, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(strings.ToLower(name), "telephone-event/8000") {
		return
	}
	if n, err := strconv.ParseUint(pt, 10, 7); err == nil {
		s.event = uint8(n)
	}
}

func connection(value string) netip.Addr {
	f := strings.Fields(value)
	if len(f) < 3 {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(f[2])
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// listens tells whether this side wants to be sent anything.
func (s session) listens() bool {
	return s.addr.Port() != 0 && s.addr.Addr().IsValid() && !s.addr.Addr().IsUnspecified() &&
		(s.direction == "sendrecv" || s.direction == "recvonly")
}

// mine is what this phone says about itself.
type mine struct {
	addr      netip.AddrPort
	laws      []g711.Law
	event     uint8
	direction string // empty = sendrecv
	zero      bool   // the connection address is 0.0.0.0
	version   int
}

// write builds the SDP. lines are those of the offer that it answers, with the
// index of the one that is accepted; nil for an offer.
func (m mine) write(lines []string, chosen int) []byte {
	addr, family := m.addr.Addr(), "IP4"
	if addr.Is6() {
		family = "IP6"
	}
	where := addr
	if m.zero {
		where = netip.IPv4Unspecified()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", m.version, family, addr, family, where)
	if lines == nil {
		lines, chosen = []string{""}, 0
	}
	for i, line := range lines {
		if i == chosen {
			m.audio(&b)
			continue
		}
		f := strings.Fields(line)
		if len(f) >= 4 {
			fmt.Fprintf(&b, "m=%s 0 %s %s\r\n", f[0], f[2], f[3])
		}
	}
	return []byte(b.String())
}

func (m mine) audio(b *strings.Builder) {
	fmt.Fprintf(b, "m=audio %d RTP/AVP", m.addr.Port())
	for _, l := range m.laws {
		fmt.Fprintf(b, " %d", payloadType(l))
	}
	if m.event != NoEvent {
		fmt.Fprintf(b, " %d", m.event)
	}
	b.WriteString("\r\n")
	for _, l := range m.laws {
		fmt.Fprintf(b, "a=rtpmap:%d %s/8000\r\n", payloadType(l), l)
	}
	if m.event != NoEvent {
		fmt.Fprintf(b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", m.event, m.event)
	}
	b.WriteString("a=ptime:20\r\n")
	direction := m.direction
	if direction == "" {
		direction = "sendrecv"
	}
	fmt.Fprintf(b, "a=%s\r\n", direction)
}

// common keeps of ours what they offered, in their order.
func common(theirs, ours []g711.Law) []g711.Law {
	var both []g711.Law
	for _, l := range theirs {
		if slices.Contains(ours, l) && !slices.Contains(both, l) {
			both = append(both, l)
		}
	}
	return both
}

func host(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}
