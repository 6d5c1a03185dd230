package acd

import (
	"cmp"
	"container/heap"
	"time"
)

// alarm is the next moment at which something is due for an agent or a ticket.
// Each has exactly one, so the heap is never larger than the floor.
type alarm struct {
	at    time.Duration
	pos   int    // place in the heap + 1; 0 = not in it
	order uint64 // breaks ties the same way every time
	ring  func(*board)
}

// alarms is a heap by moment.
type alarms []*alarm

// set moves, adds or (with never) removes an alarm.
func (h *alarms) set(a *alarm, at time.Duration) {
	switch {
	case at == never && a.pos == 0:
	case at == never:
		heap.Remove(h, a.pos-1)
	case a.pos == 0:
		a.at = at
		heap.Push(h, a)
	case a.at != at:
		a.at = at
		heap.Fix(h, a.pos-1)
	}
}

// next is when the first alarm rings.
func (h alarms) next() time.Duration {
	if len(h) == 0 {
		return never
	}
	return h[0].at
}

// Len, Less, Swap, Push and Pop are for container/heap.
func (h alarms) Len() int { return len(h) }

// Less orders by moment, then by who came first.
func (h alarms) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}

// Swap keeps the places noted in the alarms.
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i+1, j+1
}

// Push adds at the end.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.pos = len(*h)
}

// Pop takes from the end.
func (h *alarms) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.pos = 0
	return a
}
