package house

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/acd/shift"
	"breakwater/config"
)

// told is a floor that notes what it is told.
type told struct {
	mu  sync.Mutex // guards all
	all []acd.Shifts
}

// heard is all it was told until now.
func (t *told) heard() []acd.Shifts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.all)
}

func (t *told) Shifts(_ context.Context, s acd.Shifts) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, s)
	return nil
}

// roundTheClock is a config in which the agent works from such an hour every day.
func roundTheClock(agent string, from time.Duration) *config.Config {
	week := map[string][]shift.Hours{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		week[day] = []shift.Hours{{From: from, To: from + time.Hour}}
	}
	return &config.Config{Shifts: map[string]shift.Settings{"team": {TimeZone: "UTC", Agents: []string{agent}, Week: week}}}
}

func TestTheFloorIsToldTheShiftsAtOnceEveryHourAndWithAnEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		floor := &told{}
		s, err := newShifts(roundTheClock("anna", 9*time.Hour), floor, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.run(ctx) }()
		synctest.Wait()
		if all := floor.heard(); len(all) != 1 || len(all[0]["anna"]) != 2 {
			t.Fatalf("at the start: %v", all)
		}
		time.Sleep(10*time.Hour + time.Second) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		if n := len(floor.heard()); n != 11 {
			t.Fatalf("told %d times in ten hours", n)
		}
		if next := floor.heard()[10]["anna"][0].From; next.Hour() != 9 || next.Before(time.Now()) {
			t.Errorf("after the shift the next is %v", next)
		}
		commit, err := s.prepare(nil, roundTheClock("ben", 9*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		commit()
		synctest.Wait()
		if all := floor.heard(); len(all[len(all)-1]["anna"]) != 0 || len(all[len(all)-1]["ben"]) != 2 {
			t.Errorf("after an edit: %v", all)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestShiftsThatCannotBeAreRefused(t *testing.T) {
	bad := roundTheClock("anna", 9*time.Hour)
	bad.Shifts["other"] = bad.Shifts["team"]
	if _, err := newShifts(bad, &told{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("an agent works two shifts")
	}
}
