package acd

import (
	"testing"
	"time"
)

// TestNoFavourPassesAnEmergency: a preferred agent and a call of low intensity after a
// hard one come before the score, but not before a caller of an emergency queue who is
// first by it.
func TestNoFavourPassesAnEmergency(t *testing.T) {
	queues := map[string]QueueSpec{
		"q": {WrapUp: -1, Priority: 0}, "easy": {Intensity: "low", WrapUp: -1}, "112": {Urgent: true, Priority: 30, WrapUp: -1},
	}
	for name, tc := range map[string]struct {
		other Entry
		event bool
	}{
		"a caller who prefers this agent":          {Entry{Call: "other", Queue: "q", Prefer: "anna"}, false},
		"a call of low intensity after a hard one": {Entry{Call: "other", Queue: "easy"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := team(queues, "anna")
			p.Settings.Care = Care{AfterEvent: afterLow}
			y := start(t, p)
			y.logIn("anna")
			y.enter(Entry{Call: "first", Queue: "q"})
			y.talk("first")
			y.enter(tc.other)
			y.pass(time.Second)
			y.enter(Entry{Call: "help", Queue: "112"})
			id := y.seat("first")
			y.must(func(b *board) error { return b.finish(id, Outcome{Event: tc.event}) })
			y.want("help>anna")
		})
	}
}
