package acd_test

import (
	"slices"
	"time"

	"breakwater/acd"
)

func (m *model) offered(p *worker, e acd.Event) {
	c := m.callers[e.Ticket]
	spec := m.plan.Queues[e.Queue]
	all := spec.Strategy == acd.RingAll || spec.Strategy == acd.RingProgressively
	if c != nil && len(c.seats) > 0 { // an offer goes on by the plan that it was made by
		all = m.seats[c.seats[0]].ringAll
	}
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
