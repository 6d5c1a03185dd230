package media

import "math"

// wheel keeps the timers of one loop in slots of a millisecond. No timer is further
// away than its length. It belongs to its loop; arming and stopping allocate
// nothing.
type wheel struct {
	now     int64 // the last millisecond that was served
	armed   int
	soonest int64            // the earliest that was armed since never was put here
	slots   [wheelSize]timer // heads of rings
}

const never = math.MaxInt64 // ms

const wheelSize = 128 // ms; the longest timer is that of the chores, 100 ms

// timer is one moment at which something is done for a port.
type timer struct {
	next, prev *timer
	due        int64 // ms of the loop's clock
	room       *room // that is mixed, or
	port       *Port // whose timer it is; neither for the chores of all
}

func (w *wheel) start(now int64) {
	w.now = now
	for i := range w.slots {
		head := &w.slots[i]
		head.next, head.prev = head, head
	}
}

// arm sets t for the millisecond due; a moment that has passed is the next one.
func (w *wheel) arm(t *timer, due int64) {
	w.stop(t)
	due = max(w.now+1, min(due, w.now+wheelSize-1))
	head := &w.slots[due%wheelSize]
	t.due, t.next, t.prev = due, head, head.prev
	head.prev.next = t
	head.prev = t
	w.armed++
	w.soonest = min(w.soonest, due)
}

// stop disarms t, if it is armed.
func (w *wheel) stop(t *timer) {
	if t.next == nil {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev = nil, nil
	w.armed--
}

// due takes one timer that is due at the millisecond now; nil when there is none
// left. Call it until it is nil.
func (w *wheel) due(now int64) *timer {
	if w.armed == 0 {
		w.now = max(w.now, now)
		return nil
	}
	for {
		head := &w.slots[w.now%wheelSize]
		if t := head.next; t != head && t.due <= w.now {
			w.stop(t)
			return t
		}
		if w.now >= now {
			return nil
		}
		w.now++
	}
}

// skip passes over the milliseconds up to now in which nothing is due.
func (w *wheel) skip(now int64) {
	if w.armed == 0 {
		w.now = max(w.now, now)
	}
	for w.now < now {
		if head := &w.slots[w.now%wheelSize]; head.next != head {
			return
		}
		w.now++
	}
}

// wait is how many milliseconds from now the next timer is due; −1 when none is.
func (w *wheel) wait(now int64) int {
	if w.armed == 0 {
		return -1
	}
	for ms := w.now + 1; ms < w.now+wheelSize; ms++ {
		if head := &w.slots[ms%wheelSize]; head.next != head {
			return int(max(0, ms-now))
		}
	}
	return 0
}
