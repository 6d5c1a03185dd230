package shield

import (
	"maps"
	"slices"
	"time"

	"breakwater/acd"
)

// callLasts is for how long after its last conversation a call is known: one that comes
// back from a menu is the same call, and as protected. After so long a silence it is another.
const callLasts = 24 * time.Hour

// Settles is how long ago a moment must be for Settled.
const Settles = callLasts

// silent tells whether nothing from a moment on can be of this call.
func (c *conversation) silent(before time.Time) bool { return c.open == 0 && c.last.Before(before) }

// settled tells whether nothing that comes can change the work: a protected one stays so,
// and the others once their call was silent for so long.
func (w *Work) settled(before time.Time) bool {
	return w.over() && (w.protected() || w.call.silent(before))
}

// Settled takes out what nothing that comes can change, and gives it as a past of its own.
// Whoever reads a long time counts that and lets it go: what stays here are works of the
// newest day. before is Settles before the newest event.
func (p *Past) Settled(before time.Time) *Past {
	out := NewPast()
	settled := func(w *Work) bool { return w.settled(before) }
	for name, works := range p.works {
		if p.works[name], out.works[name] = parted(works, settled); len(p.works[name]) == 0 {
			delete(p.works, name)
		}
	}
	for name, a := range p.people {
		was := &person{name: name, number: a.number, talks: a.talks}
		out.people[name], a.talks = was, nil
		a.works, was.works = parted(a.works, settled)
		a.spells, was.spells = parted(a.spells, func(s spell) bool { return s.work == nil || settled(s.work) })
		if a.gone() && a.since.Wall.Before(before) {
			delete(p.people, name)
		}
	}
	out.broken, p.broken = p.broken, Broken{}
	maps.DeleteFunc(p.calls, func(_ string, c *conversation) bool { return c.silent(before) })
	maps.DeleteFunc(p.answers, func(_ uint64, at Moment) bool { return at.Before(before) })
	return out
}

// gone tells whether there is nothing to know of the person any more.
func (a *person) gone() bool {
	return len(a.works)+len(a.spells)+len(a.talks) == 0 && a.work == nil && a.state == acd.LoggedOut
}

// parted gives what stays and what goes, in memory of their own when anything goes.
func parted[T any](all []T, goes func(T) bool) (stays, gone []T) {
	if !slices.ContainsFunc(all, goes) {
		return all, nil
	}
	for _, one := range all {
		if goes(one) {
			gone = append(gone, one)
		} else {
			stays = append(stays, one)
		}
	}
	return stays, gone
}

// Forget drops what was over before a moment. What goes on is kept.
func (p *Past) Forget(before time.Time) {
	old := func(w *Work) bool { return w.over() && w.closed.Before(before) }
	for name, works := range p.works {
		if p.works[name] = without(works, old); len(p.works[name]) == 0 {
			delete(p.works, name)
		}
	}
	for name, a := range p.people {
		a.works = without(a.works, old)
		a.spells = without(a.spells, func(s spell) bool { return s.end().Before(before) })
		a.talks = without(a.talks, func(t talk) bool { return t.at.Before(before) })
		if a.gone() {
			delete(p.people, name)
		}
	}
	maps.DeleteFunc(p.calls, func(_ string, c *conversation) bool { return c.over(before) })
	maps.DeleteFunc(p.answers, func(_ uint64, at Moment) bool { return at.Before(before) })
	p.broken.forget(before)
}

// without drops what goes, in place; where that leaves much room, in memory of its own.
func without[T any](all []T, goes func(T) bool) []T {
	stays := slices.DeleteFunc(all, goes)
	if cap(stays) > 2*len(stays) {
		return slices.Clone(stays)
	}
	return stays
}

// over tells whether nothing after a moment can need the conversation: a protected one is
// known for callLasts more.
func (c *conversation) over(before time.Time) bool {
	if c.protected {
		before = before.Add(-callLasts)
	}
	return c.silent(before)
}

// Facts is how many things are known, which is what the memory grows with. Calls do not
// count: there are no more than works, but for the protected ones of the last day.
func (p *Past) Facts() int {
	n := len(p.answers) + len(p.broken.WrapUps)
	for _, a := range p.people {
		n += len(a.works) + len(a.spells) + len(a.talks)
	}
	return n
}

// Fates is what is known of works by the numbers of their assignments, for streams that
// name people.
type Fates struct {
	protected, open map[uint64]bool
}

// NewFates knows of none.
func NewFates() *Fates { return &Fates{protected: map[uint64]bool{}, open: map[uint64]bool{}} }

// Take notes the works of a past, and forgets none that it knew.
func (f *Fates) Take(p *Past) {
	for _, works := range p.works {
		for _, w := range works {
			if !w.over() {
				f.open[w.seat] = true
			}
			if w.protected() {
				f.protected[w.seat] = true
			}
		}
	}
}

// Open tells whether the work was not over: whether it will be protected is not known yet.
func (f *Fates) Open(seat uint64) bool { return f.open[seat] }

// Protected tells whether nobody may be told of the work.
func (f *Fates) Protected(seat uint64) bool { return f.protected[seat] }
