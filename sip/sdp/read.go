package sdp

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"breakwater/media"
)

// What a description may be at most. A desk phone with video sends 1.5 KiB.
const (
	maxBody  = 16 << 10
	maxLines = 400
	maxMedia = 16
)

// line is one m-line of the party, as far as we care.
type line struct {
	number               int // where it stands in the body, from 1
	kind, proto, formats string
	port                 uint16
	addr                 netip.Addr     // invalid = c= missing or of no use to us
	rtcp                 netip.AddrPort // zero = not told
	rtcpPort             uint16         // told without an address: the line's own
	maps                 map[uint8]string
	ptime                time.Duration
	direction            Direction
}

// reader walks a body line by line. It is our own and not a library's because
// phones send what strict readers refuse (no s=, blanks in the user of o=, lines
// out of order, m=image, a bare line feed) and because an error must name its line.
// Lines that we never use (s= t= b= i= u= e= p= k= z= r=) are not looked at, so
// that a bad one cannot cost a call.
type reader struct {
	session line // what is said before the first m= holds for all
	lines   []line
}

// parse gives the m-lines of a body; those that we could speak on have an address.
func parse(body []byte) ([]line, error) {
	if len(body) > maxBody {
		return nil, &SyntaxError{Why: "longer than 16 KiB"}
	}
	var r reader
	number := 0
	for text := range strings.SplitSeq(string(body), "\n") {
		number++
		if number > maxLines {
			return nil, &SyntaxError{Line: number, Why: "more than 400 lines"}
		}
		text = strings.TrimRight(text, " \t\r")
		if text == "" {
			continue
		}
		if why := r.take(number, text); why != "" {
			return nil, &SyntaxError{Line: number, Text: shorten(text), Why: why}
		}
	}
	if len(r.lines) == 0 {
		return nil, &SyntaxError{Why: "no m= line"}
	}
	for i := range r.lines {
		l := &r.lines[i]
		l.rtcp = netip.AddrPortFrom(l.rtcp.Addr(), l.rtcpPort)
		if !l.rtcp.Addr().IsValid() {
			l.rtcp = netip.AddrPortFrom(l.addr, l.rtcpPort)
		}
		if l.rtcpPort == 0 {
			l.rtcp = netip.AddrPort{}
		}
		if l.plainAudio() && !l.addr.IsValid() {
			return nil, &SyntaxError{Line: l.number, Text: "m=audio", Why: "no c= with an IP address for it"}
		}
	}
	return r.lines, nil
}

// take reads one line and says what is wrong with it, if anything.
func (r *reader) take(number int, text string) (why string) {
	if len(text) < 2 || text[1] != '=' {
		return "not of the form x=value"
	}
	if strings.ContainsAny(text, "\x00\r") {
		return "a NUL or a bare CR"
	}
	value := strings.TrimLeft(text[2:], " \t")
	into := &r.session
	if n := len(r.lines); n > 0 {
		into = &r.lines[n-1]
	}
	switch text[0] {
	case 'v':
		if value != "0" {
			return "the version is not 0"
		}
	case 'c':
		return into.connection(value)
	case 'm':
		if len(r.lines) == maxMedia {
			return "more than 16 m-lines"
		}
		l, why := r.media(value)
		if why != "" {
			return why
		}
		l.number = number
		r.lines = append(r.lines, l)
	case 'a':
		into.attribute(value)
	}
	return ""
}

// media begins an m-line with what the session said.
func (r *reader) media(value string) (l line, why string) {
	f := strings.Fields(value)
	if len(f) < 3 {
		return line{}, "m= needs a kind, a port, a protocol and formats"
	}
	digits, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return line{}, "the port is not a number up to 65535"
	}
	l = line{
		kind:      strings.ToLower(f[0]),
		port:      uint16(port),
		proto:     f[2],
		formats:   strings.Join(f[3:], " "),
		addr:      r.session.addr,
		ptime:     r.session.ptime,
		direction: r.session.direction,
		maps:      map[uint8]string{},
	}
	if l.formats == "" {
		l.formats = "0"
	}
	return l, ""
}

// connection takes a c=. A name instead of an address is as good as none: we
// resolve nothing on the way to an answer. A multicast TTL is dropped.
func (l *line) connection(value string) (why string) {
	f := strings.Fields(value)
	if len(f) < 3 || !strings.EqualFold(f[0], "IN") {
		return "c= is not IN, IP4 or IP6 and an address"
	}
	text, _, _ := strings.Cut(f[2], "/")
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		l.addr = netip.Addr{}
		return ""
	}
	l.addr = addr.Unmap().WithZone("")
	return ""
}

// attribute takes in one a=. What cannot be read is as if it were not there.
func (l *line) attribute(text string) {
	name, value, _ := strings.Cut(text, ":")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "sendrecv":
		l.direction = SendRecv
	case "sendonly":
		l.direction = SendOnly
	case "recvonly":
		l.direction = RecvOnly
	case "inactive":
		l.direction = Inactive
	case "rtpmap":
		if f := strings.Fields(value); len(f) > 1 && l.maps != nil {
			l.takeMap(f)
		}
	case "ptime":
		l.takePtime(strings.Fields(value))
	case "rtcp":
		l.takeRTCP(strings.Fields(value))
	}
}

// takeMap reads a payload type and the name and clock of what it carries.
func (l *line) takeMap(f []string) {
	if p, ok := payload(f[0]); ok {
		l.maps[p] = strings.ToLower(strings.Join(f[1:], ""))
	}
}

// takePtime reads 10 to 60 ms; a fraction is cut off.
func (l *line) takePtime(f []string) {
	if len(f) == 0 {
		return
	}
	whole, _, _ := strings.Cut(f[0], ".")
	if ms, err := strconv.Atoi(whole); err == nil && ms >= 10 && ms <= 60 {
		l.ptime = time.Duration(ms) * time.Millisecond
	}
}

// takeRTCP reads "port [IN IP4 address]" (RFC 3605).
func (l *line) takeRTCP(f []string) {
	if len(f) == 0 {
		return
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil {
		return
	}
	l.rtcpPort = uint16(port)
	if len(f) >= 4 {
		if a, err := netip.ParseAddr(f[3]); err == nil && oneHost(a.Unmap()) {
			l.rtcp = netip.AddrPortFrom(a.Unmap().WithZone(""), l.rtcpPort)
		}
	}
}

// plainAudio tells whether it is a line we could speak on. Encrypted twins
// (RTP/SAVP) of a plain line are declined; so are all with port 0.
func (l *line) plainAudio() bool {
	return l.kind == "audio" && l.port != 0 && (strings.EqualFold(l.proto, "RTP/AVP") || strings.EqualFold(l.proto, "RTP/AVPF"))
}

// choice is what we take of a line.
type choice struct {
	codec
	dtmf uint8
}

// choose gives the first codec in the party's order that we speak, too, and its
// telephone-event. The second result is false when there is none.
func (l *line) choose(speaks []codec) (choice, bool) {
	if !l.plainAudio() {
		return choice{}, false
	}
	var c choice
	found := false
	for f := range strings.FieldsSeq(l.formats) {
		p, ok := payload(f)
		if !ok {
			continue
		}
		name := l.encoding(p)
		if c.dtmf == 0 && name == "telephone-event/8000" {
			c.dtmf = p
		}
		for _, ours := range speaks {
			if !found && name == ours.encoding() {
				c.codec, found = codec{ours.kind, p}, true
			}
		}
	}
	return c, found
}

// encoding is a codec's name and clock, as encoding of a line gives them. The clock
// of G.722 is 8000 (RFC 3551 §4.5.2).
func (c codec) encoding() string {
	switch c.kind {
	case media.PCMU:
		return pcmu
	case media.PCMA:
		return pcma
	case media.G722:
		return g722
	}
	return ""
}

// The names and clocks of what we speak.
const (
	pcmu = "pcmu/8000"
	pcma = "pcma/8000"
	g722 = "g722/8000"
)

// encoding is the name and clock of a payload type: its rtpmap, or what RFC 3551
// says of those that need none. A channel count of one is left out.
func (l *line) encoding(p uint8) string {
	if m, ok := l.maps[p]; ok {
		return strings.TrimSuffix(m, "/1")
	}
	switch p {
	case 0:
		return pcmu
	case 8:
		return pcma
	case 9:
		return g722
	}
	return ""
}

// reachable tells whether our sound can go from local to where the line wants it. A
// hold by an address of zeros may be written in either family.
func (l *line) reachable(local netip.Addr) bool {
	return l.addr.IsUnspecified() || oneHost(l.addr) && l.addr.Is4() == local.Unmap().Is4()
}

// oneHost tells whether an address is one receiver's: not that of a group, nor of
// everybody on the network.
func oneHost(a netip.Addr) bool {
	return !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// heard is the party's direction; by the old 0.0.0.0 it does not hear us.
func (l *line) heard() Direction {
	return flow(l.direction.sends(), l.direction.receives() && !l.addr.IsUnspecified())
}

// result is the agreement when we speak in direction ours.
func (l *line) result(c choice, ours Direction) Result {
	theirs := l.heard()
	return Result{
		Desc: media.Desc{
			Remote:  netip.AddrPortFrom(l.addr, l.port),
			RTCP:    l.rtcp,
			Codec:   c.kind,
			Payload: c.payload,
			DTMF:    c.dtmf,
			Ptime:   l.ptime,
			Send:    ours.sends() && theirs.receives(),
			Recv:    ours.receives() && theirs.sends(),
		},
		Held: !theirs.receives(),
		Sent: ours,
	}
}

// payload reads a payload type, 0 to 127.
func payload(text string) (uint8, bool) {
	p, err := strconv.ParseUint(text, 10, 7)
	return uint8(p), err == nil
}

func shorten(text string) string {
	if len(text) > 60 {
		return text[:60] + "…"
	}
	return text
}
