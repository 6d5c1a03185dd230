package shield

import (
	"iter"
	"maps"
	"math"
	"slices"
	"time"
	"unique"

	"breakwater/acd"
)

// Past is what agents did, as far as it was told. It is not safe for concurrent use.
type Past struct {
	people map[string]*person
	calls  map[string]*conversation
	works  map[string][]*Work // over or not, by queue, in the order of their offers
	broken Broken

	answers map[uint64]Moment // when each ticket was answered, by an agent and by who is called back

	spells  func(agent string) bool // whose time is noted; nil = everybody's
	persons uint64                  // how many were numbered
}

// person is one agent's past.
type person struct {
	name    string
	number  uint64
	known   bool // the state is: an event has told it
	state   acd.AgentState
	private bool
	since   acd.Stamp
	work    *Work // that is not over; nil = none
	works   []*Work
	spells  []spell
	talks   []talk
	last    *going // the newest that was answered
}

// NewPast knows nothing yet.
func NewPast() *Past { return NewPastOf(nil) }

// NewPastOf notes what time went into only of some agents: a past that nobody will ask for
// anybody's time holds much less.
func NewPastOf(spells func(agent string) bool) *Past {
	return &Past{
		spells: spells,
		people: map[string]*person{}, calls: map[string]*conversation{}, works: map[string][]*Work{}, answers: map[uint64]Moment{},
	}
}

// Add takes the next event of the ledger.
func (p *Past) Add(e *acd.Event) {
	if e.Kind == acd.KindUnreached { // nobody was on the line: the next try is no second answer
		delete(p.answers, e.Ticket)
	}
	if e.Agent == "" {
		return
	}
	a := p.people[e.Agent]
	if a == nil {
		p.persons++
		a = &person{name: e.Agent, number: p.persons}
		p.people[e.Agent] = a
	}
	if p.spells == nil || p.spells(e.Agent) {
		a.endSpell(e.At)
	}
	a.since = e.At
	switch e.Kind {
	case acd.KindPhoneBusy, acd.KindPhoneFree:
		a.private = e.Kind == acd.KindPhoneBusy
		return // the state lies under the call and does not change by it
	}
	p.toWork(a, e)
	if e.State != "" {
		a.known, a.state = true, e.State
	}
}

// endSpell closes the stretch of time until at.
func (a *person) endSpell(at acd.Stamp) {
	if s, ok := a.openSpell(at); ok {
		a.spells = append(a.spells, s)
	}
}

// openSpell is the stretch of time that goes on, until at.
func (a *person) openSpell(at acd.Stamp) (spell, bool) {
	what, counts := doing(a.state, a.private)
	took := between(a.since, at)
	if !a.known || !counts || took == 0 {
		return spell{}, false
	}
	s := newSpell(what, MomentOf(a.since.Wall), took)
	if what == Ringing || what == Talking || what == Wrapping {
		s.work = a.work
		if s.work == nil {
			return spell{}, false // of a work that began before what was told
		}
	}
	return s, true
}

// toWork takes the event to the agent's work.
func (p *Past) toWork(a *person, e *acd.Event) {
	if e.Kind == acd.KindOffered {
		p.begin(a, e)
		return
	}
	w := a.work
	if w == nil {
		return
	}
	w.call.heard(e.At.Wall)
	switch e.Kind {
	case acd.KindAnswered:
		a.answers(w, e.At)
		p.onlyOne(w)
	case acd.KindMissed, acd.KindStruckOut, acd.KindReleased:
		w.came, w.missed = unique.Make(e.Reason), true
		a.close(e.At)
	case acd.KindRestGranted:
		w.rest = &rest{level: e.Level, entitled: e.Length}
		w.call.protected = true
	case acd.KindFinished:
		w.finish(e)
	case acd.KindRecovered:
		w.lost = true
		w.call.protected = w.call.protected || !w.going.answered.Wall.IsZero() // of a ring, the rest of the call is as it was
		w.finish(e)
		delete(p.answers, w.going.ticket) // a callback whose number was being dialled is tried anew
	case acd.KindWrapUpExtended:
		w.going.added += e.Length
	case acd.KindWrapUpOver:
		p.countWrapUp(w, e.At)
		a.wrapped(e.At)
	case acd.KindWrapUpEnded:
		a.wrapped(e.At)
	case acd.KindRestExtended:
		w.owed().entitled = e.Length
	case acd.KindRestDeclined, acd.KindRestOver:
		p.endRest(a, e)
	case acd.KindLogOut:
		if a.state == acd.WrapUp {
			a.wrapped(e.At)
		}
	}
}

// begin opens a work. Whatever is open then was a double offer.
func (p *Past) begin(a *person, e *acd.Event) {
	if old := a.work; old != nil {
		p.broken.DoubleOffers = append(p.broken.DoubleOffers, MomentOf(e.At.Wall))
		a.close(e.At)
	}
	c := p.calls[e.Call]
	if c == nil || c.open == 0 && e.At.Wall.Sub(c.last.Time()) > callLasts { // after a day of silence it is another call
		c = &conversation{}
		p.calls[e.Call] = c
	}
	c.heard(e.At.Wall)
	c.open++
	w := &Work{
		queue: unique.Make(e.Queue), call: c, seat: e.Assignment, seen: true, offered: MomentOf(e.At.Wall), came: unique.Make(""),
		going: &going{ticket: e.Ticket, offered: e.At},
	}
	a.work = w
	a.works = append(a.works, w)
	p.works[e.Queue] = append(p.works[e.Queue], w)
}

// finish notes the end of the talk, or what is known of it after a crash.
func (w *Work) finish(e *acd.Event) {
	g := w.going
	g.finished, g.talk, g.due = e.At, e.Talk, later(e.At, e.Length)
	w.came, w.raised, w.shielded, w.warnings = unique.Make(e.Reason), e.Talk.Raised, e.Talk.Protected, uint16(min(e.Talk.Warnings, math.MaxUint16))
	if e.Talk.Protected {
		w.call.protected = true
	}
}

// wrapped ends the wrap-up; the work goes on while a rest is owed.
func (a *person) wrapped(at acd.Stamp) {
	w := a.work
	w.going.wrapped = at
	if w.level() == 0 || w.rest.over {
		a.close(at)
		return
	}
	w.rest.began = at
}

func (p *Past) endRest(a *person, e *acd.Event) {
	w := a.work
	r := w.owed()
	r.over, r.declined = true, e.Kind == acd.KindRestDeclined
	if r.began.Wall.IsZero() { // declined in the wrap-up
		return
	}
	r.taken = between(r.began, e.At)
	if e.Kind == acd.KindRestOver && r.taken < r.entitled-grain {
		p.broken.RestsCut = append(p.broken.RestsCut, MomentOf(e.At.Wall))
	}
	a.close(e.At)
}

// close ends the agent's work.
func (a *person) close(at acd.Stamp) {
	a.work.end(at)
	a.work.call.open--
	a.work = nil
}

// later is a moment after another, on both clocks.
func later(s acd.Stamp, d time.Duration) acd.Stamp {
	s.Wall, s.Mono = s.Wall.Add(d), s.Mono+d
	return s
}

// Own gives what an agent did, as the own figures may know it; time that goes on is
// given until now.
func (p *Past) Own(agent string, now acd.Stamp) (iter.Seq[OwnWork], iter.Seq[OwnSpell]) {
	a := p.people[agent]
	if a == nil {
		a = &person{}
	}
	works := func(yield func(OwnWork) bool) {
		for _, w := range a.works {
			if o, ok := w.Own(); ok && !yield(o) {
				return
			}
		}
	}
	spells := func(yield func(OwnSpell) bool) {
		for i := range a.spells {
			if o, ok := a.spells[i].own(); ok && !yield(o) {
				return
			}
		}
		if s, ok := a.openSpell(now); ok {
			if o, ok := s.own(); ok {
				yield(o)
			}
		}
	}
	return works, spells
}

// Shield is a work that an agent's figures do not hold, for the agent to see what was left
// out and why.
type Shield struct {
	Queue string    `json:"queue"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Why   string    `json:"why"` // warned, protected, rest, server-restarted, or same-call: another conversation of the call
}

// Shields gives the agent's own works that figures leave out.
func (p *Past) Shields(agent string) iter.Seq[Shield] {
	return func(yield func(Shield) bool) {
		a := p.people[agent]
		if a == nil {
			return
		}
		for _, w := range a.works {
			if w.seen && w.over() && w.protected() && !yield(Shield{w.queue.Value(), w.offered.Time(), w.closed.Time(), w.why()}) {
				return
			}
		}
	}
}

// ForQueue gives a queue's works, protected or not, without the people.
func (p *Past) ForQueue(queue string) iter.Seq[QueueWork] {
	return func(yield func(QueueWork) bool) {
		for _, w := range p.works[queue] {
			if q, ok := w.ForQueue(); ok && !yield(q) {
				return
			}
		}
	}
}

// Queues gives the queues that were told of, by name.
func (p *Past) Queues() []string { return slices.Sorted(maps.Keys(p.works)) }
