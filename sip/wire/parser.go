package wire

import (
	"errors"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// NewParser gives a parser that reads what phones send: compact names of every
// header we look at, blanks where the grammar allows them (Via above all), names
// of parameters as they came, and Contact parameters that write themselves back
// unchanged. A header that cannot be read does not lose the message: it stays in
// it as plain text, and Check refuses it with the answer the RFC wants.
func NewParser() *sip.Parser {
	readers := make(map[string]sip.HeaderParser, len(forms))
	for name, f := range forms {
		readers[name] = f.parser()
	}
	p := sip.NewParser(sip.WithHeadersParsers(readers))
	p.MaxMessageLength = MaxMessage
	return p
}

// typed tells whether NewParser gives headers of this name a type of their own: in any
// other form they could not be read.
func typed(name string) bool {
	f, known := formOf(name)
	return known && f.read != nil && len(name) > 1 // a compact name is made a full one when it is read
}

// parser is f as sipgo's parser wants it. Of several values it gives the first, and
// tells where the next begins.
func (f *form) parser() sip.HeaderParser {
	switch {
	case f.read == nil:
		return func(_ []byte, text string) (sip.Header, error) { return sip.NewHeader(f.name, text), nil }
	case !f.several:
		return func(_ []byte, text string) (sip.Header, error) { return f.one(text), nil }
	}
	return func(_ []byte, text string) (sip.Header, error) {
		h, rest, more := f.first(text)
		if !more {
			return h, nil
		}
		return h, commaAt(len(text) - len(rest) - 1)
	}
}

// commaAt makes the error by which a header parser of sipgo says "the next value
// begins after byte i". Its type is not exported, so we let sipgo's own Contact
// parser find a comma at that place. i is at least the length of shortest: a place
// that sipgo did not ask about lets it slice beyond the line, which ends the process.
func commaAt(i int) error {
	contact := sip.DefaultHeadersParser()["contact"]
	_, err := contact(nil, shortest+strings.Repeat("x", i-len(shortest))+",")
	return err
}

// shortest is the shortest address whose end commaAt can tell. "A:0" is a URI, too,
// but nobody's.
const shortest = "sip:x"

// Readable tells whether sipgo's parser survives the message, where sipgo will parse it
// itself: in its readers a panic ends the process. The price is a second parse, some
// microseconds.
func Readable(p *sip.Parser, data []byte) (ok bool) {
	defer func() { ok = recover() == nil }()
	_, _ = p.ParseSIP(data) // the parser's own way to say no is none of ours
	return true
}

// readVia reads "SIP / 2.0 / UDP host : port ; params" (RFC 3261 §20.42).
func readVia(text string) (sip.Header, error) {
	name, rest, ok1 := strings.Cut(text, "/")
	version, rest, ok2 := strings.Cut(rest, "/")
	rest = strings.TrimLeft(rest, " \t")
	blank := strings.IndexAny(rest, " \t")
	if !ok1 || !ok2 || blank < 0 {
		return nil, errors.New("via: not SIP/2.0/transport and sent-by")
	}
	h := &sip.ViaHeader{
		ProtocolName:    strings.Trim(name, " \t"),
		ProtocolVersion: strings.Trim(version, " \t"),
		Transport:       strings.ToUpper(rest[:blank]),
	}
	if !token(h.ProtocolName) || !token(h.ProtocolVersion) || !token(h.Transport) {
		return nil, errors.New("via: not SIP/2.0/transport")
	}
	sentBy, params, hasParams := strings.Cut(strings.Trim(rest[blank:], " \t"), ";")
	if err := readSentBy(h, sentBy); err != nil {
		return nil, err
	}
	if !hasParams {
		return h, nil
	}
	var err error
	h.Params, err = readParams(params)
	return h, err
}

// readSentBy splits host and port. sipgo keeps an IPv6 host without its brackets.
func readSentBy(h *sip.ViaHeader, text string) error {
	text = strings.Trim(text, " \t")
	port, hasPort := "", false
	if strings.HasPrefix(text, "[") {
		var closed bool
		h.Host, port, closed = strings.Cut(text[1:], "]")
		if !closed {
			return errors.New("via: bracket not closed")
		}
		if port, hasPort = strings.CutPrefix(strings.Trim(port, " \t"), ":"); !hasPort && port != "" {
			return errors.New("via: text after the address")
		}
	} else {
		h.Host, port, hasPort = strings.Cut(text, ":")
	}
	h.Host = strings.Trim(h.Host, " \t")
	if h.Host == "" || strings.ContainsAny(h.Host, " \t\"<>@,") {
		return errors.New("via: no host")
	}
	if !hasPort {
		return nil
	}
	n, err := strconv.ParseUint(strings.Trim(port, " \t"), 10, 16)
	h.Port = int(n)
	return err
}

func readFrom(text string) (sip.Header, error) {
	h := &sip.FromHeader{}
	return h, readAddress(text, &h.DisplayName, &h.Address, &h.Params)
}

func readTo(text string) (sip.Header, error) {
	h := &sip.ToHeader{}
	return h, readAddress(text, &h.DisplayName, &h.Address, &h.Params)
}

func readContact(text string) (sip.Header, error) {
	h := &sip.ContactHeader{}
	if text == "*" {
		return h, sip.ParseUri(text, &h.Address)
	}
	return h, readAddress(text, &h.DisplayName, &h.Address, &h.Params)
}

func readReferredBy(text string) (sip.Header, error) {
	h := &sip.ReferredByHeader{}
	return h, readAddress(text, &h.DisplayName, &h.Address, &h.Params)
}

func readRoute(text string) (sip.Header, error) {
	h := &sip.RouteHeader{}
	return h, readAddress(text, new(string), &h.Address, new(sip.HeaderParams))
}

func readRecordRoute(text string) (sip.Header, error) {
	h := &sip.RecordRouteHeader{}
	return h, readAddress(text, new(string), &h.Address, new(sip.HeaderParams))
}

func readReferTo(text string) (sip.Header, error) {
	h := &sip.ReferToHeader{}
	return h, readAddress(text, new(string), &h.Address, new(sip.HeaderParams))
}

func readCallID(text string) (sip.Header, error) {
	h := sip.CallIDHeader(text)
	if text == "" || strings.ContainsAny(text, " \t") {
		return nil, errors.New("call-id: not one word")
	}
	return &h, nil
}

// readCSeq reads number and method; the number is below 2^31 (RFC 3261 §8.1.1.5).
func readCSeq(text string) (sip.Header, error) {
	f := strings.Fields(text)
	if len(f) != 2 || !token(f[1]) {
		return nil, errors.New("cseq: not a number and a method")
	}
	n, err := strconv.ParseUint(f[0], 10, 31)
	return &sip.CSeqHeader{SeqNo: uint32(n), MethodName: sip.RequestMethod(f[1])}, err
}

// readMaxForwards: 0 to 255 (RFC 3261 §20.22).
func readMaxForwards(text string) (sip.Header, error) {
	n, err := strconv.ParseUint(text, 10, 8)
	h := sip.MaxForwardsHeader(n)
	return &h, err
}

// readContentLength: phones pad it with blanks, which sipgo has taken off.
func readContentLength(text string) (sip.Header, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	h := sip.ContentLengthHeader(n)
	return &h, err
}

func readContentType(text string) (sip.Header, error) {
	kind, sub, ok := strings.Cut(text, "/")
	sub, _, _ = strings.Cut(sub, ";")
	if !ok || !token(strings.TrimRight(kind, " \t")) || !token(strings.Trim(sub, " \t")) {
		return nil, errors.New("content-type: not type/subtype")
	}
	h := sip.ContentTypeHeader(text)
	return &h, nil
}
