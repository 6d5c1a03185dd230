package acd

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAPrivateCallInEveryState lays a private call over each state and takes it away:
// nothing under it has moved.
func TestAPrivateCallInEveryState(t *testing.T) {
	for state, shown := range map[AgentState]AgentState{
		LoggedOut: LoggedOut, Ready: OnCall, Offered: Offered, OnCall: OnCall, WrapUp: WrapUp, Resting: Resting,
		NotReady: OnCall, Missed: OnCall,
	} {
		t.Run(string(state), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
			y.bring(state)
			a := y.b.agents["anna"]
			before := a.person
			y.pass(time.Second)
			y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil })
			y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil })
			v := y.b.view(a)
			if v.State != shown || v.Offerable {
				t.Errorf("shown %s, offerable %v; want %s", v.State, v.Offerable, shown)
			}
			if state != shown && !v.Since.Equal(y.now.Wall) {
				t.Errorf("on call since %s, which began at %s", v.Since, y.now.Wall)
			}
			y.must(func(b *board) error { b.phoneBusy("p-anna", false); return nil })
			if diff := cmp.Diff(before, a.person); diff != "" {
				t.Errorf("-before +after:\n%s", diff)
			}
			if v := y.b.view(a); v.State != state || v.Offerable != (state == Ready) {
				t.Errorf("then %s, offerable %v", v.State, v.Offerable)
			}
		})
	}
}

// TestAPrivateCallOverTheEndsOfThings begins before a state's end and outlasts it.
func TestAPrivateCallOverTheEndsOfThings(t *testing.T) {
	for name, tc := range map[string]struct {
		state AgentState
		ends  func(*play)
		shown AgentState
		then  AgentState // when the private call is over
	}{
		"the offer is answered":   {Offered, func(y *play) { y.talk("c1") }, OnCall, OnCall},
		"the offer is declined":   {Offered, func(y *play) { y.miss("c1", MissDeclined) }, OnCall, Ready},
		"the conversation ends":   {OnCall, func(y *play) { y.end("c1") }, WrapUp, WrapUp},
		"the wrap-up ends":        {WrapUp, func(y *play) { y.pass(30 * time.Second) }, OnCall, Ready},
		"the rest ends":           {Resting, func(y *play) { y.pass(time.Minute) }, OnCall, Ready},
		"the agent is ready":      {NotReady, func(y *play) { y.say("anna", GoReady) }, OnCall, Ready},
		"the agent is back":       {Missed, func(y *play) { y.say("anna", GoReady) }, OnCall, Ready},
		"the agent asks to pause": {Ready, func(y *play) { y.say("anna", GoNotReady) }, OnCall, NotReady},
		"the agent goes home":     {Ready, func(y *play) { y.say("anna", LogOut) }, LoggedOut, LoggedOut},
		"the agent sits down":     {LoggedOut, func(y *play) { y.say("anna", LogIn) }, OnCall, Ready},
		"the agent moves away": {Ready, func(y *play) {
			y.must(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "elsewhere"}) })
		}, Ready, Ready},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {LeaveOn: []AgentState{}}}, "anna"))
			y.bring(tc.state)
			y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil })
			tc.ends(y)
			if got := y.b.view(y.b.agents["anna"]).State; got != tc.shown {
				t.Errorf("shown %s, want %s", got, tc.shown)
			}
			y.must(func(b *board) error { b.phoneBusy("p-anna", false); return nil })
			y.pass(0)
			if got := y.b.view(y.b.agents["anna"]).State; got != tc.then && got != Offered {
				t.Errorf("then %s, want %s", got, tc.then)
			}
		})
	}
}

// TestNoWordOfThePhoneComesTooLate: what was told before an errand counts for it.
func TestNoWordOfThePhoneComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		say := func(act func(*board) error) error {
			e := &errand{act: act, done: make(chan error, 1)}
			f.turn(e)
			return <-e.done
		}
		if err := say(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "1"}) }); err != nil {
			t.Fatal(err)
		}
		f.PhoneReachable("1", false)
		if err := say(func(b *board) error { _, err := b.enter(Entry{Call: "c1", Queue: "help"}); return err }); err != nil {
			t.Fatal(err)
		}
		if len(f.board.seats) > 0 {
			t.Error("a phone is offered a call after it was told to be away")
		}
		f.PhoneReachable("1", true)
		f.turn(nil)
		if len(f.board.seats) != 1 {
			t.Error("a phone that is back is not offered the caller")
		}
	})
}

// TestALimitMeetsAnOffer: a caller whose agent's phone rings is not thrown out under
// it; the limit counts when nobody answered.
func TestALimitMeetsAnOffer(t *testing.T) {
	for name, tc := range map[string]struct {
		spec QueueSpec
		then func(*play)
		want Removal
	}{
		"the longest wait is over": {
			QueueSpec{MaxWait: 10 * time.Second, OnWait: "menu:sorry"}, func(*play) {}, Removal{"wait", "menu:sorry"},
		},
		"everybody else has gone": {
			QueueSpec{LeaveOn: []AgentState{LoggedOut, NotReady, Missed}, OnEmpty: "number:112"},
			func(y *play) {
				y.say("bert", LogOut)
				y.say("anna", GoNotReady)
			},
			Removal{"empty", "number:112"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, answered := range []bool{true, false} {
				y := start(t, team(map[string]QueueSpec{"q": tc.spec}, "anna", "bert"))
				y.logIn("anna", "bert")
				y.say("bert", GoNotReady)
				y.enter(Entry{Call: "c1", Queue: "q"})
				y.pass(15 * time.Second)
				tc.then(y)
				if len(y.cut) > 0 {
					t.Fatalf("removed while it rings: %v", y.cut)
				}
				if answered {
					y.talk("c1")
					continue
				}
				y.miss("c1", MissDeclined)
				if len(y.cut) != 1 || y.cut[0].removal != tc.want {
					t.Errorf("removed %v, want %v", y.cut, tc.want)
				}
			}
		})
	}
}

// TestEveryEndIsFollowedByWrapUpAndGap, whoever ended the call and wherever it went.
func TestEveryEndIsFollowedByWrapUpAndGap(t *testing.T) {
	for _, cause := range []string{
		"caller_ended", "agent_finished", "agent_lost", "transferred", "protected_disconnect", "one_strike", "network", "",
	} {
		t.Run(cause, func(t *testing.T) {
			p := help(func(p *Plan) { p.Queues["help"] = QueueSpec{WrapUp: 5 * time.Second} })
			bubble(t, p, func(d *desk) {
				d.logIn("anna")
				seat := d.talk("c1")
				d.pass(time.Minute)
				back := d.enter(Entry{Call: "c1", Queue: "help", Since: time.Now().Add(-time.Minute), Head: true}) // as a transfer does
				d.finish(seat, Outcome{Cause: cause})
				d.want("anna", WrapUp)
				d.pass(5 * time.Second)
				d.want("anna", Ready)
				d.pass(10*time.Second - time.Millisecond)
				d.notOffered(back)
				d.pass(time.Millisecond)
				if o := d.offered(back); o.Seats[0].Assignment == seat.Assignment {
					t.Error("the old assignment is given again")
				}
				if err := d.Finish(d.ctx, seat.Assignment, Outcome{}); !errors.Is(err, ErrStale) {
					t.Errorf("a late end: %v", err)
				}
				d.want("anna", Offered)
			})
		})
	}
}

// TestCountersSeeABrokenPromise: each counter that must stay 0 would not, were the
// code that decides ever wrong.
func TestCountersSeeABrokenPromise(t *testing.T) {
	for name, tc := range map[string]struct {
		state  AgentState
		broken func(*board, *agent)
		want   Counters
	}{
		"a wrap-up ends early": {WrapUp, func(b *board, a *agent) { b.sure(a, Event{Kind: KindWrapUpOver}) }, Counters{WrapUpsCutShort: 1}},
		"a rest ends early":    {Resting, func(b *board, a *agent) { b.sure(a, Event{Kind: KindRestOver}) }, Counters{RestsCutShort: 1}},
		"a clock that cannot end what it should": {
			Ready, func(b *board, a *agent) { b.sure(a, Event{Kind: KindWrapUpOver}) }, Counters{StuckAgents: 1},
		},
		"an agent ends the wrap-up himself": {WrapUp, func(b *board, a *agent) { b.sure(a, Event{Kind: KindWrapUpEnded}) }, Counters{}},
		"an agent declines the rest":        {Resting, func(b *board, a *agent) { b.sure(a, Event{Kind: KindRestDeclined}) }, Counters{}},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
			y.bring(tc.state)
			y.b.count = Counters{}
			y.must(func(b *board) error { tc.broken(b, b.agents["anna"]); return nil })
			if diff := cmp.Diff(tc.want, y.b.count); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
		})
	}
}

// TestABrokenPromiseIsAnAlarm: the floor's own audit logs it and counts it, and nobody has
// to ask for one.
func TestABrokenPromiseIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said alarmLog
		d := openWith(t, help(), &memory{}, slog.New(slog.NewTextHandler(&said, nil)))
		d.logIn("anna")
		d.talk("c1")
		d.must(d.Floor.do(d.ctx, &errand{act: func(b *board) error { clear(b.seats); return nil }}))
		d.pass(auditEvery)
		if said.count("promise broken") != 1 || d.Counters().StuckAgents != 1 {
			t.Errorf("%+v, log:\n%s", d.Counters(), said.lines.String())
		}
	})
}

// TestTimeNeverGoesBackOnTheFloor, even if its clock does.
func TestTimeNeverGoesBackOnTheFloor(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.bring(WrapUp)
	end := y.b.agents["anna"].WrapEnd
	y.now.Mono -= time.Hour
	y.say("anna", GoNotReady)
	if a := y.b.agents["anna"]; a.State != WrapUp || a.WrapEnd != end || y.b.now.Mono != end-30*time.Second {
		t.Errorf("anna is %s until %s at %s", a.State, a.WrapEnd, y.b.now.Mono)
	}
}

// TestWhoIsKeptOutIsNowhere: what Enter says, and that nothing is left of who came.
func TestWhoIsKeptOutIsNowhere(t *testing.T) {
	bubble(t, help(func(p *Plan) { p.Queues["help"] = QueueSpec{OnEmpty: "goodbye"} }), func(d *desk) {
		_, err := d.Enter(d.ctx, Entry{Call: "c1", Queue: "help"})
		var refused *Refused
		if !errors.As(err, &refused) || *refused != (Refused{"help", "empty", "goodbye"}) || refused.Error() != "queue help: empty" {
			t.Errorf("%v", err)
		}
		if _, err := d.Why(d.ctx, Whom{Call: "c1"}); !errors.Is(err, ErrNoTicket) {
			t.Errorf("why: %v", err)
		}
		if c := d.Counters(); c.Entered+c.Left+c.Removed != 0 || len(d.slots) != 0 {
			t.Errorf("%+v, %d slots", c, len(d.slots))
		}
	})
}
