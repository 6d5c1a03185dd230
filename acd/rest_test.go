package acd

import (
	"testing"
	"time"
)

// TestNothingShortensARest lets everything but the agent's own refusal happen in the wrap-up
// before a rest and in the rest: it lasts ten minutes from the end of the wrap-up.
func TestNothingShortensARest(t *testing.T) {
	queues := map[string]QueueSpec{"q": {WrapUp: time.Minute, LeaveOn: []AgentState{}}, "emergency": {WrapUp: -1, LeaveOn: []AgentState{}, Urgent: true}}
	try := func(y *play, c Command) { _ = y.step(func(b *board) error { return b.command("anna", c) }) } // what is refused changes nothing
	in := func(act func(*board)) func(*play) {
		return func(y *play) { y.must(func(b *board) error { act(b); return nil }) }
	}
	at := func(phone string) Command { return Command{Verb: LogIn, Phone: phone} }
	for name, happens := range map[string]func(*play){
		"ready is pressed":           func(y *play) { try(y, Command{Verb: GoReady}) },
		"not-ready, then ready":      func(y *play) { try(y, Command{Verb: GoNotReady}); try(y, Command{Verb: GoReady}) },
		"log-out and log-in":         func(y *play) { try(y, Command{Verb: LogOut}); y.pass(time.Second); try(y, at("p-anna")) },
		"log-in at the same phone":   func(y *play) { try(y, at("p-anna")) },
		"the agent changes phones":   func(y *play) { try(y, at("other")) },
		"the phone is gone and back": in(func(b *board) { b.phoneReachable("p-anna", false); b.phoneReachable("p-anna", true) }),
		"an own call":                in(func(b *board) { b.phoneBusy("p-anna", true); b.phoneBusy("p-anna", false) }),
		"every cap is lifted": func(y *play) {
			for _, c := range caps {
				y.lift(c)
			}
		},
		"the team leader has talked": in(func(b *board) { _ = b.talked("anna", "sue") }),
		"an emergency waits":         func(y *play) { y.enter(Entry{Call: "e", Queue: "emergency", Urgent: true}) },
		"an edit": func(y *play) {
			p := team(map[string]QueueSpec{"q": {WrapUp: -1, LeaveOn: []AgentState{}}}, "anna", "bert")
			p.Settings = Settings{Gap: -1, Care: carefree()}
			y.plan(p)
		},
		"an edit without the agent, and its undoing": func(y *play) {
			y.plan(team(queues, "bert"))
			y.pass(time.Second)
			p := team(queues, "anna", "bert")
			p.Settings = Settings{Gap: -1, Care: carefree()}
			y.plan(p)
		},
	} {
		for phase, wait := range map[string]time.Duration{" in the wrap-up": 10 * time.Second, " in the rest": 5 * time.Minute} {
			t.Run(name+phase, func(t *testing.T) {
				p := team(queues, "anna", "bert")
				p.Settings = Settings{Gap: -1, Care: carefree()}
				y := start(t, p)
				y.logIn("anna")
				y.serve(Entry{Call: "c1", Queue: "q"}, time.Minute, Outcome{Rest: 2, RestFor: 10 * time.Minute, RestMax: 30 * time.Minute})
				end := time.Duration(0)
				y.heard = func(e Event) {
					if e.State != WrapUp && e.Agent == "anna" && end == 0 && e.Kind != KindPhoneBusy { // an own call lies over it
						end = e.At.Mono + 10*time.Minute // of the wrap-up; only the agent ends one
					}
				}
				y.enter(Entry{Call: "waits", Queue: "q"})
				y.pass(wait)
				if phase == " in the rest" {
					y.heard = nil
					end = y.b.agents["anna"].WrapEnd + 10*time.Minute
				}
				happens(y)
				if end == 0 {
					end = y.b.agents["anna"].WrapEnd + 10*time.Minute
				}
				y.heard = func(e Event) {
					if e.Kind == KindOffered && e.At.Mono < end {
						t.Errorf("is offered a call %s before the rest is over", end-e.At.Mono)
					}
				}
				y.pass(time.Minute)
				for y.now.Mono < end {
					y.pass(min(time.Minute, end-y.now.Mono-1) + 1)
				}
				if a := y.b.agents["anna"]; a.Rest.Level != 0 || a.State == Resting {
					t.Errorf("anna is %s with %+v beyond the end of the rest", a.State, a.Rest)
				}
				if n := y.b.count.RestsCutShort; n != 0 {
					t.Errorf("%d rests are counted as cut short", n)
				}
			})
		}
	}
}
