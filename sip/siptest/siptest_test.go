package siptest

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func open(t *testing.T, o Options) *Phone {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// pair opens a caller and a callee that know no server.
func pair(t *testing.T, caller, callee Options) (*Phone, *Phone) {
	t.Helper()
	caller.Name, callee.Name = "alice", "bob"
	return open(t, caller), open(t, callee)
}

func number(p *Phone) string { return p.opts.Name + "@" + p.Address().String() }

// talk sets up an answered call and gives both sides of it.
func talkOn(t *testing.T, caller, callee Options) (*Call, *Call) {
	t.Helper()
	ctx := soon(t)
	a, b := pair(t, caller, callee)
	out, err := a.Call(ctx, number(b))
	if err != nil {
		t.Fatal(err)
	}
	in := next(t, b)
	if callee.Policy.Do == Ring {
		must(t, in.Answer(ctx))
	}
	must(t, out.WaitAnswered(ctx))
	return out, in
}

func next(t *testing.T, p *Phone) *Call {
	t.Helper()
	c, err := wait(soon(t), p, p.Incoming())
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestACallIsMadeAnsweredAndEnded(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			ctx := soon(t)
			out, in := talkOn(t, Options{Transport: transport}, Options{Transport: transport})
			if in.From() != "alice" || in.Dialled() != "bob" || !in.IsIncoming() {
				t.Errorf("bob sees a call from %q to %q", in.From(), in.Dialled())
			}
			must(t, out.Hangup(ctx))
			end, err := in.WaitEnded(ctx)
			must(t, err)
			if end.By != "them" || out.End().By != "us" {
				t.Errorf("bob says %v, alice says %v", end, out.End())
			}
		})
	}
}

func TestTheCalledSideHangsUp(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	must(t, in.Hangup(ctx))
	end, err := out.WaitEnded(ctx)
	must(t, err)
	if end.By != "them" {
		t.Errorf("alice says %v", end)
	}
}

func TestAnsweringWaitsForTheRingingTime(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{Policy: AnswerAfter(100 * time.Millisecond)})
	c, err := a.Call(ctx, number(b))
	must(t, err)
	must(t, c.WaitAnswered(ctx))
	in := next(t, b)              // its own clock: how late the other side is to hear of it proves nothing
	must(t, in.WaitAnswered(ctx)) // which it notes once its answer is on the way
	if rang := in.AnsweredAt().Sub(in.RingingAt()); rang < 80*time.Millisecond {
		t.Errorf("it rang for %v", rang)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		policy Policy
		status int
	}{
		"busy":                       {DeclineWith(486), 486},
		"declined after ringing":     {Policy{Do: Decline, Status: 603, After: 20 * time.Millisecond}, 603},
		"temporarily unavailable":    {DeclineWith(480), 480},
		"no status said means busy":  {Policy{Do: Decline}, 486},
		"nobody speaks a common law": {AnswerAfter(0), 488},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := soon(t)
			caller := Options{}
			if c.status == 488 {
				caller.Rewrite = func(string) string {
					return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 18\r\n"
				}
			}
			a, b := pair(t, caller, Options{Policy: c.policy})
			call, err := a.Call(ctx, number(b))
			must(t, err)
			var refused *Unanswered
			if err := call.WaitAnswered(ctx); !errors.As(err, &refused) || refused.End.Status != c.status || refused.End.By != "them" {
				t.Errorf("got %v, want %d", err, c.status)
			}
		})
	}
}

func TestASecondCallIsBusyWhereOnlyOneFits(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{Policy: Policy{Do: Answer, One: true}})
	first, err := a.Call(ctx, number(b))
	must(t, err)
	must(t, first.WaitAnswered(ctx))
	second, err := a.Call(ctx, number(b))
	must(t, err)
	end, err := second.WaitEnded(ctx)
	must(t, err)
	if end.Status != 486 {
		t.Errorf("second call ended %v", end)
	}
}

func TestCancelEndsARingingCall(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{})
	c, err := a.Call(ctx, number(b))
	must(t, err)
	in := next(t, b)
	must(t, c.WaitRinging(ctx))
	must(t, c.Cancel(ctx))
	end, err := in.WaitEnded(ctx)
	must(t, err)
	if c.End().Status != 487 || c.End().By != "us" || end.By != "them" {
		t.Errorf("alice says %v, bob says %v", c.End(), end)
	}
}

func TestAnIgnoredCallTimesOut(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{T1: 2 * time.Millisecond}, Options{Policy: Policy{Do: Ignore}})
	c, err := a.Call(ctx, number(b))
	must(t, err)
	end, err := c.WaitEnded(ctx)
	must(t, err)
	if end.By != "network" || end.Status != 408 {
		t.Errorf("ended %v", end)
	}
}

func TestAnOfferCanComeFromTheCalledSide(t *testing.T) {
	ctx := soon(t)
	a, b := pair(t, Options{}, Options{Policy: AnswerAfter(0)})
	c, err := a.Dial(ctx, Dial{Number: number(b), NoOffer: true, From: "030123", Name: "Ann"})
	must(t, err)
	in := next(t, b)
	must(t, c.WaitAnswered(ctx))
	if in.From() != "030123" || in.FromName() != "Ann" {
		t.Errorf("bob sees %q %q", in.FromName(), in.From())
	}
	c.PlayTone(440, -10)
	in.PlayTone(620, -10)
	must(t, in.WaitTone(ctx, 440))
	must(t, c.WaitTone(ctx, 620))
}

func TestCloseEndsCalls(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{})
	out.phone.Close()
	end, err := in.WaitEnded(ctx)
	must(t, err)
	if end.By != "them" {
		t.Errorf("bob says %v", end)
	}
	if _, err := out.phone.Call(ctx, "x@127.0.0.1:5060"); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed phone dials: %v", err)
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"no name":           {},
		"unknown transport": {Name: "x", Transport: "smoke"},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := New(o); err == nil {
				p.Close()
				t.Error("accepted")
			}
		})
	}
}
