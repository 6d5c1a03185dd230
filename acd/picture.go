package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"breakwater/acd/shift"
)

// Picture is the whole floor at one moment, calls and offers included: with the inputs
// after it every decision can be made again. It is not what survives a crash (that is
// the ledger's snapshot). What a new field of the board means for it is asked by a
// test: either it is kept here or it follows from what is.
type Picture struct {
	At       Stamp                   `json:"at"`
	Zero     time.Time               `json:"zero,omitzero"` // see board
	Plan     Plan                    `json:"plan"`
	IDs      ids                     `json:"ids"`
	Missing  uint64                  `json:"missing,omitempty"` // ids.Turn
	Recent   map[string]string       `json:"recent,omitempty"`
	Reckon   *time.Duration          `json:"reckon,omitempty"`   // when loads are worked out next
	Reckoned int                     `json:"reckoned,omitempty"` // whose is next, by place among the names
	Reaches  map[string]reach        `json:"reaches,omitempty"`
	Paces    map[string]pace         `json:"paces,omitempty"`
	Weighing *time.Duration          `json:"weighing,omitempty"` // when service levels are looked at next
	Levels   map[string]level        `json:"levels,omitempty"`
	Lots     map[string]picturedLots `json:"lots,omitempty"` // by queue
	Outages  map[string]outage       `json:"outages,omitempty"`
	Carriers map[string]carrier      `json:"carriers,omitempty"`
	Agents   []pictured              `json:"agents,omitempty"`
	Phones   []picturedPhone         `json:"phones,omitempty"`
	Tickets  []picturedTicket        `json:"tickets,omitempty"`
	Seats    []picturedSeat          `json:"seats,omitempty"`
	Counters Counters                `json:"counters"`
}

// pictured is an agent.
type pictured struct {
	person
	Listed ranked       `json:"listed"` // as he stands in his lines
	Shifts []shift.Span `json:"shifts,omitempty"`
}

// picturedLots are the lots of a queue that draws.
type picturedLots struct {
	Clock int64   `json:"clock"`
	Drawn []int64 `json:"drawn"` // by agent, in the order of names
}

type picturedPhone struct {
	Name  string        `json:"name"`
	Agent string        `json:"agent,omitempty"`
	Away  bool          `json:"away,omitempty"`
	Told  bool          `json:"told,omitempty"`
	Busy  bool          `json:"busy,omitempty"`
	Heard time.Duration `json:"heard,omitempty"`
	Since time.Duration `json:"since,omitempty"`
}

type picturedTicket struct {
	ID        uint64         `json:"id"`
	Entry     Entry          `json:"entry"`
	Since     time.Duration  `json:"since"`
	Entered   time.Duration  `json:"entered"`
	Step      int            `json:"step,omitempty"`
	Missed    []picturedMiss `json:"missed,omitempty"`
	PausedTil time.Duration  `json:"paused_til,omitempty"`
	Untaken   int            `json:"untaken,omitempty"`
	Told      int            `json:"told,omitempty"`
	Queue     *QueueSpec     `json:"queue,omitempty"` // of a queue that is no more
	Prefers   bool           `json:"prefers,omitempty"`
	Offer     *picturedOffer `json:"offer,omitempty"`
	Back      *picturedBack  `json:"back,omitempty"`
}

type picturedMiss struct {
	Agent string        `json:"agent"`
	Until time.Duration `json:"until"`
	Turn  uint64        `json:"turn"`
}

type picturedOffer struct {
	At    time.Duration `json:"at"`
	More  time.Duration `json:"more"`
	Until time.Duration `json:"until,omitempty"`
	Taken bool          `json:"taken,omitempty"`
	Spec  QueueSpec     `json:"spec"`
	Seats []uint64      `json:"seats"` // in the order rung, those over too
}

type picturedSeat struct {
	ID       uint64    `json:"id"`
	Agent    string    `json:"agent"`
	Number   uint64    `json:"number"` // of the ticket
	Spec     QueueSpec `json:"spec"`
	Queue    string    `json:"queue"`
	Call     string    `json:"call"`
	Reason   string    `json:"reason,omitempty"`
	Answered bool      `json:"answered,omitempty"`
}

// picture copies the board between two turns. It costs one walk over the floor, and
// nothing of it is written or encoded here.
func (b *board) picture() *Picture {
	p := &Picture{
		At: b.now, Zero: b.zero, Plan: b.routes.plan, IDs: b.ids, Missing: b.ids.Turn, Recent: maps.Clone(b.recent), Counters: b.count,
		Agents: make([]pictured, 0, len(b.agents)), Tickets: make([]picturedTicket, 0, len(b.tickets)),
	}
	p.Paces, p.Lots, p.Reaches = b.paces.copied(), map[string]picturedLots{}, map[string]reach{}
	for name, q := range b.routes.queues {
		p.Reaches[name] = q.reach
		if q.lots != nil {
			p.Lots[name] = picturedLots{q.lots.clock, slices.Clone(q.lots.drawn)}
		}
	}
	if b.weighing.pos > 0 {
		at := b.weighing.at
		p.Weighing = &at
	}
	p.Levels = make(map[string]level, len(b.levels))
	for name, l := range b.levels {
		p.Levels[name] = *l
	}
	p.Outages = make(map[string]outage, len(b.outages))
	for beginning, o := range b.outages {
		p.Outages[beginning] = *o
	}
	p.Carriers = maps.Clone(b.carriers)
	if b.reckon.pos > 0 {
		at := b.reckon.at
		p.Reckon, p.Reckoned = &at, b.reckoned
	}
	for _, a := range b.agents {
		p.Agents = append(p.Agents, pictured{person: a.person, Listed: a.ranked, Shifts: a.shifts})
	}
	for name, q := range b.phones {
		on := picturedPhone{Name: name, Away: q.away, Told: q.told, Busy: q.busy, Heard: q.heard, Since: q.since}
		if q.agent != nil {
			on.Agent = q.agent.Name
		}
		p.Phones = append(p.Phones, on)
	}
	for _, t := range b.tickets {
		p.Tickets = append(p.Tickets, b.pictureTicket(t))
	}
	for _, s := range b.seats {
		p.Seats = append(p.Seats, picturedSeat{
			ID: s.id, Agent: s.agent.Name, Number: s.number, Spec: s.spec, Queue: s.queue, Call: s.call,
			Reason: s.reason, Answered: s.answered,
		})
	}
	return p
}

func (b *board) pictureTicket(t *ticket) picturedTicket {
	p := picturedTicket{
		ID: t.id, Entry: t.entry, Since: t.since, Entered: t.entered, Step: t.step, PausedTil: t.pausedTil,
		Untaken: t.untaken, Told: t.told.position, Prefers: t.prefer != nil,
	}
	p.Back = t.pictureBack()
	if b.routes.queues[t.entry.Queue] != t.class.queue {
		spec := t.class.queue.spec.retired()
		p.Queue = &spec
	}
	for a, bar := range t.missed {
		p.Missed = append(p.Missed, picturedMiss{a.Name, bar.until, bar.turn})
	}
	if o := t.offer; o != nil {
		p.Offer = &picturedOffer{At: o.at, More: o.more, Until: o.until, Taken: o.taken, Spec: o.spec}
		for _, s := range o.seats {
			if b.seats[s.id] == s {
				p.Offer.Seats = append(p.Offer.Seats, s.id)
			}
		}
	}
	return p
}

// restore makes the board of a picture.
func (p *Picture) restore() (*board, error) {
	r, err := prepare(p.Plan)
	if err != nil {
		return nil, err
	}
	b := newBoard()
	b.now, b.zero, b.ids, b.count, b.routes = p.At, p.Zero, p.IDs, p.Counters, r
	b.ids.Turn = p.Missing
	b.recent = maps.Clone(p.Recent)
	if b.recent == nil {
		b.recent = map[string]string{}
	}
	b.restoreQueues(p)
	for _, one := range p.Agents {
		a := newAgent(one.person)
		a.ranked, a.shifts = one.Listed, one.Shifts
		b.planned = b.planned || len(a.shifts) > 0
		b.agents[a.Name] = a
	}
	b.meet(r)
	r.farthest = r.reckonFarthest()
	for _, name := range r.order {
		b.classFor(r.queues[name], nil, easyCaller)
	}
	if err := b.restorePhones(p.Phones); err != nil {
		return nil, err
	}
	if err := b.restoreCallers(p); err != nil {
		return nil, err
	}
	b.lineUp()
	if p.Weighing != nil {
		b.alarms.set(&b.weighing, *p.Weighing)
	}
	if p.Reckon != nil {
		b.alarms.set(&b.reckon, *p.Reckon)
		b.reckoned = p.Reckoned
	}
	return b, nil
}

// restoreQueues puts back what queues have learnt and drawn.
func (b *board) restoreQueues(p *Picture) {
	for name, pace := range p.Paces {
		b.paces[name] = &pace
	}
	for name, l := range p.Levels {
		b.levels[name] = &l
	}
	for beginning, o := range p.Outages {
		b.outages[beginning] = &o
	}
	maps.Copy(b.carriers, p.Carriers)
	for name, q := range b.routes.queues {
		q.pace = b.paces.of(name)
		var told bool
		if q.reach, told = p.Reaches[name]; !told { // a picture of an older version
			q.reach = b.reckonReach(q)
		}
		if q.reserve != nil {
			q.reserve.level = b.levels[name]
		}
		if lots, ok := p.Lots[name]; ok && q.lots != nil && len(lots.Drawn) == len(q.lots.drawn) {
			q.lots.clock = lots.Clock
			copy(q.lots.drawn, lots.Drawn)
		}
	}
}

func (b *board) restorePhones(phones []picturedPhone) error {
	for _, on := range phones {
		q := b.phone(on.Name)
		*q = phone{away: on.Away, told: on.Told, busy: on.Busy, heard: on.Heard, since: on.Since}
		if on.Agent == "" {
			continue
		}
		if q.agent = b.agents[on.Agent]; q.agent == nil {
			return fmt.Errorf("phone %s: agent %s: %w", on.Name, on.Agent, ErrNoAgent)
		}
	}
	return nil
}

// restoreCallers puts tickets, offers and conversations back.
func (b *board) restoreCallers(p *Picture) error {
	for _, one := range p.Seats {
		s := &seat{
			id: one.ID, agent: b.agents[one.Agent], number: one.Number, spec: one.Spec, queue: one.Queue, call: one.Call,
			reason: one.Reason, answered: one.Answered,
		}
		if s.agent == nil {
			return fmt.Errorf("assignment %d: agent %s: %w", s.id, one.Agent, ErrNoAgent)
		}
		s.agent.seat, b.seats[s.id] = s, s
	}
	slices.SortFunc(p.Tickets, func(x, y picturedTicket) int { return cmp.Compare(x.ID, y.ID) })
	for i := range p.Tickets {
		if err := b.restoreTicket(&p.Tickets[i]); err != nil {
			return fmt.Errorf("ticket %d: %w", p.Tickets[i].ID, err)
		}
	}
	b.rearmBacks() // now that all who share a number are known
	return nil
}

func (b *board) restoreTicket(one *picturedTicket) error {
	entry := one.Entry
	entry.Data = plain(entry.Data)
	t := b.newTicket(one.ID, entry)
	t.since, t.entered, t.pausedTil, t.untaken, t.told.position = one.Since, one.Entered, one.PausedTil, one.Untaken, one.Told
	if a := b.agents[one.Entry.Prefer]; one.Prefers && a != nil {
		t.prefer, a.wanted = a, append(a.wanted, t)
	}
	for _, m := range one.Missed {
		a := b.agents[m.Agent]
		if a == nil {
			return fmt.Errorf("agent %s: %w", m.Agent, ErrNoAgent)
		}
		if t.missed == nil {
			t.missed = map[*agent]barred{}
		}
		t.missed[a] = barred{m.Until, m.Turn}
	}
	if o := one.Offer; o != nil {
		t.offer = &offer{at: o.At, more: o.More, until: o.Until, taken: o.Taken, spec: o.Spec}
		for _, id := range o.Seats {
			s := b.seats[id]
			if s == nil {
				return fmt.Errorf("assignment %d: %w", id, ErrStale)
			}
			s.ticket = t
			t.offer.seats = append(t.offer.seats, s)
		}
	}
	q, err := b.queueOf(one)
	if err != nil {
		return err
	}
	if err := b.restoreBack(t, one.Back, q); err != nil {
		return err
	}
	t.class = b.classFor(q, t.entry.Data, t.entry.kind())
	t.class.enter()
	if t.step = one.Step; t.step >= len(q.steps) {
		return fmt.Errorf("queue %s has no step %d", q.spec.Name, t.step)
	}
	if t.offer == nil && t.pausedTil <= b.now.Mono && (one.Back == nil || one.Back.Listed) {
		t.enlist()
	}
	b.arm(t)
	return nil
}

// queueOf is the queue of a ticket: one of the plan, or, when the plan has dropped it
// while an offer was out, one that knows its times but serves nobody any more.
func (b *board) queueOf(t *picturedTicket) (*queue, error) {
	if t.Queue == nil {
		if q := b.routes.queues[t.Entry.Queue]; q != nil {
			return q, nil
		}
		return nil, fmt.Errorf("queue %s: %w", t.Entry.Queue, ErrNoQueue)
	}
	q, err := b.routes.queue(t.Queue.retired(), newDictionary(nil))
	if err != nil {
		return nil, err
	}
	for i := range q.steps {
		clear(q.steps[i].able)
	}
	return q, nil
}

// retired is what is left of a queue that is no more: its times, and nothing that names
// agents or what is known of calls.
func (q QueueSpec) retired() QueueSpec {
	q.Needs, q.Agents, q.Reserve, q.Boosts, q.Relax = "", nil, nil, nil, slices.Clone(q.Relax)
	for i := range q.Relax {
		q.Relax[i] = Relax{After: q.Relax[i].After}
	}
	return q
}

// lineUp lists, counts and wakes every agent, each as he was listed.
func (b *board) lineUp() {
	lots := map[*queue][]int64{}
	for _, q := range b.routes.queues {
		if q.lots != nil {
			lots[q] = slices.Clone(q.lots.drawn)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.agents)) {
		a := b.agents[name]
		was := a.ranked
		if b.refresh(a) {
			b.stepIn(a, false)
			a.ranked = was // as he stood, not as he would now
			for q, drawn := range lots {
				q.lots.drawn[a.rank] = drawn[a.rank]
			}
			b.stepIn(a, true)
		}
		a.ranked = was
	}
	b.turn.flagged = b.turn.flagged[:0]
}
