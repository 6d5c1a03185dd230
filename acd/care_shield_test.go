package acd

import (
	"testing"
	"time"
)

func TestAfterAnEventACallOfLowIntensityComesFirst(t *testing.T) {
	queues := map[string]QueueSpec{"q": {WrapUp: -1, Priority: 60}, "low": {WrapUp: -1, Intensity: "low"}}
	y := caring(t, queues, func(c *Care) { c.AfterEvent = afterLow }, "anna", "bert")
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.talk("c1")
	y.enter(Entry{Call: "c2", Queue: "q", Prefer: "anna"})
	y.enter(Entry{Call: "l1", Queue: "low"})
	y.enter(Entry{Call: "l2", Queue: "low"})
	s := y.seat("c1")
	y.must(func(b *board) error { return b.finish(s, Outcome{Event: true}) })
	y.want("l1>anna")
	y.talk("l1")
	y.end("l1")
	y.want("c2>anna") // that was one; now the order is as ever
	y.talk("c2")
	y.must(func(b *board) error { b.leave(y.ids["l2"], "abandoned"); return nil })
	s = y.seat("c2")
	y.must(func(b *board) error { return b.finish(s, Outcome{Event: true}) })
	y.logIn("bert") // idle for longer than she will be
	y.pass(time.Minute)
	y.enter(Entry{Call: "l3", Queue: "low"})
	y.want("l3>anna")
}

// TestAHardCallerOfAGentleQueueIsNoReliefAfterAnEvent: who is known to be hard on people
// goes before nobody for the sake of somebody who has just been hurt.
func TestAHardCallerOfAGentleQueueIsNoReliefAfterAnEvent(t *testing.T) {
	for name, tc := range map[string]struct {
		gentle Entry
		want   string
	}{
		"an easy caller of low intensity": {Entry{}, "gentle>anna"},
		"one of tier T2":                  {Entry{Tier: 2}, "older>anna"},
		"one who was hard on another":     {Entry{Event: true}, "older>anna"},
	} {
		t.Run(name, func(t *testing.T) {
			queues := map[string]QueueSpec{"q": {WrapUp: -1}, "low": {WrapUp: -1, Intensity: "low"}}
			y := caring(t, queues, func(c *Care) { c.AfterEvent = afterLow }, "anna")
			y.logIn("anna")
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.talk("c1")
			y.enter(Entry{Call: "older", Queue: "q"})
			y.pass(time.Minute)
			tc.gentle.Call, tc.gentle.Queue = "gentle", "low"
			y.enter(tc.gentle)
			s := y.seat("c1")
			y.must(func(b *board) error { return b.finish(s, Outcome{Event: true}) })
			y.want(tc.want)
		})
	}
}

func TestNewcomersAndThoseComingBackAreSpared(t *testing.T) {
	for name, tc := range map[string]struct {
		spec AgentSpec
		why  string // empty: a hard caller is offered
	}{
		"the 90th day":         {AgentSpec{Since: "2025-12-03"}, "new here and spared callers of tier T2 or above"},
		"after 90 days":        {AgentSpec{Since: "2025-12-02"}, ""},
		"back for two weeks":   {AgentSpec{Back: "2026-02-16"}, "coming back to work and spared callers of tier T2 or above"},
		"back for four weeks":  {AgentSpec{Back: "2026-02-02"}, ""},
		"begins next month":    {AgentSpec{Since: "2026-04-01"}, "new here"},
		"nothing is said":      {AgentSpec{}, ""},
		"long here, but back ": {AgentSpec{Since: "2019-01-01", Back: "2026-03-01"}, "coming back to work"},
	} {
		t.Run(name, func(t *testing.T) {
			p := team(map[string]QueueSpec{"q": {}}, "anna")
			p.Settings = only(func(c *Care) { c.Newcomer = 90; c.Ramp = nil })
			p.Agents["anna"] = tc.spec
			y := start(t, p)
			y.logIn("anna")
			y.enter(Entry{Call: "c", Queue: "q", Tier: 3})
			if tc.why == "" {
				y.want("c>anna")
				return
			}
			y.want("")
			y.says("c", tc.why)
			y.enter(Entry{Call: "easy", Queue: "q"})
			y.want("easy>anna")
		})
	}
}

func TestTheShieldEndsAtMidnightByItself(t *testing.T) {
	p := team(map[string]QueueSpec{"q": {MaxWait: 24 * time.Hour}}, "anna")
	p.Settings = only(func(c *Care) { c.Newcomer = 90 })
	p.Agents["anna"] = AgentSpec{Since: "2025-12-03"}
	y := start(t, p) // at 08:00 of the 90th day
	y.logIn("anna")
	y.enter(Entry{Call: "c", Queue: "q", Tier: 2})
	y.pass(16*time.Hour - 2*time.Second) // she needed a second to log in
	y.want("")
	y.pass(time.Second)
	y.want("c>anna")
}

func TestTheLoadRisesWeekByWeekAfterAComeback(t *testing.T) {
	for back, want := range map[string]bool{"2026-03-02": false, "2026-02-23": true, "2026-02-01": true} {
		p := team(map[string]QueueSpec{"q": {WrapUp: -1}}, "anna")
		p.Settings = only(func(c *Care) { c.Occupancy = 85; c.Ramp = []int{50, 60, 70, 80} })
		p.Agents["anna"] = AgentSpec{Back: back}
		y := start(t, p)
		y.logIn("anna")
		y.serve(Entry{Call: "c1", Queue: "q"}, 17*time.Minute, Outcome{}) // 57 % of 30 minutes
		y.enter(Entry{Call: "c2", Queue: "q"})
		if got := len(y.out) > 0; got != want {
			t.Errorf("back on %s: offered %v, want %v", back, got, want)
		}
	}
}
