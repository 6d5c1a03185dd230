// Package memory is a store that forgets at the end of the process. It serves tests
// and trials; nothing outlives it.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// Store keeps everything in maps.
type Store struct {
	mu       sync.Mutex // protects all following fields
	bindings map[[2]string]call.Binding
	drafts   map[string]call.Record
	sealed   map[string]call.Record
	ears     map[string][]call.EarShift // by agent, oldest first
	snapshot []byte
	compact  uint64                 // Seq of the newest event in the snapshot
	upTo     uint64                 // Seq of the newest event, kept or forgotten
	events   []acd.Event            // without Who
	callers  map[uint64]*acd.Caller // Who of events behind the snapshot, by Seq
}

// New makes an empty store.
func New() *Store {
	return &Store{
		bindings: map[[2]string]call.Binding{},
		drafts:   map[string]call.Record{},
		sealed:   map[string]call.Record{},
		ears:     map[string][]call.EarShift{},
		callers:  map[uint64]*acd.Caller{},
	}
}

// Close does nothing.
func (s *Store) Close() error { return nil }

// Bindings implements call.Directory.
func (s *Store) Bindings(context.Context) ([]call.Binding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var live []call.Binding
	for _, b := range s.bindings {
		if b.Expires.After(now) {
			live = append(live, b)
		}
	}
	slices.SortFunc(live, func(a, b call.Binding) int {
		return strings.Compare(a.AOR+"\x00"+a.ID, b.AOR+"\x00"+b.ID)
	})
	return live, nil
}

// Bind implements call.Directory.
func (s *Store) Bind(_ context.Context, b call.Binding) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Wire = slices.Clone(b.Wire)
	s.bindings[[2]string{b.AOR, b.ID}] = b
	return nil
}

// Unbind implements call.Directory.
func (s *Store) Unbind(_ context.Context, aor, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bindings, [2]string{aor, id})
	return nil
}

// Begin implements call.Journal.
func (s *Store) Begin(_ context.Context, r call.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sealed[r.ID]; ok {
		return fmt.Errorf("begin %s: %w", r.ID, call.ErrSealed)
	}
	s.drafts[r.ID] = r
	return nil
}

// Seal implements call.Journal.
func (s *Store) Seal(_ context.Context, r call.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sealed[r.ID]; ok {
		return fmt.Errorf("seal %s: %w", r.ID, call.ErrSealed)
	}
	s.sealed[r.ID] = r
	delete(s.drafts, r.ID)
	return nil
}

// Keep implements call.Journal.
func (s *Store) Keep(ctx context.Context, sheets []call.Sheet) []error {
	return call.KeepEach(ctx, s, sheets)
}

// Unsealed implements call.Journal.
func (s *Store) Unsealed(context.Context) ([]call.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := make([]call.Record, 0, len(s.drafts))
	for _, r := range s.drafts {
		open = append(open, r)
	}
	slices.SortFunc(open, func(a, b call.Record) int { return strings.Compare(a.ID, b.ID) })
	return open, nil
}

// Records implements call.Journal.
func (s *Store) Records(_ context.Context, q call.Query) ([]call.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []call.Record
	for _, r := range s.sealed {
		if matches(q, r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b call.Record) int {
		if c := b.Start.Compare(a.Start); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	if q.Limit <= 0 {
		q.Limit = 100
	}
	return found[:min(q.Limit, len(found))], nil
}

// ForgetRecords implements store.Archive.
func (s *Store) ForgetRecords(_ context.Context, before, protected time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sealed, func(_ string, r call.Record) bool {
		return r.Start.Before(before) && (!r.Protected || r.Start.Before(protected))
	})
	return nil
}

func matches(q call.Query, r call.Record) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	return same(q.ID, r.ID) && same(q.Caller, r.Caller) && same(q.Agent, r.Agent) && same(q.Queue, r.Queue) &&
		(q.From.IsZero() || !r.Start.Before(q.From)) && (q.To.IsZero() || r.Start.Before(q.To))
}
