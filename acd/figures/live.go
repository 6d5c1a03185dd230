package figures

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

const (
	// mostHeard is how many events wait to be taken in while the past is read.
	mostHeard = 1 << 15
	// looksEach is after how many events the facts are counted.
	looksEach = 4096
	// forgetEvery is how often what is older than liveFor is dropped.
	forgetEvery = time.Hour
	// readAgain is how soon the past is read again after a failure.
	readAgain = 10 * time.Second
)

// Counts are what happened to what is kept at hand.
type Counts struct {
	Facts   int    // at hand now
	Cut     uint64 // times that more happened than is kept, so that less time is at hand
	Unheard uint64 // events that were told faster than taken in: the past was read again
	Reads   uint64 // of the past
	Failed  uint64 // reads of the past that failed, and were tried again
}

// Counts tells how the book does.
func (b *Book) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.tally
	c.Unheard = b.inbox.unheard()
	if b.live != nil {
		c.Facts, c.Cut = b.live.facts(), c.Cut+b.live.cut
	}
	return c
}

// Heard takes what the floor has just written. It waits for no I/O, and for no answer that
// is being computed: whoever writes the journal is never held up by who reads figures.
func (b *Book) Heard(events []acd.Event) { b.inbox.put(events) }

// Run reads the last two days, and then takes in what is heard, until ctx ends. Where the
// history cannot be read it is tried again; answers come from the history until then.
func (b *Book) Run(ctx context.Context, log *slog.Logger) error {
	for failed := false; ctx.Err() == nil; {
		began := time.Now()
		if err := b.read(ctx, began); err != nil {
			if !failed && ctx.Err() == nil {
				log.Warn("the last two days are not at hand for figures: every report reads the history", "err", err)
			}
			failed = true
			select {
			case <-ctx.Done():
			case <-time.After(readAgain):
			}
			continue
		}
		failed = false
		log.Info("figures: the last two days are at hand", "facts", b.Counts().Facts, "took", time.Since(began).Round(time.Millisecond))
		b.follow(ctx)
	}
	return nil
}

// follow takes in what is heard until something was missed.
func (b *Book) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.inbox.more:
		}
		b.mu.Lock()
		b.takeIn()
		missed := b.live == nil || b.stale
		b.mu.Unlock()
		if missed {
			return
		}
	}
}

// read makes the last two days be at hand.
func (b *Book) read(ctx context.Context, now time.Time) error {
	b.inbox.listen()
	settings := b.Settings()
	zone, err := settings.Location()
	if err != nil {
		return err
	}
	next := newLive(settings, now, zone)
	for e, failed := range b.history.Events(ctx, now.Add(-liveFor), now.Add(liveFor)) {
		if err = failed; err != nil {
			break
		}
		next.take(e)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tally.Reads++; err != nil {
		b.tally.Failed++
		return fmt.Errorf("read the last two days for figures: %w", err)
	}
	if b.live != nil { // it counted by other rules
		b.tally.Cut += b.live.cut
	}
	next.obey(b.settings) // which may have changed meanwhile
	b.live, b.stale = next, next.counted() && !sameCount(settings, b.settings)
	if b.takeIn(); b.live == nil {
		b.tally.Failed++
		return errMissed
	}
	if b.stale {
		b.inbox.wake()
	}
	return nil
}

// errMissed says that more was heard while the past was read than can wait.
var errMissed = fmt.Errorf("more than %d events came while the past was read", mostHeard)

// takeIn adds what was heard since. Where something was missed nothing is at hand until
// the past is read again; where it has to be read again, what is heard waits for that. The
// lock is held.
func (b *Book) takeIn() {
	if b.live == nil || b.stale {
		return
	}
	events, whole := b.inbox.take()
	if !whole {
		b.tally.Cut += b.live.cut
		b.live = nil
		return
	}
	for _, e := range events {
		b.live.take(e)
		if b.live.forgot.Sub(e.At.Wall) > liveFor { // a clock that was days ahead has dropped all there is
			b.stale = true
		}
	}
	if b.stale {
		b.inbox.wake()
	}
}

// live is what is at hand.
type live struct {
	*Engine
	zone    *time.Location // of days
	begins  time.Time      // everything from then on is known
	dropped dropped        // today, before that
	recent  recent         // the last minutes, before that
	forgot  time.Time      // when what is old was dropped
	taken   int            // events
	most    int            // facts
	cut     uint64         // times that most was too few
}

func newLive(s Settings, now time.Time, zone *time.Location) *live {
	return &live{Engine: New(s.Rules), zone: zone, begins: now.Add(around - liveFor), forgot: now, most: s.AtHand}
}

// obey takes settings. What was counted already counts by those before.
func (l *live) obey(s Settings) {
	l.rules, l.most = s.Rules, s.AtHand
	if zone, err := s.Location(); err == nil {
		l.zone = zone
	}
}

// take adds an event, and drops what is old or too much.
func (l *live) take(e acd.Event) {
	l.Add(e)
	if at := e.At.Wall; at.Sub(l.forgot) > forgetEvery {
		l.forgot = at
		l.from(at.Add(-liveFor))
	}
	if l.taken++; l.taken%looksEach == 0 {
		l.bound()
	}
}

// from drops what was over before a moment.
func (l *live) from(begins time.Time) {
	l.dropped.count(l.Engine, begins, l.zone)
	l.recent.count(l.Engine, begins)
	l.Forget(begins)
	if begins.After(l.begins) {
		l.begins = begins
	}
}

// counted tells whether something was counted by rules that may change.
func (l *live) counted() bool { return l.dropped.counted() || len(l.recent.minutes) > 0 }

// bound drops the oldest where more is known than is kept, and something over, so that
// it is not done again at once.
func (l *live) bound() {
	l.boundCallers()
	if l.facts() <= l.most {
		return
	}
	l.cut++
	oldest := later(l.begins, l.latest.Wall.Add(-liveFor))
	for range 64 { // each drops a quarter of the time, however much happened in it: a day becomes a millisecond
		oldest = oldest.Add(l.latest.Wall.Sub(oldest) / 4)
		if l.from(oldest); l.facts() <= l.most-l.most/4 {
			return
		}
	}
}

// boundCallers drops who has not called for longest where more callers are known than half
// of the facts that are kept: who calls again is then known a week from that moment on.
func (l *live) boundCallers() {
	most := l.most / 2
	if len(l.called) <= most {
		return
	}
	l.cut++
	times := make([]shield.Moment, 0, len(l.called))
	for _, s := range l.called {
		times = append(times, s.at)
	}
	slices.Sort(times)
	from := times[len(times)-most/4*3-1] + 1 // of those who called at the same moment none is left
	maps.DeleteFunc(l.called, func(_ uint64, s sighting) bool { return s.at < from })
	l.since = later(l.since, from.Time())
}

// inbox holds what was heard until it is taken in.
type inbox struct {
	more chan struct{} // capacity 1: something is there

	mu     sync.Mutex // guards all following fields, for a few lines at a time
	events []acd.Event
	missed bool // more came than it holds
	lost   uint64
}

func (i *inbox) put(events []acd.Event) {
	i.mu.Lock()
	if i.missed || len(i.events)+len(events) > mostHeard {
		i.missed, i.events = true, nil
		i.lost += uint64(len(events))
	} else {
		i.events = append(i.events, events...)
	}
	i.mu.Unlock()
	i.wake()
}

// wake has the inbox looked at.
func (i *inbox) wake() {
	select {
	case i.more <- struct{}{}:
	default:
	}
}

// listen forgets that something was missed: what comes now is kept.
func (i *inbox) listen() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.missed = false
}

// take gives what was heard; whole is false where something is missing in it.
func (i *inbox) take() (events []acd.Event, whole bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	events, i.events = i.events, nil
	return events, !i.missed
}

func (i *inbox) unheard() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.lost
}
