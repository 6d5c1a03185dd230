package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/store"
	"breakwater/store/redis/redistest"
)

// opener opens the same store again and again: what it kept must still be there.
type opener func(t *testing.T) store.Store

// each runs a test of the contract against every engine.
func each(t *testing.T, f func(t *testing.T, open opener)) {
	t.Helper()
	open := func(url string) opener {
		return func(t *testing.T) store.Store {
			t.Helper()
			s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Run("memory", func(t *testing.T) {
		kept := open("memory:")(t) // a memory store lives as long as it is held
		f(t, func(*testing.T) store.Store { return unclosed{kept} })
	})
	t.Run("redis", func(t *testing.T) {
		f(t, open(redistest.Start(t).URL()))
	})
	t.Run("sqlite", func(t *testing.T) {
		f(t, open("sqlite:"+filepath.Join(t.TempDir(), "new", "folder", "a file?#.db")))
	})
}

type unclosed struct{ store.Store }

func (unclosed) Close() error { return nil }

func closed(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnUnknownStoreIsAnErrorThatNamesTheKnown(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "memory:x", "postgres://x"} {
		if _, err := store.Open(t.Context(), url, nil); err == nil {
			t.Errorf("%q was opened", url)
		}
	}
}

func TestASecondServerIsKeptOutOfTheStore(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "one.db")
	first, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	second, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err == nil || second != nil {
		t.Fatalf("a second server opened the store: %v, %v", second, err)
	}
	if !strings.Contains(err.Error(), "another server") {
		t.Errorf("error %q does not say why", err)
	}
	closed(t, first)
	again, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("after the first has closed: %v", err)
	}
	closed(t, again)
}

func TestAStoreThatCannotBeOpenedIsNil(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file", "x.db")
	if err := os.WriteFile(filepath.Dir(file), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), "sqlite:"+file, slog.New(slog.DiscardHandler))
	if err == nil || s != nil {
		t.Errorf("got %v, %v; want nil and an error", s, err)
	}
}

func TestBindingsSurviveAndExpire(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		later := time.Now().Add(time.Hour).Truncate(time.Millisecond)
		for _, b := range []call.Binding{
			{AOR: "1001", ID: "b", Expires: later, Wire: []byte("second")},
			{AOR: "1001", ID: "a", Expires: later, Wire: []byte("first")},
			{AOR: "1001", ID: "a", Expires: later, Wire: []byte("replaced")},
			{AOR: "1002", ID: "x", Expires: time.Now().Add(-time.Second), Wire: []byte("expired")},
			{AOR: "1003", ID: "y", Expires: later, Wire: nil},
		} {
			if err := s.Bind(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Unbind(t.Context(), "1003", "y"); err != nil {
			t.Fatal(err)
		}
		if err := s.Unbind(t.Context(), "1003", "y"); err != nil {
			t.Errorf("unbinding twice: %v", err)
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		got, err := s.Bindings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []call.Binding{
			{AOR: "1001", ID: "a", Expires: later, Wire: []byte("replaced")},
			{AOR: "1001", ID: "b", Expires: later, Wire: []byte("second")},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func full(id string, at time.Time) call.Record {
	return call.Record{
		ID: id, Version: "v", Caller: "0123", Dialled: "8100", Start: at, Answered: at.Add(time.Second), End: at.Add(time.Minute),
		Cause: call.Cause{By: call.ByAgent, Metric: call.CauseAgentFinished}, Queue: "orders", Agent: "anna", Warnings: 2, Protected: true,
		Data: map[string]string{"customer": "42"}, Recordings: []string{"2026/01/01/" + id + ".wav"},
		Legs:     []call.LegRecord{{Party: call.Party{ID: "l", Number: "0123", Since: at}, Codec: "PCMA", Cause: call.Cause{By: call.ByCaller, Metric: call.LegNormal}}},
		Attempts: []call.Attempt{{Queue: "orders", Agent: "anna", Phone: "1001", At: at, Rang: time.Second, Result: "answered", Reason: "longest idle"}},
		Steps:    []call.Step{{At: at, Mono: time.Second, Name: "protect.W1"}},
		Segments: []call.Segment{{Kind: "talk", Queue: "orders", Agent: "anna", From: at, To: at.Add(time.Minute)}},
	}
}

func TestARecordIsSealedExactlyOnce(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		at := time.Now().Truncate(time.Millisecond).UTC()
		first, second := full("A", at), full("B", at.Add(time.Second))
		for _, r := range []call.Record{first, second, first} {
			if err := s.Begin(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Seal(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		changed := first
		changed.Agent = "ben"
		if err := s.Seal(t.Context(), changed); !errors.Is(err, call.ErrSealed) {
			t.Errorf("second seal: %v, want ErrSealed", err)
		}
		if err := s.Begin(t.Context(), changed); !errors.Is(err, call.ErrSealed) {
			t.Errorf("begin after the seal: %v, want ErrSealed", err)
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		left, err := s.Unsealed(t.Context())
		if err != nil || len(left) != 1 || left[0].ID != "B" {
			t.Errorf("unsealed %v, %v; want B", left, err)
		}
		got, err := s.Records(t.Context(), call.Query{ID: "A"})
		if err != nil || len(got) != 1 {
			t.Fatalf("records %v, %v", got, err)
		}
		if d := cmp.Diff(first, got[0], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
			t.Error(d)
		}
		if err := s.Seal(t.Context(), full("never begun", at)); err != nil {
			t.Errorf("a record whose draft was lost must still be sealed: %v", err)
		}
	})
}

func TestRecordsAreFoundByEachField(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		defer closed(t, s)
		at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		for i := range 6 {
			r := full(fmt.Sprintf("R%d", i), at.Add(time.Duration(i)*time.Hour))
			r.Agent, r.Queue, r.Caller = []string{"anna", "ben"}[i%2], []string{"orders", "refunds"}[i/3], fmt.Sprintf("01%d", i)
			if err := s.Seal(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			q    call.Query
			want []string
		}{
			"everything, newest first": {call.Query{}, []string{"R5", "R4", "R3", "R2", "R1", "R0"}},
			"an agent in a queue":      {call.Query{Agent: "anna", Queue: "orders"}, []string{"R2", "R0"}},
			"a caller":                 {call.Query{Caller: "013"}, []string{"R3"}},
			"a period, end exclusive":  {call.Query{From: at.Add(time.Hour), To: at.Add(3 * time.Hour)}, []string{"R2", "R1"}},
			"a limit":                  {call.Query{Limit: 2}, []string{"R5", "R4"}},
			"nothing":                  {call.Query{Agent: "nobody"}, nil},
		} {
			t.Run(name, func(t *testing.T) {
				found, err := s.Records(t.Context(), c.q)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, r := range found {
					got = append(got, r.ID)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
			})
		}
	})
}

func TestTheLedgerKeepsOrderAndCompacts(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		event := func(seq uint64) acd.Event { return acd.Event{Seq: seq, Kind: "state", Agent: "anna", State: acd.Ready} }
		if err := s.Append(t.Context(), []acd.Event{event(1), event(2), event(5)}); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(t.Context(), []acd.Event{event(6), event(5)}); !errors.Is(err, acd.ErrAppended) {
			t.Errorf("an event out of order: %v, want ErrAppended", err)
		}
		if err := s.Compact(t.Context(), 2, []byte("all up to 2")); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		s = open(t)
		snapshot, events, err := s.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if string(snapshot) != "all up to 2" {
			t.Errorf("snapshot %q", snapshot)
		}
		if d := cmp.Diff([]acd.Event{event(5)}, events); d != "" {
			t.Errorf("all or none: %s", d)
		}
		if err := s.Compact(t.Context(), 5, []byte("all")); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(t.Context(), []acd.Event{event(5)}); !errors.Is(err, acd.ErrAppended) {
			t.Errorf("an event that is in the snapshot already: %v, want ErrAppended", err)
		}
		if err := s.Append(t.Context(), []acd.Event{event(6)}); err != nil {
			t.Error(err)
		}
		closed(t, s)
	})
}

func TestCompactingForgetsNothing(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		at := func(seq uint64, after time.Duration) acd.Event {
			return acd.Event{Seq: seq, At: acd.Stamp{Wall: noon.Add(after)}, Kind: acd.KindReady, Agent: "anna"}
		}
		all := []acd.Event{
			at(1, -time.Hour), at(2, 0), at(3, time.Nanosecond), at(4, -time.Minute), // the clock was set back
			at(5, time.Minute), at(7, time.Hour),
		}
		if err := errors.Join(
			s.Append(t.Context(), all[:4]), s.Compact(t.Context(), 4, []byte("up to 4")), s.Append(t.Context(), all[4:]),
		); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		if _, events, err := s.Load(t.Context()); err != nil || cmp.Diff(all[4:], events) != "" {
			t.Errorf("a restart replays %v, %v; want only what is after the snapshot", events, err)
		}
		for name, c := range map[string]struct {
			from, to time.Time
			want     []acd.Event
		}{
			"everything":                                   {time.Time{}, noon.AddDate(1000, 0, 0), all},
			"from inclusive":                               {noon, noon.Add(2 * time.Hour), []acd.Event{all[1], all[2], all[4], all[5]}},
			"to exclusive, to the nanosecond":              {noon, noon.Add(time.Nanosecond), []acd.Event{all[1]}},
			"in order of Seq, not of a clock that was set": {noon.Add(-time.Minute), noon.Add(time.Minute), all[1:4]},
			"nothing":         {noon.Add(2 * time.Hour), noon.Add(3 * time.Hour), nil},
			"an empty period": {noon, noon, nil},
		} {
			t.Run(name, func(t *testing.T) {
				if d := cmp.Diff(c.want, told(t, s, c.from, c.to)); d != "" {
					t.Error(d)
				}
			})
		}
	})
}

func TestForgettingLeavesWhatARestartNeeds(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		var all []acd.Event
		for i := range 12_000 { // more than one clean-up or one page takes at once
			all = append(all, acd.Event{Seq: uint64(i + 1), At: acd.Stamp{Wall: noon.Add(time.Duration(i) * time.Second)}, Kind: acd.KindReady})
		}
		if err := errors.Join(s.Append(t.Context(), all), s.Compact(t.Context(), 11_000, []byte("{}"))); err != nil {
			t.Fatal(err)
		}
		if got := told(t, s, noon, noon.AddDate(0, 0, 1)); len(got) != len(all) {
			t.Fatalf("%d events, want %d", len(got), len(all))
		}
		if err := s.Forget(t.Context(), noon.Add(6000*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := told(t, s, time.Time{}, noon.AddDate(0, 0, 1)); len(got) != 6000 || got[0].Seq != 6001 {
			t.Errorf("%d events are left, the first %d; want 6000 from 6001", len(got), got[0].Seq)
		}
		if err := s.Forget(t.Context(), noon.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		if _, events, err := s.Load(t.Context()); err != nil || len(events) != 1000 {
			t.Errorf("a restart finds %d events, %v; want the 1000 after the snapshot", len(events), err)
		}
		if err := s.Append(t.Context(), all[:1]); !errors.Is(err, acd.ErrAppended) {
			t.Errorf("an event that was forgotten is appended again: %v, want ErrAppended", err)
		}
	})
}

func TestAReportThatIsGivenUpEnds(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		defer closed(t, s)
		if err := s.Append(t.Context(), []acd.Event{{Seq: 1}, {Seq: 2}, {Seq: 3}}); err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, err := range s.Events(t.Context(), time.Time{}, time.Now()) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
			break
		}
		if seen != 1 {
			t.Errorf("%d events after a break", seen)
		}
		over, end := context.WithCancel(t.Context())
		end()
		var err error
		for _, err = range s.Events(over, time.Time{}, time.Now()) {
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
	})
}

// told reads a period of history.
func told(t *testing.T, s store.Store, from, to time.Time) (all []acd.Event) {
	t.Helper()
	for e, err := range s.Events(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestManyWriteAtOnce(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		defer closed(t, s)
		const callers, calls = 8, 25
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for i := range calls {
					r := full(fmt.Sprintf("C%d-%d", c, i), time.Now())
					if err := errors.Join(s.Begin(t.Context(), r), s.Seal(t.Context(), r)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got, err := s.Records(t.Context(), call.Query{Limit: 1000})
		if err != nil || len(got) != callers*calls {
			t.Errorf("%d records, %v; want %d", len(got), err, callers*calls)
		}
	})
}
