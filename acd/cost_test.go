package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"breakwater/acd/shift"
)

// rush is a crowded floor on which every step counts: what a turn costs is read from
// turn.steps, which no busy machine changes.
type rush struct {
	testing.TB
	b       *board
	now     *Stamp
	talking []uint64
	calls   int
	worst   int // steps of the dearest turn
}

// rushOn opens a floor on which everybody in the plan is logged in, in the order of names.
func rushOn(tb testing.TB, p Plan) *rush {
	tb.Helper()
	p.Settings = Settings{Gap: -1, Care: Care{Occupancy: -1, Break: -1}}
	r, err := prepare(p)
	if err != nil {
		tb.Fatal(err)
	}
	now := &Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}
	u := &rush{TB: tb, b: newBoard(), now: now}
	u.do(func(b *board) error { b.adopt(r); return nil })
	for _, name := range r.names {
		u.pass(time.Millisecond)
		u.do(func(b *board) error { return b.command(name, Command{Verb: LogIn, Phone: "p" + name}) })
	}
	u.worst = 0
	return u
}

func (u *rush) pass(d time.Duration) { u.now.Mono, u.now.Wall = u.now.Mono+d, u.now.Wall.Add(d) }

func (u *rush) do(act func(*board) error) *turn {
	u.Helper()
	t := do(u, u.b, *u.now, act)
	u.worst = max(u.worst, t.steps)
	return t
}

// enter lets a caller come; whoever is offered anybody takes and answers.
func (u *rush) enter(queue string) {
	u.Helper()
	u.calls++
	e := Entry{Call: fmt.Sprint(u.calls), Queue: queue}
	u.answer(u.do(func(b *board) error { _, err := b.enter(e); return err }))
}

func (u *rush) answer(t *turn) {
	u.Helper()
	for _, o := range slices.Clone(t.offers) {
		u.do(func(b *board) error { return b.taken(o.ticket) })
		u.do(func(b *board) error { return b.answered(o.offer.seats[0].id) })
		u.talking = append(u.talking, o.offer.seats[0].id)
	}
}

// finish ends the oldest conversation.
func (u *rush) finish() {
	u.Helper()
	id := u.talking[0]
	u.talking = u.talking[1:]
	u.answer(u.do(func(b *board) error { return b.finish(id, Outcome{}) }))
}

// TestTheServiceLevelDoesNotCountEverybodyAnew: 5,000 callers wait in a queue with a
// reserve; the end of one's wait looks at nobody but those who have become late since.
func TestTheServiceLevelDoesNotCountEverybodyAnew(t *testing.T) {
	u := rushOn(t, Plan{
		Agents: map[string]AgentSpec{"anna": {}, "ruth": {}},
		Queues: map[string]QueueSpec{"q": {Agents: []string{"anna"}, Reserve: []string{"ruth"}, WrapUp: -1, MaxWait: 24 * time.Hour}},
	})
	for range 5000 {
		u.pass(10 * time.Millisecond)
		u.enter("q")
	}
	u.worst = 0
	for range 500 {
		u.pass(10 * time.Millisecond)
		u.enter("q")
		u.finish()
	}
	if u.worst > 10 {
		t.Errorf("the dearest turn took %d steps", u.worst)
	}
	if late, want := u.b.routes.queues["q"].reserve.lates.count, u.b.lateByHand("q"); late != want || want < 1000 {
		t.Errorf("%d callers are late, counted by hand %d", late, want)
	}
}

// lateByHand counts the late callers of a queue with a reserve one by one.
func (b *board) lateByHand(queue string) (late int) {
	q := b.routes.queues[queue]
	q.reserve.lates.pass(b.now.Mono - q.spec.Service.Within) // who has become late since the level was looked at
	for _, c := range q.all {
		for _, w := range c.waiting.items {
			if !w.it.isBack() && b.now.Mono-w.it.entered > q.spec.Service.Within {
				late++
			}
		}
	}
	return late
}

// TestNobodyServingAtThisStepIsNoReasonToAskEveryCaller: the first step of a queue has one
// agent, who comes and goes; a later step has another, for whose sake nobody leaves.
func TestNobodyServingAtThisStepIsNoReasonToAskEveryCaller(t *testing.T) {
	u := rushOn(t, Plan{
		Agents: map[string]AgentSpec{"anna": {Skills: map[string]int{"s": 2}}, "bert": {Skills: map[string]int{"s": 1}}},
		Queues: map[string]QueueSpec{"q": {
			Needs: "s >= 2", Relax: []Relax{{After: time.Hour, Needs: "s >= 1"}}, LeaveOn: []AgentState{LoggedOut, NotReady}, WrapUp: -1, MaxWait: 24 * time.Hour,
		}},
	})
	for range 5000 {
		u.enter("q")
	}
	u.worst = 0
	say := func(agent string, c Command) { u.do(func(b *board) error { return b.command(agent, c) }) }
	say("anna", Command{Verb: GoNotReady, Reason: "lunch"})
	u.finish()
	say("anna", Command{Verb: LogOut})
	if s := u.b.agents["anna"].State; s != LoggedOut || u.worst > 10 {
		t.Errorf("anna is %s, the dearest turn took %d steps", s, u.worst)
	}
	if n := len(u.b.tickets); n != 4999 {
		t.Errorf("%d callers are left; bert would serve the others", n)
	}
	say("bert", Command{Verb: LogOut})
	if n := len(u.b.tickets); n != 0 {
		t.Errorf("%d callers wait for nobody", n)
	}
}

// everybody is a plan in which every agent serves every queue.
func everybody(agents, queues int, s Strategy) Plan {
	p := Plan{Queues: map[string]QueueSpec{}, Agents: map[string]AgentSpec{}}
	for i := range queues {
		p.Queues[fmt.Sprintf("q%d", i)] = QueueSpec{Strategy: s, WrapUp: -1, MaxWait: 24 * time.Hour, Relax: []Relax{{After: time.Minute}}}
	}
	for i := range agents {
		p.Agents[fmt.Sprintf("a%05d", i)] = AgentSpec{}
	}
	return p
}

// TestWhoServesEverythingStandsInOneLine: what an event costs does not grow with the queues
// that an agent serves, where others serve the same.
func TestWhoServesEverythingStandsInOneLine(t *testing.T) {
	for _, s := range []Strategy{ // not weighted random, where every queue has lots of its own, nor ring-all
		LongestIdle, LeastOccupied, FewestCalls, LeastTalk, RoundRobin, Linear, BestSkill, RingProgressively, Gentlest,
	} {
		u := rushOn(t, everybody(100, 50, s))
		for n := range 200 {
			u.pass(10 * time.Millisecond)
			u.enter(fmt.Sprintf("q%d", n%50))
		}
		for range 150 {
			u.pass(10 * time.Millisecond)
			u.finish()
		}
		if most := reckonAtOnce + 5; u.worst > most {
			t.Errorf("%s: the dearest turn took %d steps", s, u.worst)
		}
	}
}

// TestTheMinuteIsSpread: strategies that compare what changes while agents wait look at
// everybody once a minute, and in no turn at more than a few.
func TestTheMinuteIsSpread(t *testing.T) {
	for _, agents := range []int{20, 1000} {
		u := rushOn(t, everybody(agents, 20, LeastOccupied))
		for n := range agents / 2 {
			u.enter(fmt.Sprintf("q%d", n%20))
		}
		u.pass(10 * time.Minute)
		for len(u.talking) > 0 {
			u.finish()
		}
		before := u.ranks()
		u.worst = 0
		for range 8 * 63 {
			u.pass(time.Second / 8)
			u.do(nil)
		}
		if u.worst > 3*reckonAtOnce {
			t.Errorf("%d agents: the dearest turn took %d steps", agents, u.worst)
		}
		for name, load := range u.ranks() {
			if before[name] > 0 && load >= before[name] {
				t.Fatalf("%d agents: the load of %s is %d as it was a minute ago", agents, name, load)
			}
		}
		if broken := u.b.audit(); len(broken) > 0 {
			t.Error(broken)
		}
	}
}

func (u *rush) ranks() map[string]int64 {
	out := map[string]int64{}
	for name, a := range u.b.agents {
		out[name] = a.ranked.Load
	}
	return out
}

// TestGuardsDoNotWaverAtTheEdgeOfAStep: whatever the usual length of calls, it changes what
// the guards go by now and then and not with every call; and then nobody is looked at but
// those whose work ends soon. It is never less than the length.
func TestGuardsDoNotWaverAtTheEdgeOfAStep(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 3, 2, h, m, 0, 0, time.UTC) }
	for base := 0; base < 30; base += 3 {
		u := rushOn(t, everybody(200, 1, LongestIdle))
		day := Shifts{}
		for rank, name := range u.b.routes.names {
			home := at(17, 0)
			if rank < 10 {
				home = at(8, 4)
			}
			day[name] = []shift.Span{{From: at(7, 0), To: home, Kind: shift.Work}}
		}
		u.do(func(b *board) error { b.roster(day); return nil })
		q, rng, changes := u.b.routes.queues["q0"], dice(7), 0
		for i := range 4000 {
			length := time.Duration((float64(base) + 30 + 300*rng.next()*rng.next()) * float64(time.Second))
			before, view := q.reach, u.b.routes.farthest
			turn := u.do(func(b *board) error {
				b.record(Event{Kind: KindFinished, Queue: "q0", Talk: Talk{Length: length}})
				return nil
			})
			if view == u.b.routes.farthest && turn.steps > 10*(1+2*2) { // out of two lines and into them
				t.Fatalf("base %d: a call took %d steps", base, turn.steps)
			}
			if q.reach != before && i > 1000 {
				changes++
			}
			if q.reach.ToBreak < q.handle(.8) {
				t.Fatalf("base %d: the guard goes by %s, calls take %s", base, q.reach.ToBreak, q.handle(.8))
			}
		}
		if changes > 12 {
			t.Errorf("base %d: what the guard goes by changed %d times in 3,000 calls", base, changes)
		}
	}
}

// TestAWordOfAPhoneCostsTheSameHoweverManyThereAre, and a new plan makes no phone say anything.
func TestAWordOfAPhoneCostsTheSameHoweverManyThereAre(t *testing.T) {
	const most = 12 // out of three lines and into them, and who they are of
	for _, agents := range []int{20, 2000} {
		floor, now := crowd(t, agents, 20, LongestIdle)
		u := &rush{TB: t, b: floor, now: now}
		again, err := prepare(Plan{Settings: floor.routes.settings, Queues: floor.plan(), Agents: floor.people()})
		if err != nil {
			t.Fatal(err)
		}
		if turn := u.do(func(b *board) error { b.adopt(again); return nil }); len(turn.events) > 0 {
			t.Errorf("%d agents: %d things happen by a plan that changes nothing", agents, len(turn.events))
		}
		u.worst = 0
		for _, yes := range []bool{true, false} {
			u.do(func(b *board) error { b.phoneBusy("pa0007", yes); return nil })
			u.do(func(b *board) error { b.phoneReachable("pa0007", !yes); return nil })
		}
		if u.worst == 0 || u.worst > most {
			t.Errorf("%d agents: a word of a phone took %d steps", agents, u.worst)
		}
	}
}
