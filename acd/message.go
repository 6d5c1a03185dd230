package acd

import (
	"fmt"
	"time"
)

// A message is a place in a queue like a callback's: it has no line, stands by its age, and
// an agent is reserved for it. What differs is here.

// BackMessage is the kind of a callback that is a message: an agent hears it, and calls the
// number back only where they wish to.
const BackMessage = "message"

// speakGrace is how much later than its longest a message that is being spoken becomes work
// by itself: its call is broken, or died with the server. What was said is heard all the same.
const speakGrace = time.Minute

// IsMessage tells whether it is a message.
func (c *Callback) IsMessage() bool { return c.Kind == BackMessage }

// isMessage tells whether the ticket is a message.
func (t *ticket) isMessage() bool { return t.isBack() && t.back.IsMessage() }

// spoken tells whether all of a message has been said.
func (p *parked) spoken() bool { return p.Length > 0 }

// mayLeave says why nobody can leave a message; nil = they can.
func (q *queue) mayLeave() error {
	switch spec := q.spec.Voicemail; {
	case !spec.Takes() || q.spec.Urgent:
		return fmt.Errorf("queue %s: %w: it takes no messages", q.spec.Name, ErrNoCallback)
	case q.messages >= spec.Most:
		return fmt.Errorf("queue %s: %w", q.spec.Name, ErrMessagesFull)
	}
	return nil
}

// leftToSpeak is why a caller leaves the line who leaves a message instead.
const leftToSpeak = "voicemail"

// leaveMessage gives a caller who waits the place of a message for their place on the line;
// where there is none, they keep theirs. Nobody is in two places, and nobody in none.
func (b *board) leaveMessage(waiting uint64, e Entry, c Callback) (uint64, error) {
	t, q := b.tickets[waiting], b.routes.queues[e.Queue]
	switch {
	case t == nil || t.isBack() || t.entry.Call != e.Call:
		return 0, fmt.Errorf("ticket %d: %w", waiting, ErrNoTicket)
	case q == nil:
		return 0, fmt.Errorf("leave a message for %s: %w", e.Queue, ErrNoQueue)
	case !c.IsMessage():
		return 0, fmt.Errorf("queue %s: %w: it is no message", e.Queue, ErrNoCallback)
	}
	if err := q.mayLeave(); err != nil {
		return 0, err
	}
	b.leave(waiting, leftToSpeak)
	return b.callBack(e, c)
}

// keepFor is how long a callback or message waits before it is given up.
func (q *queue) keepFor(c *Callback) time.Duration {
	if c.IsMessage() {
		return q.spec.Voicemail.Keep
	}
	return q.spec.Callback.Keep
}

// said makes a message whole, so that it may be heard; of no length, nothing was said, and
// there is none.
func (b *board) said(id uint64, length time.Duration) error {
	t := b.tickets[id]
	if t == nil || !t.isMessage() || t.back.spoken() {
		return fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	if length <= 0 {
		b.count.Left++
		b.record(Event{At: b.now, Kind: KindLeft, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: id, Reason: "said-nothing"})
		b.revokeAll(t, string(MissCallerLeft))
		b.forget(t)
		return nil
	}
	t.back.Length, t.back.next = length, b.now.Mono
	b.record(Event{At: b.now, Kind: KindSaid, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: id, Length: length})
	if t.offer == nil && t.back.seat == nil {
		b.unlist(t)
		b.fresh = append(b.fresh, t)
	}
	return nil
}

// said is the place of a message that has been said.
func (w waitingCaller) said(e *Event) waitingCaller {
	if !w.isBack() {
		return w
	}
	who, back := *w.Caller, *w.Caller.Back
	back.Length = e.Length
	who.Back = &back
	w.Caller, w.Next = &who, e.At.Wall
	return w
}

// whyMessage says what is special about a message.
func (p *parked) whyMessage() string {
	return fmt.Sprintf("is a message of %s, left to be heard; it goes behind every caller on the line who is older", p.Length.Round(time.Second))
}
