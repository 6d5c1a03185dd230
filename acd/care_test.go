package acd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// carefree switches every rule of care off, for tests about something else.
func carefree() Care {
	return Care{
		Occupancy: -1, Break: -1, HardInRow: -1, AfterEvent: afterAny, TalkAfter: -1, OffHostileAfter: -1, Newcomer: -1, Ramp: []int{}, BreakGuard: -1, ShiftGuard: -1,
	}
}

// only is carefree but for what change sets.
func only(change func(*Care)) Settings {
	c := carefree()
	change(&c)
	return Settings{Care: c}
}

// caring is a board whose rules of care are those given.
func caring(t *testing.T, queues map[string]QueueSpec, change func(*Care), agents ...string) *play {
	t.Helper()
	p := team(queues, agents...)
	p.Settings = only(change)
	return start(t, p)
}

// serve brings one call of a queue to whom it is given and ends it.
func (y *play) serve(e Entry, talk time.Duration, o Outcome) {
	y.Helper()
	y.enter(e)
	y.talk(e.Call)
	y.pass(talk)
	s := y.seat(e.Call)
	y.must(func(b *board) error { return b.finish(s, o) })
}

// says tells whether a why of the call has all the words in one line.
func (y *play) says(call string, words ...string) {
	y.Helper()
	lines, err := y.b.why(Whom{Call: call})
	if err != nil {
		y.Fatal(err)
	}
	if !slices.ContainsFunc(lines, func(line string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
	}) {
		y.Errorf("why %s: %q; want %q", call, lines, words)
	}
}

func TestTheOccupancyCapHoldsOffersBack(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.Occupancy = 50; c.OccupancyOver = 20 * time.Minute }, "anna")
	y.logIn("anna")
	y.pass(time.Hour)
	y.serve(Entry{Call: "c1", Queue: "q"}, 11*time.Minute, Outcome{}) // 11 of 20 minutes
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("")
	y.says("c2", "1 of 1 capable agents is held back by the occupancy cap: anna (10m")
	v := y.b.view(y.b.agents["anna"])
	if v.Offerable || !strings.HasPrefix(v.Blocked, "has had enough calls lately and is free for more in 10m") {
		t.Errorf("%+v", v)
	}
	// She began 11 minutes ago: her first busy minute leaves the 20 minutes in 9 minutes.
	y.pass(9*time.Minute + 30*time.Second)
	y.want("")
	y.pass(31 * time.Second)
	y.want("c2>anna")
}

func TestPausesRestsAndIdleTimeAreRelief(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.Occupancy = 85; c.OccupancyOver = 30 * time.Minute }, "anna")
	y.logIn("anna")
	y.serve(Entry{Call: "c1", Queue: "q"}, 20*time.Minute, Outcome{}) // all of her time, but only 20 minutes
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("c2>anna")
	y.talk("c2")
	y.pass(9 * time.Minute) // 29 of 30
	y.say("anna", GoNotReady)
	y.end("c2")
	y.pass(4 * time.Minute)
	y.say("anna", GoReady) // 26 of 30, and 25.5 may be
	y.enter(Entry{Call: "c3", Queue: "q"})
	y.want("")
	y.pass(31 * time.Second)
	y.want("c3>anna")
}

func TestAnAgentIsAskedToTakeTheBreakThatIsDue(t *testing.T) {
	rules := func(c *Care) { c.Break, c.BreakEvery, c.BreakAsk = 5*time.Minute, 55*time.Minute, time.Minute }
	for name, tc := range map[string]struct {
		then func(*play)
		want string
	}{
		"no answer is later":       {func(y *play) { y.pass(61 * time.Second) }, "c2>anna"},
		"ready is later":           {func(y *play) { y.say("anna", GoReady) }, "c2>anna"},
		"until then offers wait":   {func(y *play) { y.pass(50 * time.Second) }, ""},
		"not ready takes it":       {func(y *play) { y.say("anna", GoNotReady); y.pass(2 * time.Minute) }, ""},
		"and after it calls go on": {func(y *play) { y.say("anna", GoNotReady); y.pass(5 * time.Minute); y.say("anna", GoReady) }, "c2>anna"},
		"a break taken is paid for": {func(y *play) {
			y.say("anna", GoNotReady)
			y.pass(5 * time.Minute)
			y.say("anna", GoReady)
			y.credit("anna", 0)
		}, "c2>anna"},
		"half a break is half paid": {func(y *play) {
			y.say("anna", GoNotReady)
			y.pass(150 * time.Second)
			y.say("anna", GoReady)
			y.credit("anna", 150*time.Second)
		}, "c2>anna"},
		"a break later is not lost": {func(y *play) { y.say("anna", GoReady); y.credit("anna", 5*time.Minute) }, "c2>anna"},
		"logging out is a break too": {func(y *play) {
			y.say("anna", LogOut)
			y.pass(5 * time.Minute)
			y.must(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "p-anna"}) })
			y.credit("anna", 0)
		}, "c2>anna"},
	} {
		t.Run(name, func(t *testing.T) {
			y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1, LeaveOn: []AgentState{}}}, rules, "anna")
			y.logIn("anna")
			y.serve(Entry{Call: "c1", Queue: "q"}, 55*time.Minute, Outcome{})
			y.enter(Entry{Call: "c2", Queue: "q"})
			y.want("")
			y.says("c2", "1 of 1 capable agents is being asked to take the break that is due: anna (1m0s)")
			y.credit("anna", 5*time.Minute)
			tc.then(y)
			y.want(tc.want)
		})
	}
}

// credit checks the break an agent has earned.
func (y *play) credit(agent string, want time.Duration) {
	y.Helper()
	if got := y.b.credit(y.b.agents[agent]); got.Round(time.Second) != want {
		y.Errorf("%s has a credit of %s, want %s", agent, got, want)
	}
}

func TestABreakIsAskedForAgainAfterAsMuchWork(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.Break = 5 * time.Minute }, "anna")
	asked := []time.Duration{}
	y.heard = func(e Event) {
		if e.Kind == KindBreakDue {
			asked = append(asked, e.At.Mono-time.Hour-time.Second)
		}
	}
	y.logIn("anna")
	for range 120 {
		y.pass(time.Minute)
	}
	if want := []time.Duration{55 * time.Minute, 110 * time.Minute}; !slices.Equal(asked, want) {
		t.Errorf("asked after %s, want %s", asked, want)
	}
	y.credit("anna", (2 * time.Hour / 11).Round(time.Second))
}

func TestOnlyTheReasonsOfABreakAreOne(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {}}, func(c *Care) { c.Break = 5 * time.Minute; c.BreakReasons = []string{"1"} }, "anna")
	y.logIn("anna")
	y.pass(44 * time.Minute)
	pause := func(reason string) {
		y.must(func(b *board) error { return b.command("anna", Command{Verb: GoNotReady, Reason: reason}) })
		y.pass(2 * time.Minute)
		y.say("anna", GoReady)
	}
	pause("training")
	y.credit("anna", 4*time.Minute)
	pause("1")
	y.credit("anna", 2*time.Minute)
}

func TestARestIsNoBreakAndNoWork(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.Break = 5 * time.Minute }, "anna")
	y.logIn("anna")
	y.serve(Entry{Call: "c1", Queue: "q"}, 44*time.Minute, Outcome{Rest: 2, RestFor: 10 * time.Minute})
	y.pass(10 * time.Minute)
	y.credit("anna", 4*time.Minute)
}

func TestNoMoreThanTwoHardCallsInARow(t *testing.T) {
	hard := func(call string) Entry { return Entry{Call: call, Queue: "q", Tier: 2} }
	easy := func(call string) Entry { return Entry{Call: call, Queue: "q"} }
	for name, tc := range map[string]struct {
		before func(*play)
		next   Entry
		want   string
	}{
		"two hard callers, then no third": {func(y *play) { y.serve(hard("1"), 60e9, Outcome{}); y.serve(hard("2"), 60e9, Outcome{}) }, hard("c"), ""},
		"an easy one between them": {func(y *play) {
			y.serve(hard("1"), 60e9, Outcome{})
			y.serve(easy("2"), 60e9, Outcome{})
			y.serve(hard("3"), 60e9, Outcome{})
		}, hard("c"), "c>anna"},
		"an event makes a call hard": {func(y *play) { y.serve(hard("1"), 60e9, Outcome{}); y.serve(easy("2"), 60e9, Outcome{Event: true}) }, hard("c"), ""},
		"an easy caller may come":    {func(y *play) { y.serve(hard("1"), 60e9, Outcome{}); y.serve(hard("2"), 60e9, Outcome{}) }, easy("c"), "c>anna"},
		"but not of a hostile queue": {func(y *play) { y.serve(hard("1"), 60e9, Outcome{}); y.serve(hard("2"), 60e9, Outcome{}) }, Entry{Call: "c", Queue: "complaints"}, ""},
		"a tier of 1 is not hard":    {func(y *play) { y.serve(hard("1"), 60e9, Outcome{}); y.serve(hard("2"), 60e9, Outcome{}) }, Entry{Call: "c", Queue: "q", Tier: 1}, "c>anna"},
		"half an hour without a call": {func(y *play) {
			y.serve(hard("1"), 60e9, Outcome{})
			y.serve(hard("2"), 60e9, Outcome{})
			y.pass(30 * time.Minute)
		}, hard("c"), "c>anna"},
		"a lift": {func(y *play) {
			y.serve(hard("1"), 60e9, Outcome{})
			y.serve(hard("2"), 60e9, Outcome{})
			y.lift(CapRow)
		}, hard("c"), "c>anna"},
	} {
		t.Run(name, func(t *testing.T) {
			y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}, "complaints": {Intensity: "hostile"}}, func(c *Care) { c.HardInRow = 2 }, "anna")
			y.logIn("anna")
			tc.before(y)
			y.enter(tc.next)
			y.want(tc.want)
			if tc.want == "" {
				y.says("c", "1 of 1 capable agents is spared another hard call after so many in a row", "anna (30m0s)")
			}
		})
	}
}

// lift is a supervisor's.
func (y *play) lift(c Cap) {
	y.Helper()
	y.must(func(b *board) error {
		return b.lift(Lift{Agent: "anna", Cap: c, By: "sue", Reason: "a storm"})
	})
}

func TestHardDays(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}, "complaints": {WrapUp: -1, Intensity: "hostile", MaxWait: 24 * time.Hour}},
		func(c *Care) { c.TalkAfter, c.OffHostileAfter = 3, 4 }, "anna")
	y.logIn("anna")
	event := func(i int) {
		y.serve(Entry{Call: fmt.Sprint("c", i), Queue: "complaints"}, time.Minute, Outcome{Event: true})
	}
	talk := func(want bool) {
		t.Helper()
		if v := y.b.view(y.b.agents["anna"]); v.Talk != want {
			t.Errorf("a talk is asked for: %v, want %v", v.Talk, want)
		}
	}
	event(1)
	event(2)
	talk(false)
	event(3)
	talk(true)
	y.must(func(b *board) error { return b.talked("anna", "sue") })
	talk(false)
	event(4)
	talk(true) // the one that takes her off hostile queues is more than one talk
	y.must(func(b *board) error { return b.talked("anna", "sue") })
	y.serve(Entry{Call: "c5", Queue: "q"}, time.Minute, Outcome{Event: true})
	talk(false)
	y.enter(Entry{Call: "c", Queue: "complaints"})
	y.want("")
	y.says("c", "1 of 1 capable agents is spared hostile queues for the rest of the day")
	y.enter(Entry{Call: "other", Queue: "q"})
	y.want("other>anna")
	y.talk("other")
	y.end("other")
	y.pass(workingDay)
	y.want("c>anna")
	if c := y.b.count.Care; c.TalksWanted != 2 {
		t.Errorf("%+v", c)
	}
}

func TestANightAtHomeBeginsANewDay(t *testing.T) {
	for away, want := range map[time.Duration]int{4 * time.Hour: 4, 11 * time.Hour: 0} {
		y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(*Care) {}, "anna")
		y.logIn("anna")
		for i := range 4 {
			y.serve(Entry{Call: fmt.Sprint("c", i), Queue: "q"}, time.Minute, Outcome{Event: true})
		}
		y.say("anna", LogOut)
		y.pass(away)
		y.logIn("anna")
		if got := y.b.agents["anna"].Care.Events; got != want {
			t.Errorf("after %s at home %d events count, want %d", away, got, want)
		}
	}
}

func TestParseTier(t *testing.T) {
	for word, want := range map[string]Tier{"T2": 2, "t4": 4, "0": 0, " 3 ": 3} {
		if got, ok := ParseTier(word); got != want || !ok {
			t.Errorf("%q is %s, %v", word, got, ok)
		}
	}
	for _, word := range []string{"", "T5", "gold", "T22", "-1"} {
		if got, ok := ParseTier(word); ok || got != 0 {
			t.Errorf("%q is %s, %v", word, got, ok)
		}
	}
}

// TestNoCapKeepsAnEmergencyWaiting: what is about people's load gives way to a life. What
// an agent was granted does not.
func TestNoCapKeepsAnEmergencyWaiting(t *testing.T) {
	all := func(c *Care) { *c = Care{Ramp: []int{50}}.WithDefaults() }
	queues := map[string]QueueSpec{
		"q":         {WrapUp: -1, LeaveOn: []AgentState{}},
		"orders":    {WrapUp: time.Minute},
		"emergency": {WrapUp: -1, LeaveOn: []AgentState{}, Urgent: true, Intensity: "hostile"},
	}
	for name, tc := range map[string]struct {
		before func(*play)
		want   string
	}{
		"above the occupancy cap": {func(y *play) { y.serve(Entry{Call: "1", Queue: "q"}, 29*time.Minute, Outcome{}) }, "c>anna"},
		"asked to take a break":   {func(y *play) { y.pass(56 * time.Minute) }, "c>anna"},
		"after two hard calls": {func(y *play) {
			y.serve(Entry{Call: "1", Queue: "emergency", Tier: 2}, 60e9, Outcome{})
			y.serve(Entry{Call: "2", Queue: "emergency", Tier: 2}, 60e9, Outcome{})
		}, "c>anna"},
		"in the wrap-up": {func(y *play) { y.serve(Entry{Call: "1", Queue: "orders"}, 60e9, Outcome{}) }, ""},
		"in a rest": {func(y *play) {
			y.serve(Entry{Call: "1", Queue: "q"}, 60e9, Outcome{Rest: 1, RestFor: time.Minute})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []Entry{{Queue: "emergency"}, {Queue: "q", Urgent: true, Head: true}} { // came from an emergency queue
				y := caring(t, queues, all, "anna")
				y.logIn("anna")
				tc.before(y)
				y.enter(Entry{Call: "waits", Queue: "q", Tier: 3})
				c.Call, c.Tier = "c", 3
				y.enter(c)
				y.want(tc.want)
				if n := y.b.count.Care.RowsBroken; n != 0 {
					t.Errorf("%d broken rows", n)
				}
			}
		})
	}
}

// TestABrokenRowIsCounted offers past the lines what they keep away.
func TestABrokenRowIsCounted(t *testing.T) {
	for name, tc := range map[string]struct {
		third  Entry
		before func(*play)
		want   uint64
	}{
		"a third hard caller":           {Entry{Queue: "q", Tier: 2}, nil, 1},
		"one who was hard on another":   {Entry{Queue: "q", Event: true}, nil, 1},
		"one of a hostile queue":        {Entry{Queue: "complaints"}, nil, 1},
		"one of an emergency queue":     {Entry{Queue: "emergency", Tier: 2}, nil, 0},
		"an emergency of any queue":     {Entry{Queue: "q", Tier: 2, Urgent: true}, nil, 0},
		"an easy one":                   {Entry{Queue: "q", Tier: 1}, nil, 0},
		"a hard one after half an hour": {Entry{Queue: "q", Tier: 2}, func(y *play) { y.pass(30 * time.Minute) }, 0},
		"a hard one after a lift":       {Entry{Queue: "q", Tier: 2}, func(y *play) { y.lift(CapRow) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			queues := map[string]QueueSpec{"q": {WrapUp: -1}, "complaints": {Intensity: "hostile"}, "emergency": {Urgent: true}}
			y := caring(t, queues, func(c *Care) { c.HardInRow = 2 }, "anna")
			y.logIn("anna")
			for _, call := range []string{"1", "2"} {
				y.serve(Entry{Call: call, Queue: "q", Tier: 2}, 60e9, Outcome{})
			}
			if tc.before != nil {
				tc.before(y)
			}
			a := y.b.agents["anna"]
			e := Event{Kind: KindOffered, Queue: tc.third.Queue, Care: CareFact{Tier: tc.third.Tier, Event: tc.third.Event, Urgent: tc.third.Urgent}}
			y.b.guard(promised{State: Ready}, &a.person, &e)
			if got := y.b.count.Care.RowsBroken; got != tc.want {
				t.Errorf("%d broken rows are counted, want %d", got, tc.want)
			}
		})
	}
}
