package wire

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// parse reads a request that must be readable.
func parse(t testing.TB, text string) *sip.Request {
	t.Helper()
	msg, err := NewParser().ParseSIP([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return msg.(*sip.Request)
}

func TestContactsComeBackAsSent(t *testing.T) {
	for _, contact := range []string{
		`<sip:1001@192.0.2.20:5062>`,
		`<sip:1001@192.0.2.20:5060;line=8ahqzm;transport=tcp>;reg-id=1;q=1.0;+sip.instance="<urn:uuid:0d-1a>";audio;mobility="fixed";duplex="full";description="snom, 710";actor="principal";events="dialog";methods="INVITE,ACK,CANCEL"`,
		`"Front \"Desk\"" <sip:1001@192.0.2.20>;methods="INVITE, ACK, BYE"`,
		`<sip:1001@[2001:db8::20]:5060>;expires=60`,
		`<sip:1001@192.0.2.20;ob>;flag;empty=;x="a;b,c"`,
		`<sips:%31001@phone.example?Subject=a>;q=0.5`,
	} {
		req := parse(t, message("REGISTER sip:example.com SIP/2.0", "m: "+contact))
		if got := Contact(req).Value(); got != contact {
			t.Errorf("sent %s\n got %s", contact, got)
		}
	}
}

func TestSeveralContactsInOneLineAndInTwo(t *testing.T) {
	req := parse(t, message("REGISTER sip:example.com SIP/2.0",
		`Contact: <sip:a@192.0.2.1>;x="1,2" , "B, b" <sip:b@192.0.2.2>,sip:c@192.0.2.3;q=0.1`, "m: <sip:d@192.0.2.4>"))
	var users []string
	for _, c := range Contacts(req) {
		users = append(users, c.Address.User)
	}
	if got := strings.Join(users, " "); got != "a b c d" {
		t.Errorf("contacts %q, want a b c d", got)
	}
	if got := Contact(req).Address.User; got != "a" {
		t.Errorf("the first contact is %q", got)
	}
	if got, _ := Param(Contacts(req)[2].Params, "Q"); got != "0.1" {
		t.Errorf("q of the third is %q", got)
	}
}

func TestViasKeepTheirOrderAndBranch(t *testing.T) {
	req := parse(t, message("OPTIONS sip:example.com SIP/2.0",
		"v: SIP / 2.0 / UDP  a.example : 5070 ; Branch = z9hG4bK1 ;rport , SIP/2.0/TCP [2001:db8::1]:5061;branch=z9hG4bK2", "Via: SIP/2.0/UDP c.example;branch=z9hG4bK3"))
	var got []string
	for _, h := range req.GetHeaders("Via") {
		got = append(got, h.Value())
	}
	want := []string{
		"SIP/2.0/UDP a.example:5070;Branch=z9hG4bK1;rport",
		"SIP/2.0/TCP [2001:db8::1]:5061;branch=z9hG4bK2",
		"SIP/2.0/UDP c.example;branch=z9hG4bK3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Vias (-want +got):\n%s", diff)
	}
	if got := Branch(req); got != "z9hG4bK1" {
		t.Errorf("branch %q", got)
	}
}

func TestCompactNamesBecomeFullOnes(t *testing.T) {
	req := parse(t, message("REFER sip:user@example.com SIP/2.0",
		"k: timer, path", "o: refer", "x: 1800;refresher=uac", "r: <sip:b@c?Replaces=1%40d%3Bto-tag%3De>", "b: <sip:a@c>", "e: gzip", "u: talk", "s: hello", "a: *", "d: no-fork", "j: *"))
	for _, name := range []string{"Supported", "Event", "Session-Expires", "Refer-To", "Referred-By", "Content-Encoding", "Allow-Events", "Subject", "Accept-Contact", "Request-Disposition", "Reject-Contact"} {
		if req.GetHeader(name) == nil {
			t.Errorf("no %s", name)
		}
	}
	if !Has(req, "supported", "PATH") || Has(req, "Supported", "100rel") {
		t.Error("Supported is not read as a list")
	}
	if got, _ := req.ReferTo().Address.Headers.Get("Replaces"); got != "1%40d%3Bto-tag%3De" {
		t.Errorf("Replaces inside Refer-To is %q", got)
	}
}

func TestTheAnswerGoesToThePacketsSource(t *testing.T) {
	behind := netip.MustParseAddrPort("203.0.113.9:40123")
	tests := map[string]struct{ via, want string }{
		"rport asked for":                       {"SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK1", "SIP/2.0/UDP 192.168.1.5:5060;rport=40123;branch=z9hG4bK1;received=203.0.113.9"},
		"rport in capitals":                     {"SIP/2.0/UDP 192.168.1.5;RPORT;branch=z9hG4bK1", "SIP/2.0/UDP 192.168.1.5;rport=40123;branch=z9hG4bK1;received=203.0.113.9"},
		"a Poly: no rport":                      {"SIP/2.0/UDP 192.168.1.5:5060;branch=z9hG4bK1", "SIP/2.0/UDP 192.168.1.5:5060;branch=z9hG4bK1;received=203.0.113.9"},
		"an address that is true":               {"SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK1", "SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK1"},
		"somebody tells us where he comes from": {"SIP/2.0/UDP 192.168.1.5;received=198.51.100.1;branch=z9hG4bK1", "SIP/2.0/UDP 192.168.1.5;branch=z9hG4bK1;received=203.0.113.9"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			req := parse(t, message("OPTIONS sip:example.com SIP/2.0", "Via: "+tt.via))
			Stamp(req, behind)
			if got := req.Via().Value(); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			req.SetSource(behind.String())
			res := Refusal(req, bad("why"))
			if res.Via().Value() != tt.want || res.Destination() != behind.String() {
				t.Errorf("the answer goes to %s with %s", res.Destination(), res.Via().Value())
			}
		})
	}
}

func TestARefusalIsTheSameForARetransmission(t *testing.T) {
	text := message("INVITE sip:user@example.com SIP/2.0", "Require: nothing")
	var answers []string
	for range 2 {
		req := parse(t, text)
		answers = append(answers, Refusal(req, Check(req, ourRules)).String())
	}
	if answers[0] != answers[1] {
		t.Errorf("first\n%s\nthen\n%s", answers[0], answers[1])
	}
	if !strings.Contains(answers[0], "Unsupported: nothing\r\n") || !strings.Contains(answers[0], "To: <sip:user@example.com>;tag=") {
		t.Errorf("not a 420 with its list and a tag:\n%s", answers[0])
	}
	if Refusal(parse(t, text), Verdict{Pass: true}) != nil || Refusal(parse(t, message("ACK sip:a@b SIP/2.0")), bad("x")) != nil {
		t.Error("an answer where there is none")
	}
}

func TestBranchOfOldSenders(t *testing.T) {
	at := func(method, via, cseq string) string {
		return Branch(parse(t, message(method+" sip:user@example.com SIP/2.0", "Via: SIP/2.0/UDP gw.example.com"+via, "CSeq: "+cseq+" "+method)))
	}
	invite := at("INVITE", "", "56")
	if invite == "" || invite != at("ACK", "", "56") || invite != at("CANCEL", "", "56") {
		t.Error("ACK and CANCEL do not find the INVITE")
	}
	if invite == at("INVITE", "", "57") || invite == at("INVITE", ":5070", "56") {
		t.Error("two transactions share a name")
	}
	if at("INVITE", ";branch=z9hG4bK", "56") == "z9hG4bK" {
		t.Error("the bare cookie names a transaction")
	}
}

func TestSanitise(t *testing.T) {
	for in, want := range map[string]string{
		"Refunds: 0123":          "Refunds: 0123",
		"a\r\nEvil: b":           "aEvil: b",
		" \x00a\tb\x7f ":         "ab",
		"客服":                     "客服",
		"bad \xff utf":           "bad  utf",
		strings.Repeat("é", 400): strings.Repeat("é", 256),
	} {
		if got := Sanitise(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := Quote("a \"b\" \\ c\n"); got != `"a \"b\" \\ c"` {
		t.Errorf("quoted: %s", got)
	}
}

func TestSplit(t *testing.T) {
	for in, want := range map[string][]string{
		"":                                {""},
		"a, b":                            {"a", "b"},
		`"a, b" <sip:x,y@z>;p="\",", <c>`: {`"a, b" <sip:x,y@z>;p="\","`, "<c>"},
		"a,,b":                            {"a", "", "b"},
	} {
		if diff := cmp.Diff(want, Split(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestParamsSurviveTheWay(t *testing.T) {
	name := rapid.StringMatching(`[a-zA-Z0-9.+_-]{1,8}`)
	value := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`=[a-zA-Z0-9.:]{1,8}`), rapid.StringMatching(`="([a-z ;,=<>]|\\")*"`))
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "count") {
			text.WriteString(";" + name.Draw(t, "name") + value.Draw(t, "value"))
		}
		params, err := readParams(text.String()[1:])
		if err != nil {
			t.Fatalf("%s: %v", text.String(), err)
		}
		if got := ";" + params.ToString(';'); got != text.String() {
			t.Fatalf("sent %s, got %s", text.String(), got)
		}
	})
}

func TestAStreamOfMessages(t *testing.T) {
	one := message("OPTIONS sip:example.com SIP/2.0", "Content-Length: 0")
	two := message("INFO sip:example.com SIP/2.0", "l: 3") + "abc"
	stream := NewParser().NewSIPStream()
	var methods []string
	for _, chunk := range []string{one[:50], one[50:] + two[:20], two[20:]} {
		err := stream.ParseSIPStream([]byte(chunk), func(m sip.Message) { methods = append(methods, string(m.(*sip.Request).Method)) })
		if err != nil && err != sip.ErrParseSipPartial { //nolint:errorlint // sipgo returns it bare
			t.Fatal(err)
		}
	}
	if got := strings.Join(methods, " "); got != "OPTIONS INFO" {
		t.Errorf("messages %q", got)
	}
	if err := stream.ParseSIPStream([]byte(message("OPTIONS sip:example.com SIP/2.0", "Content-Length: -1")), func(sip.Message) {}); err == nil {
		t.Error("without a length nobody knows where the next message begins: the stream must end")
	}
}

func TestTheSharedParserOfSipgoIsUntouched(t *testing.T) {
	NewParser()
	if _, there := sip.DefaultHeadersParser()["k"]; there {
		t.Error("our aliases leaked into sipgo's own table")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(message("INVITE sip:user@example.com SIP/2.0", "Content-Type: application/sdp", "Accept: */*") + sdpBody))
	f.Add([]byte(message("REGISTER sip:example.com SIP/2.0", `m: "a" <sip:a@b;x>;q=0.5;+i="<c d>", *`, "k: path", "Path: <sip:e;lr>")))
	f.Add([]byte(message("SIP/2.0 200 OK", "CSeq: 1 INVITE")))
	f.Add([]byte("OPTIONS  sip:a SIP/2.0\r\nv:;\r\n\t,\r\nf:<\r\nt:\"\r\ni: \r\nCSeq: 1\r\n\r\n"))
	parser := NewParser()
	f.Fuzz(func(t *testing.T, data []byte) {
		s := Screen(data, sender)
		if !s.Pass {
			if s.Answer != nil {
				mustBeReadable(t, s.Answer)
			}
			return
		}
		msg := readsAsItsParserDoes(t, parser, s.Data)
		if msg == nil {
			return
		}
		v := Check(msg, ourRules)
		req, isRequest := msg.(*sip.Request)
		if !isRequest {
			if v.Status != 0 {
				t.Fatal("a response was answered")
			}
			return
		}
		if v.Pass {
			Branch(req)
			Contact(req)
			Stamp(req, sender)
			if body, found := Description(req); found && len(body) > len(data) {
				t.Fatal("a description longer than the message")
			}
			if again, err := parser.ParseSIP(Append(nil, req)); err != nil {
				t.Fatalf("what was let in cannot be written and read again: %v\n%q", err, req.String())
			} else if v := Check(again, ourRules); !v.Pass {
				t.Fatalf("what was let in is refused when written again: %s\n%q", v.Why, req.String())
			}
			return
		}
		if res := Refusal(req, v); res != nil {
			for _, h := range v.Headers {
				if strings.ContainsAny(h.Value(), "\r\n\x00") {
					t.Fatalf("a header of ours splits the answer: %q", h.Value())
				}
			}
		}
	})
}

// mustBeReadable: an answer made of a stranger's bytes has the lines we meant.
func mustBeReadable(t *testing.T, b []byte) {
	t.Helper()
	if bytes.Count(b, []byte("\r\n\r\n")) != 1 || !bytes.HasSuffix(b, []byte("\r\n\r\n")) || bytes.IndexByte(b, 0) >= 0 {
		t.Fatalf("an answer that is not one message: %q", b)
	}
	if _, err := NewParser().ParseSIP(b); err != nil {
		t.Fatalf("an answer that cannot be read: %v\n%q", err, b)
	}
}

// BenchmarkArrival is what a message costs before anybody looks at what it wants.
func BenchmarkArrival(b *testing.B) {
	for name, text := range map[string]string{
		"INVITE": message("INVITE sip:user@example.com SIP/2.0", "Content-Type: application/sdp", "Accept: */*") + sdpBody,
		"BYE":    message("BYE sip:user@example.com SIP/2.0"),
	} {
		b.Run(name, func(b *testing.B) {
			data := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				msg, _, _ := Read(data, sender)
				if msg == nil || !Check(msg, ourRules).Pass {
					b.Fatal("refused")
				}
			}
		})
	}
}
