package sip

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/sip/siptest"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	beat := time.NewTicker(5 * time.Millisecond)
	defer beat.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-beat.C:
		}
	}
}

func TestWhoMaySharesAPort(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	for i, share := range []bool{true, false} { // the second call of a phone does not
		c, err := p.Call(h.ctx, "700")
		must(t, "call", err)
		leg := h.came()
		if leg.Port().Shared() != share {
			t.Errorf("call %d of one phone: shares %v", i, !share)
		}
		must(t, "answer", leg.Answer(h.ctx))
		eventually(t, "it is heard", func() bool { return !leg.Port().Heard().RTP.IsZero() })
		defer func() { _ = c.Hangup(h.ctx) }()
	}
}

// A phone that speaks from an address that it has not told is looked for at a port of
// its own.
func TestAPhoneThatSpeaksFromElsewhereIsFound(t *testing.T) {
	port := regexp.MustCompile(`m=audio (\d+)`)
	elsewhere := func(o *siptest.Options) {
		o.Rewrite = func(sdp string) string {
			return port.ReplaceAllStringFunc(sdp, func(m string) string {
				n, _ := strconv.Atoi(strings.TrimPrefix(m, "m=audio "))
				return fmt.Sprintf("m=audio %d", n/2) // below the range of our ports
			})
		}
	}
	h := open(t, Plan{})
	p := h.registered("1001", elsewhere)
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	before := leg.Port().Local()
	if !leg.Port().Shared() {
		t.Fatal("it has a port of its own")
	}
	eventually(t, "it is heard", func() bool { return !leg.Port().Heard().RTP.IsZero() })
	if leg.Port().Shared() || leg.Port().Local() == before {
		t.Errorf("heard at %v", leg.Port().Local())
	}
	select {
	case m := <-c.Requests():
		if m.Method != "INVITE" || !strings.Contains(string(m.Body), fmt.Sprintf("m=audio %d ", leg.Port().Local().Port())) {
			t.Errorf("it was asked %s", m.Method)
		}
	case <-time.After(patience):
		t.Error("it was not told of the new port")
	}
	must(t, "hang up", c.Hangup(h.ctx))
	leg.next(t, call.Ended)

	c, err = p.Call(h.ctx, "700") // its host is not believed a second time
	must(t, "call", err)
	if leg = h.came(); leg.Port().Shared() {
		t.Error("it shares again")
	}
	must(t, "cancel", c.Cancel(h.ctx))
	leg.next(t, call.Ended)
}

// Who answers with an address that is not its own host's does not share, and talks all
// the same.
func TestAnAnswerFromAnotherHostGetsAPortOfItsOwn(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001", func(o *siptest.Options) {
		o.Rewrite = func(sdp string) string { return strings.ReplaceAll(sdp, "IP4 127.0.0.1", "IP4 127.0.0.77") }
	})
	leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	c := rung(t, p)
	must(t, "answer", c.Answer(h.ctx))
	leg.next(t, call.Ringing)
	leg.next(t, call.Answered)
	if leg.Port().Shared() {
		t.Error("it shares")
	}
	eventually(t, "it is heard", func() bool { return !leg.Port().Heard().RTP.IsZero() })
	select {
	case m := <-c.Requests():
		if m.Method != "INVITE" {
			t.Errorf("it was asked %s", m.Method)
		}
	case <-time.After(patience):
		t.Error("it was not told of the new port")
	}
	must(t, "hang up", c.Hangup(h.ctx))
	leg.next(t, call.Ended)
}
