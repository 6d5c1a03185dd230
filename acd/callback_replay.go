package acd

import (
	"fmt"
	"time"
)

// waitingCaller is a ticket as the ledger knows it.
func (b *board) waitingCaller(t *ticket) waitingCaller {
	w := waitingCaller{Ticket: t.id, Call: t.entry.Call, Queue: t.entry.Queue, Since: b.stamp(t.since).Wall, Caller: t.caller()}
	if t.isBack() {
		w.Next = b.stamp(t.back.next).Wall
	}
	return w
}

func (w waitingCaller) isBack() bool { return w.Caller != nil && w.Caller.Back != nil }

// after is the place of a callback after it was dialled in vain.
func (w waitingCaller) after(e *Event) waitingCaller {
	if !w.isBack() {
		return w
	}
	who, back := *w.Caller, *w.Caller.Back
	back.Tries = e.Level
	who.Back = &back
	w.Caller, w.Next = &who, e.At.Wall.Add(e.Length)
	return w
}

// takeOver puts somebody who waited in the process before this one in their place again:
// a callback as it was, a caller on the line as one with an apology. false = they cannot
// be called back.
func (b *board) takeOver(w waitingCaller) bool {
	who := w.Caller
	if who == nil {
		return false
	}
	q := b.routes.queues[w.Queue]
	apology := Callback{Number: who.Number, Kind: BackCrash}
	switch {
	case q == nil:
		return false
	case !w.isBack() && b.mayCall(q, apology) != nil:
		return false
	case !w.isBack() && b.sameWish(w.Queue, apology) != nil:
		b.record(Event{At: b.now, Kind: KindLeft, Queue: w.Queue, Call: w.Call, Ticket: w.Ticket, Reason: "has a callback already"})
		return true
	}
	t := b.newTicket(w.Ticket, Entry{
		Call: w.Call, Queue: w.Queue, Caller: who.Number, Data: plain(who.Data), Since: w.Since, Prefer: who.Prefer,
		Tier: who.Tier, Event: who.Event, Urgent: who.Urgent,
	})
	t.since = b.now.Mono - b.now.Wall.Round(0).Sub(w.Since.Round(0)) // in the future where it is scheduled
	next := b.now.Mono + max(restartPause, q.pauseLeft(&w, b.now.Wall))
	b.prefer(t)
	if w.isBack() {
		b.keep(t, *who.Back, next)
		t.back.end = t.since + q.keepFor(who.Back)
	} else {
		b.make(t, apology, next)
	}
	b.classify(t, q)
	return true
}

// pauseLeft is how long a callback was to be left alone still: a pause, which is no longer though the clock may be
// slow after the restart, and the time until one that was not tried yet was wished.
func (q *queue) pauseLeft(w *waitingCaller, now time.Time) time.Duration {
	left := min(w.Next.Sub(now), q.longestPause())
	if w.isBack() && w.Caller.Back.Tries == 0 {
		left = max(left, w.Caller.Back.At.Sub(now))
	}
	return left
}

// longestPause is for how long a callback or a message may be left alone at most.
func (q *queue) longestPause() time.Duration {
	c, v := &q.spec.Callback, &q.spec.Voicemail
	return max(c.NoAnswer, c.Busy, outageMost, v.Longest+speakGrace)
}

// picturedBack is a callback in a picture of the floor.
type picturedBack struct {
	Callback
	Next    time.Duration `json:"next"`
	End     time.Duration `json:"end"`
	Seat    uint64        `json:"seat,omitempty"`
	Listed  bool          `json:"listed,omitempty"`
	Dialled time.Duration `json:"dialled,omitempty"`
	Doubt   uint64        `json:"doubt,omitempty"`
}

func (t *ticket) pictureBack() *picturedBack {
	if !t.isBack() {
		return nil
	}
	p := &picturedBack{Callback: t.back.Callback, Next: t.back.next, End: t.back.end, Listed: t.listed, Dialled: t.back.dialled, Doubt: t.back.doubt}
	if t.back.seat != nil {
		p.Seat = t.back.seat.id
	}
	return p
}

// restoreBack gives a ticket its callback back; nil = it has none.
func (b *board) restoreBack(t *ticket, p *picturedBack, q *queue) error {
	if p == nil {
		return nil
	}
	b.keep(t, p.Callback, p.Next)
	t.back.end, t.back.dialled, t.back.doubt = p.End, p.Dialled, p.Doubt
	q.park(t, 1)
	if p.Seat == 0 {
		return nil
	}
	if t.back.seat = b.seats[p.Seat]; t.back.seat == nil {
		return fmt.Errorf("assignment %d: %w", p.Seat, ErrStale)
	}
	return nil
}

// rearmBacks sets the alarms of callbacks.
func (b *board) rearmBacks() {
	for _, t := range b.inOrder() {
		if t.isBack() {
			b.arm(t)
		}
	}
}
