package sip

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
)

// TestWhoHasWorkedWorksForTheNext: a goroutine stays for the next mailbox, all work at
// once that have work, and none is left at the end.
func TestWhoHasWorkedWorksForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(slog.New(slog.DiscardHandler), &tally{}, 1000)
		var meet sync.WaitGroup
		together := func(n int) {
			meet.Add(n)
			for i := range n {
				b := o.open(string(rune('A' + i)))
				b.post(func() { meet.Done(); meet.Wait() }) // returns only when all work at once
			}
			synctest.Wait()
		}
		idle := func() int {
			synctest.Wait()
			o.hands.mu.Lock()
			defer o.hands.mu.Unlock()
			return len(o.hands.idle)
		}
		together(3)
		together(2)
		if n := idle(); n != 3 {
			t.Errorf("%d idle after three and then two had work, want 3", n)
		}
		together(2 * idleHands)
		if n := idle(); n != idleHands {
			t.Errorf("%d idle after a flood, at most %d stay", n, idleHands)
		}
		o.hands.rest()
		together(2)
		together(1)
		o.hands.rest()
		if n := idle(); n != 2 {
			t.Errorf("%d are idle when two at most had work at once since the last rest, want 2", n)
		}
		o.hands.rest()
		if n := idle(); n != 0 {
			t.Errorf("%d wait for work that does not come", n)
		}
		together(2)
		o.close()
		if n := idle(); n != 0 {
			t.Errorf("%d are left at the end", n)
		}
		if o.open("late").post(func() { t.Error("worked after the end") }) {
			t.Error("taken after the end")
		}
	})
}
