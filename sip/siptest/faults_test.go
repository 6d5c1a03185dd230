package siptest

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWithoutAnACKTheCalledSideGivesUp(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{Policy: AnswerAfter(0), T1: 5 * time.Millisecond})
	a.Break(Faults{DropACK: true})
	c, err := a.Call(ctx, number(b))
	must(t, err)
	in := next(t, b)
	end, err := in.WaitEnded(ctx)
	must(t, err)
	if end.By != "network" || end.Reason != "no ACK" {
		t.Errorf("bob says %v", end)
	}
	end, err = c.WaitEnded(ctx)
	must(t, err)
	if end.By != "them" {
		t.Errorf("alice says %v", end)
	}
}

func TestALateACKIsInTime(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{Policy: AnswerAfter(0), T1: 20 * time.Millisecond})
	a.Break(Faults{DelayACK: 100 * time.Millisecond})
	c, err := a.Call(ctx, number(b))
	must(t, err)
	must(t, c.WaitAnswered(ctx))
	in := next(t, b)
	must(t, in.until(ctx, in.Confirmed()))
	if waited := time.Since(in.AnsweredAt()); waited < 90*time.Millisecond {
		t.Errorf("the ACK came after %v", waited)
	}
	must(t, c.Hangup(ctx))
}

func TestALostBYELeavesTheOtherSideAlone(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	out.phone.Break(Faults{DropBYE: true})
	must(t, out.Hangup(ctx))
	if out.End().By != "us" {
		t.Errorf("alice says %v", out.End())
	}
	if closed(in.Ended()) {
		t.Errorf("bob says %v", in.End())
	}
	_, err := in.Request(ctx, "OPTIONS", nil)
	if StatusOf(err) != 481 {
		t.Errorf("a probe of the forgotten call gives %v, want 481", err)
	}
}

func TestAnIgnoredBYEIsRepeated(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{T1: 10 * time.Millisecond}, Options{Policy: AnswerAfter(0)})
	in.phone.Break(Faults{IgnoreBYE: true})
	if err := out.Hangup(ctx); !errors.Is(err, ErrNoReply) {
		t.Errorf("hanging up gives %v", err)
	}
	if closed(in.Ended()) {
		t.Error("bob obeyed")
	}
}

func TestDuplicatesMakeOneCall(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{Policy: AnswerAfter(0)})
	a.Break(Faults{Duplicate: true})
	c, err := a.Call(ctx, number(b))
	must(t, err)
	must(t, c.WaitAnswered(ctx))
	must(t, c.Hangup(ctx))
	next(t, b)
	select {
	case c := <-b.Incoming():
		t.Errorf("a second call %v", c.Invite())
	default:
	}
}

func TestAVanishedPhoneSaysNothingUntilItReturns(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	in.PlayTone(440, -10)
	must(t, out.WaitTone(ctx, 440))
	in.phone.Vanish()
	must(t, out.WaitSilence(ctx, 100*time.Millisecond))
	asking, giveUp := context.WithCancel(ctx)
	defer giveUp()
	answered := make(chan error, 1)
	go func() { _, err := out.Request(asking, "OPTIONS", nil); answered <- err }()
	for ; in.phone.Missed() == 0; runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatal("a vanished phone does not know what it missed")
		}
	}
	select {
	case err := <-answered:
		t.Errorf("a vanished phone answers: %v", err)
	case <-time.After(50 * time.Millisecond):
		giveUp()
		if err := <-answered; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up is told %v", err)
		}
	}
	in.phone.Return()
	must(t, out.WaitTone(ctx, 440))
	must(t, out.Hangup(ctx))
}

func TestRawBytesAndTheirAnswers(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{})
	raw := strings.ReplaceAll(`OPTIONS sip:bob@127.0.0.1 SIP/2.0
v: SIP/2.0/UDP `+a.Address().String()+`;branch=z9hG4bKraw
f: <sip:alice@x>;tag=1
t: <sip:bob@y>
i: raw-1
CSeq: 7 OPTIONS

`, "\n", "\r\n")
	must(t, a.SendRaw(ctx, b.Address(), []byte(raw)))
	res, err := wait(ctx, a, a.Strays())
	must(t, err)
	if n, method := res.CSeq(); res.Status != 200 || n != 7 || method != "OPTIONS" {
		t.Errorf("got %v", res)
	}
	must(t, a.SendRaw(ctx, b.Address(), []byte("rubbish, and a lot of it")))
	bad, err := wait(ctx, b, b.Strays()) // the OPTIONS
	must(t, err)
	for bad.Method != "" {
		bad, err = wait(ctx, b, b.Strays())
		must(t, err)
	}
	if string(bad.Body) != "rubbish, and a lot of it" {
		t.Errorf("bob's stray is %q", bad.Body)
	}
}

func TestRequestsOutsideEveryCall(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{})
	for name, c := range map[string]struct {
		line, to string
		want     int
	}{
		"BYE of an unknown call":  {"BYE", ";tag=x", 481},
		"CANCEL of nothing":       {"CANCEL", "", 481},
		"NOTIFY without a dialog": {"NOTIFY", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			m := &Message{Method: c.line, URI: b.URI()}
			m.Add("Via", a.via())
			m.Add("From", "<sip:alice@x>;tag=1")
			m.Add("To", "<sip:bob@y>"+c.to)
			m.Add("Call-ID", "none-"+c.line)
			m.Add("CSeq", "1 "+c.line)
			must(t, a.SendRaw(ctx, b.Address(), m.Bytes()))
			res, err := wait(ctx, a, a.Strays())
			must(t, err)
			if res.Status != c.want {
				t.Errorf("got %v, want %d", res, c.want)
			}
		})
	}
}

func TestAPhoneWithoutServerNeedsAFullAddress(t *testing.T) {
	p := open(t, Options{Name: "x"})
	for _, number := range []string{"100", "100@example.com"} {
		if _, err := p.Call(soon(t), number); err == nil {
			t.Errorf("dialled %s", number)
		}
	}
	if err := p.SendRaw(soon(t), netip.AddrPort{}, []byte("x")); err == nil {
		t.Error("sent to nowhere")
	}
}
