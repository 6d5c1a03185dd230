package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/digest"
	"breakwater/sip/wire"
)

func uri(t *testing.T, text string) sip.Uri {
	t.Helper()
	var u sip.Uri
	must(t, "uri", sip.ParseUri(text, &u))
	return u
}

// TestWhereRequestsOfADialogGo is the NAT rule of DESIGN.md.
func TestWhereRequestsOfADialogGo(t *testing.T) {
	udp := &listener{network: "udp", bound: netip.MustParseAddrPort("0.0.0.0:5060")}
	for name, tc := range map[string]struct {
		source, contact, route string
		trunk                  bool
		want                   string
	}{
		"a phone at the address it names":           {"192.168.1.5:5060", "sip:p@192.168.1.5:5062", "", false, "192.168.1.5:5062"},
		"a phone that names no port":                {"192.168.1.5:40000", "sip:p@192.168.1.5", "", false, "192.168.1.5:5060"},
		"a phone behind a NAT":                      {"203.0.113.9:40000", "sip:p@192.168.1.5:5060", "", false, "203.0.113.9:40000"},
		"a phone behind a proxy that stays in":      {"203.0.113.9:5060", "sip:p@192.168.1.5:5060", "sip:203.0.113.8;lr", false, "203.0.113.8:5060"},
		"a trunk that answers from another machine": {"198.51.100.1:5060", "sip:gw@198.51.100.2:5070", "", true, "198.51.100.2:5070"},
		"a trunk that names its inside":             {"198.51.100.1:5060", "sip:gw@10.0.0.2", "", true, "198.51.100.1:5060"},
		"a trunk inside our own network":            {"10.0.0.1:5060", "sip:gw@10.0.0.2", "", true, "10.0.0.2:5060"},
		"a name":                                    {"198.51.100.1:5060", "sip:gw@gw.example.com", "", true, "198.51.100.1:5060"},
		"a family we have no socket for":            {"198.51.100.1:5060", "sip:gw@[2001:db8::1]", "", true, "198.51.100.1:5060"},
		"nonsense":                                  {"198.51.100.1:5060", "sip:gw@0.0.0.0", "", true, "198.51.100.1:5060"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &leg{dlg: &dialog{target: uri(t, tc.contact)}}
			l.peer.hop = hop{udp, netip.MustParseAddrPort(tc.source)}
			if tc.trunk {
				l.peer.trunk = &trunk{}
			}
			if tc.route != "" {
				l.dlg.routes = []sip.Uri{uri(t, tc.route)}
			}
			if got := l.route().remote.String(); got != tc.want {
				t.Errorf("goes to %s, want %s", got, tc.want)
			}
		})
	}
}

func TestWhatACauseIsOnTheWire(t *testing.T) {
	for want, causes := range map[int][]call.Cause{
		486: {{Metric: call.LegBusy}, {Status: 486}},
		603: {{Metric: call.LegDeclined}},
		503: {{Metric: call.LegOverload}},
		480: {{Metric: call.LegNoAnswer}, {Metric: call.LegNoContact}, {Metric: call.LegUnreachable}, {}, {Status: 200}, {Metric: call.CauseAbandoned}},
		403: {{Metric: call.LegRefused}},
		404: {{Status: 404, Metric: call.LegRefused}},
	} {
		for _, c := range causes {
			if got := statusOf(c); got != want {
				t.Errorf("%+v is %d, want %d", c, got, want)
			}
		}
	}
}

// TestTheMostTellingAnswerWins among the contacts of one phone, in any order.
func TestTheMostTellingAnswerWins(t *testing.T) {
	order := []int{408, 404, 480, 486, 603}
	for i, low := range order {
		for _, high := range order[i+1:] {
			if !moreTelling(high, low) || moreTelling(low, high) {
				t.Errorf("%d must tell more than %d", high, low)
			}
		}
	}
}

func TestWhyNobodyAnswered(t *testing.T) {
	res := func(status int) *sip.Response { return sip.NewResponse(status, "Reason") }
	ofTrunk := &leg{}
	ofTrunk.peer.trunk = &trunk{}
	for name, tc := range map[string]struct {
		f    fork
		want call.Cause
	}{
		"nothing came back":      {fork{lost: errTimeout}, call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: errTimeout.Error()}},
		"nothing was even tried": {fork{}, call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable}},
		"no ports": {
			fork{lost: fmt.Errorf("open: %w", media.ErrNoPorts)},
			call.Cause{By: call.ByUs, Metric: call.LegOverload, Text: "open: " + media.ErrNoPorts.Error()},
		},
		"busy everywhere":   {fork{best: res(600)}, call.Cause{By: call.ByAgent, Status: 600, Metric: call.LegBusy, Text: "Reason"}},
		"it rang, then 480": {fork{best: res(480), rang: true}, call.Cause{By: call.ByAgent, Status: 480, Metric: call.LegDeclined, Text: "Reason"}},
		"a carrier that found nobody in time": {
			fork{best: res(408), leg: ofTrunk}, call.Cause{By: call.ByNetwork, Status: 408, Metric: call.LegNoAnswer, Text: "Reason"},
		},
		"the same after it rang": {
			fork{best: res(408), leg: ofTrunk, rang: true}, call.Cause{By: call.ByAgent, Status: 408, Metric: call.LegNoAnswer, Text: "Reason"},
		},
		"a redirect":        {fork{best: res(302)}, call.Cause{By: call.ByAgent, Status: 302, Metric: call.LegRefused, Text: "Reason"}},
		"a gateway's fault": {fork{best: res(503)}, call.Cause{By: call.ByNetwork, Status: 503, Metric: call.LegRefused, Text: "Reason"}},
	} {
		if d := cmp.Diff(tc.want, tc.f.verdict()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWhatAProbeProves(t *testing.T) {
	for name, tc := range map[string]struct {
		res  *sip.Response
		err  error
		want bool
	}{
		"200 is life":                   {sip.NewResponse(200, ""), nil, false},
		"405 is life: somebody said it": {sip.NewResponse(405, ""), nil, false},
		"500 is life":                   {sip.NewResponse(500, ""), nil, false},
		"481 is proof":                  {sip.NewResponse(481, ""), nil, true},
		"408 is proof":                  {sip.NewResponse(408, ""), nil, true},
		"no answer is proof":            {nil, errTimeout, true},
		"a transport failure is proof":  {nil, errBroken, true},
		"another error of ours is none": {nil, errors.New("other"), false},
	} {
		if got := gone(tc.res, tc.err); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatAPeerTakes(t *testing.T) {
	for name, tc := range map[string]struct {
		allow           string
		options, update bool
	}{
		"it did not say": {"", true, false},
		"it says both":   {"OPTIONS, UPDATE", true, true},
		"only UPDATE":    {"invite,update", false, true},
		"neither":        {"INVITE", false, false},
	} {
		p := peer{allow: tc.allow}
		if p.takes(sip.OPTIONS) != tc.options || p.takes(sip.UPDATE) != tc.update {
			t.Errorf("%s: options %v, update %v", name, p.takes(sip.OPTIONS), p.takes(sip.UPDATE))
		}
	}
}

func TestKeysInINFO(t *testing.T) {
	for body, want := range map[string]string{
		"Signal=5\r\nDuration=160\r\n": "5", "signal = *\n": "*", "Duration=1\r\nSignal=11": "#",
		"Signal=12": "", "Signal=": "", "": "", "Signal=a\r\n": "A", "Signal=16": "", "5": "",
	} {
		key, ok := relayKey([]byte(body))
		if got := strings.Trim(string(rune(key)), "\x00"); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", body, got, ok, want)
		}
	}
}

func TestWhatMayStandInARequestOfOurs(t *testing.T) {
	for in, want := range map[string]string{
		"+49 (30) 123-4": "+49(30)123-4", "*97": "*97", "1#": "1%23", "a@b;c>": "abc", "\r\nVia: x": "Viax", "": "",
	} {
		if got := escapeUser(in); got != want {
			t.Errorf("number %q: %q, want %q", in, got, want)
		}
	}
	for name, want := range map[string]bool{
		"X-Call": true, "x-a": true, "X-": false, "Via": false, "X-a b": false, "X-a:": false, "X-" + strings.Repeat("a", 70): false,
	} {
		if extraName(name) != want {
			t.Errorf("header %q: %v", name, !want)
		}
	}
	if got := alertInfo("ring-1>;x\"\r\n"); strings.ContainsAny(got[len("<http://127.0.0.1>;"):], "<>;,\"\r\n") {
		t.Errorf("alert %q", got)
	}
}

func TestAReplyCarriesWhatTheRFCWants(t *testing.T) {
	req := request(t, strings.Replace(anInvite, "Call-ID", "Via: SIP/2.0/UDP second\nTimestamp: 7\nRecord-Route: <sip:p;lr>\nCall-ID", 1))
	for status, want := range map[int]struct{ tag, timestamp, route bool }{
		100: {false, true, false}, 180: {true, false, true}, 200: {true, false, true}, 486: {true, false, false},
	} {
		res := reply(req, status, "b")
		text := res.String()
		if len(res.GetHeaders("via")) != 2 || res.CSeq().Value() != "7 INVITE" || res.CallID().Value() != "c1" {
			t.Errorf("%d:\n%s", status, text)
		}
		for part, has := range map[string]bool{";tag=b": want.tag, "Timestamp: 7": want.timestamp, "Record-Route:": want.route} {
			if strings.Contains(text, part) != has {
				t.Errorf("%d: %q is there: %v\n%s", status, part, !has, text)
			}
		}
	}
	if again := reply(request(t, strings.Replace(anInvite, "<sip:700@192.0.2.1>", "<sip:700@192.0.2.1>;tag=old", 1)), 200, "new"); strings.Contains(again.String(), "tag=new") {
		t.Error("a tag was replaced")
	}
}

func TestEveryStatusHasAPhrase(t *testing.T) {
	for _, status := range []int{100, 199, 200, 299, 302, 404, 499, 503, 599, 603, 699} {
		if reason(status) == "" {
			t.Errorf("%d has none", status)
		}
	}
}

func TestHowLongAProviderKeepsUs(t *testing.T) {
	const head = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@h>;tag=a\nTo: <sip:a@h>;tag=b\nCall-ID: c\nCSeq: 1 REGISTER\n"
	for headers, want := range map[string]time.Duration{
		"Contact: <sip:a@h>;expires=60\nExpires: 90": time.Minute, "Expires: 90": 90 * time.Second,
		"X-No: thing": 5 * time.Minute, "Expires: 9999": 5 * time.Minute, "Contact: <sip:a@h>;expires=0": 5 * time.Minute,
	} {
		if got := granted(response(t, head+headers), 5*time.Minute); got != want {
			t.Errorf("%q: %v, want %v", headers, got, want)
		}
	}
}

func TestEarsKeepTheOrderAndTheEnd(t *testing.T) {
	var e ears
	for range maxUnheard + 10 {
		e.hear(call.Signal{Kind: call.Pressed})
	}
	e.hear(call.Signal{Kind: call.Ended})
	e.hear(call.Signal{Kind: call.Pressed})
	var got []call.SignalKind
	e.listen(func(s call.Signal) { got = append(got, s.Kind) })
	e.flush()
	if len(got) != maxUnheard+1 || got[len(got)-1] != call.Ended {
		t.Errorf("%d signals, the last is %d", len(got), got[len(got)-1])
	}
}

func TestAListenerMaySpeakWhileItHears(t *testing.T) {
	var e ears
	var got []call.SignalKind
	e.listen(func(s call.Signal) {
		got = append(got, s.Kind)
		if s.Kind == call.Held {
			e.hear(call.Signal{Kind: call.Resumed})
			e.flush() // must not overtake itself
		}
	})
	e.hear(call.Signal{Kind: call.Held})
	e.hear(call.Signal{Kind: call.Pressed})
	e.flush()
	if d := cmp.Diff([]call.SignalKind{call.Held, call.Pressed, call.Resumed}, got); d != "" {
		t.Error(d)
	}
}

func TestProofIsGivenOnlyToWhomItBelongs(t *testing.T) {
	p := proof{}
	req := request(t, anInvite)
	p.add(req)
	res := response(t, "SIP/2.0 401 Unauthorized\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@h>;tag=a\nTo: <sip:a@h>;tag=b\nCall-ID: c\nCSeq: 1 INVITE\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"")
	if p.challenged(req, res) || wire.Value(req, "authorization") != "" {
		t.Error("a trunk without an account proved something")
	}
	p.client = digest.NewClient("u", "p")
	if !p.challenged(req, res) {
		t.Error("a challenge was not taken")
	}
	for _, method := range []sip.RequestMethod{sip.ACK, sip.CANCEL} {
		quietly := sip.NewRequest(method, req.Recipient)
		if p.add(quietly); wire.Value(quietly, "authorization") != "" {
			t.Errorf("%s carries a proof", method)
		}
	}
	if p.add(req); wire.Value(req, "authorization") == "" {
		t.Error("no proof")
	}
	if p.challenged(req, res) {
		t.Error("the same challenge twice means that the password is wrong")
	}
}

func TestTheRosterForgets(t *testing.T) {
	r := newRoster()
	a, b := &leg{who: call.Party{Phone: "1"}}, &leg{who: call.Party{Phone: "1"}}
	for _, l := range []*leg{a, b, {who: call.Party{Trunk: "t"}}} {
		r.enter(l)
	}
	if len(r.of("1")) != 2 || len(r.of("")) != 0 {
		t.Errorf("%d legs of the phone", len(r.of("1")))
	}
	r.leave(a)
	r.leave(b)
	if len(r.legs) != 0 {
		t.Error("a phone without legs is kept")
	}
}
