package siptest

import (
	"container/heap"
	"time"
)

// alarm is something the phone's loop does later.
type alarm struct {
	at    time.Time
	do    func()
	place int // in the heap; -1 when it is not there
}

// alarms is the loop's clockwork: a heap by time, so that no goroutine sleeps
// for a retransmission.
type alarms []*alarm

func (a *alarms) in(d time.Duration, do func()) *alarm {
	it := &alarm{at: time.Now().Add(d), do: do}
	heap.Push(a, it)
	return it
}

func (a *alarms) stop(it *alarm) {
	if it != nil && it.place >= 0 {
		heap.Remove(a, it.place)
	}
}

// due does everything whose time has come and tells how long until the next.
func (a *alarms) due(now time.Time) time.Duration {
	for len(*a) > 0 && !(*a)[0].at.After(now) {
		heap.Pop(a).(*alarm).do()
	}
	if len(*a) == 0 {
		return time.Hour
	}
	return max(time.Until((*a)[0].at), 0)
}

// Len, Less, Swap, Push and Pop are heap.Interface.

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at.Before(a[j].at) }

func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i, j
}

// Push is called by the heap only.
func (a *alarms) Push(x any) {
	it := x.(*alarm)
	it.place = len(*a)
	*a = append(*a, it)
}

// Pop is called by the heap only.
func (a *alarms) Pop() any {
	old := *a
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	it.place = -1
	return it
}
