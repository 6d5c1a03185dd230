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
	DoubleOffers []time.Time // an agent was offered a caller while having one, or two agents had one caller
	WrapUpsCut   []time.Time // a wrap-up ended before its time and not by the agent
	RestsCut     []time.Time
	WrapUps      []time.Time // all that ended by their clock
}

func (b *Broken) forget(before time.Time) {
	old := func(t time.Time) bool { return t.Before(before) }
	for _, list := range []*[]time.Time{&b.DoubleOffers, &b.WrapUpsCut, &b.RestsCut, &b.WrapUps} {
		*list, _ = parted(*list, old)
	}
}

// Broken gives the moments; the caller must not change them.
func (p *Past) Broken() Broken { return p.broken }

// countWrapUp judges a wrap-up that ended by the floor's clock.
func (p *Past) countWrapUp(w *Work, at acd.Stamp) {
	p.broken.WrapUps = append(p.broken.WrapUps, at.Wall)
	if between(w.finished, at) < between(w.finished, w.due)+w.added-grain {
		p.broken.WrapUpsCut = append(p.broken.WrapUpsCut, at.Wall)
	}
}

// onlyOne judges whether the caller was answered by one agent alone.
func (p *Past) onlyOne(w *Work) {
	if _, twice := p.answers[w.ticket]; twice {
		p.broken.DoubleOffers = append(p.broken.DoubleOffers, w.answered.Wall)
	}
	p.answers[w.ticket] = w.answered.Wall
}

// Talk is that somebody answered a caller. It tells whose talks follow upon each other, and
// nobody's name.
type Talk struct {
	Who   uint64 // the same for all talks of one person
	At    time.Time
	After time.Duration // from the end of the person's talk before to this offer; -1 = there was none, or its end is not known
}

// answers notes that a work has become a talk.
func (a *person) answers(w *Work, at acd.Stamp) {
	if again := !w.answered.Wall.IsZero(); again {
		w.answered = at
		return
	}
	w.answered = at
	t := Talk{Who: a.number, At: at.Wall, After: -1}
	if a.last != nil && !a.last.finished.Wall.IsZero() {
		t.After = between(a.last.finished, w.offered)
	}
	a.talks, a.last = append(a.talks, t), w
}

// Talks gives every talk that was answered, each person's in their order.
func (p *Past) Talks() iter.Seq[Talk] {
	return func(yield func(Talk) bool) {
		for _, a := range p.people {
			for _, t := range a.talks {
				if !yield(t) {
					return
				}
			}
		}
	}
}
