package shield

import (
	"time"
	"unique"

	"breakwater/acd"
)

// Work is one offer to one agent and what came of it: ring, talk, wrap-up and rest.
// Nobody outside this package sees into it: ask Own or ForQueue.
//
// Tens of thousands are kept, so a Work that is over is what it came to; its moments on
// both clocks are known while it goes on.
type Work struct {
	queue           word
	call            *conversation
	seat            uint64
	offered, closed Moment // closed: the agent has nothing more to do with it; 0 = it goes on
	going           *going // nil = it is over
	rest            *rest  // nil = none was granted

	came             word          // of an offer that was missed why, else why the conversation ended
	ring, spent      time.Duration // spent is all of it, to the end of the rest
	talk, held, wrap time.Duration // of one that talked
	warnings         uint16
	missed           bool // there was no conversation
	seen             bool // its offer is known: it began within what was told
	talked           bool // there was a conversation that ended as one
	raised, shielded bool // of its conversation: the caller's voice, and that it is protected
	lost             bool // the process died during it
}

// going is what is known of a Work while it goes on.
type going struct {
	ticket                               uint64
	offered, answered, finished, wrapped acd.Stamp // zero = did not happen (yet)

	talk  acd.Talk
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

// word is one of the few words that works have thousands of times: a queue, a reason.
type word = unique.Handle[string]

// conversation is what all works of one call share.
type conversation struct {
	last      Moment // when it was heard of last
	open      int32  // works of it that go on
	protected bool
}

func (c *conversation) heard(at time.Time) { c.last = max(c.last, MomentOf(at)) }

// owed is the work's rest, to note something of it.
func (w *Work) owed() *rest {
	if w.rest == nil {
		w.rest = &rest{}
	}
	return w.rest
}

// level is that of the rest; 0 = none.
func (w *Work) level() int {
	if w.rest == nil {
		return 0
	}
	return w.rest.level
}

// miss is why there was no conversation; "" = there was one, or it is not over.
func (w *Work) miss() acd.Miss {
	if !w.missed {
		return ""
	}
	return acd.Miss(w.came.Value())
}

// cause is why the conversation ended; "" = there was none, or it goes on.
func (w *Work) cause() string {
	if w.missed {
		return ""
	}
	return w.came.Value()
}

// over tells whether the agent has nothing more to do with the work.
func (w *Work) over() bool { return w.going == nil }

// end is the end of the work: from now on it is what it came to.
func (w *Work) end(at acd.Stamp) {
	g := w.going
	w.going, w.closed = nil, MomentOf(at.Wall)
	answered := !g.answered.Wall.IsZero()
	switch {
	case answered:
		w.ring = between(g.offered, g.answered)
	case w.lost:
		w.ring = between(g.offered, g.finished)
	default:
		w.ring = between(g.offered, at)
	}
	w.spent = between(g.offered, at)
	cause := w.cause()
	if w.talked = answered && !g.finished.Wall.IsZero() && !w.lost && cause != unreached && cause != messageHeard; !w.talked {
		return
	}
	w.held = g.talk.Held
	if w.talk = g.talk.Length; w.talk <= 0 { // the floor measured it where it could
		w.talk = between(g.answered, g.finished)
	}
	if !g.wrapped.Wall.IsZero() {
		w.wrap = between(g.finished, g.wrapped)
	}
}

// protected tells whether the work is invisible to the agent's figures.
func (w *Work) protected() bool {
	return w.call.protected || w.lost || w.level() > 0
}

// why says in one word what protects the work.
func (w *Work) why() string {
	switch {
	case w.lost:
		return "server-restarted"
	case w.warnings > 0:
		return "warned"
	case w.shielded:
		return "protected"
	case w.level() > 0:
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
	if !w.seen || !w.over() || w.protected() {
		return OwnWork{}, false
	}
	o := OwnWork{queue: w.queue.Value(), closed: w.closed.Time(), miss: w.miss()}
	if w.talked {
		o.talked, o.talk, o.held, o.wrap = true, w.talk, w.held, w.wrap
		o.load = acd.Talk{Length: w.talk, Raised: w.raised}.Load()
		o.transferred = w.cause() == transferred
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
	if !w.seen || !w.over() {
		return QueueWork{}, false
	}
	q := QueueWork{
		Closed: w.closed.Time(), Miss: w.miss(), Cause: w.cause(), Talked: w.talked,
		Ring: w.ring, Talk: w.talk, Held: w.held, Wrap: w.wrap,
	}
	q.Transferred = q.Cause == transferred
	if w.protected() {
		q.Shielded = Shielded{Protected: true, Warnings: int(w.warnings), Spent: w.spent}
		if r := w.rest; r != nil {
			q.Shielded.Rest, q.Shielded.Entitled, q.Shielded.Taken, q.Shielded.Declined = r.level, r.entitled, r.taken, r.declined
		}
	}
	return q, true
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
