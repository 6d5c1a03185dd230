package shim

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const tick = 20 * time.Millisecond

// fates are those of n packets, one each 20 ms.
func fates(f Faults, n int) []Fate {
	l := NewLine(f)
	all := make([]Fate, n)
	for i := range all {
		all[i] = l.Pass(time.Duration(i) * tick)
	}
	return all
}

func share(all []Fate, what func(Fate) bool) float64 {
	n := 0
	for _, f := range all {
		if what(f) {
			n++
		}
	}
	return float64(n) / float64(len(all))
}

func TestTheSharesAreThoseOfTheFaults(t *testing.T) {
	for name, f := range map[string]Faults{
		"a good line":     {},
		"single losses":   {Loss: 0.05},
		"bursts of four":  {Loss: 0.05, Burst: 4},
		"a bad line":      {Loss: 0.05, Jitter: 40 * time.Millisecond, Reorder: 0.02, Double: 0.01},
		"all is lost":     {Loss: 1},
		"all comes twice": {Double: 1},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 100_000
			all := fates(f, n)
			near := func(what string, got, want float64) {
				t.Helper()
				if math.Abs(got-want) > 0.05*want {
					t.Errorf("%s: %.4f, want %.4f", what, got, want)
				}
			}
			near("lost", share(all, func(f Fate) bool { return f.Lost }), f.Loss)
			near("held", share(all, func(f Fate) bool { return f.Held }), f.Reorder)
			near("twice", share(all, func(f Fate) bool { return f.Again > 0 }), f.Double)
			bursts := 0
			for i, one := range all {
				if one.Lost && (i == 0 || !all[i-1].Lost) {
					bursts++
				}
			}
			if f.Burst > 1 {
				near("burst", f.Loss*n/float64(bursts), f.Burst)
			}
		})
	}
}

func TestASeedHasAlwaysTheSameLuck(t *testing.T) {
	f := Faults{Seed: 7, Loss: 0.1, Burst: 2, Jitter: tick, Reorder: 0.1, Double: 0.1}
	if a, b := fates(f, 1000), fates(f, 1000); !slices.Equal(a, b) {
		t.Error("two runs differ")
	}
	g := f
	g.Seed = 8
	if slices.Equal(fates(f, 1000), fates(g, 1000)) {
		t.Error("two seeds do not")
	}
	// When a packet is sent changes when it arrives, and nothing else.
	a, b := NewLine(f), NewLine(f)
	for i := range 1000 {
		x, y := a.Pass(time.Duration(i)*tick), b.Pass(time.Duration(i*i)*time.Microsecond)
		if x.Lost != y.Lost || x.Held != y.Held || (x.Again > 0) != (y.Again > 0) {
			t.Fatalf("packet %d: %+v and %+v", i, x, y)
		}
	}
}

func TestNobodyOvertakesUnlessItWasHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Faults{
			Seed:    rapid.Uint64().Draw(t, "seed"),
			Delay:   time.Duration(rapid.IntRange(0, 100).Draw(t, "delay")) * time.Millisecond,
			Jitter:  time.Duration(rapid.IntRange(0, 100).Draw(t, "jitter")) * time.Millisecond,
			Reorder: rapid.Float64Range(0, 0.5).Draw(t, "reorder"),
		}
		var last time.Duration
		for i, one := range fates(f, 500) {
			sent := time.Duration(i) * tick
			if one.Arrives <= last || one.Behind <= one.Arrives {
				t.Fatalf("packet %d arrives at %v, one held before at %v, the one before at %v", i, one.Arrives, one.Behind, last)
			}
			if late := one.Arrives - sent - f.Delay; late < 0 || late > 2*f.Jitter+time.Microsecond*2 {
				t.Fatalf("packet %d is late by %v", i, late)
			}
			last = one.Behind
		}
	})
}

func TestFaultsThatCannotBeAreRefused(t *testing.T) {
	for name, f := range map[string]Faults{
		"more than all":     {Loss: 1.1},
		"less than none":    {Double: -1},
		"back in time":      {Delay: -1},
		"bursts of all":     {Loss: 1, Burst: 2},
		"reordered too far": {Reorder: 2},
	} {
		if f.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if err := (Faults{Loss: 0.05, Burst: 3, Jitter: tick}).Check(); err != nil {
		t.Error(err)
	}
}
