package acd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// knock lets a caller try to join, and gives the limit and target of a refusal.
func (y *play) knock(e Entry) string {
	y.Helper()
	err := y.step(func(b *board) (err error) { y.ids[e.Call], err = b.enter(e); return err })
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		return refused.Limit + " " + refused.Target
	case err != nil:
		y.Fatal(err)
	}
	return ""
}

func TestWhoMayJoin(t *testing.T) {
	states := func(s ...AgentState) []AgentState { return s }
	for name, tc := range map[string]struct {
		spec   QueueSpec
		before func(*play)
		entry  Entry
		want   string
	}{
		"by default who is not logged in does not count": {QueueSpec{}, nil, Entry{}, "empty bye"},
		"anybody logged in does":                         {QueueSpec{}, func(y *play) { y.logIn("anna"); y.say("anna", GoNotReady) }, Entry{}, ""},
		"join_when asks for more": {
			QueueSpec{Door: Door{JoinWhen: states(Ready, OnCall)}}, func(y *play) { y.logIn("anna"); y.say("anna", GoNotReady) }, Entry{}, "empty bye",
		},
		"and is met by one of several states": {QueueSpec{Door: Door{JoinWhen: states(Ready, OnCall)}}, func(y *play) { y.logIn("anna") }, Entry{}, ""},
		"also of who may serve later only": {
			QueueSpec{Needs: "x >= 9", Relax: []Relax{{After: time.Minute}}, Door: Door{JoinWhen: states(Ready)}},
			func(y *play) { y.logIn("anna") },
			Entry{},
			"",
		},
		"it holds for who comes back, too": {QueueSpec{Door: Door{JoinWhen: states(Ready)}}, nil, Entry{Head: true}, "empty bye"},
		"the ratio of waiting to staffed": {
			QueueSpec{Door: Door{MaxRatio: 2, OnRatio: "queue:other"}}, crowded(2, 4), Entry{}, "ratio queue:other",
		},
		"below the ratio": {QueueSpec{Door: Door{MaxRatio: 2, OnRatio: "queue:other"}}, crowded(2, 3), Entry{}, ""},
		"who is not ready is not staffed": {
			QueueSpec{Door: Door{MaxRatio: 2, OnRatio: "x"}},
			func(y *play) { y.say("bert", LogIn); y.say("bert", GoNotReady); crowded(1, 2)(y) },
			Entry{},
			"ratio x",
		},
		"who comes back passes":       {QueueSpec{Door: Door{MaxRatio: 2}}, crowded(2, 4), Entry{Head: true}, ""},
		"too long an estimate":        {QueueSpec{Door: Door{MaxEWT: 7 * time.Minute, OnEWT: "callback"}}, crowded(2, 2), Entry{}, "ewt callback"},
		"one that is short enough":    {QueueSpec{Door: Door{MaxEWT: 11 * time.Minute}}, crowded(2, 3), Entry{}, ""},
		"full comes before the ratio": {QueueSpec{MaxSize: 1, OnFull: "f", Door: Door{MaxRatio: 1}}, crowded(1, 1), Entry{}, "full f"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.spec.OnEmpty = "bye"
			y := start(t, team(map[string]QueueSpec{"q": tc.spec, "other": {Agents: []string{"anna", "bert"}}}, "anna: x=1", "bert"))
			if tc.before != nil {
				tc.before(y)
			}
			tc.entry.Call, tc.entry.Queue = "last", "q"
			if got := y.knock(tc.entry); got != tc.want {
				t.Errorf("refused by %q, want %q", got, tc.want)
			}
		})
	}
}

// crowded lets agents talk for another queue, and as many wait as that.
func crowded(talking, waiting int) func(*play) {
	return func(y *play) {
		y.Helper()
		for i, name := range []string{"anna", "bert"}[:talking] {
			y.logIn(name)
			call := fmt.Sprint("t", i)
			y.enter(Entry{Call: call, Queue: "other"})
			y.talk(call)
		}
		for i := range waiting {
			if got := y.knock(Entry{Call: fmt.Sprint("w", i), Queue: "q"}); got != "" {
				y.Fatalf("caller %d: %s", i, got)
			}
		}
	}
}

// TestWhoIsCalledBackTomorrowKeepsNobodyOut: a callback that is booked for a day to come
// waits for no agent now, whatever limit is asked.
func TestWhoIsCalledBackTomorrowKeepsNobodyOut(t *testing.T) {
	for name, tc := range map[string]struct {
		door Door
		due  string // what the same callbacks do when their time has come
	}{
		"the ratio":    {Door{MaxRatio: 2}, "ratio "},
		"the estimate": {Door{MaxEWT: 10 * time.Minute}, "ewt "},
	} {
		t.Run(name, func(t *testing.T) {
			plan := callable(func(c *CallbackSpec) { c.Keep = 48 * time.Hour })
			q := plan.Queues["help"]
			q.Door, q.Handle = tc.door, 5*time.Minute
			plan.Queues["help"] = q
			y := start(t, plan)
			y.logIn("anna")
			y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil }) // in a call of her own
			for i := range 5 {
				number := "030123" + string(rune('0'+i))
				y.must(func(b *board) error {
					_, err := b.callBack(Entry{Call: number, Queue: "help"}, Callback{Number: number, Kind: BackScheduled, At: y.now.Wall.Add(24 * time.Hour)})
					return err
				})
			}
			before := y.outlookOf("help").P50
			if got := y.knock(Entry{Call: "now", Queue: "help"}); got != "" {
				t.Errorf("kept out: %s, after an outlook of %s", got, before)
			}
			y.must(func(b *board) error { b.leave(y.ids["now"], "abandoned"); return nil })
			y.pass(24 * time.Hour)
			if got := y.knock(Entry{Call: "then", Queue: "help"}); got != tc.due {
				t.Errorf("when they are due: %q, want %q; outlook %s, was %s", got, tc.due, y.outlookOf("help").P50, before)
			}
		})
	}
}

// TestWhoWaitsIsNotSentAwayByTheDoor: ratio, estimate and size are asked of who comes
// (decision 0031). Who waits stays when they grow, be it by agents who leave or by an edit.
func TestWhoWaitsIsNotSentAwayByTheDoor(t *testing.T) {
	for name, tc := range map[string]struct {
		door Door
		want string
	}{
		"the ratio":    {Door{MaxRatio: 2, OnRatio: "bye"}, "ratio bye"},
		"the estimate": {Door{MaxEWT: 12 * time.Minute, OnEWT: "bye"}, "ewt bye"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := team(map[string]QueueSpec{"q": {Door: tc.door}, "other": {Agents: []string{"anna", "bert"}}}, "anna: x=1", "bert")
			y := start(t, plan)
			crowded(2, 3)(y)
			y.end("t1")
			y.say("bert", LogOut) // half of those who were there
			y.pass(time.Second)
			if got := y.knock(Entry{Call: "last", Queue: "q"}); got != tc.want {
				t.Errorf("who comes is refused by %q, want %q", got, tc.want)
			}
			edited := plan
			edited.Queues = map[string]QueueSpec{"q": {MaxSize: 1, Door: tc.door}, "other": plan.Queues["other"]}
			y.plan(edited)
			y.pass(5 * time.Minute)
			if len(y.cut) > 0 {
				t.Errorf("sent away while waiting: %+v", y.cut)
			}
		})
	}
}

// TestOverflowKeepsTheAge: who is sent on by a limit is as old in the next queue as in the
// first, and comes before those who came there later.
func TestOverflowKeepsTheAge(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{
		"first":  {Agents: []string{"anna"}, MaxWait: time.Minute, OnWait: "queue:second"},
		"second": {Agents: []string{"bert"}, WrapUp: -1},
	}, "anna", "bert"))
	y.logIn("anna", "bert")
	y.enter(Entry{Call: "busy-a", Queue: "first"})
	y.talk("busy-a")
	y.enter(Entry{Call: "busy-b", Queue: "second"})
	y.talk("busy-b")
	came := y.now.Wall
	y.enter(Entry{Call: "old", Queue: "first"})
	y.pass(50 * time.Second)
	y.enter(Entry{Call: "young", Queue: "second"})
	y.pass(10 * time.Second)
	if len(y.cut) != 1 || y.cut[0].removal != (Removal{Limit: "wait", Target: "queue:second"}) {
		t.Fatalf("taken out: %+v", y.cut)
	}
	y.enter(Entry{Call: "old", Queue: "second", Since: came}) // as the call does
	place, err := y.b.place(y.ids["old"])
	if err != nil || place.Position != 1 || !place.Since.Equal(came) {
		t.Errorf("place %+v, %v", place, err)
	}
	y.end("busy-b")
	y.want("old>bert")
}

func TestBoostsMoveCallersForward(t *testing.T) {
	spec := QueueSpec{Boosts: []Boost{{When: `data.tier == "gold"`, Minutes: 5}, {When: "data.calls > 3", Minutes: -2}}}
	for name, tc := range map[string]struct {
		late map[string]any // of who comes four minutes after one without data
		want string
	}{
		"no data, no boost":     {nil, "first"},
		"five minutes are more": {map[string]any{"tier": "gold"}, "late"},
		"less two is less":      {map[string]any{"tier": "gold", "calls": 4}, "first"},
		"another tier has none": {map[string]any{"tier": "silver"}, "first"},
		"of a type of its own":  {map[string]any{"tier": 7, "calls": "many"}, "first"},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": spec}, "anna"))
			y.logIn("anna")
			y.enter(Entry{Call: "busy", Queue: "q"})
			y.talk("busy")
			y.enter(Entry{Call: "first", Queue: "q"})
			y.pass(4 * time.Minute)
			y.enter(Entry{Call: "late", Queue: "q", Data: tc.late})
			y.end("busy")
			y.pass(30 * time.Second)
			y.want(tc.want + ">anna")
		})
	}
	for _, when := range []string{"x >= 1", `data.tier == "gold" && x >= 1`, "", "data.tier =="} {
		bad := team(map[string]QueueSpec{"q": {Boosts: []Boost{{When: when, Minutes: 1}}}}, "anna: x=1")
		if w := bad.Check(); w["queues.q.boosts.0"] == "" {
			t.Errorf("%q is taken for a boost: %v", when, w)
		}
	}
}

// TestABoostOfTheConfigCountsForThoseWhoWait: an edit reorders who waits already.
func TestABoostOfTheConfigCountsForThoseWhoWait(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	y.enter(Entry{Call: "busy", Queue: "q"})
	y.talk("busy")
	y.enter(Entry{Call: "first", Queue: "q"})
	y.enter(Entry{Call: "gold", Queue: "q", Data: map[string]any{"tier": "gold"}})
	p := team(map[string]QueueSpec{"q": {Boosts: []Boost{{When: `data.tier == "gold"`, Minutes: 1}}}}, "anna")
	p.Settings.Gap = -1
	y.plan(p)
	y.end("busy")
	y.pass(30 * time.Second)
	y.want("gold>anna")
}

func TestRelaxationInBothDirections(t *testing.T) {
	for name, tc := range map[string]struct {
		relax []Relax
		want  []string // the conditions by step
	}{
		"drop":     {[]Relax{{Drop: []string{"x"}}}, []string{"(y >= 2 || z >= 1)"}},
		"drop all": {[]Relax{{Drop: []string{"x", "z"}}}, []string{""}},
		"lower":    {[]Relax{{Lower: map[string]int{"x": 2}}}, []string{"(x >= 1) && (y >= 2 || z >= 1)"}},
		"lower within a choice, not below nothing": {[]Relax{{Lower: map[string]int{"y": 5}}}, []string{"(x >= 3) && (y >= 0 || z >= 1)"}},
		"add is the reverse":                       {[]Relax{{Add: "z >= 2"}}, []string{"(x >= 3) && (y >= 2 || z >= 1) && (z >= 2)"}},
		"each step goes on from the one before": {
			[]Relax{{Lower: map[string]int{"x": 1}}, {Lower: map[string]int{"x": 1}}, {Drop: []string{"x"}}, {Add: "z >= 1"}, {Needs: "y >= 1"}, {}},
			[]string{
				"(x >= 2) && (y >= 2 || z >= 1)", "(x >= 1) && (y >= 2 || z >= 1)", "(y >= 2 || z >= 1)",
				"(y >= 2 || z >= 1) && (z >= 1)", "y >= 1", "",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := team(nil, "anna: x=3 y=2 z=2")
			needs, wrong := newDictionary(p.Agents).needs(QueueSpec{Needs: "x >= 3 && (y >= 2 || z >= 1)", Relax: tc.relax})
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			for i, want := range tc.want {
				if got := strip(needs[i+1].text); got != strip(want) {
					t.Errorf("step %d asks for %s, want %s", i+1, got, strip(want))
				}
			}
		})
	}
}

// strip makes two spellings of a condition alike.
func strip(text string) string {
	return strings.NewReplacer("(", "", ")", "", " ", "").Replace(text)
}

func TestStepsThatCannotBe(t *testing.T) {
	for name, tc := range map[string]struct {
		step Relax
		says string
	}{
		"needs and drop":          {Relax{Needs: "x >= 1", Drop: []string{"x"}}, "either needs, or drop"},
		"dropping what is not":    {Relax{Drop: []string{"z"}}, "does not ask for z"},
		"lowering what is not":    {Relax{Lower: map[string]int{"z": 1}}, "does not ask for a level of z"},
		"lowering by nothing":     {Relax{Lower: map[string]int{"x": 0}}, "levels go from 0 to 10"},
		"adding what nobody has":  {Relax{Add: "w >= 1"}, "no agent has a skill named w"},
		"adding half a condition": {Relax{Add: "x >="}, "add: column"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.step.After = time.Minute
			p := team(map[string]QueueSpec{"q": {Needs: "x >= 1", Relax: []Relax{tc.step}}}, "anna: x=1 z=1")
			if got := p.Check()["queues.q.relax.0"]; !strings.Contains(got, tc.says) {
				t.Errorf("said %q, want %q", got, tc.says)
			}
		})
	}
}

// TestARelaxedStepCountsForThoseWhoWait: a config edit that lowers a condition is obeyed
// by callers who came before it, as old as they are.
func TestARelaxedStepCountsForThoseWhoWait(t *testing.T) {
	p := team(map[string]QueueSpec{"q": {Needs: "x >= 3", LeaveOn: []AgentState{}}}, "anna: x=2")
	y := start(t, p)
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.pass(time.Minute)
	y.want("")
	q := p.Queues["q"]
	q.Relax = []Relax{{After: 30 * time.Second, Lower: map[string]int{"x": 1}}}
	p.Queues["q"] = q
	y.plan(p)
	y.want("c1>anna")
}
