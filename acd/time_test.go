package acd

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs a test where time is the test's.
func bubble(t *testing.T, p Plan, f func(*desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(open(t, p, &memory{}, WithAudit(time.Second))) })
}

func (d *desk) finish(s Seat, o Outcome) {
	d.Helper()
	d.must(d.Finish(d.ctx, s.Assignment, o))
}

func (d *desk) miss(s Seat, why Miss) {
	d.Helper()
	d.must(d.Missed(d.ctx, s.Assignment, why))
}

func revoked(s Seat) bool { return s.Revoked.Came() }

func TestAnOfferNobodyTakesIsRevoked(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		synctest.Wait()
		o := <-ticket.Offers
		d.pass(2*time.Second - time.Millisecond)
		if revoked(o.Seats[0]) {
			t.Fatal("revoked before 2s")
		}
		d.pass(time.Millisecond)
		if !revoked(o.Seats[0]) {
			t.Fatal("not revoked after 2s")
		}
		d.want("anna", Ready)
		if err := d.Taken(d.ctx, ticket.ID); !errors.Is(err, ErrStale) {
			t.Errorf("late taken: %v, want stale", err)
		}
		if err := d.Answered(d.ctx, o.Seats[0].Assignment); !errors.Is(err, ErrStale) {
			t.Errorf("late answer: %v, want stale", err)
		}
		if c := d.Counters(); c.Untaken != 1 || c.StaleFinishes != 2 || c.StarvedCallers != 0 {
			t.Errorf("counters %+v", c)
		}
		d.notOffered(ticket) // the call is slow: it is left alone for a while
		d.pass(4 * time.Second)
		d.offered(ticket)
	})
}

func TestACallThatNeverTellsFreesItsAgent(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		o := d.offered(d.enter(Entry{Call: "c1", Queue: "help"}))
		d.pass(o.Ring + ringGrace)
		if !revoked(o.Seats[0]) || d.Counters().StuckAgents != 1 {
			t.Errorf("revoked %v, counters %+v", revoked(o.Seats[0]), d.Counters())
		}
		d.want("anna", Ready)
	})
}

func TestALeavingCallerTakesTheOfferAlong(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		o := d.offered(ticket)
		d.must(d.Leave(d.ctx, ticket.ID, "abandoned"))
		d.must(d.Leave(d.ctx, ticket.ID, "abandoned"))
		if !revoked(o.Seats[0]) {
			t.Error("the phone still rings")
		}
		d.want("anna", Ready)
		d.offered(d.enter(Entry{Call: "c2", Queue: "help"})) // and no delay: it was not anna's doing
		if c := d.Counters(); c.Left != 1 || c.Misses != 0 {
			t.Errorf("counters %+v", c)
		}
	})
}

func TestTheGapRunsFromTheEndOfTalk(t *testing.T) {
	for name, tc := range map[string]struct {
		gap, wrapUp, free time.Duration
	}{
		"a short wrap-up is followed by the rest of the gap": {0, 5 * time.Second, 15 * time.Second},
		"a long wrap-up contains the gap":                    {0, 30 * time.Second, 30 * time.Second},
		"without gap and wrap-up the next call follows":      {-1, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := help(func(p *Plan) {
				p.Settings.Gap = tc.gap
				p.Queues["help"] = QueueSpec{WrapUp: tc.wrapUp}
			})
			bubble(t, p, func(d *desk) {
				d.logIn("anna")
				seat := d.talk("c1")
				next := d.enter(Entry{Call: "c2", Queue: "help"})
				d.finish(seat, Outcome{})
				if tc.free > 0 {
					d.pass(tc.free - time.Millisecond)
					d.notOffered(next)
					d.pass(time.Millisecond)
				}
				d.offered(next)
			})
		})
	}
}

func TestEachMissHasItsDelay(t *testing.T) {
	for why, delay := range map[Miss]time.Duration{
		MissBusy: 20 * time.Second, MissDeclined: 10 * time.Second, MissUnreachable: 30 * time.Second,
		MissNoAnswer: 5 * time.Second,
	} {
		t.Run(string(why), func(t *testing.T) {
			bubble(t, help(), func(d *desk) {
				d.logIn("anna")
				ticket := d.enter(Entry{Call: "c1", Queue: "help"})
				d.miss(d.offered(ticket).Seats[0], why)
				d.pass(delay - time.Millisecond)
				d.notOffered(ticket)
				d.pass(time.Millisecond)
				d.offered(ticket)
			})
		})
	}
}

func TestThreeTrueNoAnswersAreEnough(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		for _, m := range []struct {
			why   Miss
			delay time.Duration
		}{{MissNoAnswer, 5}, {MissBusy, 20}, {MissNoAnswer, 5}, {MissDeclined, 10}, {MissNoAnswer, 5}} {
			d.miss(d.offered(ticket).Seats[0], m.why)
			d.pass(m.delay * time.Second)
		}
		d.want("anna", Missed)
		d.pass(time.Minute)
		d.notOffered(ticket)
		d.do("anna", Command{Verb: GoReady})
		d.offered(ticket)
	})
}

func TestAnAnswerForgivesStrikes(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		for range 4 {
			ticket := d.enter(Entry{Call: "c1", Queue: "help"})
			d.miss(d.offered(ticket).Seats[0], MissNoAnswer)
			d.pass(5 * time.Second)
			seat := d.offered(ticket).Seats[0]
			d.must(d.Answered(d.ctx, seat.Assignment))
			d.finish(seat, Outcome{})
			d.pass(30 * time.Second)
		}
		d.want("anna", Ready)
	})
}

func TestARestFollowsTheWrapUp(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		d.finish(d.talk("c1"), Outcome{Rest: 2, RestFor: 10 * time.Minute, RestMax: 30 * time.Minute})
		if v := d.agent("anna"); v.State != WrapUp || v.Next != Resting {
			t.Errorf("after talk: %+v", v)
		}
		d.pass(30 * time.Second)
		if v := d.agent("anna"); v.State != Resting || v.Left != 10*time.Minute || v.Level != 2 {
			t.Errorf("after wrap-up: %+v", v)
		}
		if _, err := d.Do(d.ctx, "anna", Command{Verb: GoReady}); !errors.Is(err, ErrNotNow) {
			t.Errorf("ready in a rest: %v", err)
		}
		d.pass(5 * time.Minute)
		d.do("anna", Command{Verb: LogOut})
		d.want("anna", LoggedOut)
		d.pass(time.Minute)
		if v := d.do("anna", Command{Verb: LogIn, Phone: "other"}); v.State != Resting || v.Left != 4*time.Minute {
			t.Errorf("back from log-out: %+v", v)
		}
		if v := d.do("anna", Command{Verb: ExtendRest}); v.Left != 24*time.Minute {
			t.Errorf("extended: %+v", v)
		}
		if _, err := d.Do(d.ctx, "anna", Command{Verb: ExtendRest}); !errors.Is(err, ErrNotNow) {
			t.Errorf("extended twice: %v", err)
		}
		d.pass(24*time.Minute - time.Millisecond)
		d.want("anna", Resting)
		d.pass(time.Millisecond)
		d.want("anna", Ready)
	})
}

func TestWhoMayDeclineARest(t *testing.T) {
	for level := 1; level <= 3; level++ {
		bubble(t, help(), func(d *desk) {
			d.logIn("anna")
			d.finish(d.talk("c1"), Outcome{Rest: level, RestFor: 10 * time.Minute})
			_, err := d.Do(d.ctx, "anna", Command{Verb: DeclineRest})
			if declined := err == nil; declined != (level < 3) {
				t.Errorf("level %d declined before it began: %v", level, err)
			}
			d.pass(30 * time.Second)
			if level < 3 {
				d.want("anna", Ready)
				return
			}
			d.want("anna", Resting)
			d.do("anna", Command{Verb: DeclineRest})
			d.want("anna", Ready)
		})
	}
}

func TestWhatIsAskedDuringACallHappensAfterTheWrapUp(t *testing.T) {
	for name, tc := range map[string]struct {
		press []Verb
		rest  int
		then  []AgentState // after the wrap-up; after the rest
	}{
		"not ready":                {[]Verb{GoNotReady}, 0, []AgentState{NotReady}},
		"log-out":                  {[]Verb{LogOut}, 0, []AgentState{LoggedOut}},
		"taken back":               {[]Verb{GoNotReady, GoReady}, 0, []AgentState{Ready}},
		"the last word counts":     {[]Verb{LogOut, GoNotReady}, 0, []AgentState{NotReady}},
		"a rest goes first":        {[]Verb{GoNotReady}, 1, []AgentState{Resting, NotReady}},
		"log-out goes at any hour": {[]Verb{LogOut}, 1, []AgentState{LoggedOut, LoggedOut}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, help(), func(d *desk) {
				d.logIn("anna")
				seat := d.talk("c1")
				for _, v := range tc.press {
					if got := d.do("anna", Command{Verb: v, Reason: "lunch"}); got.State != OnCall {
						t.Errorf("%s during the call: %s", v, got.State)
					}
				}
				d.finish(seat, Outcome{Rest: tc.rest, RestFor: 3 * time.Minute})
				d.want("anna", WrapUp)
				d.pass(30 * time.Second)
				d.want("anna", tc.then[0])
				if v := d.agent("anna"); v.State == NotReady && v.Reason != "lunch" {
					t.Errorf("reason %q", v.Reason)
				}
				d.pass(3 * time.Minute)
				d.want("anna", tc.then[len(tc.then)-1])
			})
		})
	}
}

func TestTheAgentEndsOrExtendsTheWrapUp(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		d.finish(d.talk("c1"), Outcome{})
		d.pass(20 * time.Second)
		if v := d.do("anna", Command{Verb: ExtendWrapUp}); v.Left != 70*time.Second {
			t.Errorf("extended: %+v", v)
		}
		d.pass(69 * time.Second)
		d.want("anna", WrapUp)
		d.do("anna", Command{Verb: EndWrapUp})
		d.want("anna", Ready)
		if _, err := d.Do(d.ctx, "anna", Command{Verb: EndWrapUp}); !errors.Is(err, ErrNotNow) {
			t.Errorf("no wrap-up to end: %v", err)
		}
		if c := d.Counters(); c.WrapUpsCutShort != 0 {
			t.Errorf("counters %+v", c)
		}
	})
}
