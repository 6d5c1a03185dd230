package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// opened opens a store in a new folder.
func opened(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// room gives the file that many pages and no more, as a full disk does: SQLite answers
// with the same error.
func (s *Store) room(t *testing.T, pages int) {
	t.Helper()
	if _, err := s.write.db.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
}

// running starts a floor over the store.
func running(t *testing.T, s acd.Ledger) *acd.Floor {
	t.Helper()
	plan := acd.Plan{Queues: map[string]acd.QueueSpec{"help": {}}, Agents: map[string]acd.AgentSpec{"anna": {}, "bert": {}}}
	f, err := acd.NewFloor(t.Context(), plan, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f
}

// fill writes until there is no room.
func fill(t *testing.T, s *Store) {
	t.Helper()
	for i := range 10_000 {
		err := s.Bind(t.Context(), call.Binding{AOR: fmt.Sprint("filler", i), ID: "x", Expires: time.Now().Add(time.Hour), Wire: make([]byte, 3000)})
		if err != nil {
			if !strings.Contains(err.Error(), "full") {
				t.Fatalf("a full disk is told as %v", err)
			}
			return
		}
	}
	t.Fatal("the disk is never full")
}

// TestAFloorGoesOnOnAFullDisk: commands hold and say that a crash would forget them;
// when there is room again everything is in the ledger, once and in order, and a
// restart knows it.
func TestAFloorGoesOnOnAFullDisk(t *testing.T) {
	s := opened(t)
	f := running(t, s)
	if _, err := f.Do(t.Context(), "anna", acd.Command{Verb: acd.LogIn, Phone: "1"}); err != nil {
		t.Fatal(err)
	}
	s.room(t, 60)
	fill(t, s)
	var err error
	for i := 0; err == nil && i < 1000; i++ { // the first find a last corner in a page
		verb := []acd.Verb{acd.GoNotReady, acd.GoReady}[i%2]
		_, err = f.Do(t.Context(), "anna", acd.Command{Verb: verb, Reason: strings.Repeat("r", 500)})
	}
	if !errors.Is(err, acd.ErrNotDurable) {
		t.Fatalf("commands on a full disk: %v", err)
	}
	view, err := f.Do(t.Context(), "bert", acd.Command{Verb: acd.LogIn, Phone: "2"})
	if !errors.Is(err, acd.ErrNotDurable) || view.State != acd.Ready {
		t.Fatalf("bert is %s, %v; want ready, and told that it is not on the disk", view.State, err)
	}
	if f.Counters().LedgerFailures == 0 || f.EventsWaiting() == 0 {
		t.Errorf("nothing tells of it: %+v", f.Counters())
	}
	s.room(t, 1_000_000)
	for end := time.Now().Add(20 * time.Second); f.EventsWaiting() > 0; <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the ledger does not catch up")
		}
	}
	last := uint64(0)
	for e, err := range s.Events(t.Context(), time.Time{}, time.Now().Add(time.Hour)) {
		if err != nil || e.Seq != last+1 {
			t.Fatalf("event %d follows %d, %v", e.Seq, last, err)
		}
		last = e.Seq
	}
	again := running(t, s)
	agents, err := again.Agents(t.Context())
	if err != nil || len(agents) != 2 || agents[1].State != acd.Ready {
		t.Errorf("a restart finds %+v, %v", agents, err)
	}
}

// TestAFailedWriteLeavesNothingHalfDone on a disk that is full in the middle of it.
func TestAFailedWriteLeavesNothingHalfDone(t *testing.T) {
	s := opened(t)
	s.room(t, 60)
	fill(t, s)
	var many []acd.Event
	for i := range 500 {
		many = append(many, acd.Event{Seq: uint64(i + 1), Kind: acd.KindReady, Reason: strings.Repeat("r", 500)})
	}
	if err := s.Append(t.Context(), many); err == nil {
		t.Fatal("more than the disk holds was taken")
	}
	if _, events, err := s.Load(t.Context()); err != nil || len(events) != 0 {
		t.Errorf("%d events of a write that failed, %v", len(events), err)
	}
	r := call.Record{ID: "A", Start: time.Now(), Caller: strings.Repeat("9", 20_000)}
	if err := s.Seal(t.Context(), r); err == nil {
		t.Fatal("a record was sealed on a full disk")
	}
	s.room(t, 1_000_000)
	if err := errors.Join(s.Seal(t.Context(), r), s.Append(t.Context(), many)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestAFloorGoesOnWhileTheDiskHangs: another process holds the file, as one does that
// copies it badly. The floor decides at once; what waits is the promise.
func TestAFloorGoesOnWhileTheDiskHangs(t *testing.T) {
	s := opened(t)
	f := running(t, s)
	other, err := connect(s.file, 1, "immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	var held *sql.Tx
	if held, err = other.BeginTx(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // gives up when the floor has decided, before it does so itself
		for f.EventsWaiting() == 0 && ctx.Err() == nil {
			runtime.Gosched()
		}
		cancel()
	}()
	view, err := f.Do(ctx, "anna", acd.Command{Verb: acd.LogIn, Phone: "1"})
	if !errors.Is(err, acd.ErrNotDurable) || view.State != acd.Ready {
		t.Errorf("anna is %s, %v", view.State, err)
	}
	began := time.Now()
	if _, err := f.Queues(t.Context()); err != nil || time.Since(began) > time.Second {
		t.Errorf("the floor answers after %s, %v", time.Since(began), err)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Do(t.Context(), "bert", acd.Command{Verb: acd.LogIn, Phone: "2"}); err != nil {
		t.Errorf("with the disk back: %v", err)
	}
	if _, events, err := s.Load(t.Context()); err != nil || len(events) < 2 {
		t.Errorf("%d events, %v", len(events), err)
	}
}
