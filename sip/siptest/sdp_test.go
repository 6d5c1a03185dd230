package siptest

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"breakwater/media/g711"
)

func TestStrangePhonesAreUnderstood(t *testing.T) {
	at := netip.MustParseAddrPort
	for name, c := range map[string]struct {
		sdp  string
		want session
	}{
		"plain": {
			"v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\na=sendonly\n",
			session{addr: at("192.0.2.1:4000"), laws: []g711.Law{g711.A, g711.Mu}, event: 101, direction: "sendonly"},
		},
		"the media line has its own address": {
			"v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.2\n",
			session{addr: at("192.0.2.2:4000"), laws: []g711.Law{g711.Mu}, event: NoEvent, direction: "sendrecv"},
		},
		"secure sound first, then plain, then a picture": {
			"v=0\nc=IN IP4 192.0.2.1\na=inactive\nm=audio 4000 RTP/SAVP 0\nm=audio 4002 RTP/AVP 0\nm=video 4004 RTP/AVP 96\na=rtpmap:96 telephone-event/8000\n",
			session{addr: at("192.0.2.1:4002"), laws: []g711.Law{g711.Mu}, event: NoEvent, direction: "inactive", chosen: 1},
		},
		"nothing we can": {
			"v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 18\n",
			session{addr: at("192.0.2.1:4000"), event: NoEvent, direction: "sendrecv", chosen: -1},
		},
		"rubbish": {
			"m=audio\nc=x\na=rtpmap:zz telephone-event/8000\n",
			session{event: NoEvent, direction: "sendrecv", chosen: -1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := parseSDP([]byte(c.sdp))
			opts := []cmp.Option{
				cmp.AllowUnexported(session{}), cmpopts.IgnoreFields(session{}, "lines"),
				cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b || !a.Addr().IsValid() && !b.Addr().IsValid() }),
			}
			if c.want.chosen < 0 {
				opts = append(opts, cmpopts.IgnoreFields(session{}, "addr"))
			}
			if d := cmp.Diff(c.want, got, opts...); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAnAnswerRefusesWhatItDoesNotTake(t *testing.T) {
	offer := parseSDP([]byte("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/SAVP 0\nm=audio 4002 RTP/AVP 8\n"))
	m := mine{addr: netip.MustParseAddrPort("[::1]:5000"), laws: []g711.Law{g711.A}, event: NoEvent}
	got := string(m.write(offer.lines, offer.chosen))
	want := "v=0\r\no=- 1 0 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 0 RTP/SAVP 0\r\n" +
		"m=audio 5000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDirectionsMeet(t *testing.T) {
	for _, c := range []struct{ theirs, ours, want string }{
		{"sendrecv", "", "sendrecv"},
		{"sendonly", "", "recvonly"},
		{"recvonly", "", "sendonly"},
		{"inactive", "", "inactive"},
		{"sendrecv", "sendonly", "sendonly"},
		{"sendonly", "sendonly", "inactive"},
		{"sendrecv", "inactive", "inactive"},
	} {
		if got := meet(c.theirs, c.ours); got != c.want {
			t.Errorf("they %s, we %q: %s, want %s", c.theirs, c.ours, got, c.want)
		}
	}
}
