package sip

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
)

func TestHopsOfACallThatComes(t *testing.T) {
	for used, left := range map[int]int{255: 254, 70: 69, 5: 4, 2: 1, 1: -1, 0: -1} {
		req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "192.0.2.1"})
		req.AppendHeader(forwards(used))
		if used == 0 {
			none := sip.MaxForwardsHeader(0)
			req.ReplaceHeader(&none)
		}
		if got := hopsLeft(req); got != left {
			t.Errorf("Max-Forwards %d leaves %d, want %d", used, got, left)
		}
	}
	if got := hopsLeft(sip.NewRequest(sip.INVITE, sip.Uri{})); got != 70 {
		t.Errorf("without Max-Forwards %d are left", got)
	}
	h := open(t, Plan{})
	_, err := h.registered("1001").Call(h.ctx, "700")
	must(t, "call", err)
	if got := h.came().Party().Hops; got != 69 {
		t.Errorf("%d hops left of a phone's call, want 69", got)
	}
}

func TestHopsOfACallOfOurs(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	for hops, want := range map[int]string{0: "70", 1: "1", 4: "4"} {
		leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001", Hops: hops}))
		if got := rung(t, p).Invite().Get("Max-Forwards"); got != want {
			t.Errorf("Max-Forwards %s of %d hops, want %s", got, hops, want)
		}
		leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegCancelled})
	}
	if s := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001", Hops: -1})).next(t, call.Ended); s.Cause.Status != 483 {
		t.Errorf("without a hop left: %+v", s.Cause)
	}
}
