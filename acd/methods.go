package acd

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Prepare checks a new plan; commit cannot fail. Waiting callers are judged by
// the new specs at once; conversations, wrap-ups and rests keep their clocks.
// commit returns when the floor has changed over, or has stopped.
func (f *Floor) Prepare(next Plan) (commit func(), err error) {
	r, err := prepare(next)
	if err != nil {
		return nil, err
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			e := &errand{in: Input{Kind: InPlan, Plan: &r.plan, routes: r}, since: time.Now(), done: make(chan error, 1)}
			select {
			case f.inbox <- e:
			case <-f.stopped:
				return
			}
			select {
			case err := <-e.done:
				if err != nil {
					f.log.Error("plan not adopted", "error", err) // cannot be: adopt has no error
				}
			case <-f.stopped:
			}
		})
	}, nil
}

// Enter puts a caller in a queue. Errors: ErrNoQueue, *Refused, ErrStopped, or the
// end of ctx; then the caller is in no queue.
func (f *Floor) Enter(ctx context.Context, e Entry) (*Ticket, error) {
	s := slots{make(chan Offer, 1), new(News[Removal])}
	t := &Ticket{Queue: e.Queue, Offers: s.offers, Removed: s.removed}
	e.Data = plain(e.Data)
	if !e.Since.IsZero() { // by the process's clock, which a change of the wall clock does not move
		now := f.clock().Wall
		e.Since = now.Round(0).Add(-now.Sub(e.Since))
	}
	given := func(id uint64) {
		t.ID = id
		f.slots[id] = s // before the turn settles: the first offer may follow at once
	}
	err := f.do(ctx, &errand{in: Input{Kind: InEnter, Entry: &e}, given: given})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Leave takes a caller out: why is abandoned, answered elsewhere, a target. Any
// offer out is ended as MissCallerLeft and its seats are revoked. Leaving twice is
// a no-op.
func (f *Floor) Leave(ctx context.Context, ticket uint64, why string) error {
	return f.do(ctx, &errand{in: Input{Kind: InLeave, Ticket: ticket, Why: why}})
}

// Place tells where the caller stands; the position never grows for a waiting caller
// by what it was told before (announcements never go backwards). ErrNoTicket when
// the caller does not wait (any more).
func (f *Floor) Place(ctx context.Context, ticket uint64) (Place, error) {
	var p Place
	err := f.do(ctx, &errand{act: func(b *board) (err error) { p, err = b.place(ticket); return err }})
	return p, err
}

// Taken says the call has taken the offer and rings the seats. ErrStale: the floor
// has taken the offer back; ring nobody.
func (f *Floor) Taken(ctx context.Context, ticket uint64) error {
	return f.do(ctx, &errand{in: Input{Kind: InTaken, Ticket: ticket}})
}

// Answered says the seat's phone was answered. The first answer of an offer wins;
// the others are released as MissOtherAnswered. ErrStale: hang that phone up.
func (f *Floor) Answered(ctx context.Context, assignment uint64) error {
	return f.do(ctx, &errand{in: Input{Kind: InAnswered, Assignment: assignment}})
}

// Missed ends one seat of an offer with its true reason. When the last seat is
// missed the ticket is waiting again at its place.
func (f *Floor) Missed(ctx context.Context, assignment uint64, why Miss) error {
	return f.do(ctx, &errand{in: Input{Kind: InMissed, Assignment: assignment, Why: string(why)}})
}

// Earned says what a conversation has come to so far: what Finish would say if it ended
// now. The newest word counts. It is for a process that dies before Finish: the agent then
// has at least that rest. It goes to the ledger with what else is written within
// milliseconds, and is not waited for. ErrStale: the conversation is over.
func (f *Floor) Earned(ctx context.Context, assignment uint64, o Outcome) error {
	return f.do(ctx, &errand{in: Input{Kind: InEarned, Assignment: assignment, Outcome: &o}})
}

// Finish ends a conversation: WrapUp, then Resting where granted. It returns when
// that is durable. ErrStale is a counted no-op; ErrNotDurable says that wrap-up and
// rest run, but a crash now would forget them.
func (f *Floor) Finish(ctx context.Context, assignment uint64, o Outcome) error {
	e := &errand{in: Input{Kind: InFinish, Assignment: assignment, Outcome: &o}}
	if err := f.do(ctx, e); err != nil {
		return err
	}
	return f.journal.wait(ctx, e.seq)
}

// EarnedThen is Earned for who does not wait: then is called once, with what Earned would
// have returned. It must not wait.
func (f *Floor) EarnedThen(assignment uint64, o Outcome, then func(error)) {
	f.post(&errand{in: Input{Kind: InEarned, Assignment: assignment, Outcome: &o}, then: then})
}

// FinishThen is Finish for who does not wait: then is called once, when the end is durable
// or with what Finish would have returned, but that a ledger may take longer than promiseWithin
// to answer. It must not wait.
func (f *Floor) FinishThen(assignment uint64, o Outcome, then func(error)) {
	f.post(&errand{in: Input{Kind: InFinish, Assignment: assignment, Outcome: &o}, then: then, keeps: true})
}

// Do carries out an agent's command and returns the state after it, durable. With
// ErrNotDurable the view is good and the state holds, but a crash now would forget
// it. Other errors: ErrNoAgent, ErrNotNow, ErrPhoneUsed; they changed nothing.
func (f *Floor) Do(ctx context.Context, agent string, c Command) (AgentView, error) {
	return f.change(ctx, agent, Input{Kind: InCommand, Agent: agent, Command: &c})
}

// change does something to an agent and gives the state after it, durable.
func (f *Floor) change(ctx context.Context, agent string, in Input) (AgentView, error) {
	var v AgentView
	e := &errand{in: in}
	e.look = func(b *board) {
		if a := b.agents[agent]; a != nil {
			v = b.view(a)
		}
	}
	if err := f.do(ctx, e); err != nil {
		return v, err
	}
	return v, f.journal.wait(ctx, e.seq)
}

// PhoneReachable tells whether a phone is registered and answers. It never waits.
// A word repeated is welcome: one that comes while a phone is being tried says that
// the try was too early.
func (f *Floor) PhoneReachable(phone string, yes bool) { f.phones.tell(f.phones.away, phone, !yes) }

// PhoneBusy tells that a phone is in a call that is not from a queue, or no longer.
// It never waits.
func (f *Floor) PhoneBusy(phone string, yes bool) { f.phones.tell(f.phones.busy, phone, yes) }

func (n *phoneNews) tell(kind map[string]bool, phone string, yes bool) {
	n.mu.Lock()
	kind[phone] = yes
	n.mu.Unlock()
	n.wake()
}

// wake lets the floor take a turn.
func (n *phoneNews) wake() {
	select {
	case n.kick <- struct{}{}:
	default:
	}
}

// take gives the news and forgets it; nil when there is none.
func (n *phoneNews) take() *PhoneWords {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.away)+len(n.busy) == 0 {
		return nil
	}
	w := &PhoneWords{Busy: maps.Clone(n.busy), Away: maps.Clone(n.away)}
	clear(n.away)
	clear(n.busy)
	return w
}

// Agents gives every agent, by name.
func (f *Floor) Agents(ctx context.Context) ([]AgentView, error) {
	var out []AgentView
	err := f.do(ctx, &errand{act: func(b *board) error { out = b.agentViews(); return nil }})
	return out, err
}

// Queues gives every queue, by name.
func (f *Floor) Queues(ctx context.Context) ([]QueueView, error) {
	var out []QueueView
	err := f.do(ctx, &errand{act: func(b *board) error { out = b.queueViews(); return nil }})
	return out, err
}

// Watch gives the newest state of one agent, latest value only, until ctx ends;
// then the channel is closed. A rest, wrap-up or log-in is shown when it is
// durable, or when the ledger has failed to make it so.
func (f *Floor) Watch(ctx context.Context, agent string) <-chan AgentView {
	return f.watch.watch(ctx, agent)
}

// Why explains, from the code that decides: a waiting ticket (which condition
// failed for whom) or an agent (why no call). One sentence a line.
func (f *Floor) Why(ctx context.Context, w Whom) ([]string, error) {
	var out []string
	err := f.do(ctx, &errand{act: func(b *board) (err error) { out, err = b.why(w); return err }})
	return out, err
}

// Counters gives the promise counters.
func (f *Floor) Counters() Counters { return f.meter.read() }

// meter holds the counters for readers on other goroutines.
type meter struct {
	values         [counterCount]atomic.Uint64
	ledgerFailures atomic.Uint64
	turns, late    atomic.Int64 // errands that were begun, and how long they had waited, in ns
}

// begun counts an errand that waited so long for its turn.
func (m *meter) begun(waited time.Duration) {
	m.turns.Add(1)
	m.late.Add(int64(waited))
}

// Lateness tells how many errands the floor has begun, and how long they had waited for
// their turn altogether. Both only grow.
func (f *Floor) Lateness() (times uint64, late time.Duration) {
	return uint64(f.meter.turns.Load()), time.Duration(f.meter.late.Load())
}

const counterCount = 18

// fields are the board's counters in a fixed order.
func (c *Counters) fields() [counterCount]*uint64 {
	return [counterCount]*uint64{
		&c.DoubleOffers, &c.WrapUpsCutShort, &c.RestsCutShort, &c.StarvedCallers, &c.StuckAgents,
		&c.StaleFinishes, &c.Offers, &c.Answers, &c.Misses, &c.Entered, &c.Left, &c.Removed, &c.Untaken,
		&c.Care.RowsBroken, &c.Care.BreaksDue, &c.Care.TalksWanted, &c.Care.TalksTaken, &c.Care.Lifted,
	}
}

func (m *meter) publish(c *Counters) {
	for i, v := range c.fields() {
		m.values[i].Store(*v)
	}
}

func (m *meter) read() Counters {
	var c Counters
	for i, v := range c.fields() {
		*v = m.values[i].Load()
	}
	c.LedgerFailures = m.ledgerFailures.Load()
	return c
}

// watchers hand the newest look of each agent to those who follow it. A slow
// follower misses what lies between, never the newest.
type watchers struct {
	mu     sync.Mutex // guards the maps and every send; a few lines
	newest map[string]AgentView
	follow map[string]map[chan AgentView]bool
}

func newWatchers() *watchers {
	return &watchers{newest: map[string]AgentView{}, follow: map[string]map[chan AgentView]bool{}}
}

// show makes looks known.
func (w *watchers) show(views []AgentView) {
	if len(views) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range views {
		w.newest[v.Name] = v
		for ch := range w.follow[v.Name] {
			put(ch, v)
		}
	}
}

// put replaces what is in a slot. Only one goroutine puts at a time.
func put[T any](slot chan T, v T) {
	select {
	case <-slot:
	default:
	}
	slot <- v
}

// watch follows one agent until ctx ends; then the channel is closed.
func (w *watchers) watch(ctx context.Context, agent string) <-chan AgentView {
	ch := make(chan AgentView, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.follow[agent] == nil {
		w.follow[agent] = map[chan AgentView]bool{}
	}
	w.follow[agent][ch] = true
	if v, known := w.newest[agent]; known {
		ch <- v
	}
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.follow[agent], ch)
		if len(w.follow[agent]) == 0 {
			delete(w.follow, agent)
		}
		close(ch)
	})
	return ch
}
