package acd

import (
	"fmt"
	"slices"
	"time"
)

const (
	// takeWithin is how long a call may leave an offer in its slot.
	takeWithin = 2 * time.Second
	// ringGrace is how long after the ring time a call may take to say how it went.
	// Then the call is broken, and its agents must not stay reserved for it.
	ringGrace = 10 * time.Second
	// untakenMost bounds how long a caller whose call is too slow is left alone.
	untakenMost = 30 * time.Second
)

// enter puts a caller in a queue.
func (b *board) enter(e Entry) (uint64, error) {
	q := b.routes.queues[e.Queue]
	if q == nil {
		return 0, fmt.Errorf("enter %s: %w", e.Queue, ErrNoQueue)
	}
	age := b.age(e)
	if limit, target := b.keepsOut(q, e, age); limit != "" {
		return 0, b.refuse(e, limit, target)
	}
	b.ids.Ticket++
	t := b.newTicket(b.ids.Ticket, e)
	t.since = b.now.Mono - age
	b.prefer(t)
	b.count.Entered++
	b.record(Event{
		At: b.now, Kind: KindEntered, Queue: e.Queue, Call: e.Call, Ticket: t.id,
		Length: age, Level: e.Priority, Reason: e.Again, Caller: pseudonym(e.Caller), Who: t.caller(), Care: CareFact{Tier: t.entry.Tier, Event: e.Event},
	})
	b.classify(t, q)
	return t.id, nil
}

// age is how long a caller has waited before.
func (b *board) age(e Entry) time.Duration {
	if e.Since.IsZero() {
		return 0
	}
	return max(0, b.now.Wall.Sub(e.Since))
}

// newTicket makes a place that is known by its id and its call.
func (b *board) newTicket(id uint64, e Entry) *ticket {
	e.Tier = max(0, min(e.Tier, mostTier))
	t := &ticket{id: id, entry: e, entered: b.now.Mono, since: b.now.Mono}
	t.order = 1<<32 + id
	t.ring = func(b *board) { b.ticketDue(t) }
	b.tickets[id], b.calls[e.Call] = t, t
	return t
}

// prefer lets the agent whom a caller prefers know of it.
func (b *board) prefer(t *ticket) {
	if a := b.agents[t.entry.Prefer]; a != nil && t.entry.Prefer != "" {
		t.prefer = a
		a.wanted = append(a.wanted, t)
	}
}

// ticketDue lets what is due for a caller happen.
func (b *board) ticketDue(t *ticket) {
	o := t.offer
	switch {
	case o == nil: // a step, the end of a pause or of the longest wait
		b.unlist(t)
		b.fresh = append(b.fresh, t)
	case !o.taken:
		b.count.Untaken++
		t.untaken++
		t.pausedTil = b.now.Mono + min(untakenMost, takeWithin<<min(t.untaken, 5))
		b.releaseAll(t, "not-taken")
		if t.isBack() {
			b.turn.gone = append(b.turn.gone, t.id) // its call, if there is one, is too slow: another gets the next offer
		}
	case o.more <= b.now.Mono && b.now.Mono < o.until:
		b.ringOneMore(t)
	default:
		t.pausedTil = b.now.Mono + untakenMost
		b.count.StuckAgents += b.releaseAll(t, "no-word")
	}
}

// taken notes that the call rings the seats.
func (b *board) taken(id uint64) error {
	t := b.tickets[id]
	if t == nil || t.offer == nil {
		b.count.StaleFinishes++
		return fmt.Errorf("take the offer of ticket %d: %w", id, ErrStale)
	}
	o := t.offer
	if o.taken {
		return nil
	}
	o.taken, t.untaken = true, 0
	o.until = o.at + o.spec.Ring + ringGrace
	if o.spec.Strategy == RingProgressively {
		o.more = b.now.Mono + o.spec.RingNext
	}
	b.arm(t)
	return nil
}

// seatOf finds an assignment that is still good.
func (b *board) seatOf(id uint64) (*seat, error) {
	s := b.seats[id]
	if s == nil {
		b.count.StaleFinishes++
		return nil, fmt.Errorf("assignment %d: %w", id, ErrStale)
	}
	return s, nil
}

// answered makes the offer a conversation: the first answer wins.
func (b *board) answered(id uint64) error {
	s, err := b.seatOf(id)
	if err != nil {
		return err
	}
	if s.answered {
		return nil
	}
	t := s.ticket
	e := Event{Kind: KindAnswered, Length: b.now.Mono - t.entered}
	if t.isBack() { // nobody is on the line, and nobody had patience
		e.Length, e.Reason = 0, t.back.Kind
	}
	if err := b.change(s.agent, e); err != nil {
		return err
	}
	s.answered = true
	b.count.Answers++
	if !t.isBack() {
		b.judge(t)
	}
	b.served(t, KindAnswered, "")
	b.turn.settled = append(b.turn.settled, id)
	for _, o := range t.offer.seats {
		if o != s && b.seats[o.id] == o {
			b.revoke(o, string(MissOtherAnswered))
		}
	}
	s.ticket = nil
	if t.isBack() {
		b.takeUp(t, s)
		return nil
	}
	b.forget(t)
	return nil
}

// missed ends one seat of an offer with its true reason.
func (b *board) missed(id uint64, why Miss) error {
	s, err := b.seatOf(id)
	if err != nil {
		return err
	}
	if s.answered {
		return fmt.Errorf("assignment %d: %s after the answer: %w", id, why, ErrNotNow)
	}
	t, a := s.ticket, s.agent
	why = b.fair(a, why)
	delay, fault := b.delay(why)
	if why == MissNotRegistered {
		delay = b.notRegistered(a.Phone, t.offer.at)
	}
	if !fault {
		b.release(s, string(why))
	} else {
		kind := KindMissed
		if why == MissNoAnswer && a.Strikes+1 >= b.routes.settings.Strikes && a.Wish.To == "" {
			kind = KindStruckOut
		}
		if err := b.change(a, Event{Kind: kind, Reason: string(why), Length: delay}); err != nil {
			return err
		}
		b.count.Misses++
		b.bar(t, a, delay)
		b.drop(s)
	}
	b.turn.settled = append(b.turn.settled, id)
	b.backIfOver(t)
	return nil
}

// fair judges silence: a phone that has gone meanwhile, or is in the agent's other
// call, did not ring in his ears, and that is no strike.
func (b *board) fair(a *agent, why Miss) Miss {
	p := b.phones[a.Phone]
	switch {
	case why != MissNoAnswer || p == nil:
		return why
	case p.busy:
		return MissBusy
	case p.away:
		return MissUnreachable
	}
	return why
}

// delay is how long an agent is left alone after a miss, and whether the miss is
// the agent's or his phone's at all.
func (b *board) delay(why Miss) (time.Duration, bool) {
	s := b.routes.settings
	switch why {
	case MissBusy:
		return s.DelayBusy, true
	case MissDeclined:
		return s.DelayDeclined, true
	case MissUnreachable:
		return s.DelayUnreached, true
	case MissNoAnswer:
		return s.DelayNoAnswer, true
	case MissNotRegistered:
		return 0, true // see notRegistered
	case MissCallerLeft, MissOtherAnswered:
		return 0, false
	}
	return s.DelayNoAnswer, true
}

// bar keeps a caller from an agent who missed him.
func (b *board) bar(t *ticket, a *agent, delay time.Duration) {
	if t.missed == nil {
		t.missed = map[*agent]barred{}
	}
	b.ids.Turn++
	t.missed[a] = barred{until: b.now.Mono + delay, turn: b.ids.Turn}
}

// finish ends a conversation: wrap-up, then the rest where one is granted.
func (b *board) finish(id uint64, o Outcome) error {
	s, err := b.seatOf(id)
	if err != nil {
		return err
	}
	if !s.answered { // ended before it began: nobody's fault
		return b.missed(id, MissCallerLeft)
	}
	if o.Rest > 0 {
		rest := Event{Kind: KindRestGranted, Level: o.Rest, Length: o.RestFor, Max: o.RestMax, Reason: o.Cause}
		if err := b.change(s.agent, rest); err != nil {
			return err
		}
	}
	wrap := max(0, s.spec.WrapUp)
	finished := Event{Kind: KindFinished, Reason: o.Cause, Length: wrap, Care: CareFact{Event: o.Event}}
	finished.Talk = Talk{Length: b.now.Mono - s.agent.Since, Protected: o.Protected, Raised: o.Raised, Held: o.Held, Warnings: o.Warnings}
	if err := b.change(s.agent, finished); err != nil {
		return err
	}
	if o.Event {
		b.askTalk(s.agent)
	}
	b.drop(s)
	if t := b.tickets[s.number]; t != nil && t.isBack() && t.back.seat == s {
		return b.unreached(t.id, UnreachedNoWord)
	}
	return nil
}

// leave takes a caller out; an offer that is out ends as caller-left.
func (b *board) leave(id uint64, why string) {
	t := b.tickets[id]
	if t == nil {
		return
	}
	b.revokeAll(t, string(MissCallerLeft))
	b.count.Left++
	b.served(t, KindLeft, why)
	b.record(Event{
		At: b.now, Kind: KindLeft, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: id, Reason: why, Length: b.now.Mono - t.entered,
	})
	b.forget(t)
}

// expel takes a caller out by a limit.
func (b *board) expel(t *ticket, limit, target string) {
	b.revokeAll(t, string(MissCallerLeft))
	b.count.Removed++
	b.served(t, KindRemoved, limit)
	b.record(Event{
		At: b.now, Kind: KindRemoved, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: t.id, Reason: limit, Length: b.now.Mono - t.entered,
	})
	b.turn.removed = append(b.turn.removed, expulsion{t.id, Removal{Limit: limit, Target: target}})
	b.forget(t)
}

// leaveEmpty takes out the callers who have nobody left to wait for, in the order in
// which they would have been served: who was flagged first hangs on the order of maps,
// and must not decide.
func (b *board) leaveEmpty() {
	flagged := b.turn.flagged
	b.turn.flagged = b.turn.flagged[:0]
	var lost []*ticket
	for _, q := range flagged {
		for _, c := range q.all {
			if c.serving() > 0 {
				continue
			}
			if left := q.leftOf(c); len(left) > 0 {
				b.turn.steps += len(c.waiting.items)
				for _, w := range c.waiting.items {
					if left[w.it.class] && !w.it.isBack() {
						lost = append(lost, w.it)
					}
				}
			}
		}
	}
	slices.SortFunc(lost, func(x, y *ticket) int { return x.compare(y, b.now.Mono) })
	for _, t := range lost {
		b.expel(t, limitEmpty, t.class.queue.spec.OnEmpty)
	}
}

// leftOf are the classes with callers that nobody serves from a condition on. Mostly there
// is none, and the line of callers need not be looked at.
func (q *queue) leftOf(c *condition) map[*class]bool {
	var left map[*class]bool
	for _, k := range q.classes {
		if k.tickets > 0 && k.conds[c.step] == c && !k.served(c.step) {
			if left == nil {
				left = map[*class]bool{}
			}
			left[k] = true
		}
	}
	return left
}

// releaseAll takes an offer back and lets the caller wait again at his place.
func (b *board) releaseAll(t *ticket, why string) (agents uint64) {
	agents = b.revokeAll(t, why)
	b.fresh = append(b.fresh, t)
	if t.isBack() {
		b.wake(t)
	}
	return agents
}

// revokeAll takes an offer back from everybody, and tells from how many.
func (b *board) revokeAll(t *ticket, why string) (agents uint64) {
	if t.offer == nil {
		return 0
	}
	for _, s := range t.offer.seats {
		if b.seats[s.id] == s && !s.answered {
			b.revoke(s, why)
			agents++
		}
	}
	t.offer = nil
	return agents
}

// revoke takes one seat back: its phone must stop ringing.
func (b *board) revoke(s *seat, why string) {
	b.release(s, why)
	b.turn.revoked = append(b.turn.revoked, s.id)
}

// release frees the agent of a seat who did nothing wrong.
func (b *board) release(s *seat, why string) {
	if err := b.change(s.agent, Event{Kind: KindReleased, Reason: why}); err == nil {
		b.drop(s)
	}
}

// drop ends an assignment; from now on its id is stale.
func (b *board) drop(s *seat) {
	delete(b.seats, s.id)
	s.agent.seat = nil
	b.touch(s.agent)
}

// backIfOver lets a caller wait again at his place when the last seat is gone.
func (b *board) backIfOver(t *ticket) {
	if t == nil || t.offer == nil {
		return
	}
	for _, s := range t.offer.seats {
		if b.seats[s.id] == s {
			return
		}
	}
	t.offer = nil
	b.fresh = append(b.fresh, t)
	if t.isBack() {
		b.wake(t)
	}
}
