package sdp

import (
	"net/netip"
	"strconv"
)

// writer makes the text of one description of ours.
type writer struct {
	session, version uint64
	local            netip.AddrPort
	codecs           []codec
	dtmf             uint8
	direction        Direction
}

// write gives the whole body. s=- and t=0 0 are what RFC 3264 §5 asks for; c=
// stands at the session, where the oldest phones look for it.
func (w *writer) write(streams []stream, audio int) []byte {
	family := " IN IP4 "
	if w.local.Addr().Is6() && !w.local.Addr().Is4In6() {
		family = " IN IP6 "
	}
	address := w.local.Addr().Unmap().WithZone("").String()
	b := make([]byte, 0, 320)
	b = append(b, "v=0\r\no=breakwater "...)
	b = strconv.AppendUint(b, w.session, 10)
	b = append(b, ' ')
	b = strconv.AppendUint(b, w.version, 10)
	b = append(append(append(b, family...), address...), "\r\ns=-\r\nc="...)
	b = append(append(append(b, family[1:]...), address...), "\r\nt=0 0\r\n"...)
	for i, s := range streams {
		if i == audio {
			b = w.audio(b, s.proto)
			continue
		}
		b = declined(b, s)
	}
	return b
}

// audio writes our one stream, by the protocol name that the line already has.
func (w *writer) audio(b []byte, proto string) []byte {
	b = append(b, "m=audio "...)
	b = strconv.AppendUint(b, uint64(w.local.Port()), 10)
	b = append(append(b, ' '), proto...)
	for _, c := range w.codecs {
		b = strconv.AppendUint(append(b, ' '), uint64(c.payload), 10)
	}
	if w.dtmf != 0 {
		b = strconv.AppendUint(append(b, ' '), uint64(w.dtmf), 10)
	}
	b = append(b, "\r\n"...)
	for _, c := range w.codecs {
		b = strconv.AppendUint(append(b, "a=rtpmap:"...), uint64(c.payload), 10)
		b = append(append(append(b, ' '), c.kind.String()...), "/8000\r\n"...)
	}
	if w.dtmf != 0 {
		b = strconv.AppendUint(append(b, "a=rtpmap:"...), uint64(w.dtmf), 10)
		b = append(b, " telephone-event/8000\r\na=fmtp:"...)
		b = strconv.AppendUint(b, uint64(w.dtmf), 10)
		b = append(b, " 0-15\r\n"...)
	}
	b = append(b, "a=ptime:20\r\na="...)
	return append(append(b, w.direction.String()...), "\r\n"...)
}

// declined repeats a line with port 0, as RFC 3264 §6 wants every line we do not take.
func declined(b []byte, s stream) []byte {
	formats := s.formats
	if formats == "" {
		formats = "0"
	}
	b = append(append(append(b, "m="...), s.kind...), " 0 "...)
	b = append(append(append(b, s.proto...), ' '), formats...)
	return append(b, "\r\n"...)
}
