package wire

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// writesAsStringDoes compares Append with sipgo's own way.
func writesAsStringDoes(t *testing.T, m sip.Message) {
	t.Helper()
	if d := cmp.Diff(m.String(), string(Append(nil, m))); d != "" {
		t.Errorf("written otherwise than by String (-theirs +ours)\n%s", d)
	}
}

func TestAppendWritesWhatStringDoes(t *testing.T) {
	for name, text := range map[string]string{
		"an INVITE":          message("INVITE sip:user@example.com;x=y SIP/2.0", "Content-Type: application/sdp", `f: "A \"b\"" <sip:a@b>;tag=1`) + sdpBody,
		"a response":         message("SIP/2.0 200 All is well", "CSeq: 1 INVITE", "Record-Route: <sip:e;lr>, <sip:f:5061;lr>"),
		"all of a URI":       message("OPTIONS sip:a:b@192.0.2.1:5070;transport=tcp;lr SIP/2.0", "Route: <sips:e:1;lr>"),
		"IPv6":               message("OPTIONS sip:a@[2001:db8::1]:5070 SIP/2.0", "Via: SIP/2.0/UDP [2001:db8::2];branch=z9hG4bK1", "Contact: <sip:[2001:db8::3]>"),
		"another scheme":     message("OPTIONS tel:+1;x=y SIP/2.0"),
		"slashes":            message("OPTIONS sip://a SIP/2.0"),
		"headers in a URI":   message("OPTIONS sip:a?b=c&d=e SIP/2.0"),
		"parameters":         message("OPTIONS sip:a SIP/2.0", `Contact: <sip:a@b>;q=0.5;+i="c d";e="f";g;h=`),
		"a star":             message("REGISTER sip:a SIP/2.0", "Contact: *"),
		"numbers and others": message("REFER sip:a SIP/2.0", "Max-Forwards: 0", "Refer-To: <sip:b>", "Referred-By: <sip:c>", "X-A: b", "Content-Length: 0"),
	} {
		t.Run(name, func(t *testing.T) {
			m, _, _ := Read([]byte(text), sender)
			if m == nil {
				t.Fatal("not read")
			}
			writesAsStringDoes(t, m)
		})
	}
}

func TestAppendNeedsNothingButRoom(t *testing.T) {
	m, _, _ := Read([]byte(message("INVITE sip:user@example.com SIP/2.0", "Content-Type: application/sdp")+sdpBody), sender)
	room := make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() { Append(room, m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
