package figures

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// mostRows bounds an answer: a month of half hours of sixty queues, about 40 MiB of sums.
const mostRows = 100_000

// scope is whose figures are asked for.
type scope struct {
	queues bool
	queue  string   // this one alone; "" = all
	people []string // time and work of these
	house  bool     // protection
}

// tally is what figures of a time are computed from: the sums of each period of it. Facts
// are put in and not kept, all at once (Engine.tally) or as a long past is read (reading).
type tally struct {
	of     scope
	rules  Rules
	cuts   Cuts
	queues map[string][]queueSums // nil = of a queue in which nothing counted
	people map[string][]ownSums
	house  []houseSums
	runs   map[uint64]run // of each person, by number
	knows  known
}

// ownSums are one person's.
type ownSums struct {
	agentSums
	shields []shield.Shield // what is left out
}

// houseSums is what protection did in the whole house.
type houseSums struct {
	care         careSums
	talks        int
	wrapUps      int // that ended by their clock
	wrapUpsCut   int
	restsCut     int
	doubleOffers int
	longestRun   int
}

// run is how many talks of one person followed upon each other in a period.
type run struct{ period, talks int }

func newTally(r Rules, cuts Cuts, of scope) *tally {
	t := &tally{
		of: of, rules: r, cuts: cuts, queues: map[string][]queueSums{}, people: map[string][]ownSums{},
		house: make([]houseSums, cuts.Len()), runs: map[uint64]run{},
	}
	for _, agent := range of.people {
		t.people[agent] = make([]ownSums, cuts.Len())
	}
	return t
}

// wants tells whether somebody's time is asked for.
func (t *tally) wants(agent string) bool { return t.people[agent] != nil }

// row gives the sums of a queue.
func (t *tally) row(queue string) []queueSums {
	if t.queues[queue] == nil {
		t.queues[queue] = make([]queueSums, t.cuts.Len())
	}
	return t.queues[queue]
}

// asks tells whether a queue's figures are asked for, and notes that there is one.
func (t *tally) asks(queue string) bool {
	if !t.of.queues || t.of.queue != "" && t.of.queue != queue {
		return false
	}
	if _, told := t.queues[queue]; !told {
		t.queues[queue] = nil
	}
	return true
}

// rows says whether there are too many.
func (t *tally) rows() error {
	if n := len(t.queues) * t.cuts.Len(); n > mostRows && len(t.queues) > 1 {
		return fmt.Errorf("%w: %d queues in %d periods are more than %d figures: ask for one queue, or for fewer or longer periods",
			ErrAsk, len(t.queues), t.cuts.Len(), mostRows)
	}
	return nil
}

// visits counts what happened to callers of a queue.
func (t *tally) visits(queue string, all []visit) {
	if !t.asks(queue) {
		return
	}
	for _, v := range all {
		if i := t.cuts.at(v.at.Time()); i >= 0 {
			t.row(queue)[i].visit(v, t.rules.withinOf(queue), t.rules.Short)
		}
	}
}

// past counts what agents did; time that goes on counts until now.
func (t *tally) past(p *shield.Past, now acd.Stamp) {
	for _, queue := range p.Queues() {
		t.works(queue, p)
	}
	for agent := range t.people {
		t.person(agent, p, now)
	}
	if t.of.house {
		t.promises(p)
	}
}

// works counts the works of a queue.
func (t *tally) works(queue string, p *shield.Past) {
	asked := t.asks(queue)
	if !asked && !t.of.house {
		return
	}
	for w := range p.ForQueue(queue) {
		i := t.cuts.at(w.Closed)
		if i < 0 {
			continue
		}
		if asked {
			row := t.row(queue)
			row[i].work.take(w)
			row[i].care.take(w)
		}
		if t.house[i].care.take(w); w.Talked {
			t.house[i].talks++
		}
	}
}

// person counts the own work and time of an agent.
func (t *tally) person(agent string, p *shield.Past, now acd.Stamp) {
	sums := t.people[agent]
	works, spells := p.Own(agent, now)
	for w := range works {
		if i := t.cuts.at(w.Closed()); i >= 0 {
			sums[i].take(w)
		}
	}
	for s := range spells {
		from, took := s.Span()
		t.cuts.spread(from, took, func(i int, d time.Duration) { sums[i].times[s.Doing()] += d })
	}
	for s := range p.Shields(agent) {
		if i := t.cuts.at(s.To); i >= 0 {
			s.From, s.To = s.From.In(t.cuts.From().Location()), s.To.In(t.cuts.From().Location())
			sums[i].shields = append(sums[i].shields, s)
		}
	}
}

// promises counts what was broken, and how talks followed upon each other.
func (t *tally) promises(p *shield.Past) {
	broken := p.Broken()
	for _, c := range []struct {
		at []shield.Moment
		of func(*houseSums) *int
	}{
		{broken.WrapUps, func(s *houseSums) *int { return &s.wrapUps }},
		{broken.WrapUpsCut, func(s *houseSums) *int { return &s.wrapUpsCut }},
		{broken.RestsCut, func(s *houseSums) *int { return &s.restsCut }},
		{broken.DoubleOffers, func(s *houseSums) *int { return &s.doubleOffers }},
	} {
		for _, at := range c.at {
			if i := t.cuts.at(at.Time()); i >= 0 {
				*c.of(&t.house[i])++
			}
		}
	}
	for talk := range p.Talks() {
		i := t.cuts.at(talk.At)
		r := t.runs[talk.Who]
		if i != r.period || talk.After < 0 || talk.After >= t.rules.Gap {
			r = run{period: i}
		}
		r.talks++
		if t.runs[talk.Who] = r; i >= 0 {
			t.house[i].longestRun = max(t.house[i].longestRun, r.talks)
		}
	}
}

// names are those of the queues that were told of.
func (t *tally) names() []string { return slices.Sorted(maps.Keys(t.queues)) }

// known is what was told: who called again can only be said of what was.
type known struct {
	since, until time.Time // zero = who calls is not known
}

// remembers tells whether a week before the moment was told: else who called again is
// not known.
func (k known) remembers(from time.Time) bool {
	return !k.since.IsZero() && !k.since.Add(repeatWithin).After(from)
}

// foresees tells whether the week after the moment was told: else who will call again is
// not known.
func (k known) foresees(to time.Time) bool {
	return !k.until.IsZero() && !k.until.Before(to.Add(repeatWithin))
}
