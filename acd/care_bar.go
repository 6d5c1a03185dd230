package acd

import (
	"fmt"
	"time"
)

// spared is what the rules of care say about an agent who is ready, worked out when
// anything happens to him and good until next. hindrance and keeps read it, so lines and
// explanations cannot differ.
type spared struct {
	load  time.Duration // above the occupancy cap until then
	ask   bool          // a break has just come due
	next  time.Duration // when something of this changes by itself
	bars  bars
	edges edges
}

// bars are what keeps some callers from an agent and not others.
type bars struct {
	row, newcomer, ramp, hostile bool
	tender                       bool      // callers of low intensity come first
	pause                        hindrance // of all callers but urgent ones: askedForBreak, overLoad or nothing
}

// spare works out what the rules of care say about an agent now.
func (b *board) spare(a *agent) {
	s := spared{next: never, edges: edges{rest: never, home: never}}
	if a.State == Ready && a.rank >= 0 {
		c := &b.routes.settings.Care
		s.bars = b.barsOf(a, c)
		s.load = b.loadEnd(a, c, s.bars.ramp)
		due := b.breakDueAt(a)
		s.ask = due <= b.now.Mono
		switch {
		case s.ask && c.BreakAsk > 0 || b.askedTil(a) > b.now.Mono:
			s.bars.pause = askedForBreak
		case s.load > b.now.Mono:
			s.bars.pause = overLoad
		}
		s.soon(b.now.Mono, due, s.load, a.Gap+c.HardRelief, a.Care.First+workingDay)
		if a.career != (career{}) {
			s.soon(b.now.Mono, b.now.Mono+untilMidnight(b.now.Wall))
		}
		b.guardShift(a, &s)
		for _, l := range a.Care.Lifts {
			s.soon(b.now.Mono, l.Until)
		}
	}
	a.spared = s
}

// soon notes moments to come.
func (s *spared) soon(now time.Duration, moments ...time.Duration) {
	for _, m := range moments {
		if m > now {
			s.next = min(s.next, m)
		}
	}
}

func (b *board) barsOf(a *agent, c *Care) bars {
	_, onRamp := a.career.week(b.now.Wall, len(c.Ramp))
	return bars{
		row:      b.rowIsFull(a) && !b.lifted(a, CapRow),
		newcomer: a.career.newcomer(b.now.Wall, c.Newcomer) && !b.lifted(a, CapNewcomer),
		ramp:     onRamp && !b.lifted(a, CapRamp),
		hostile: c.OffHostileAfter > 0 && a.Care.Events >= c.OffHostileAfter && b.now.Mono-a.Care.First <= workingDay &&
			!b.lifted(a, CapHostile),
		tender: a.Care.Tender && c.AfterEvent == afterLow,
	}
}

// rowIsFull tells whether the agent has had as many hard calls in a row as there may be.
func (b *board) rowIsFull(a *agent) bool {
	c := &b.routes.settings.Care
	return c.HardInRow > 0 && a.Care.Row >= c.HardInRow && b.now.Mono-a.Gap < c.HardRelief
}

// loadEnd is when an agent who is idle from now on is below the occupancy cap.
func (b *board) loadEnd(a *agent, c *Care, ramp bool) time.Duration {
	most := c.Occupancy
	if week, ok := a.career.week(b.now.Wall, len(c.Ramp)); ok && ramp {
		most = c.Ramp[week]
		if c.Occupancy > 0 {
			most = min(most, c.Occupancy)
		}
	}
	if most <= 0 || b.lifted(a, CapLoad) {
		return longAgo
	}
	return a.Care.Busy.under(c.OccupancyOver*time.Duration(most)/100, c.OccupancyOver, b.now.Mono)
}

// breakDueAt is when the next break of a ready agent comes due; never while nobody
// could be asked.
func (b *board) breakDueAt(a *agent) time.Duration {
	c := &b.routes.settings.Care
	p := b.phones[a.Phone]
	if a.State != Ready || a.rank < 0 || c.Break < 0 || p != nil && (p.busy || p.away) {
		return never
	}
	if a.Care.Again {
		return b.now.Mono
	}
	return a.Load.Mark + a.Care.Asked + c.BreakEvery - a.Care.Work
}

// askBreak asks an agent to take the break that is due.
func (b *board) askBreak(a *agent) {
	b.count.Care.BreaksDue++
	b.sure(a, Event{Kind: KindBreakDue, Length: max(0, b.routes.settings.Care.BreakAsk)})
}

// askedTil is until when offers wait for the agent's answer about a break; 0 = they do
// not. A question that is out when an edit takes breaks or the asking away is dropped.
func (b *board) askedTil(a *agent) time.Duration {
	if c := &b.routes.settings.Care; c.Break <= 0 || c.BreakAsk <= 0 {
		return 0
	}
	return a.Care.Ask
}

func (b *board) breakIsDue(a *agent) bool { return b.breakDueAt(a) <= b.now.Mono }

// keeps is what keeps the callers of one condition from an agent whom nothing hinders
// otherwise.
func (b *board) keeps(a *agent, c *condition) hindrance {
	by := &a.spared.bars
	switch {
	case by.pause != nothing && !c.urgent():
		return by.pause
	case c.queue.holdsBack(a):
		return inReserve
	case c.urgent():
		return nothing
	case by.newcomer && c.kind == hardCaller:
		return isNewcomer
	case by.ramp && c.kind == hardCaller:
		return onRamp
	case by.row && (c.kind == hardCaller || c.queue.hostile()):
		return afterHard
	case by.hostile && c.queue.hostile():
		return offHostile
	}
	return a.spared.edges.runsInto(c.queue, b.now.Mono)
}

// urgent tells whether a life outweighs the rules of care.
func (c *condition) urgent() bool { return c.kind == urgentCaller || c.queue.spec.Urgent }

// gentle tells whether its callers are a relief after a hard call.
func (c *condition) gentle() bool { return c.queue.spec.Intensity == "low" && c.kind == easyCaller }

func (q *queue) hostile() bool { return q.spec.Intensity == "hostile" }

// hindranceTo says what keeps the callers of a condition from an agent who meets it.
func (b *board) hindranceTo(a *agent, c *condition) hindrance {
	if h := b.hindrance(a); h != nothing {
		return h
	}
	return b.keeps(a, c)
}

// careFacts puts into an event what the rules of care make of it.
func (b *board) careFacts(a *agent, e *Event) {
	switch e.Kind {
	case KindOffered:
		entry := &a.seat.ticket.entry
		e.Care.Tier, e.Care.Event, e.Care.Urgent = entry.Tier, entry.Event, entry.Urgent
	case KindFinished, KindRecovered:
		e.Care.Row = a.Care.Row
		if a.State == OnCall {
			e.Care.Row = b.rowAfter(a, a.Care.Hard || e.Care.Event, e.Kind == KindRecovered)
		}
	case KindReady, KindLogIn, KindLogOut:
		e.Care.Paid = b.paid(a)
	}
}

// rowAfter counts hard calls in a row, that which ends now included. One whose end is
// not known is no proof of an easy one.
func (b *board) rowAfter(a *agent, hard, unknown bool) int {
	row := a.Care.Row
	if a.Since-a.Gap >= b.routes.settings.Care.HardRelief {
		row = 0
	}
	switch {
	case hard:
		return row + 1
	case unknown:
		return row
	}
	return 0
}

// paid is how much work a pause or absence that ends now has paid off as break.
func (b *board) paid(a *agent) time.Duration {
	c := &b.routes.settings.Care
	if c.Break <= 0 || a.State != LoggedOut && (a.State != NotReady || !c.isBreak(a.Reason)) {
		return 0
	}
	return min(a.Care.Work, time.Duration(float64(b.now.Mono-a.Since)*float64(c.BreakEvery)/float64(c.Break)))
}

func (c *Care) isBreak(reason string) bool {
	if len(c.BreakReasons) == 0 {
		return true
	}
	for _, r := range c.BreakReasons {
		if r == reason {
			return true
		}
	}
	return false
}

// credit is the break an agent has earned and not taken.
func (b *board) credit(a *agent) time.Duration {
	c := &b.routes.settings.Care
	if c.Break <= 0 {
		return 0
	}
	now := a.Care
	now.account(a.State, min(a.Load.Mark, b.now.Mono), b.now.Mono)
	return time.Duration(float64(max(0, now.Work-b.paid(a))) * float64(c.Break) / float64(c.BreakEvery))
}

// career is since when somebody works here, in days; 0 = not told.
type career struct{ since, back int }

// newcomer tells whether somebody works here for less than so many days.
func (c career) newcomer(now time.Time, days int) bool {
	return c.since != 0 && days > 0 && dayOf(now)-c.since < days
}

// week is which week of the return to work it is, from 0; false when there is no ramp.
func (c career) week(now time.Time, weeks int) (int, bool) {
	if c.back == 0 {
		return 0, false
	}
	n := max(0, dayOf(now)-c.back) / 7
	return n, n < weeks
}

// dayOf numbers the days where the clock is.
func dayOf(t time.Time) int {
	_, offset := t.Zone()
	return int((t.Unix() + int64(offset)) / (24 * 60 * 60))
}

func untilMidnight(t time.Time) time.Duration {
	y, m, d := t.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, t.Location()).Sub(t)
}

// parseDay reads a date of the config, 2026-10-01; empty is 0.
func parseDay(date string) (int, error) {
	if date == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0, fmt.Errorf("%q is no date; write it as 2026-10-01", date)
	}
	return dayOf(t), nil
}

// gentleFirst gives callers of low intensity to agents whose last call had a protection
// event, before anybody else is given to whom: for them the next call is one of these
// when one waits. Hard callers and emergencies have no such favour.
func (b *board) gentleFirst(changed []*condition) {
	for {
		var first *ticket
		var to *agent
		for _, c := range changed {
			if t, a := b.gentle(c); t != nil && (first == nil || t.before(first, b.now.Mono)) {
				first, to = t, a
			}
		}
		if first == nil || !b.give(first, []choice{{to, "a call of low intensity after a hard one"}}) {
			return
		}
	}
}

// gentle is the first caller of a condition for whom there is somebody tender.
func (b *board) gentle(c *condition) (*ticket, *agent) {
	if len(c.pool.tender.items)+len(c.apart.tender.items) == 0 {
		return nil, nil
	}
	for _, w := range c.waiting.items {
		for a := range c.tender() {
			if b.ineligible(w.it, a) == "" && !b.passesUrgent(w.it, a) {
				return w.it, a
			}
		}
	}
	return nil, nil
}

// spares tells from first principles, for the audit, whether a rule of care keeps a
// caller from an agent who is free.
func (b *board) spares(a *agent, t *ticket) bool {
	c := &b.routes.settings.Care
	bars := b.barsOf(a, c)
	q := b.routes.queues[t.entry.Queue]
	switch {
	case q.spec.Urgent || t.entry.Urgent:
		return false
	case b.askedTil(a) > b.now.Mono || b.loadEnd(a, c, bars.ramp) > b.now.Mono:
		return true
	case t.entry.hard() && (bars.newcomer || bars.ramp || bars.row):
		return true
	}
	left := b.edgesOf(a, b.moment(a))
	left.near = true
	return q.hostile() && (bars.row || bars.hostile) || left.runsInto(q, b.now.Mono) != nothing
}
