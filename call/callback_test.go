package call

import (
	"context"
	"slices"
	"testing"
	"time"

	"breakwater/acd"
)

// withCallbacks lets orders call numbers back that begin with 030, and a trunk dial them.
func withCallbacks(p *Plan, f *acd.Plan) {
	withoutNotice(p, f)
	spec := acd.CallbackSpec{Key: "5", Prefixes: []string{"030"}, Hours: "00:00-24:00"}
	q := f.Queues["orders"]
	q.Callback, q.LeaveOn = spec, []acd.AgentState{}
	f.Queues["orders"], f.Dial = q, []string{"0"}
	p.Callbacks = map[string]acd.CallbackSpec{"orders": spec}
	p.Trunks = map[string]TrunkManners{"city": {Dial: []string{"0"}}}
	p.Numbers["8500"] = NumberSpec{Menu: "back"}
	m := mainMenu()
	m.Keys = map[string]string{"1": "callback:orders"}
	p.Menus["back"] = m
}

// asks lets a new caller wish to be called back on their own number.
func (r *room) asks(from string) *fakeLeg {
	r.t.Helper()
	caller := r.dial(from, "8100")
	wait(3 * time.Second)
	caller.press("5")
	wait(10 * time.Second)
	caller.press("1")
	wait(10 * time.Second)
	if caller.up() {
		r.t.Fatalf("the call goes on; heard %v", caller.heard)
	}
	return caller
}

// records waits until n records are sealed and gives them, the oldest first.
func (r *room) records(n int) []Record {
	r.t.Helper()
	for range 3600 {
		if all := r.journal.all(); len(all) >= n {
			return all
		}
		wait(time.Second)
	}
	r.t.Fatalf("%d records, want %d", len(r.journal.all()), n)
	return nil
}

// TestACallbackIsPromisedWhenItIsOnTheDisk: the disk takes its time, and the caller hears
// no promise that kill -9 would break.
func TestACallbackIsPromisedWhenItIsOnTheDisk(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0301234", "8100")
		wait(3 * time.Second)
		caller.press("5")
		wait(10 * time.Second)
		r.told.slow.Store(int64(1500 * time.Millisecond))
		caller.press("1")
		wait(time.Second)
		if caller.playedTo("callback-kept") || len(r.told.of(acd.KindParked)) != 0 {
			t.Error("the callback is promised before it is on the disk")
		}
		wait(time.Second)
		if !caller.playedTo("callback-kept") || len(r.told.of(acd.KindParked)) != 1 {
			t.Errorf("the callback is on the disk, and the caller heard %v", caller.heard)
		}
		r.told.slow.Store(0)
		wait(10 * time.Second)
	}, withCallbacks)
}

func TestACallerIsCalledBackWhenAnAgentIsOnTheLine(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.asks("0301234")
		if !caller.playedTo("callback-offer") || !caller.playedTo("callback-kept") {
			t.Errorf("heard %v", caller.heard)
		}
		if rec := r.record(); rec.Cause.Metric != CauseCallback {
			t.Errorf("cause %+v", rec.Cause)
		}
		r.nobodyRung(time.Hour)
		r.logIn("anna", "1001")
		agent := r.rung()
		if agent.party.Phone != "1001" || agent.target.From != "0301234" {
			t.Errorf("dialled %+v", agent.target)
		}
		r.nobodyRung(5 * time.Second) // the caller is not rung before somebody is there
		agent.answer()
		customer := r.rung()
		if customer.target.Number != "0301234" || customer.target.Trunk != "city" || customer.target.Ring != 30*time.Second {
			t.Errorf("dialled %+v", customer.target)
		}
		wait(3 * time.Second)
		customer.signal(Signal{Kind: Ringing})
		wait(time.Second)
		if !agent.playedTo("callback-agent") || !slices.Equal(agent.hears(), []string{"tone-ringing"}) {
			t.Errorf("anna heard %v, and hears %v", agent.heard, agent.hears())
		}
		customer.answer()
		wait(5 * time.Second)
		if !customer.playedTo("callback-here") || customer.playedTo("callback-sorry") {
			t.Errorf("the caller heard %v", customer.heard)
		}
		if r.view().Phase != "talking" || r.agent("anna").Call != r.view().ID {
			t.Errorf("phase %s, anna in %s", r.view().Phase, r.agent("anna").Call)
		}
		customer.hangUp()
		rec := r.records(2)[1]
		if rec.Cause.Metric != CauseCallerEnded || rec.Caller != "0301234" || rec.Agent != "anna" || rec.Queue != "orders" || rec.Answered.IsZero() || len(rec.Legs) != 2 {
			t.Errorf("record %+v", rec)
		}
		wait(time.Hour)
		if left, _ := r.floor.Callbacks(context.Background()); len(left) > 0 {
			t.Errorf("left: %+v", left)
		}
	}, withCallbacks)
}

func TestACallerIsCalledBackOnAnotherNumber(t *testing.T) {
	inRoom(t, func(r *room) {
		for _, c := range []struct{ from, typed string }{
			{"0301234", "2" + "0305678#" + "1"},                 // another than the one that is known
			{"anonymous", "0305678#" + "1"},                     // none is known
			{"0900123", "0305678#" + "1"},                       // one that may not be dialled
			{"anonymous", "0900555#" + "0305678#" + "1"},        // the first that is typed may not be
			{"anonymous", "0900555#" + "0401#" + "0190#" + "1"}, // none of three
		} {
			caller := r.dial(c.from, "8100")
			wait(3 * time.Second)
			caller.press("5")
			wait(10 * time.Second)
			for _, key := range c.typed {
				caller.press(string(key))
				if key == '#' || key == '2' && c.typed[0] == '2' {
					wait(5 * time.Second)
				}
			}
			wait(10 * time.Second)
			left, _ := r.floor.Callbacks(context.Background())
			if c.typed[len(c.typed)-3:] == "0#1" {
				if len(left) > 0 || !caller.up() {
					t.Errorf("%+v: callbacks %+v", c, left)
				}
				caller.hangUp()
				continue
			}
			if len(left) != 1 || left[0].Number != "0305678" {
				t.Fatalf("%+v: callbacks %+v, heard %v", c, left, caller.heard)
			}
			if err := r.floor.CancelCallback(context.Background(), left[0].Ticket); err != nil {
				t.Error(err)
			}
			wait(time.Second)
		}
	}, withCallbacks)
}

// rungWhileAsked is a caller who is being asked for their number when an agent becomes free.
func (r *room) rungWhileAsked() (caller, agent *fakeLeg) {
	caller = r.dial("0301234", "8100")
	wait(3 * time.Second)
	caller.press("5")
	wait(time.Second)
	r.logIn("anna", "1001")
	return caller, r.rung()
}

func TestAnAgentWhoBecomesFreeEndsTheQuestions(t *testing.T) {
	inRoom(t, func(r *room) {
		caller, agent := r.rungWhileAsked()
		agent.answer()
		wait(time.Second)
		if r.view().Phase != "talking" {
			t.Errorf("phase %s", r.view().Phase)
		}
		caller.hangUp()
		wait(time.Hour)
	}, withCallbacks)
}

// Who was about to ask for a callback when an agent became free, who then did not answer, waits
// on as before: with music and announcements.
func TestWhoseQuestionsWereEndedInVainHearsMusicAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		caller, agent := r.rungWhileAsked()
		wait(time.Second)
		if len(caller.hears()) == 0 {
			t.Error("silence while the phone rings")
		}
		agent.decline()
		offered := caller.times("callback-offer")
		wait(2 * time.Second)
		if r.view().Phase != "waiting" || len(caller.hears()) == 0 {
			t.Errorf("phase %s, hears %v", r.view().Phase, caller.hears())
		}
		r.do("anna", acd.Command{Verb: acd.LogOut})
		wait(5 * time.Minute)
		if caller.times("callback-offer") == offered {
			t.Error("nothing is announced any more")
		}
		caller.hangUp()
	}, withCallbacks)
}

func TestWhoSaysNothingToTheQuestionsWaitsOn(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0301234", "8100")
		wait(3 * time.Second)
		caller.press("5")
		wait(40 * time.Second)
		if !caller.up() || r.view().Phase != "waiting" || len(caller.hears()) == 0 {
			t.Errorf("phase %s, hears %v", r.view().Phase, caller.hears())
		}
		r.logIn("anna", "1001")
		r.rung().answer()
		wait(time.Second)
		caller.hangUp()
	}, withCallbacks)
}

func TestAMenuOffersACallback(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0301234", "8500")
		wait(time.Second)
		caller.press("1")
		wait(10 * time.Second)
		caller.press("1")
		wait(10 * time.Second)
		if left, _ := r.floor.Callbacks(context.Background()); caller.up() || len(left) != 1 || left[0].Number != "0301234" {
			t.Errorf("up %v, callbacks %+v", caller.up(), left)
		}
	}, withCallbacks)
}

func TestACallbackThatReachesNobodyFreesTheAgentAndIsTriedAgain(t *testing.T) {
	for name, how := range map[string]struct {
		fails func(*fakeLeg)
		why   string
		tries int
		pause time.Duration
	}{
		"busy":                                  {func(l *fakeLeg) { l.signal(ended(LegBusy)) }, acd.UnreachedBusy, 1, 5 * time.Minute},
		"no answer":                             {func(l *fakeLeg) { wait(31 * time.Second) }, acd.UnreachedNoAnswer, 1, 15 * time.Minute},
		"a dead number":                         {func(l *fakeLeg) { l.signal(ended(LegRefused)) }, acd.UnreachedUnreachable, 1, 15 * time.Minute},
		"a trunk that is down, which is no try": {func(l *fakeLeg) { l.signal(ended(LegUnreachable)) }, acd.UnreachedTrunk, 0, 15 * time.Minute},
		"a trunk without an address":            {func(l *fakeLeg) { l.signal(ended(LegNoContact)) }, acd.UnreachedTrunk, 0, 15 * time.Minute},
		"no port of ours":                       {func(l *fakeLeg) { l.signal(ended(LegOverload)) }, acd.UnreachedTrunk, 0, 15 * time.Minute},
		"a carrier that is overloaded":          {func(l *fakeLeg) { l.signal(refusedWith(503)) }, acd.UnreachedTrunk, 0, 15 * time.Minute},
		"a 503 after it has rung": {func(l *fakeLeg) {
			l.signal(Signal{Kind: Ringing})
			wait(time.Second)
			l.signal(refusedWith(503))
		}, acd.UnreachedUnreachable, 1, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.asks("0301234")
				r.logIn("anna", "1001")
				agent := r.rung()
				agent.answer()
				how.fails(r.rung())
				wait(5 * time.Second)
				if !agent.playedTo("callback-unreached") || agent.up() {
					t.Errorf("anna heard %v, on the line %v", agent.heard, agent.up())
				}
				if s := r.agent("anna").State; s != acd.WrapUp {
					t.Errorf("anna is %s", s)
				}
				rec := r.records(2)[1]
				if rec.Cause.Metric != CauseUnreached || rec.Cause.Text != "callback: "+how.why {
					t.Errorf("cause %+v", rec.Cause)
				}
				left, _ := r.floor.Callbacks(context.Background())
				if len(left) != 1 || left[0].Tries != how.tries {
					t.Fatalf("callbacks %+v", left)
				}
				r.nobodyRung(how.pause - time.Minute)
				r.rung().answer()
				r.rung().answer()
				wait(time.Second)
			}, withCallbacks)
		})
	}
}

// refusedWith is the end of a leg by a carrier's status.
func refusedWith(status int) Signal {
	return Signal{Kind: Ended, Cause: Cause{By: ByNetwork, Status: status, Metric: LegRefused}}
}

func TestOnlyWhatIsOfTheNumberIsATryOfACallback(t *testing.T) {
	for name, c := range map[string]struct {
		leg  Cause
		rang bool
		want string
	}{
		"the carrier is overloaded":             {Cause{By: ByNetwork, Status: 503, Metric: LegRefused}, false, acd.UnreachedTrunk},
		"the carrier's server is broken":        {Cause{By: ByNetwork, Status: 500, Metric: LegRefused}, false, acd.UnreachedTrunk},
		"whom the carrier asked was":            {Cause{By: ByNetwork, Status: 502, Metric: LegRefused}, false, acd.UnreachedTrunk},
		"whom the carrier asked did not answer": {Cause{By: ByNetwork, Status: 504, Metric: LegRefused}, false, acd.UnreachedTrunk},
		"the carrier found nobody in time":      {Cause{By: ByNetwork, Status: 408, Metric: LegNoAnswer}, false, acd.UnreachedTrunk},
		"it rang and a 503 ended it":            {Cause{By: ByNetwork, Status: 503, Metric: LegRefused}, true, acd.UnreachedUnreachable},
		"it rang for as long as it may":         {Cause{By: ByAgent, Status: 408, Metric: LegNoAnswer}, true, acd.UnreachedNoAnswer},
		"no ringing was told for as long":       {Cause{By: ByAgent, Status: 408, Metric: LegNoAnswer}, false, acd.UnreachedNoAnswer},
		"there is no such number":               {Cause{By: ByAgent, Status: 404, Metric: LegRefused}, false, acd.UnreachedUnreachable},
		"the phone is switched off":             {Cause{By: ByAgent, Status: 480, Metric: LegRefused}, false, acd.UnreachedUnreachable},
		"the carrier does not support it":       {Cause{By: ByNetwork, Status: 501, Metric: LegRefused}, false, acd.UnreachedUnreachable},
		"busy everywhere":                       {Cause{By: ByAgent, Status: 600, Metric: LegBusy}, false, acd.UnreachedBusy},
		"declined":                              {Cause{By: ByAgent, Status: 603, Metric: LegDeclined}, true, acd.UnreachedBusy},
	} {
		if got := unreachedBy(c.leg, c.rang); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAnAgentWhoPutsDownStopsTheDialling(t *testing.T) {
	inRoom(t, func(r *room) {
		r.asks("0301234")
		r.logIn("anna", "1001")
		agent := r.rung()
		agent.answer()
		customer := r.rung()
		wait(time.Second)
		agent.hangUp()
		wait(time.Second)
		if customer.up() {
			t.Error("the caller's phone rings on")
		}
		if left, _ := r.floor.Callbacks(context.Background()); len(left) != 1 || left[0].Tries != 0 {
			t.Errorf("callbacks %+v", left)
		}
	}, withCallbacks)
}

func TestAMissedOfferKeepsTheCallbackInItsPlace(t *testing.T) {
	inRoom(t, func(r *room) {
		r.asks("0301234")
		r.logIn("anna", "1001")
		r.rung().decline()
		r.logIn("ben", "1002")
		agent := r.rung()
		if agent.party.Phone != "1002" {
			t.Errorf("phone %s rings", agent.party.Phone)
		}
		agent.answer()
		r.rung().answer()
		wait(5 * time.Second)
		if r.view().Phase != "talking" {
			t.Errorf("phase %s", r.view().Phase)
		}
	}, withCallbacks)
}

func TestAGivenUpCallbackOrMessageHasARecord(t *testing.T) {
	inRoom(t, func(r *room) {
		r.asks("0301234")
		wait(25 * time.Hour)
		r.taped(20 * time.Second)
		caller := r.atTheTone("0301234")
		caller.says(10 * time.Second)
		caller.hangUp()
		wait(8 * 24 * time.Hour)
		all := r.records(4)
		rec, message := all[1], all[3]
		if rec.Cause.Metric != CauseUnreached || rec.Caller != "0301234" || rec.Queue != "orders" {
			t.Errorf("record %+v", rec)
		}
		if message.Callback != acd.BackMessage || message.Message == "" || message.Message != all[2].Message {
			t.Errorf("the recording, which stays, is %q in the record of its end, and was %q", message.Message, all[2].Message)
		}
		if !slices.ContainsFunc(rec.Steps, func(s Step) bool { return s.Name == "callback.given-up" && s.Note == "expired" }) {
			t.Errorf("steps %+v", rec.Steps)
		}
	}, withVoicemail)
}
