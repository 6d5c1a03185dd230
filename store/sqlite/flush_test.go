package sqlite

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"breakwater/call"
)

// TestWhatADiskDidNotTakeIsWrittenOnceMore has a kernel that fails once and then says yes,
// though the pages are gone: the log is worth nothing. What the store says is safe must be
// in the database itself.
func TestWhatADiskDidNotTakeIsWrittenOnceMore(t *testing.T) {
	for name, faults := range map[string]int32{"once": 1, "and again, when the log is emptied": 2} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "house.db")
			s := unflushed(t, file)
			var asked atomic.Int32
			s.sync = func(string) error {
				if asked.Add(1) <= faults {
					return &os.PathError{Op: "sync", Path: file, Err: syscall.EIO}
				}
				return nil
			}
			for i := range 20 {
				if err := s.Seal(t.Context(), call.Record{ID: fmt.Sprint("R", i), Start: time.Now()}); err != nil {
					t.Fatal(err)
				}
			}
			s.ended.Go(s.flush)
			until(t, "the disk is asked", func() bool { return asked.Load() > faults })
			until(t, "the store is well again", func() bool { return s.Away() == nil })
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if log, err := os.Stat(file + "-wal"); err != nil || log.Size() != 0 {
				t.Errorf("the log that lost something would be read after a crash: %v, %v", log, err)
			}
			crashed := filepath.Join(t.TempDir(), "after the crash.db") // without the log
			if err := os.WriteFile(crashed, text, 0o600); err != nil {
				t.Fatal(err)
			}
			after := unflushed(t, crashed)
			found, err := after.Records(t.Context(), call.Query{})
			if err != nil || len(found) != 20 {
				t.Errorf("after a crash %d records are there, %v; want 20", len(found), err)
			}
			for _, one := range []*Store{after, s} {
				if err := one.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestADiskThatTakesNothingIsTold: as long as it does not, the store is not well.
func TestADiskThatTakesNothingIsTold(t *testing.T) {
	s := unflushed(t, filepath.Join(t.TempDir(), "house.db"))
	s.sync = func(string) error { return syscall.EIO }
	s.ended.Go(s.flush)
	if err := s.Seal(t.Context(), call.Record{ID: "A", Start: time.Now()}); err != nil {
		t.Fatal(err)
	}
	until(t, "the store tells", func() bool { return s.Away() != nil })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// unflushed is a store whose flusher has ended: a test begins another.
func unflushed(t *testing.T, file string) *Store {
	t.Helper()
	s, err := Open(t.Context(), file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	close(s.stop)
	s.ended.Wait()
	s.stop = make(chan struct{})
	return s
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
