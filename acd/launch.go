package acd

import (
	"fmt"
	"time"
)

// takeUp notes that an agent is on the line for a callback: from here on the number is
// being dialled.
func (b *board) takeUp(t *ticket, s *seat) {
	t.offer, t.back.seat, t.back.dialled = nil, s, b.now.Mono
	b.alarms.set(&t.alarm, never)
}

// launched says that a call has taken the offer of a callback, by the name it will have
// in records and views.
func (b *board) launched(id uint64, call string) error {
	if t := b.tickets[id]; t != nil && t.isBack() && t.offer != nil {
		if b.calls[t.entry.Call] == t {
			delete(b.calls, t.entry.Call)
		}
		t.entry.Call = call
		b.calls[call] = t
		for _, s := range t.offer.seats {
			s.call = call
		}
	}
	return b.taken(id)
}

// ReachedHeard is the reason of KindReached where a message was heard, and nobody was called.
const ReachedHeard = "heard"

// reached ends a callback: its conversation has begun, or a message was heard, or its
// caller was called.
func (b *board) reached(id uint64, why string) error {
	t := b.tickets[id]
	if t == nil || !t.isBack() || t.back.seat == nil {
		return fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	if why != ReachedHeard {
		b.trunkUp(t)
	}
	if t.isMessage() && why == "" {
		why = BackMessage
	}
	b.record(Event{
		At: b.now, Kind: KindReached, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: id,
		Length: max(0, b.waited(t)), Level: t.back.Tries + 1, Reason: why,
	})
	b.forget(t)
	return nil
}

// unreached notes that a call for a callback came to nothing. It keeps its place until
// it has been tried often enough.
func (b *board) unreached(id uint64, why string) error {
	t := b.tickets[id]
	if t == nil || !t.isBack() {
		return fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	if t.back.seat == nil {
		pause := agentLeftPause
		if why == UnreachedUnread {
			pause = unreadPause
		}
		b.handBack(t, pause)
		return nil
	}
	p, spec := t.back, t.class.queue.spec.Callback
	pause, tried := spec.NoAnswer, b.tried(t, why)
	switch why {
	case UnreachedBusy:
		pause = spec.Busy
		b.trunkUp(t)
	case UnreachedNoAnswer, UnreachedUnreachable:
		b.trunkUp(t)
	case UnreachedTrunk:
		b.trunkDown(t)
		if pause = min(pause, outageMost); tried {
			pause = max(spec.NoAnswer, outageMost) // others first: it may be none
		}
	case UnreachedAgentLeft:
		pause = agentLeftPause
	}
	if tried {
		p.Tries++
	}
	p.seat, p.next = nil, b.notBefore(p, pause)
	b.record(Event{
		At: b.now, Kind: KindUnreached, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: id,
		Reason: why, Length: pause, Level: p.Tries,
	})
	b.turn.gone = append(b.turn.gone, id) // the call that dialled is over: the next offer makes a new one
	if p.Tries >= spec.Tries {
		b.giveUp(t, "tries")
		return nil
	}
	b.fresh = append(b.fresh, t)
	b.wake(t)
	return nil
}

// tried tells whether a call that came to nothing is held against the callback. That one
// broke is our fault: it leaves a message as it was, but a number may have rung for it. None
// has where the trunk was down, unless it takes all but this one.
func (b *board) tried(t *ticket, why string) bool {
	switch why {
	case UnreachedAgentLeft, UnreachedUnread:
		return false
	case UnreachedTrunk:
		return b.ofNumber(t)
	case UnreachedNoWord:
		return !t.isMessage()
	}
	return true
}

// handBack ends what a call does for a callback whose number it has not dialled.
func (b *board) handBack(t *ticket, pause time.Duration) {
	b.turn.gone = append(b.turn.gone, t.id)
	if t.offer != nil {
		t.back.next = b.notBefore(t.back, pause)
		b.releaseAll(t, "handed-back")
	}
}

// notBefore is the end of a pause, and of the time until a callback was wished: the clock may have been set
// back meanwhile.
func (b *board) notBefore(p *parked, pause time.Duration) time.Duration {
	return b.now.Mono + max(pause, p.At.Sub(b.now.Wall))
}

// giveUp ends a callback without a conversation.
func (b *board) giveUp(t *ticket, why string) {
	b.revokeAll(t, string(MissCallerLeft))
	b.count.Removed++
	what := "callback-"
	if t.isMessage() {
		what = "message-"
	}
	b.record(Event{
		At: b.now, Kind: KindRemoved, Queue: t.entry.Queue, Call: t.entry.Call, Ticket: t.id, Reason: what + why, Level: t.back.Tries,
	})
	b.turn.removed = append(b.turn.removed, expulsion{t.id, Removal{Limit: why}})
	l := b.launchOf(t)
	l.GivenUp = why
	b.turn.gaveUp = append(b.turn.gaveUp, l)
	b.forget(t)
}

// cancel takes a callback out because somebody wishes it.
func (b *board) cancel(id uint64) error {
	t := b.tickets[id]
	if t == nil || !t.isBack() {
		return fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	b.giveUp(t, "cancelled")
	return nil
}

// launchOf is what a call must know of a callback.
func (b *board) launchOf(t *ticket) Launch {
	e := t.entry
	e.Since = b.stamp(t.since).Wall
	return Launch{Entry: e, Callback: t.back.Callback}
}
