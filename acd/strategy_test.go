package acd

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// work is one call through whoever is picked, ended so.
func (y *play) work(call string, talk time.Duration, o Outcome) {
	y.Helper()
	y.enter(Entry{Call: call, Queue: "q"})
	y.talk(call)
	y.pass(talk)
	id := y.seat(call)
	y.must(func(b *board) error { return b.finish(id, o) })
	y.pass(time.Second)
}

func TestFewestCallsAndLeastTalkAreOfToday(t *testing.T) {
	for _, tc := range []struct {
		strategy Strategy
		picked   []string // for calls of 10, 1, 1, 1, 1 minutes
	}{
		{FewestCalls, []string{"anna", "bert", "anna", "bert", "anna"}},
		{LeastTalk, []string{"anna", "bert", "bert", "bert", "bert"}},
	} {
		t.Run(string(tc.strategy), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {Strategy: tc.strategy, WrapUp: -1}}, "anna", "bert"))
			y.logIn("anna", "bert")
			for i, want := range tc.picked {
				talk := time.Minute
				if i == 0 {
					talk *= 10
				}
				call := fmt.Sprint("c", i)
				y.enter(Entry{Call: call, Queue: "q"})
				y.want(call + ">" + want)
				y.talk(call)
				y.pass(talk)
				y.end(call)
				y.pass(time.Second)
			}
			y.pass(16 * time.Hour) // a new day: nobody has done anything yet, so longest idle
			first := "anna"
			if y.b.agents["bert"].Idle < y.b.agents["anna"].Idle {
				first = "bert"
			}
			y.enter(Entry{Call: "tomorrow", Queue: "q"})
			y.want("tomorrow>" + first)
		})
	}
}

// TestTheGentlestComesFirst: who had the easier two hours gets the next call.
func TestTheGentlestComesFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		first  Outcome // of anna's call of a minute
		second time.Duration
		later  time.Duration
		want   string
	}{
		"less talk": {Outcome{}, 2 * time.Minute, 0, "anna"},
		"a protected call weighs a quarter of an hour": {Outcome{Protected: true}, 15 * time.Minute, 0, "bert"},
		"more than that is more":                       {Outcome{Protected: true}, 17 * time.Minute, 0, "anna"},
		"a raised voice weighs five minutes":           {Outcome{Raised: true}, 5 * time.Minute, 0, "bert"},
		"two hours later all is forgotten":             {Outcome{Protected: true}, time.Minute, 2 * time.Hour, "anna"},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {Strategy: Gentlest, WrapUp: -1}}, "anna", "bert"))
			y.logIn("anna", "bert")
			y.work("c1", time.Minute, tc.first)
			y.work("c2", tc.second, Outcome{})
			y.pass(tc.later)
			y.enter(Entry{Call: "c3", Queue: "q"})
			y.want("c3>" + tc.want)
			if reason := y.b.seats[y.seat("c3")].reason; !strings.Contains(reason, "least strain in two hours of 2 free: like") {
				t.Errorf("reason %q", reason)
			}
		})
	}
}

func TestStrainIsOfTheLastTwoHours(t *testing.T) {
	var s strain
	s.add(Talk{Length: 10 * time.Minute}, time.Hour)
	s.add(Talk{Length: time.Minute, Protected: true, Raised: true}, 2*time.Hour)
	for after, want := range map[time.Duration]time.Duration{
		2 * time.Hour:                31 * time.Minute,
		2*time.Hour + 50*time.Minute: 31 * time.Minute,
		3 * time.Hour:                21 * time.Minute,
		5 * time.Hour:                0,
		500 * time.Hour:              0,
	} {
		if got := s.sum(after); got != want {
			t.Errorf("at %s the strain is %s, want %s", after, got, want)
		}
	}
}

// TestLotsFallByShares draws thousands of times, while agents become free at different
// times, and compares with the shares.
func TestLotsFallByShares(t *testing.T) {
	spec := QueueSpec{Strategy: WeightedRandom, WrapUp: -1, Shares: map[string]int{"bert": 2, "carl": 5}}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna", "bert", "carl"))
	y.logIn("anna", "bert", "carl")
	drawn := map[string]int{}
	const calls = 4000
	for i := range calls { // one at a time: all three are free at every draw
		call := fmt.Sprint("c", i)
		y.enter(Entry{Call: call, Queue: "q"})
		who := strings.TrimPrefix(y.got(), call+">")
		drawn[who]++
		y.talk(call)
		y.pass(time.Second)
		y.end(call)
	}
	for name, share := range map[string]float64{"anna": 1. / 8, "bert": 2. / 8, "carl": 5. / 8} {
		got := float64(drawn[name]) / calls
		if off := math.Abs(got-share) / math.Sqrt(share*(1-share)/calls); off > 4 {
			t.Errorf("%s was drawn in %.3f of calls, the share is %.3f (%.1f standard errors off)", name, got, share, off)
		}
	}
}

// TestPromiseTheSameEventsDrawTheSame: two floors told the same draw the same.
func TestPromiseTheSameEventsDrawTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		waits := rapid.SliceOfN(rapid.IntRange(3, 100), 5, 40).Draw(r, "seconds")
		draw := func() []string {
			spec := QueueSpec{Strategy: WeightedRandom, Shares: map[string]int{"bert": 3}, WrapUp: 5 * time.Second}
			y := start(t, team(map[string]QueueSpec{"q": spec}, "anna", "bert", "carl"))
			y.logIn("carl", "anna", "bert")
			var got []string
			for i, s := range waits {
				call := fmt.Sprint("c", i)
				y.enter(Entry{Call: call, Queue: "q"})
				got = append(got, y.got())
				y.talk(call)
				y.pass(time.Duration(s) * time.Second)
				y.end(call)
			}
			return got
		}
		if a, b := draw(), draw(); !slices.Equal(a, b) {
			r.Fatalf("drawn %v, then %v", a, b)
		}
	})
}

// progressive is a floor where c1 rings anna.
func progressive(t *testing.T, agents ...string) *play {
	t.Helper()
	spec := QueueSpec{Strategy: RingProgressively, RingNext: 5 * time.Second}
	y := start(t, team(map[string]QueueSpec{"q": spec}, agents...))
	y.logIn(agents...)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.want("c1>" + agents[0])
	return y
}

func TestOneMoreRingsEveryFewSeconds(t *testing.T) {
	y := progressive(t, "anna", "bert", "carl")
	for _, want := range []string{"", "c1>anna c1>bert"} {
		y.pass(2500 * time.Millisecond)
		y.want(want)
	}
	lines, err := y.b.why(Whom{Call: "c1"})
	if text := strings.Join(lines, "\n"); err != nil || !strings.Contains(text, "one more agent rings in 5s unless somebody answers") {
		t.Errorf("why says %q, %v", text, err)
	}
	y.pass(5 * time.Second)
	y.want("c1>anna c1>bert c1>carl")
	seats := map[string]uint64{}
	for id, s := range y.b.seats {
		seats[s.agent.Name] = id
	}
	y.must(func(b *board) error { return b.answered(seats["bert"]) })
	if err := y.step(func(b *board) error { return b.answered(seats["anna"]) }); err == nil {
		t.Error("two agents answered one caller")
	}
	for name, want := range map[string]AgentState{"anna": Ready, "bert": OnCall, "carl": Ready} {
		if a := y.b.agents[name]; a.State != want || a.Strikes > 0 {
			t.Errorf("%s is %s with %d strikes, want %s", name, a.State, a.Strikes, want)
		}
	}
}

func TestNobodyElseIsFreeToRing(t *testing.T) {
	y := progressive(t, "anna", "bert")
	y.say("bert", GoNotReady)
	y.pass(5 * time.Second)
	y.want("")
	y.say("bert", GoReady)
	y.want("") // his turn comes with the next
	y.pass(5 * time.Second)
	y.want("c1>anna c1>bert")
}

func TestWhoMissesIsNotRungAgainAtOnce(t *testing.T) {
	y := progressive(t, "anna", "bert")
	y.miss("c1", MissDeclined)
	y.want("c1>bert") // the only seat was missed: a new offer
	y.pass(5 * time.Second)
	y.want("") // anna is left alone for 10 s
	if a := y.b.agents["anna"]; a.State != Ready || a.seat != nil {
		t.Errorf("anna is %s", a.State)
	}
	y.pass(5 * time.Second)
	y.pass(5 * time.Second)
	y.want("c1>anna c1>bert")
}

func TestAQueueThatIsGoneRingsNobodyElse(t *testing.T) {
	y := progressive(t, "anna", "bert")
	y.plan(team(map[string]QueueSpec{"other": {}}, "anna", "bert"))
	y.pass(5 * time.Second)
	y.want("")
	y.talk("c1")
	if got := y.b.agents["anna"].State; got != OnCall {
		t.Errorf("anna is %s", got)
	}
}

func TestABrokenCallFreesEverybodyItRang(t *testing.T) {
	y := progressive(t, "anna", "bert")
	y.pass(5 * time.Second)
	y.pass(20*time.Second + ringGrace)
	for _, name := range []string{"anna", "bert"} {
		if a := y.b.agents[name]; a.State != Ready || a.seat != nil {
			t.Errorf("%s is %s", name, a.State)
		}
	}
	if y.b.count.StuckAgents != 2 {
		t.Errorf("%d stuck", y.b.count.StuckAgents)
	}
}
