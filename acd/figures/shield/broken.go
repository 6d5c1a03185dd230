package shield

import (
	"cmp"
	"slices"
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
		*list = kept(*list, old)
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

// LongestRun is how many conversations in a row, answered from from on and before to, one
// agent had with less than gap between the end of a talk and the next offer. It names
// nobody.
func (p *Past) LongestRun(from, to time.Time, gap time.Duration) (longest int) {
	for _, a := range p.people {
		talks := make([]*Work, 0, len(a.works))
		for _, w := range a.works {
			if at := w.answered.Wall; !at.IsZero() && !at.Before(from) && at.Before(to) {
				talks = append(talks, w)
			}
		}
		slices.SortStableFunc(talks, func(x, y *Work) int { return cmp.Compare(x.answered.Wall.UnixNano(), y.answered.Wall.UnixNano()) })
		run := 0
		for i, w := range talks {
			if i > 0 && !talks[i-1].finished.Wall.IsZero() && between(talks[i-1].finished, w.offered) < gap {
				run++
			} else {
				run = 1
			}
			longest = max(longest, run)
		}
	}
	return longest
}
