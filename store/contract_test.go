package store_test

import (
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

func TestDraftsAndRecordsKeptTogetherAreAnsweredEachByItself(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		at := time.Now().Truncate(time.Millisecond).UTC()
		if err := errors.Join(s.Begin(t.Context(), full("ends", at)), s.Seal(t.Context(), full("sealed", at))); err != nil {
			t.Fatal(err)
		}
		sheets := []call.Sheet{
			{Record: full("begins", at)},
			{Record: full("sealed", at), Final: true},
			{Record: full("ends", at), Final: true},
			{Record: full("also ends", at), Final: true},
		}
		for i, err := range s.Keep(t.Context(), sheets) {
			if want := map[string]error{"sealed": call.ErrSealed}[sheets[i].Record.ID]; !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", sheets[i].Record.ID, err, want)
			}
		}
		if err := s.Keep(t.Context(), []call.Sheet{{Record: full("ends", at)}})[0]; !errors.Is(err, call.ErrSealed) {
			t.Errorf("a draft after the record: %v", err)
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		left, err := s.Unsealed(t.Context())
		if err != nil || len(left) != 1 || left[0].ID != "begins" {
			t.Errorf("%d unsealed, %v; want the call that begins", len(left), err)
		}
		if got, err := s.Records(t.Context(), call.Query{}); err != nil || len(got) != 3 {
			t.Errorf("%d records, %v; want 3", len(got), err)
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

// TestRecordsAreForgottenAndThoseOfProtectedCallsLater has more of them than one clean-up
// takes at once.
func TestRecordsAreForgottenAndThoseOfProtectedCallsLater(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		defer closed(t, s)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		const each = 700
		for i := range 2 * each { // every other one is protected
			r := call.Record{ID: fmt.Sprintf("R%04d", i), Start: noon.Add(time.Duration(i) * time.Second), Caller: "01", Agent: "anna", Queue: "orders", Protected: i%2 == 1}
			if err := s.Seal(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Begin(t.Context(), call.Record{ID: "draft", Start: noon}); err != nil {
			t.Fatal(err)
		}
		before, protected := noon.Add(1300*time.Second), noon.Add(200*time.Second)
		for range 2 { // the second time there is nothing to do
			if err := s.ForgetRecords(t.Context(), before, protected); err != nil {
				t.Fatal(err)
			}
		}
		for name, q := range map[string]call.Query{
			"all": {Limit: 5000}, "of an agent": {Agent: "anna", Limit: 5000}, "of a queue": {Queue: "orders", Limit: 5000}, "of a caller": {Caller: "01", Limit: 5000},
		} {
			found, err := s.Records(t.Context(), q)
			if err != nil || len(found) != 100+550 { // the last 100, and of those before 550 protected
				t.Errorf("%s: %d records are left, %v; want 650", name, len(found), err)
			}
			for _, r := range found {
				if r.Start.Before(protected) || !r.Protected && r.Start.Before(before) {
					t.Errorf("%s: %s is left", name, r.ID)
				}
			}
		}
		if left, err := s.Unsealed(t.Context()); err != nil || len(left) != 1 {
			t.Errorf("%d drafts are left, %v", len(left), err)
		}
	})
}
