package acd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// play is a board with a clock in a test's hands.
type play struct {
	*testing.T
	b   *board
	now Stamp
	out []outgoing // offers made by the last step
	cut []expulsion
	ids map[string]uint64 // ticket by call
}

// start is a board with the plan, without gap unless the plan says one.
func start(t *testing.T, p Plan) *play {
	t.Helper()
	if p.Settings.Gap == 0 {
		p.Settings.Gap = -1
	}
	y := &play{T: t, b: newBoard(), ids: map[string]uint64{}}
	y.now = Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}
	y.plan(p)
	return y
}

func (y *play) plan(p Plan) {
	y.Helper()
	r, err := prepare(p)
	if err != nil {
		y.Fatal(err)
	}
	y.must(func(b *board) error { b.adopt(r); return nil })
}

func (y *play) step(act func(*board) error) error {
	t, err := y.b.apply(y.now, act)
	y.out, y.cut = slices.Clone(t.offers), slices.Clone(t.removed)
	for _, o := range y.out { // a call takes its offers at once
		if _, err := y.b.apply(y.now, func(b *board) error { return b.taken(o.ticket) }); err != nil {
			y.Errorf("take: %v", err)
		}
	}
	if broken := y.b.audit(); len(broken) > 0 {
		y.Errorf("broken: %q", broken)
	}
	return err
}

func (y *play) must(act func(*board) error) {
	y.Helper()
	if err := y.step(act); err != nil {
		y.Fatal(err)
	}
}

func (y *play) pass(d time.Duration) {
	y.Helper()
	y.now.Mono += d
	y.now.Wall = y.now.Wall.Add(d)
	y.must(nil)
}

func (y *play) say(agent string, v Verb) {
	y.Helper()
	y.must(func(b *board) error { return b.command(agent, Command{Verb: v, Phone: "p-" + agent, Reason: "lunch"}) })
}

// logIn logs agents in a second apart, so that the first is idle for longest.
func (y *play) logIn(agents ...string) {
	y.Helper()
	for _, a := range agents {
		y.say(a, LogIn)
		y.pass(time.Second)
	}
}

func (y *play) enter(e Entry) {
	y.Helper()
	y.must(func(b *board) (err error) { y.ids[e.Call], err = b.enter(e); return err })
}

// got is who was offered whom by the last step.
func (y *play) got() string {
	var out []string
	for _, o := range y.out {
		for _, s := range o.offer.seats {
			out = append(out, s.call+">"+s.agent.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (y *play) want(offers string) {
	y.Helper()
	if got := y.got(); got != offers {
		y.Errorf("offered %q, want %q", got, offers)
	}
}

func (y *play) seat(call string) uint64 {
	y.Helper()
	for id, s := range y.b.seats {
		if s.call == call {
			return id
		}
	}
	y.Fatalf("call %s has no seat", call)
	return 0
}

// talk answers the offer of a call.
func (y *play) talk(call string) {
	y.Helper()
	id := y.seat(call)
	y.must(func(b *board) error { return b.answered(id) })
}

// end finishes the conversation of a call.
func (y *play) end(call string) {
	y.Helper()
	id := y.seat(call)
	y.must(func(b *board) error { return b.finish(id, Outcome{}) })
}

func (y *play) miss(call string, why Miss) {
	y.Helper()
	id := y.seat(call)
	y.must(func(b *board) error { return b.missed(id, why) })
}

// team is a plan of queues and agents with skills like "anna: x=3 y=1".
func team(queues map[string]QueueSpec, agents ...string) Plan {
	p := Plan{Queues: queues, Agents: map[string]AgentSpec{}}
	for _, a := range agents {
		name, list, _ := strings.Cut(a, ":")
		skills := map[string]int{}
		for _, s := range strings.Fields(list) {
			k, v, _ := strings.Cut(s, "=")
			skills[k] = int(v[0] - '0')
		}
		p.Agents[name] = AgentSpec{Skills: skills}
	}
	return p
}

func TestEveryMoveLeadsSomewhereKnown(t *testing.T) {
	states := []AgentState{LoggedOut, Ready, Offered, OnCall, WrapUp, Resting, NotReady, Missed}
	for _, from := range states {
		if len(moves[from]) == 0 {
			t.Errorf("nothing can happen while %s", from)
		}
		for kind, to := range moves[from] {
			if to != onward && !slices.Contains(states, to) {
				t.Errorf("%s: %s leads to %q", from, kind, to)
			}
		}
	}
	for _, end := range []string{KindFinished, KindRecovered} {
		if moves[OnCall][end] != WrapUp {
			t.Errorf("a call that ends by %s is not followed by a wrap-up", end)
		}
	}
	for from, kinds := range moves {
		if _, ok := kinds[KindOffered]; ok && from != Ready {
			t.Errorf("an agent who is %s can be offered a call", from)
		}
	}
}

func TestWhatIsNotInTheTableCannotHappen(t *testing.T) {
	for state, kinds := range map[AgentState][]string{
		LoggedOut: {KindReady, KindOffered, KindNotReady, KindWished, KindAnswered},
		Ready:     {KindAnswered, KindFinished, KindWrapUpOver, KindRestOver, KindLogIn},
		Offered:   {KindOffered, KindLogOut, KindNotReady, KindMoved, KindFinished},
		OnCall:    {KindOffered, KindAnswered, KindLogOut, KindMoved, KindWrapUpOver},
		WrapUp:    {KindOffered, KindReady, KindNotReady, KindFinished},
		Resting:   {KindOffered, KindReady, KindNotReady, KindWrapUpOver},
		NotReady:  {KindOffered, KindWrapUpOver, KindMissed},
		Missed:    {KindOffered, KindAnswered, KindMissed},
	} {
		for _, kind := range kinds {
			p := person{Name: "anna", State: state}
			if err := p.change(&Event{Kind: kind}, 0); !errors.Is(err, ErrNotNow) || p.State != state {
				t.Errorf("%s while %s: %v, then %s", kind, state, err, p.State)
			}
		}
	}
}

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
	if a := y.b.agents["bert"]; a.load != 0 {
		t.Errorf("bert's share of the new day is %d", a.load)
	}
}

func TestWhichCallerComesFirst(t *testing.T) {
	queues := map[string]QueueSpec{
		"plain": {WrapUp: -1}, "quick": {WrapUp: -1, Weight: 3}, "vip": {WrapUp: -1, Priority: 5},
	}
	for name, tc := range map[string]struct {
		entries []Entry // a minute apart
		want    string
	}{
		"the oldest":                              {[]Entry{{Queue: "plain"}, {Queue: "plain"}}, "c0>anna"},
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
	spec := QueueSpec{Needs: "x >= 3", Relax: []Relax{{30 * time.Second, "x >= 2"}, {time.Minute, "x >= 1 && y >= 1"}}}
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

func TestLimitsKeepCallersOut(t *testing.T) {
	queues := map[string]QueueSpec{"q": {MaxSize: 1, OnFull: "queue:r", OnEmpty: "goodbye"}, "open": {LeaveOn: []AgentState{}}}
	y := start(t, team(queues, "anna"))
	var refused *Refused
	err := y.step(func(b *board) error { _, err := b.enter(Entry{Call: "c1", Queue: "q"}); return err })
	if !errors.As(err, &refused) || *refused != (Refused{"q", "empty", "goodbye"}) {
		t.Errorf("nobody logged in: %v", err)
	}
	y.enter(Entry{Call: "c2", Queue: "open"})
	if err := y.step(func(b *board) error { _, err := b.enter(Entry{Call: "c", Queue: "none"}); return err }); !errors.Is(err, ErrNoQueue) {
		t.Errorf("no queue: %v", err)
	}
	y.must(func(b *board) error { b.leave(y.ids["c2"], ""); return nil })
	y.logIn("anna")
	y.say("anna", GoNotReady)
	y.enter(Entry{Call: "c3", Queue: "q"})
	err = y.step(func(b *board) error { _, err := b.enter(Entry{Call: "c4", Queue: "q"}); return err })
	if !errors.As(err, &refused) || *refused != (Refused{"q", "full", "queue:r"}) {
		t.Errorf("full: %v", err)
	}
	y.enter(Entry{Call: "c5", Queue: "q", Head: true}) // a rescued caller is not turned away
	y.say("anna", LogOut)
	want := []expulsion{{y.ids["c5"], Removal{"empty", "goodbye"}}, {y.ids["c3"], Removal{"empty", "goodbye"}}}
	if diff := cmp.Diff(want, y.cut, cmp.AllowUnexported(expulsion{})); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
}

func TestAQueueMayAlsoEmptyForOtherStates(t *testing.T) {
	spec := QueueSpec{
		Needs: "x >= 1", Relax: []Relax{{time.Minute, "y >= 1"}}, LeaveOn: []AgentState{LoggedOut, NotReady},
	}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna: x=1", "bert: y=1"))
	y.logIn("anna", "bert")
	y.say("anna", GoNotReady)
	y.enter(Entry{Call: "c2", Queue: "q"}) // can wait for bert, when the condition relaxes
	if len(y.cut) > 0 {
		t.Fatalf("removed %v", y.cut)
	}
	y.say("bert", GoNotReady)
	if len(y.cut) != 1 || y.cut[0].ticket != y.ids["c2"] {
		t.Errorf("removed %v", y.cut)
	}
}

func TestPositionsNeverGrow(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	y.say("anna", GoNotReady)
	at := func(call string) string {
		p, err := y.b.place(y.ids[call])
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d of %d", p.Position, p.Waiting)
	}
	for _, c := range []string{"c1", "c2", "c3"} {
		y.enter(Entry{Call: c, Queue: "q"})
		y.pass(time.Second)
	}
	if got := at("c3"); got != "3 of 3" {
		t.Errorf("c3 is %s", got)
	}
	y.say("anna", GoReady) // c1 rings and does not count
	if got := at("c3"); got != "2 of 3" {
		t.Errorf("while c1 rings c3 is %s", got)
	}
	y.miss("c1", MissDeclined)
	y.enter(Entry{Call: "c0", Queue: "q", Head: true})
	if got := at("c3"); got != "2 of 4" {
		t.Errorf("c3 goes back to %s", got)
	}
	if got := at("c1"); got != "2 of 4" {
		t.Errorf("c1 is %s", got)
	}
}

func TestANewPlanJudgesWhoWaits(t *testing.T) {
	old := team(map[string]QueueSpec{"q": {Needs: "x >= 1", WrapUp: time.Minute}, "gone": {OnEmpty: "goodbye"}}, "anna: x=1", "bert: y=1")
	y := start(t, old)
	y.logIn("anna", "bert")
	y.enter(Entry{Call: "talk", Queue: "q"})
	y.talk("talk")
	y.say("bert", GoNotReady)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.enter(Entry{Call: "c2", Queue: "gone"})
	y.say("bert", GoReady)
	y.want("c2>bert")
	y.miss("c2", MissBusy)
	next := team(map[string]QueueSpec{"q": {Needs: "y >= 1", WrapUp: time.Second}}, "anna: x=1", "bert: y=1")
	next.Settings.Gap = -1
	y.plan(next)
	if len(y.cut) != 1 || y.cut[0].removal != (Removal{"empty", "goodbye"}) {
		t.Errorf("removed %v", y.cut)
	}
	y.pass(20 * time.Second)
	y.want("c1>bert")
	y.end("talk")
	if got := y.b.agents["anna"].WrapEnd - y.now.Mono; got != time.Minute {
		t.Errorf("the conversation ends with a wrap-up of %s", got)
	}
	delete(next.Agents, "anna") // in wrap-up: stays until it is over and she logs out
	y.plan(next)
	if views := y.b.agentViews(); len(views) != 2 {
		t.Errorf("agents %+v", views)
	}
	y.pass(time.Minute)
	if got := y.b.hindrance(y.b.agents["anna"]); got != "is no longer in the config" {
		t.Errorf("anna %s", got)
	}
	y.say("anna", LogOut)
	if views := y.b.agentViews(); len(views) != 1 {
		t.Errorf("agents %+v", views)
	}
	if err := y.step(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "1"}) }); !errors.Is(err, ErrNoAgent) {
		t.Errorf("log-in of who is gone: %v", err)
	}
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

func TestWhySpeaksOfEverybody(t *testing.T) {
	queues := map[string]QueueSpec{
		"refunds": {Needs: "refunds >= 3 && (lang_zh >= 5 || lang_en >= 7)", Relax: []Relax{{time.Minute, "refunds >= 1"}}},
		"named":   {Agents: []string{"bert"}},
	}
	y := start(t, team(queues, "anna: refunds=3 lang_en=7", "bert: refunds=2 lang_zh=5", "carl: refunds=4 lang_zh=9", "dora: refunds=5 lang_en=9"))
	y.logIn("anna", "bert", "carl", "dora")
	y.say("carl", GoNotReady)
	y.must(func(b *board) error { b.phoneReachable("p-dora", false); return nil })
	y.enter(Entry{Call: "c1", Queue: "refunds"})
	y.want("c1>anna")
	why := func(w Whom) string {
		lines, err := y.b.why(w)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	has := func(text string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(text, p) {
				t.Errorf("%q is missing in:\n%s", p, text)
			}
		}
	}
	has(why(Whom{Call: "c1"}), "is offered to anna: longest idle of 1 free: 4s")
	y.miss("c1", MissDeclined)
	y.pass(time.Second)
	has(why(Whom{Call: "c1"}),
		"call c1 has waited 1s in queue refunds, 0 ahead, for refunds >= 3 &&",
		"in 59s the condition becomes refunds >= 1 (relaxed, step 1)",
		"anna missed a call and is left alone for 9s",
		"bert does not meet refunds >= 3 (refunds is 2)",
		"carl is not ready: lunch",
		"dora cannot be reached: phone p-dora is not registered or does not answer")
	has(why(Whom{Agent: "bert"}), "bert is free since", "before the condition relaxes bert does not meet refunds >= 3 (refunds is 2)",
		"queue named: 0 wait whom bert can serve")
	has(why(Whom{Agent: "anna"}), "queue refunds: 1 wait whom anna can serve; anna missed this caller", "queue named: anna is not an agent of queue named")
	y.pass(9 * time.Second)
	y.talk("c1")
	has(why(Whom{Call: "c1"}), "call c1 talks with anna of queue refunds: longest idle")
	has(why(Whom{Agent: "anna"}), "anna has call c1 of queue refunds", "anna is on-call (call c1)")
	if _, err := y.b.why(Whom{Call: "nobody"}); !errors.Is(err, ErrNoTicket) {
		t.Errorf("unknown call: %v", err)
	}
	if _, err := y.b.why(Whom{Agent: "nobody"}); !errors.Is(err, ErrNoAgent) {
		t.Errorf("unknown agent: %v", err)
	}
}

func TestQueuesShowWhoCanServe(t *testing.T) {
	queues := map[string]QueueSpec{"q": {Needs: "x >= 1"}, "r": {}}
	y := start(t, team(queues, "anna: x=1", "bert: x=1", "carl"))
	y.logIn("anna", "bert")
	y.say("bert", GoNotReady)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.enter(Entry{Call: "c2", Queue: "q"})
	want := []QueueView{
		{Name: "q", Waiting: 2, Oldest: y.now.Wall, Ready: 0, Capable: 2},
		{Name: "r", Ready: 0, Capable: 2},
	}
	if diff := cmp.Diff(want, y.b.queueViews()); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}

func TestTheAuditSeesWhatIsBroken(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(*board)
		want   string
	}{
		"a caller is forgotten":             {func(b *board) { b.tickets[2].condition().waiting.items = nil; b.agents["bert"].State = Ready }, "call c2 waits in queue q while bert is free for it"},
		"an assignment is lost":             {func(b *board) { delete(b.seats, 1) }, "agent anna is offered without an assignment"},
		"a call left and its agent rings":   {func(b *board) { delete(b.tickets, 1) }, "agent anna is offered a caller who has left"},
		"an agent has two assignments":      {func(b *board) { b.seats[9] = b.seats[1] }, "agent anna has assignments 1 and 9"},
		"a caller has two offers":           {func(b *board) { b.tickets[1].offer = &offer{} }, "call c1 has two offers"},
		"a wrap-up does not end":            {func(b *board) { b.agents["bert"].State = WrapUp }, "agent bert is wrap-up beyond its end"},
		"a call is over for one of the two": {func(b *board) { b.agents["anna"].State = NotReady }, "agent anna is not-ready with an assignment"},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna", "bert"))
			y.logIn("anna", "bert")
			y.say("bert", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.enter(Entry{Call: "c2", Queue: "q"})
			tc.damage(y.b)
			if got := y.b.audit(); !slices.Contains(got, tc.want) {
				t.Errorf("audit %q, want %q", got, tc.want)
			}
		})
	}
}
