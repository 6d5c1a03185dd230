package acd

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// heard collects what a word to the floor came to.
type heard struct {
	mu      sync.Mutex // guards answers
	answers []error
}

func (h *heard) then(err error) { h.mu.Lock(); h.answers = append(h.answers, err); h.mu.Unlock() }

func (h *heard) all() []error { h.mu.Lock(); defer h.mu.Unlock(); return slices.Clone(h.answers) }

// is tells whether the word was answered once, so.
func (h *heard) is(want error) bool { all := h.all(); return len(all) == 1 && errors.Is(all[0], want) }

// slowDisk is a ledger that may take its time.
type slowDisk struct {
	*memory
	takes atomic.Int64 // time.Duration
}

func (s *slowDisk) Append(ctx context.Context, events []Event) error {
	if takes := time.Duration(s.takes.Load()); takes > 0 {
		<-time.After(takes)
	}
	return s.memory.Append(ctx, events)
}

func TestAnEndNobodyWaitsForIsToldWhenItIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{}
		disk := &slowDisk{memory: l}
		f, err := NewFloor(t.Context(), help(), disk, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l}
		_, stop := runFloor(t, f)
		defer stop()
		d.logIn("anna")
		seat := d.talk("c1")
		disk.takes.Store(int64(time.Second))
		var earned, finished, again heard
		d.EarnedThen(seat.Assignment, Outcome{Rest: 1}, earned.then)
		d.FinishThen(seat.Assignment, Outcome{Rest: 1}, finished.then)
		synctest.Wait()
		d.want(seat.Agent, WrapUp) // at once: nobody waits for a disk
		if !earned.is(nil) || len(finished.all()) != 0 {
			t.Errorf("while the disk works: earned %v, finished %v", earned.all(), finished.all())
		}
		d.pass(2 * time.Second)
		d.FinishThen(seat.Assignment, Outcome{}, again.then)
		synctest.Wait()
		if !finished.is(nil) || !again.is(ErrStale) {
			t.Errorf("finished %v, and again %v; want nil, stale", finished.all(), again.all())
		}
	})
}

func TestAnEndThatIsNotOnTheDiskIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{}
		d := open(t, help(), l)
		d.logIn("anna")
		seat := d.talk("c1")
		l.set(errors.New("disk full"))
		var finished heard
		d.FinishThen(seat.Assignment, Outcome{}, finished.then)
		d.pass(10 * time.Second)
		if !finished.is(ErrNotDurable) {
			t.Errorf("told %v", finished.all())
		}
	})
}

// TestPromiseEveryWordToTheFloorIsAnsweredOnce ends the floor among words that come before,
// while and after it stops.
func TestPromiseEveryWordToTheFloorIsAnsweredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		words := make([]heard, 3*inboxSize)
		say := func(some []heard) {
			for i := range some {
				f.FinishThen(1, Outcome{}, some[i].then)
			}
		}
		before, while, after := words[:inboxSize], words[inboxSize:2*inboxSize], words[2*inboxSize:]
		say(before) // as many as have room
		go say(while)
		synctest.Wait()
		ctx, stop := context.WithCancel(t.Context())
		stop() // it serves what it happens to begin with, and ends
		if err := f.Run(ctx); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		say(after)
		for i := range words {
			if w := &words[i]; !w.is(ErrStopped) && !w.is(ErrStale) {
				t.Fatalf("word %d was answered %v", i, w.all())
			}
		}
	})
}
