package sip

import (
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

var (
	desk  = netip.MustParseAddrPort("192.0.2.1:5060")
	other = netip.MustParseAddrPort("192.0.2.2:5060")
)

func TestAPhoneIsNotCalledBeforeItHasPutDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		if p.wait("1001", time.Second, func() { t.Error("ran for a phone that is free") }) {
			t.Fatal("a free phone made somebody wait")
		}
		first, second := p.begin("1001", desk), p.begin("1001", netip.AddrPort{})
		ran := 0
		if !p.wait("1001", time.Minute, func() { ran++ }) {
			t.Fatal("did not wait for two goodbyes")
		}
		p.end(first)
		p.end(first) // said twice it is one
		if ran != 0 {
			t.Error("ran with one goodbye still open")
		}
		p.end(second)
		if ran != 1 {
			t.Errorf("ran %d times after the last goodbye, want 1", ran)
		}
		time.Sleep(2 * time.Minute) //nolint:forbidigo // the bubble's time: the limit must not run it again
		synctest.Wait()
		if ran != 1 || len(p.open) != 0 || len(p.queue) != 0 {
			t.Errorf("ran %d times, %d open, %d waiting", ran, len(p.open), len(p.queue))
		}
	})
}

func TestAGoodbyeThatIsNeverAnsweredHoldsUpNobodyForLongAndIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		ran := make(chan time.Time, 2)
		began := time.Now()
		g := p.begin("1001", desk)
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's time: the limit counts from the goodbye
		p.wait("1001", 2*time.Second, func() { ran <- time.Now() })
		if waited := (<-ran).Sub(began); waited != 2*time.Second {
			t.Errorf("it was called %s after the goodbye, want 2 s", waited)
		}
		if p.wait("1001", 2*time.Second, func() { t.Error("ran") }) {
			t.Error("the next one waits for it, too")
		}
		if !p.owes("1001", desk) || p.owes("1001", other) || p.owes("1002", desk) {
			t.Error("owed by somebody else than who did not answer")
		}
		p.end(g)
		if len(ran) != 0 || p.owes("1001", desk) {
			t.Error("ran twice, or is owed for ever")
		}
	})
}

func TestPromiseAPhoneThatDoesNotAnswerTheGoodbyeIsNotCalledTwice(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	p.Break(siptest.Faults{IgnoreBYE: true})
	leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	in := rung(t, p)
	leg.next(t, call.Ringing)
	must(t, "answer", in.Answer(h.ctx))
	leg.next(t, call.Answered)
	leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
	next := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	if end := next.next(t, call.Ended); end.Cause.Metric != call.LegUnreachable {
		t.Errorf("the next call ended by %+v, want unreachable", end.Cause)
	}
	moved := h.registered("1001") // from elsewhere: this contact has no call
	again := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	rung(t, moved)
	again.next(t, call.Ringing)
	select {
	case <-p.Incoming():
		t.Error("a second INVITE was sent to a phone that has a call")
	default:
	}
}

func TestADeadContactDoesNotHoldUpTheNextCallOfThePhone(t *testing.T) {
	const T1 = 5 * time.Second // what holds up does so for four of them, and a busy machine does not
	h := open(t, Plan{Settings: Settings{T1: T1}})
	h.registered("1001", func(o *siptest.Options) { o.Policy = siptest.Policy{Do: siptest.Ignore} })
	alive := h.registered("1001")
	for range 2 { // the second call comes while the first one's INVITE to the dead contact is still pending
		leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
		began := time.Now()
		in := rung(t, alive)
		if waited := time.Since(began); waited > 2*T1 {
			t.Errorf("the phone rang after %s: a contact that never answered held it up", waited)
		}
		leg.next(t, call.Ringing)
		must(t, "answer", in.Answer(h.ctx))
		leg.next(t, call.Answered)
		leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
		_, err := in.WaitEnded(h.ctx)
		must(t, "end", err)
	}
}

func TestWhoHasNotSaidAWordHoldsUpOnlyWhoWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		silent, bye := p.doubt("1001", desk), p.begin("1001", other)
		var down, heard int
		if !p.wait("1001", time.Minute, func() { down++ }) || !p.hear("1001", time.Minute, func() { heard++ }) {
			t.Fatal("nobody waits for a goodbye")
		}
		p.end(bye)
		if down != 1 || heard != 0 {
			t.Errorf("after the goodbye: who waits for it ran %d times, want 1; who waits for the silent one %d times, want 0", down, heard)
		}
		if p.wait("1001", time.Minute, func() { t.Error("ran") }) {
			t.Error("who has not said a word held up a call to another contact")
		}
		if !p.owes("1001", desk) || p.owes("1001", other) {
			t.Error("owed by somebody else than who did not answer")
		}
		p.end(silent)
		time.Sleep(2 * time.Minute) //nolint:forbidigo // the bubble's time: the limit must not run it again
		synctest.Wait()
		if heard != 1 || down != 1 || len(p.open) != 0 || len(p.queue) != 0 {
			t.Errorf("ran %d and %d times, %d open, %d waiting", down, heard, len(p.open), len(p.queue))
		}
	})
}

func TestPromiseAPhoneIsNotCalledWhileItMayJustHaveBegunToRing(t *testing.T) {
	h := open(t, Plan{Settings: Settings{T1: 500 * time.Millisecond}})
	p := h.registered("1001")
	p.Vanish() // the INVITE is lost, and so is all else, for now
	first := h.Dial(h.ctx, call.Target{Phone: "1001"})
	h.missedBy(p)
	first.HangUp(call.Cause{By: call.ByUs, Metric: call.LegCancelled})
	p.Return() // the INVITE comes again in a moment, rings, and only then the CANCEL may be said
	second := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	in := <-p.Incoming()
	if in.ID() != first.(*leg).box.callID {
		t.Fatal("the second call rang while the first one's INVITE was still to come again")
	}
	end, err := in.WaitEnded(h.ctx)
	must(t, "end of the first", err)
	if end.By != "them" {
		t.Errorf("the first call ended by %+v, want our CANCEL", end)
	}
	<-p.Incoming()
	second.next(t, call.Ringing)
}

func TestAPhoneThatSaysNothingAtAllIsUnreachableSoon(t *testing.T) {
	referee.Judge(t, bearable, aPhoneThatSaysNothingAtAllIsUnreachableSoon)
}

func aPhoneThatSaysNothingAtAllIsUnreachableSoon(t testing.TB) {
	h := open(t, Plan{})
	p := h.registered("1001")
	p.Vanish()
	first := h.Dial(h.ctx, call.Target{Phone: "1001"})
	h.missedBy(p)
	first.HangUp(call.Cause{By: call.ByUs, Metric: call.LegCancelled})
	began := time.Now()
	second := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	if end := second.next(t, call.Ended); end.Cause.Metric != call.LegUnreachable {
		t.Errorf("the next call ended by %+v, want unreachable", end.Cause)
	}
	if took := time.Since(began); took > 32*100*time.Millisecond { // in T1: half of what an INVITE of its own would take
		t.Errorf("whoever waits was told after %s", took)
	}
	moved := h.registered("1001") // from elsewhere: this contact has no INVITE
	again := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	<-moved.Incoming()
	again.next(t, call.Ringing)
}

// missedBy returns when a message has come to a phone that is away.
func (h *house) missedBy(p *siptest.Phone) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); p.Missed() == 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			h.t.Fatal("no INVITE was sent")
		}
	}
}
