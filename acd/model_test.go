package acd_test

import (
	"fmt"
	"time"

	"breakwater/acd"
)

// model is a second floor that was written from the queue page alone. It shares no code
// with the first one: it is told the same inputs, reads the events and offers that come
// out, keeps its own clocks, and says which promise they break. What it finds has the
// promise's name, so that each is a test of its own.
type model struct {
	now      time.Duration
	plan     acd.Plan
	people   map[string]*worker
	callers  map[uint64]*caller
	phones   map[string]*line
	seats    map[uint64]*pair
	broken   map[promise][]string
	wordless uint64 // agents who were rung by a call that never said how it went
	chooser  string // the agent who gives a command in this turn
	onShift  map[string]bool
}

// promise is one of the guarantees of the queue page.
type promise string

const (
	singleOffer promise = "single offer"
	wholeWrapUp promise = "no short wrap-up"
	wholeRest   promise = "no short rest"
	noStarving  promise = "no starvation"
	notStuck    promise = "no stuck agent"
	oneEnd      promise = "one end for every caller"
	countersAre promise = "the counters say the same"
)

// worker is an agent as the model knows him.
type worker struct {
	state    acd.AgentState // Ready, NotReady, Missed, LoggedOut; what else he does is told by the clocks
	phone    string
	seat     uint64 // offered or talking
	wrapEnd  time.Duration
	gapFrom  time.Duration
	pause    time.Duration
	rest     time.Duration // granted, not yet begun
	restEnd  time.Duration // running; 0 = none
	wish     acd.AgentState
	doubtful bool // his phone was not registered when called: whether it is now only the wire knows
	talked   bool
	load     load
}

type line struct{ busy, away bool }

type caller struct {
	call    string
	queue   string
	tier    int
	hard    bool
	urgent  bool
	since   time.Duration
	seats   []uint64 // offered and not over
	bars    map[string]time.Duration
	patient time.Duration // his call was too slow: left alone until then
	served  bool
	ends    int
}

// pair is an agent and a caller, from the offer to the end of talk.
type pair struct {
	agent    string
	ticket   uint64
	at       time.Duration
	ring     time.Duration
	wrap     time.Duration
	answered bool
	ringAll  bool
}

func newModel(p acd.Plan, now time.Duration) *model {
	m := &model{
		now: now, people: map[string]*worker{}, callers: map[uint64]*caller{}, phones: map[string]*line{},
		seats: map[uint64]*pair{}, broken: map[promise][]string{},
	}
	m.replan(p)
	return m
}

func (m *model) replan(p acd.Plan) {
	m.plan = p
	for name := range p.Agents {
		if m.people[name] == nil {
			m.people[name] = &worker{state: acd.LoggedOut}
		}
	}
}

func (m *model) accuse(p promise, format string, args ...any) {
	m.broken[p] = append(m.broken[p], fmt.Sprintf("%s: ", m.now)+fmt.Sprintf(format, args...))
}

func (m *model) phone(name string) *line {
	if m.phones[name] == nil {
		m.phones[name] = &line{}
	}
	return m.phones[name]
}

// hear follows one turn.
func (m *model) hear(t *acd.Turn) {
	m.spend(t.At.Mono)
	m.now = t.At.Mono
	for _, e := range t.Events {
		if e.Agent != "" {
			if p := m.people[e.Agent]; p != nil {
				m.careEvent(p, e, &t.In)
			}
			m.agentEvent(e)
		} else {
			m.callerEvent(e, t)
		}
	}
	for _, o := range t.Offers {
		c := m.callers[o.Ticket]
		if c == nil {
			m.accuse(singleOffer, "ticket %d is offered and waits nowhere", o.Ticket)
		}
	}
	if w := t.Phones; w != nil {
		m.hearPhones(w)
	}
	if p := t.In.Phones; p != nil {
		m.hearPhones(p)
	}
}

func (m *model) hearPhones(w *acd.PhoneWords) {
	for name, yes := range w.Busy {
		m.phone(name).busy = yes
	}
	for name, yes := range w.Away {
		m.phone(name).away = yes
		for _, p := range m.people {
			if p.phone == name {
				p.doubtful = false
			}
		}
	}
}

func (m *model) callerEvent(e acd.Event, t *acd.Turn) {
	c := m.callers[e.Ticket]
	switch e.Kind {
	case acd.KindEntered:
		tier, _ := t.In.Entry.Data["tier"].(int)
		m.callers[e.Ticket] = &caller{call: e.Call, queue: e.Queue, tier: tier, since: m.now - e.Length, bars: map[string]time.Duration{}}
		m.callers[e.Ticket].hard = t.In.Entry.Tier >= 2 || t.In.Entry.Event
		m.callers[e.Ticket].urgent = t.In.Entry.Urgent
	case acd.KindLeft, acd.KindRemoved:
		if c == nil || c.served {
			m.accuse(oneEnd, "ticket %d is %s and waits nowhere", e.Ticket, e.Kind)
			return
		}
		c.ends++
		c.served = true
	}
}

func (m *model) agentEvent(e acd.Event) {
	p := m.people[e.Agent]
	if p == nil {
		m.accuse(notStuck, "%s is nobody", e.Agent)
		return
	}
	switch e.Kind {
	case acd.KindLogIn:
		p.state, p.phone, p.wish, p.doubtful = acd.Ready, e.Phone, "", false
		m.phone(e.Phone).away = false
	case acd.KindMoved:
		p.phone, p.doubtful = e.Phone, false
		m.phone(e.Phone).away = false
	case acd.KindReady, acd.KindNotReady:
		m.apart(p, e)
		p.state = map[bool]acd.AgentState{true: acd.Ready, false: acd.NotReady}[e.Kind == acd.KindReady]
	case acd.KindLogOut:
		m.endWrapUp(p, e)
		p.state, p.phone = acd.LoggedOut, ""
	case acd.KindOffered:
		m.offered(p, e)
	case acd.KindAnswered:
		m.answered(p, e)
	case acd.KindMissed, acd.KindStruckOut, acd.KindReleased:
		m.notAnswered(p, e)
	case acd.KindRestGranted:
		p.rest = e.Length
	case acd.KindFinished:
		m.finished(p, e)
	case acd.KindWrapUpExtended:
		p.wrapEnd += e.Length
	case acd.KindWrapUpOver, acd.KindWrapUpEnded:
		m.endWrapUp(p, e)
		m.onward(p)
	case acd.KindRestExtended:
		m.extendRest(p, e)
	case acd.KindRestDeclined, acd.KindRestOver:
		m.endRest(p, e)
	case acd.KindWishLogOut:
		p.wish = acd.LoggedOut
	case acd.KindWishNotReady:
		p.wish = acd.NotReady
	case acd.KindWishUndone:
		p.wish = ""
	}
}

// apart: ready and not-ready stand beside a wrap-up and a rest and end neither.
func (m *model) apart(p *worker, e acd.Event) {
	if m.now < p.wrapEnd {
		m.accuse(wholeWrapUp, "%s of %s ends the wrap-up %s early", e.Kind, e.Agent, p.wrapEnd-m.now)
	}
	if p.rest > 0 || m.now < p.restEnd {
		m.accuse(wholeRest, "%s of %s ends the rest %s early", e.Kind, e.Agent, p.restEnd-m.now)
	}
}

// onward is where he goes when nothing holds him.
func (m *model) onward(p *worker) {
	if p.wish != "" {
		p.state = p.wish
	}
	if p.wish == acd.LoggedOut {
		p.phone = ""
	}
	p.wish = ""
}
