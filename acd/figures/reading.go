package figures

import (
	"time"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// sweepEvery is how often, by the time of the events, a reading lets go of what it counted.
const sweepEvery = time.Hour

// reading computes the figures of a time from a past that is told from its beginning to
// its end, however long. Of facts it holds those of the newest day (shield.Settled), and
// with repeats the callers of a week.
type reading struct {
	*Engine
	sums  *tally
	swept time.Time
}

// newReading begins. Without repeats nobody notes who calls.
func newReading(r Rules, cuts Cuts, of scope, repeats bool) *reading {
	t := newTally(r, cuts, of)
	e := New(r)
	e.past = shield.NewPastOf(t.wants)
	if !repeats {
		e.called = nil
	}
	return &reading{Engine: e, sums: t}
}

// take adds the next event, and lets go of what is settled.
func (r *reading) take(ev acd.Event) error {
	r.Add(ev)
	if now := r.latest.Wall; now.Sub(r.swept).Abs() >= sweepEvery { // clocks are set back, too
		r.swept = now
		r.sweep(now.Add(-shield.Settles))
		return r.sums.rows()
	}
	return nil
}

// sweep counts what nothing can change any more.
func (r *reading) sweep(before time.Time) {
	r.callers()
	r.sums.past(r.past.Settled(before), acd.Stamp{})
	r.forgetCallers(before)
}

// callers counts what happened to callers. Only whether they call again can change: that is
// taken back from the sums when they do.
func (r *reading) callers() {
	for queue, all := range r.visits {
		r.sums.visits(queue, all)
		for _, v := range all {
			if i := r.sums.cuts.at(v.at.Time()); i >= 0 && v.first != nil && !v.first.again && r.sums.asks(queue) {
				v.first.settled = &r.sums.row(queue)[i].known.settled
			}
		}
	}
	clear(r.visits)
}

// end counts the rest, and gives the sums. told is the moment up to which everything is
// known.
func (r *reading) end(now time.Time) (*tally, error) {
	r.callers()
	r.sums.past(r.past, r.until(now))
	r.sums.knows = r.known()
	return r.sums, r.sums.rows()
}
