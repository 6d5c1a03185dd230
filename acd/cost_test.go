package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"
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
