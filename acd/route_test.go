package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestWhoIsPicked(t *testing.T) {
	for name, tc := range map[string]struct {
		spec QueueSpec
		want []string // offers of four calls, each of which is answered and ended at once
	}{
		"longest idle":                          {QueueSpec{}, []string{"c0>carl", "c1>anna", "c2>bert", "c3>carl"}},
		"round robin goes by name and on":       {QueueSpec{Strategy: RoundRobin}, []string{"c0>anna", "c1>bert", "c2>carl", "c3>anna"}},
		"round robin goes by the queue's order": {QueueSpec{Strategy: RoundRobin, Agents: []string{"bert", "anna"}}, []string{"c0>bert", "c1>anna", "c2>bert", "c3>anna"}},
		"linear goes by order":                  {QueueSpec{Strategy: Linear, Agents: []string{"bert", "anna", "carl"}}, []string{"c0>bert", "c1>bert", "c2>bert", "c3>bert"}},
		"best skill sums what is named":         {QueueSpec{Strategy: BestSkill, Needs: "x >= 1 || y >= 1"}, []string{"c0>bert", "c1>bert", "c2>bert", "c3>bert"}},
		"ties of best skill by longest idle":    {QueueSpec{Strategy: BestSkill, Needs: "z >= 1"}, []string{"c0>carl", "c1>anna", "c2>bert", "c3>carl"}},
		"only who meets the need":               {QueueSpec{Needs: "x >= 2"}, []string{"c0>anna", "c1>anna", "c2>anna", "c3>anna"}},
		"only who is named":                     {QueueSpec{Agents: []string{"anna"}}, []string{"c0>anna", "c1>anna", "c2>anna", "c3>anna"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.spec.WrapUp = -1
			y := start(t, team(map[string]QueueSpec{"q": tc.spec}, "anna: x=2 y=1 z=1", "bert: x=1 y=3 z=1", "carl: y=1 z=1"))
			y.logIn("carl", "anna", "bert")
			for i, want := range tc.want {
				call := fmt.Sprintf("c%d", i)
				y.enter(Entry{Call: call, Queue: "q"})
				y.want(want)
				y.talk(call)
				y.pass(time.Second)
				y.end(call)
			}
		})
	}
}

func TestTheLeastOccupiedTodayIsPicked(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {Strategy: LeastOccupied, WrapUp: -1}}, "anna", "bert"))
	y.logIn("anna", "bert")
	work := func(call string, talk time.Duration) {
		y.enter(Entry{Call: call, Queue: "q"})
		y.talk(call)
		y.pass(talk)
		y.end(call)
		y.pass(time.Second)
	}
	work("c1", 10*time.Minute) // anna, longest idle
	work("c2", time.Minute)    // bert
	work("c3", time.Minute)    // bert again: 2 of 12 minutes against 10 of 12
	y.enter(Entry{Call: "c4", Queue: "q"})
	y.want("c4>bert")
	y.talk("c4")
	y.pass(40 * time.Minute)
	y.end("c4")
	y.enter(Entry{Call: "c5", Queue: "q"})
	y.want("c5>anna") // idle for so long that her share has fallen
	y.talk("c5")
	y.end("c5")
	y.pass(24 * time.Hour) // a new day: shares begin anew
	if a := y.b.agents["bert"]; a.ranked.Load != 0 {
		t.Errorf("bert's share of the new day is %d", a.ranked.Load)
	}
}

func TestWhichCallerComesFirst(t *testing.T) {
	queues := map[string]QueueSpec{
		"alike": {WrapUp: -1}, "plain": {WrapUp: -1}, "quick": {WrapUp: -1, Weight: 3}, "vip": {WrapUp: -1, Priority: 5},
	}
	for name, tc := range map[string]struct {
		entries []Entry // a minute apart
		want    string
	}{
		"the oldest":                              {[]Entry{{Queue: "plain"}, {Queue: "plain"}}, "c0>anna"},
		"the oldest of all queues":                {[]Entry{{Queue: "plain"}, {Queue: "alike"}, {Queue: "plain"}}, "c0>anna"},
		"the oldest, whatever its queue's name":   {[]Entry{{Queue: "alike"}, {Queue: "plain"}, {Queue: "alike"}}, "c0>anna"},
		"priority is a head start":                {[]Entry{{Queue: "plain"}, {Queue: "vip"}}, "c1>anna"},
		"age overtakes priority":                  {[]Entry{{Queue: "plain"}, {Queue: "plain"}, {}, {}, {}, {}, {Queue: "vip"}}, "c0>anna"},
		"a heavier queue ages faster":             {[]Entry{{Queue: "plain"}, {}, {Queue: "quick"}, {}}, "c2>anna"},
		"a caller may have a head start":          {[]Entry{{Queue: "plain"}, {Queue: "plain", Priority: 3}}, "c1>anna"},
		"a rescued caller goes before everybody":  {[]Entry{{Queue: "vip"}, {Queue: "plain", Head: true}}, "c1>anna"},
		"the original age counts":                 {[]Entry{{Queue: "plain"}, {Queue: "plain", Since: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)}}, "c1>anna"},
		"equal scores: who came first":            {[]Entry{{Queue: "plain", Since: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)}, {Queue: "plain", Since: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)}}, "c0>anna"},
		"who is preferred takes his caller first": {[]Entry{{Queue: "vip"}, {}, {}, {}, {Queue: "plain", Prefer: "anna"}}, "c4>anna"},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(queues, "anna"))
			y.logIn("anna")
			y.say("anna", GoNotReady)
			for i, e := range tc.entries {
				if i > 0 {
					y.pass(map[bool]time.Duration{true: time.Minute, false: 20 * time.Second}[e.Prefer == ""])
				}
				if e.Call = fmt.Sprintf("c%d", i); e.Queue != "" {
					y.enter(e)
				}
			}
			y.pass(30 * time.Second)
			y.say("anna", GoReady)
			y.want(tc.want)
		})
	}
}

// A head start of a minute and a minute of waiting are the same: then the line of the
// queue and the comparison across queues must name the same caller, at any hour.
func TestCallersOfOneQueueAreOrderedAlikeByLineAndByScore(t *testing.T) {
	for _, weight := range []float64{1, 0.7, 3} {
		y := start(t, team(map[string]QueueSpec{"q": {Weight: weight, Priority: 1, LeaveOn: []AgentState{}}}, "anna"))
		head := time.Duration(float64(time.Minute) / weight)
		y.enter(Entry{Call: "older", Queue: "q"})
		y.pass(head)
		y.enter(Entry{Call: "urgent", Queue: "q", Priority: 1})
		older, urgent := y.b.tickets[1], y.b.tickets[2]
		for i := range 10_000 {
			now := y.b.now.Mono + time.Duration(i)*7_919_017
			if byLine, byScore := older.place().compare(urgent.place()), older.compare(urgent, now); byLine != byScore {
				t.Fatalf("weight %v, %s later: the line says %d, the score %d", weight, now, byLine, byScore)
			}
		}
	}
}

func TestAPreferredAgentIsTakenBeforeTheStrategyForAWhile(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna", "bert"))
	y.logIn("anna", "bert")
	y.enter(Entry{Call: "c1", Queue: "q", Prefer: "bert"})
	y.want("c1>bert")
	y.talk("c1")
	y.say("anna", GoNotReady)
	y.enter(Entry{Call: "old", Queue: "q"})
	y.enter(Entry{Call: "c2", Queue: "q", Prefer: "anna"})
	y.pass(61 * time.Second)
	y.say("anna", GoReady)
	y.want("old>anna") // the preference is over, age counts again
}

func TestAConditionRelaxesWithTheWait(t *testing.T) {
	spec := QueueSpec{Needs: "x >= 3", Relax: []Relax{{After: 30 * time.Second, Needs: "x >= 2"}, {After: time.Minute, Needs: "x >= 1 && y >= 1"}}}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna: x=3", "bert: x=2", "carl: x=1 y=1"))
	y.logIn("carl", "bert")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.want("")
	y.pass(29 * time.Second)
	y.want("")
	y.pass(time.Second)
	y.want("c1>bert")
	y.talk("c1")
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.pass(30 * time.Second)
	y.want("")
	y.pass(30 * time.Second)
	y.want("c2>carl") // the step may ask for more elsewhere, too
	y.enter(Entry{Call: "c3", Queue: "q", Since: y.now.Wall.Add(-45 * time.Second)})
	y.say("anna", LogIn)
	y.want("c3>anna")
}

func TestCallDataDecidesWhoCanServe(t *testing.T) {
	spec := QueueSpec{Needs: `x >= 1 && (data.customer_tier != "T2" || senior >= 1)`}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna: x=1", "bert: x=1 senior=1"))
	y.logIn("anna", "bert")
	y.enter(Entry{Call: "c1", Queue: "q", Data: map[string]any{"customer_tier": "T2"}})
	y.want("c1>bert")
	y.enter(Entry{Call: "c2", Queue: "q", Data: map[string]any{"customer_tier": "T2"}})
	y.want("")
	y.enter(Entry{Call: "c3", Queue: "q", Data: map[string]any{"customer_tier": "T1", "order": 7}})
	y.want("c3>anna")
	for i := range 3 * maxIdleClasses { // callers of every kind come and go
		call := fmt.Sprint("x", i)
		y.enter(Entry{Call: call, Queue: "q", Data: map[string]any{"customer_tier": call}})
		y.must(func(b *board) error { b.leave(y.ids[call], ""); return nil })
	}
	if n := len(y.b.routes.queues["q"].classes); n > maxIdleClasses {
		t.Errorf("%d kinds of caller are remembered", n)
	}
	if n := len(y.b.agents["anna"].posts); n > maxIdleClasses {
		t.Errorf("anna has %d posts", n)
	}
	y.miss("c1", MissBusy)
	y.pass(20 * time.Second)
	y.want("c1>bert")
}

func TestNoQueueStarvesUnderLoad(t *testing.T) {
	queues := map[string]QueueSpec{"heavy": {WrapUp: -1, Weight: 3, Priority: 2}, "light": {WrapUp: -1, Weight: 0.5}}
	y := start(t, team(queues, "anna"))
	y.logIn("anna")
	longest, calls := time.Duration(0), 0
	talking := ""
	for range 10 { // a backlog that never shrinks: each 10s one comes and one is served
		calls++
		y.enter(Entry{Call: fmt.Sprintf("c%d", calls), Queue: "heavy"})
		if talking == "" {
			talking = "c1"
			y.talk(talking)
		}
	}
	for range 1000 {
		calls++
		y.enter(Entry{Call: fmt.Sprintf("c%d", calls), Queue: map[bool]string{true: "light", false: "heavy"}[calls%40 == 0]})
		y.pass(10 * time.Second)
		y.end(talking)
		for _, o := range slices.Clone(y.out) {
			t := y.b.tickets[o.ticket]
			if t.entry.Queue == "light" {
				longest = max(longest, y.b.waited(t))
			}
			talking = t.entry.Call
			y.talk(talking)
		}
	}
	// A light caller overtakes when 0.5·wait > 120 + 3·(wait of heavy), and a heavy
	// caller waits for the ten before: 100s, and one more for each light one served.
	if longest < 10*time.Minute || longest > 16*time.Minute {
		t.Errorf("a caller of the light queue waited %s", longest)
	}
}
