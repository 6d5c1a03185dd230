package acd

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"
)

// TestCostGrowsNoFasterThanLogN measures an event on floors of 100, 1,000 and 10,000 agents
// and as many callers waiting, and prints the growth: where agents serve three queues each
// and where everybody serves all, by what never changes and by what does. The dearest of
// all turns, minutes included, is held to a number of steps. Of the time, which a shared
// machine spoils, the gate is for the quickest quarter.
func TestCostGrowsNoFasterThanLogN(t *testing.T) {
	const lines = 5 // of an agent with three skills
	const mostSteps = reckonAtOnce*(1+lines) + 2*lines
	for _, s := range []Strategy{LongestIdle, LeastOccupied} {
		for _, kind := range []string{"three skills", "everything"} {
			var first time.Duration
			for _, n := range []int{100, 1000, 10_000} {
				var u *rush
				if kind == "everything" {
					u = rushOn(t, everybody(n, 20, s))
				} else {
					floor, now := crowd(t, n, 20, s)
					u = &rush{TB: t, b: floor, now: now}
				}
				each := costOfAnEvent(u, n)
				if first == 0 {
					first = each
				}
				growth, allowed := float64(each)/float64(first), math.Log2(float64(n))/math.Log2(100)
				t.Logf("%s, %s: %6d agents and callers: %8s an event, ×%.2f (log n: ×%.2f), %d steps at worst", s, kind, n, each, growth, allowed, u.worst)
				if growth > 4*allowed {
					t.Errorf("%d agents and callers: ×%.1f, log n allows ×%.1f", n, growth, allowed)
				}
				if u.worst > mostSteps {
					t.Errorf("%d agents and callers: the dearest turn took %d steps, more than %d", n, u.worst, mostSteps)
				}
			}
		}
	}
}

// costOfAnEvent is what a quarter of rounds do not exceed in which a caller comes, an agent
// finishes, takes the next and answers. A minute and more goes by meanwhile.
func costOfAnEvent(u *rush, n int) time.Duration {
	u.Helper()
	enter := func() { u.enter(fmt.Sprintf("q%d", u.calls%20)) }
	for len(u.b.tickets) < n {
		u.pass(time.Millisecond)
		enter()
	}
	u.worst = 0
	const rounds = 500
	costs := make([]time.Duration, rounds)
	for i := range costs {
		u.pass(5 * time.Millisecond)
		from := time.Now()
		enter()
		u.finish()
		costs[i] = time.Since(from) / 4
	}
	for _, t := range u.b.inOrder() {
		u.do(func(b *board) error { b.leave(t.id, "abandoned"); return nil })
	}
	for len(u.talking) > n/4 { // a minute is dear where many are idle
		u.finish()
	}
	for range 70 * 8 {
		u.pass(time.Second / 8)
		u.do(nil)
	}
	slices.Sort(costs)
	return costs[rounds/4]
}

// TestTheFloorAtScale is the real floor with its clock: 2,000 agents, 50 queues, 5,000 waiting,
// 200 new calls a second. BREAKWATER_SOAK=10m is the acceptance run; by itself it takes two
// seconds. What is measured is the time from a call's wish to the answer of the floor, so
// waiting for a processor counts against it.
func TestTheFloorAtScale(t *testing.T) {
	length := 2 * time.Second
	if text := os.Getenv("BREAKWATER_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	p := Plan{Settings: Settings{Gap: -1, Care: Care{Occupancy: -1, Break: -1}}, Queues: map[string]QueueSpec{}, Agents: map[string]AgentSpec{}}
	for i := range 50 {
		p.Queues[fmt.Sprintf("q%d", i)] = QueueSpec{Needs: fmt.Sprintf("s%d >= 1", i), WrapUp: -1}
	}
	for i := range 2000 {
		p.Agents[fmt.Sprintf("a%04d", i)] = AgentSpec{Skills: map[string]int{
			fmt.Sprintf("s%d", i%50): 3, fmt.Sprintf("s%d", (i+7)%50): 2, fmt.Sprintf("s%d", (i+19)%50): 1,
		}}
	}
	s := openScale(t, p)
	for name := range p.Agents {
		s.must(s.floor.Do(s.ctx, name, Command{Verb: LogIn, Phone: "p" + name}))
	}
	for s.waiting < 5000 {
		s.arrive()
	}
	s.waits, s.busy = nil, 0
	from := time.Now()
	const apart = time.Second / 200
	for due := apart; due <= length; due += apart { // who is late catches up: it is 200 a second whatever the machine does
		if early := due - time.Since(from); early > 0 {
			<-time.After(early)
		}
		s.arrive()
		s.finishOne()
	}
	took := time.Since(from)
	slices.Sort(s.waits)
	p99 := s.waits[len(s.waits)*99/100]
	t.Logf("%d new calls in %s: p50 %s, p99 %s from a wish to its answer, %.1f %% of a core at most",
		len(s.waits)/2, took.Round(time.Millisecond), s.waits[len(s.waits)/2], p99, 100*float64(s.busy)/float64(took))
	most := 10 * time.Millisecond
	if length < time.Minute {
		most = 100 * time.Millisecond // a short run on a shared machine shows order of magnitude only
	}
	if p99 > most || float64(s.busy) > 0.3*float64(took) && length >= time.Minute {
		t.Errorf("p99 %s, busy %s of %s", p99, s.busy, took)
	}
	if found, err := s.floor.Audit(s.ctx); err != nil || len(found) > 0 {
		t.Errorf("audit: %q, %v", found, err)
	}
}
