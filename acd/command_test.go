package acd

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bring takes anna, logged in at p-anna, to a state by honest means.
func (y *play) bring(s AgentState) {
	y.Helper()
	if s == LoggedOut {
		return
	}
	y.say("anna", LogIn)
	switch s {
	case NotReady:
		y.say("anna", GoNotReady)
	case Missed:
		y.enter(Entry{Call: "c1", Queue: "q"})
		y.miss("c1", MissNoAnswer)
		y.pass(5 * time.Second)
		y.miss("c1", MissNoAnswer)
		y.pass(5 * time.Second)
		y.miss("c1", MissNoAnswer)
		y.must(func(b *board) error { b.leave(y.ids["c1"], ""); return nil })
	case Offered, OnCall, WrapUp, Resting:
		y.enter(Entry{Call: "c1", Queue: "q"})
		if s == Offered {
			break
		}
		y.talk("c1")
		if s == OnCall {
			break
		}
		id := y.seat("c1")
		o := Outcome{Rest: 1, RestFor: time.Minute, RestMax: 2 * time.Minute}
		if s == WrapUp {
			o = Outcome{}
		}
		y.must(func(b *board) error { return b.finish(id, o) })
		if s == Resting {
			y.pass(30 * time.Second)
		}
	case LoggedOut, Ready, onward:
	}
	if got := y.b.agents["anna"].State; got != s {
		y.Fatalf("anna is %s, want %s", got, s)
	}
}

// TestEveryCommandInEveryState is what each key does wherever the agent is: the
// state after it, with the wish that is noted, or why not.
func TestEveryCommandInEveryState(t *testing.T) {
	type cell struct {
		then AgentState
		wish AgentState
		no   string // part of the refusal
	}
	verbs := []Verb{LogIn, LogOut, GoReady, GoNotReady, EndWrapUp, ExtendWrapUp, ExtendRest, DeclineRest}
	noWrap, noLonger := "there is no wrap-up to end", "there is no wrap-up to extend"
	noRest, noDecline := "there is no rest to extend", "there is no rest to decline"
	for state, cells := range map[AgentState][]cell{
		LoggedOut: {
			{then: Ready},
			{then: LoggedOut},
			{no: "log in first"},
			{no: "log in first"},
			{no: noWrap},
			{no: noLonger},
			{no: noRest},
			{no: noDecline},
		},
		Ready: {
			{then: Ready},
			{then: LoggedOut},
			{then: Ready},
			{then: NotReady},
			{no: noWrap},
			{no: noLonger},
			{no: noRest},
			{no: noDecline},
		},
		Offered: {
			{then: Offered},
			{then: Offered, wish: LoggedOut},
			{no: "you are ready after this call"},
			{then: Offered, wish: NotReady},
			{no: noWrap},
			{no: noLonger},
			{no: noRest},
			{no: noDecline},
		},
		OnCall: {
			{then: OnCall},
			{then: OnCall, wish: LoggedOut},
			{no: "you are ready after this call"},
			{then: OnCall, wish: NotReady},
			{no: noWrap},
			{no: noLonger},
			{no: noRest},
			{no: noDecline},
		},
		WrapUp: {
			{then: WrapUp},
			{then: LoggedOut},
			{then: Ready},
			{then: WrapUp, wish: NotReady},
			{then: Ready},
			{then: WrapUp},
			{no: noRest},
			{no: noDecline},
		},
		Resting: {
			{then: Resting},
			{then: LoggedOut},
			{no: "only you can decline it"},
			{then: Resting, wish: NotReady},
			{no: noWrap},
			{no: noLonger},
			{then: Resting},
			{then: Ready},
		},
		NotReady: {
			{then: NotReady},
			{then: LoggedOut},
			{then: Ready},
			{then: NotReady},
			{no: noWrap},
			{no: noLonger},
			{no: noRest},
			{no: noDecline},
		},
		Missed: {
			{then: Ready},
			{then: LoggedOut},
			{then: Ready},
			{then: NotReady},
			{no: noWrap},
			{no: noLonger},
			{no: noRest},
			{no: noDecline},
		},
	} {
		for i, want := range cells {
			t.Run(string(verbs[i])+" while "+string(state), func(t *testing.T) {
				y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
				y.bring(state)
				err := y.step(func(b *board) error {
					return b.command("anna", Command{Verb: verbs[i], Phone: "p-anna", Reason: "lunch"})
				})
				a := y.b.agents["anna"]
				if want.no != "" {
					if !errors.Is(err, ErrNotNow) || !strings.Contains(err.Error(), want.no) || a.State != state {
						t.Errorf("%v, then %s; want %q", err, a.State, want.no)
					}
					return
				}
				if err != nil || a.State != want.then || a.Wish.To != want.wish {
					t.Errorf("%v, then %s and later %q; want %s and later %q", err, a.State, a.Wish.To, want.then, want.wish)
				}
			})
		}
	}
}

func TestACommandThatDoesNotExistIsRefused(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	for name, c := range map[string]Command{
		"an unknown verb":        {Verb: "sing"},
		"a log-in without phone": {Verb: LogIn},
	} {
		if err := y.step(func(b *board) error { return b.command("anna", c) }); !errors.Is(err, ErrNotNow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARestToComeCanBeExtendedInWrapUp(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.bring(OnCall)
	id := y.seat("c1")
	y.must(func(b *board) error {
		return b.finish(id, Outcome{Rest: 2, RestFor: 10 * time.Minute, RestMax: 30 * time.Minute})
	})
	y.say("anna", ExtendRest)
	y.pass(30 * time.Second)
	if v := y.b.view(y.b.agents["anna"]); v.State != Resting || v.Left != 30*time.Minute {
		t.Errorf("%+v", v)
	}
}

func TestLogOutInWrapUpStartsTheRest(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.bring(OnCall)
	id := y.seat("c1")
	y.must(func(b *board) error { return b.finish(id, Outcome{Rest: 1, RestFor: 3 * time.Minute}) })
	y.pass(10 * time.Second)
	y.say("anna", LogOut)
	y.pass(time.Minute)
	if v := y.b.view(y.b.agents["anna"]); v.State != LoggedOut || v.Left != 2*time.Minute || v.Level != 1 {
		t.Errorf("logged out: %+v", v)
	}
	y.say("anna", LogIn)
	if v := y.b.view(y.b.agents["anna"]); v.State != Resting || v.Left != 2*time.Minute {
		t.Errorf("back: %+v", v)
	}
	y.say("anna", LogOut)
	y.pass(2 * time.Minute) // it ends while she is away
	y.say("anna", LogIn)
	if got := y.b.agents["anna"].State; got != Ready {
		t.Errorf("back after its end: %s", got)
	}
}

func TestAMoveKeepsStateAndClocks(t *testing.T) {
	for _, state := range []AgentState{Ready, WrapUp, Resting, NotReady, Missed} {
		t.Run(string(state), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
			y.bring(state)
			before := y.b.agents["anna"].person
			y.pass(time.Second)
			y.must(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "elsewhere"}) })
			after := y.b.agents["anna"].person
			if after.Phone != "elsewhere" || y.b.phones["elsewhere"].agent != y.b.agents["anna"] || y.b.phones["p-anna"].agent != nil {
				t.Errorf("sits at %s", after.Phone)
			}
			before.Phone, before.Load = after.Phone, after.Load
			before.Care.Work, before.Care.Busy = after.Care.Work, after.Care.Busy
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("-before +after:\n%s", diff)
			}
		})
	}
}

// TestEveryHindranceHasItsSentence is what an agent hears who asks why no call comes.
func TestEveryHindranceHasItsSentence(t *testing.T) {
	for name, tc := range map[string]struct {
		state AgentState
		then  func(*play)
		want  string
	}{
		"logged out":     {LoggedOut, nil, "is logged-out"},
		"free":           {Ready, nil, ""},
		"rings":          {Offered, nil, "is offered (call c1)"},
		"talks":          {OnCall, nil, "is on-call (call c1)"},
		"writes":         {WrapUp, nil, "is in wrap-up for 30s"},
		"rests":          {Resting, func(y *play) { y.pass(15 * time.Second) }, "rests for 45s"},
		"pauses":         {NotReady, nil, "is not ready: lunch"},
		"has missed":     {Missed, nil, "missed 3 calls and must say ready"},
		"private call":   {Ready, func(y *play) { y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil }) }, "is in another call on phone p-anna"},
		"phone is gone":  {Ready, func(y *play) { y.must(func(b *board) error { b.phoneReachable("p-anna", false); return nil }) }, "cannot be reached: phone p-anna is not registered or does not answer"},
		"gap":            {WrapUp, func(y *play) { y.say("anna", EndWrapUp) }, "has the gap between calls for 1m30s"},
		"declined a bit": {Offered, func(y *play) { y.pass(time.Second); y.miss("c1", MissDeclined); y.pass(400 * time.Millisecond) }, "missed a call and is left alone for 10s"},
	} {
		t.Run(name, func(t *testing.T) {
			p := team(map[string]QueueSpec{"q": {}}, "anna")
			p.Settings.Gap = 90 * time.Second
			y := start(t, p)
			y.bring(tc.state)
			if tc.then != nil {
				tc.then(y)
			}
			a := y.b.agents["anna"]
			if got := y.b.hindered(a); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			if v := y.b.view(a); v.Offerable != (tc.want == "") || v.Blocked != tc.want {
				t.Errorf("view %+v", v)
			}
		})
	}
}
