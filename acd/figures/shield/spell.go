package shield

import (
	"math"
	"time"

	"breakwater/acd"
)

// Doing is what an agent's time goes into.
type Doing uint8

// What an agent does. A rest is not among it: it is nobody's figure.
const (
	Idle     Doing = iota // ready, waiting for the next caller
	Ringing               // the phone rings
	Talking               // with a caller, holds too
	Wrapping              // after the talk
	Away                  // not ready, or struck out
	Private               // in a call that is not a queue's
	Doings                // how many there are: no more than doingBits hold
)

// spell is a stretch of an agent's time in one state. Its work is nil outside of works.
// There are more of them than of anything else, so what and how long share a field.
type spell struct {
	from Moment
	what int64 // how long in nanoseconds, and in the lowest bits the Doing
	work *Work
}

const (
	doingBits   = 3
	longestTook = time.Duration(math.MaxInt64 >> doingBits) // 36 years; a clock that is set from 1970 to today makes more
)

func newSpell(doing Doing, from Moment, took time.Duration) spell {
	return spell{from: from, what: int64(min(took, longestTook))<<doingBits | int64(doing)}
}

func (s *spell) doing() Doing        { return Doing(s.what & (1<<doingBits - 1)) }
func (s *spell) took() time.Duration { return time.Duration(s.what >> doingBits) }
func (s *spell) end() Moment         { return s.from + Moment(s.took()) }

// OwnSpell is a stretch of time as the agent's own figures may know it. Only this package
// makes it, and never from a rest, a protected work, or one that is not over.
type OwnSpell struct {
	doing Doing
	from  time.Time
	took  time.Duration
}

// Doing is what the time went into.
func (s OwnSpell) Doing() Doing { return s.doing }

// Span is when it began and how long it took.
func (s OwnSpell) Span() (from time.Time, took time.Duration) { return s.from, s.took }

// own gives the spell as the agent's figures may know it.
func (s *spell) own() (_ OwnSpell, ok bool) {
	if w := s.work; w != nil && (!w.seen || !w.over() || w.protected()) {
		return OwnSpell{}, false
	}
	return OwnSpell{s.doing(), s.from.Time(), s.took()}, true
}

// doing tells what time in a state goes into; no figure knows the others.
func doing(s acd.AgentState, private bool) (Doing, bool) {
	switch s {
	case acd.Offered:
		return Ringing, true
	case acd.OnCall:
		return Talking, true
	case acd.WrapUp:
		return Wrapping, true
	case acd.Ready:
		if private {
			return Private, true
		}
		return Idle, true
	case acd.NotReady, acd.Missed:
		if private {
			return Private, true
		}
		return Away, true
	case acd.LoggedOut, acd.Resting:
	}
	return 0, false
}
