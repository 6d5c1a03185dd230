package acd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// sharedLoad lets twelve agents serve two hours of random calls, a tenth of them hard, and
// tells each one's load of these two hours in points: minutes of plain talk.
func sharedLoad(t *testing.T, strategy Strategy, seed uint64) []float64 {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
	y := start(t, team(map[string]QueueSpec{"q": {Strategy: strategy, WrapUp: 30 * time.Second}}, names...))
	y.logIn(names...)
	loads := map[string]float64{}
	y.heard = func(e Event) {
		if e.Kind == KindFinished {
			loads[e.Agent] += e.Talk.Load().Minutes()
		}
	}
	chance := rand.New(rand.NewPCG(seed, 1))
	type talk struct {
		ends    time.Duration
		id      uint64
		outcome Outcome
	}
	var talks []talk
	next, calls, end := y.now.Mono, 0, y.now.Mono+2*time.Hour
	for y.now.Mono < end {
		if y.now.Mono >= next {
			calls++
			y.enter(Entry{Call: fmt.Sprint("c", calls), Queue: "q"})
			next = y.now.Mono + time.Duration(chance.ExpFloat64()*float64(45*time.Second)) // seven of twelve talk
		}
		talks = slices.DeleteFunc(talks, func(k talk) bool {
			if k.ends > y.now.Mono {
				return false
			}
			y.must(func(b *board) error { return b.finish(k.id, k.outcome) })
			return true
		})
		var ringing []uint64
		for id, s := range y.b.seats {
			if s.agent.State == Offered {
				ringing = append(ringing, id)
			}
		}
		slices.Sort(ringing)
		for _, id := range ringing {
			y.must(func(b *board) error { return b.answered(id) })
			length := time.Minute + time.Duration(chance.ExpFloat64()*float64(4*time.Minute))
			talks = append(talks, talk{y.now.Mono + min(length, 15*time.Minute), id, Outcome{Protected: chance.IntN(20) == 0, Raised: chance.IntN(20) == 0}})
		}
		y.pass(time.Second)
	}
	var out []float64
	for _, name := range names {
		out = append(out, loads[name])
	}
	return out
}

// within is the part of a team whose load is within 20 % of its mean.
func within(loads []float64) float64 {
	mean, near := 0.0, 0.0
	for _, l := range loads {
		mean += l / float64(len(loads))
	}
	for _, l := range loads {
		if l >= 0.8*mean && l <= 1.2*mean {
			near++
		}
	}
	return near / float64(len(loads))
}

// TestTheGentlestStrategySharesLoadEvenly: load points are shared within 20 % in a team
// that gentlest routes, hard calls counting most. Others are not made for it.
func TestTheGentlestStrategySharesLoadEvenly(t *testing.T) {
	shared := map[Strategy]float64{}
	for seed := range uint64(4) {
		for _, s := range []Strategy{Gentlest, LongestIdle, Linear} {
			loads := sharedLoad(t, s, seed)
			shared[s] += within(loads) / 4
			if s == Gentlest {
				t.Logf("seed %d: %.0f", seed, loads)
			}
		}
	}
	t.Logf("within 20 %% of the mean: %v", shared)
	if shared[Gentlest] < 0.95 || shared[Gentlest] <= shared[LongestIdle] {
		t.Errorf("of a team, %v have a load within 20 %% of its mean", shared)
	}
}
