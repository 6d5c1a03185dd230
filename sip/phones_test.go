package sip

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/media"
	"breakwater/media/wav"
	"breakwater/sip/siptest"
)

func silent(o *siptest.Options) { o.Silent = true }

func TestAllContactsRingAndTheFirstAnswerWins(t *testing.T) {
	h := open(t, Plan{})
	udp, tcp := h.registered("1001"), h.registered("1001", overTCP)
	leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	a, b := rung(t, udp), rung(t, tcp)
	leg.next(t, call.Ringing)
	if a.ID() != b.ID() {
		t.Error("the branches of one call have different Call-IDs")
	}
	must(t, "answer", b.Answer(h.ctx))
	leg.next(t, call.Answered)
	end, err := a.WaitEnded(h.ctx)
	if must(t, "the other's end", err); end.By != "them" {
		t.Errorf("the other ended %v", end)
	}
	leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
	_, err = b.WaitEnded(h.ctx)
	must(t, "the winner's end", err)
}

func TestHowAPhoneSaysNo(t *testing.T) {
	for name, tc := range map[string]struct {
		policy siptest.Policy
		want   call.Cause
	}{
		"busy":                  {siptest.DeclineWith(486), call.Cause{By: call.ByAgent, Status: 486, Metric: call.LegBusy}},
		"declined":              {siptest.DeclineWith(603), call.Cause{By: call.ByAgent, Status: 603, Metric: call.LegDeclined}},
		"480 while it rang":     {siptest.Policy{Do: siptest.Decline, Status: 480, After: 50 * time.Millisecond}, call.Cause{By: call.ByAgent, Status: 480, Metric: call.LegDeclined}},
		"480 at once":           {siptest.DeclineWith(480), call.Cause{By: call.ByAgent, Status: 480, Metric: call.LegRefused}},
		"a fault of the phone":  {siptest.DeclineWith(500), call.Cause{By: call.ByNetwork, Status: 500, Metric: call.LegRefused}},
		"it has no such number": {siptest.DeclineWith(404), call.Cause{By: call.ByAgent, Status: 404, Metric: call.LegRefused}},
		"408 from the phone":    {siptest.DeclineWith(408), call.Cause{By: call.ByAgent, Status: 408, Metric: call.LegNoAnswer}},
		"it says nothing":       {siptest.Policy{Do: siptest.Ignore}, call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, Plan{Settings: Settings{T1: 30 * time.Millisecond}})
			p := h.registered("1001", func(o *siptest.Options) { o.Policy = tc.policy })
			_ = p
			leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
			var last call.Signal
			for last.Kind != call.Ended {
				select {
				case last = <-leg.signals:
				case <-time.After(patience):
					t.Fatal("the leg never ended")
				}
			}
			last.Cause.Text = ""
			if d := cmp.Diff(tc.want, last.Cause); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhoCannotBeDialled(t *testing.T) {
	h := open(t, Plan{Trunks: map[string]TrunkSpec{"in": {Addresses: []string{"192.0.2.1"}}}})
	for name, target := range map[string]call.Target{
		"a phone that is not registered": {Phone: "1001"},
		"a phone that does not exist":    {Phone: "nobody"},
		"a trunk that does not exist":    {Trunk: "nowhere", Number: "1"},
		"a trunk without a proxy":        {Trunk: "in", Number: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := listenTo(h.Dial(h.ctx, target)).next(t, call.Ended)
			if s.Cause.Metric != call.LegNoContact {
				t.Errorf("cause %+v", s.Cause)
			}
		})
	}
}

func TestAPhoneBehindAStreamThatIsGoneIsNotDialled(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001", overTCP)
	h.turned("1001", true)
	p.Close()
	h.turned("1001", false)
	if s := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"})).next(t, call.Ended); s.Cause.Metric != call.LegNoContact {
		t.Errorf("cause %+v", s.Cause)
	}
}

func TestAVanishedPhoneIsFoundByItsSilenceAndTheProbe(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Silence: 200 * time.Millisecond, T1: 20 * time.Millisecond, Qualify: time.Hour}})
	p := h.registered("1001")
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	p.Vanish()
	if s := leg.next(t, call.Ended); s.Cause.Metric != call.LegLost || s.Cause.By != call.ByNetwork {
		t.Errorf("cause %+v", s.Cause)
	}
}

func TestSilenceAloneIsNoProof(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Silence: 100 * time.Millisecond}})
	p := h.registered("1001", silent)
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	for asked := 0; asked < 3; { // it answers the probes, so it is asked again and again
		select {
		case m := <-c.Requests():
			if m.Method == "OPTIONS" {
				asked++
			}
		case s := <-leg.signals:
			t.Fatalf("signal %+v", s)
		case <-time.After(patience):
			t.Fatal("no probe")
		}
	}
}

func TestAHeldPartyIsNotProbed(t *testing.T) { referee.Judge(t, bearable, aHeldPartyIsNotProbed) }

func aHeldPartyIsNotProbed(t testing.TB) {
	h := open(t, Plan{Settings: Settings{Silence: 50 * time.Millisecond}})
	p := h.registered("1001", silent)
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	must(t, "hold", c.Hold(h.ctx, siptest.SendOnly))
	leg.next(t, call.Held)
	for len(c.Requests()) > 0 {
		<-c.Requests()
	}
	select {
	case m := <-c.Requests():
		t.Errorf("%s came while on hold", m)
	case <-time.After(300 * time.Millisecond):
	}
	must(t, "resume", c.Resume(h.ctx))
	leg.next(t, call.Resumed)
}

func TestAPhoneThatLosesItsStreamAndItsSoundIsLost(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Silence: 300 * time.Millisecond}})
	p := h.registered("1001", overTCP)
	_, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	p.Vanish()
	h.wire.closeStreams()
	if s := leg.next(t, call.Ended); s.Cause.Metric != call.LegLost {
		t.Errorf("cause %+v", s.Cause)
	}
}

func TestACallWhoseStreamBreaksLivesOnWhileItIsHeard(t *testing.T) {
	for name, end := range map[string]func(*house, *ear, *siptest.Call) error{
		"until the phone hangs up on its new stream": func(h *house, _ *ear, c *siptest.Call) error { return c.Hangup(h.ctx) },
		"until we hang up on its new stream": func(h *house, leg *ear, c *siptest.Call) error {
			leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
			_, err := c.WaitEnded(h.ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Plan{Settings: Settings{Silence: time.Second}})
			p := h.registered("1001", overTCP)
			h.turned("1001", true)
			c, err := p.Call(h.ctx, "700")
			must(t, "call", err)
			leg := h.came()
			must(t, "answer", leg.Answer(h.ctx))
			must(t, "answered", c.WaitAnswered(h.ctx))
			must(t, "a key, which comes after the ACK", c.SendDigitsInfo(h.ctx, "1", siptest.DTMFPlain))
			leg.next(t, call.Pressed)
			h.wire.closeStreams()
			h.turned("1001", false)
			select {
			case s := <-leg.signals:
				t.Fatalf("signal %+v though the party is heard", s)
			case <-time.After(2 * time.Second):
			}
			must(t, "register by a new stream", p.Register(h.ctx))
			h.turned("1001", true)
			must(t, "end", end(h, leg, c))
			if s := leg.next(t, call.Ended); s.Cause.Metric == call.LegLost {
				t.Errorf("cause %+v", s.Cause)
			}
		})
	}
}

func TestOverloadTellsPhones480AndCountsIt(t *testing.T) {
	h := open(t, Plan{Settings: Settings{MaxCalls: 1}})
	p := h.registered("1001")
	first, err := p.Call(h.ctx, "700")
	must(t, "first call", err)
	leg := h.came()
	second, err := p.Call(h.ctx, "701")
	must(t, "second call", err)
	end, err := second.WaitEnded(h.ctx)
	if must(t, "end", err); end.Status != 480 {
		t.Errorf("ended %v, want 480", end)
	}
	if h.Counters().Overload == 0 {
		t.Error("not counted")
	}
	must(t, "the first goes on", leg.Answer(h.ctx))
	must(t, "the first is answered", first.WaitAnswered(h.ctx))
}

func TestIPv6(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Listen: []Listener{{Transport: "udp", Address: "[::1]:0"}}}})
	p := h.registered("1001")
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	if !leg.Party().Remote.Is6() {
		t.Errorf("remote %v", leg.Party().Remote)
	}
	back := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	in := rung(t, p)
	for in.ID() == c.ID() {
		in = rung(t, p)
	}
	back.next(t, call.Ringing)
	if !strings.Contains(in.Invite().Get("Via"), "[::1]:") {
		t.Errorf("via %q", in.Invite().Get("Via"))
	}
}

func TestTheSameKeyByBothWaysIsOnePress(t *testing.T) {
	l := &leg{stage: talking, box: &mailbox{}}
	heard := ""
	l.ears.listen(func(s call.Signal) { heard += string(s.Digit) })
	at := time.Unix(0, 0)
	for _, press := range []struct {
		key    byte
		byInfo bool
		after  time.Duration
	}{
		{'5', false, 0}, {'5', true, 20 * time.Millisecond}, // one press, both ways
		{'5', false, 200 * time.Millisecond}, {'5', false, 10 * time.Millisecond}, // two presses the same way
		{'7', true, 0}, {'7', false, 60 * time.Millisecond}, // too far apart: two
	} {
		at = at.Add(press.after)
		l.pressed(press.key, press.byInfo, at)
	}
	if heard != "55577" {
		t.Errorf("heard %q, want 55577", heard)
	}
}

func TestTheServerSaysGoodbyeToAllWhenItStops(t *testing.T) {
	h := open(t, Plan{})
	caller, callee := h.registered("1001"), h.registered("1002")
	c, err := caller.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	waiting, err := caller.Call(h.ctx, "701")
	must(t, "second call", err)
	unanswered := h.came()
	out := listenTo(h.Dial(h.ctx, call.Target{Phone: "1002"}))
	ringing := rung(t, callee)
	out.next(t, call.Ringing)
	h.stop()
	for name, c := range map[string]*siptest.Call{"talking": c, "waiting": waiting, "ringing": ringing} {
		if _, err := c.WaitEnded(t.Context()); err != nil {
			t.Errorf("the %s call: %v", name, err)
		}
	}
	for name, l := range map[string]*ear{"talking": leg, "waiting": unanswered, "ringing": out} {
		if s := l.next(t, call.Ended); s.Cause.By != call.ByUs {
			t.Errorf("the %s leg: %+v", name, s.Cause)
		}
	}
}

func TestATransferredLegIsHeardByItsNewListenerOnly(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	second := listenTo(leg.Leg)
	must(t, "digit", c.SendDigitsInfo(h.ctx, "1", siptest.DTMFPlain))
	second.next(t, call.Pressed)
	must(t, "hang up", c.Hangup(h.ctx))
	second.next(t, call.Ended)
	if len(leg.signals) != 0 {
		t.Errorf("the first listener heard %v", <-leg.signals)
	}
	must(t, "answering what has ended is its cause", ignoreCause(leg.Answer(h.ctx)))
	leg.HangUp(call.Cause{})
}

func TestWhoCallsWhileTheServerStartsIsServed(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	board := &board{legs: make(chan *ear, 1), turns: make(chan turn, 10)}
	plan := quick(Plan{Trunks: map[string]TrunkSpec{"city": {Addresses: []string{"127.0.0.1"}}}})
	s, err := Open(ctx, plan, Parts{Engine: engine(t, media.Settings{}), Directory: &directory{all: map[string]call.Binding{}}, Log: quiet()})
	must(t, "open", err)
	if !s.roomForLeg() { // the listeners are read a moment before Serve says so
		t.Error("there is no room for the first call")
	}
	p, err := siptest.New(siptest.Options{Name: "city", Server: (&house{t: t, Server: s}).at("udp")})
	must(t, "phone", err)
	defer p.Close()
	c, err := p.Call(ctx, "700")
	must(t, "call", err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, board) }()
	select {
	case <-board.legs:
	case <-c.Ended():
		t.Errorf("the first caller was refused: %v", c.End())
	}
	stop()
	must(t, "serve", <-served)
}

func TestAnEndIsToldBeforeItStopsTheSound(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	leg := h.came()
	must(t, "answer", leg.Answer(h.ctx))
	must(t, "answered", c.WaitAnswered(h.ctx))
	said := leg.Port().Play(media.Sound{Clips: []*wav.Clip{wav.Silence("long", time.Minute)}})
	stopped := make(chan bool, 1)
	leg.Listen(func(s call.Signal) {
		if s.Kind != call.Ended {
			return
		}
		select {
		case <-said.Done():
			stopped <- true
		default:
			stopped <- false
		}
	})
	must(t, "hang up", c.Hangup(h.ctx))
	if <-stopped {
		t.Error("the prompt was over before anybody knew that its hearer had left")
	}
	<-said.Done()
}

// ignoreCause is nil when err is a Cause, as it must be.
func ignoreCause(err error) error {
	var c call.Cause
	if errors.As(err, &c) {
		return nil
	}
	return errors.New("want the Cause that ended the leg")
}
