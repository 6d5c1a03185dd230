package wire

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Screening says what to do with a datagram before the parser sees it.
type Screening struct {
	Pass   bool
	Data   []byte // when Pass: what to give to the parser, without line ends before the message
	Answer []byte // when not Pass: a whole response to send to the source; nil = silence
	Why    string // KeepAlive, or what is wrong
}

// KeepAlive is a datagram of line ends, or of nothing: no message, and no fault. It keeps the
// way through a router open (RFC 5626 §3.5.1 has it for streams; phones send it by UDP, too).
const KeepAlive = "keep-alive"

// Screen looks at a UDP datagram. The parser drops what has no readable start
// line, no end of headers or too short a body, without telling anybody; here
// such a request gets its 400. On a stream there is nothing to answer: without
// these the next message cannot be found, and the connection is closed.
func Screen(data []byte, source netip.AddrPort) Screening {
	var l letter
	return l.screen(data, source)
}

// screen keeps what it has read of a datagram that passes.
func (l *letter) screen(data []byte, source netip.AddrPort) Screening {
	data = bytes.TrimLeft(data, "\r\n")
	if len(data) == 0 {
		return Screening{Why: KeepAlive}
	}
	if !tokenByte(data[0]) {
		return Screening{Why: "not SIP"} // STUN, RTP, and whatever scanners send
	}
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		v := bad("headers do not end")
		return Screening{Answer: answer(data, source, v), Why: v.Why}
	}
	l.body = data[end+len("\r\n\r\n"):]
	if v := l.screenHead(string(data[:end])); !v.Pass {
		return Screening{Answer: answer(data[:end], source, v), Why: v.Why}
	}
	return Screening{Pass: true, Data: data}
}

// screenHead looks for what the parser would stumble over.
func (l *letter) screenHead(head string) Verdict {
	if strings.IndexByte(head, 0) >= 0 {
		return bad("a NUL")
	}
	var rest string
	var more bool
	l.start, rest, more = strings.Cut(head, "\r\n")
	l.fields = rest
	if v := l.screenStart(); !v.Pass {
		return v
	}
	for n := 0; more; n++ {
		if n == maxHeaders {
			return bad("too many headers")
		}
		var line string
		line, rest, more = strings.Cut(rest, "\r\n")
		if v := screenLine(line, n == 0, len(l.body)); !v.Pass {
			return v
		}
	}
	return Verdict{Pass: true}
}

// screenLine looks at a line below the first.
func screenLine(line string, first bool, body int) Verdict {
	switch {
	case strings.IndexByte(line, '\n') >= 0, strings.IndexByte(line, '\r') >= 0:
		return bad("a line end inside a line")
	case len(line) > maxValue:
		return bad("a header too long")
	case line[0] == ' ' || line[0] == '\t':
		if first {
			return bad("a header that begins with a blank")
		}
		return Verdict{Pass: true}
	}
	colon := strings.IndexByte(line, ':')
	if colon < 0 {
		return bad("a header without a name")
	}
	name := strings.TrimRight(line[:colon], " \t")
	if !token(name) {
		return bad("a header without a name")
	}
	if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "l") {
		return Verdict{Pass: true}
	}
	if n, err := strconv.ParseUint(strings.Trim(line[colon+1:], " \t"), 10, 32); err == nil && n > uint64(body) {
		return bad("Content-Length is longer than the body")
	}
	return Verdict{Pass: true}
}

// screenStart checks the start line: exactly three words in a request; version,
// three digits and a blank in a response.
func (l *letter) screenStart() Verdict {
	first, rest, ok1 := strings.Cut(l.start, " ")
	second, third, ok2 := strings.Cut(rest, " ")
	if versioned(l.start) {
		if !ok1 || !ok2 || len(second) != 3 {
			return bad("status line")
		}
		return Verdict{Pass: true}
	}
	if !ok1 || !ok2 || strings.IndexByte(third, ' ') >= 0 || !token(first) || !versioned(third) {
		return bad("request line")
	}
	l.req = sip.NewRequest("", sip.Uri{})
	if err := sip.ParseUri(second, &l.req.Recipient); err == nil && !l.req.Recipient.Wildcard {
		return Verdict{Pass: true}
	}
	// sipgo cannot read every scheme that is one.
	scheme, _, found := strings.Cut(second, ":")
	if found && token(scheme) && !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") {
		return unsupportedScheme()
	}
	return bad("Request-URI")
}

// versioned tells whether s begins as a version of SIP does.
func versioned(s string) bool {
	const name = "SIP/"
	return len(s) >= len(name) && strings.EqualFold(s[:len(name)], name)
}

// answer makes a refusal of the bytes of a request; nil where RFC 3261 forbids one
// (ACK, a response) or nothing is known to whom it would belong.
func answer(head []byte, source netip.AddrPort, v Verdict) []byte {
	lines := unfold(string(head))
	first := strings.ToUpper(lines[0])
	if strings.HasPrefix(first, "SIP/") || strings.HasPrefix(first, "ACK ") || !strings.Contains(first, " SIP/") {
		return nil
	}
	var b strings.Builder
	b.WriteString("SIP/2.0 " + strconv.Itoa(v.Status) + " " + v.Reason + "\r\n")
	found := map[string]int{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		full := echoed(strings.Trim(name, " \t"))
		value = Sanitise(value)
		if full == "" || value == "" || full != "Via" && found[full] > 0 {
			continue
		}
		switch {
		case full == "Via" && found[full] == 0:
			value += ";received=" + source.Addr().Unmap().WithZone("").String()
		case full == "To" && !strings.Contains(strings.ToLower(strings.ReplaceAll(value, " ", "")), ";tag="):
			value += ";tag=" + statelessTag(string(head))
		}
		found[full]++
		b.WriteString(full + ": " + value + "\r\n")
	}
	if len(found) != 5 {
		return nil
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return []byte(b.String())
}

// unfold gives the lines with their continuations joined.
func unfold(head string) []string {
	var lines []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(lines) > 1 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			lines[len(lines)-1] += " " + strings.Trim(line, " \t")
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// echoed names the headers that every response repeats (RFC 3261 §8.2.6.2).
func echoed(name string) string {
	switch strings.ToLower(name) {
	case "via", "v":
		return "Via"
	case "from", "f":
		return "From"
	case "to", "t":
		return "To"
	case "call-id", "i":
		return "Call-ID"
	case "cseq":
		return "CSeq"
	}
	return ""
}
