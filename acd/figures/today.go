package figures

import (
	"context"
	"errors"
	"maps"
	"time"
)

// Brief is what is looked at all day long of a queue. Protection is not in it: what is at
// hand no more cannot be told any more that it has become protected.
type Brief struct {
	Queue    string
	Callers  Callers
	Level    Level
	Waits    Waits
	Handling Handling
}

// Brief gives what is looked at.
func (f QueueFigures) Brief() Brief {
	return Brief{Queue: f.Queue, Callers: f.Callers, Level: f.Level, Waits: f.Waits, Handling: f.Handling}
}

// dropped is what happened today before what is at hand: its sums, for its facts were too
// many to be kept.
type dropped struct {
	day    time.Time // midnight; zero = nothing was dropped yet
	upTo   time.Time
	queues map[string]*queueSums
}

// count counts what will be dropped: of the day of the newest event, everything before begins.
func (d *dropped) count(e *Engine, begins time.Time, in *time.Location) {
	if day := midnight(e.latest.Wall.In(in)); !day.Equal(d.day) {
		*d = dropped{day: day, upTo: day, queues: map[string]*queueSums{}}
	}
	if !begins.After(d.upTo) {
		return
	}
	t := e.tally(Cuts{d.upTo, begins}, scope{queues: true}, time.Time{})
	for queue, sums := range t.queues {
		if d.queues[queue] == nil {
			d.queues[queue] = &queueSums{}
		}
		if sums != nil {
			d.queues[queue].add(&sums[0])
		}
	}
	d.upTo = begins
}

// midnight is when the day of a moment began, where it is.
func midnight(at time.Time) time.Time {
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, at.Location())
}

// Today gives the figures of every queue since midnight. It reads the history only where
// this day is not at hand: however much happened, looking often costs little.
func (b *Book) Today(ctx context.Context, now time.Time) ([]Brief, error) {
	zone, err := b.Settings().Location()
	if err != nil {
		return nil, err
	}
	now = now.In(zone)
	cuts := Cuts{midnight(now), now}
	if !cuts[0].Before(now) {
		return nil, nil
	}
	t, err := b.todayAtHand(cuts)
	if errors.Is(err, errNotAtHand) {
		t, err = b.answer(ctx, Ask{}, cuts, scope{queues: true}, now)
	}
	if err != nil {
		return nil, err
	}
	return t.briefs(), nil
}

// todayAtHand adds what was dropped of the day to what is at hand of it.
func (b *Book) todayAtHand(cuts Cuts) (*tally, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.takeIn(); b.live == nil || b.stale {
		return nil, errNotAtHand
	}
	l := b.live
	before := map[string]*queueSums{}
	from := cuts.From()
	if l.dropped.day.Equal(from) {
		from, before = l.dropped.upTo, l.dropped.queues
	}
	if from.Before(l.begins) || !from.Before(cuts.To()) {
		return nil, errNotAtHand
	}
	t := l.tally(Cuts{from, cuts.To()}, scope{queues: true}, cuts.To())
	for queue, sums := range before {
		t.row(queue)[0].add(sums)
	}
	t.cuts = cuts // the sums are of the whole day now: what is known is asked of its beginning
	return t, nil
}

// counted tells whether something of the day was counted.
func (d *dropped) counted() bool { return d.upTo.After(d.day) }

// sameCount tells whether facts count alike by both settings.
func sameCount(a, b Settings) bool {
	return a.Within == b.Within && a.Short == b.Short && a.TimeZone == b.TimeZone && maps.Equal(a.Queues, b.Queues)
}
