package sip

import (
	"context"
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
