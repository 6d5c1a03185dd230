package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
	"breakwater/store"
)

// TestPromiseTheLedgerIsTheSameInEveryEngine: whatever is appended, compacted and
// forgotten, in any order and with any clock, SQLite has what memory has: the same events
// for a restart and the same past.
func TestPromiseTheLedgerIsTheSameInEveryEngine(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	moment := rapid.Custom(func(r *rapid.T) time.Time {
		return noon.Add(time.Duration(rapid.IntRange(-4000, 4000).Draw(r, "ms")) * time.Millisecond)
	})
	folder, tries := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		tries++
		file := filepath.Join(folder, fmt.Sprint(tries, ".db"))
		engines := map[string]store.Store{}
		for name, url := range map[string]string{"memory": "memory:", "sqlite": "sqlite:" + file} {
			s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
			if err != nil {
				r.Fatal(err)
			}
			engines[name] = s
		}
		defer func() {
			for _, s := range engines {
				if err := errors.Join(s.Close(), os.RemoveAll(file)); err != nil {
					t.Error(err)
				}
			}
		}()
		seq, compacted := uint64(0), uint64(0)
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			var act func(s store.Store) error
			switch rapid.IntRange(0, 3).Draw(r, "act") {
			case 0, 1:
				events := make([]acd.Event, rapid.IntRange(1, 80).Draw(r, "events"))
				at := moment.Draw(r, "at")
				for i := range events {
					seq++
					events[i] = acd.Event{Seq: seq, At: acd.Stamp{Wall: at}, Kind: acd.KindEntered, Ticket: seq, Who: &acd.Caller{Number: fmt.Sprint(seq)}}
					if rapid.IntRange(0, 9).Draw(r, "apart") == 0 {
						at = moment.Draw(r, "at")
					}
				}
				act = func(s store.Store) error { return s.Append(t.Context(), events) }
			case 2:
				upTo := rapid.Uint64Range(compacted, seq).Draw(r, "compacted")
				compacted = upTo
				act = func(s store.Store) error { return s.Compact(t.Context(), upTo, []byte("{}")) }
			case 3:
				before := moment.Draw(r, "before")
				act = func(s store.Store) error { return s.Forget(t.Context(), before) }
			}
			from, to := moment.Draw(r, "from"), moment.Draw(r, "to")
			seen := map[string]string{}
			for name, s := range engines {
				if err := act(s); err != nil {
					r.Fatalf("%s: %v", name, err)
				}
				seen[name] = view(t, s, from, to)
			}
			if seen["sqlite"] != seen["memory"] {
				r.Fatalf("sqlite has\n%s\nand memory\n%s", seen["sqlite"], seen["memory"])
			}
		}
	})
}

// view is what a ledger gives.
func view(t *testing.T, s store.Store, from, to time.Time) string {
	t.Helper()
	_, events, err := s.Load(t.Context())
	if err != nil {
		t.Error(err)
	}
	out := "for a restart:"
	for _, e := range events {
		out += fmt.Sprint(" ", e.Seq, "/", e.At.Wall.UnixMilli(), "/", e.Who.Number)
	}
	for _, period := range [][2]time.Time{{from, to}, {{}, to.AddDate(300, 0, 0)}} {
		out += "\nthe past:"
		for e, err := range s.Events(t.Context(), period[0], period[1]) {
			if err != nil {
				t.Error(err)
			}
			out += fmt.Sprint(" ", e.Seq)
		}
	}
	return out
}
