package store_test

import (
	"fmt"
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

// TestWhatEarsGotIsForgotten has more shifts than one clean-up takes at once, of people who
// still work and of one who has left.
func TestWhatEarsGotIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		day := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		s := open(t)
		keep := func(agent string, days int) {
			t.Helper()
			e := call.EarShift{Agent: agent, Began: day.AddDate(0, 0, days), Exposure: float64(days + 1)}
			if err := s.KeepExposure(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		const agents, days, cut = 20, 30, 25
		for i := range agents {
			for d := range days {
				keep(fmt.Sprintf("a%02d", i), days-1-d) // words may arrive out of order
			}
		}
		keep("has left", 3)
		closed(t, s)
		s = open(t)
		defer closed(t, s)
		for range 2 { // the second time there is nothing to do
			if err := s.ForgetExposures(t.Context(), day.AddDate(0, 0, cut)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range agents {
			left, err := s.Exposures(t.Context(), fmt.Sprintf("a%02d", i), 99)
			if err != nil || len(left) != days-cut || !left[len(left)-1].Began.Equal(day.AddDate(0, 0, cut)) {
				t.Fatalf("of agent %d %d shifts are left, %v; want the %d from the cut on", i, len(left), err, days-cut)
			}
		}
		if left, err := s.Exposures(t.Context(), "has left", 99); err != nil || len(left) != 0 {
			t.Errorf("of who has left there is %v, %v", left, err)
		}
		keep("a00", cut) // of a shift that is kept: more
		keep("a00", cut-20)
		if err := s.ForgetExposures(t.Context(), day.AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
		for _, agent := range []string{"a00", "a01"} {
			if left, err := s.Exposures(t.Context(), agent, 99); err != nil || len(left) != 0 {
				t.Errorf("after the second cut %s has %v, %v", agent, left, err)
			}
		}
	})
}
