package acd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// moody is a ledger that answers each Append as it is told: it may keep what it says
// it lost.
type moody struct {
	*memory
	mood func() (keep bool, err error)
}

func (m *moody) Append(ctx context.Context, events []Event) error {
	keep, err := m.mood()
	if keep {
		if kept := m.memory.Append(ctx, events); kept != nil {
			return kept
		}
	}
	return err
}

// TestNothingIsLostWhenAnAppendArrivedAndMoreHappenedMeanwhile: the attempt after one
// that arrived in spite of its error must bring what was added since.
func TestNothingIsLostWhenAnAppendArrivedAndMoreHappenedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &moody{memory: &memory{}}
		answers := []error{errors.New("timeout"), errors.New("locked")} // kept; not kept
		l.mood = func() (bool, error) {
			if len(answers) == 0 {
				return true, nil
			}
			err := answers[0]
			answers = answers[1:]
			return len(answers) == 1, err
		}
		var heard []Event
		hear := WithWritten(func(events []Event) { heard = append(heard, events...) })
		f, err := NewFloor(t.Context(), help(), l, slog.New(slog.DiscardHandler), hear)
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l.memory}
		ended, stop := runFloor(t, f)
		if _, err := d.Do(d.ctx, "anna", Command{Verb: LogIn, Phone: "1"}); !errors.Is(err, ErrNotDurable) {
			t.Errorf("first: %v", err)
		}
		if _, err := d.Do(d.ctx, "bert", Command{Verb: LogIn, Phone: "2"}); !errors.Is(err, ErrNotDurable) {
			t.Errorf("second: %v", err)
		}
		d.pass(10 * time.Second)
		d.do("carl", Command{Verb: LogIn, Phone: "3"})
		got := map[string][]string{"anna": l.kinds("anna"), "bert": l.kinds("bert"), "carl": l.kinds("carl")}
		want := map[string][]string{"anna": {KindLogIn}, "bert": {KindLogIn}, "carl": {KindLogIn}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ledger (-want +got):\n%s", diff)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(l.events, heard); diff != "" {
			t.Errorf("what was heard is not what is written, once each (-written +heard):\n%s", diff)
		}
	})
}

// TestPromiseTheLedgerHasEveryEventOnce drives a journal through any moods of its
// ledger: in the end everything is there, in order, once.
func TestPromiseTheLedgerHasEveryEventOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		moods := rapid.SliceOfN(rapid.IntRange(0, 2), 0, 12).Draw(rt, "moods")
		bursts := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 8).Draw(rt, "bursts")
		compactAt := rapid.IntRange(0, len(bursts)).Draw(rt, "compacted after")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			l := &moody{memory: &memory{}}
			l.mood = func() (bool, error) {
				if len(moods) == 0 {
					return true, nil
				}
				mood := moods[0]
				moods = moods[1:]
				return mood != 1, map[bool]error{true: errors.New("a bad day")}[mood > 0]
			}
			d := &desk{T: t, ctx: t.Context(), ledger: l.memory}
			f, err := NewFloor(t.Context(), help(), l, nil)
			if err != nil {
				t.Fatal(err)
			}
			d.Floor = f
			ended, stop := runFloor(t, f)
			calls := 0
			for i, n := range bursts {
				for range n {
					calls++
					_ = f.do(d.ctx, &errand{act: func(b *board) error {
						b.record(Event{At: b.now, Kind: KindEntered, Queue: "help", Call: fmt.Sprint(calls), Ticket: uint64(calls)})
						return nil
					}})
				}
				if i == compactAt {
					f.journal.store(&dump{seq: f.board.ids.Seq, state: f.board.snapshot()})
				}
				d.pass(50 * time.Millisecond)
			}
			d.pass(time.Minute)
			stop()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			wrong = l.wrong(uint64(calls))
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// wrong says what is not there once and in order, up to last.
func (m *memory) wrong(last uint64) string {
	if m.last != last {
		return fmt.Sprintf("the ledger ends at %d of %d", m.last, last)
	}
	first := uint64(1)
	if m.packed > 0 && len(m.events) > 0 {
		first = m.events[0].Seq
	}
	for i, e := range m.events {
		if e.Seq != first+uint64(i) {
			return fmt.Sprintf("event %d stands at %d", e.Seq, first+uint64(i))
		}
	}
	if m.packed == 0 && len(m.events) != int(last) {
		return fmt.Sprintf("%d of %d events are in the ledger", len(m.events), last)
	}
	return ""
}

// TestALedgerThatHangsIsAnAlarm: silence is an outage too, and those who wait for it
// are not kept for ever.
func TestALedgerThatHangsIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said alarmLog
		l := &memory{hang: make(chan struct{})}
		d := openWith(t, help(), l, slog.New(slog.NewTextHandler(&said, nil)))
		for i := range 50 {
			verb := []Verb{LogIn, LogOut}[i%2]
			_, err := d.Do(d.ctx, "anna", Command{Verb: verb, Phone: "1"})
			if !errors.Is(err, ErrNotDurable) {
				t.Fatalf("%s: %v", verb, err)
			}
		}
		if said.count("level=ERROR") != 1 || d.Counters().LedgerFailures == 0 {
			t.Errorf("%d failures, log:\n%s", d.Counters().LedgerFailures, said.lines.String())
		}
		d.journal.mu.Lock()
		if n := len(d.journal.waiters); n > 0 {
			t.Errorf("%d wait although nobody listens", n)
		}
		d.journal.mu.Unlock()
		close(l.hang)
		d.pass(5 * time.Second)
		d.do("anna", Command{Verb: LogIn, Phone: "1"})
		if n := len(l.kinds("anna")); n != 51 {
			t.Errorf("%d of 51 events are in the ledger", n)
		}
	})
}

// TestALookIsShownAlthoughTheLedgerHangs: a lamp must not stand still for longer than
// an attempt lasts.
func TestALookIsShownAlthoughTheLedgerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{hang: make(chan struct{})}
		d := open(t, help(), l)
		ctx, stop := context.WithCancel(d.ctx)
		defer stop()
		w := d.Watch(ctx, "anna")
		d.pass(time.Millisecond)
		go func() { _, _ = d.Do(d.ctx, "anna", Command{Verb: LogIn, Phone: "1"}) }()
		d.pass(attemptWithin + time.Millisecond)
		if v := <-w; v.State != Ready {
			t.Errorf("shown %s", v.State)
		}
		close(l.hang)
	})
}

// TestWhoStopsWaitingIsToldSo: a Do whose caller gives up says that the state holds.
func TestWhoStopsWaitingIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{hang: make(chan struct{})}
		d := open(t, help(), l)
		ctx, giveUp := context.WithTimeout(d.ctx, time.Second)
		defer giveUp()
		v, err := d.Do(ctx, "anna", Command{Verb: LogIn, Phone: "1"})
		if !errors.Is(err, ErrNotDurable) || !errors.Is(err, context.DeadlineExceeded) || v.State != Ready {
			t.Errorf("%+v, %v", v, err)
		}
		close(l.hang)
	})
}

// TestAnOutageAtTheEndOfTheHour: the snapshot of the hour waits for the events it
// includes, and a snapshot that cannot be stored loses nothing.
func TestAnOutageAtTheEndOfTheHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{}
		d := open(t, help(), l)
		d.logIn("anna")
		d.pass(compactAfter - time.Second)
		l.set(errors.New("away"))
		_, err := d.Do(d.ctx, "anna", Command{Verb: GoNotReady, Reason: "lunch"})
		if !errors.Is(err, ErrNotDurable) {
			t.Errorf("in the outage: %v", err)
		}
		d.pass(2 * time.Second)
		if l.packed != 0 {
			t.Errorf("compacted %d times before the events were there", l.packed)
		}
		l.set(nil)
		d.pass(3 * time.Second)
		if l.packed != 1 {
			t.Errorf("compacted %d times", l.packed)
		}
		d.do("anna", Command{Verb: GoReady})
		d = open(t, help(), d.kill())
		d.want("anna", Ready)
	})
}

// TestASnapshotThatFailsIsCounted and the events it would have replaced stay.
func TestASnapshotThatFailsIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &noSnapshots{memory: &memory{}}
		f, err := NewFloor(t.Context(), help(func(p *Plan) { p.Settings.Care = carefree() }), l, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l.memory}
		ended, stop := runFloor(t, f)
		d.logIn("anna")
		d.pass(compactAfter)
		d.do("anna", Command{Verb: GoNotReady, Reason: "lunch"})
		d.pass(retryFirst / 2)
		if d.Counters().LedgerFailures != 1 || len(l.kinds("anna")) != 2 {
			t.Errorf("%d failures, events %v", d.Counters().LedgerFailures, l.kinds("anna"))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

type noSnapshots struct{ *memory }

func (noSnapshots) Compact(context.Context, uint64, []byte) error { return errors.New("no room") }
