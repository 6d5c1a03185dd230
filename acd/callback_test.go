package acd

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// callable is help with callbacks to numbers that begin with 030, at any hour.
func callable(change ...func(*CallbackSpec)) Plan {
	c := CallbackSpec{Key: "5", Prefixes: []string{"030", "+4930"}, Hours: "00:00-24:00"}
	for _, f := range change {
		f(&c)
	}
	return help(func(p *Plan) {
		p.Dial = []string{"0", "+"}
		p.Queues["help"] = QueueSpec{Callback: c, LeaveOn: []AgentState{}}
	})
}

// asked is a caller who wishes to be called back and puts down.
func (d *desk) asked(call, number string) *Ticket {
	d.Helper()
	t := d.enter(Entry{Call: call, Queue: "help", Caller: number})
	d.must(d.Park(d.ctx, t.ID, Callback{Number: number, Kind: BackAsked}))
	return t
}

// launched waits for a callback's turn without letting time pass.
func (d *desk) launched() Launch {
	d.Helper()
	synctest.Wait()
	select {
	case l := <-d.Launches():
		return l
	default:
		d.Fatal("no callback has its turn")
		return Launch{}
	}
}

func (d *desk) notLaunched() {
	d.Helper()
	synctest.Wait()
	select {
	case l := <-d.Launches():
		d.Fatalf("callback of %s: %+v", l.Entry.Call, l)
	default:
	}
}

// dials takes the offer of a callback and has the agent answer.
func (d *desk) dials(l Launch, call string) Seat {
	d.Helper()
	o := <-l.Ticket.Offers
	d.must(d.Launched(d.ctx, l.Ticket.ID, call))
	d.must(d.Answered(d.ctx, o.Seats[0].Assignment))
	return o.Seats[0]
}

func TestACallbackIsDialledWhenAnAgentIsReserved(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		one := d.enter(Entry{Call: "c1", Queue: "help", Caller: "0301234"})
		d.pass(time.Minute) // on the line
		d.must(d.Park(d.ctx, one.ID, Callback{Number: "0301234", Kind: BackAsked}))
		d.pass(time.Minute)
		d.notLaunched()
		d.asked("c2", "0305678")
		d.pass(parkPause)
		d.logIn("anna")
		l := d.launched()
		d.notLaunched() // one agent, one callback
		if l.Callback.Number != "0301234" || l.Callback.Kind != BackAsked || time.Since(l.Entry.Since).Round(time.Second) != 2*time.Minute+parkPause {
			t.Errorf("launch %+v", l)
		}
		s := d.dials(l, "b1")
		if got := d.agent("anna"); got.State != OnCall || got.Call != "b1" {
			t.Errorf("anna is %s in call %s", got.State, got.Call)
		}
		d.must(d.Reached(d.ctx, l.Ticket.ID))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{Cause: "caller_ended"}))
		d.notLaunched() // anna is in wrap-up
		d.pass(30 * time.Second)
		next := d.launched()
		if next.Callback.Number != "0305678" {
			t.Errorf("then %+v", next)
		}
		s = d.dials(next, "b2")
		d.must(d.Reached(d.ctx, next.Ticket.ID))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{Cause: "caller_ended"}))
		d.pass(time.Hour)
		d.notLaunched()
		if left, _ := d.Callbacks(d.ctx); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

func TestACallerIsLeftTimeToPutDown(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna", "bert")
		d.talk("other")
		d.do("bert", Command{Verb: GoNotReady})
		d.asked("c1", "0301234")
		d.do("bert", Command{Verb: GoReady})
		d.pass(parkPause - time.Second)
		d.notLaunched()
		d.pass(time.Second)
		d.launched()
	})
}

func TestOnlyNumbersThatTheRulesNameAreDialled(t *testing.T) {
	spec := CallbackSpec{Prefixes: []string{"030", "+49", "1"}}.WithDefaults()
	for number, want := range map[string]string{
		"0301234": "", "+49301234": "", "": "not a number", "+": "not a number", "030 12": "not a number", "030;ext": "not a number",
		"03012345678901234": "17 digits", "03": "2 digits", "+49900123": "never called back", "0900123456": "never called back",
		"00499001234": "never called back", "0401234": "not among", "112233": "no trunk dials",
	} {
		err := spec.Allows(number, []string{"0", "+"}, true)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", number, err, want)
		}
	}
	open := CallbackSpec{}.WithDefaults()
	if open.Allows("0401234", []string{"0"}, true) == nil {
		t.Error("a caller may choose a number although prefixes names none")
	}
	if err := open.Allows("0401234", []string{"0"}, false); err != nil {
		t.Errorf("an apology to a caller's own number: %v", err)
	}
}

func TestWhoMayNotBeCalledBackWaitsOn(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.Most = 1 }), func(d *desk) {
		one, two := d.enter(Entry{Call: "c1", Queue: "help"}), d.enter(Entry{Call: "c2", Queue: "help"})
		for _, number := range []string{"0900123456", "0401234", "anonymous"} {
			if err := d.Park(d.ctx, one.ID, Callback{Number: number, Kind: BackAsked}); !errors.Is(err, ErrNoCallback) {
				t.Errorf("%s: %v", number, err)
			}
		}
		d.must(d.Park(d.ctx, one.ID, Callback{Number: "0301234", Kind: BackAsked}))
		if err := d.Park(d.ctx, two.ID, Callback{Number: "0305678", Kind: BackAsked}); !errors.Is(err, ErrNoCallback) {
			t.Errorf("a second callback, one may wait: %v", err)
		}
		d.logIn("anna")
		d.offered(two)
	})
}

func TestACallbackIsTriedAgainAndThenGivenUp(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.Tries = 2 }), func(d *desk) {
		d.logIn("anna")
		d.asked("c1", "0301234")
		d.pass(parkPause)
		l := d.launched()
		s := d.dials(l, "b1")
		d.must(d.Unreached(d.ctx, l.Ticket.ID, UnreachedBusy))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		d.pass(5*time.Minute - time.Second)
		d.notLaunched()
		if lines, err := d.Why(d.ctx, Whom{Call: "b1"}); err != nil || !strings.Contains(strings.Join(lines, "\n"), "not reached 1 times") {
			t.Errorf("why: %q, %v", lines, err)
		}
		d.pass(time.Second)
		l = d.launched()
		s = d.dials(l, "b2")
		d.must(d.Unreached(d.ctx, l.Ticket.ID, UnreachedNoAnswer))
		if l := d.launched(); l.GivenUp != "tries" || l.Callback.Tries != 2 || l.Ticket != nil {
			t.Errorf("given up: %+v", l)
		}
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		d.pass(time.Hour)
		d.notLaunched()
	})
}

func TestWhoseNumberHasNotRungWasNotTried(t *testing.T) {
	for why, pause := range map[string]time.Duration{
		UnreachedAgentLeft: agentLeftPause, UnreachedTrunk: CallbackSpec{}.WithDefaults().NoAnswer,
	} {
		t.Run(why, func(t *testing.T) {
			bubble(t, callable(func(c *CallbackSpec) { c.Tries = 1 }), func(d *desk) {
				d.logIn("anna", "bert")
				d.asked("c1", "0301234")
				d.pass(parkPause)
				l := d.launched()
				s := d.dials(l, "b1")
				d.must(d.Unreached(d.ctx, l.Ticket.ID, why))
				d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
				d.pass(pause)
				if l := d.launched(); l.Callback.Tries != 0 || l.GivenUp != "" {
					t.Errorf("%+v", l)
				}
			})
		})
	}
}

func TestACallThatBreaksWhileItDialsLosesNobody(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna", "bert")
		d.asked("c1", "0301234")
		d.pass(parkPause)
		s := d.dials(d.launched(), "b1")
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{})) // and no word about the number
		d.pass(15 * time.Minute)
		if l := d.launched(); l.Callback.Tries != 1 {
			t.Errorf("%+v", l)
		}
	})
}

func TestANumberIsDialledOnceAtATime(t *testing.T) {
	plan := callable()
	plan.Queues["other"] = plan.Queues["help"]
	bubble(t, plan, func(d *desk) {
		d.asked("c1", "0301234")
		d.asked("c2", "0301234") // the same wish again: the first keeps its place
		other := d.enter(Entry{Call: "c3", Queue: "other"})
		d.must(d.Park(d.ctx, other.ID, Callback{Number: "0301234", Kind: BackAsked}))
		if all, _ := d.Callbacks(d.ctx); len(all) != 2 {
			t.Errorf("callbacks %+v, want one a queue", all)
		}
		d.pass(time.Minute)
		d.logIn("anna", "bert", "carl")
		l := d.launched()
		d.notLaunched()
		s := d.dials(l, "b1")
		d.pass(time.Minute)
		d.notLaunched()
		if lines, _ := d.Why(d.ctx, Whom{Call: "c3"}); !strings.Contains(strings.Join(lines, "\n"), "another callback to 0301234") {
			t.Errorf("why: %q", lines)
		}
		d.must(d.Reached(d.ctx, l.Ticket.ID))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		d.launched()
	})
}

func TestNumbersAreDialledAtTheHoursAllowed(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.Hours, c.Zone = "09:00-17:30", "UTC" }), func(d *desk) {
		now := time.Now().UTC() // a bubble begins at midnight
		if now.Hour() != 0 {
			t.Fatalf("the bubble begins at %s", now)
		}
		d.logIn("anna")
		d.asked("c1", "0301234")
		d.pass(9*time.Hour - time.Second)
		d.notLaunched()
		d.pass(2 * time.Second)
		d.launched()
	})
}

func TestACallbackThatWaitsTooLongIsGivenUp(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.Keep = time.Hour }), func(d *desk) {
		d.asked("c1", "0301234")
		d.pass(time.Hour - time.Second)
		d.notLaunched()
		d.pass(time.Second)
		if l := d.launched(); l.GivenUp != "expired" {
			t.Errorf("%+v", l)
		}
	})
}

func TestAConfigEditMayForbidANumberAndTakeAQueueAway(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.asked("c1", "0301234")
		edit := callable(func(c *CallbackSpec) { c.Never = []string{"03012"} })
		commit, err := d.Prepare(edit)
		d.must(err)
		commit()
		if l := d.launched(); l.GivenUp != "not-allowed" {
			t.Errorf("%+v", l)
		}
		d.asked("c2", "0305678")
		delete(edit.Queues, "help")
		edit.Queues["new"] = QueueSpec{}
		commit, err = d.Prepare(edit)
		d.must(err)
		commit()
		if l := d.launched(); l.GivenUp != "no-queue" {
			t.Errorf("%+v", l)
		}
	})
}

func TestACallbackTakesNobodysPlaceOnTheLine(t *testing.T) {
	plan := callable()
	q := plan.Queues["help"]
	q.MaxSize = 1
	plan.Queues["help"] = q
	bubble(t, plan, func(d *desk) {
		d.asked("c1", "0301234")
		d.enter(Entry{Call: "c2", Queue: "help"})
		queues, err := d.Queues(d.ctx)
		d.must(err)
		if q := queues[0]; q.Waiting != 1 || q.Callbacks != 1 {
			t.Errorf("%d on the line, %d callbacks", q.Waiting, q.Callbacks)
		}
	})
}

func TestAScheduledCallbackComesAtItsTime(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna")
		at := time.Now().Add(3 * time.Hour)
		id, err := d.CallBack(d.ctx, Entry{Call: "s1", Queue: "help"}, Callback{Number: "0301234", Kind: BackScheduled, At: at})
		d.must(err)
		d.pass(3*time.Hour - time.Second)
		d.notLaunched()
		d.pass(time.Second)
		if l := d.launched(); l.Ticket.ID != id || time.Since(l.Entry.Since) > time.Second {
			t.Errorf("%+v", l)
		}
	})
}

func TestACancelledCallbackIsToldAndOver(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		w := d.asked("c1", "0301234")
		d.must(d.CancelCallback(d.ctx, w.ID))
		if l := d.launched(); l.GivenUp != "cancelled" {
			t.Errorf("%+v", l)
		}
		if err := d.CancelCallback(d.ctx, w.ID); !errors.Is(err, ErrNoTicket) {
			t.Errorf("twice: %v", err)
		}
	})
}

func TestWhatIsWrongWithCallbacksIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		spec CallbackSpec
		key  string
	}{
		"a key that no phone has":           {CallbackSpec{Key: "a", Prefixes: []string{"0"}}, "key"},
		"a key without numbers":             {CallbackSpec{Key: "5"}, "prefixes"},
		"every number of the world":         {CallbackSpec{Prefixes: []string{"+"}}, "prefixes.0"},
		"an empty beginning":                {CallbackSpec{Prefixes: []string{"030", ""}}, "prefixes.1"},
		"a word as a beginning":             {CallbackSpec{Never: []string{"mobile"}}, "never.0"},
		"hours that end before they begin":  {CallbackSpec{Hours: "21:00-08:00"}, "hours"},
		"a zone that is none":               {CallbackSpec{Zone: "Mars/Base"}, "zone"},
		"more tries than anybody can stand": {CallbackSpec{Tries: 21}, "tries"},
	} {
		if wrong := c.spec.Check(); wrong[c.key] == "" {
			t.Errorf("%s: %v", name, wrong)
		}
	}
	if wrong := (CallbackSpec{}.WithDefaults()).Check(); len(wrong) > 0 {
		t.Errorf("the defaults: %v", wrong)
	}
}
