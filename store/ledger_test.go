package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/store"
)

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

// TestTheHistoryKeepsNoCallersNumber: a replay can dial whoever still waits, and nothing
// keeps a number for figures.
func TestTheHistoryKeepsNoCallersNumber(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		waits := func(seq uint64, kind, number string) acd.Event {
			return acd.Event{
				Seq: seq, At: acd.Stamp{Wall: noon}, Kind: kind, Queue: "help", Call: "c", Ticket: seq, Caller: "a pseudonym",
				Who: &acd.Caller{Number: number, Data: map[string]any{"plate": "B-XY"}, Back: &acd.Callback{Number: number, Kind: "asked"}},
			}
		}
		all := []acd.Event{
			waits(1, acd.KindEntered, "0305550001"), waits(2, acd.KindParked, "0305550002"),
			{Seq: 3, At: acd.Stamp{Wall: noon}, Kind: acd.KindLeft, Ticket: 1},
			waits(4, acd.KindEntered, "0305550004"),
		}
		if err := errors.Join(s.Append(t.Context(), all[:3]), s.Append(t.Context(), all[3:])); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		s = open(t)
		// Who has left may be read or not.
		if _, events, err := s.Load(t.Context()); err != nil || len(events) != len(all) || cmp.Diff(all[1:], events[1:]) != "" {
			t.Errorf("after a crash nobody can be dialled: %v\n%s", err, cmp.Diff(all, events))
		}
		anonymous := slices.Clone(all)
		for i := range anonymous {
			anonymous[i].Who = nil
		}
		if d := cmp.Diff(anonymous, told(t, s, noon, noon.Add(time.Hour))); d != "" {
			t.Errorf("before the snapshot: %s", d)
		}
		if err := s.Compact(t.Context(), 3, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		if _, events, err := s.Load(t.Context()); err != nil || cmp.Diff(all[3:], events) != "" {
			t.Errorf("who came after the snapshot is lost: %v\n%s", err, cmp.Diff(all[3:], events))
		}
		if d := cmp.Diff(anonymous, told(t, s, noon, noon.Add(time.Hour))); d != "" {
			t.Errorf("after the snapshot: %s", d)
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
