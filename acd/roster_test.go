package acd

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd/shift"
)

// tell tells the floor the shifts.
func (y *play) tell(s Shifts) {
	y.Helper()
	y.must(func(b *board) error { _, err := b.carry(&Input{Kind: InShifts, Shifts: s}); return err })
}

// planned is work with a break in the middle.
func planned(from time.Time, work, pause, more time.Duration) []shift.Span {
	a, b := from.Add(work), from.Add(work+pause)
	return []shift.Span{{From: from, To: a, Kind: shift.Work}, {From: a, To: b, Kind: shift.Break}, {From: b, To: b.Add(more), Kind: shift.Work}}
}

func TestAViewShowsTheShiftsEndAndTheNextBreak(t *testing.T) {
	y := start(t, Plan{Agents: map[string]AgentSpec{"anna": {}, "ben": {}}})
	begin := y.now.Wall.Add(time.Hour)
	y.tell(Shifts{"anna": planned(begin, time.Hour, 15*time.Minute, 45*time.Minute), "nobody": planned(begin, time.Hour, time.Hour, time.Hour)})
	shown := func(what string, end, pause time.Time) {
		t.Helper()
		if v := y.b.view(y.b.agents["anna"]); !v.ShiftEnd.Equal(end) || !v.BreakAt.Equal(pause) {
			t.Errorf("%s: ends %v, break %v; want %v and %v", what, v.ShiftEnd, v.BreakAt, end, pause)
		}
	}
	end, pause := begin.Add(2*time.Hour), begin.Add(time.Hour)
	shown("before the shift", time.Time{}, time.Time{})
	y.pass(time.Hour)
	shown("at its begin", end, pause)
	y.pass(70 * time.Minute)
	shown("in the break", end, pause)
	y.pass(5 * time.Minute)
	shown("after the break", end, time.Time{})
	if v := y.b.view(y.b.agents["ben"]); !v.ShiftEnd.IsZero() {
		t.Errorf("ben has no plan and ends %v", v.ShiftEnd)
	}
	y.tell(nil)
	shown("when nobody has a plan any more", time.Time{}, time.Time{})
}

func TestAViewIsShownAnewWhenAShiftTurns(t *testing.T) {
	y := start(t, Plan{Agents: map[string]AgentSpec{"anna": {}}})
	y.tell(Shifts{"anna": planned(y.now.Wall, time.Hour, time.Minute, time.Hour)})
	for _, wait := range []time.Duration{time.Hour, time.Minute, time.Hour} {
		if next := y.b.alarms.next() - y.now.Mono; next != wait {
			t.Fatalf("woken in %v, want %v", next, wait)
		}
		y.now.Mono += wait
		y.now.Wall = y.now.Wall.Add(wait)
		turn, err := y.b.apply(y.now, nil)
		if err != nil || len(turn.views) != 1 {
			t.Fatalf("%v, views %v", err, turn.views)
		}
	}
}

// anyShifts tells a random day's floor shifts around now.
func (d *day) anyShifts() {
	s := Shifts{}
	for _, name := range []string{"a0", "a1", "a2"} {
		if !rapid.Bool().Draw(d.T, name+" has a shift") {
			continue
		}
		minutes := func(what string) time.Duration {
			return time.Duration(rapid.IntRange(1, 60).Draw(d.T, what)) * time.Minute
		}
		s[name] = planned(d.now.Wall.Add(minutes("from")-30*time.Minute), minutes("work"), minutes("break"), minutes("more"))
	}
	d.say(Input{Kind: InShifts, Shifts: s})
}
