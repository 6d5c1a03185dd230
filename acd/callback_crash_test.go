package acd

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAfterACrashWhoWaitedIsCalledBackAtTheirAge(t *testing.T) {
	off := false
	for name, c := range map[string]struct {
		plan   Plan
		number string
		back   bool
	}{
		"a number that a trunk dials":  {callable(), "0301234", true},
		"no number":                    {callable(), "", false},
		"a premium number":             {callable(), "0900123456", false},
		"a number that no trunk dials": {callable(), "201", false},
		"apologies are off":            {callable(func(c *CallbackSpec) { c.Apology = &off }), "0301234", false},
		"a queue without callbacks":    {callable(func(c *CallbackSpec) { *c = CallbackSpec{Hours: "00:00-24:00"} }), "0401234", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ledger := &memory{}
				before := open(t, c.plan, ledger)
				before.enter(Entry{Call: "c1", Queue: "help", Caller: c.number, Data: map[string]any{"tier": "gold"}, Tier: 2, Urgent: true})
				before.pass(10 * time.Minute)
				before.stop() // what was written is all that is left
				after := open(t, c.plan, ledger)
				if n := len(after.Orphans()); n != map[bool]int{true: 0, false: 1}[c.back] {
					t.Errorf("%d orphans", n)
				}
				after.logIn("anna")
				after.notLaunched()
				after.pass(restartPause)
				if !c.back {
					after.notLaunched()
					return
				}
				l := after.launched()
				if age := time.Since(l.Entry.Since).Round(time.Second); age != 10*time.Minute+restartPause {
					t.Errorf("the age is %s", age)
				}
				if l.Callback.Kind != BackCrash || l.Callback.Number != c.number || l.Entry.Data["tier"] != "gold" || l.Entry.Tier != 2 || !l.Entry.Urgent {
					t.Errorf("%+v", l)
				}
			})
		})
	}
}

func TestCallbacksOutliveAnyNumberOfCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &memory{}
		d := open(t, callable(), ledger)
		d.asked("c1", "0301234")
		at := time.Now().Add(5 * time.Hour)
		_, err := d.CallBack(d.ctx, Entry{Call: "s1", Queue: "help"}, Callback{Number: "0309999", Kind: BackScheduled, At: at})
		d.must(err)
		d.pass(time.Minute)
		d.logIn("anna")
		l := d.launched()
		s := d.dials(l, "b1")
		d.must(d.Unreached(d.ctx, l.Ticket.ID, UnreachedBusy))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		want, _ := d.Callbacks(d.ctx)
		for range 3 {
			d.stop()
			d = open(t, callable(), ledger)
		}
		got, _ := d.Callbacks(d.ctx)
		for i := range got {
			if got[i].Ticket != want[i].Ticket || got[i].Tries != want[i].Tries || !got[i].Since.Equal(want[i].Since) || got[i].Number != want[i].Number {
				t.Errorf("after: %+v, before: %+v", got[i], want[i])
			}
		}
		if len(got) != 2 {
			t.Fatalf("%d callbacks", len(got))
		}
		d.pass(5 * time.Minute)
		l = d.launched()
		d.dials(l, "b2") // and the server dies while it is dialled
		d.stop()
		d = open(t, callable(), ledger)
		d.pass(time.Minute)
		if l := d.launched(); l.Entry.Call != "b2" && l.Entry.Call != "c1" || l.Callback.Tries != 1 {
			t.Errorf("%+v", l)
		}
	})
}

func TestWhoLostTheirAgentIsGivenToTheSameOne(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna", "bert")
		_, err := d.CallBack(d.ctx, Entry{Call: "c1", Queue: "help", Caller: "0301234", Prefer: "bert"}, Callback{Number: "0301234", Kind: BackLost})
		d.must(err)
		d.pass(time.Minute)
		l := d.launched()
		if o := <-l.Ticket.Offers; o.Seats[0].Agent != "bert" {
			t.Errorf("offered to %s, who is longer idle", o.Seats[0].Agent)
		}
	})
}

// TestWhoIsHardOnPeopleIsSoAfterACrash: a caller known to be hard, on the line or waiting
// for a callback, goes to no newcomer because the server died meanwhile.
func TestWhoIsHardOnPeopleIsSoAfterACrash(t *testing.T) {
	for name, wait := range map[string]func(*desk, Entry){
		"on the line": func(d *desk, e Entry) { d.enter(e) },
		"asked for a callback": func(d *desk, e Entry) {
			d.must(d.Park(d.ctx, d.enter(e).ID, Callback{Number: e.Caller, Kind: BackAsked}))
		},
		"scheduled": func(d *desk, e Entry) {
			_, err := d.CallBack(d.ctx, e, Callback{Number: e.Caller, Kind: BackScheduled, At: time.Now()})
			d.must(err)
		},
	} {
		for _, e := range []Entry{{Tier: 2}, {Tier: 9}, {Event: true}} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					plan := callable()
					plan.Settings.Care.Newcomer = 90
					plan.Agents["anna"] = AgentSpec{Since: time.Now().Format(time.DateOnly)}
					ledger := &memory{}
					before := open(t, plan, ledger)
					e.Call, e.Queue, e.Caller = "c1", "help", "0301234"
					wait(before, e)
					before.stop()
					after := open(t, plan, ledger)
					after.logIn("anna")
					after.pass(time.Minute)
					after.notLaunched()
					after.logIn("bert")
					after.launched()
				})
			})
		}
	}
}
