package acd

import (
	"fmt"
	"time"
)

// onward stands in the table for "wherever the agent goes when nothing holds him":
// see person.onward.
const onward AgentState = "onward"

// moves is an agent's working day: in a state, what may happen, and the state after
// it. What is not in the table cannot happen. A rest runs on while logged out, so
// it can end there.
var moves = map[AgentState]map[string]AgentState{
	LoggedOut: {
		KindLogIn:    onward, // Ready, or Resting when a rest still runs
		KindRestOver: LoggedOut,
	},
	Ready: {
		KindMoved:      Ready,
		KindLogOut:     LoggedOut,
		KindNotReady:   NotReady,
		KindOffered:    Offered,
		KindBreakDue:   Ready,
		KindBreakLater: Ready,
	},
	Offered: {
		KindAnswered:     OnCall,
		KindMissed:       onward,
		KindReleased:     onward,
		KindStruckOut:    Missed,
		KindWishLogOut:   Offered,
		KindWishNotReady: Offered,
		KindWishUndone:   Offered,
		KindRecovered:    WrapUp,
	},
	OnCall: {
		KindEarned:       OnCall,
		KindRestGranted:  OnCall, // always together with KindFinished or KindRecovered
		KindFinished:     WrapUp,
		KindWishLogOut:   OnCall,
		KindWishNotReady: OnCall,
		KindWishUndone:   OnCall,
		KindRecovered:    WrapUp,
	},
	WrapUp: {
		KindMoved:          WrapUp,
		KindWishNotReady:   WrapUp,
		KindWishUndone:     WrapUp,
		KindWrapUpExtended: WrapUp,
		KindWrapUpOver:     onward,
		KindWrapUpEnded:    onward,
		KindRestExtended:   WrapUp, // the rest that will follow
		KindRestDeclined:   WrapUp,
		KindLogOut:         LoggedOut,
	},
	Resting: {
		KindMoved:        Resting,
		KindWishNotReady: Resting,
		KindWishUndone:   Resting,
		KindRestExtended: Resting,
		KindRestDeclined: onward,
		KindRestOver:     onward,
		KindLogOut:       LoggedOut,
	},
	NotReady: {
		KindMoved:    NotReady,
		KindReady:    Ready,
		KindNotReady: NotReady, // another reason
		KindLogOut:   LoggedOut,
	},
	Missed: {
		KindMoved:    Missed,
		KindReady:    Ready,
		KindNotReady: NotReady,
		KindLogOut:   LoggedOut,
	},
}

// beside are the kinds that can happen in every state and change none.
var beside = map[string]bool{KindTalkWanted: true, KindTalkTaken: true, KindTalked: true, KindCapLifted: true}

// person is what of an agent outlives the process. It changes by happen alone, the
// same for what happens now and for what is replayed. Its moments are on the
// machine's boot-time clock (Stamp.Mono); the fields are exported for the snapshot.
type person struct {
	Name    string        `json:"name"`
	State   AgentState    `json:"state"`
	Reason  string        `json:"reason,omitempty"` // of NotReady; of Missed
	Phone   string        `json:"phone,omitempty"`
	Since   time.Duration `json:"since"`           // in this state
	Idle    time.Duration `json:"idle"`            // free since, for longest idle
	WrapEnd time.Duration `json:"wrap_end"`        // of the wrap-up in force
	Gap     time.Duration `json:"gap"`             // end of the last talk
	Pause   time.Duration `json:"pause"`           // a miss delay lasts until then
	Strikes int           `json:"strikes"`         // true no-answers in a row
	Queue   string        `json:"queue,omitempty"` // of the offer, conversation or wrap-up
	Call    string        `json:"call,omitempty"`
	Rest    rest          `json:"rest"`
	Earned  earned        `json:"earned,omitzero"` // in the conversation that goes on
	Wish    wish          `json:"wish"`
	Load    load          `json:"load"`
	Strain  strain        `json:"strain"`
	Care    careState     `json:"care"`
}

// rest is a cooldown: granted (Until not yet known) or running.
type rest struct {
	Level   int           `json:"level,omitempty"` // 0 = none
	Length  time.Duration `json:"length,omitempty"`
	Max     time.Duration `json:"max,omitempty"`
	Running bool          `json:"running,omitempty"`
	From    time.Duration `json:"from,omitempty"`
}

func (r rest) until() time.Duration { return r.From + r.Length }

// wish is what an agent asked to become while it could not be done; To is LoggedOut,
// NotReady or empty.
type wish struct {
	To     AgentState `json:"to,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// load is how much of today's logged-in time was ring, talk and wrap-up, and how many
// calls it were.
type load struct {
	Day    int           `json:"day,omitempty"` // year*1000 + day of the year, where the server is
	Mark   time.Duration `json:"mark,omitempty"`
	Logged time.Duration `json:"logged,omitempty"`
	Busy   time.Duration `json:"busy,omitempty"`
	Talk   time.Duration `json:"talk,omitempty"`
	Calls  int           `json:"calls,omitempty"` // answered
}

// permille is the occupancy of today.
func (l load) permille() int64 {
	if l.Logged <= 0 {
		return 0
	}
	return int64(l.Busy) * 1000 / int64(l.Logged)
}

// onward is where an agent goes when an offer, wrap-up or rest is over.
func (p *person) onward() AgentState {
	switch {
	case p.Wish.To == LoggedOut:
		return LoggedOut // a rest runs on
	case p.Rest.Level > 0:
		return Resting
	case p.Wish.To == NotReady:
		return NotReady
	}
	return Ready
}

// idleForGood tells that nothing of the agent runs on.
func (p *person) idleForGood() bool { return p.State == LoggedOut && p.Rest.Level == 0 }

// can tells whether something may happen to the agent now.
func (p *person) can(kind string) bool {
	_, ok := moves[p.State][kind]
	return ok || beside[kind]
}

// happen makes the event true. at is its moment on this process's clock. A replayed
// event carries the state it led to; a new one gets it from the table.
func (p *person) happen(e *Event, at time.Duration) error {
	to, ok := moves[p.State][e.Kind]
	if beside[e.Kind] {
		to, ok = p.State, true
	}
	if !ok {
		return fmt.Errorf("agent %s: %s while %s: %w", p.Name, e.Kind, p.State, ErrNotNow)
	}
	p.account(e, at)
	p.facts(e, at)
	if to == onward {
		to = p.onward()
	}
	if e.State == "" {
		e.State = to
	}
	p.enter(e, at)
	return nil
}

// facts notes what the event says besides the state.
func (p *person) facts(e *Event, at time.Duration) {
	switch e.Kind {
	case KindMoved:
		p.Phone = e.Phone
	case KindLogIn:
		p.Phone, p.Strikes = e.Phone, 0
	case KindReady:
		p.Strikes = 0
	case KindOffered:
		p.Queue, p.Call = e.Queue, e.Call
	case KindAnswered:
		p.Strikes = 0
		p.Load.Calls++
		if e.Call != "" {
			p.Call = e.Call // a callback's has its name from when it is dialled
		}
	case KindMissed, KindStruckOut:
		p.Pause, p.Idle = at+e.Length, at
		if Miss(e.Reason) == MissNoAnswer {
			p.Strikes++
		}
	case KindEarned:
		p.Earned = earnedOf(e)
	case KindRestGranted:
		p.Rest = restOf(e)
	case KindFinished, KindRecovered:
		p.Gap, p.WrapEnd = at, at+e.Length
		p.Strain.add(e.Talk, at)
	case KindWrapUpExtended:
		p.WrapEnd += e.Length
	case KindWrapUpOver, KindWrapUpEnded:
		p.WrapEnd = min(p.WrapEnd, at)
	case KindRestExtended:
		p.Rest.Length = e.Length
	case KindRestDeclined, KindRestOver:
		p.Rest = rest{}
	case KindWishLogOut:
		p.Wish = wish{To: LoggedOut}
	case KindWishNotReady:
		p.Wish = wish{To: NotReady, Reason: e.Reason}
	case KindWishUndone:
		p.Wish = wish{}
	}
	if p.State == WrapUp && e.Kind == KindLogOut {
		p.WrapEnd = min(p.WrapEnd, at)
	}
}

// enter takes up the new state.
func (p *person) enter(e *Event, at time.Duration) {
	from := p.State
	p.Care.happen(e, at, p.Since)
	p.State = e.State
	if from == WrapUp && p.State != WrapUp && p.Rest.Level > 0 && !p.Rest.Running {
		p.Rest.Running, p.Rest.From = true, p.WrapEnd // the rest clock starts when wrap-up ends
	}
	if from != p.State {
		p.Since = at
	}
	if p.State != OnCall {
		p.Earned = earned{}
	}
	switch p.State {
	case Ready:
		p.Reason, p.Queue, p.Call = "", "", ""
		if from != Offered && from != Ready {
			p.Idle = at
		}
	case NotReady:
		p.Queue, p.Call = "", ""
		if e.Kind == KindNotReady {
			p.Reason = e.Reason
		} else if from != NotReady {
			p.Reason = p.Wish.Reason
		}
	case LoggedOut:
		p.Reason, p.Queue, p.Call, p.Phone = "", "", "", ""
	case Missed:
		p.Queue, p.Call = "", ""
		if from != Missed {
			p.Reason = e.Reason
		}
	case Resting:
		p.Queue, p.Call = "", ""
	case Offered, OnCall, WrapUp: // keep the call's
	case onward: // resolved before
	}
	if p.State == Ready || p.State == NotReady || p.State == LoggedOut {
		p.Wish = wish{}
	}
}

// account adds the time since the last mark to what is known of the agent's load.
func (p *person) account(e *Event, at time.Duration) {
	p.Care.account(p.State, min(p.Load.Mark, at), at)
	p.Load.until(p.State, at, e.At.Wall)
}

// until adds the time since the last mark to today's load.
func (l *load) until(s AgentState, at time.Duration, wall time.Time) {
	spent := max(0, at-l.Mark)
	day := wall.Year()*1000 + wall.YearDay()
	if l.Day != day {
		*l = load{Day: day}
		spent = min(spent, sinceMidnight(wall))
	}
	l.Mark = at
	if s == LoggedOut {
		return
	}
	l.Logged += spent
	if s == OnCall {
		l.Talk += spent
	}
	if s == Offered || s == OnCall || s == WrapUp {
		l.Busy += spent
	}
}

func sinceMidnight(t time.Time) time.Duration {
	y, m, d := t.Date()
	return t.Sub(time.Date(y, m, d, 0, 0, 0, 0, t.Location()))
}

// shift moves every moment of a snapshot to this process's clock.
func (p *person) shift(by time.Duration) {
	for _, m := range []*time.Duration{&p.Since, &p.Idle, &p.WrapEnd, &p.Gap, &p.Pause, &p.Rest.From, &p.Load.Mark, &p.Strain.From} {
		*m += by
	}
	p.Care.shift(by)
}
