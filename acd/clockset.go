package acd

import "time"

// setBy is how far the wall clock may move against the other before it was set.
const setBy = time.Second

// watchClock looks anew at everything that goes by the time of day where the wall clock was set. All
// alarms are of the other clock, which nobody sets: opening hours, a callback wished at a time,
// shifts and midnight would be as far off as that one was.
func (b *board) watchClock() {
	zero := b.now.Wall.Add(-b.now.Mono)
	by := zero.Sub(b.zero)
	if b.zero.IsZero() {
		b.zero = zero
		return
	}
	if by.Abs() <= setBy {
		return
	}
	b.zero = zero
	for _, name := range b.routes.names {
		b.touch(b.agents[name])
	}
	for _, t := range b.inOrder() {
		if !t.isBack() || t.out() {
			continue
		}
		if t.since > b.now.Mono { // wished at a time
			t.since, t.back.next, t.back.end = t.since-by, t.back.next-by, t.back.end-by
		}
		b.unlist(t)
		b.fresh = append(b.fresh, t)
	}
}
