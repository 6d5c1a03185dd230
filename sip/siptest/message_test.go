package siptest

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func wireText(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

func TestMessagesAreRead(t *testing.T) {
	m, err := ParseMessage(wireText(`INVITE sip:100@192.0.2.1:5060;transport=udp SIP/2.0
v: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK2
From: "Ann, of \"Hill\"" <sip:030123;phone-context=x@192.0.2.7>;tag=f1
t: sip:100@192.0.2.1;tag=t1
m: <sip:a@192.0.2.7>;q=1,
 <sip:b@192.0.2.8>
CSeq: 42 INVITE
l:    4

bodyand rubbish`))
	if err != nil {
		t.Fatal(err)
	}
	n, method := m.CSeq()
	got := []any{
		m.Method, m.URI, len(m.List("Via")), ParamOf(m.List("Via")[1], "branch"), UserOf(m.Get("From")),
		ParamOf(m.Get("From"), "tag"), ParamOf(m.Get("To"), "tag"), m.List("Contact"), n, method, string(m.Body), URIOf(m.Get("To")),
	}
	want := []any{
		"INVITE", "sip:100@192.0.2.1:5060;transport=udp", 2, "z9hG4bK2", "030123",
		"f1", "t1",
		[]string{"<sip:a@192.0.2.7>;q=1", "<sip:b@192.0.2.8>"},
		uint32(42), "INVITE", "body", "sip:100@192.0.2.1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	m := &Message{Status: 180, Reason: "Ringing", Body: []byte("v=0")}
	m.Add("Via", "SIP/2.0/UDP x;branch=1")
	m.Add("Content-Length", "99")
	m.Set("Via", "SIP/2.0/UDP y;branch=2")
	back, err := ParseMessage(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if back.Status != 180 || back.Reason != "Ringing" || back.Get("via") != "SIP/2.0/UDP y;branch=2" || string(back.Body) != "v=0" {
		t.Errorf("got %+v", back)
	}
}

func TestWhatIsNotSIPIsRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":         "",
		"no empty line":   "BYE sip:x SIP/2.0\n",
		"another version": "BYE sip:x HTTP/1.1\n\n",
		"a bad status":    "SIP/2.0 twenty OK\n\n",
		"a bad header":    "BYE sip:x SIP/2.0\nno colon here\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := ParseMessage(wireText(raw)); err == nil {
				t.Errorf("read %v", m)
			}
		})
	}
}

func TestAStreamIsCutIntoMessages(t *testing.T) {
	one := "BYE sip:x SIP/2.0\r\nl: 3\r\n\r\nabc"
	two := "OPTIONS sip:y SIP/2.0\r\nCall-ID: 1\r\n\r\n"
	in := bufio.NewReader(strings.NewReader("\r\n\r\n" + one + "\r\n" + two))
	for _, want := range []string{one, two} {
		got, err := readFramed(in)
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
	for name, raw := range map[string]string{
		"a negative length": "BYE sip:x SIP/2.0\r\nl: -3\r\n\r\n",
		"a cut body":        "BYE sip:x SIP/2.0\r\nl: 30\r\n\r\nabc",
		"an endless head":   strings.Repeat("a: b\r\n", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := readFramed(bufio.NewReader(strings.NewReader(raw))); err == nil {
				t.Errorf("read %q", got)
			}
		})
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add(wireText("INVITE sip:a SIP/2.0\nVia: x\nf: <sip:b>;tag=1\n\nv=0"))
	f.Add(wireText("SIP/2.0 200 OK\nContact: \"a,b\" <sip:c>, <sip:d>\nl: 0\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseMessage(raw)
		if err != nil {
			return
		}
		m.List("Contact")
		ParamOf(m.Get("From"), "tag")
		parseSDP(m.Body)
		parseChallenge(m.Get("WWW-Authenticate"))
		if _, err := ParseMessage(m.Bytes()); err != nil && !bytes.ContainsAny(raw, "\n") {
			t.Errorf("what we write we cannot read: %v", err)
		}
	})
}
