// Package adherence reads from the floor's events what an agent did, so that it can
// be held against the plan of acd/shift. What it finds belongs to the agent. It is
// pure, and it takes the agent's side where events leave room.
package adherence

import (
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/acd/shift"
)

// Reader collects what one agent did between two moments.
type Reader struct {
	agent   string
	from    time.Time
	breaks  []string // not-ready reasons that are a break; empty = all
	out     []shift.Stretch
	known   bool // what the agent does is known
	since   time.Time
	doing   shift.Doing
	granted time.Duration // a rest that follows the wrap-up
	rest    span          // a rest that runs, logged in or not
}

type span struct{ from, to time.Time }

// NewReader reads for an agent from a moment on. breaks are the not-ready reasons that
// are a break; empty means all.
func NewReader(agent string, from time.Time, breaks []string) *Reader {
	return &Reader{agent: agent, from: from, breaks: breaks, since: from}
}

// Add takes the next event, of whoever, in order. The first event that is not a log-in
// tells that the agent was at work before: nobody is blamed for what is not known.
func (r *Reader) Add(e acd.Event) {
	if e.Agent != r.agent || e.State == "" {
		return
	}
	at := e.At.Wall
	if !r.known {
		r.known = true
		if r.doing = shift.Gone; e.Kind != acd.KindLogIn {
			r.doing = shift.Ready
		}
	}
	r.note(at)
	r.follow(e, at)
	r.doing = r.does(e)
}

// note puts down what was done until now.
func (r *Reader) note(now time.Time) {
	if !now.After(r.since) {
		return
	}
	from := r.since
	r.since = now
	if r.doing != shift.Gone && r.doing != shift.Away && r.doing != shift.Pause {
		r.put(from, now, r.doing)
		return
	}
	// A rest runs on while logged out; what of it lies here was granted.
	begin, end := clip(r.rest.from, from, now), clip(r.rest.to, from, now)
	r.put(from, begin, r.doing)
	r.put(begin, end, shift.Granted)
	r.put(end, now, r.doing)
}

func (r *Reader) put(from, to time.Time, doing shift.Doing) {
	if to.After(from) {
		r.out = append(r.out, shift.Stretch{From: from, To: to, Doing: doing})
	}
}

// clip moves t between from and to.
func clip(t, from, to time.Time) time.Time {
	switch {
	case t.Before(from):
		return from
	case t.After(to):
		return to
	}
	return t
}

// follow keeps the clock of rests.
func (r *Reader) follow(e acd.Event, at time.Time) {
	switch e.Kind {
	case acd.KindRestGranted:
		r.granted = e.Length
	case acd.KindRestExtended:
		if r.granted > 0 {
			r.granted = e.Length
		} else {
			r.rest.to = r.rest.from.Add(e.Length)
		}
	case acd.KindRestDeclined, acd.KindRestOver:
		r.granted = 0
		if at.Before(r.rest.to) {
			r.rest.to = at
		}
	case acd.KindWrapUpOver, acd.KindWrapUpEnded, acd.KindLogOut:
		if r.granted > 0 {
			r.rest, r.granted = span{at, at.Add(r.granted)}, 0
		}
	}
}

// does is what an agent does in the state after an event.
func (r *Reader) does(e acd.Event) shift.Doing {
	switch e.State {
	case acd.Ready:
		return shift.Ready
	case acd.Offered, acd.OnCall, acd.WrapUp:
		return shift.Busy
	case acd.Resting:
		return shift.Granted
	case acd.NotReady:
		reason := e.Reason
		if e.Kind == acd.KindNotReady && len(r.breaks) > 0 && !slices.Contains(r.breaks, reason) {
			return shift.Away
		}
		return shift.Pause
	case acd.LoggedOut:
		return shift.Gone
	case acd.Missed:
		return shift.Away
	}
	return r.doing // a state of later days
}

// Stretches is what the agent did up to now, in order and without overlap. Who has no
// event at all was not there.
func (r *Reader) Stretches(now time.Time) []shift.Stretch {
	if !r.known {
		r.doing = shift.Gone
	}
	r.note(now)
	return r.out
}
