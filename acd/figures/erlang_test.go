package figures

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// vectors of queues.md §4: T = 20 s, patience 120 s.
var vectors = []struct {
	calls, aht float64
	agents     int
	delayedC   float64
	levelC     float64
	asaC       float64
	occupancyC float64
	delayedA   float64
	abandonedA float64
	waitA      float64
	occupancyA float64
}{
	{100, 180, 11, .6821, .3896, 122.78, .9091, .3828, .0942, 11.30, .8235},
	{100, 180, 12, .4494, .6402, 40.44, .8333, .2798, .0616, 7.39, .7820},
	{100, 180, 14, .1741, .8884, 7.84, .7143, .1270, .0228, 2.74, .6980},
	{200, 240, 29, .5615, .5377, 57.76, .9195, .2990, .0524, 6.29, .8714},
	{200, 240, 31, .3206, .7766, 17.75, .8602, .1940, .0303, 3.63, .8342},
	{600, 300, 104, .5939, .5451, 44.54, .9615, .2836, .0306, 3.67, .9322},
}

const target, patience = 20 * time.Second, 120 * time.Second

func TestErlangCHitsTheVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(fmt.Sprint(v.calls, v.aht, v.agents), func(t *testing.T) {
			w, err := ErlangC(load(v.calls, v.aht), v.agents, target)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "delayed", w.Delayed, v.delayedC, 6e-5)
			near(t, "level", w.Level, v.levelC, 6e-5)
			near(t, "ASA", w.ASA.Seconds(), v.asaC, 6e-3)
			near(t, "occupancy", w.Occupancy, v.occupancyC, 6e-5)
		})
	}
}

func TestErlangAHitsTheVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(fmt.Sprint(v.calls, v.aht, v.agents), func(t *testing.T) {
			w, err := ErlangA(load(v.calls, v.aht), v.agents, target, patience)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "delayed", w.Delayed, v.delayedA, 6e-5)
			near(t, "abandoned", w.Abandoned, v.abandonedA, 6e-5)
			near(t, "wait", w.ASA.Seconds(), v.waitA, 6e-3)
			near(t, "occupancy", w.Occupancy, v.occupancyA, 6e-5)
		})
	}
}

func TestCallersWithEndlessPatienceWaitByErlangC(t *testing.T) {
	for _, v := range vectors {
		c, err := ErlangC(load(v.calls, v.aht), v.agents, target)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ErlangA(load(v.calls, v.aht), v.agents, target, 1e6*time.Hour/1e3)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "delayed", a.Delayed, c.Delayed, 1e-3)
		near(t, "level", a.Level, c.Level, 1e-3)
		near(t, "ASA", a.ASA.Seconds(), c.ASA.Seconds(), 0.01*c.ASA.Seconds())
	}
}

func TestTheLevelOfErlangAIsThatOfASimulation(t *testing.T) {
	l := load(200, 240)
	w, err := ErlangA(l, 25, target, patience)
	if err != nil {
		t.Fatal(err)
	}
	level, abandoned := simulate(l, 25, target, patience, 400_000)
	near(t, "level", w.Level, level, 0.006)
	near(t, "abandoned", w.Abandoned, abandoned, 0.004)
}

func TestMoreAgentsNeverMakeItWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := load(rapid.Float64Range(1, 500).Draw(t, "calls"), rapid.Float64Range(10, 900).Draw(t, "aht"))
		n := rapid.IntRange(1, 200).Draw(t, "agents")
		few, err1 := ErlangA(l, n, target, patience)
		more, err2 := ErlangA(l, n+1, target, patience)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		const eps = 1e-9
		if more.Level < few.Level-eps || more.Abandoned > few.Abandoned+eps || more.ASA > few.ASA+time.Microsecond {
			t.Fatalf("%d agents: %+v; %d: %+v", n, few, n+1, more)
		}
		for _, share := range []float64{few.Level, few.Delayed, few.Abandoned, few.Occupancy} {
			if !(share >= -eps && share <= 1+eps) {
				t.Fatalf("a share is %v: %+v", share, few)
			}
		}
	})
}

func TestWhatCannotBeComputedIsRefused(t *testing.T) {
	for name, wrong := range map[string]func() error{
		"more work than agents": func() error { _, err := ErlangC(load(100, 180), 10, target); return err },
		"no agents":             func() error { _, err := ErlangC(load(1, 1), 0, target); return err },
		"negative calls":        func() error { _, err := ErlangC(load(-1, 1), 5, target); return err },
		"no interval":           func() error { _, err := ErlangC(Load{Calls: 1, AHT: 1}, 5, target); return err },
		"no handle time":        func() error { _, err := ErlangA(Load{Calls: 1, Per: 1}, 5, target, patience); return err },
		"no patience":           func() error { _, err := ErlangA(load(1, 1), 5, target, 0); return err },
		"not a number":          func() error { _, err := ErlangA(load(math.NaN(), 1), 5, target, patience); return err },
		"no agents for A":       func() error { _, err := ErlangA(load(1, 1), 0, target, patience); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if wrong() == nil {
				t.Error("it was computed")
			}
		})
	}
	if _, err := ErlangC(load(100, 180), 10, target); !errors.Is(err, ErrOverload) {
		t.Errorf("overload is told as %v", err)
	}
}

func load(calls, aht float64) Load {
	return Load{Calls: calls, Per: 30 * time.Minute, AHT: seconds(aht)}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.5f, want %.5f ± %g", what, got, want, within)
	}
}
