package acd_test

import (
	"fmt"
	"slices"
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

func (m *model) offered(p *worker, e acd.Event) {
	c := m.callers[e.Ticket]
	spec := m.plan.Queues[e.Queue]
	all := spec.Strategy == acd.RingAll || spec.Strategy == acd.RingProgressively
	switch {
	case c == nil || c.served:
		m.accuse(singleOffer, "%s is offered ticket %d, which waits nowhere", e.Agent, e.Ticket)
		return
	case p.seat != 0:
		m.accuse(singleOffer, "%s is offered assignment %d while %d lasts", e.Agent, e.Assignment, p.seat)
	case len(c.seats) > 0 && !all:
		m.accuse(singleOffer, "ticket %d is offered to %s while it rings %v", e.Ticket, e.Agent, c.seats)
	}
	if until, barred := c.bars[e.Agent]; barred && m.now < until {
		m.accuse(singleOffer, "%s is offered ticket %d again, %s too early", e.Agent, e.Ticket, until-m.now)
	}
	if m.now < p.wrapEnd {
		m.accuse(wholeWrapUp, "%s is offered a call %s before the wrap-up is over", e.Agent, p.wrapEnd-m.now)
	}
	if p.rest > 0 || p.restEnd > m.now {
		m.accuse(wholeRest, "%s is offered a call in a rest, granted %s, until %s", e.Agent, p.rest, p.restEnd)
	}
	if p.talked && m.now < p.gapFrom+max(0, m.plan.Settings.Gap) {
		m.accuse(wholeWrapUp, "%s is offered a call in the gap", e.Agent)
	}
	m.offeredInSpite(e.Agent, c)
	p.seat = e.Assignment
	c.seats = append(c.seats, e.Assignment)
	m.seats[e.Assignment] = &pair{agent: e.Agent, ticket: e.Ticket, at: m.now, ring: e.Length, wrap: max(0, spec.WrapUp), ringAll: all}
}

func (m *model) answered(p *worker, e acd.Event) {
	s := m.seats[e.Assignment]
	if s == nil || p.seat != e.Assignment || s.answered {
		m.accuse(singleOffer, "%s answers assignment %d, has %d", e.Agent, e.Assignment, p.seat)
		return
	}
	c := m.callers[s.ticket]
	if c.served {
		m.accuse(singleOffer, "ticket %d is answered by %s after it was served", s.ticket, e.Agent)
	}
	s.answered, c.served = true, true
	c.ends++
	m.drop(c, e.Assignment)
}

func (m *model) drop(c *caller, seat uint64) {
	c.seats = slices.DeleteFunc(c.seats, func(id uint64) bool { return id == seat })
}

func (m *model) notAnswered(p *worker, e acd.Event) {
	s := m.seats[e.Assignment]
	if s == nil || p.seat != e.Assignment || s.answered {
		m.accuse(singleOffer, "%s ends assignment %d by %s, has %d", e.Agent, e.Assignment, e.Kind, p.seat)
		return
	}
	c := m.callers[s.ticket]
	m.drop(c, e.Assignment)
	delete(m.seats, e.Assignment)
	p.seat = 0
	switch {
	case e.Kind != acd.KindReleased:
		p.pause = m.now + e.Length
		c.bars[e.Agent] = m.now + e.Length
		p.doubtful = p.doubtful || acd.Miss(e.Reason) == acd.MissNotRegistered
	case e.Reason == "no-word":
		m.wordless++
		fallthrough
	case e.Reason == "not-taken":
		c.patient = m.now + 30*time.Second // at most
	}
	if e.Kind == acd.KindStruckOut {
		p.state, p.wish = acd.Missed, ""
		return
	}
	m.onward(p)
}

func (m *model) finished(p *worker, e acd.Event) {
	s := m.seats[e.Assignment]
	if s == nil || p.seat != e.Assignment || !s.answered {
		m.accuse(oneEnd, "%s finishes assignment %d, has %d", e.Agent, e.Assignment, p.seat)
		return
	}
	if e.Length < s.wrap {
		m.accuse(wholeWrapUp, "%s gets a wrap-up of %s, the queue's is %s", e.Agent, e.Length, s.wrap)
	}
	delete(m.seats, e.Assignment)
	p.seat, p.gapFrom, p.talked = 0, m.now, true
	p.wrapEnd = m.now + s.wrap
}

func (m *model) endWrapUp(p *worker, e acd.Event) {
	if m.now < p.wrapEnd && m.chooser != e.Agent {
		m.accuse(wholeWrapUp, "the wrap-up of %s loses %s by %s", e.Agent, p.wrapEnd-m.now, e.Kind)
	}
	p.wrapEnd = min(p.wrapEnd, m.now)
	if p.rest > 0 {
		p.restEnd, p.rest = p.wrapEnd+p.rest, 0
	}
}

func (m *model) extendRest(p *worker, e acd.Event) {
	switch {
	case p.rest > 0 && e.Length < p.rest:
		m.accuse(wholeRest, "the rest of %s is made shorter by %s", e.Agent, p.rest-e.Length)
	case p.rest > 0:
		p.rest = e.Length
	case p.restEnd > 0:
		p.restEnd = max(p.restEnd, m.now) // its length is told, its begin is known by the end alone
	}
}

func (m *model) endRest(p *worker, e acd.Event) {
	declined := e.Kind == acd.KindRestDeclined && m.chooser == e.Agent
	if !declined && (p.rest > 0 || m.now < p.restEnd) {
		m.accuse(wholeRest, "the rest of %s ends by %s, %s early", e.Agent, e.Kind, p.restEnd-m.now)
	}
	running := p.restEnd > 0
	p.rest, p.restEnd = 0, 0
	if running && p.state != acd.LoggedOut {
		m.onward(p)
	}
}

// free tells whether an agent could be offered a call now, from first principles.
func (m *model) free(name string) bool {
	p := m.people[name]
	if _, employed := m.plan.Agents[name]; !employed || p.state != acd.Ready || p.seat != 0 || p.doubtful {
		return false
	}
	on := m.phone(p.phone)
	gap := time.Duration(0)
	if p.talked {
		gap = p.gapFrom + max(0, m.plan.Settings.Gap)
	}
	return !on.busy && !on.away && m.now >= p.wrapEnd && p.rest == 0 && p.restEnd == 0 && m.now >= gap && m.now >= p.pause
}

// look checks what must hold between two turns.
func (m *model) look() {
	for id, s := range m.seats {
		if !s.answered && m.callers[s.ticket].served {
			m.accuse(singleOffer, "%s is rung by assignment %d for ticket %d, which is served or gone", s.agent, id, s.ticket)
		}
		if limit := s.at + s.ring + 12*time.Second; !s.answered && m.now > limit && !s.ringAll {
			m.accuse(notStuck, "%s has had the offer %d for %s, its ring time is %s", s.agent, id, m.now-s.at, s.ring)
		}
	}
}

// able evaluates the queue's demand by itself.
func (m *model) able(name string, c *caller) bool {
	q, ok := m.plan.Queues[c.queue]
	if !ok || len(q.Agents) > 0 && !slices.Contains(q.Agents, name) {
		return false
	}
	needs := q.Needs
	for _, r := range q.Relax {
		if m.now-c.since >= r.After {
			needs = r.Needs
		}
	}
	return demands[needs](m.plan.Agents[name].Skills, c.tier)
}

// demands are the skill expressions of the random days, in Go.
var demands = map[string]func(skills map[string]int, tier int) bool{
	"":                           func(map[string]int, int) bool { return true },
	"x >= 1":                     func(s map[string]int, _ int) bool { return s["x"] >= 1 },
	"x >= 2 || y >= 2":           func(s map[string]int, _ int) bool { return s["x"] >= 2 || s["y"] >= 2 },
	"data.tier != 2 || y >= 1":   func(s map[string]int, tier int) bool { return tier != 2 || s["y"] >= 1 },
	"x >= 1 && data.tier <= 2":   func(s map[string]int, tier int) bool { return s["x"] >= 1 && tier <= 2 },
	"y >= 3 || data.tier in [1]": func(s map[string]int, tier int) bool { return s["y"] >= 3 || tier == 1 },
}

// home checks what must hold when everybody has gone.
func (m *model) home(views []acd.AgentView, n acd.Counters) {
	for _, v := range views {
		switch v.State {
		case acd.Ready, acd.LoggedOut, acd.NotReady, acd.Missed:
		default:
			m.accuse(notStuck, "%s is %s for ever", v.Name, v.State)
		}
	}
	for id, c := range m.callers {
		if c.ends != 1 {
			m.accuse(oneEnd, "ticket %d has ended %d times", id, c.ends)
		}
	}
	if len(m.seats) > 0 {
		m.accuse(oneEnd, "%d assignments are left", len(m.seats))
	}
	if n.DoubleOffers+n.WrapUpsCutShort+n.RestsCutShort+n.StarvedCallers > 0 || n.StuckAgents != m.wordless {
		m.accuse(countersAre, "%d agents were rung by a call that never said how it went; %+v", m.wordless, n)
	}
}
