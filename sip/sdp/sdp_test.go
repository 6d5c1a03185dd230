package sdp

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	pion "github.com/pion/sdp/v3"

	"breakwater/media"
)

var (
	here  = netip.MustParseAddrPort("192.0.2.10:10000")
	addrs = cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{})
)

// body writes a description with the line ends of the wire.
func body(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// phone is a plain description with the given lines after t=.
func phone(lines ...string) []byte {
	return body(append([]string{"v=0", "o=- 1 1 IN IP4 192.0.2.20", "s=-", "c=IN IP4 192.0.2.20", "t=0 0"}, lines...)...)
}

// strict reads a description of ours with a reader that forgives nothing.
func strict(t *testing.T, b []byte) *pion.SessionDescription {
	t.Helper()
	var d pion.SessionDescription
	if err := d.Unmarshal(b); err != nil {
		t.Fatalf("a strict reader refuses what we wrote: %v\n%s", err, b)
	}
	return &d
}

func TestAnswerTo(t *testing.T) {
	at := netip.MustParseAddrPort
	tests := map[string]struct {
		offer []byte
		want  Result
	}{
		"a Yealink: G.722 first, then G.711, events at 101": {
			phone("m=audio 11780 RTP/AVP 9 0 8 18 101", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
				"a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:11780"), Codec: media.PCMU, DTMF: 101, Ptime: 20 * time.Millisecond, Send: true, Recv: true}},
		},
		"the offerer's order decides: A-law before µ-law": {
			phone("m=audio 5004 RTP/AVP 8 0"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Codec: media.PCMA, Payload: 8, Send: true, Recv: true}},
		},
		"a Poly: events at 127": {
			phone("m=audio 2222 RTP/AVP 0 127", "a=rtpmap:127 telephone-event/8000"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:2222"), DTMF: 127, Send: true, Recv: true}},
		},
		"a Grandstream: a blank as session name, padded lines": {
			body("v=0  ", "o=1001 8000 8000 IN IP4 192.0.2.20", "s= ", "c=IN IP4 192.0.2.20", "t=0 0", "m=audio 5004 RTP/AVP 0 101 ", "a=rtpmap:101 telephone-event/8000"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), DTMF: 101, Send: true, Recv: true}},
		},
		"no session name at all": {
			body("v=0", "o=- 1 1 IN IP4 192.0.2.20", "c=IN IP4 192.0.2.20", "t=0 0", "m=audio 5004 RTP/AVP 0"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Send: true, Recv: true}},
		},
		"blanks in the user of o=, and bare line feeds": {
			[]byte("v=0\no=Front Desk 1 1 IN IP4 192.0.2.20\ns=call\nc=IN IP4 192.0.2.20\nt=0 0\nm=audio 5004 RTP/AVP 0\n"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Send: true, Recv: true}},
		},
		"a Cisco SPA: G729a, G.726, 30 ms": {
			phone("m=audio 16410 RTP/AVP 18 2 0 101", "a=rtpmap:18 G729a/8000", "a=rtpmap:2 G726-32/8000", "a=rtpmap:0 PCMU/8000",
				"a=rtpmap:101 telephone-event/8000", "a=ptime:30"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:16410"), DTMF: 101, Ptime: 30 * time.Millisecond, Send: true, Recv: true}},
		},
		"a Snom: the encrypted twin first, the plain line second": {
			phone("m=audio 5004 RTP/SAVP 8 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:x", "m=audio 5006 RTP/AVP 8 0", "a=sendrecv"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5006"), Codec: media.PCMA, Payload: 8, Send: true, Recv: true}},
		},
		"a video phone, with its own c= for sound": {
			phone("m=video 5010 RTP/AVP 96", "a=rtpmap:96 H264/90000", "m=audio 5004 RTP/AVP 0", "c=IN IP4 192.0.2.21"),
			Result{Desc: media.Desc{Remote: at("192.0.2.21:5004"), Send: true, Recv: true}},
		},
		"a fax line that strict readers choke on": {
			phone("m=image 5010 udptl t38", "m=audio 5004 RTP/AVP 0"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Send: true, Recv: true}},
		},
		"G.711 at a dynamic payload type": {
			phone("m=audio 5004 RTP/AVP 96", "a=rtpmap:96 pcma/8000/1"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Codec: media.PCMA, Payload: 96, Send: true, Recv: true}},
		},
		"a static number that the phone gave another meaning is not G.711": {
			phone("m=audio 5004 RTP/AVP 0 8", "a=rtpmap:0 GSM/8000"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Codec: media.PCMA, Payload: 8, Send: true, Recv: true}},
		},
		"RTCP elsewhere, and rtcp-mux ignored": {
			phone("m=audio 5004 RTP/AVP 0", "a=rtcp:5105 IN IP4 192.0.2.99", "a=rtcp-mux"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), RTCP: at("192.0.2.99:5105"), Send: true, Recv: true}},
		},
		"RTCP at another port of the same address, told before c=": {
			body("v=0", "o=- 1 1 IN IP4 192.0.2.20", "s=-", "t=0 0", "m=audio 5004 RTP/AVP 0", "a=rtcp:5105", "c=IN IP4 192.0.2.21"),
			Result{Desc: media.Desc{Remote: at("192.0.2.21:5004"), RTCP: at("192.0.2.21:5105"), Send: true, Recv: true}},
		},
		"IPv6": {
			body("v=0", "o=- 1 1 IN IP6 2001:db8::20", "s=-", "c=IN IP6 2001:db8::20", "t=0 0", "m=audio 5004 RTP/AVP 0"),
			Result{Desc: media.Desc{Remote: at("[2001:db8::20]:5004"), Send: true, Recv: true}},
		},
		"hold by sendonly, said for the whole session": {
			body("v=0", "o=- 1 2 IN IP4 192.0.2.20", "s=-", "c=IN IP4 192.0.2.20", "t=0 0", "a=sendonly", "m=audio 5004 RTP/AVP 0"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Recv: true}, Held: true, Sent: RecvOnly},
		},
		"hold by inactive": {
			phone("m=audio 5004 RTP/AVP 0", "a=inactive"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004")}, Held: true, Sent: Inactive},
		},
		"hold by the old 0.0.0.0": {
			phone("m=audio 5004 RTP/AVP 0", "c=IN IP4 0.0.0.0"),
			Result{Desc: media.Desc{Remote: at("0.0.0.0:5004"), Recv: true}, Held: true, Sent: RecvOnly},
		},
		"a party that only listens": {
			phone("m=audio 5004 RTP/AVP 0", "a=recvonly"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Send: true}, Sent: SendOnly},
		},
		"a ptime out of bounds is as if not said": {
			phone("m=audio 5004 RTP/AVP 0", "a=ptime:200"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Send: true, Recv: true}},
		},
		"telephone-event of another clock is not ours": {
			phone("m=audio 5004 RTP/AVP 0 96 101", "a=rtpmap:96 telephone-event/48000", "a=rtpmap:101 telephone-event/8000"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), DTMF: 101, Send: true, Recv: true}},
		},
		"bandwidth, keys and other lines that we never read": {
			phone("b=XX:what", "k=prompt", "u=::bad::", "m=audio 5004 RTP/AVP 0", "b=AS:64", "i=sound"),
			Result{Desc: media.Desc{Remote: at("192.0.2.20:5004"), Send: true, Recv: true}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewSession(7, false)
			local := here
			if tt.want.Desc.Remote.Addr().Is6() {
				local = netip.MustParseAddrPort("[2001:db8::10]:10000")
			}
			answer, got, err := s.Answer(tt.offer, local, SendRecv)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, addrs); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			lines, err := parse(tt.offer)
			if err != nil {
				t.Fatal(err)
			}
			back, err := parse(answer)
			if err != nil {
				t.Fatal(err)
			}
			if len(back) != len(lines) {
				t.Errorf("%d m-lines offered, %d answered:\n%s", len(lines), len(back), answer)
			}
			open := 0
			for i, l := range back {
				if l.kind != lines[i].kind || l.proto != lines[i].proto {
					t.Errorf("line %d was %s %s, is %s %s", i, lines[i].kind, lines[i].proto, l.kind, l.proto)
				}
				if l.port != 0 {
					open++
				}
			}
			if open != 1 {
				t.Errorf("%d lines taken, want 1", open)
			}
		})
	}
}

func TestDescriptionsThatCannotBeRead(t *testing.T) {
	tests := map[string]struct {
		offer  []byte
		line   int
		status int
		says   string
	}{
		"nothing":                     {nil, 0, 400, "no m= line"},
		"words":                       {body("hello"), 1, 400, "x=value"},
		"another version":             {body("v=1"), 1, 400, "version"},
		"a port that is none":         {phone("m=audio 70000 RTP/AVP 0"), 6, 400, "port"},
		"half an m-line":              {phone("m=audio 5004"), 6, 400, "m= needs"},
		"half a c-line":               {body("v=0", "c=IN IP4"), 2, 400, "c="},
		"a NUL":                       {phone("m=audio 5004 RTP/AVP 0", "a=x\x00y"), 7, 400, "NUL"},
		"no address":                  {body("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=audio 5004 RTP/AVP 0"), 5, 400, "no c="},
		"a name instead of one":       {phone("m=audio 5004 RTP/AVP 0", "c=IN IP4 phone.example"), 6, 400, "no c="},
		"seventeen lines":             {phone(strings.Split(strings.Repeat("m=video 0 RTP/AVP 1|", 17), "|")[:17]...), 22, 400, "16 m-lines"},
		"four hundred lines":          {phone(strings.Split(strings.Repeat("a=x|", 500), "|")...), 401, 400, "400 lines"},
		"seventeen KiB":               {phone("a=" + strings.Repeat("x", 17<<10)), 0, 400, "16 KiB"},
		"no G.711":                    {phone("m=audio 5004 RTP/AVP 9 18"), 0, 488, "PCMU or PCMA"},
		"only encrypted":              {phone("m=audio 5004 RTP/SAVP 0"), 0, 488, "PCMU or PCMA"},
		"sound taken away":            {phone("m=audio 0 RTP/AVP 0"), 0, 488, "PCMU or PCMA"},
		"video alone":                 {phone("m=video 5004 RTP/AVP 96"), 0, 488, "PCMU or PCMA"},
		"payload types that are none": {phone("m=audio 5004 RTP/AVP 200 -1 x"), 0, 488, "PCMU or PCMA"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := NewSession(1, false).Answer(tt.offer, here, SendRecv)
			if err == nil {
				t.Fatal("accepted")
			}
			if got := Status(err); got != tt.status {
				t.Errorf("status %d, want %d (%v)", got, tt.status, err)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
			var syntax *SyntaxError
			if errors.As(err, &syntax) && syntax.Line != tt.line {
				t.Errorf("line %d, want %d (%v)", syntax.Line, tt.line, err)
			}
			if tt.status == 488 && !errors.Is(err, ErrNoCodec) {
				t.Errorf("%v is not ErrNoCodec", err)
			}
		})
	}
}

func TestOurOffer(t *testing.T) {
	got := string(NewSession(42, false).Offer(here, SendRecv))
	want := string(body("v=0", "o=breakwater 42 1 IN IP4 192.0.2.10", "s=-", "c=IN IP4 192.0.2.10", "t=0 0",
		"m=audio 10000 RTP/AVP 0 8 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
		"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("offer (-want +got):\n%s", diff)
	}
	strict(t, []byte(got))
	six := string(NewSession(42, false).Offer(netip.MustParseAddrPort("[2001:db8::1]:10000"), SendRecv))
	if !strings.Contains(six, "c=IN IP6 2001:db8::1\r\n") {
		t.Errorf("an IPv6 offer without its address:\n%s", six)
	}
	strict(t, []byte(six))
}

func TestAcceptTheirAnswer(t *testing.T) {
	remote := netip.MustParseAddrPort("192.0.2.20:5004")
	tests := map[string]struct {
		wish   Direction
		answer []byte
		want   Result
		err    error
	}{
		"both ways": {
			SendRecv, phone("m=audio 5004 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"),
			Result{Desc: media.Desc{Remote: remote, Codec: media.PCMA, Payload: 8, DTMF: 101, Send: true, Recv: true}},
			nil,
		},
		"we hold, the party agrees": {
			SendOnly, phone("m=audio 5004 RTP/AVP 0", "a=recvonly"),
			Result{Desc: media.Desc{Remote: remote, Send: true}, Sent: SendOnly},
			nil,
		},
		"we hold, the party answers as if we did not": {
			SendOnly, phone("m=audio 5004 RTP/AVP 0"),
			Result{Desc: media.Desc{Remote: remote, Send: true}, Sent: SendOnly},
			nil,
		},
		"the party answers on hold": {
			SendRecv, phone("m=audio 5004 RTP/AVP 0", "a=inactive"),
			Result{Desc: media.Desc{Remote: remote}, Held: true},
			nil,
		},
		"refused":           {SendRecv, phone("m=audio 0 RTP/AVP 0"), Result{}, ErrRefused},
		"another codec":     {SendRecv, phone("m=audio 5004 RTP/AVP 9"), Result{}, ErrNoCodec},
		"a line of no kind": {SendRecv, phone("m=video 5004 RTP/AVP 0"), Result{}, ErrNoCodec},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewSession(1, false)
			s.Offer(here, tt.wish)
			got, err := s.Accept(tt.answer)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got, addrs); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := NewSession(1, false).Accept(phone("m=audio 5004 RTP/AVP 0")); !errors.Is(err, ErrNoOffer) {
		t.Errorf("an answer to nothing: %v", err)
	}
}

func TestEventsGetAFreeNumberWhenThePartyHadNone(t *testing.T) {
	s := NewSession(1, false)
	if _, _, err := s.Answer(phone("m=audio 5004 RTP/AVP 0 101", "a=rtpmap:101 opus/48000/2"), here, SendRecv); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strict(t, s.Offer(here, SendRecv)).MediaDescriptions[0].MediaName.Formats, " "); got != "0 8 102" {
		t.Errorf("formats %q; 101 already means opus to the party", got)
	}
}

func TestAnsweringDirections(t *testing.T) {
	all := []Direction{SendRecv, SendOnly, RecvOnly, Inactive}
	want := map[Direction][]Direction{ // by their offer, in the order of all
		SendRecv: {SendRecv, RecvOnly, SendOnly, Inactive},
		SendOnly: {SendOnly, Inactive, SendOnly, Inactive},
		RecvOnly: {RecvOnly, RecvOnly, Inactive, Inactive},
		Inactive: {Inactive, Inactive, Inactive, Inactive},
	}
	for _, wish := range all {
		for i, theirs := range all {
			if got := wish.answering(theirs); got != want[wish][i] {
				t.Errorf("we wish %s, they offer %s: %s, want %s", wish, theirs, got, want[wish][i])
			}
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(phone("m=audio 5004 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly"))
	f.Add(phone("m=video 5010 RTP/AVP 96", "m=image 1 udptl t38", "m=audio 5004 RTP/AVP 96", "a=rtpmap:96 PCMA/8000", "a=rtcp:1 IN IP6 ::1", "a=ptime:33.3"))
	f.Add([]byte("v=0\no=a b c d e f\nm=audio 1 RTP/AVP\n"))
	f.Fuzz(func(t *testing.T, offer []byte) {
		s := NewSession(1, true)
		answer, r, err := s.Answer(offer, here, SendRecv)
		if err != nil {
			return
		}
		if !r.Desc.Remote.IsValid() || r.Desc.Remote.Port() == 0 {
			t.Fatalf("agreed on nowhere: %+v", r)
		}
		back, err := parse(answer)
		if err != nil {
			t.Fatalf("our answer cannot be read: %v\n%q", err, answer)
		}
		if c, ok := back[s.audio].choose(s.speaks); !ok || c.kind != r.Desc.Codec || c.payload != r.Desc.Payload {
			t.Fatalf("our answer says %+v, the result %+v", c, r.Desc)
		}
	})
}
