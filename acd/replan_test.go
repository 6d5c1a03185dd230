package acd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWhyAnswersWhileAPlanChanges asks about a caller whose offer was made by a plan
// with more steps than the one in force.
func TestWhyAnswersWhileAPlanChanges(t *testing.T) {
	steps := []Relax{{After: time.Minute, Needs: "x >= 1"}, {After: 2 * time.Minute}}
	y := start(t, team(map[string]QueueSpec{"q": {Needs: "x >= 2", Relax: steps}}, "anna: x=1"))
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q", Since: y.now.Wall.Add(-time.Hour)})
	y.want("c1>anna")
	next := team(map[string]QueueSpec{"q": {Needs: "x >= 1"}}, "anna: x=1")
	next.Settings.Gap = -1
	y.plan(next)
	lines, err := y.b.why(Whom{Call: "c1"})
	if err != nil || !strings.Contains(strings.Join(lines, "\n"), "is offered to anna") {
		t.Errorf("why %q, %v", lines, err)
	}
	y.miss("c1", MissDeclined)
	y.pass(10 * time.Second)
	y.want("c1>anna") // judged by the new plan
}

func TestWhoWaitsIsJudgedByTheNewSteps(t *testing.T) {
	plan := func(steps ...Relax) Plan {
		p := team(map[string]QueueSpec{"q": {Needs: "x >= 3", Relax: steps}}, "anna: x=3", "bert: x=2", "carl: x=1")
		p.Settings.Gap = -1
		return p
	}
	for name, tc := range map[string]struct {
		next Plan
		want string
	}{
		"a step that is due already counts at once": {plan(Relax{After: 30 * time.Second, Needs: "x >= 2"}), "c1>bert"},
		"of several due steps the last counts":      {plan(Relax{After: 10 * time.Second, Needs: "x >= 3"}, Relax{After: time.Minute, Needs: "x >= 1"}), "c1>carl"},
		"a step not yet due does not count":         {plan(Relax{After: 2 * time.Minute, Needs: "x >= 1"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, plan())
			y.logIn("carl", "bert", "anna")
			y.say("anna", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.pass(time.Minute)
			y.want("")
			y.plan(tc.next)
			y.want(tc.want)
			if tc.want == "" {
				y.pass(time.Minute)
				y.want("c1>carl")
			}
		})
	}
}

// TestAStepThatWasReachedIsTakenBack: a stricter plan holds for who has waited long.
func TestAStepThatWasReachedIsTakenBack(t *testing.T) {
	loose := team(map[string]QueueSpec{"q": {Needs: "x >= 2", Relax: []Relax{{After: time.Minute, Needs: "x >= 1"}}}}, "anna: x=2", "bert: x=1")
	y := start(t, loose)
	y.logIn("anna", "bert")
	y.say("anna", GoNotReady)
	y.say("bert", GoNotReady)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.pass(2 * time.Minute)
	strict := team(map[string]QueueSpec{"q": {Needs: "x >= 2"}}, "anna: x=2", "bert: x=1")
	strict.Settings.Gap = -1
	y.plan(strict)
	y.say("bert", GoReady)
	y.want("")
	y.say("anna", GoReady)
	y.want("c1>anna")
}

// TestAnEditUnderAnOffer changes everything about an offer that is out: the offer and
// its conversation go on as they began.
func TestAnEditUnderAnOffer(t *testing.T) {
	for name, change := range map[string]func(*Plan){
		"the queue is gone": func(p *Plan) { delete(p.Queues, "q") },
		"the agent is gone": func(p *Plan) { delete(p.Agents, "anna") },
		"the agent is no longer of the queue": func(p *Plan) {
			p.Queues["q"] = QueueSpec{Agents: []string{"bert"}, WrapUp: time.Hour}
		},
		"ring and wrap-up differ": func(p *Plan) { p.Queues["q"] = QueueSpec{Ring: time.Second, WrapUp: -1} },
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}, "other": {}}, "anna", "bert"))
			y.logIn("anna")
			y.enter(Entry{Call: "c1", Queue: "q"})
			next := team(map[string]QueueSpec{"q": {}, "other": {}}, "anna", "bert")
			next.Settings.Gap = -1
			change(&next)
			y.plan(next)
			if len(y.cut) > 0 {
				t.Fatalf("the caller is taken out: %v", y.cut)
			}
			y.talk("c1")
			y.plan(next)
			y.end("c1")
			a := y.b.agents["anna"]
			if a.State != WrapUp || a.WrapEnd-y.now.Mono != 30*time.Second {
				t.Errorf("anna is %s for %s", a.State, a.WrapEnd-y.now.Mono)
			}
			y.pass(30 * time.Second)
			if a.State != Ready {
				t.Errorf("then anna is %s", a.State)
			}
		})
	}
}

func TestACallerOfAQueueThatIsGoneLeavesWhenTheOfferFails(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {OnEmpty: "goodbye"}, "other": {}}, "anna"))
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q"})
	next := team(map[string]QueueSpec{"other": {}}, "anna")
	next.Settings.Gap = -1
	y.plan(next)
	if _, err := y.b.why(Whom{Call: "c1"}); err != nil {
		t.Errorf("why: %v", err)
	}
	y.miss("c1", MissBusy)
	if len(y.cut) != 1 || y.cut[0].removal.Target != "goodbye" {
		t.Errorf("removed %v", y.cut)
	}
}

func TestARestOutlastsAnEditAndItsUndoing(t *testing.T) {
	plan := team(map[string]QueueSpec{"q": {}}, "anna", "bert")
	plan.Settings.Gap = -1
	y := start(t, plan)
	y.bring(OnCall)
	id := y.seat("c1")
	y.must(func(b *board) error { return b.finish(id, Outcome{Rest: 2, RestFor: 10 * time.Minute}) })
	y.pass(30 * time.Second)
	without := team(map[string]QueueSpec{"q": {}}, "bert")
	without.Settings.Gap = -1
	y.plan(without)
	y.pass(4 * time.Minute)
	y.plan(plan)
	if v := y.b.view(y.b.agents["anna"]); v.State != Resting || v.Left != 6*time.Minute {
		t.Errorf("%s for %s", v.State, v.Left)
	}
	y.pass(6 * time.Minute)
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("c2>anna")
}

// TestAPhoneIsNotHeldByWhoIsGone: an agent who left the config while logged in does
// not keep the desk from the next one, unless a call is going on there.
func TestAPhoneIsNotHeldByWhoIsGone(t *testing.T) {
	for _, state := range []AgentState{Ready, NotReady, Missed, Resting, WrapUp, Offered, OnCall} {
		t.Run(string(state), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna", "bert"))
			y.bring(state)
			without := team(map[string]QueueSpec{"q": {}}, "bert")
			without.Settings.Gap = -1
			y.plan(without)
			rest := y.b.agents["anna"].Rest
			err := y.step(func(b *board) error { return b.command("bert", Command{Verb: LogIn, Phone: "p-anna"}) })
			if state == Offered || state == OnCall || state == WrapUp {
				if !errors.Is(err, ErrPhoneUsed) || y.b.agents["anna"].State != state {
					t.Errorf("%v, anna is %s", err, y.b.agents["anna"].State)
				}
				return
			}
			if err != nil || y.b.agents["anna"].State != LoggedOut || y.b.agents["anna"].Rest != rest {
				t.Errorf("%v, anna is %s, rest %+v", err, y.b.agents["anna"].State, y.b.agents["anna"].Rest)
			}
		})
	}
}

// TestABusyHourIsForgotten: every caller with data of his own is a class while he
// waits; when they have gone, few are kept.
func TestABusyHourIsForgotten(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {Needs: `data.tier != "T2" || x >= 1`, LeaveOn: []AgentState{}}}, "anna: x=1"))
	const crowd = 4 * maxIdleClasses
	for i := range crowd {
		y.enter(Entry{Call: fmt.Sprint(i), Queue: "q", Data: map[string]any{"tier": i}})
	}
	for i := range crowd {
		y.must(func(b *board) error { b.leave(y.ids[fmt.Sprint(i)], ""); return nil })
	}
	y.enter(Entry{Call: "late", Queue: "q", Data: map[string]any{"tier": "new"}})
	q := y.b.routes.queues["q"]
	if len(q.classes) > maxIdleClasses || len(q.all) > maxIdleClasses || len(y.b.agents["anna"].posts) > maxIdleClasses {
		t.Errorf("%d classes, %d conditions, %d posts are kept", len(q.classes), len(q.all), len(y.b.agents["anna"].posts))
	}
	y.logIn("anna")
	y.want("")
	if len(y.b.seats) != 1 {
		t.Error("the one who waits is not offered")
	}
}

// TestThePlaceOfACallbackThatIsDialledCanBeAskedForWhenItsQueueIsNoMore: an edit takes its
// queue and an agent away while the number rings. Nobody forecasts by the old ranks.
func TestThePlaceOfACallbackThatIsDialledCanBeAskedForWhenItsQueueIsNoMore(t *testing.T) {
	plan := team(map[string]QueueSpec{"q": {Callback: CallbackSpec{Prefixes: []string{"030"}}}}, "anna", "bert")
	plan.Dial = []string{"0"}
	y := start(t, plan)
	y.must(func(b *board) (err error) {
		y.ids["c1"], err = b.callBack(Entry{Call: "c1", Queue: "q"}, Callback{Number: "0301234", Kind: BackScheduled, At: y.now.Wall})
		return err
	})
	y.logIn("anna")
	y.must(func(b *board) error { return b.answered(b.agents["anna"].seat.id) })
	y.plan(team(map[string]QueueSpec{"other": {}}, "anna"))
	if _, err := y.b.place(y.ids["c1"]); err != nil {
		t.Error(err)
	}
}
