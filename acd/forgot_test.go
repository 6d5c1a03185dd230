package acd

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// forgetful is a ledger that can lose all it has, and says so.
type forgetful struct {
	*memory
	lost bool
}

func (f *forgetful) Append(ctx context.Context, events []Event) error {
	f.mu.Lock()
	lost := f.lost
	f.mu.Unlock()
	if lost {
		return fmt.Errorf("it has nothing: %w", ErrForgotten)
	}
	return f.memory.Append(ctx, events)
}

func (f *forgetful) Compact(ctx context.Context, seq uint64, blob []byte) error {
	f.mu.Lock()
	f.lost = false
	f.mu.Unlock()
	return f.memory.Compact(ctx, seq, blob)
}

// TestALedgerThatLostEventsGetsTheWholeState: nothing else happens on the floor after
// the loss is found, and still a restart knows everything.
func TestALedgerThatLostEventsGetsTheWholeState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &forgetful{memory: &memory{}}
		f, err := NewFloor(t.Context(), help(), l, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l.memory}
		ended, stop := runFloor(t, f)
		d.do("anna", Command{Verb: LogIn, Phone: "1"})
		l.mu.Lock()
		l.events, l.last, l.lost = nil, 0, true
		l.mu.Unlock()
		_, _ = d.Do(d.ctx, "bert", Command{Verb: LogIn, Phone: "2"}) // finds it; not durable yet
		d.pass(10 * time.Second)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("in the end something was not written: %v", err)
		}
		again := open(t, help(), l.memory)
		again.want("anna", Ready)
		again.want("bert", Ready)
	})
}
