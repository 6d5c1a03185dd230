package memory

import (
	"context"
	"slices"

	"breakwater/call"
)

// KeepExposure implements call.Exposures.
func (s *Store) KeepExposure(_ context.Context, e call.EarShift) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	shifts := s.ears[e.Agent]
	at, there := slices.BinarySearchFunc(shifts, e, func(a, b call.EarShift) int { return a.Began.Compare(b.Began) })
	switch {
	case !there:
		s.ears[e.Agent] = slices.Insert(shifts, at, e)
	case shifts[at].Exposure <= e.Exposure:
		shifts[at] = e
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
