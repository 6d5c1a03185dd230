package acd

import (
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	for name, by := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour, "back by more than it is kept": -30 * time.Hour, "past its time": 5 * time.Hour} {
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
			} else {
				y.pass(restartPause)
			}
			y.want("c>anna")
		})
	}
}

// TestACallbackAtATimeIsNotDialledBeforeItThoughAWrongClockSaidSo: it was due, and nobody was free.
func TestACallbackAtATimeIsNotDialledBeforeItThoughAWrongClockSaidSo(t *testing.T) {
	for name, wrong := range map[string]func(y *play){
		"a fast clock": func(y *play) {
			y.pass(4*time.Hour + time.Second)
			y.set(-time.Hour)
		},
		"a clock that jumps and is put right": func(y *play) {
			y.set(5 * time.Hour)
			y.set(-5 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, callable())
			at := y.now.Wall.Add(4 * time.Hour)
			y.wish("c", at)
			wrong(y)
			y.logIn("anna")
			y.pass(at.Sub(y.now.Wall) - time.Second)
			if len(y.b.seats) > 0 {
				t.Errorf("an agent is reserved before %s", at)
			}
			y.pass(time.Second)
			y.want("c>anna")
		})
	}
}

func TestAClockThatJumpsOverTheTimeOfACallbackLosesItNotUnseen(t *testing.T) {
	y := start(t, callable())
	y.wish("c", y.now.Wall.Add(4*time.Hour))
	y.set(72 * time.Hour)
	y.pass(23 * time.Hour) // it is kept for a day
	y.logIn("anna")
	if len(y.b.seats) != 1 {
		t.Errorf("%d agents are reserved, %d callbacks are left", len(y.b.seats), len(y.b.tickets))
	}
}

// TestAClockThatIsPutRightAfterARestartLeavesNobodyInLineTwice: a caller on the line, a crash, a start
// whose clock is slow, a time server.
func TestAClockThatIsPutRightAfterARestartLeavesNobodyInLineTwice(t *testing.T) {
	before := start(t, callable())
	var events []Event
	before.heard = func(e Event) { events = append(events, e) }
	before.enter(Entry{Call: "c", Queue: "help", Caller: "0301234"})
	y := before.restarted(events, -2*time.Hour)
	y.pass(time.Minute)
	y.set(2 * time.Hour)
	y.logIn("anna", "bert")
	y.pass(time.Second)
	if len(y.b.seats) != 1 {
		t.Fatalf("%d agents are reserved for one caller", len(y.b.seats))
	}
	for id, s := range y.b.seats {
		y.must(func(b *board) error { return b.answered(id) })
		y.must(func(b *board) error { return b.reached(s.number, "") })
		y.must(func(b *board) error { return b.finish(id, Outcome{}) })
	}
	y.pass(2 * time.Minute)
	if len(y.b.seats) > 0 {
		t.Error("an agent is reserved for somebody who is gone")
	}
}

// restarted is the floor of these events after a crash, by a clock that is off.
func (y *play) restarted(events []Event, by time.Duration) *play {
	y.Helper()
	now := Stamp{Wall: y.now.Wall.Add(by), Boot: "next", Mono: time.Minute}
	p, err := recall(nil, events, now)
	if err != nil {
		y.Fatal(err)
	}
	plan := callable()
	plan.Settings.Gap, plan.Settings.Care = -1, carefree()
	r, err := prepare(plan)
	if err != nil {
		y.Fatal(err)
	}
	again := &play{T: y.T, b: newBoard(), ids: map[string]uint64{}, now: now}
	again.must(func(b *board) error { b.adopt(r); b.resume(p); return nil })
	return again
}

// inVain lets the callback that an agent is reserved for come to nothing.
func (y *play) inVain(why string) {
	y.Helper()
	if len(y.b.seats) != 1 {
		y.Fatalf("%d agents are reserved", len(y.b.seats))
	}
	for id, s := range y.b.seats {
		y.must(func(b *board) error { return b.answered(id) })
		y.must(func(b *board) error { return b.unreached(s.number, why) })
		y.must(func(b *board) error { return b.finish(id, Outcome{}) })
	}
}

// wished is a floor with a callback wished in so long (0 = as soon as may be), and what comes to its ledger.
func wished(t *testing.T, in time.Duration) (y *play, events *[]Event) {
	t.Helper()
	y, events = start(t, callable()), new([]Event)
	y.heard = func(e Event) { *events = append(*events, e) }
	var at time.Time
	if in > 0 {
		at = y.now.Wall.Add(in)
	}
	y.wish("c", at)
	return y, events
}

// TestAPauseIsNoLongerForASlowClock: a callback was tried, the machine starts anew with a wrong time, and is
// put right.
func TestAPauseIsNoLongerForASlowClock(t *testing.T) {
	for name, at := range map[string]time.Duration{"as soon as may be": 0, "at a time": time.Hour} {
		for _, slow := range []time.Duration{2 * time.Hour, 365 * 24 * time.Hour} {
			t.Run(name+" "+slow.String(), func(t *testing.T) {
				y, events := wished(t, at)
				y.pass(3 * time.Hour)
				y.logIn("anna")
				y.inVain(UnreachedNoAnswer)
				again := y.restarted(*events, -slow)
				again.pass(20 * time.Second)
				again.set(slow)
				again.logIn("anna", "bert")
				again.pass(y.b.routes.queues["help"].spec.Callback.NoAnswer + time.Minute)
				if len(again.b.seats) != 1 {
					t.Errorf("%d agents are reserved, %d callbacks are left", len(again.b.seats), len(again.b.tickets))
				}
			})
		}
	}
}

// TestNobodyIsDialledRightAfterARestartThoughTheClockIsPutRight: phones and trunks are not there yet.
func TestNobodyIsDialledRightAfterARestartThoughTheClockIsPutRight(t *testing.T) {
	for name, at := range map[string]time.Duration{"as soon as may be": 0, "at a time": time.Minute} {
		t.Run(name, func(t *testing.T) {
			y, events := wished(t, at)
			y.pass(10 * time.Minute)
			again := y.restarted(*events, -2*time.Hour)
			again.logIn("anna")
			again.set(2 * time.Hour)
			again.pass(time.Second)
			if len(again.b.seats) != 0 {
				t.Error("dialled 2 s after the start")
			}
			again.pass(outageMost) // the longest that a callback not tried yet may have been left alone for
			if len(again.b.seats) != 1 {
				t.Error("not dialled after the pause")
			}
		})
	}
}

// TestACallbackAtATimeThatAnAgentHadWhenTheClockWasPutRightWaitsForIt and is not tried again before it.
func TestACallbackAtATimeThatAnAgentHadWhenTheClockWasPutRightWaitsForIt(t *testing.T) {
	y := start(t, callable())
	y.logIn("anna", "bert")
	y.wish("c", y.now.Wall.Add(4*time.Hour))
	y.set(5 * time.Hour)
	y.pass(restartPause)
	y.set(-5 * time.Hour)
	y.inVain(UnreachedAgentLeft)
	y.pass(3 * time.Hour)
	if len(y.b.seats) != 0 {
		t.Error("dialled before its time")
	}
	y.pass(time.Hour)
	if len(y.b.seats) != 1 {
		t.Error("not dialled at its time")
	}
}

// TestATimeWishedOutlivesARestart though the last pause in the ledger is a short one: an agent left whom a fast
// clock had given it.
func TestATimeWishedOutlivesARestart(t *testing.T) {
	y, events := wished(t, 4*time.Hour)
	y.logIn("anna")
	y.set(5 * time.Hour)
	y.pass(restartPause)
	y.set(-5 * time.Hour)
	y.inVain(UnreachedAgentLeft)
	again := y.restarted(*events, 0)
	again.logIn("anna", "bert")
	again.pass(3 * time.Hour)
	if len(again.b.seats) != 0 {
		t.Error("dialled before its time")
	}
}

// TestOneThatIsDueForLongIsNotHeldBackByASlowClock, whether or not it is put right.
func TestOneThatIsDueForLongIsNotHeldBackByASlowClock(t *testing.T) {
	for name, right := range map[string]time.Duration{"put right": 9 * time.Hour, "left wrong": 0} {
		t.Run(name, func(t *testing.T) {
			y, events := wished(t, time.Hour)
			y.pass(11 * time.Hour)
			y.logIn("anna")
			y.inVain(UnreachedAgentLeft)
			again := y.restarted(*events, -9*time.Hour)
			again.pass(20 * time.Second)
			again.set(right)
			again.logIn("anna", "bert")
			again.pass(outageMost)
			if len(again.b.seats) != 1 {
				t.Errorf("%d agents are reserved, %d callbacks are left", len(again.b.seats), len(again.b.tickets))
			}
		})
	}
}

// TestACallInVainByASlowClockIsFollowedByAnother once it is put right.
func TestACallInVainByASlowClockIsFollowedByAnother(t *testing.T) {
	y, events := wished(t, time.Hour)
	y.pass(3 * time.Hour)
	y.logIn("anna")
	y.inVain(UnreachedNoAnswer)
	again := y.restarted(*events, -365*24*time.Hour)
	again.logIn("anna")
	again.pass(2 * time.Hour)
	again.inVain(UnreachedBusy)
	again.set(365 * 24 * time.Hour)
	again.logIn("bert")
	again.pass(time.Hour)
	if len(again.b.seats) != 1 {
		t.Errorf("%d agents are reserved, %d callbacks are left", len(again.b.seats), len(again.b.tickets))
	}
}

// TestOneReachedBeforeItsTimeHasNotWaited: the clock was set back while the number rang.
func TestOneReachedBeforeItsTimeHasNotWaited(t *testing.T) {
	y, events := wished(t, 4*time.Hour)
	y.logIn("anna")
	y.set(5 * time.Hour)
	y.pass(restartPause)
	y.set(-5 * time.Hour)
	for id, s := range y.b.seats {
		y.must(func(b *board) error { return b.answered(id) })
		y.must(func(b *board) error { return b.reached(s.number, "") })
	}
	if last := (*events)[len(*events)-1]; last.Kind != KindReached || last.Length != 0 {
		t.Errorf("%s after %s", last.Kind, last.Length)
	}
}

// TestATurnInWhichTheClockWasSetIsInTheLog: whoever only looks, or the audit, may be the first to see it.
func TestATurnInWhichTheClockWasSetIsInTheLog(t *testing.T) {
	s := &scribe{}
	synctest.Test(t, func(t *testing.T) {
		var by atomic.Int64
		system := SystemClock()
		clock := func() Stamp {
			now := system()
			now.Wall = now.Wall.Add(time.Duration(by.Load()))
			return now
		}
		d := open(t, clockPlan(), &memory{}, WithChronicle(s), WithClock(clock)) // a bubble begins at midnight
		d.logIn("anna")
		d.asked("c", "0301230")
		d.pass(time.Minute)
		d.notLaunched()
		by.Store(int64(9*time.Hour + time.Minute))
		if _, err := d.Queues(d.ctx); err != nil {
			t.Fatal(err)
		}
		d.dials(d.launched(), "back")
	})
	var p Picture
	if err := json.Unmarshal(mustJSON(t, s.pictures[0]), &p); err != nil {
		t.Fatal(err)
	}
	again, err := Resume(&p)
	if err != nil {
		t.Fatal(err)
	}
	for _, turn := range s.turns[0] {
		var logged Turn
		if err := json.Unmarshal(mustJSON(t, turn), &logged); err != nil {
			t.Fatal(err)
		}
		if got := again.Again(&logged); string(decided(t, got)) != string(decided(t, turn)) {
			t.Errorf("%s: decided %s, now %s", mustJSON(t, turn.In), decided(t, turn), decided(t, got))
		}
	}
}

// TestAPictureAfterASmallDriftDecidesTheSame: alarms were set by the clock before it.
func TestAPictureAfterASmallDriftDecidesTheSame(t *testing.T) {
	y := start(t, clockPlan())
	y.logIn("anna")
	y.wish("c", time.Time{})
	y.pass(time.Minute)
	y.set(setBy - time.Millisecond)
	again := y.pictured()
	left := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Sub(y.now.Wall) + 20*time.Millisecond
	y.now.Mono, y.now.Wall = y.now.Mono+left, y.now.Wall.Add(left)
	in := Input{Kind: InPhones, Phones: &PhoneWords{Busy: map[string]bool{"elsewhere": true}}}
	want, got := (&Rerun{y.b}).Apply(y.now, nil, in), again.Apply(y.now, nil, in)
	if same, err := got.Same(want); !same || err != nil {
		t.Errorf("decided %s, now %s (%v)", decided(t, want), decided(t, got), err)
	}
}

// TestAClockThatIsSetBitByBitIsSeen: it may be a tenth of a second off, however it came so far.
func TestAClockThatIsSetBitByBitIsSeen(t *testing.T) {
	y := start(t, clockPlan())
	y.logIn("anna")
	y.wish("c", time.Time{})
	y.pass(59 * time.Minute)
	for range 843 { // 59.01 s, of which the last 70 ms are not yet seen
		y.set(70 * time.Millisecond)
		y.want("")
	}
	y.set(70 * time.Millisecond)
	y.want("c>anna")
}

func TestABreakIsKeptFreeByTheClockAsItWasSet(t *testing.T) {
	y := onShift(t, func(c *Care) { c.BreakGuard, c.ShiftGuard = 80, 80 })
	y.set(time.Date(2026, 3, 2, 9, 55, 1, 0, time.UTC).Sub(y.now.Wall))
	y.enter(Entry{Call: "c", Queue: "q"})
	y.want("")
}
