package wire

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Read is what Screen and sipgo's parser do to a datagram one after the other, by one
// copy of its text: the message, or what Screen says of it. nil and Pass: it is none
// that anybody could read. The message is what NewParser makes of the same bytes, and
// its strings are parts of the one copy: what outlives the call clones them. A panic,
// of the parts of sipgo's that are used, ends the message and not the process: ok is
// false.
func Read(data []byte, source netip.AddrPort) (m sip.Message, s Screening, ok bool) {
	defer func() {
		if recover() != nil {
			m, s, ok = nil, Screening{Why: "it broke the parser"}, false
		}
	}()
	var l letter
	if s = l.screen(data, source); !s.Pass {
		return nil, s, true
	}
	return l.message(), s, true
}

// letter is a datagram while it is read.
type letter struct {
	start  string       // the start line
	fields string       // the lines below it
	req    *sip.Request // when it is one: its Request-URI is read already
	body   []byte       // still the datagram's own bytes
}

// message makes the message of what was screened.
func (l *letter) message() sip.Message {
	m := l.begin()
	if m == nil {
		return nil
	}
	for line, rest, more := cutLine(l.fields); ; line, rest, more = cutLine(rest) {
		for more && folded(rest) {
			var next string
			next, rest, more = cutLine(rest)
			line = strings.TrimRight(line, " \t") + " " + strings.Trim(next, " \t")
		}
		if line != "" {
			readHeader(m, line)
		}
		if !more {
			break
		}
	}
	size := len(l.body)
	if n := m.ContentLength(); n != nil {
		size = int(*n)
	}
	switch {
	case size > len(l.body):
		return nil // of two lengths, which are one too many, the last is too long
	case size > 0:
		m.SetBody(bytes.Clone(l.body[:size]))
	}
	return m
}

// begin makes a message of the start line, which Screen has found good.
func (l *letter) begin() sip.Message {
	first, rest, _ := strings.Cut(l.start, " ")
	second, third, _ := strings.Cut(rest, " ")
	if l.req != nil {
		l.req.Method, l.req.SipVersion = sip.RequestMethod(strings.ToUpper(first)), third
		return l.req
	}
	status, err := strconv.ParseUint(second, 10, 16)
	if err != nil {
		return nil
	}
	res := sip.NewResponse(int(status), third)
	res.SipVersion = first
	return res
}

func folded(rest string) bool { return rest != "" && (rest[0] == ' ' || rest[0] == '\t') }

// cutLine takes a line off; more: there is another.
func cutLine(text string) (line, rest string, more bool) {
	end := strings.IndexByte(text, '\r') // Screen has seen that a \n follows
	if end < 0 {
		return text, "", false
	}
	return text[:end], text[end+len("\r\n"):], true
}

// readHeader reads one line, which may hold several values, into m.
func readHeader(m sip.Message, line string) {
	name, text, _ := strings.Cut(line, ":")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	f, known := formOf(name)
	switch {
	case !known:
		m.AppendHeader(sip.NewHeader(name, text))
	case f.read == nil:
		m.AppendHeader(sip.NewHeader(f.name, text))
	case !f.several:
		m.AppendHeader(f.one(text))
	default:
		for more := true; more; {
			var h sip.Header
			h, text, more = f.first(text)
			m.AppendHeader(h)
		}
	}
}

// one reads a header that has one value. What cannot be read stays as plain text: Check
// sees that it is.
func (f *form) one(text string) sip.Header {
	h, err := f.read(text)
	if err != nil {
		return sip.NewHeader(f.name, text)
	}
	return h
}

// first reads the first of a header's comma-separated values.
func (f *form) first(text string) (h sip.Header, rest string, more bool) {
	end := elementEnd(text)
	h, err := f.read(strings.Trim(text[:end], " \t"))
	if err != nil || end < len(text) && end < len(shortest) {
		return sip.NewHeader(f.name, text), "", false
	}
	if end == len(text) {
		return h, "", false
	}
	return h, text[end+1:], true
}

// form is how a header is read.
type form struct {
	name    string                           // in full
	read    func(string) (sip.Header, error) // nil = it stays plain text
	several bool                             // values may follow each other, separated by commas
}

// longestName is the longest of those in forms.
const longestName = len("content-length")

// formOf finds how headers of a name in any case are read.
func formOf(name string) (f form, known bool) {
	var low [longestName]byte
	if len(name) > len(low) {
		return form{}, false
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	f, known = forms[string(low[:len(name)])]
	return f, known
}

// forms are the headers that are read, by their names and the compact ones of RFC 3261
// §7.3.3 and its successors, in lower case. A compact name of any other becomes the full one.
var forms = map[string]form{
	"via": {"Via", readVia, true}, "v": {"Via", readVia, true},
	"from": {"From", readFrom, false}, "f": {"From", readFrom, false},
	"to": {"To", readTo, false}, "t": {"To", readTo, false},
	"contact": {"Contact", readContact, true}, "m": {"Contact", readContact, true},
	"route":        {"Route", readRoute, true},
	"record-route": {"Record-Route", readRecordRoute, true},
	"refer-to":     {"Refer-To", readReferTo, false}, "r": {"Refer-To", readReferTo, false},
	"referred-by": {"Referred-By", readReferredBy, false}, "b": {"Referred-By", readReferredBy, false},
	"call-id": {"Call-ID", readCallID, false}, "i": {"Call-ID", readCallID, false},
	"cseq":           {"CSeq", readCSeq, false},
	"max-forwards":   {"Max-Forwards", readMaxForwards, false},
	"content-length": {"Content-Length", readContentLength, false}, "l": {"Content-Length", readContentLength, false},
	"content-type": {"Content-Type", readContentType, false}, "c": {"Content-Type", readContentType, false},

	"a": {name: "Accept-Contact"},
	"d": {name: "Request-Disposition"},
	"e": {name: "Content-Encoding"},
	"j": {name: "Reject-Contact"},
	"k": {name: "Supported"},
	"n": {name: "Identity-Info"},
	"o": {name: "Event"},
	"s": {name: "Subject"},
	"u": {name: "Allow-Events"},
	"x": {name: "Session-Expires"},
	"y": {name: "Identity"},
}
