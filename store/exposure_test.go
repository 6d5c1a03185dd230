package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/call"
)

func TestWhatEarsGotIsKeptByAgentAndShift(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		day := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		first := call.EarShift{Agent: "anna", Began: day, Last: day.Add(time.Hour), Listened: time.Minute, Exposure: 0.2, Limited: 3}
		more, less := first, first
		more.Exposure, more.Listened = 0.3, 2*time.Minute
		less.Exposure = 0.1
		next := call.EarShift{Agent: "anna", Began: day.Add(24 * time.Hour), Last: day.Add(25 * time.Hour), Exposure: 0.01}
		s := open(t)
		for _, e := range []call.EarShift{first, more, less, next, {Agent: "ben", Began: day, Last: day, Exposure: 1}} {
			if err := s.KeepExposure(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		for limit, want := range map[int][]call.EarShift{1: {next}, 9: {next, more}} {
			got, err := s.Exposures(t.Context(), "anna", limit)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("at most %d: %s", limit, d)
			}
		}
		if got, err := s.Exposures(t.Context(), "nobody", 9); err != nil || len(got) != 0 {
			t.Errorf("nobody has %v, %v", got, err)
		}
	})
}

// TestEarsOfOneAreNobodyElses has names that end as a key of a store might.
func TestEarsOfOneAreNobodyElses(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(t)
		defer closed(t, s)
		day := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		names := []string{"x", "x:pa2h", "x%3Apa2h", "x%"}
		for _, more := range []float64{0, 10} { // the second time, all keys are there
			for i, name := range names {
				if err := s.KeepExposure(t.Context(), call.EarShift{Agent: name, Began: day, Last: day, Exposure: more + float64(i)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, name := range names {
			got, err := s.Exposures(t.Context(), name, 9)
			if err != nil || len(got) != 1 || got[0].Agent != name || got[0].Exposure != 10+float64(i) {
				t.Errorf("%s has %v, %v", name, got, err)
			}
		}
	})
}
