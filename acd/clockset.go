package acd

import (
	"maps"
	"slices"
	"time"
)

// setBy is how far the machine's wall clock may be from the floor's before it was set. One that a
// time server lets run faster, by 500 ppm at most, is followed every three minutes.
const setBy = 100 * time.Millisecond

// moveTo brings the board to a moment. Its wall clock keeps step with the clock that nobody sets,
// as all alarms do: what is held until nine is let go by its alarm. Where the machine's was set
// it follows, and all that goes by the time of day is looked at anew.
func (b *board) moveTo(now Stamp) {
	now.Mono = max(now.Mono, b.now.Mono)
	zero := now.Wall.Add(-now.Mono)
	if b.zero.IsZero() {
		b.zero = zero
	}
	by := zero.Sub(b.zero)
	set := by.Abs() > setBy
	if set {
		b.zero = zero
	}
	now.Wall = b.zero.Add(now.Mono).In(now.Wall.Location())
	b.now = now
	if set {
		b.clockSet(by)
	}
}

// clockSet looks at everything that goes by the time of day: opening hours, callbacks wished at
// a time, shifts, midnight.
func (b *board) clockSet(by time.Duration) {
	b.turn.rang = true // the decision log needs the turn
	for _, name := range slices.Sorted(maps.Keys(b.agents)) {
		b.touch(b.agents[name])
	}
	all := b.inOrder()
	b.turn.steps += len(all)
	for _, t := range all {
		if !t.isBack() {
			continue
		}
		b.unlist(t) // by its place of before
		b.redate(t, by)
		if !t.out() {
			b.fresh = append(b.fresh, t)
		}
	}
}

// redate moves what a callback has of the time of day to the clock as it was set. One whose time the clock has
// jumped over is as old as one that is due now: it is not given up unseen.
func (b *board) redate(t *ticket, by time.Duration) {
	p, due := t.back, b.now.Mono+max(0, t.back.At.Sub(b.now.Wall))
	switch {
	case p.At.IsZero() && t.since > b.now.Mono: // of before a restart by a slow clock
		t.since, p.end = t.since-by, p.end-by
	case !p.At.IsZero() && max(due, t.since) > b.now.Mono:
		t.since, p.end = due, p.end+due-t.since
		p.next = min(p.next, b.now.Mono+t.class.queue.longestPause())
		if p.Tries == 0 {
			p.next = min(p.next, b.now.Mono+restartPause) // what it was left alone for, unless that was its time
		}
		p.next = max(p.next, due)
	}
}
