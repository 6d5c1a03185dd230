package acd

import (
	"errors"
	"reflect"
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

	heard func(Event) // every event, when set
}

// start is a board with the plan, without gap and rules of care unless the plan says
// some.
func start(t *testing.T, p Plan) *play {
	t.Helper()
	if p.Settings.Gap == 0 {
		p.Settings.Gap = -1
	}
	if reflect.ValueOf(p.Settings.Care).IsZero() {
		p.Settings.Care = carefree()
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
	y.listen(t)
	for _, o := range y.out { // a call takes its offers at once
		t, err := y.b.apply(y.now, func(b *board) error { return b.taken(o.ticket) })
		if err != nil {
			y.Errorf("take: %v", err)
		}
		y.listen(t)
	}
	if broken := y.b.audit(); len(broken) > 0 {
		y.Errorf("broken: %q", broken)
	}
	return err
}

func (y *play) listen(t *turn) {
	for _, e := range t.events {
		if y.heard != nil {
			y.heard(e)
		}
	}
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
		LoggedOut: {KindReady, KindOffered, KindNotReady, KindWishLogOut, KindAnswered},
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
			if err := p.happen(&Event{Kind: kind}, 0); !errors.Is(err, ErrNotNow) || p.State != state {
				t.Errorf("%s while %s: %v, then %s", kind, state, err, p.State)
			}
		}
	}
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
		Needs: "x >= 1", Relax: []Relax{{After: time.Minute, Needs: "y >= 1"}}, LeaveOn: []AgentState{LoggedOut, NotReady},
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
	if got := y.b.hindered(y.b.agents["anna"]); got != "is no longer in the config" {
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
