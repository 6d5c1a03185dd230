package acd

import (
	"testing"
	"time"
)

// An emergency call comes while an ordinary caller waits for the answer to the question
// whether anna takes the break that is due.
func TestAnEmergencyCallIsNoAnswerToTheQuestionAboutABreak(t *testing.T) {
	ring := func(y *play) {
		y.pass(10 * time.Second)
		y.enter(Entry{Call: "e1", Queue: "emergency"})
		y.want("e1>anna")
	}
	leave := func(y *play) { y.must(func(b *board) error { b.leave(y.ids["e1"], "abandoned"); return nil }) }
	released := func(y *play) { ring(y); leave(y) }
	answered := func(y *play, talk time.Duration) {
		ring(y)
		y.talk("e1")
		y.pass(talk)
	}
	for name, tc := range map[string]struct {
		then  func(*play)
		want  string
		asked int
	}{
		"a ring that comes to nothing leaves it open": {released, "", 1},
		"and its time runs on":                        {func(y *play) { released(y); y.pass(51 * time.Second) }, "c2>anna", 1},
		"later is still an answer":                    {func(y *play) { released(y); y.say("anna", GoReady) }, "c2>anna", 1},
		"a missed one leaves it open": {func(y *play) {
			ring(y)
			y.miss("e1", MissDeclined)
			leave(y)
			y.pass(40 * time.Second) // the pause after the miss is over, the question is not
		}, "", 1},
		"after a short call it is asked again": {func(y *play) { answered(y, 5*time.Second); y.end("e1") }, "", 2},
		"after a long call it is asked again":  {func(y *play) { answered(y, 10*time.Minute); y.end("e1") }, "", 2},
		"with all its time":                    {func(y *play) { answered(y, 5*time.Second); y.end("e1"); y.pass(59 * time.Second) }, "", 2},
		"and only once":                        {func(y *play) { answered(y, 10*time.Minute); y.end("e1"); y.pass(61 * time.Second) }, "c2>anna", 2},
		"whoever has gone for it after the call": {func(y *play) {
			answered(y, time.Minute)
			y.say("anna", GoNotReady)
			y.end("e1")
			y.pass(5 * time.Minute)
			y.say("anna", GoReady)
		}, "c2>anna", 1},
		"a rest between them is no break": {func(y *play) {
			answered(y, time.Minute)
			s := y.seat("e1")
			y.must(func(b *board) error { return b.finish(s, Outcome{Rest: 2, RestFor: 10 * time.Minute}) })
			y.pass(10 * time.Minute)
		}, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			queues := map[string]QueueSpec{"q": {WrapUp: -1, LeaveOn: []AgentState{}}, "emergency": {WrapUp: -1, LeaveOn: []AgentState{}, Urgent: true}}
			y := caring(t, queues, func(c *Care) { c.Break = 5 * time.Minute }, "anna")
			asked := 0
			y.heard = func(e Event) {
				if e.Kind == KindBreakDue {
					asked++
				}
			}
			y.logIn("anna")
			y.serve(Entry{Call: "c1", Queue: "q"}, 55*time.Minute, Outcome{})
			y.enter(Entry{Call: "c2", Queue: "q"})
			y.want("")
			tc.then(y)
			y.want(tc.want)
			if asked != tc.asked {
				t.Errorf("asked %d times, want %d", asked, tc.asked)
			}
			if tc.want == "" {
				y.says("c2", "is being asked to take the break that is due: anna")
			}
		})
	}
}

func TestTheQuestionThatACallCutShortOutlivesARestart(t *testing.T) {
	at := Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}
	p, err := recall(nil, []Event{
		{Seq: 1, At: at, Kind: KindLogIn, Agent: "anna", Phone: "1", State: Ready},
		{Seq: 2, At: at, Kind: KindBreakDue, Agent: "anna", Length: time.Minute, State: Ready},
		{Seq: 3, At: at, Kind: KindOffered, Agent: "anna", Queue: "emergency", Call: "e1", Ticket: 1, Assignment: 1, State: Offered},
		{Seq: 4, At: at, Kind: KindAnswered, Agent: "anna", Ticket: 1, Assignment: 1, State: OnCall},
		{Seq: 5, At: at, Kind: KindRecovered, Agent: "anna", State: WrapUp},
		{Seq: 6, At: at, Kind: KindWrapUpOver, Agent: "anna", State: Ready},
	}, at)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.people["anna"].Care; !c.Again || c.Ask != 0 {
		t.Errorf("asked again: %t, asked until %s", c.Again, c.Ask)
	}
}

// TestABreakThatIsOnlyToldOfKeepsNobodyWaiting: with break_ask -1 no offer waits for an
// answer, so an emergency call that came later is no reason to pass who waited longer.
func TestABreakThatIsOnlyToldOfKeepsNobodyWaiting(t *testing.T) {
	queues := map[string]QueueSpec{"q": {WrapUp: -1}, "emergency": {WrapUp: -1, Urgent: true}}
	y := caring(t, queues, func(c *Care) { c.Break, c.BreakAsk = 5*time.Minute, off }, "anna")
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.talk("c1")
	y.pass(50 * time.Minute)
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.pass(4 * time.Minute)
	y.enter(Entry{Call: "e1", Queue: "emergency"})
	y.pass(time.Minute)
	y.end("c1")
	y.want("c2>anna")
}

// TestAnEditThatTakesTheBreakAwayTakesTheQuestionWithIt: nobody is kept waiting for the
// answer to a question that the plan in force does not ask.
func TestAnEditThatTakesTheBreakAwayTakesTheQuestionWithIt(t *testing.T) {
	for name, edit := range map[string]func(*Care){
		"no break is earned any more":            func(c *Care) { c.Break = off },
		"one is told of a break and never asked": func(c *Care) { c.Break, c.BreakAsk = 5*time.Minute, off },
	} {
		t.Run(name, func(t *testing.T) {
			asking := func() *play {
				y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.Break = 5 * time.Minute }, "anna")
				y.logIn("anna")
				y.serve(Entry{Call: "c1", Queue: "q"}, 55*time.Minute, Outcome{})
				y.pass(20 * time.Second) // beyond the gap
				return y
			}
			next := team(map[string]QueueSpec{"q": {WrapUp: -1}}, "anna")
			next.Settings = only(edit)

			y := asking()
			y.enter(Entry{Call: "c2", Queue: "q"})
			y.want("")
			y.says("c2", "is being asked to take the break that is due: anna")
			y.plan(next)
			y.want("c2>anna")

			y = asking()
			y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil })
			y.plan(next)
			y.pass(2 * time.Minute)
			y.must(func(b *board) error { b.phoneBusy("p-anna", false); return nil })
			y.enter(Entry{Call: "c2", Queue: "q"})
			y.want("c2>anna")
		})
	}
}

// TestAnOwnCallIsNoAnswerToTheQuestionAboutABreak: a call on the agent's phone that is not
// from a queue makes the agent OnCall, is followed by no wrap-up, and answers nothing.
func TestAnOwnCallIsNoAnswerToTheQuestionAboutABreak(t *testing.T) {
	busy := func(y *play, yes bool) { y.must(func(b *board) error { b.phoneBusy("p-anna", yes); return nil }) }
	for name, tc := range map[string]struct {
		begins, lasts, then time.Duration // after the question; the call; after it
		want                string
		asked               int
	}{
		"a short one leaves the question and its clock": {10 * time.Second, 5 * time.Second, 44 * time.Second, "", 1},
		"which runs on":                            {10 * time.Second, 5 * time.Second, 46 * time.Second, "c2>anna", 1},
		"after a long one it is asked again":       {10 * time.Second, 5 * time.Minute, 0, "", 2},
		"with all its time":                        {10 * time.Second, 5 * time.Minute, 59 * time.Second, "", 2},
		"and only once":                            {10 * time.Second, 5 * time.Minute, 61 * time.Second, "c2>anna", 2},
		"one that begins after it changes nothing": {61 * time.Second, 5 * time.Minute, time.Second, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1, LeaveOn: []AgentState{}}}, func(c *Care) { c.Break = 5 * time.Minute }, "anna")
			asked := 0
			y.heard = func(e Event) {
				if e.Kind == KindBreakDue {
					asked++
				}
			}
			y.logIn("anna")
			y.serve(Entry{Call: "c1", Queue: "q"}, 55*time.Minute, Outcome{})
			if asked != 1 {
				t.Fatalf("asked %d times", asked)
			}
			if tc.begins < time.Minute {
				y.enter(Entry{Call: "c2", Queue: "q"})
			}
			y.pass(tc.begins)
			busy(y, true)
			if v := y.b.view(y.b.agents["anna"]); v.State != OnCall || v.Offerable {
				t.Errorf("in an own call anna is %s, offerable: %t", v.State, v.Offerable)
			}
			y.pass(tc.lasts)
			y.want("")
			busy(y, false)
			if v := y.b.view(y.b.agents["anna"]); v.State != Ready {
				t.Errorf("after an own call anna is %s", v.State)
			}
			if tc.then > 0 {
				y.pass(tc.then)
			}
			y.want(tc.want)
			if asked != tc.asked {
				t.Errorf("asked %d times, want %d", asked, tc.asked)
			}
		})
	}
}
