package figures

import (
	"time"

	"breakwater/acd/figures/shield"
)

// agentSums is what figures of a person or a team are computed from. It can only be
// given own works and own spells: what is protected has no way in.
type agentSums struct {
	work  workSums
	times [shield.Doings]time.Duration
}

// take counts an own work that is over.
func (s *agentSums) take(w shield.OwnWork) {
	talk, held, wrap, talked := w.Handled()
	switch {
	case talked:
		s.work.offers++
		s.work.talks++
		s.work.talk += talk
		s.work.held += held
		s.work.wrap += wrap
		if w.Transferred() {
			s.work.transferred++
		}
	case w.Miss() != "":
		s.work.offers++
		s.work.misses[missKind(w.Miss())]++
	}
}

func (s *agentSums) add(o *agentSums) {
	s.work.add(&o.work)
	for i, d := range o.times {
		s.times[i] += d
	}
}

// loggedIn is all the time that figures know of.
func (s *agentSums) loggedIn() (sum time.Duration) {
	for _, d := range s.times {
		sum += d
	}
	return sum
}

// own gives an agent's sums for each period.
func (e *Engine) own(agent string, cuts Cuts, now time.Time) []agentSums {
	out := make([]agentSums, cuts.Len())
	works, spells := e.past.Own(agent, e.until(now))
	for w := range works {
		if i := cuts.at(w.Closed()); i >= 0 {
			out[i].take(w)
		}
	}
	for s := range spells {
		from, took := s.Span()
		cuts.spread(from, took, func(i int, d time.Duration) { out[i].times[s.Doing()] += d })
	}
	return out
}

// OwnFigures are one person's figures, for that person alone.
type OwnFigures struct {
	Work    Work            `json:"work"`
	Shields []shield.Shield `json:"left_out"` // what the figures do not hold, and why
}

// Work is how work went: of one person for that person, or of a team.
type Work struct {
	Handling     Handling `json:"handling"`
	Offers       Offers   `json:"offers"`
	LoggedIn     Span     `json:"logged_in_seconds"` // without everything that is protected
	Idle         Span     `json:"ready_seconds"`
	Away         Span     `json:"not_ready_seconds"`
	Private      Span     `json:"other_calls_seconds"` // in calls that are not a queue's
	Occupancy    Ratio    `json:"occupancy"`
	Utilisation  Ratio    `json:"utilisation"`
	Availability Ratio    `json:"availability"`
	Shrinkage    Ratio    `json:"shrinkage"`
}

func (s *agentSums) figures() Work {
	t := &s.times
	handling, logged := t[shield.Talking]+t[shield.Wrapping], s.loggedIn()
	busy := t[shield.Ringing] + handling
	return Work{
		Handling: s.work.handling(), Offers: s.work.asOffers(),
		LoggedIn: Span(logged), Idle: Span(t[shield.Idle]), Away: Span(t[shield.Away]), Private: Span(t[shield.Private]),
		Occupancy:    part(busy, busy+t[shield.Idle]),
		Utilisation:  part(handling, logged),
		Availability: part(t[shield.Idle], logged),
		Shrinkage:    part(t[shield.Away]+t[shield.Private], logged),
	}
}

// Own gives an agent's own figures for each period; time that goes on counts until now.
func (e *Engine) Own(agent string, cuts Cuts, now time.Time) []OwnFigures {
	sums := e.own(agent, cuts, now)
	out := make([]OwnFigures, len(sums))
	for i := range sums {
		out[i] = OwnFigures{Work: sums[i].figures(), Shields: []shield.Shield{}}
	}
	for s := range e.past.Shields(agent) {
		if i := cuts.at(s.To); i >= 0 {
			out[i].Shields = append(out[i].Shields, s)
		}
	}
	return out
}
