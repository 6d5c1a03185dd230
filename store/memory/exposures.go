package memory

import (
	"context"
	"slices"
	"time"

	"breakwater/call"
)

// KeepExposure implements call.Exposures.
func (s *Store) KeepExposure(_ context.Context, all ...call.EarShift) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range all {
		shifts := s.ears[e.Agent]
		at, there := slices.BinarySearchFunc(shifts, e, func(a, b call.EarShift) int { return a.Began.Compare(b.Began) })
		switch {
		case !there:
			s.ears[e.Agent] = slices.Insert(shifts, at, e)
		case shifts[at].Exposure <= e.Exposure:
			shifts[at] = e
		}
	}
	return nil
}

// Exposures implements call.Exposures.
func (s *Store) Exposures(_ context.Context, agent string, limit int) ([]call.EarShift, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.ears[agent])
	slices.Reverse(all)
	return all[:min(limit, len(all))], nil
}

// ForgetExposures implements store.Archive.
func (s *Store) ForgetExposures(_ context.Context, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for agent, shifts := range s.ears {
		left := slices.DeleteFunc(shifts, func(e call.EarShift) bool { return e.Began.Before(before) })
		if s.ears[agent] = left; len(left) == 0 {
			delete(s.ears, agent)
		}
	}
	return nil
}
