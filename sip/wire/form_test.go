package wire

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

func TestReadAddress(t *testing.T) {
	tests := map[string]struct {
		text string
		want string // as sipgo writes it; "" = refused
	}{
		"a bare address":                      {"sip:a@b.example", "<sip:a@b.example>"},
		"its parameters belong to the header": {"sip:a@b.example;tag=1", "<sip:a@b.example>;tag=1"},
		"those in brackets to the address":    {"<sip:a@b.example;x=1>;tag=2", "<sip:a@b.example;x=1>;tag=2"},
		"a name":                              {"Front Desk <sip:a@b.example>", `"Front Desk" <sip:a@b.example>`},
		"a name in quotes":                    {`"Desk, \"Front\"" <sip:a@b.example>`, `"Desk, \"Front\"" <sip:a@b.example>`},
		"no blank after the quotes":           {`"Desk"<sip:a@b.example>`, `"Desk" <sip:a@b.example>`},
		"a name of another script":            {"客服 <sip:a@b.example>", `"客服" <sip:a@b.example>`},
		"an empty name":                       {`"" <sip:a@b.example>`, "<sip:a@b.example>"},
		"a bracket inside the quotes":         {`"<sip:evil@c>" <sip:a@b.example>`, `"<sip:evil@c>" <sip:a@b.example>`},
		"a blank before the bracket's end":    {"<sip:a@b.example:5060 >;tag=1", "<sip:a@b.example:5060>;tag=1"},
		"blanks around parameters":            {"<sip:a@b.example> ; tag = 1 ; x", "<sip:a@b.example>;tag=1;x"},
		"a semicolon too many at the end":     {"<sip:a@b.example>;tag=1;", "<sip:a@b.example>;tag=1"},
		"IPv6":                                {"<sip:a@[2001:db8::1]:5060>", "<sip:a@[2001:db8::1]:5060>"},
		"another scheme":                      {"<tel:+49301234>", "<tel:+49301234>"},
		"nothing":                             {"", ""},
		"a name alone":                        {"Desk", ""},
		"a quoted name alone":                 {`"Desk"`, ""},
		"a quote not closed":                  {`"Desk <sip:a@b.example>`, ""},
		"a bracket not closed":                {"<sip:a@b.example", ""},
		"a quote inside a name":               {`De"sk <sip:a@b.example>`, ""},
		"a comma inside a name":               {"Desk, Front <sip:a@b.example>", ""},
		"a blank at the start of the address": {"< sip:a@b.example>", ""},
		"a blank inside the address":          {"<sip:a @b.example>", ""},
		"a question mark without brackets":    {"sip:a@b.example?x=y", ""},
		"text after the bracket":              {"<sip:a@b.example> tag=1", ""},
		"empty parameters":                    {"<sip:a@b.example>;;tag=1", ""},
		"a parameter without name":            {"<sip:a@b.example>;=1", ""},
		"a blank in a value":                  {"<sip:a@b.example>;x=a b", ""},
		"a value half in quotes":              {`<sip:a@b.example>;x="a"b`, ""},
		"a quote open to the end":             {`<sip:a@b.example>;x="a`, ""},
		"no host":                             {"<sip:a@>", ""},
		"a port that is none":                 {"<sip:a@b.example:65536>", ""},
		"a port in words":                     {"<sip:a@b.example:sip>", ""},
		"a scheme that is none":               {"<s p:a@b>", ""},
		"a star":                              {"<*>", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := readFrom(tt.text)
			if tt.want == "" {
				if err == nil {
					t.Errorf("%s was read as %s", tt.text, h.Value())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Value() != tt.want {
				t.Errorf("%s was read as %s, want %s", tt.text, h.Value(), tt.want)
			}
		})
	}
}

func TestReadVia(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a plain one":              {"SIP/2.0/UDP a.example", "SIP/2.0/UDP a.example"},
		"a port":                   {"SIP/2.0/UDP 192.0.2.1:5070;branch=z9", "SIP/2.0/UDP 192.0.2.1:5070;branch=z9"},
		"blanks before the ;":      {"SIP/2.0/UDP 192.0.2.1:5070  ;branch=z9", "SIP/2.0/UDP 192.0.2.1:5070;branch=z9"},
		"blanks around the colon":  {"SIP/2.0/UDP 192.0.2.1 : 5070", "SIP/2.0/UDP 192.0.2.1:5070"},
		"small letters":            {"SIP/2.0/udp a.example", "SIP/2.0/UDP a.example"},
		"a Grandstream's alias":    {"SIP/2.0/TCP 192.0.2.1:5060;branch=z9;rport;alias", "SIP/2.0/TCP 192.0.2.1:5060;branch=z9;rport;alias"},
		"IPv6":                     {"SIP/2.0/UDP [2001:db8::1]", "SIP/2.0/UDP [2001:db8::1]"},
		"nothing":                  {"", ""},
		"no host":                  {"SIP/2.0/UDP ", ""},
		"no transport":             {"SIP/2.0 a.example", ""},
		"a bracket not closed":     {"SIP/2.0/UDP [2001:db8::1", ""},
		"text after the bracket":   {"SIP/2.0/UDP [2001:db8::1]x", ""},
		"two hosts":                {"SIP/2.0/UDP a.example b.example", ""},
		"a user in the host":       {"SIP/2.0/UDP a@b.example", ""},
		"a negative port":          {"SIP/2.0/UDP a.example:-1", ""},
		"parameters without names": {"SIP/2.0/UDP a.example;=x", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := readVia(tt.text)
			if (err != nil) != (tt.want == "") || err == nil && h.Value() != tt.want {
				t.Errorf("%q was read as %v (%v), want %q", tt.text, h, err, tt.want)
			}
		})
	}
}

func TestReadNumbers(t *testing.T) {
	tests := []struct {
		read func(string) (sip.Header, error)
		text string
		want string // "" = refused
	}{
		{readCSeq, "0009  INVITE", "9 INVITE"},
		{readCSeq, "2147483647 ACK", "2147483647 ACK"},
		{readCSeq, "2147483648 ACK", ""},
		{readCSeq, "-1 ACK", ""},
		{readCSeq, "1", ""},
		{readCSeq, "1 ACK again", ""},
		{readCSeq, "1 A@K", ""},
		{readMaxForwards, "0068", "68"},
		{readMaxForwards, "255", "255"},
		{readMaxForwards, "256", ""},
		{readMaxForwards, "many", ""},
		{readContentLength, "0", "0"},
		{readContentLength, "+1", ""},
		{readContentLength, "4294967296", ""},
		{readCallID, "a@b", "a@b"},
		{readCallID, "a b", ""},
		{readCallID, "", ""},
		{readContentType, "application/sdp", "application/sdp"},
		{readContentType, "text/plain ; charset=utf-8", "text/plain ; charset=utf-8"},
		{readContentType, "sdp", ""},
		{readContentType, "/", ""},
	}
	for _, tt := range tests {
		h, err := tt.read(tt.text)
		if (err != nil) != (tt.want == "") || err == nil && h.Value() != tt.want {
			t.Errorf("%q was read as %v (%v), want %q", tt.text, h, err, tt.want)
		}
	}
}

func TestDescription(t *testing.T) {
	part := func(kind, text string) string { return "--b\r\nContent-Type: " + kind + "\r\n\r\n" + text + "\r\n" }
	tests := map[string]struct {
		kind, body string
		want       string
		found      bool
	}{
		"none":                             {"application/sdp", "", "", false},
		"by its type":                      {"Application/SDP;charset=utf-8", "v=0\r\n", "v=0\r\n", true},
		"without type":                     {"", "v=0\r\n", "v=0\r\n", true},
		"without type, and not one":        {"", "hello", "hello", false},
		"another type":                     {"text/plain", "v=0\r\n", "", false},
		"a part":                           {`multipart/mixed;boundary="b"`, part("text/plain", "x") + part("application/sdp", "v=0") + "--b--\r\n", "v=0", true},
		"no such part":                     {"multipart/mixed;boundary=b", part("text/plain", "x") + "--b--\r\n", "", false},
		"a boundary that is not there":     {"multipart/mixed", part("application/sdp", "v=0"), "", false},
		"the ninth part comes too late":    {"multipart/mixed;boundary=b", strings.Repeat(part("text/plain", "x"), 8) + part("application/sdp", "v=0") + "--b--\r\n", "", false},
		"a type that nobody can read":      {"multipart/;;", part("application/sdp", "v=0"), "", false},
		"a part without a readable type":   {"multipart/mixed;boundary=b", part(";", "x") + part("application/sdp", "v=0") + "--b--\r\n", "v=0", true},
		"a last part without its end":      {"multipart/mixed;boundary=b", "--b\r\nContent-Type: application/sdp\r\n\r\nv=0", "v=0", true},
		"a part in another part is not it": {"multipart/mixed;boundary=b", part("multipart/mixed;boundary=c", "--c\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--c--") + "--b--\r\n", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "a"})
			if tt.kind != "" {
				req.AppendHeader(sip.NewHeader("Content-Type", tt.kind))
			}
			req.SetBody([]byte(tt.body))
			got, found := Description(req)
			if found != tt.found || found && string(got) != tt.want {
				t.Errorf("%q, %v; want %q, %v", got, found, tt.want, tt.found)
			}
		})
	}
}

func TestTheAnswerBeforeTheParser(t *testing.T) {
	good := "Via: SIP/2.0/UDP 192.168.1.5;branch=z9hG4bK1\r\nv: SIP/2.0/UDP 192.168.1.6\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\ni: 1@a\r\nCSeq: 1 INVITE\r\n"
	tests := map[string]struct {
		datagram string
		want     []string // lines of the answer; nil = silence
	}{
		"a broken start line": {"INVITE  sip:c@d SIP/2.0\r\n" + good + "\r\n", []string{
			"SIP/2.0 400 Bad Request: request line", "Via: SIP/2.0/UDP 192.168.1.5;branch=z9hG4bK1;received=192.0.2.99", "Via: SIP/2.0/UDP 192.168.1.6",
			"From: <sip:a@b>;tag=1", "To: <sip:c@d>;tag=", "Call-ID: 1@a", "CSeq: 1 INVITE", "Content-Length: 0", "", "",
		}},
		"an unknown scheme":            {"INVITE a.b://c SIP/2.0\r\n" + good + "\r\n", []string{"SIP/2.0 416 Unsupported URI Scheme"}},
		"a line without a colon":       {"INVITE sip:c@d SIP/2.0\r\n" + good + "oops\r\n\r\n", []string{"SIP/2.0 400 Bad Request: a header without a name"}},
		"a fold at the start":          {"INVITE sip:c@d SIP/2.0\r\n x\r\n" + good + "\r\n", []string{"SIP/2.0 400 Bad Request: a header that begins with a blank"}},
		"nobody to answer":             {"INVITE  sip:c@d SIP/2.0\r\nFrom: <sip:a@b>\r\n\r\n", nil},
		"an ACK":                       {"ACK  sip:c@d SIP/2.0\r\n" + good + "\r\n", nil},
		"a response":                   {"SIP/2.0 20 OK\r\n" + good + "\r\n", nil},
		"a response without a reason":  {"SIP/2.0 200\r\n" + good + "\r\n", nil},
		"headers of nothing but space": {"INVITE sip:c@d SIP/2.0\r\nVia:\r\nFrom: \r\nTo: \r\nCall-ID: \r\nCSeq: \r\nx\r\n\r\n", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := Screen([]byte(tt.datagram), sender)
			if s.Pass || s.Why == "" {
				t.Fatalf("passed, or for no reason: %+v", s)
			}
			if tt.want == nil {
				if s.Answer != nil {
					t.Errorf("answered:\n%s", s.Answer)
				}
				return
			}
			got := strings.Split(string(s.Answer), "\r\n")
			for i, line := range got {
				if j := strings.Index(line, "<sip:c@d>;tag="); j >= 0 {
					got[i] = line[:j+len("<sip:c@d>;tag=")]
				}
			}
			if diff := cmp.Diff(tt.want, got[:len(tt.want)]); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if len(s.Answer) > len(tt.datagram)+200 {
				t.Errorf("an answer of %d bytes to %d: a flood could grow here", len(s.Answer), len(tt.datagram))
			}
		})
	}
}

func TestCheckMessagesThatWeMade(t *testing.T) {
	with := func(headers ...sip.Header) *sip.Request {
		req := parse(t, message("OPTIONS sip:192.0.2.1 SIP/2.0"))
		for _, h := range headers {
			req.AppendHeader(h)
		}
		return req
	}
	tests := map[string]struct {
		msg  sip.Message
		pass bool
	}{
		"as it is":                      {with(), true},
		"a header that we do not know":  {with(sip.NewHeader("X-A", "b")), true},
		"a line end smuggled in":        {with(sip.NewHeader("X-A", "b\r\nEvil: c")), false},
		"a name that is none":           {with(sip.NewHeader("X A", "b")), false},
		"a second From in plain text":   {with(sip.NewHeader("From", "<sip:a@b>")), false},
		"a Contact in plain text":       {with(sip.NewHeader("contact", "<sip:a@b>")), false},
		"two Expires":                   {with(sip.NewHeader("Expires", "1"), sip.NewHeader("Expires", "2")), false},
		"a request without any header":  {sip.NewRequest(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: "a"}), false},
		"a response without any header": {sip.NewResponse(200, "OK"), false},
		"a Date of Greenwich":           {with(sip.NewHeader("Date", "Sat, 21 Nov 2026 09:00:00 GMT")), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if v := Check(tt.msg, ourRules); v.Pass != tt.pass || v.Pass != (v.Why == "") {
				t.Errorf("%+v, want pass = %v", v, tt.pass)
			}
		})
	}
	if v := Check(nil, ourRules); v.Pass || v.Status != 0 {
		t.Errorf("no message at all: %+v", v)
	}
}

func TestNoMessageBringsTheParserDown(t *testing.T) {
	head := "REGISTER sip:p SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:1@p>;tag=1\r\nTo: <sip:1@p>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n"
	p := NewParser()
	for _, name := range []string{"m", "Contact", "Route", "Record-Route", "Via"} {
		for _, value := range []string{"A:0,", "*,", "a:,", "a:b,c:d", ",", ",,", "<a:>,", "a:b,", "sip:x,"} {
			text := head + name + ":" + value + "\r\n\r\n"
			if !Readable(p, []byte(text)) {
				t.Errorf("%s: %s ends the process", name, value)
			}
		}
	}
}

func TestReadableSurvivesAPanicOfTheParser(t *testing.T) {
	p := sip.NewParser(sip.WithHeadersParsers(map[string]sip.HeaderParser{
		"x": func([]byte, string) (sip.Header, error) { panic("as sipgo might") },
	}))
	if Readable(p, []byte("OPTIONS sip:p SIP/2.0\r\nX: 1\r\n\r\n")) {
		t.Error("a message that panics was called readable")
	}
}
