package acd

import (
	"cmp"
	"slices"
	"time"
)

// standAll puts the callers who have just begun to wait in line, and marks their
// conditions.
func (b *board) standAll(changed []*condition) []*condition {
	fresh := b.fresh
	b.fresh = nil
	for _, t := range fresh {
		if b.stand(t); t.listed {
			changed = mark(changed, t.condition())
		}
	}
	return changed
}

// match gives callers to agents, the first of all callers first. free are the
// agents who have just become offerable; changed are the conditions of the callers who
// have just begun to wait. Only theirs can hold a new pair: whoever waited before,
// waited because nobody fitted.
func (b *board) match(free []*agent, changed []*condition) {
	for _, a := range free {
		for _, g := range a.pools {
			changed = mark(changed, g.asked...)
		}
	}
	b.gentleFirst(changed)
	for _, a := range free {
		if t := b.wantedBy(a); t != nil && !b.passesUrgent(t, a) {
			b.offerTo(t)
		}
	}
	for {
		var first *ticket
		for _, c := range changed {
			if t := b.firstOf(c); t != nil && (first == nil || t.before(first, b.now.Mono)) {
				first = t
			}
		}
		if first == nil || !b.offerTo(first) {
			break
		}
	}
	for _, c := range changed {
		c.marked = false
	}
}

// passesUrgent tells whether an agent given to a caller would be kept from an emergency
// who is before that one: no favour does that.
func (b *board) passesUrgent(t *ticket, a *agent) bool {
	for _, g := range a.pools {
		if !g.like.urgent {
			continue
		}
		for _, c := range g.asked {
			if w := b.firstFor(c, a); w != nil && w.before(t, b.now.Mono) {
				return true
			}
		}
	}
	return false
}

// firstFor is the first caller of a condition whom an agent may be offered.
func (b *board) firstFor(c *condition, a *agent) *ticket {
	if b.keeps(a, c) != nothing {
		return nil
	}
	for _, w := range c.waiting.items {
		if b.ineligible(w.it, a) == "" {
			return w.it
		}
	}
	return nil
}

// mark adds what is not yet in the list.
func mark(list []*condition, more ...*condition) []*condition {
	for _, c := range more {
		if !c.marked {
			c.marked = true
			list = append(list, c)
		}
	}
	return list
}

// firstOf is the first caller of a condition whom somebody free may be offered.
func (b *board) firstOf(c *condition) *ticket {
	if c.free() == 0 {
		return nil
	}
	for _, w := range c.waiting.items {
		if len(w.it.missed) == 0 {
			return w.it
		}
		for a := range c.offerable(front) {
			if w.it.missed[a].until <= b.now.Mono {
				return w.it
			}
		}
	}
	return nil
}

// stand puts a ticket in the line of its condition, unless a limit takes it out or
// its call must be left alone for a while.
func (b *board) stand(t *ticket) {
	if b.tickets[t.id] != t || t.listed || t.offer != nil {
		return
	}
	if t.isBack() {
		b.standBack(t)
		return
	}
	t.step = t.class.queue.stepAt(b.waited(t))
	switch {
	case b.routes.queues[t.entry.Queue] != t.class.queue:
		b.orphan(t)
		return
	case t.waitEnd() <= b.now.Mono:
		b.expel(t, limitWait, t.class.queue.spec.OnWait)
		return
	case !t.class.served(t.step):
		b.expel(t, limitEmpty, t.class.queue.spec.OnEmpty)
		return
	}
	if t.pausedTil <= b.now.Mono {
		t.enlist()
	}
	b.arm(t)
}

// enlist puts a ticket in the line of its condition.
func (t *ticket) enlist() {
	t.listed = true
	c := t.condition()
	if c.waiting.add(t.place(), t); len(c.waiting.items) == 1 {
		c.call(true)
	}
	t.class.queue.stand(t, 1)
	if r := t.class.queue.reserve; r != nil && !t.isBack() {
		r.lates.add(t)
	}
}

// unlist takes a ticket out of its line.
func (b *board) unlist(t *ticket) {
	if t.listed {
		t.listed = false
		c := t.condition()
		if c.waiting.remove(t.place()); len(c.waiting.items) == 0 {
			c.call(false)
		}
		t.class.queue.stand(t, -1)
		if r := t.class.queue.reserve; r != nil {
			r.lates.remove(t)
		}
	}
}

// ineligible says why a caller at this moment cannot go to an agent who is offerable
// and meets the condition; empty = can.
func (b *board) ineligible(t *ticket, a *agent) string {
	bar, missed := t.missed[a]
	switch {
	case !missed:
		return ""
	case bar.until > b.now.Mono:
		return "missed this caller and is not asked again for " + b.left(bar.until)
	}
	for other := range t.condition().offerable(front) {
		if _, too := t.missed[other]; !too {
			return "missed this caller, and " + other.Name + " is free"
		}
	}
	return ""
}

// wantedBy is the first waiting caller who prefers an agent.
func (b *board) wantedBy(a *agent) *ticket {
	var first *ticket
	for _, t := range a.wanted {
		if !t.isBack() && b.prefers(t, a) && (first == nil || t.before(first, b.now.Mono)) {
			first = t
		}
	}
	return first
}

// prefers tells whether a waiting caller should go to this agent before others.
func (b *board) prefers(t *ticket, a *agent) bool {
	return t.prefer == a && t.listed && a.listed && a.able(t.condition()) && b.keeps(a, t.condition()) == nothing &&
		(t.isBack() || b.now.Mono < t.entered+b.routes.settings.Prefer) && b.ineligible(t, a) == ""
}

// choice is who is offered a caller, and why.
type choice struct {
	agent  *agent
	reason string
}

// mostRung bounds how many phones one caller rings: where more are free, those idle for
// longest ring, and when all of them have missed it the next.
const mostRung = 200

// pick chooses for a waiting caller by the queue's strategy; empty when nobody can.
func (b *board) pick(t *ticket) []choice {
	if t.prefer != nil && b.prefers(t, t.prefer) {
		return []choice{{t.prefer, "preferred: spoke with this caller before"}}
	}
	c := t.condition()
	var unmissed, again []*agent
	ringAll := c.queue.spec.Strategy == RingAll
	for a := range c.offerable(b.turnOf(c)) {
		bar, missed := t.missed[a]
		switch {
		case !missed:
			unmissed = append(unmissed, a)
		case bar.until <= b.now.Mono:
			again = append(again, a)
		}
		if len(unmissed) > 0 && !ringAll || len(unmissed) == mostRung {
			break
		}
	}
	if len(unmissed) == 0 {
		slices.SortStableFunc(again, func(x, y *agent) int { return cmp.Compare(t.missed[x].turn, t.missed[y].turn) })
		unmissed = again
	}
	most := 1
	if ringAll {
		most = mostRung
	}
	unmissed = unmissed[:min(len(unmissed), most)]
	var out []choice
	reason := ""
	for _, a := range unmissed {
		if reason == "" || !ringAll { // where everybody rings it is the same for all
			reason = b.because(c, a)
		}
		out = append(out, choice{a, reason})
	}
	return out
}

// turnOf is where a condition's line of agents begins: for round robin after the
// one who was offered last, else at the front.
func (b *board) turnOf(c *condition) key {
	last := b.agents[b.recent[c.queue.spec.Name]]
	if c.queue.spec.Strategy != RoundRobin || last == nil || last.rank < 0 {
		return front
	}
	return key{c.order[last.rank] + 1, int64(longAgo), 0}
}

// offerTo offers a waiting caller to whom the queue's strategy picks.
func (b *board) offerTo(t *ticket) bool {
	chosen := b.pick(t)
	return len(chosen) > 0 && b.give(t, chosen)
}

// give offers a waiting caller to the chosen.
func (b *board) give(t *ticket, chosen []choice) bool {
	q := t.class.queue
	q.lots.takeFirst(t.condition())
	o := &offer{at: b.now.Mono, more: never, spec: q.spec}
	for _, ch := range chosen {
		if t.offer != nil {
			b.count.DoubleOffers++ // cannot be; if it were, nobody is offered twice
			continue
		}
		b.reserve(t, o, ch)
	}
	if len(o.seats) == 0 {
		return false
	}
	b.unlist(t)
	t.offer = o
	if t.isBack() {
		b.alone(t)
	}
	b.arm(t)
	b.turn.offers = append(b.turn.offers, outgoing{t.id, o})
	return true
}

// reserve gives an agent a seat in an offer. It tells whether he could take it.
func (b *board) reserve(t *ticket, o *offer, ch choice) bool {
	a, q := ch.agent, t.class.queue
	if a.seat != nil {
		b.count.DoubleOffers++ // cannot be
		return false
	}
	b.ids.Seat++
	s := &seat{
		id: b.ids.Seat, agent: a, ticket: t, number: t.id, spec: q.spec,
		queue: q.spec.Name, call: t.entry.Call, reason: ch.reason,
	}
	a.seat = s
	if err := b.change(a, Event{Kind: KindOffered, Length: q.spec.Ring, Reason: ch.reason}); err != nil {
		a.seat = nil
		return false
	}
	b.seats[s.id] = s
	o.seats = append(o.seats, s)
	b.list(a, false)
	b.count.Offers++
	b.recent[q.spec.Name] = a.Name
	return true
}

// RingMost bounds how many agents one caller rings by ring-progressively.
const RingMost = 16

// ringOneMore adds the next free agent to an offer that nobody has answered, and says
// when the one after him is due.
func (b *board) ringOneMore(t *ticket) {
	o, q := t.offer, t.class.queue
	o.more = never
	if b.routes.queues[t.entry.Queue] == q { // else a config edit took it away: whoever rings, rings on
		t.step = q.stepAt(b.waited(t))
		chosen := b.pick(t)
		if len(chosen) > 0 && b.reserve(t, o, chosen[0]) {
			o.until = b.now.Mono + o.spec.Ring + ringGrace
			b.turn.offers = append(b.turn.offers, outgoing{t.id, o})
		}
		if len(o.seats) < RingMost {
			o.more = b.now.Mono + o.spec.RingNext
		}
	}
	b.arm(t)
}

// arm sets a ticket's alarm to the next moment that matters for it.
func (b *board) arm(t *ticket) {
	next := min(t.nextStep(), t.waitEnd())
	switch {
	case t.offer != nil && !t.offer.taken:
		next = t.offer.at + takeWithin
	case t.offer != nil:
		next = min(t.offer.until, t.offer.more)
	case t.isBack():
		next = b.nextBack(t)
	case !t.listed:
		next = min(next, t.pausedTil)
	}
	b.alarms.set(&t.alarm, next)
}

// waitEnd is when the queue's longest wait is over. It counts from the entry into
// this queue: a rescued caller keeps the original age, but is not thrown out for it.
func (t *ticket) waitEnd() time.Duration { return t.entered + t.class.queue.spec.MaxWait }
