package acd

import (
	"fmt"
	"testing"
	"time"
)

// TestAReasonIsMadeOfItsTextAlone: the words of every strategy are as they were, and an
// offer to everybody says them once.
func TestAReasonIsMadeOfItsTextAlone(t *testing.T) {
	words := map[Strategy]string{
		LongestIdle:       "longest idle of 3 free: 1m5s",
		LeastOccupied:     "least occupied today of 3 free: 0.0 %, idle 1m5s",
		FewestCalls:       "fewest calls today of 3 free: 0, idle 1m5s",
		LeastTalk:         "least talk today of 3 free: 0s, idle 1m5s",
		Gentlest:          "least strain in two hours of 3 free: like 0s of talk, idle 1m5s",
		WeightedRandom:    "drawn by lot of 3 free: share 1",
		RingProgressively: "next to ring of 3 free: idle 1m5s",
		RoundRobin:        "first in turn of 3 free",
		Linear:            "first of 3 free in order, place 1",
		BestSkill:         "best skilled of 3 free: level sum 0, idle 1m5s",
		RingAll:           "everybody rings: 3 free",
	}
	for s, want := range words {
		u := rushOn(t, everybody(3, 1, s))
		u.pass(65 * time.Second)
		u.do(nil)
		c := u.b.classFor(u.b.routes.queues["q0"], nil, easyCaller).conds[0]
		a := u.b.agents["a00000"]
		if got := u.b.because(c, a); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
		if n := testing.AllocsPerRun(100, func() { _ = u.b.because(c, a) }); n > 3 {
			t.Errorf("%s: %v allocations", s, n)
		}
		if s == RoundRobin {
			u.b.recent["q0"] = "bert"
			if got := u.b.because(c, a); got != "next of 3 free in turn after bert" {
				t.Errorf("%q", got)
			}
		}
	}
}

// TestRingAllRingsNoCrowd: with thousands free one caller would hold up the floor. Those idle
// for longest ring, and the next when these have all missed it.
func TestRingAllRingsNoCrowd(t *testing.T) {
	var names []string
	for i := range mostRung + 50 {
		names = append(names, fmt.Sprintf("a%03d", i))
	}
	y := start(t, team(map[string]QueueSpec{"q": {Strategy: RingAll}}, names...))
	y.logIn(names...)
	y.enter(Entry{Call: "c", Queue: "q"})
	seats := y.out[0].offer.seats
	if len(seats) != mostRung || seats[0].agent.Name != "a000" || seats[mostRung-1].agent.Name != "a199" {
		t.Fatalf("%d ring, from %s to %s", len(seats), seats[0].agent.Name, seats[len(seats)-1].agent.Name)
	}
	if want := "idle longest of 250 free: 200 ring at once"; seats[0].reason != want {
		t.Errorf("because %q, want %q", seats[0].reason, want)
	}
	for _, s := range seats {
		y.must(func(b *board) error { return b.missed(s.id, MissDeclined) })
	}
	if len(y.out) != 1 || len(y.out[0].offer.seats) != 50 || y.out[0].offer.seats[0].agent.Name != "a200" {
		t.Errorf("then %d offers: %s", len(y.out), y.got())
	}
}

// BenchmarkRingAll is one caller who rings everybody, and hangs up.
func BenchmarkRingAll(b *testing.B) {
	for _, n := range []int{20, 200, 2000} {
		b.Run(fmt.Sprintf("agents=%d", n), func(b *testing.B) {
			u := rushOn(b, everybody(n, 1, RingAll))
			b.ReportAllocs()
			for b.Loop() {
				u.calls++
				turn := u.do(func(f *board) error { _, err := f.enter(Entry{Call: fmt.Sprint(u.calls), Queue: "q0"}); return err })
				id := turn.offers[0].ticket
				u.do(func(f *board) error { f.leave(id, "abandoned"); return nil })
			}
		})
	}
}
