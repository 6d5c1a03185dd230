package acd

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crammed is a ledger that takes events, and for a while no snapshot.
type crammed struct {
	*memory

	mu    sync.Mutex // protects what follows
	tries int
	fails int // how many attempts from now on fail
}

func (l *crammed) Compact(ctx context.Context, seq uint64, blob []byte) error {
	l.mu.Lock()
	l.tries++
	l.fails--
	failed := l.fails >= 0
	l.mu.Unlock()
	if failed {
		return errors.New("no room")
	}
	return l.memory.Compact(ctx, seq, blob)
}

func (l *crammed) tried() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries
}

// crammedDesk is a desk whose snapshot is due, and fails so often.
func crammedDesk(t *testing.T, fails int) (*desk, *crammed) {
	l := &crammed{memory: &memory{}, fails: fails}
	f, err := NewFloor(t.Context(), help(func(p *Plan) { p.Settings.Care = carefree() }), l, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l.memory}
	ended, stop := runFloor(t, f)
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	d.logIn("anna")
	d.pass(compactAfter)
	return d, l
}

// TestASnapshotThatFailsIsTriedAgain within seconds, not at the end of the next hour: until
// then the numbers of callers who are gone stay in the ledger.
func TestASnapshotThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := crammedDesk(t, 3)
		d.do("anna", Command{Verb: GoNotReady, Reason: "lunch"})
		d.pass(time.Second)
		if l.tried() != 4 || l.packed != 1 || d.Counters().LedgerFailures != 3 {
			t.Errorf("%d attempts, %d snapshots, %d failures", l.tried(), l.packed, d.Counters().LedgerFailures)
		}
		d.pass(compactAfter / 2)
		if l.tried() != 4 {
			t.Errorf("tried %d times, though it is stored", l.tried())
		}
	})
}

// TestEventsDoNotWaitForASnapshotThatFails, and do not have it tried more often.
func TestEventsDoNotWaitForASnapshotThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := crammedDesk(t, 1000)
		d.do("anna", Command{Verb: GoNotReady, Reason: "lunch"})
		for range 100 {
			began := time.Now()
			d.do("anna", Command{Verb: GoReady})
			d.do("anna", Command{Verb: GoNotReady, Reason: "lunch"})
			if took := time.Since(began); took > 0 {
				t.Fatalf("an event is durable after %v", took)
			}
			d.pass(30 * time.Second)
		}
		if n := l.tried(); n < 10 || n > 16 {
			t.Errorf("%d attempts in 50 minutes", n)
		}
	})
}

// TestAnIdleFloorMakesItsLedgerSmall an hour after the last one, too: the number of a caller
// who is gone must not wait for the next who calls, or for the next start after a crash.
func TestAnIdleFloorMakesItsLedgerSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, help(func(p *Plan) { p.Settings.Care = carefree() }), &memory{})
		d.logIn("anna")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		d.must(d.Leave(d.ctx, ticket.ID, "abandoned"))
		d.pass(compactAfter + time.Second)
		if d.ledger.packed != 1 {
			t.Fatalf("%d snapshots after an hour in which nothing happened any more", d.ledger.packed)
		}
		d.pass(10 * compactAfter)
		if d.ledger.packed != 1 {
			t.Errorf("%d snapshots of nothing new", d.ledger.packed)
		}
	})
}

// TestAnIdleFloorMakesSmallWhatACrashLeft in its ledger.
func TestAnIdleFloorMakesSmallWhatACrashLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, help(func(p *Plan) { p.Settings.Care = carefree() }), &memory{})
		d.logIn("anna")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		d.must(d.Leave(d.ctx, ticket.ID, "abandoned"))
		l := d.kill()
		d = open(t, help(func(p *Plan) { p.Settings.Care = carefree() }), l)
		d.pass(compactAfter + time.Second)
		if l.packed != 1 {
			t.Errorf("%d snapshots in the first hour of the new floor", l.packed)
		}
	})
}
