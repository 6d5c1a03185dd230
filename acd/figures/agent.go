package figures

import (
	"cmp"
	"slices"
	"time"

	"breakwater/acd/figures/shield"
)

// agentSums is what figures of a person or a team are computed from. It can only be
// given own works and own spells: what is protected has no way in.
type agentSums struct {
	work  workSums
	load  time.Duration // a point a minute
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
		s.load += w.Load()
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
	s.load += o.load
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

// onQueues is the time in which there were calls of queues, or could have been: pauses and
// other calls leave a person neither more nor less loaded.
func (s *agentSums) onQueues() time.Duration {
	t := &s.times
	return t[shield.Ringing] + t[shield.Talking] + t[shield.Wrapping] + t[shield.Idle]
}

// loadPerHour is the load of an hour on queues.
func (s *agentSums) loadPerHour() Ratio { return Ratio{s.load.Minutes(), s.onQueues().Hours()} }

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
	Points       Points   `json:"load_points"`          // a minute of talk is one, a conversation with a raised voice five more
	PerHour      Ratio    `json:"load_points_per_hour"` // of an hour in ring, talk, wrap-up or ready
}

func (s *agentSums) figures() Work {
	t := &s.times
	handling, logged := t[shield.Talking]+t[shield.Wrapping], s.loggedIn()
	busy := s.onQueues() - t[shield.Idle]
	return Work{
		Handling: s.work.handling(), Offers: s.work.asOffers(),
		LoggedIn: Span(logged), Idle: Span(t[shield.Idle]), Away: Span(t[shield.Away]), Private: Span(t[shield.Private]),
		Occupancy:    part(busy, s.onQueues()),
		Utilisation:  part(handling, logged),
		Availability: part(t[shield.Idle], logged),
		Shrinkage:    part(t[shield.Away]+t[shield.Private], logged),
		Points:       Points(s.load),
		PerHour:      s.loadPerHour(),
	}
}

// own gives an agent's own figures for each period.
func (t *tally) own(agent string) []OwnFigures {
	sums := t.people[agent]
	out := make([]OwnFigures, len(sums))
	for i := range sums {
		left := append([]shield.Shield{}, sums[i].shields...)
		slices.SortStableFunc(left, func(a, b shield.Shield) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
		out[i] = OwnFigures{Work: sums[i].figures(), Shields: left}
	}
	return out
}

// Own gives an agent's own figures for each period; time that goes on counts until now.
func (e *Engine) Own(agent string, cuts Cuts, now time.Time) []OwnFigures {
	return e.tally(cuts, scope{people: []string{agent}}, now).own(agent)
}
