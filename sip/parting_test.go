package sip

import (
	"testing"
	"testing/synctest"
	"time"

	"breakwater/call"
	"breakwater/sip/siptest"
)

func TestAPhoneIsNotCalledBeforeItHasPutDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		if p.wait("1001", time.Second, func() { t.Error("ran for a phone that is free") }) {
			t.Fatal("a free phone made somebody wait")
		}
		p.begin("1001")
		p.begin("1001")
		ran := 0
		if !p.wait("1001", time.Minute, func() { ran++ }) {
			t.Fatal("did not wait for two goodbyes")
		}
		p.end("1001")
		if ran != 0 {
			t.Error("ran with one goodbye still open")
		}
		p.end("1001")
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

func TestAGoodbyeThatIsNeverAnsweredHoldsUpNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		p.begin("1001")
		ran := make(chan time.Time, 2)
		began := time.Now()
		p.wait("1001", 2*time.Second, func() { ran <- time.Now() })
		if waited := (<-ran).Sub(began); waited != 2*time.Second {
			t.Errorf("waited %s, want 2 s", waited)
		}
		p.end("1001")
		if len(ran) != 0 {
			t.Error("ran twice")
		}
	})
}

func TestADeadContactDoesNotHoldUpTheNextCallOfThePhone(t *testing.T) {
	h := open(t, Plan{Settings: Settings{T1: 500 * time.Millisecond}})
	h.registered("1001", func(o *siptest.Options) { o.Policy = siptest.Policy{Do: siptest.Ignore} })
	alive := h.registered("1001")
	for range 2 { // the second call comes while the first one's INVITE to the dead contact is still pending
		leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
		began := time.Now()
		in := <-alive.Incoming()
		if waited := time.Since(began); waited > time.Second {
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
