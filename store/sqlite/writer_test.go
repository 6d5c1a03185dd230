package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
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
		_ = s.write.write(t.Context(), func(context.Context, *sql.Tx) error { close(hangs); <-hold; return nil })
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
	ask("append old", func() error { return s.Append(t.Context(), []acd.Event{{Seq: 6}, {Seq: 5}}) })
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
		_ = s.write.write(t.Context(), func(context.Context, *sql.Tx) error { close(hangs); <-hold; return nil })
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
