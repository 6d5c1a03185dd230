package acd

import (
	"testing"
	"time"

	"breakwater/acd/shift"
)

// onShift is a board on which anna works by a plan: 08:00 to 12:00 with a break at 10:00.
func onShift(t *testing.T, change func(*Care)) *play {
	t.Helper()
	y := caring(t, map[string]QueueSpec{
		"q":     {WrapUp: -1, Handle: 5 * time.Minute, MaxWait: 24 * time.Hour},
		"quick": {WrapUp: -1, Handle: time.Minute, MaxWait: 24 * time.Hour},
	}, change, "anna", "bert")
	at := func(h, m int) time.Time { return time.Date(2026, 3, 2, h, m, 0, 0, time.UTC) }
	y.must(func(b *board) error {
		b.roster(Shifts{"anna": {
			{From: at(8, 0), To: at(10, 0), Kind: shift.Work},
			{From: at(10, 0), To: at(10, 15), Kind: shift.Break},
			{From: at(10, 15), To: at(12, 0), Kind: shift.Work},
		}})
		return nil
	})
	y.logIn("anna")
	return y
}

// until passes the time to a moment of the day.
func (y *play) until(h, m, s int) {
	y.Helper()
	y.pass(time.Date(2026, 3, 2, h, m, s, 0, time.UTC).Sub(y.now.Wall))
}

func TestNoOfferThatWouldLikelyRunIntoABreak(t *testing.T) {
	for name, tc := range map[string]struct {
		h, m, s int
		queue   string
		want    string
	}{
		"enough time before the break":      {9, 54, 59, "q", "c>anna"},
		"too little time":                   {9, 55, 1, "q", ""},
		"enough for a quick call":           {9, 58, 0, "quick", "c>anna"},
		"not even for that":                 {9, 59, 1, "quick", ""},
		"in the break, by choice":           {10, 5, 0, "q", "c>anna"},
		"after the break":                   {10, 20, 0, "q", "c>anna"},
		"too near to the end of the shift":  {11, 55, 30, "q", ""},
		"a quick call before the end":       {11, 55, 30, "quick", "c>anna"},
		"after the end of shift, by choice": {12, 1, 0, "q", "c>anna"},
	} {
		t.Run(name, func(t *testing.T) {
			y := onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = 80, 80 })
			y.until(tc.h, tc.m, tc.s)
			y.enter(Entry{Call: "c", Queue: tc.queue})
			y.want(tc.want)
			if tc.want != "" {
				return
			}
			y.says("c", "1 of 2 capable agents is too close to", "anna (")
			if tc.h == 9 { // the caller gets her when she is back, or somebody else before
				y.until(10, 0, 0)
				y.want("c>anna")
			}
		})
	}
}

func TestTheGuardsCanBeSwitchedOffOneByOne(t *testing.T) {
	y := onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = -1, 80 })
	y.until(9, 59, 30)
	y.enter(Entry{Call: "c", Queue: "q"})
	y.want("c>anna")
	y = onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = 80, -1 })
	y.until(11, 59, 30)
	y.enter(Entry{Call: "c", Queue: "q"})
	y.want("c>anna")
}

// TestTheGuardLearnsHowLongCallsAre: ten calls of twenty minutes, and twenty minutes
// before the break is too late.
func TestTheGuardLearnsHowLongCallsAre(t *testing.T) {
	y := onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = 80, 80 })
	y.say("anna", GoNotReady)
	y.logIn("bert")
	for i := range 4 {
		y.serve(Entry{Call: string(rune('0' + i)), Queue: "q"}, 20*time.Minute, Outcome{})
	}
	y.say("bert", LogOut)
	y.say("anna", GoReady)
	if got := y.b.routes.queues["q"].reach.ToBreak; got != 5*time.Minute {
		t.Fatalf("after four calls %s, which are too few to know", got)
	}
	for range 10 {
		y.b.paces.of("q").Handles.add(20 * time.Minute)
	}
	y.until(9, 35, 0)
	y.serve(Entry{Call: "last", Queue: "q"}, 30*time.Second, Outcome{})
	if got := y.b.routes.queues["q"].reach.ToBreak; got < 20*time.Minute {
		t.Errorf("80 %% of the calls are shorter than %s", got)
	}
	y.until(9, 45, 0)
	y.enter(Entry{Call: "c", Queue: "q"})
	y.want("")
}

func TestTheShiftGuardCanBeLiftedAndTheBreakGuardCannot(t *testing.T) {
	y := onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = 80, 80 })
	y.until(9, 58, 0)
	y.enter(Entry{Call: "c", Queue: "q"})
	for _, c := range caps {
		y.lift(c)
		y.want("")
	}
	y.until(11, 0, 0)
	y.talk("c")
	y.end("c")
	y.until(11, 58, 0)
	y.enter(Entry{Call: "d", Queue: "q"})
	y.want("")
	y.lift(CapShift)
	y.want("d>anna")
}
