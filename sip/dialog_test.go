package sip

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

func request(t *testing.T, text string) *sip.Request {
	t.Helper()
	m, err := wire.NewParser().ParseSIP([]byte(strings.ReplaceAll(strings.TrimSpace(text), "\n", "\r\n") + "\r\n\r\n"))
	must(t, "parse", err)
	req, ok := m.(*sip.Request)
	if !ok {
		t.Fatalf("a %T", m)
	}
	return req
}

func response(t *testing.T, text string) *sip.Response {
	t.Helper()
	m, err := wire.NewParser().ParseSIP([]byte(strings.ReplaceAll(strings.TrimSpace(text), "\n", "\r\n") + "\r\n\r\n"))
	must(t, "parse", err)
	res, ok := m.(*sip.Response)
	if !ok {
		t.Fatalf("a %T", m)
	}
	return res
}

const anInvite = `INVITE sip:700@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK1
From: "Ann" <sip:ann@example.com>;tag=a
To: "Desk" <sip:700@192.0.2.1>
Call-ID: c1
CSeq: 7 INVITE`

func TestADialogIsMadeByBothEndsAlike(t *testing.T) {
	in, err := incomingDialog(request(t, anInvite+`
Record-Route: <sip:p2@192.0.2.8;lr>, <sip:p1@192.0.2.7;lr>
Contact: <sip:ann@192.0.2.5:5062>`), "b")
	must(t, "incoming", err)
	out, err := outgoingDialog("c1", fromParty(request(t, anInvite)), request(t, anInvite).CSeq().SeqNo, response(t, `SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK1
From: "Ann" <sip:ann@example.com>;tag=a
To: "Desk" <sip:700@192.0.2.1>;tag=b
Call-ID: c1
CSeq: 7 INVITE
Record-Route: <sip:p2@192.0.2.8;lr>
Record-Route: <sip:p1@192.0.2.7;lr>
Contact: <sip:desk@192.0.2.9>`))
	must(t, "outgoing", err)
	for name, tc := range map[string]struct {
		d    *dialog
		want []string
	}{
		"the called end": {in, []string{
			"BYE sip:ann@192.0.2.5:5062 SIP/2.0", "Route: <sip:p2@192.0.2.8;lr>\r\nRoute: <sip:p1@192.0.2.7;lr>",
			`From: "Desk" <sip:700@192.0.2.1>;tag=b`, `To: "Ann" <sip:ann@example.com>;tag=a`, "CSeq: 1 BYE", "Max-Forwards: 70",
		}},
		"the calling end, with the routes reversed": {out, []string{
			"BYE sip:desk@192.0.2.9 SIP/2.0", "Route: <sip:p1@192.0.2.7;lr>\r\nRoute: <sip:p2@192.0.2.8;lr>",
			`From: "Ann" <sip:ann@example.com>;tag=a`, `To: "Desk" <sip:700@192.0.2.1>;tag=b`, "CSeq: 8 BYE",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.d.request(sip.BYE).String()
			for _, w := range tc.want {
				if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%s", w, got)
				}
			}
		})
	}
	if got := out.ack(7).CSeq().Value(); got != "7 ACK" {
		t.Errorf("the ACK has CSeq %s", got)
	}
}

func TestAStrictRouterGetsItselfAsRequestURI(t *testing.T) {
	d := dialog{target: sip.Uri{Scheme: "sip", User: "desk", Host: "192.0.2.9"}, routes: []sip.Uri{
		{Scheme: "sip", Host: "192.0.2.7"}, {Scheme: "sip", Host: "192.0.2.8", UriParams: sip.HeaderParams{{K: "lr"}}},
	}}
	got := d.request(sip.BYE).String()
	for _, w := range []string{"BYE sip:192.0.2.7 SIP/2.0", "Route: <sip:192.0.2.8;lr>\r\nRoute: <sip:desk@192.0.2.9>"} {
		if !strings.Contains(got, w) {
			t.Errorf("no %q in\n%s", w, got)
		}
	}
	if next := d.next(); next.Host != "192.0.2.7" {
		t.Errorf("goes to %s", next.Host)
	}
}

func TestRequestsOfADialogComeInOrder(t *testing.T) {
	d, err := incomingDialog(request(t, anInvite+"\nContact: <sip:ann@192.0.2.5>"), "b")
	must(t, "dialog", err)
	for _, tc := range []struct {
		seq  string
		want error
	}{{"8", nil}, {"8", errOutOfOrder}, {"7", errOutOfOrder}, {"20", nil}, {"9", errOutOfOrder}} {
		req := request(t, strings.Replace(anInvite, "CSeq: 7", "CSeq: "+tc.seq, 1))
		if err := d.accept(req); !errors.Is(err, tc.want) {
			t.Errorf("CSeq %s: %v, want %v", tc.seq, err, tc.want)
		}
	}
}

func TestADialogKnowsItsRequests(t *testing.T) {
	d := dialog{local: party{tag: "b"}, remote: party{tag: "a"}}
	for name, tc := range map[string]struct {
		to, from string
		want     bool
	}{
		"both tags": {"b", "a", true}, "another local tag": {"x", "a", false}, "another peer": {"b", "x", false},
	} {
		req := request(t, strings.NewReplacer("tag=a", "tag="+tc.from, "192.0.2.1>", "192.0.2.1>;tag="+tc.to).Replace(anInvite))
		if got := d.owns(req); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWithoutContactThereIsNoDialog(t *testing.T) {
	if _, err := incomingDialog(request(t, anInvite), "b"); !errors.Is(err, errNoContact) {
		t.Error(err)
	}
}

func TestTargetRefresh(t *testing.T) {
	d := dialog{target: sip.Uri{Host: "old"}}
	d.refresh(nil)
	if d.target.Host != "old" {
		t.Error("nothing moved the target")
	}
	d.refresh(&sip.ContactHeader{Address: sip.Uri{Host: "new"}})
	if d.target.Host != "new" {
		t.Error("the target stayed")
	}
}

// TestSessionTimers is RFC 4028 §9, table 2, with our wish of 1800 s and Min-SE 90 s.
func TestSessionTimers(t *testing.T) {
	const s = time.Second
	for name, tc := range map[string]struct {
		headers  string
		want     sessionTimer
		tooSmall bool
		header   string
	}{
		"the peer knows no timers":                   {"", sessionTimer{}, false, ""},
		"it knows them and asks for none":            {"Supported: timer", sessionTimer{1800 * s, true}, false, "1800;refresher=uas"},
		"it asks for less than ours":                 {"Supported: timer\nSession-Expires: 600", sessionTimer{600 * s, true}, false, "600;refresher=uas"},
		"it asks for more than ours":                 {"Supported: timer\nSession-Expires: 7200", sessionTimer{1800 * s, true}, false, "1800;refresher=uas"},
		"a proxy's Min-SE is kept":                   {"Supported: timer\nSession-Expires: 7200\nMin-SE: 3600", sessionTimer{3600 * s, true}, false, "3600;refresher=uas"},
		"it wants to refresh itself":                 {"Supported: timer\nSession-Expires: 600;refresher=uac", sessionTimer{600 * s, false}, false, "600;refresher=uac"},
		"it wants us to refresh":                     {"k: timer\nx: 600;Refresher=UAS", sessionTimer{600 * s, true}, false, "600;refresher=uas"},
		"too small":                                  {"Supported: timer\nSession-Expires: 60", sessionTimer{}, true, ""},
		"too small, and it cannot be told":           {"Session-Expires: 60", sessionTimer{90 * s, true}, false, "90;refresher=uas"},
		"a proxy asks for a peer that knows nothing": {"Session-Expires: 600;refresher=uac", sessionTimer{600 * s, true}, false, "600;refresher=uas"},
		"nonsense is as good as nothing":             {"Supported: timer\nSession-Expires: soon", sessionTimer{1800 * s, true}, false, "1800;refresher=uas"},
	} {
		t.Run(name, func(t *testing.T) {
			got, tooSmall := timerOffered(request(t, strings.TrimSpace(anInvite+"\n"+tc.headers))).agree(1800*s, 90*s)
			if got != tc.want || tooSmall != tc.tooSmall {
				t.Errorf("got %+v %v, want %+v %v", got, tooSmall, tc.want, tc.tooSmall)
			}
			if tc.header != "" && got.header(false).Value() != tc.header {
				t.Errorf("header %q, want %q", got.header(false).Value(), tc.header)
			}
		})
	}
}

func TestSessionTimerOfAnAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		offer timerOffer
		want  sessionTimer
	}{
		"none":            {timerOffer{}, sessionTimer{}},
		"we refresh":      {timerOffer{interval: time.Minute, refresher: "uac"}, sessionTimer{time.Minute, true}},
		"they refresh":    {timerOffer{interval: time.Minute, refresher: "uas"}, sessionTimer{time.Minute, false}},
		"nobody is named": {timerOffer{interval: time.Minute}, sessionTimer{time.Minute, true}},
	} {
		if got := tc.offer.settled(); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
	timer := sessionTimer{interval: 90 * time.Second}
	if timer.refreshAfter() != 45*time.Second || timer.giveUpAfter() != 60*time.Second {
		t.Errorf("refresh after %v, give up after %v", timer.refreshAfter(), timer.giveUpAfter())
	}
	if long := (sessionTimer{interval: 30 * time.Minute}); long.giveUpAfter() != 30*time.Minute-32*time.Second {
		t.Errorf("give up after %v", long.giveUpAfter())
	}
}
