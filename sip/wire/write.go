package wire

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Append writes m to text as it goes over the wire. It is what m.String gives in half the
// time: sipgo looks at every host as an address, and makes strings of numbers and URIs.
func Append(text []byte, m sip.Message) []byte {
	var headers []sip.Header
	switch m := m.(type) {
	case *sip.Request:
		text = appendURI(append(append(text, m.Method...), ' '), &m.Recipient)
		text = append(append(text, ' '), m.SipVersion...)
		headers = m.Headers()
	case *sip.Response:
		text = strconv.AppendInt(append(append(text, m.SipVersion...), ' '), int64(m.StatusCode), 10)
		text = append(append(text, ' '), m.Reason...)
		headers = m.Headers()
	}
	for _, h := range headers {
		text = append(append(append(text, "\r\n"...), h.Name()...), ": "...)
		text = appendValue(text, h)
	}
	return append(append(text, "\r\n\r\n"...), m.Body()...)
}

// Text is m as it goes over the wire, to be kept.
func Text(m sip.Message) []byte { return Append(make([]byte, 0, 512), m) }

func appendValue(text []byte, h sip.Header) []byte {
	switch h := h.(type) {
	case *sip.ViaHeader:
		text = append(append(text, h.ProtocolName...), '/')
		text = append(append(text, h.ProtocolVersion...), '/')
		text = append(append(text, h.Transport...), ' ')
		return appendParams(appendHost(text, h.Host, h.Port), ';', h.Params)
	case *sip.FromHeader:
		return appendAddress(text, h.DisplayName, &h.Address, h.Params)
	case *sip.ToHeader:
		return appendAddress(text, h.DisplayName, &h.Address, h.Params)
	case *sip.ContactHeader:
		if h.Address.Wildcard {
			return append(text, '*')
		}
		return appendAddress(text, h.DisplayName, &h.Address, h.Params)
	case *sip.RouteHeader:
		return appendAddress(text, "", &h.Address, nil)
	case *sip.RecordRouteHeader:
		return appendAddress(text, "", &h.Address, nil)
	case *sip.CSeqHeader:
		return append(append(strconv.AppendUint(text, uint64(h.SeqNo), 10), ' '), h.MethodName...)
	case *sip.MaxForwardsHeader:
		return strconv.AppendUint(text, uint64(*h), 10)
	case *sip.ContentLengthHeader:
		return strconv.AppendUint(text, uint64(*h), 10)
	}
	return append(text, h.Value()...)
}

func appendAddress(text []byte, name string, uri *sip.Uri, params sip.HeaderParams) []byte {
	if name != "" {
		text = append(append(append(text, '"'), name...), `" `...)
	}
	text = append(appendURI(append(text, '<'), uri), '>')
	return appendParams(text, ';', params)
}

func appendURI(text []byte, u *sip.Uri) []byte {
	scheme := u.Scheme
	if scheme == "" {
		scheme = "sip"
	}
	text = append(append(text, scheme...), ':')
	if raw := u.Raw(); raw != "" {
		return append(text, raw...)
	}
	if u.HierarhicalSlashes {
		text = append(text, "//"...)
	}
	if u.User != "" {
		text = append(text, u.User...)
		if u.Password != "" {
			text = append(append(text, ':'), u.Password...)
		}
		text = append(text, '@')
	}
	text = appendParams(appendHost(text, u.Host, u.Port), ';', u.UriParams)
	if len(u.Headers) > 0 {
		text = append(text, '?')
		at := len(text)
		text = appendParams(text, '&', u.Headers)
		text = append(text[:at], text[at+1:]...) // they begin without one
	}
	return text
}

// appendHost writes host and port, an IPv6 address in brackets whether it has them or not.
func appendHost(text []byte, host string, port int) []byte {
	if strings.IndexByte(host, ':') >= 0 && host[0] != '[' {
		text = append(append(append(text, '['), host...), ']')
	} else {
		text = append(text, host...)
	}
	if port > 0 {
		text = strconv.AppendInt(append(text, ':'), int64(port), 10)
	}
	return text
}

// appendParams writes each after a sep, with quotes around a value that has blanks.
func appendParams(text []byte, sep byte, params sip.HeaderParams) []byte {
	for _, p := range params {
		text = append(append(text, sep), p.K...)
		switch {
		case p.V == "":
		case strings.IndexByte(p.V, ' ') >= 0 || strings.IndexByte(p.V, '\t') >= 0:
			text = append(append(append(text, `="`...), p.V...), '"')
		default:
			text = append(append(text, '='), p.V...)
		}
	}
	return text
}
