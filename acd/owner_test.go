package acd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestACallerWhoLeavesAsHeIsOfferedRingsNobody: the agent becomes free in the same
// turn in which the caller leaves. No offer may be seen, and no bell stay behind.
func TestACallerWhoLeavesAsHeIsOfferedRingsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := Stamp{Wall: time.Now(), Boot: "boot", Mono: time.Hour}
		f, err := NewFloor(t.Context(), help(), nil, nil, WithClock(func() Stamp { return now }))
		if err != nil {
			t.Fatal(err)
		}
		say := func(act func(*board) error) {
			t.Helper()
			e := &errand{act: act, done: make(chan error, 1)}
			f.turn(e)
			if err := <-e.done; err != nil {
				t.Fatal(err)
			}
		}
		say(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "1"}) })
		say(func(b *board) error { _, err := b.enter(Entry{Call: "c1", Queue: "help"}); return err })
		say(func(b *board) error { return b.answered(1) })
		say(func(b *board) error { return b.finish(1, Outcome{}) })
		offers := make(chan Offer, 1)
		say(func(b *board) error {
			id, err := b.enter(Entry{Call: "c2", Queue: "help"})
			f.slots[id] = slots{offers: offers, removed: new(News[Removal])}
			return err
		})
		now.Mono += 30 * time.Second // the wrap-up is over, and nobody has looked yet
		say(func(b *board) error { b.leave(2, "abandoned"); return nil })
		select {
		case o := <-offers:
			t.Errorf("offered to %s after leaving", o.Seats[0].Agent)
		default:
		}
		if len(f.bells)+len(f.slots) > 0 {
			t.Errorf("%d bells and %d slots are left", len(f.bells), len(f.slots))
		}
		if a := f.board.agents["anna"]; a.State != Ready || a.seat != nil {
			t.Errorf("anna is %s", a.State)
		}
	})
}

// TestWhoeverIsWatchedAndNoLongerLeavesNoTrace: names come from the wire, and a
// stranger may ask for any.
func TestWhoeverIsWatchedAndNoLongerLeavesNoTrace(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		ctx, stop := context.WithCancel(d.ctx)
		for i := range 100 {
			d.Watch(ctx, fmt.Sprint("stranger-", i))
			d.Watch(ctx, "anna")
		}
		stop()
		synctest.Wait()
		d.watch.mu.Lock()
		defer d.watch.mu.Unlock()
		if n := len(d.watch.follow); n > 0 {
			t.Errorf("%d names are kept", n)
		}
	})
}

// TestAFullInboxMakesCallersWaitAndNothingIsHalfDone: more errands than the inbox
// holds, some of whose callers give up before the floor begins.
func TestAFullInboxMakesCallersWaitAndNothingIsHalfDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		const crowd = 2 * inboxSize
		gone, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		results := make(chan error, crowd)
		for i := range crowd {
			ctx := t.Context()
			if i%3 == 0 {
				ctx = gone
			}
			all.Go(func() {
				_, err := f.Place(ctx, uint64(i))
				results <- err
			})
		}
		synctest.Wait() // the inbox is full, the others stand before it
		giveUp()
		synctest.Wait()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		all.Wait()
		close(results)
		served, dropped := 0, 0
		for err := range results {
			switch {
			case errors.Is(err, ErrNoTicket):
				served++
			case errors.Is(err, context.Canceled):
				dropped++
			default:
				t.Errorf("%v", err)
			}
		}
		if dropped != (crowd+2)/3 || served != crowd-dropped {
			t.Errorf("%d served, %d gave up", served, dropped)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestTheEndOfTheFloorIsToldToWhoWaits: an errand that was in the inbox when the floor
// stopped was not done, and a plan to be adopted is let go.
func TestTheEndOfTheFloorIsToldToWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		results := make(chan error, 2)
		for range 2 {
			go func() { results <- f.Leave(context.WithoutCancel(t.Context()), 1, "") }()
		}
		commit, err := f.Prepare(help())
		if err != nil {
			t.Fatal(err)
		}
		committed := make(chan bool)
		go func() { commit(); close(committed) }()
		synctest.Wait()
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-results; err != nil && !errors.Is(err, ErrStopped) {
				t.Errorf("leave: %v", err)
			}
		}
		<-committed
		commit, err = f.Prepare(help())
		if err != nil {
			t.Fatal(err)
		}
		commit() // returns: there is nobody to adopt it
	})
}

// TestOfManyWordsOfAPhoneTheLastCounts: of many words told in a burst the last one
// counts, whatever came between.
func TestOfManyWordsOfAPhoneTheLastCounts(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		for i := range 101 {
			d.PhoneBusy("phone-anna", i%2 == 0)
			d.PhoneReachable("phone-anna", i%2 == 1)
		}
		d.want("anna", OnCall)
		if v := d.agent("anna"); v.Offerable {
			t.Error("anna is offerable")
		}
		d.PhoneBusy("phone-anna", false)
		d.PhoneReachable("phone-anna", true)
		d.offered(d.enter(Entry{Call: "c1", Queue: "help"}))
	})
}
