package sip

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"
	"weak"

	"breakwater/call"
)

// heavy stands for what a call holds.
type heavy struct{ _ [1 << 16]byte }

// listensWith makes a listener that holds something heavy, and tells it by a weak pointer.
func listensWith(l call.Leg) (ended chan struct{}, held weak.Pointer[heavy]) {
	ended = make(chan struct{})
	load := new(heavy)
	l.Listen(func(s call.Signal) {
		if load != nil && s.Kind == call.Ended {
			close(ended)
		}
	})
	return ended, weak.Make(load)
}

// TestACallThatIsOverIsNotKept: transactions are remembered for 64·T1, the call they
// belonged to is not.
func TestACallThatIsOverIsNotKept(t *testing.T) {
	h := open(t, Plan{Settings: Settings{T1: 5 * time.Second}})
	p := h.registered("1001")
	gone := func(what string, kept func() bool) {
		t.Helper()
		late := time.After(patience)
		for runtime.GC(); kept(); runtime.GC() {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-late:
				t.Errorf("%s is kept", what)
				return
			}
		}
	}

	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	in := h.came()
	ended, held := listensWith(in.Leg)
	must(t, "answer", in.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	must(t, "hang up", c.Hangup(h.ctx))
	<-ended
	in = nil
	gone("what listened to a call to us", func() bool { return held.Value() != nil })

	var itself weak.Pointer[leg]
	held = func() weak.Pointer[heavy] {
		out := h.Dial(h.ctx, call.Target{Phone: "1001", From: "0123"})
		itself = weak.Make(out.(*leg))
		ended, held := listensWith(out)
		phone := rung(t, p)
		must(t, "answer", phone.Answer(h.ctx))
		must(t, "hang up", phone.Hangup(context.WithoutCancel(h.ctx)))
		<-ended
		return held
	}()
	gone("what listened to a call from us", func() bool { return held.Value() != nil })
	gone("a leg called by us", func() bool { return itself.Value() != nil })
}

// Each 2xx of another tag makes a dialog that wants a BYE: one phone must not make thousands.
func TestTheAnswersToOneInviteAreBounded(t *testing.T) {
	s := deaf(t)
	box := s.office.open("c")
	to := hop{s.wire.listeners[0], netip.MustParseAddrPort("127.0.0.1:9")}
	late := &afterglow{
		shade: shade{s: s, box: box, log: lazyLog{from: quiet()}}, acks: &acks{},
		asked: asked{local: party{tag: "a"}, seq: 1, to: to, view: s.view(to)},
	}
	done := make(chan struct{})
	box.post(func() {
		defer close(done)
		for n := range 10 * mostAnswers {
			const head = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@h>;tag=a\nCall-ID: c\nCSeq: 1 INVITE\nContact: <sip:b@127.0.0.1:9>"
			late.heard(response(t, fmt.Sprintf("%s\nTo: <sip:b@h>;tag=%d", head, n)), nil)
		}
		if len(late.acks.all) != mostAnswers || len(box.txs) != mostAnswers {
			t.Errorf("%d ACKs are kept, %d goodbyes said; want %d of each", len(late.acks.all), len(box.txs), mostAnswers)
		}
	})
	<-done
}
