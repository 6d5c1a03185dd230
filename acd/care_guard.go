package acd

import (
	"time"

	"breakwater/acd/shift"
)

// guardStep is what the length of a queue's calls is rounded up to: lines need not move
// for a second more or less.
const guardStep = 30 * time.Second

// reach is how long a call of a queue likely takes an agent, by the two guards; 0 = the
// guard is off.
type reach struct{ toBreak, toHome time.Duration }

// edges are where an agent's time of work ends next by the plan of shifts, on the board's
// clock; never where nothing is planned or guarded.
type edges struct {
	rest, home time.Duration
	near       bool // some call would run into one of them
}

// reckonReach works out how far a queue's calls reach now. It follows from its pace.
func (b *board) reckonReach(q *queue) reach {
	c := &b.routes.settings.Care
	within := func(percent int) time.Duration {
		if percent <= 0 {
			return 0
		}
		d := q.handle(float64(percent) / 100)
		return (d + guardStep - 1) / guardStep * guardStep
	}
	return reach{within(c.BreakGuard), within(c.ShiftGuard)}
}

// reckonReaches does so for all queues.
func (b *board) reckonReaches() {
	b.routes.farthest = 0
	for _, q := range b.routes.queues {
		q.reach = b.reckonReach(q)
		b.routes.farthest = max(b.routes.farthest, q.reach.toBreak, q.reach.toHome)
	}
}

// paceChanged looks again at those whose work ends soon, after a call of a queue has
// shown how long its calls take.
func (b *board) paceChanged(queue string) {
	q := b.routes.queues[queue]
	if q == nil || b.reckonReach(q) == q.reach {
		return
	}
	b.reckonReaches()
	for _, name := range b.routes.names {
		if a := b.agents[name]; len(a.shifts) > 0 {
			b.touch(a)
		}
	}
}

// guardShift works out where an agent's work ends next, and when that begins to keep
// callers away.
func (b *board) guardShift(a *agent, s *spared) {
	s.edges = edges{rest: never, home: never}
	c := &b.routes.settings.Care
	if len(a.shifts) == 0 || c.BreakGuard <= 0 && c.ShiftGuard <= 0 {
		return
	}
	s.edges = b.edgesOf(a, b.moment(a))
	first := min(s.edges.rest, s.edges.home)
	if first == never {
		return
	}
	if begins := first - b.routes.farthest; begins > b.now.Mono {
		s.soon(b.now.Mono, begins)
		return
	}
	s.edges.near = true
	for _, c := range a.posts {
		s.soon(b.now.Mono, s.edges.rest-c.queue.reach.toBreak, s.edges.home-c.queue.reach.toHome)
	}
}

// edgesOf reads the plan. Who works through a planned break, or outside the plan, does so
// by choice and is guarded by the end of the stretch alone.
func (b *board) edgesOf(a *agent, m shift.Moment) edges {
	e := edges{rest: never, home: never}
	c := &b.routes.settings.Care
	in := func(t time.Time) time.Duration { return b.now.Mono + t.Sub(b.now.Wall) }
	if m.On && c.ShiftGuard > 0 && !b.lifted(a, CapShift) {
		e.home = in(m.End)
	}
	if m.On && c.BreakGuard > 0 && !m.Break && !m.Pause.From.IsZero() {
		e.rest = in(m.Pause.From)
	}
	return e
}

// runsInto says which end of work a call of the queue would likely overrun.
func (e edges) runsInto(q *queue, now time.Duration) hindrance {
	switch {
	case !e.near:
	case e.rest != never && now+q.reach.toBreak >= e.rest:
		return beforeBreak
	case e.home != never && now+q.reach.toHome >= e.home:
		return beforeHome
	}
	return nothing
}
