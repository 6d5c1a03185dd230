package figures

import (
	"time"
)

// RecentFor is how far back Book.Recent looks, at least; it begins with a whole minute.
const RecentFor = 15 * time.Minute

// recent is what happened in the last minutes before what is at hand: sums by the minute,
// for on a day of very many calls the facts of a quarter of an hour are too many to be kept.
type recent struct {
	upTo    time.Time // what was before it is in minutes, or too old; zero = nothing was dropped that is asked for
	minutes []minute  // in order
}

// minute is what happened in one, by queue.
type minute struct {
	at     time.Time // its beginning
	queues map[string]*queueSums
}

// recentFrom is with which minute the last quarter of an hour begins.
func recentFrom(now time.Time) time.Time { return now.Add(-RecentFor).Truncate(time.Minute) }

// count counts what will be dropped, everything before begins, as far as it may still be
// asked for.
func (r *recent) count(e *Engine, begins time.Time) {
	from := recentFrom(e.latest.Wall)
	for len(r.minutes) > 0 && r.minutes[0].at.Before(from) {
		r.minutes = r.minutes[1:]
	}
	if from = later(from, r.upTo); !begins.After(from) {
		return
	}
	cuts := Cuts{from}
	for at := from.Truncate(time.Minute).Add(time.Minute); at.Before(begins); at = at.Add(time.Minute) {
		cuts = append(cuts, at)
	}
	cuts = append(cuts, begins)
	t := e.tally(cuts, scope{queues: true}, time.Time{})
	for i := range cuts.Len() {
		r.add(cuts[i].Truncate(time.Minute), t, i)
	}
	r.upTo = begins
}

// add adds what a period tells to its minute.
func (r *recent) add(at time.Time, t *tally, period int) {
	if n := len(r.minutes); n == 0 || !r.minutes[n-1].at.Equal(at) {
		r.minutes = append(r.minutes, minute{at: at, queues: map[string]*queueSums{}})
	}
	m := r.minutes[len(r.minutes)-1]
	for queue, sums := range t.queues {
		if m.queues[queue] == nil {
			m.queues[queue] = &queueSums{}
		}
		if sums != nil {
			m.queues[queue].add(&sums[period])
		}
	}
}

// Recent gives the figures of every queue of the last quarter of an hour, from the whole
// minute on that was RecentFor ago. It reads no history, however much happened, for it is
// asked for again and again; where the past has not been read yet it gives nothing.
func (b *Book) Recent(now time.Time) []Brief {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.takeIn(); b.live == nil || b.stale {
		return nil
	}
	l, from := b.live, recentFrom(now)
	since := from
	if from.Before(l.begins) {
		since = later(from, l.recent.upTo)
	}
	if since.Before(l.begins) || !since.Before(now) {
		return nil
	}
	t := l.tally(Cuts{since, now}, scope{queues: true}, now)
	for _, m := range l.recent.minutes {
		if !since.Equal(from) && !m.at.Before(from) {
			for queue, sums := range m.queues {
				t.row(queue)[0].add(sums)
			}
		}
	}
	t.cuts = Cuts{from, now} // the sums are of all of it now: what is known is asked of its beginning
	return t.briefs()
}

// briefs gives what is looked at of every queue, where the whole is one period.
func (t *tally) briefs() (out []Brief) {
	for _, queue := range t.names() {
		out = append(out, t.queue(queue)[0].Brief())
	}
	return out
}
