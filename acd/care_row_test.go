package acd_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
)

// TestPromiseARowIsCountedAsItWas gives one agent calls of every kind and reckons the row of
// hard ones beside the floor: a hard caller waits exactly while it is full. It is no longer
// than allowed, and nobody waits for a row that an easy call or a pause has ended.
func TestPromiseARowIsCountedAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		care := uncapped
		care.HardInRow, care.HardRelief = rapid.IntRange(1, 3).Draw(t, "allowed"), 10*time.Minute
		now := acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}
		plan := acd.Plan{
			Settings: acd.Settings{Gap: -1, Care: care}, Agents: map[string]acd.AgentSpec{"anna": {}},
			Queues: map[string]acd.QueueSpec{"q": {WrapUp: -1}, "complaints": {WrapUp: -1, Intensity: "hostile"}},
		}
		floor, err := acd.NewRerun(plan, now)
		if err != nil {
			t.Fatal(err)
		}
		do := func(in acd.Input) *acd.Turn {
			turn := floor.Apply(now, nil, in)
			if turn.Refused != "" {
				t.Fatalf("%s: %s", in.Kind, turn.Refused)
			}
			return turn
		}
		pass := func(d time.Duration) { now.Mono, now.Wall = now.Mono+d, now.Wall.Add(d) }
		do(acd.Input{Kind: acd.InCommand, Agent: "anna", Command: &acd.Command{Verb: acd.LogIn, Phone: "1"}})
		row, ended := 0, time.Duration(0)
		for i := range rapid.IntRange(3, 30).Draw(t, "calls") {
			pass(rapid.SampledFrom([]time.Duration{0, time.Minute, 10*time.Minute - 1, 10 * time.Minute}).Draw(t, "idle"))
			relieved := now.Mono-ended >= care.HardRelief
			e := acd.Entry{
				Call: fmt.Sprint(i), Queue: rapid.SampledFrom([]string{"q", "q", "complaints"}).Draw(t, "queue"),
				Tier: rapid.SampledFrom([]acd.Tier{0, 1, 2, 4}).Draw(t, "tier"), Event: rapid.IntRange(0, 5).Draw(t, "hard before") == 0,
				Urgent: rapid.IntRange(0, 5).Draw(t, "emergency") == 0,
			}
			hard := e.Tier >= 2 || e.Event
			waits := (hard || e.Queue == "complaints") && !e.Urgent && row >= care.HardInRow && !relieved
			turn := do(acd.Input{Kind: acd.InEnter, Entry: &e})
			if got := len(turn.Offers) == 0; got != waits {
				t.Fatalf("after a row of %d, %+v waits: %v, want %v", row, e, got, waits)
			}
			if waits {
				do(acd.Input{Kind: acd.InLeave, Ticket: turn.Events[0].Ticket, Why: "abandoned"})
				continue
			}
			seat := turn.Offers[0].Seats[0].Assignment
			do(acd.Input{Kind: acd.InTaken, Ticket: turn.Offers[0].Ticket})
			do(acd.Input{Kind: acd.InAnswered, Assignment: seat})
			pass(time.Minute)
			event := rapid.IntRange(0, 3).Draw(t, "an event") == 0
			do(acd.Input{Kind: acd.InFinish, Assignment: seat, Outcome: &acd.Outcome{Event: event}})
			if relieved {
				row = 0
			}
			if row++; !hard && !event {
				row = 0
			}
			ended = now.Mono
		}
	})
}
