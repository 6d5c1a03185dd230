package referee

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// machine is one that is as late in each trial as it is told.
func machine(late ...time.Duration) func() func() time.Duration {
	return func() func() time.Duration {
		was := late[0]
		late = late[1:]
		return func() time.Duration { return was }
	}
}

func TestWhatFailsWhileTheMachineIsLateIsJudgedAgain(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		fails  []bool // by trial
		late   []time.Duration
		trials int
		red    bool
	}{
		"it passes":                               {[]bool{false}, []time.Duration{0}, 1, false},
		"it passes on a late machine":             {[]bool{false}, []time.Duration{99 * ms}, 1, false},
		"it fails on a machine in time":           {[]bool{true}, []time.Duration{10 * ms}, 1, true},
		"it fails for a late machine only":        {[]bool{true, true, false}, []time.Duration{11 * ms, 99 * ms, 0}, 3, false},
		"it fails again on a machine in time":     {[]bool{true, true}, []time.Duration{11 * ms, 0}, 2, true},
		"it fails however often, always too late": {slices.Repeat([]bool{true}, 9), slices.Repeat([]time.Duration{99 * ms}, 9), Trials, true},
	} {
		t.Run(name, func(t *testing.T) {
			trials := 0
			red := try(t, func(t testing.TB) {
				sit(t, machine(c.late...), 10*ms, func(t testing.TB) {
					if trials++; c.fails[trials-1] {
						t.Error("a fault that this test makes")
					}
				})
			})
			if red != c.red || trials != c.trials {
				t.Errorf("failed: %v after %d trials, want %v after %d", red, trials, c.red, c.trials)
			}
		})
	}
}

func TestABrokenPromiseIsNotJudgedAgain(t *testing.T) {
	const ms = time.Millisecond
	trials := 0
	red := try(t, func(t testing.TB) {
		sit(t, machine(99*ms, 0), 10*ms, func(t testing.TB) {
			if trials++; trials == 1 {
				Promise(t).Error("meant")
				t.Error("meant, and excused")
			}
		})
	})
	if !red || trials != 2 {
		t.Errorf("failed: %v after %d trials", red, trials)
	}
	if Promise(t) != testing.TB(t) {
		t.Error("a test that is no trial is another one")
	}
}

func TestATrialIsATest(t *testing.T) {
	for name, c := range map[string]struct {
		judge func(t testing.TB)
		ends  bool // there and then
		red   bool
	}{
		"it passes": {func(testing.TB) {}, false, false},
		"Fail":      {func(t testing.TB) { t.Fail() }, false, true},
		"Error":     {func(t testing.TB) { t.Error("meant") }, false, true},
		"Errorf":    {func(t testing.TB) { t.Errorf("%s", "meant") }, false, true},
		"FailNow":   {func(t testing.TB) { t.FailNow() }, true, true},
		"Fatal":     {func(t testing.TB) { t.Fatal("meant") }, true, true},
		"Fatalf":    {func(t testing.TB) { t.Fatalf("%s", "meant") }, true, true},
		"a clean-up fails": {func(t testing.TB) {
			t.Cleanup(func() { t.Fatal("meant") })
		}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			var order []string
			ends := true
			red := try(t, func(t testing.TB) {
				t.Cleanup(func() {
					order = append(order, "first")
					if t.Context().Err() == nil {
						t.Error("its context goes on while it is cleaned up")
					}
				})
				t.Cleanup(func() { order = append(order, "second") })
				if t.Context().Err() != nil {
					t.Error("its context has ended")
				}
				c.judge(t)
				ends = false
			})
			if red != c.red || ends != c.ends || !slices.Equal(order, []string{"second", "first"}) {
				t.Errorf("failed: %v, ended there: %v, cleaned up %v; want %v, %v, and the second first", red, ends, order, c.red, c.ends)
			}
		})
	}
}

func TestHowLateAMachineIs(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		ran  []time.Duration // since the beginning
		want time.Duration
	}{
		"in time":                      {[]time.Duration{5 * ms, 10 * ms, 15 * ms}, 0},
		"stopped between two beats":    {[]time.Duration{5 * ms, 7 * ms}, 0},
		"late, and in time again":      {[]time.Duration{5 * ms, 40 * ms, 45 * ms}, 30 * ms},
		"late a little, and then more": {[]time.Duration{8 * ms, 40 * ms}, 27 * ms},
		"stopped before it ever ran":   {[]time.Duration{99 * ms}, 94 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Unix(0, 0)
			w := watch{last: begun}
			for _, at := range c.ran {
				w.ran(begun.Add(at))
			}
			if w.late != c.want {
				t.Errorf("late by %v, want %v", w.late, c.want)
			}
		})
	}
}

func TestAMachineWithoutWorkIsInTime(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		measured := Lateness()
		<-time.After(time.Second)
		if late := measured(); late != 0 {
			t.Errorf("late by %v", late)
		}
	})
}
