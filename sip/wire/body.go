package wire

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Description gives the session description a message carries: its body, or the
// part of a multipart body that is one (RFC 5621). A body without a type that
// begins like one is one.
func Description(msg sip.Message) (body []byte, found bool) {
	body = msg.Body()
	switch kind := mediaType(msg); {
	case len(body) == 0:
		return nil, false
	case kind == "application/sdp":
		return body, true
	case kind == "":
		return body, bytes.HasPrefix(bytes.TrimLeft(body, "\r\n"), []byte("v=0"))
	case strings.HasPrefix(kind, "multipart/"):
		return descriptionPart(msg)
	}
	return nil, false
}

// mediaType is the type of the body in lower case without parameters; "" = not told.
func mediaType(msg sip.Message) string {
	h := contentType(msg)
	if h == nil {
		return ""
	}
	kind, _, _ := strings.Cut(h.Value(), ";")
	if kind = strings.TrimSpace(kind); strings.ContainsAny(kind, " \t") {
		kind = strings.Join(strings.Fields(kind), "")
	}
	return strings.ToLower(kind)
}

func contentType(msg sip.Message) sip.Header {
	for _, h := range headersOf(msg) {
		if strings.EqualFold(h.Name(), "Content-Type") {
			return h
		}
	}
	return nil
}

// descriptionPart looks through at most eight parts.
func descriptionPart(msg sip.Message) ([]byte, bool) {
	_, params, err := mime.ParseMediaType(contentType(msg).Value())
	if err != nil || params["boundary"] == "" {
		return nil, false
	}
	r := multipart.NewReader(bytes.NewReader(msg.Body()), params["boundary"])
	for range 8 {
		part, err := r.NextRawPart()
		if err != nil {
			return nil, false
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != "application/sdp" {
			continue
		}
		body, err := io.ReadAll(part)
		return body, err == nil || errors.Is(err, io.ErrUnexpectedEOF)
	}
	return nil, false
}
