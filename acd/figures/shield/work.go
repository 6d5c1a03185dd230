package shield

import (
	"time"

	"breakwater/acd"
)

// Work is one offer to one agent and what came of it: ring, talk, wrap-up and rest.
// Nobody outside this package sees into it: ask Own or ForQueue.
type Work struct {
	agent, queue string
	call         *conversation
	ticket, seat uint64
	seen         bool // its offer is known: it began within what was told

	offered, answered, finished, wrapped acd.Stamp // zero = did not happen (yet)
	closed                               acd.Stamp // the agent has nothing more to do with it

	miss  acd.Miss
	cause string
	talk  acd.Talk
	rest  rest

	lost  bool          // the process died during it
	due   acd.Stamp     // when the wrap-up ends by its clock
	added time.Duration // to the wrap-up, by the agent
}

// rest is the cooldown after a work.
type rest struct {
	level          int
	entitled       time.Duration
	began          acd.Stamp
	taken          time.Duration
	declined, over bool
}

// conversation is what all works of one call share.
type conversation struct {
	id        string
	protected bool
	open      int       // works of it that go on
	last      time.Time // when it was heard of last
}

func (c *conversation) heard(at time.Time) {
	if at.After(c.last) {
		c.last = at
	}
}

// protected tells whether the work is invisible to the agent's figures.
func (w *Work) protected() bool {
	return w.call.protected || w.lost || w.rest.level > 0
}

// why says in one word what protects the work.
func (w *Work) why() string {
	switch {
	case w.lost:
		return "server-restarted"
	case w.talk.Warnings > 0:
		return "warned"
	case w.talk.Protected:
		return "protected"
	case w.rest.level > 0:
		return "rest"
	}
	return "same-call"
}

// OwnWork is a work as the agent's own figures may know it. Only Work.Own makes it, and
// never from a protected one.
type OwnWork struct {
	queue       string
	closed      time.Time
	miss        acd.Miss
	talked      bool
	talk, held  time.Duration
	wrap        time.Duration
	load        time.Duration
	transferred bool
}

// Own gives the work as the agent's figures may know it; ok is false when it is protected,
// not over, or older than what was told.
func (w *Work) Own() (_ OwnWork, ok bool) {
	if !w.seen || w.closed.Wall.IsZero() || w.protected() {
		return OwnWork{}, false
	}
	o := OwnWork{queue: w.queue, closed: w.closed.Wall, miss: w.miss}
	if w.talked() {
		o.talked, o.talk, o.held = true, w.length(), w.talk.Held
		o.wrap = between(w.finished, w.wrapped)
		o.load = acd.Talk{Length: o.talk, Raised: w.talk.Raised}.Load()
		o.transferred = w.cause == transferred
	}
	return o, true
}

// transferred and unreached are call's words for a conversation that the agent sent on,
// and for a callback that nobody answered.
const transferred, unreached, messageHeard = "transferred", "unreached", "message_heard"

// Closed is when the work was over: it counts in the period that holds this moment.
func (o OwnWork) Closed() time.Time { return o.closed }

// Queue is where the caller waited.
func (o OwnWork) Queue() string { return o.queue }

// Miss is why there was no conversation; empty = there was one.
func (o OwnWork) Miss() acd.Miss { return o.miss }

// Handled gives the conversation: talk with hold, the hold in it, and the wrap-up. ok is
// false when there was none.
func (o OwnWork) Handled() (talk, held, wrap time.Duration, ok bool) {
	return o.talk, o.held, o.wrap, o.talked
}

// Load is what the conversation weighed, in the floor's load points: one a minute.
func (o OwnWork) Load() time.Duration { return o.load }

// Transferred tells whether the agent sent the caller on.
func (o OwnWork) Transferred() bool { return o.transferred }

// QueueWork is a work as the queue's figures know it: all of it, protected or not, but
// not whose it was.
type QueueWork struct {
	Closed      time.Time     // when it counts
	Talked      bool          // there was a conversation, and it ended as one
	Miss        acd.Miss      // why there was no conversation; empty = there was one
	Ring        time.Duration // from the offer to the answer or the miss
	Talk, Held  time.Duration // talk with hold; the hold in it
	Wrap        time.Duration
	Transferred bool
	Cause       string
	Shielded    Shielded // what protection did
}

// Shielded is what protection had to do in a work. It is counted for queues and for the
// house, never for a person.
type Shielded struct {
	Protected bool
	Warnings  int
	Rest      int           // level; 0 = none
	Entitled  time.Duration // of the rest
	Taken     time.Duration // of the rest, until now or its end
	Declined  bool
	Spent     time.Duration // from the ring to the end of the rest, when protected
}

// ForQueue gives the work without the person; ok is false when it is not over or older
// than what was told.
func (w *Work) ForQueue() (_ QueueWork, ok bool) {
	if !w.seen || w.closed.Wall.IsZero() {
		return QueueWork{}, false
	}
	q := QueueWork{Closed: w.closed.Wall, Miss: w.miss, Cause: w.cause, Transferred: w.cause == transferred}
	switch {
	case !w.answered.Wall.IsZero():
		q.Ring = between(w.offered, w.answered)
	case w.lost:
		q.Ring = between(w.offered, w.finished)
	default:
		q.Ring = between(w.offered, w.closed)
	}
	if q.Talked = w.talked(); q.Talked {
		q.Talk, q.Held = w.length(), w.talk.Held
		q.Wrap = between(w.finished, w.wrapped)
	}
	if w.protected() {
		q.Shielded = Shielded{
			Protected: true, Warnings: w.talk.Warnings, Rest: w.rest.level, Entitled: w.rest.entitled,
			Taken: w.rest.taken, Declined: w.rest.declined, Spent: between(w.offered, w.closed),
		}
	}
	return q, true
}

// talked tells whether there was a conversation that ended as one.
func (w *Work) talked() bool {
	return !w.answered.Wall.IsZero() && !w.finished.Wall.IsZero() && !w.lost && w.cause != unreached && w.cause != messageHeard
}

// length is that of the talk, as the floor measured it where it did.
func (w *Work) length() time.Duration {
	if w.talk.Length > 0 {
		return w.talk.Length
	}
	return between(w.answered, w.finished)
}

// between is the time from one moment to another: by the machine's own clock within a
// boot, else by the wall clock; never negative.
func between(from, to acd.Stamp) time.Duration {
	switch {
	case from.Wall.IsZero() || to.Wall.IsZero():
		return 0
	case from.Boot != "" && from.Boot == to.Boot:
		return max(0, to.Mono-from.Mono)
	}
	return max(0, to.Wall.Round(0).Sub(from.Wall.Round(0)))
}
