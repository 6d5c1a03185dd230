package acd

import (
	"time"

	"breakwater/acd/shift"
)

// guardStep is what the length of a queue's calls is rounded up to: lines need not move
// for a second more or less.
const guardStep = 30 * time.Second

// guardSlack is how far below a step the length must have fallen for the step to be given
// up: near its edge it would come and go with every call, and each time all who stand
// near the end of their work are looked at. Up it goes at once, for the agents' sake.
const guardSlack = 10 * time.Second

// guardView is what the farthest reach is rounded up to: agents so near an end of work are
// looked at closely.
const guardView = 5 * time.Minute

// reach is how long a call of a queue likely takes an agent, by the two guards; 0 = the
// guard is off.
type reach struct {
	ToBreak time.Duration `json:"to_break,omitempty"`
	ToHome  time.Duration `json:"to_home,omitempty"`
}

// edges are where an agent's time of work ends next by the plan of shifts, on the board's
// clock; never where nothing is planned or guarded.
type edges struct {
	rest, home time.Duration
	near       bool // a call may run into one of them
}

// reckonReach works out how far a queue's calls reach now: from its pace, and near the edge
// of a step from how far they reached before.
func (b *board) reckonReach(q *queue) reach {
	c := &b.routes.settings.Care
	within := func(percent int, before time.Duration) time.Duration {
		if percent <= 0 {
			return 0
		}
		d := q.handle(float64(percent) / 100)
		if far := steps(d); far >= before || steps(d+guardSlack) < before {
			return far
		}
		return before
	}
	return reach{within(c.BreakGuard, q.reach.ToBreak), within(c.ShiftGuard, q.reach.ToHome)}
}

// steps rounds a length up.
func steps(d time.Duration) time.Duration { return (d + guardStep - 1) / guardStep * guardStep }

// reckonReaches does so for all queues.
func (b *board) reckonReaches() {
	for _, q := range b.routes.queues {
		q.reach = b.reckonReach(q)
	}
	b.routes.farthest = b.routes.reckonFarthest()
}

// reckonFarthest is how near an end of work an agent is looked at closely.
func (r *routes) reckonFarthest() time.Duration {
	far := time.Duration(0)
	for _, q := range r.queues {
		far = max(far, q.reach.ToBreak, q.reach.ToHome)
	}
	return (far + guardView - 1) / guardView * guardView
}

// paceChanged looks again at those whose work ends soon, after a call of a queue has
// shown how long its calls take.
func (b *board) paceChanged(queue string) {
	q := b.routes.queues[queue]
	if q == nil {
		return
	}
	next := b.reckonReach(q)
	if next == q.reach {
		return
	}
	q.reach = next
	if far := b.routes.reckonFarthest(); far != b.routes.farthest {
		b.routes.farthest = far
		for _, name := range b.routes.names {
			if a := b.agents[name]; len(a.shifts) > 0 {
				b.touch(a)
			}
		}
		return
	}
	for _, p := range b.ending.items {
		b.touch(p.it)
	}
}

// noteEnding keeps who is near an end of work.
func (b *board) noteEnding(a *agent, was bool) {
	near, k := a.spared.edges.near, key{int64(a.rank)}
	switch {
	case near && !was:
		b.ending.add(k, a)
	case was && !near:
		b.ending.remove(k)
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
		s.soon(b.now.Mono, s.edges.rest-c.queue.reach.ToBreak, s.edges.home-c.queue.reach.ToHome)
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
	case e.rest != never && now+q.reach.ToBreak >= e.rest:
		return beforeBreak
	case e.home != never && now+q.reach.ToHome >= e.home:
		return beforeHome
	}
	return nothing
}
