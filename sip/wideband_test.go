package sip

import (
	"strings"
	"testing"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/siptest"
)

// wideFirst makes a phone one that speaks G.722 and prefers it.
func wideFirst(o *siptest.Options) {
	o.Silent = true
	o.Rewrite = func(sdp string) string {
		return strings.Replace(sdp, "RTP/AVP 0 8", "RTP/AVP 9 0 8", 1)
	}
}

// One phone of two has wideband: true.
func wideAndNarrow(t *testing.T) *house {
	return open(t, Plan{Phones: map[string]PhoneSpec{
		"1001": {Password: "secret-1001", Wideband: true}, "1002": {Password: "secret-1002"},
	}})
}

func TestOnlyAPhoneWithWidebandIsOfferedG722(t *testing.T) {
	h := wideAndNarrow(t)
	for phone, want := range map[string]string{"1001": "RTP/AVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\n", "1002": "RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"} {
		p := h.registered(phone)
		leg := listenTo(h.Dial(h.ctx, call.Target{Phone: phone}))
		c := rung(t, p)
		if offer := string(c.Invite().Body); !strings.Contains(offer, want) {
			t.Errorf("%s is offered\n%s\nwant %q", phone, offer, want)
		}
		leg.next(t, call.Ringing)
		must(t, "answer", c.Answer(h.ctx))
		leg.next(t, call.Answered)
		if got := leg.Port().Desc().Codec; got != media.PCMU {
			t.Errorf("%s answered with µ-law and speaks %s", phone, got)
		}
		leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
		leg.next(t, call.Ended)
	}
}

func TestOnlyAPhoneWithWidebandIsAnsweredInG722(t *testing.T) {
	h := wideAndNarrow(t)
	for phone, want := range map[string]media.Codec{"1001": media.G722, "1002": media.PCMU} {
		p := h.registered(phone, wideFirst)
		_, err := p.Call(h.ctx, "700")
		must(t, "call", err)
		leg := h.came()
		must(t, "answer", leg.Answer(h.ctx))
		if got := leg.Port().Desc(); got.Codec != want || got.Payload != uint8(want) {
			t.Errorf("%s speaks %s by number %d, want %s", phone, got.Codec, got.Payload, want)
		}
		leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
		leg.next(t, call.Ended)
	}
}
