package house

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/acd/shift"
	"breakwater/config"
)

// told is a floor that notes what it is told.
type told struct{ shifts []acd.Shifts }

func (t *told) Shifts(_ context.Context, s acd.Shifts) error {
	t.shifts = append(t.shifts, s)
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
		if len(floor.shifts) != 1 || len(floor.shifts[0]["anna"]) != 2 {
			t.Fatalf("at the start: %v", floor.shifts)
		}
		time.Sleep(10*time.Hour + time.Second) //nolint:forbidigo // the bubble's clock
		synctest.Wait()
		if n := len(floor.shifts); n != 11 {
			t.Fatalf("told %d times in ten hours", n)
		}
		if next := floor.shifts[10]["anna"][0].From; next.Hour() != 9 || next.Before(time.Now()) {
			t.Errorf("after the shift the next is %v", next)
		}
		commit, err := s.prepare(nil, roundTheClock("ben", 9*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		commit()
		synctest.Wait()
		if last := floor.shifts[len(floor.shifts)-1]; len(last["anna"]) != 0 || len(last["ben"]) != 2 {
			t.Errorf("after an edit: %v", last)
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
