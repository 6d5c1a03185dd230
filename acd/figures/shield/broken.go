package shield

import (
	"iter"
	"time"

	"breakwater/acd"
)

// grain is how much earlier than promised something may end before it counts: the
// moments of events are not finer.
const grain = 100 * time.Millisecond

// Broken are the moments at which a promise was broken, read from the events without
// the floor's own counters. All of them must be empty.
type Broken struct {
	DoubleOffers []Moment // an agent was offered a caller while having one, or two agents had one caller
	WrapUpsCut   []Moment // a wrap-up ended before its time and not by the agent
	RestsCut     []Moment
	WrapUps      []Moment // all that ended by their clock
}

func (b *Broken) forget(before time.Time) {
	old := func(t Moment) bool { return t.Before(before) }
	for _, list := range []*[]Moment{&b.DoubleOffers, &b.WrapUpsCut, &b.RestsCut, &b.WrapUps} {
		*list = without(*list, old)
	}
}

// Broken gives the moments; the caller must not change them.
func (p *Past) Broken() Broken { return p.broken }

// countWrapUp judges a wrap-up that ended by the floor's clock.
func (p *Past) countWrapUp(w *Work, at acd.Stamp) {
	p.broken.WrapUps = append(p.broken.WrapUps, MomentOf(at.Wall))
	g := w.going
	if between(g.finished, at) < between(g.finished, g.due)+g.added-grain {
		p.broken.WrapUpsCut = append(p.broken.WrapUpsCut, MomentOf(at.Wall))
	}
}

// onlyOne judges whether the caller was answered by one agent alone.
func (p *Past) onlyOne(w *Work) {
	ticket, answered := w.going.ticket, MomentOf(w.going.answered.Wall)
	if _, twice := p.answers[ticket]; twice {
		p.broken.DoubleOffers = append(p.broken.DoubleOffers, answered)
	}
	p.answers[ticket] = answered
}

// Talk is that somebody answered a caller. It tells whose talks follow upon each other, and
// nobody's name.
type Talk struct {
	Who   uint64 // the same for all talks of one person
	At    time.Time
	After time.Duration // from the end of the person's talk before to this offer; -1 = there was none, or its end is not known
}

// talk is a Talk as it is kept of a person.
type talk struct {
	at    Moment
	after time.Duration
}

// answers notes that a work has become a talk.
func (a *person) answers(w *Work, at acd.Stamp) {
	g := w.going
	again := !g.answered.Wall.IsZero()
	if g.answered = at; again {
		return
	}
	t := talk{at: MomentOf(at.Wall), after: -1}
	if a.last != nil && !a.last.finished.Wall.IsZero() {
		t.after = between(a.last.finished, g.offered)
	}
	a.talks, a.last = append(a.talks, t), g
}

// Talks gives every talk that was answered, each person's in their order.
func (p *Past) Talks() iter.Seq[Talk] {
	return func(yield func(Talk) bool) {
		for _, a := range p.people {
			for _, t := range a.talks {
				if !yield(Talk{a.number, t.at.Time(), t.after}) {
					return
				}
			}
		}
	}
}
