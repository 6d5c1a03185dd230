package figures

import (
	"time"

	"breakwater/acd/figures/shield"
)

// careSums is what protection had to do.
type careSums struct {
	protected, warnings, ended int
	rests, declined            int
	entitled, taken, spent     time.Duration
}

// byPolicy are call's words for a conversation that protection ended.
func byPolicy(cause string) bool {
	switch cause {
	case "protected_disconnect", "one_strike", "long_call_end":
		return true
	}
	return false
}

// take counts a work that is over.
func (s *careSums) take(w shield.QueueWork) {
	if byPolicy(w.Cause) {
		s.ended++
	}
	is := w.Shielded
	if !is.Protected {
		return
	}
	if w.Talked {
		s.protected++
	}
	s.warnings += is.Warnings
	s.spent += is.Spent
	if is.Rest > 0 {
		s.rests++
		s.entitled += is.Entitled
		s.taken += is.Taken
	}
	if is.Declined {
		s.declined++
	}
}

func (s *careSums) add(o *careSums) {
	s.protected += o.protected
	s.warnings += o.warnings
	s.ended += o.ended
	s.rests += o.rests
	s.declined += o.declined
	s.entitled += o.entitled
	s.taken += o.taken
	s.spent += o.spent
}

// Protection is what protecting people took and gave. It is about a queue or the house,
// never about a person.
type Protection struct {
	Protected int   `json:"protected"` // conversations
	Warnings  int   `json:"warnings"`
	Ended     int   `json:"policy_hangups"`
	PerMille  Ratio `json:"policy_hangups_per_1000"` // of 1,000 handled
	Rests     int   `json:"rests"`
	Declined  int   `json:"rests_declined"`
	Entitled  Span  `json:"rest_entitled_seconds"`
	Taken     Span  `json:"rest_taken_seconds"`
	TakenRate Ratio `json:"rest_taken_rate"`
	Spent     Span  `json:"protected_seconds"` // of agents, from the ring to the end of the rest: what abuse costs
}

func (s *careSums) figures(handled int) Protection {
	return Protection{
		Protected: s.protected, Warnings: s.warnings, Ended: s.ended, PerMille: Ratio{1000 * float64(s.ended), float64(handled)},
		Rests: s.rests, Declined: s.declined, Entitled: Span(s.entitled), Taken: Span(s.taken),
		TakenRate: part(s.taken, s.entitled), Spent: Span(s.spent),
	}
}

// CareFigures are the protection of the whole house, with the promises read from the
// events without the floor's own counters.
type CareFigures struct {
	Protection
	WrapUpsCut   int   `json:"wrapups_cut_short"` // must be 0
	WrapUpsRate  Ratio `json:"wrapups_cut_share"` // of those that ended by their clock; must be 0
	RestsCut     int   `json:"rests_cut_short"`   // must be 0
	DoubleOffers int   `json:"double_offers"`     // must be 0
	LongestRun   int   `json:"longest_run"`       // conversations of one agent in a row with less than the gap between them
}

// care gives the protection figures of each period.
func (t *tally) care() []CareFigures {
	out := make([]CareFigures, len(t.house))
	for i, s := range t.house {
		out[i] = CareFigures{
			Protection: s.care.figures(s.talks),
			WrapUpsCut: s.wrapUpsCut, WrapUpsRate: share(s.wrapUpsCut, s.wrapUps), RestsCut: s.restsCut,
			DoubleOffers: s.doubleOffers, LongestRun: s.longestRun,
		}
	}
	return out
}

// Care gives the protection figures of each period.
func (e *Engine) Care(cuts Cuts) []CareFigures {
	return e.tally(cuts, scope{house: true}, time.Time{}).care()
}
