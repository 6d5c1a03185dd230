package acd

import (
	"testing"
	"time"
)

// set moves the wall clock alone, as an operator or a time server does.
func (y *play) set(by time.Duration) {
	y.Helper()
	y.now.Wall = y.now.Wall.Add(by)
	y.must(nil)
}

// wish asks for a callback; at nil = as soon as may be.
func (y *play) wish(call string, at time.Time) {
	y.Helper()
	c := Callback{Number: "0301234", Kind: BackAsked}
	if !at.IsZero() {
		c.Kind, c.At = BackScheduled, at
	}
	y.must(func(b *board) error {
		_, err := b.callBack(Entry{Call: call, Queue: "help", Caller: c.Number}, c)
		return err
	})
}

// clockPlan dials numbers from nine on; a play begins at eight.
func clockPlan() Plan {
	return callable(func(c *CallbackSpec) { c.Hours, c.Zone = "09:00-17:30", "UTC" })
}

func TestNumbersAreDialledByTheClockAsItWasSet(t *testing.T) {
	y := start(t, clockPlan())
	y.logIn("anna")
	y.wish("c", time.Time{})
	y.pass(time.Minute)
	y.set(58 * time.Minute)
	y.want("")
	y.set(2 * time.Minute)
	y.want("c>anna")
}

func TestNoNumberIsDialledAtAnHourThatTheClockTookBack(t *testing.T) {
	y := start(t, clockPlan())
	y.wish("c", time.Time{})
	y.pass(90 * time.Minute)
	y.set(-time.Hour)
	y.logIn("anna")
	y.want("")
	y.pass(30 * time.Minute)
	y.want("c>anna")
}

func TestACallbackAtATimeComesByTheClockAsItWasSet(t *testing.T) {
	for name, by := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour, "past its time": 5 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			y := start(t, callable())
			y.logIn("anna")
			at := y.now.Wall.Add(4 * time.Hour)
			y.wish("c", at)
			y.set(by)
			if left := at.Sub(y.now.Wall); left > 0 {
				y.pass(left - time.Second)
				y.want("")
				y.pass(time.Second)
			}
			y.want("c>anna")
		})
	}
}

// TestAClockThatIsSetBitByBitIsSeen: a second is what it may be off, however it came so far.
func TestAClockThatIsSetBitByBitIsSeen(t *testing.T) {
	y := start(t, clockPlan())
	y.logIn("anna")
	y.wish("c", time.Time{})
	y.pass(59 * time.Minute)
	for range 84 { // 58.8 of 59 s
		y.set(700 * time.Millisecond)
		y.want("")
	}
	y.set(700 * time.Millisecond)
	y.set(700 * time.Millisecond)
	y.want("c>anna")
}

func TestABreakIsKeptFreeByTheClockAsItWasSet(t *testing.T) {
	y := onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = 80, 80 })
	y.set(time.Date(2026, 3, 2, 9, 55, 1, 0, time.UTC).Sub(y.now.Wall))
	y.enter(Entry{Call: "c", Queue: "q"})
	y.want("")
}
