package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// readsAsItsParserDoes reads a datagram that was screened, and compares with what sipgo's
// parser makes of the same bytes, header by header with their types.
func readsAsItsParserDoes(t *testing.T, parser *sip.Parser, data []byte) sip.Message {
	t.Helper()
	theirs, err := parser.ParseSIP(data)
	ours, screening, ok := Read(data, sender)
	if !ok || !screening.Pass {
		t.Fatalf("read: %v, %+v\n%q", ok, screening, data)
	}
	if ours == nil || err != nil { // a status line that ends in SIP is a request for it
		if err == nil {
			t.Fatalf("their parser reads it, we do not\n%q", data)
		}
		return ours
	}
	if d := cmp.Diff(told(theirs), told(ours)); d != "" {
		t.Fatalf("read otherwise than by their parser (-theirs +ours)\n%s\n%q", d, data)
	}
	return ours
}

// told is a message with all that it is known to say.
func told(m sip.Message) []string {
	var lines []string
	var headers []sip.Header
	switch m := m.(type) {
	case *sip.Request:
		lines = append(lines, m.StartLine(), fmt.Sprintf("%q", fmt.Sprint(m.Recipient)))
		headers = m.Headers()
	case *sip.Response:
		lines = append(lines, m.StartLine())
		headers = m.Headers()
	}
	for _, h := range headers {
		lines = append(lines, fmt.Sprintf("%T %s", h, h))
	}
	return append(lines, fmt.Sprint("Via ", m.Via()), fmt.Sprint("Content-Length ", m.ContentLength()), string(m.Body()))
}

func TestReadSaysWhatTheParserSays(t *testing.T) {
	for name, text := range map[string]string{
		"an INVITE":                       message("INVITE sip:user@example.com;x=y SIP/2.0", "Content-Type: application/sdp", "Accept: */*") + sdpBody,
		"a response":                      message("SIP/2.0 200 All is well", "CSeq: 1 INVITE"),
		"a response without a reason":     message("SIP/2.0 200 ", "CSeq: 1 INVITE"),
		"compact names":                   message("REGISTER sip:example.com SIP/2.0", "m: <sip:a@b>", "k: path, timer", "x: 90", "l: 0"),
		"several values in one line":      message("INVITE sip:a SIP/2.0", `m: "a, b" <sip:a@b;x>;q=0.5, <sip:c@d> , *`, "Route: <sip:e;lr>,<sip:f;lr>"),
		"a comma at the end":              message("INVITE sip:a SIP/2.0", "Contact: <sip:a@b>,"),
		"a value too short for a comma":   message("INVITE sip:a SIP/2.0", "Contact: *,<sip:a@b>"),
		"the second of them unreadable":   message("INVITE sip:a SIP/2.0", "Via: SIP/2.0/UDP a.example, what"),
		"lines that go on":                message("OPTIONS sip:a SIP/2.0", "Subject: one\r\n\t two \r\n  three"),
		"names in any case":               message("OPTIONS sip:a SIP/2.0", "vIA: SIP/2.0/UDP a.example;branch=z9hG4bK1", "CALL-ID : 1", "conTENT-length:  0 "),
		"a header that nobody knows":      message("OPTIONS sip:a SIP/2.0", "X-Quite-A-Long-Name-Of-A-Header: a:b ,c"),
		"a length shorter than the body":  message("OPTIONS sip:a SIP/2.0", "Content-Length: 3") + "hello",
		"a length that is none":           message("OPTIONS sip:a SIP/2.0", "Content-Length: many") + "hello",
		"another scheme":                  message("OPTIONS tel:+1;x=y SIP/2.0"),
		"numbers that are none":           message("OPTIONS sip:a SIP/2.0", "CSeq: x OPTIONS", "Max-Forwards: 300"),
		"line ends before it":             "\r\n\r\n" + message("OPTIONS sip:a SIP/2.0"),
		"no header at all":                "OPTIONS sip:a SIP/2.0\r\n\r\n",
		"a name of the longest we know":   message("OPTIONS sip:a SIP/2.0", "content-lengthy: 3"),
		"a method in small letters":       message("options sip:a sip/2.0"),
		"a URI with a password and users": message("OPTIONS sip:a:b@[::1]:5070;transport=tcp SIP/2.0"),
	} {
		t.Run(name, func(t *testing.T) {
			data := bytes.TrimLeft([]byte(text), "\r\n")
			if readsAsItsParserDoes(t, NewParser(), data) == nil {
				t.Error("not read")
			}
		})
	}
}

func TestReadOfWhatIsNoMessage(t *testing.T) {
	if m, s, ok := Read([]byte("SIP/2.0 abc OK\r\n\r\n"), sender); m != nil || !s.Pass || !ok {
		t.Error("a status in letters was read as", m, s, ok)
	}
	if m, s, ok := Read([]byte("\r\n\r\n"), sender); m != nil || s.Pass || !ok {
		t.Error("a keep-alive was read as", m, s, ok)
	}
	if m, s, ok := Read([]byte(message("OPTIONS  sip:a SIP/2.0")), sender); m != nil || s.Answer == nil || !ok {
		t.Error("two blanks in the request line were read as", m, s, ok)
	}
}

// TestReadingStaysCheap bounds what a message costs before anybody looks at what it wants:
// a busy house reads some seven a call.
func TestReadingStaysCheap(t *testing.T) {
	invite := []byte(message("INVITE sip:user@example.com SIP/2.0", "Content-Type: application/sdp", "Accept: */*") + sdpBody)
	if n := testing.AllocsPerRun(100, func() { Read(invite, sender) }); n > 24 {
		t.Errorf("%v allocations for an INVITE", n)
	}
}
