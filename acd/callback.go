package acd

import (
	"errors"
	"fmt"
	"time"
)

const (
	// parkPause is how long a caller who asked to be called back is left to put down.
	parkPause = 10 * time.Second
	// restartPause lets phones and trunks come back after a restart before anybody is dialled.
	restartPause = 15 * time.Second
	// agentLeftPause follows a reserved agent who put down before the caller could answer.
	agentLeftPause = 5 * time.Second
	// unreadPause follows a message that could not be read: the disk may come back.
	unreadPause = 5 * time.Minute
)

// The kinds of callback.
const (
	BackAsked     = "asked"     // the caller wished it
	BackScheduled = "scheduled" // at a time
	BackCrash     = "crash"     // waited when the server died
	BackLost      = "lost"      // hung up when their agent's line was lost
)

// Callback is a place in a queue without a line: the number is dialled when an agent
// has been reserved for it.
type Callback struct {
	Number string    `json:"number"`
	Kind   string    `json:"kind"`
	At     time.Time `json:"at,omitzero"`     // scheduled: not before
	Tries  int       `json:"tries,omitempty"` // calls that reached nobody

	Message string        `json:"message,omitempty"` // of a message: its recording, as the call named it; Number may be empty then
	Length  time.Duration `json:"length,omitempty"`  // of the message; 0 = it is being said
}

// Caller is what the ledger keeps of somebody who waits, so that they can be called back.
type Caller struct {
	Number string         `json:"number,omitempty"`
	Data   map[string]any `json:"data,omitempty"`
	Prefer string         `json:"prefer,omitempty"`
	Tier   Tier           `json:"tier,omitempty"`  // how hard they are known to be: an agent is spared them after a crash, too
	Event  bool           `json:"event,omitempty"` // their call had a protection event with an agent before
	Urgent bool           `json:"urgent,omitempty"`
	Back   *Callback      `json:"back,omitempty"` // nil = on the line
}

// Why a number was not reached; see Floor.Unreached.
const (
	UnreachedBusy        = "busy"
	UnreachedNoAnswer    = "no-answer"
	UnreachedUnreachable = "unreachable"
	UnreachedAgentLeft   = "agent-left" // the agent put down first: it was no try
	UnreachedNoWord      = "no-word"    // the call broke
	UnreachedTrunk       = "trunk-down" // nobody took the call that should have rung for them: it was no try
	UnreachedUnread      = "unread"     // of a message: its recording could not be read, and nobody was rung
)

// ErrNoCallback says that a callback cannot be; the text says why.
var ErrNoCallback = errors.New("no callback")

// ErrCallbacksEnough is an ErrNoCallback: as many as may wait already for the number, or
// for the caller who asks.
var ErrCallbacksEnough = fmt.Errorf("%w: enough are asked for", ErrNoCallback)

// ErrMessagesFull says that as many messages wait as the queue may keep.
var ErrMessagesFull = errors.New("as many messages wait as may")

// Launch tells that a callback's turn has come: an agent is reserved and Ticket holds
// the offer, or that it was given up.
type Launch struct {
	Ticket   *Ticket // nil = given up
	Entry    Entry   // Since is the original age
	Callback Callback
	GivenUp  string // why: tries, expired, not-allowed, no-queue, cancelled
}

// parked is what a ticket without a line has besides its place. The board owns it.
type parked struct {
	Callback
	next    time.Duration // left alone until then
	end     time.Duration // given up then
	seat    *seat         // whose agent is on the line while the number is dialled
	dialled time.Duration // when its number was, the last time
	doubt   uint64        // no trunk took its last call: 1 + what its carrier had taken then; 0 = one did, or it had none
}

// isBack tells whether the ticket has no line.
func (t *ticket) isBack() bool { return t.back != nil }

// out tells whether an agent is reserved for the callback.
func (t *ticket) out() bool { return t.offer != nil || t.back.seat != nil }

// park turns a waiting caller into a callback at the same place. An offer that is out
// is taken back: the caller no longer listens.
func (b *board) park(id uint64, c Callback) error {
	t := b.tickets[id]
	if t == nil || t.isBack() {
		return fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	q := t.class.queue
	if err := b.mayCall(q, c); err != nil {
		return err
	}
	if older := b.sameWish(t.entry.Queue, c); older != nil {
		b.unlist(t)
		b.leave(id, "has a callback already")
		return nil
	}
	if err := b.enough(q, t.entry.Caller, c); err != nil {
		return err
	}
	b.revokeAll(t, string(MissCallerLeft))
	b.unlist(t)
	b.make(t, c, b.now.Mono+parkPause)
	q.park(t, 1)
	b.turn.gone = append(b.turn.gone, id) // the call that waited lets go of it
	b.fresh = append(b.fresh, t)
	return nil
}

// sameWish is a callback to the same number, for the same time, that waits in the same queue already.
func (b *board) sameWish(queue string, c Callback) *ticket {
	for _, o := range b.linesOf(c.Number) {
		if o.entry.Queue == queue && o.back.At.Equal(c.At) && !o.back.IsMessage() && !c.IsMessage() {
			return o
		}
	}
	return nil
}

// mayCall says why a queue does not call a number back.
func (b *board) mayCall(q *queue, c Callback) error {
	if c.IsMessage() {
		return q.mayLeave()
	}
	asked := c.chosen()
	if err := q.spec.Callback.Allows(c.Number, b.routes.dial, asked); err != nil {
		return fmt.Errorf("queue %s: %w: %w", q.spec.Name, ErrNoCallback, err)
	}
	if !asked && !q.spec.Callback.Apologises() {
		return fmt.Errorf("queue %s: %w: apology is off", q.spec.Name, ErrNoCallback)
	}
	if back := q.parked - q.messages; asked && back >= q.spec.Callback.Most {
		return fmt.Errorf("queue %s: %w: %d wait already", q.spec.Name, ErrNoCallback, back)
	}
	return nil
}

// callBack makes a callback for somebody who is on no line.
func (b *board) callBack(e Entry, c Callback) (uint64, error) {
	q := b.routes.queues[e.Queue]
	if q == nil {
		return 0, fmt.Errorf("call back for %s: %w", e.Queue, ErrNoQueue)
	}
	if err := b.mayCall(q, c); err != nil {
		return 0, err
	}
	if older := b.sameWish(e.Queue, c); older != nil {
		return older.id, nil
	}
	if err := b.enough(q, e.Caller, c); err != nil {
		return 0, err
	}
	b.ids.Ticket++
	t := b.newTicket(b.ids.Ticket, e)
	t.since = b.now.Mono - b.age(e)
	next := b.now.Mono + parkPause
	switch {
	case c.IsMessage():
		next = b.now.Mono + q.spec.Voicemail.Longest + speakGrace
	case !c.At.IsZero():
		next = b.now.Mono + max(0, c.At.Sub(b.now.Wall))
		t.since = next // its age begins when it is due
	}
	b.prefer(t)
	b.count.Entered++
	b.make(t, c, next)
	b.classify(t, q)
	return t.id, nil
}

// make gives a ticket its callback, and writes it down.
func (b *board) make(t *ticket, c Callback, next time.Duration) {
	b.keep(t, c, next)
	b.record(Event{
		At: b.now, Kind: KindParked, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: t.id, Reason: c.Kind,
		Length: b.now.Mono - t.since, Level: t.entry.Priority, Until: b.stamp(next), Caller: pseudonym(t.back.Number), Who: t.caller(),
	})
	b.freshWish(t)
}

// keep is make for what is written down already.
func (b *board) keep(t *ticket, c Callback, next time.Duration) {
	keep := CallbackSpec{}.WithDefaults().Keep
	if q := b.routes.queues[t.entry.Queue]; q != nil {
		keep = q.keepFor(&c)
	}
	t.back = &parked{Callback: c, next: next, end: max(t.entered, t.since) + keep}
	b.index(t)
}

// caller is what the ledger keeps of a ticket.
func (t *ticket) caller() *Caller {
	e := &t.entry
	c := &Caller{Number: e.Caller, Data: e.Data, Prefer: e.Prefer, Tier: e.Tier, Event: e.Event, Urgent: e.Urgent}
	if t.isBack() {
		back := t.back.Callback
		c.Back = &back
	}
	return c
}

// standBack puts a callback in its line, unless something keeps it.
func (b *board) standBack(t *ticket) {
	q := t.class.queue
	switch {
	case t.back.seat != nil:
	case b.routes.queues[t.entry.Queue] != q:
		b.giveUp(t, "no-queue")
		return
	case t.back.end <= b.now.Mono:
		b.giveUp(t, "expired")
		return
	case !t.isMessage() && q.spec.Callback.Allows(t.back.Number, b.routes.dial, t.back.chosen()) != nil:
		b.giveUp(t, "not-allowed") // a config edit made the rules stricter
		return
	}
	t.step = q.stepAt(b.waited(t))
	if _, why := b.held(t); why == "" {
		t.enlist()
	}
	b.arm(t)
}

// chosen tells whether the caller chose to be called, and so the number.
func (c *Callback) chosen() bool { return c.Kind == BackAsked || c.Kind == BackScheduled }

// held says what keeps a callback from an agent, and until when at least; empty =
// nothing. It is the one place that decides this.
func (b *board) held(t *ticket) (until time.Duration, why string) {
	p := t.back
	if p.seat != nil {
		return never, fmt.Sprintf("%s is on the line while %s is dialled", p.seat.agent.Name, p.Number)
	}
	for _, o := range b.linesOf(p.Number) {
		if o != t && o.out() {
			return never, fmt.Sprintf("another callback to %s is going on", p.Number)
		}
	}
	if until := max(p.next, t.pausedTil); until > b.now.Mono {
		return until, p.pausedFor() + " for " + b.left(until)
	}
	if open := t.class.queue.hours.next(b.now.Wall).Sub(b.now.Wall); open > 0 && !p.IsMessage() {
		return b.now.Mono + open, "numbers are dialled at " + t.class.queue.spec.Callback.Hours + " only"
	}
	return b.heldByOutage(t)
}

func (p *parked) pausedFor() string {
	switch {
	case p.IsMessage() && !p.spoken():
		return "is a message that is being said, and left alone"
	case p.Tries > 0:
		return fmt.Sprintf("was not reached %d times and is left alone", p.Tries)
	case p.Kind == BackScheduled:
		return "is wished at " + p.At.Format(time.DateTime) + ", not"
	}
	return "is left alone"
}

// nextBack is when something changes for a callback by itself.
func (b *board) nextBack(t *ticket) time.Duration {
	next := min(t.nextStep(), t.back.end)
	if t.listed && t.isMessage() {
		return next
	}
	if t.listed {
		return min(next, b.now.Mono+t.class.queue.hours.left(b.now.Wall))
	}
	until, _ := b.held(t)
	if t.back.seat != nil {
		return never
	}
	return min(next, until)
}

// alone takes the other callbacks to the same number out of their lines: a number is
// dialled once at a time; and where a trunk is down, one number of those that go by it.
func (b *board) alone(t *ticket) {
	for _, o := range b.linesOf(t.back.Number) {
		if o != t && o.listed {
			b.unlist(o)
			b.arm(o)
		}
	}
	b.probes(t)
}

// wake lets the other callbacks to the same number stand again.
func (b *board) wake(t *ticket) {
	for _, o := range b.linesOf(t.back.Number) {
		if o != t && !o.out() && !o.listed {
			b.fresh = append(b.fresh, o)
		}
	}
	b.probed(t)
}
