package figures

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"breakwater/acd"
)

// History is where the past is read: what happened from from (inclusive) to to
// (exclusive), in order. store implements it.
type History interface {
	Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error]
}

const (
	// liveFor is how much of the past is kept at hand: today and yesterday, wherever
	// midnight is, unless more happened than is kept (Settings.AtHand).
	liveFor = 48 * time.Hour
	// around is how much before and after a period is read of the history: to know who
	// was at work when it began, and how what was going on at its end came out.
	around = 24 * time.Hour
	// longestAsk bounds a period; a report over a year is made of four.
	longestAsk = 93 * 24 * time.Hour
	// reports is how many answers may read the history at once; the others wait.
	reports = 2
)

// Book answers for any period: from what it heard live, or from the history, by the same
// Engine. Until it has read the last two days (Run) every answer comes from the history.
// It is safe for concurrent use.
type Book struct {
	history History
	reading chan struct{} // holds one for each answer that reads the history
	inbox   inbox

	mu       sync.Mutex // guards all following fields; held while an answer is computed, never across I/O, and never by Heard
	settings Settings
	live     *live // nil = not read yet
	stale    bool  // live counted by other rules, or a wrong clock emptied it: the past has to be read again
	tally    Counts
}

// Ask is what is asked for. Zero fields ask for everything there is.
type Ask struct {
	From, To time.Time // To may lie ahead; days are those of From's location
	Step     string    // see Cut
	Queue    string
	Within   time.Duration // an answer in time, instead of the queue's own
	Repeats  bool          // tell who called again within a week: reads a week more before and after
}

// ErrAsk is wrapped by everything that is wrong with a question.
var ErrAsk = errors.New("figures cannot be given")

// NewBook makes a book over a history. It reads nothing yet: what the floor tells goes to
// Heard from then on, and Run reads what was before.
func NewBook(h History, s Settings) *Book {
	return &Book{history: h, settings: s.WithDefaults(), reading: make(chan struct{}, reports), inbox: inbox{more: make(chan struct{}, 1)}}
}

// Set takes new settings.
func (b *Book) Set(s Settings) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.settings
	b.settings = s.WithDefaults()
	if b.live == nil {
		return
	}
	b.live.obey(b.settings)
	if b.live.counted() && !sameCount(was, b.settings) { // what was dropped counts by the old ones
		b.stale = true
		b.inbox.wake()
	}
}

// Settings gives those in force.
func (b *Book) Settings() Settings {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.settings
}

// answer counts over a period, from what is at hand where that holds it.
func (b *Book) answer(ctx context.Context, a Ask, cuts Cuts, of scope, now time.Time) (*tally, error) {
	if t, err := b.atHand(a, cuts, of, now); !errors.Is(err, errNotAtHand) {
		return t, err
	}
	done, err := b.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	before, after := around, around
	if a.Repeats {
		before, after = repeatWithin, repeatWithin+around
	}
	r := newReading(b.rules(a), cuts, of, a.Repeats)
	for ev, err := range b.history.Events(ctx, cuts.From().Add(-before), cuts.To().Add(after)) {
		if err != nil {
			return nil, err
		}
		if err := r.take(ev); err != nil {
			return nil, err
		}
	}
	if a.Repeats { // what was told is everything from there on, also where nothing happened
		r.since, r.told = cuts.From().Add(-before), now
	}
	return r.end(now)
}

// turn waits until an answer may read the history.
func (b *Book) turn(ctx context.Context) (done func(), err error) {
	select {
	case b.reading <- struct{}{}:
		return func() { <-b.reading }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for other reports: %w", context.Cause(ctx))
	}
}

// errNotAtHand says that the history has to be read.
var errNotAtHand = errors.New("not at hand")

func (b *Book) atHand(a Ask, cuts Cuts, of scope, now time.Time) (*tally, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.takeIn(); b.live == nil || b.stale || a.Within != 0 || a.Repeats || cuts.From().Before(b.live.begins) {
		return nil, errNotAtHand
	}
	t := b.live.tally(cuts, of, now)
	return t, t.rows()
}

// rules are those in force, with what the question says otherwise.
func (b *Book) rules(a Ask) Rules {
	r := b.Settings().Rules
	if a.Within != 0 {
		r.Within, r.Queues = a.Within, nil
	}
	return r
}

func (a Ask) cuts() (Cuts, error) {
	if a.To.Sub(a.From) > longestAsk {
		return nil, fmt.Errorf("%w: the period is longer than %d days", ErrAsk, int(longestAsk.Hours()/24))
	}
	cuts, err := Cut(a.From, a.To, a.Step)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAsk, err)
	}
	return cuts, nil
}

// Queues gives the figures of every queue, or of the one asked for.
func (b *Book) Queues(ctx context.Context, a Ask, now time.Time) (Report[QueueFigures], error) {
	cuts, err := a.cuts()
	if err != nil {
		return Report[QueueFigures]{}, err
	}
	out := report[QueueFigures](b.rules(a), cuts, now)
	t, err := b.answer(ctx, a, cuts, scope{queues: true, queue: a.Queue}, now)
	if err != nil {
		return out, err
	}
	queues := t.names()
	if a.Queue != "" {
		queues = []string{a.Queue}
	}
	for _, q := range queues {
		for i, f := range t.queue(q) {
			out.Periods[i].Figures = append(out.Periods[i].Figures, f)
		}
		delete(t.queues, q) // the answer holds them now: not both at once
	}
	return out, nil
}

// Care gives the protection figures of the house.
func (b *Book) Care(ctx context.Context, a Ask, now time.Time) (Report[CareFigures], error) {
	cuts, err := a.cuts()
	if err != nil {
		return Report[CareFigures]{}, err
	}
	out := report[CareFigures](b.rules(a), cuts, now)
	t, err := b.answer(ctx, a, cuts, scope{house: true}, now)
	if err != nil {
		return out, err
	}
	for i, f := range t.care() {
		out.Periods[i].Figures = []CareFigures{f}
	}
	return out, nil
}

// Own gives a person's own figures. Whoever calls it must have proved to be that person.
func (b *Book) Own(ctx context.Context, agent string, a Ask, now time.Time) (Report[OwnFigures], error) {
	cuts, err := a.cuts()
	if err != nil {
		return Report[OwnFigures]{}, err
	}
	out := report[OwnFigures](b.rules(a), cuts, now)
	t, err := b.answer(ctx, a, cuts, scope{people: []string{agent}}, now)
	if err != nil {
		return out, err
	}
	for i, f := range t.own(agent) {
		out.Periods[i].Figures = []OwnFigures{f}
	}
	return out, nil
}

// Team gives a team's figures day by day.
func (b *Book) Team(ctx context.Context, team string, a Ask, now time.Time) (Report[TeamFigures], error) {
	none := Report[TeamFigures]{}
	teams := b.Settings().Teams
	if _, known := teams[team]; !known {
		names := slices.Sorted(maps.Keys(teams))
		return none, fmt.Errorf("%w: there is no team %q; known are %v", ErrAsk, team, names)
	}
	if a.Step != "" && a.Step != Day {
		return none, fmt.Errorf("%w: %w", ErrAsk, errWholeDays)
	}
	a.Step = Day
	days, err := a.cuts()
	if err != nil {
		return none, err
	}
	out := report[TeamFigures](b.rules(a), days, now)
	t, err := b.answer(ctx, a, days, scope{people: everybody(teams)}, now)
	if err != nil {
		return out, err
	}
	byDay, total, err := t.team(team, teams, now)
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrAsk, err)
	}
	out.Total = &total
	for i, f := range byDay {
		out.Periods[i].Figures = []TeamFigures{f}
	}
	return out, nil
}

func report[T any](r Rules, cuts Cuts, now time.Time) Report[T] {
	out := Report[T]{
		Formula: Formula, From: cuts.From(), To: cuts.To(), TimeZone: cuts.From().Location().String(), At: now, Short: Span(r.Short),
		Periods: make([]Period[T], cuts.Len()),
	}
	for i := range out.Periods {
		out.Periods[i] = Period[T]{From: cuts[i], To: cuts[i+1], Figures: []T{}}
	}
	return out
}
