package house

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"breakwater/acd"
	"breakwater/acd/shift"
	"breakwater/config"
)

// The floor is told the shifts of so long ahead, that often: when the house could not
// tell it for a day, it still knows the present shift.
const (
	shiftsAhead = 48 * time.Hour
	shiftsEvery = time.Hour
)

// planner is who is told of planned time. *acd.Floor implements it.
type planner interface {
	Shifts(ctx context.Context, s acd.Shifts) error
}

// shifts tells the floor who is to work when, as the calendar goes on and when the
// config changes.
type shifts struct {
	floor  planner
	log    *slog.Logger
	roster atomic.Pointer[shift.Roster]
	edited chan struct{} // one slot: the roster is new
}

func newShifts(c *config.Config, floor planner, log *slog.Logger) (*shifts, error) {
	s := &shifts{floor: floor, log: log, edited: make(chan struct{}, 1)}
	commit, err := s.prepare(nil, c)
	if err != nil {
		return nil, err
	}
	commit()
	return s, nil
}

// prepare takes part in a config edit.
func (s *shifts) prepare(_, next *config.Config) (func(), error) {
	r, err := shift.NewRoster(next.Shifts)
	if err != nil {
		return nil, fmt.Errorf("shifts: %w", err)
	}
	return func() {
		s.roster.Store(&r)
		select {
		case s.edited <- struct{}{}:
		default:
		}
	}, nil
}

// run tells the floor until ctx ends.
func (s *shifts) run(ctx context.Context) error {
	hour := time.NewTicker(shiftsEvery)
	defer hour.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.edited: // there is one at the start
		case <-hour.C:
		}
		now := time.Now()
		switch err := s.floor.Shifts(ctx, s.roster.Load().Spans(now, now.Add(shiftsAhead))); {
		case err == nil, ctx.Err() != nil, errors.Is(err, acd.ErrStopped):
		default:
			s.log.Error("the floor does not take the shifts", "err", err)
		}
	}
}
