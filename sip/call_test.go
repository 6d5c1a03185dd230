package sip

import (
	"testing"

	"breakwater/call"
	"breakwater/sip/siptest"
)

func overTCP(o *siptest.Options) { o.Transport = "tcp" }

func TestAPhoneCallsIsAnsweredAndHangsUp(t *testing.T) {
	for name, change := range map[string]func(*siptest.Options){"udp": func(*siptest.Options) {}, "tcp": overTCP} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Plan{})
			p := h.registered("1001", change)
			h.turned("1001", true)
			c, err := p.Call(h.ctx, "700")
			must(t, "call", err)
			leg := h.came()
			if who := leg.Party(); who.Phone != "1001" || who.Dialled != "700" || !who.Incoming || who.Number != "1001" {
				t.Errorf("party %+v", who)
			}
			leg.Ring()
			must(t, "ringing", c.WaitRinging(h.ctx))
			must(t, "answer", leg.Answer(h.ctx))
			must(t, "answered", c.WaitAnswered(h.ctx))
			must(t, "digits", c.SendDigits(h.ctx, "5"))
			if s := leg.next(t, call.Pressed); s.Digit != '5' {
				t.Errorf("digit %c", s.Digit)
			}
			must(t, "hang up", c.Hangup(h.ctx))
			if s := leg.next(t, call.Ended); s.Cause.Metric != call.LegNormal || s.Cause.By != call.ByCaller {
				t.Errorf("cause %+v", s.Cause)
			}
		})
	}
}

func TestWeDialAPhoneAndHangUp(t *testing.T) {
	for name, change := range map[string]func(*siptest.Options){"udp": func(*siptest.Options) {}, "tcp": overTCP} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Plan{})
			p := h.registered("1002", change)
			leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1002", From: "0123", Name: `Refunds "x"`, Extra: map[string]string{"X-Call": "c1"}}))
			c := rung(t, p)
			leg.next(t, call.Ringing)
			must(t, "answer", c.Answer(h.ctx))
			leg.next(t, call.Answered)
			if c.From() != "0123" || c.Invite().Get("X-Call") != "c1" {
				t.Errorf("the phone saw %s %q", c.From(), c.Invite().Get("X-Call"))
			}
			leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
			leg.next(t, call.Ended)
			_, err := c.WaitEnded(h.ctx)
			must(t, "the phone's end", err)
		})
	}
}
