package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// TestARefusalInASharedTransactionIsNobodyElses: what comes at once is written
// together, and answered as if it had been written alone.
func TestARefusalInASharedTransactionIsNobodyElses(t *testing.T) {
	s := opened(t)
	if err := errors.Join(s.Seal(t.Context(), call.Record{ID: "old", Start: time.Now()}), s.Append(t.Context(), []acd.Event{{Seq: 5}})); err != nil {
		t.Fatal(err)
	}
	hold, hangs := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = s.write.write(t.Context(), func(context.Context) error { close(hangs); <-hold; return nil })
	})
	<-hangs // alone: whoever shared its transaction would not wait for the next
	answers := map[string]*error{}
	ask := func(name string, what func() error) {
		var err error
		answers[name] = &err
		all.Go(func() { err = what() })
	}
	for i := range 20 {
		ask(fmt.Sprint("seal ", i), func() error { return s.Seal(t.Context(), call.Record{ID: fmt.Sprint(i), Start: time.Now()}) })
	}
	ask("seal old", func() error { return s.Seal(t.Context(), call.Record{ID: "old"}) })
	ask("append old", func() error { return s.Append(t.Context(), []acd.Event{{Seq: 5}, {Seq: 6}}) })
	until(t, "all wait", func() bool { return s.waiting() == 22 })
	close(hold)
	all.Wait()
	for name, err := range answers {
		var want error
		switch name {
		case "seal old":
			want = call.ErrSealed
		case "append old":
			want = acd.ErrAppended
		}
		if !errors.Is(*err, want) {
			t.Errorf("%s: %v, want %v", name, *err, want)
		}
	}
	if records, err := s.Records(t.Context(), call.Query{}); err != nil || len(records) != 21 {
		t.Errorf("%d records, %v", len(records), err)
	}
	if _, events, err := s.Load(t.Context()); err != nil || len(events) != 1 {
		t.Errorf("%d events, %v; half of a refused Append is there", len(events), err)
	}
}

// TestEventsOfATransactionThatFailedAreNotThere: nor are they taken for written when they
// come again, alone.
func TestEventsOfATransactionThatFailedAreNotThere(t *testing.T) {
	s := opened(t)
	if err := s.Append(t.Context(), []acd.Event{{Seq: 1}}); err != nil {
		t.Fatal(err)
	}
	hold, hangs := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = s.write.write(t.Context(), func(context.Context) error { close(hangs); <-hold; return nil })
	})
	<-hangs
	all.Go(func() {
		if err := s.Append(t.Context(), []acd.Event{{Seq: 2}}); err != nil {
			t.Errorf("with one that is refused: %v", err)
		}
	})
	until(t, "the append waits", func() bool { return s.waiting() == 1 })
	all.Go(func() {
		refused := errors.New("refused")
		if err := s.write.write(t.Context(), func(context.Context) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("the refused: %v", err)
		}
	})
	until(t, "what is refused waits behind it", func() bool { return s.waiting() == 2 })
	close(hold)
	all.Wait()
	if err := s.Append(t.Context(), []acd.Event{{Seq: 2}}); !errors.Is(err, acd.ErrAppended) {
		t.Errorf("appended twice: %v", err)
	}
	if err := errors.Join(s.Compact(t.Context(), 5, []byte("{}")), s.Append(t.Context(), []acd.Event{{Seq: 6}})); err != nil {
		t.Error(err)
	}
	if err := s.Append(t.Context(), []acd.Event{{Seq: 5}}); !errors.Is(err, acd.ErrAppended) {
		t.Errorf("what a snapshot includes: %v", err)
	}
}

// TestACommitThatFailsLeavesNothing: neither what it was to keep, nor its transaction, in which nobody
// could begin another.
func TestACommitThatFailsLeavesNothing(t *testing.T) {
	s := opened(t)
	if _, err := s.write.db.ExecContext(t.Context(), `CREATE TABLE parent (id INTEGER PRIMARY KEY);
		CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`); err != nil {
		t.Fatal(err)
	}
	err := s.write.within(t.Context(), func(ctx context.Context) error {
		if _, err := s.write.newest(ctx); err != nil {
			return err
		}
		s.write.last = 7 // as an append of events up to there does
		_, err := s.write.db.ExecContext(ctx, `INSERT INTO child VALUES (1)`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "FOREIGN KEY") {
		t.Fatalf("the commit ends with %v", err)
	}
	if err := s.Append(t.Context(), []acd.Event{{Seq: 1}}); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// waiting counts the writes that wait for the next transaction.
func (s *Store) waiting() int {
	s.write.mu.Lock()
	defer s.write.mu.Unlock()
	return len(s.write.queue)
}

func TestWhoGivesUpWaitsNoLongerThanTheirContext(t *testing.T) {
	s := opened(t)
	hold, hangs := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(hold)
	all.Go(func() {
		_ = s.write.write(t.Context(), func(context.Context) error { close(hangs); <-hold; return nil })
	})
	<-hangs
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Begin(ctx, call.Record{ID: "A"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("behind a disk that hangs: %v", err)
	}
	if err := s.Begin(ctx, call.Record{ID: "A"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the end of its context: %v", err)
	}
}

// TestEventsAreTheirOwnersAgain when an Append has returned, though it is carried out after
// that: what is kept is what was asked for.
func TestEventsAreTheirOwnersAgain(t *testing.T) {
	s := opened(t)
	if err := s.Append(t.Context(), []acd.Event{{Seq: 2}, {Seq: 1}}); !errors.Is(err, acd.ErrAppended) {
		t.Errorf("events in no order: %v", err)
	}
	var all sync.WaitGroup
	hang := func() (_, _ chan struct{}) {
		hangs, hold := make(chan struct{}), make(chan struct{})
		all.Go(func() {
			_ = s.write.write(t.Context(), func(context.Context) error { close(hangs); <-hold; return nil })
		})
		return hangs, hold
	}
	hangs, hold := hang()
	<-hangs
	alongside, holdTogether := hang() // in one transaction with what follows
	until(t, "the second waits", func() bool { return s.waiting() == 1 })
	events := []acd.Event{{Seq: 1, Kind: acd.KindEntered, Ticket: 7, Who: &acd.Caller{Number: "030"}}, {Seq: 2}}
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan struct{})
	all.Go(func() {
		if err := s.Append(ctx, events); !errors.Is(err, context.Canceled) {
			t.Errorf("the Append that nobody waits for: %v", err)
		}
		clear(events)
		close(answered)
	})
	until(t, "the third waits", func() bool { return s.waiting() == 2 })
	close(hold)
	<-alongside
	cancel()
	<-answered
	close(holdTogether)
	all.Wait()
	_, got, err := s.Load(t.Context())
	if err != nil || len(got) != 2 || got[0].Seq != 1 || got[0].Who == nil || got[1].Seq != 2 {
		t.Errorf("kept are %+v, %v", got, err)
	}
}

func TestWhatWaitsAtTheEndIsWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if err := s.Seal(t.Context(), call.Record{ID: fmt.Sprint(i), Start: time.Now()}); err != nil && !errors.Is(err, errClosed) {
				t.Error(err)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if err := s.Begin(t.Context(), call.Record{ID: "late"}); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// BenchmarkManyWriteAtOnce is what a busy house does: many calls, each with a draft
// and a record, and the floor's events.
func BenchmarkManyWriteAtOnce(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	r := call.Record{Start: time.Now(), Caller: "0301234567", Agent: "a001", Queue: "bench", Steps: make([]call.Step, 20)}
	var n int
	var mu sync.Mutex
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			mu.Lock()
			n++
			mine := r
			mine.ID = fmt.Sprintf("%012d", n)
			mu.Unlock()
			if err := errors.Join(s.Begin(b.Context(), mine), s.Seal(b.Context(), mine)); err != nil {
				b.Error(err)
			}
		}
	})
}
