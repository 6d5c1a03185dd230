package acd

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	inboxSize = 1024 // callers of full inboxes wait with their ctx
	// compactEvents and compactAfter say when the ledger is made small.
	compactEvents = 10_000
	compactAfter  = time.Hour
)

// Floor owns every queue and every agent. board is touched by Run alone (and by
// NewFloor before it); everybody else posts to the inbox and waits.
type Floor struct {
	log     *slog.Logger
	clock   Clock
	board   *board
	journal *journal
	inbox   chan *errand
	stopped chan struct{}
	hearers
	orphans []Orphan
	phones  phoneNews
	watch   *watchers
	meter   meter
	audit   rounds
	filed   filed

	chronicle Chronicle
	written   func([]Event)
}

// hearers are where what the board decides is put for calls; the maps are Run's.
type hearers struct {
	slots    map[uint64]slots           // by ticket
	bells    map[uint64]*News[struct{}] // Seat.Revoked by assignment
	launches chan Launch
}

// Option changes how a floor is made.
type Option func(*Floor)

// WithClock gives the floor another clock. Mono must go as fast as the process's
// timers.
func WithClock(c Clock) Option { return func(f *Floor) { f.clock = c } }

// WithAudit lets the floor check itself that often instead of every 10 s; see Audit.
func WithAudit(every time.Duration) Option { return func(f *Floor) { f.audit.every = every } }

// WithWritten lets hear know the ledger's events as they become durable, in order, and
// only those. The ledger's writer calls it: it must not wait.
func WithWritten(hear func([]Event)) Option { return func(f *Floor) { f.written = hear } }

// slots are where a Ticket's words are put.
type slots struct {
	offers  chan Offer
	removed *News[Removal]
}

// rounds are how often the floor checks itself, and where the next one begins.
type rounds struct {
	every time.Duration
	from  pair
}

// filed is what happened since the ledger was last made small.
type filed struct {
	events int
	at     time.Duration
}

// due is when the ledger is made small at the latest, whatever happens until then: it keeps
// how to reach callers who are gone.
func (f filed) due() time.Duration {
	if f.events == 0 {
		return never
	}
	return f.at + compactAfter
}

// phoneNews is the latest word of each phone that the floor has not yet heard: it
// is bounded by the phones there are, and telling it never waits.
type phoneNews struct {
	mu   sync.Mutex // guards the maps
	away map[string]bool
	busy map[string]bool
	kick chan struct{}
}

// NewFloor makes a floor that starts from what the ledger holds. A nil ledger
// keeps nothing.
func NewFloor(ctx context.Context, p Plan, l Ledger, log *slog.Logger, options ...Option) (*Floor, error) {
	r, err := prepare(p)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Floor{
		log: log, board: newBoard(), inbox: make(chan *errand, inboxSize), stopped: make(chan struct{}),
		hearers: hearers{map[uint64]slots{}, map[uint64]*News[struct{}]{}, make(chan Launch, launchRoom)},
		audit:   rounds{every: auditEvery}, watch: newWatchers(),
		phones: phoneNews{away: map[string]bool{}, busy: map[string]bool{}, kick: make(chan struct{}, 1)},
	}
	for _, o := range options {
		o(f)
	}
	if f.clock == nil {
		f.clock = SystemClock()
	}
	if l == nil {
		l = nowhere{}
	}
	f.journal = newJournal(l, log, &f.meter.ledgerFailures, f.watch.show)
	if f.written != nil {
		f.journal.written = f.written
	}
	f.journal.nudge = f.phones.wake
	blob, events, err := l.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the floor: %w", err)
	}
	now := f.clock()
	past, err := recall(blob, events, now)
	if err != nil {
		return nil, err
	}
	f.journal.at.wrote(past.ids.Seq)
	f.filed = filed{events: len(events), at: now.Mono}
	f.turn(&errand{act: func(b *board) error {
		b.adopt(r)
		f.orphans = b.resume(past)
		return nil
	}, done: make(chan error, 1)})
	if f.chronicle != nil {
		f.chronicle.Begin(f.board.picture())
	}
	return f, nil
}

// Orphans are the callers who were waiting when the process before this one died.
func (f *Floor) Orphans() []Orphan { return f.orphans }

// Run serves the floor until ctx ends, then writes what is left. It returns when
// everything announced is durable, or says what is not.
func (f *Floor) Run(ctx context.Context) error {
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	quit, written := make(chan struct{}), make(chan error, 1)
	go func() { written <- f.journal.run(writing, quit) }()
	f.serve(ctx)
	close(f.stopped)
	f.turnAway()
	close(quit)
	late := time.AfterFunc(lastWords, stop)
	defer late.Stop()
	err := <-written
	f.journal.dismiss()
	return err
}

// lastWords bounds the writing at the end of the process.
const lastWords = 5 * time.Second

func (f *Floor) serve(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	audit := time.NewTicker(f.audit.every)
	defer audit.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-f.inbox:
			f.meter.begun(time.Since(e.since))
			f.turn(e)
		case <-f.phones.kick:
			f.turn(nil)
		case <-timer.C:
			f.turn(nil)
		case <-audit.C:
			f.selfCheck()
		}
		if next := min(f.board.alarms.next(), f.filed.due()); next != never {
			timer.Reset(max(0, next-f.board.now.Mono)) // of the turn just done
		} else {
			timer.Stop()
		}
	}
}

// selfCheck audits the floor; a finding is a broken promise.
func (f *Floor) selfCheck() {
	f.turn(nil)
	found, next := f.board.auditFrom(f.audit.from, auditMost)
	f.audit.from = next
	for _, finding := range found {
		f.log.Error("promise broken", "finding", finding)
	}
	f.meter.publish(&f.board.count)
}

// turn does one errand, or only what is due, and carries out what follows from it.
func (f *Floor) turn(e *errand) {
	news := f.phones.take()
	if e != nil && !e.state.CompareAndSwap(asked, begun) {
		e = nil
	}
	b, now := f.board, f.clock()
	now.Wall = now.Wall.Round(0) // a reading of the process's clock does not come back from a log
	t, err := b.apply(now, e.acts(news))
	f.carryOut(t)
	f.file(t)
	f.note(news, e.input(), err)
	if e != nil && e.look != nil {
		e.look(b)
	}
	f.meter.publish(&b.count)
	if e != nil {
		e.seq = b.ids.Seq
		e.answer(f.journal, err)
	}
}

// carryOut hands out what the board decided. None of it can wait: every slot has
// room or is emptied first.
func (f *Floor) carryOut(t *turn) {
	for _, id := range t.revoked {
		if bell := f.bells[id]; bell != nil {
			bell.tell(struct{}{})
			delete(f.bells, id)
		}
	}
	for _, id := range t.settled {
		delete(f.bells, id)
	}
	for _, x := range t.removed {
		if s, ok := f.slots[x.ticket]; ok {
			s.removed.tell(x.removal)
		}
	}
	for _, o := range t.offers {
		if t := f.board.tickets[o.ticket]; t == nil || t.offer != o.offer {
			continue // taken back in the same turn: the caller left as the agent became free
		}
		out := Offer{Ring: o.offer.spec.Ring, Queue: o.offer.spec, More: o.offer.taken}
		for _, s := range o.offer.seats {
			bell := f.bells[s.id]
			switch {
			case f.board.seats[s.id] != s:
				continue // of ring-progressively: has missed the call already
			case bell == nil:
				bell = new(News[struct{}])
				f.bells[s.id] = bell
			}
			out.Seats = append(out.Seats, Seat{
				Assignment: s.id, Agent: s.agent.Name, Phone: s.agent.Phone, Reason: s.reason, Revoked: bell,
			})
		}
		f.handOver(o.ticket, out)
	}
	for _, id := range t.gone {
		delete(f.slots, id)
	}
	for _, l := range t.gaveUp {
		f.launch(l)
	}
}

// file gives the turn's events to the journal and makes the ledger small in time.
func (f *Floor) file(t *turn) {
	full := f.journal.add(t.events, t.views, f.board.ids.Seq)
	f.filed.events += len(t.events)
	if !full && f.board.now.Mono < f.filed.due() && f.filed.events < compactEvents {
		return
	}
	f.journal.store(&dump{seq: f.board.ids.Seq, state: f.board.snapshot(), must: full})
	f.filed = filed{at: f.board.now.Mono}
}

// nowhere is a ledger that keeps nothing.
type nowhere struct{}

// Append forgets.
func (nowhere) Append(context.Context, []Event) error { return nil }

// Load has nothing.
func (nowhere) Load(context.Context) ([]byte, []Event, error) { return nil, nil, nil }

// Compact forgets.
func (nowhere) Compact(context.Context, uint64, []byte) error { return nil }
