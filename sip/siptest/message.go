package siptest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Header is one header line as it stood on the wire.
type Header struct{ Name, Value string }

// Message is one SIP request or response. It is parsed and written by code of
// this package alone, so that a fault of the server's parser cannot hide behind
// the same fault here.
type Message struct {
	Method string // of a request; empty for a response
	URI    string // of a request
	Status int    // of a response; 0 for a request
	Reason string // of a response
	Fields []Header
	Body   []byte
}

var errNotSIP = errors.New("not a SIP message")

// compact forms, RFC 3261 §20 and the event and session-timer extensions.
var compact = map[string]string{
	"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "e": "Content-Encoding",
	"f": "From", "i": "Call-ID", "k": "Supported", "l": "Content-Length", "m": "Contact",
	"o": "Event", "r": "Refer-To", "s": "Subject", "t": "To", "u": "Allow-Events",
	"v": "Via", "x": "Session-Expires",
}

// ParseMessage reads one whole message. Folded lines and compact names are
// understood; a Content-Length shorter than the rest cuts the body.
func ParseMessage(raw []byte) (*Message, error) {
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return nil, fmt.Errorf("%w: no empty line", errNotSIP)
	}
	lines := strings.Split(string(head), "\r\n")
	m := &Message{Body: body}
	if err := m.startLine(lines[0]); err != nil {
		return nil, err
	}
	for _, line := range lines[1:] {
		if line == "" {
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && len(m.Fields) > 0 {
			last := &m.Fields[len(m.Fields)-1]
			last.Value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%w: header %q", errNotSIP, line)
		}
		m.Add(longName(strings.TrimSpace(name)), strings.TrimSpace(value))
	}
	if n, err := strconv.Atoi(m.Get("Content-Length")); err == nil && n >= 0 && n < len(m.Body) {
		m.Body = m.Body[:n]
	}
	return m, nil
}

func (m *Message) startLine(line string) error {
	first, rest, _ := strings.Cut(line, " ")
	second, third, _ := strings.Cut(rest, " ")
	if first == "SIP/2.0" {
		status, err := strconv.Atoi(second)
		if err != nil || status < 100 || status > 699 {
			return fmt.Errorf("%w: status line %q", errNotSIP, line)
		}
		m.Status, m.Reason = status, third
		return nil
	}
	if third != "SIP/2.0" || first == "" || second == "" {
		return fmt.Errorf("%w: request line %q", errNotSIP, line)
	}
	m.Method, m.URI = first, second
	return nil
}

func longName(name string) string {
	if long, ok := compact[strings.ToLower(name)]; ok {
		return long
	}
	return name
}

// Get gives the first value of a header; empty when there is none.
func (m *Message) Get(name string) string {
	for _, h := range m.Fields {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// List gives every value of a header that may be repeated or separated by
// commas (Via, Route, Record-Route, Contact), in order.
func (m *Message) List(name string) []string {
	var all []string
	for _, h := range m.Fields {
		if strings.EqualFold(h.Name, name) {
			all = append(all, splitList(h.Value)...)
		}
	}
	return all
}

// Add puts a header at the end.
func (m *Message) Add(name, value string) { m.Fields = append(m.Fields, Header{name, value}) }

// Set replaces the first header of that name, or adds it.
func (m *Message) Set(name, value string) {
	for i, h := range m.Fields {
		if strings.EqualFold(h.Name, name) {
			m.Fields[i].Value = value
			return
		}
	}
	m.Add(name, value)
}

// CSeq gives both parts of the CSeq header; 0 when it is unreadable.
func (m *Message) CSeq() (number uint32, method string) {
	digits, method, _ := strings.Cut(m.Get("CSeq"), " ")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, ""
	}
	return uint32(n), strings.TrimSpace(method)
}

// Bytes writes the message for the wire, Content-Length included.
func (m *Message) Bytes() []byte {
	var b bytes.Buffer
	if m.Status != 0 {
		fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.Status, m.Reason)
	} else {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.Method, m.URI)
	}
	for _, h := range m.Fields {
		if strings.EqualFold(h.Name, "Content-Length") {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(m.Body))
	b.Write(m.Body)
	return b.Bytes()
}

// String gives the first line, for logs and failures.
func (m *Message) String() string {
	if m.Status != 0 {
		return fmt.Sprintf("%d %s", m.Status, m.Reason)
	}
	return m.Method + " " + m.URI
}

// clone copies the message, so that the copy's headers may be changed.
func (m *Message) clone() *Message {
	other := *m
	other.Fields = slices.Clone(m.Fields)
	return &other
}

// splitList splits at commas outside quotes and angle brackets.
func splitList(s string) []string {
	var parts []string
	depth, quoted, start := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			depth++
		case c == '>':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

// URIOf takes the URI out of a From, To, Contact or Route value.
func URIOf(value string) string {
	if _, rest, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return strings.TrimSpace(uri)
}

// UserOf takes the user part out of a URI or of a From or To value.
func UserOf(value string) string {
	uri := URIOf(value)
	_, rest, ok := strings.Cut(uri, ":")
	if !ok {
		rest = uri
	}
	user, _, ok := strings.Cut(rest, "@")
	if !ok {
		return ""
	}
	user, _, _ = strings.Cut(user, ";")
	return user
}

// nameOf takes the display name out of a From or To value.
func nameOf(value string) string {
	name, _, ok := strings.Cut(value, "<")
	if !ok {
		return ""
	}
	return strings.Trim(strings.TrimSpace(name), `"`)
}

// ParamOf gives a header parameter (behind the angle brackets) such as tag or
// branch; empty when it is missing.
func ParamOf(value, name string) string {
	if _, after, ok := strings.Cut(value, ">"); ok {
		value = after
	}
	for part := range strings.SplitSeq(value, ";") {
		key, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
