package memory

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"breakwater/acd"
)

// Append implements acd.Ledger.
func (s *Store) Append(_ context.Context, events []acd.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.upTo
	for _, e := range events {
		if e.Seq <= last {
			return fmt.Errorf("ledger: event %d comes after %d: %w", e.Seq, last, acd.ErrAppended)
		}
		last = e.Seq
	}
	s.upTo = last
	for _, e := range events {
		if e.Who != nil {
			s.callers[e.Seq], e.Who = e.Who, nil
		}
		s.events = append(s.events, e)
	}
	return nil
}

// Load implements acd.Ledger.
func (s *Store) Load(context.Context) ([]byte, []acd.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := slices.Clone(s.events[after(s.events, s.compact):])
	for i := range events {
		events[i].Who = s.callers[events[i].Seq]
	}
	return slices.Clone(s.snapshot), events, nil
}

// Compact implements acd.Ledger. The events stay, for Events, and who called does not.
func (s *Store) Compact(_ context.Context, seq uint64, snapshot []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshot, s.compact = slices.Clone(snapshot), seq
	s.upTo = max(s.upTo, seq)
	maps.DeleteFunc(s.callers, func(of uint64, _ *acd.Caller) bool { return of <= seq })
	return nil
}

// Events implements store.History.
func (s *Store) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		s.mu.Lock()
		events := s.events // only ever appended to, or replaced as a whole
		s.mu.Unlock()
		for _, e := range events {
			if err := ctx.Err(); err != nil {
				yield(acd.Event{}, fmt.Errorf("read events: %w", err))
				return
			}
			if e.At.Wall.Before(from) || !e.At.Wall.Before(to) {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Forget implements store.History.
func (s *Store) Forget(_ context.Context, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []acd.Event
	for _, e := range s.events {
		if e.Seq > s.compact || !e.At.Wall.Before(before) {
			kept = append(kept, e)
		}
	}
	s.events = kept
	return nil
}

// after is where the events behind seq begin.
func after(events []acd.Event, seq uint64) int {
	i, _ := slices.BinarySearchFunc(events, seq+1, func(e acd.Event, seq uint64) int {
		switch {
		case e.Seq < seq:
			return -1
		case e.Seq > seq:
			return 1
		}
		return 0
	})
	return i
}
