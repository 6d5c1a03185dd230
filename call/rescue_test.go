package call

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestASupervisorWhoRingsAlreadyRingsOnWhenTheAgentLeaves(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8800")
		agent.press("*97")
		page := r.rung()
		wait(3 * time.Second)
		agent.hangUp()
		wait(time.Second)
		if !page.up() || !caller.up() {
			t.Fatalf("supervisor's phone rings %v, caller up %v", page.up(), caller.up())
		}
		page.answer()
		wait(10 * time.Second)
		if got := r.view().Agent; got != "sofia" {
			t.Errorf("the caller talks with %q, want sofia", got)
		}
		r.nobodyRung(time.Second)
		caller.hangUp()
		if rec := r.record(); slices.Contains(stepNames(rec), "page.cancelled") {
			t.Errorf("the page was broken off: %v", stepNames(rec))
		}
	})
}

func TestASupervisorWhoIsToldWhenTheAgentLeavesTakesTheCaller(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8800")
		agent.press("*5")
		page := r.rung()
		page.answer()
		wait(500 * time.Millisecond)
		agent.hangUp()
		wait(10 * time.Second)
		if got := r.view().Agent; got != "sofia" || !page.up() {
			t.Errorf("the caller talks with %q, sofia's line is up %v", got, page.up())
		}
		caller.hangUp()
	})
}

func TestASupervisorTakesOverOnlyAfterTheWarningWasHeard(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor waits for the end of a warning"](r)
		if got := r.view().Agent; got != "anna" {
			t.Fatalf("the call is with %q in the middle of a warning", got)
		}
		hears(t, c.caller, "warning-1")
		wait(10 * time.Second)
		if got := r.view().Agent; got != "sofia" || c.agent.up() {
			t.Errorf("after the warning the call is with %q, anna's line is up %v", got, c.agent.up())
		}
		// the ladder goes on: the supervisor plays the second warning
		r.warn(c.caller, c.other)
		wait(time.Second)
		hears(t, c.caller, "warning-2")
		wait(11 * time.Second)
		c.caller.hangUp()
		rec := r.record()
		if rec.Warnings != 2 || stages(rec) != "W1 OBS1 W2 OBS2 ENDED" {
			t.Errorf("%d warnings, stages %s", rec.Warnings, stages(rec))
		}
	})
}

func TestASupervisorWhoLeavesWhileAWarningPlaysCanBeAskedForAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor waits for the end of a warning"](r)
		c.other.hangUp()
		r.nobodyRung(20 * time.Second) // who has put down did so on purpose
		if !c.agent.up() || !c.caller.up() {
			t.Error("the conversation has ended because a supervisor came and went")
		}
		c.agent.press("*5")
		if again := r.rung(); again.party.Phone != "1003" {
			t.Errorf("phone %s rings, want the supervisors asked again", again.party.Phone)
		}
		c.caller.hangUp()
	})
}

func TestAPermitGoesOverToTheSupervisorAndLapsesOnTime(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.permitted("8100")
		agent.press("*5")
		page := r.rung()
		page.answer()
		wait(10 * time.Second)
		page.press(keyTake)
		wait(time.Second)
		if v := r.view(); v.Agent != "sofia" || v.Stage != "PERMIT" {
			t.Fatalf("the call is with %q in %s", v.Agent, v.Stage)
		}
		wait(180 * time.Second)
		if got := r.view().Stage; got != "OBS2" {
			t.Errorf("stage %s, want the permit to have lapsed", got)
		}
		caller.hangUp()
	})
}

func TestACrisisGoesOnWithTheNextAgentAndCallsTheSupervisorAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		agent.press("*97")
		wait(time.Second)
		r.logIn("ben", "1002")
		agent.hangUp()
		next := r.rung()
		if next.party.Phone != "1002" {
			t.Fatalf("phone %s rings, want ben's", next.party.Phone)
		}
		next.answer()
		wait(time.Second)
		if got := r.view().Stage; got != "CRISIS" {
			t.Errorf("stage %q with the next agent", got)
		}
		r.logIn("sofia", "1003")
		if page := r.rung(); page.party.Phone != "1003" {
			t.Errorf("phone %s rings, want the supervisor's", page.party.Phone)
		}
		next.press("*94#")
		wait(2 * time.Second)
		if !caller.up() || !next.playedTo("refused-crisis") {
			t.Error("a crisis has an ending with the next agent")
		}
		caller.hangUp()
		if rec := r.record(); !rec.Protected || rec.Cause.By != ByCaller {
			t.Errorf("protected %v, ended by %s", rec.Protected, rec.Cause.By)
		}
	})
}

func TestASupervisorReleasesACrisisAndOnlyThen(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8100")
		agent.press("*97")
		page := r.rung()
		agent.press("*2")
		wait(time.Second)
		if got := r.view().Stage; got != "CRISIS" {
			t.Fatalf("stage %s: an agent's settled has released a crisis", got)
		}
		page.answer()
		wait(10 * time.Second)
		page.press("*90")
		wait(time.Second)
		if got := r.view().Stage; got != "CALM" {
			t.Errorf("stage %s after the supervisor's settled", got)
		}
		page.press(keyTake)
		wait(time.Second)
		page.hangUp()
		wait(time.Second)
		if !caller.playedTo(sayClosing) {
			t.Error("after the release a supervisor's on-hook is an agent's on-hook")
		}
	})
}

func TestACallerInNeedIsKeptWhenNoQueueTakesThem(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		before func(r *room, caller *fakeLeg)
	}{
		"nobody is logged in to the emergency queue": {"8800", func(*room, *fakeLeg) {}},
		"the agents leave in a crisis": {"8100", func(r *room, _ *fakeLeg) {
			agent := r.rung()
			agent.answer()
			synctest.Wait()
			agent.press("*97")
			wait(time.Second)
			agent.hangUp()
			synctest.Wait()
			r.do("anna", acd.Command{Verb: acd.LogOut})
		}},
		"the longest wait is over": {"8800", func(*room, *fakeLeg) { wait(31 * time.Minute) }},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				if c.number == "8100" {
					r.logIn("anna", "1001")
				}
				if name == "the longest wait is over" {
					r.logIn("anna", "1001")
					r.do("anna", acd.Command{Verb: acd.GoNotReady})
				}
				caller := r.dial("0123", c.number)
				c.before(r, caller)
				wait(5 * time.Minute)
				if !caller.up() {
					t.Fatalf("the caller was cut off after %v", caller.heard)
				}
				if !caller.playedTo(sayHolding) {
					t.Errorf("the caller heard %v", caller.heard)
				}
				if name == "the longest wait is over" {
					r.do("anna", acd.Command{Verb: acd.GoReady})
				} else {
					r.logIn("ben", "1002")
				}
				next := r.rung()
				next.answer()
				wait(20 * time.Second)
				if r.view().Phase != "talking" {
					t.Errorf("phase %s with an agent there", r.view().Phase)
				}
				caller.hangUp()
				if rec := r.record(); rec.Cause.By != ByCaller {
					t.Errorf("ended by %s", rec.Cause.By)
				}
			})
		})
	}
}

func TestAnEmergencyCallerWithoutAnySupervisorComesBackToTheQueue(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller, agent := r.permitted("8800")
		agent.press("*3") // hands over to a supervisor, and there is none
		next := r.rung()
		if next.party.Phone == agent.party.Phone {
			t.Errorf("phone %s rings: the agent is in wrap-up", next.party.Phone)
		}
		next.answer()
		wait(time.Second)
		if !caller.up() || agent.up() {
			t.Errorf("caller up %v, agent up %v", caller.up(), agent.up())
		}
		// the warnings stand: the next one is a second one again
		r.warn(caller, next)
		wait(time.Second)
		if caller.times("warning-2-emergency") != 2 || caller.playedTo("warning-2") {
			t.Errorf("the caller heard %v", caller.heard)
		}
		caller.hangUp()
	}, func(p *Plan, _ *acd.Plan) {
		m := p.Queues["crisis"]
		m.Supervisors = nil
		p.Queues["crisis"] = m
	})
}

func TestTwoWarningsAreNotForgottenOverTheWayBack(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller, agent := r.warned("8200", 2)
		agent.hangUp()
		next := r.rung()
		next.answer()
		r.warn(caller, next)
		wait(time.Second)
		if caller.times("warning-1") != 1 || caller.times("warning-2") != 2 {
			t.Errorf("the caller heard %v", caller.heard)
		}
		wait(20 * time.Second)
		caller.hangUp()
		if rec := r.record(); rec.Warnings != 3 || rec.Cause.Metric != CauseCustomerAfterWarning {
			t.Errorf("%d warnings, cause %s", rec.Warnings, rec.Cause.Metric)
		}
	})
}

func TestALostAgentIsPreferredWhenBack(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		r.do("ben", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
		caller, agent := r.talking("8100")
		wait(20 * time.Second)
		agent.lose()
		wait(10 * time.Second)
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		wait(10 * time.Second) // the gap between two calls
		if next := r.rung(); next.party.Phone != "1001" {
			t.Errorf("phone %s rings, want the same agent's", next.party.Phone)
		}
		caller.hangUp()
	})
}

func TestWhoHangsUpOnHearingThatTheAgentIsLostWasLostByUs(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		agent.lose()
		wait(time.Second)
		hears(t, caller, sayLost)
		caller.hangUp()
		if got := r.record().Cause; got.Metric != CauseAgentLost || got.By != ByCaller {
			t.Errorf("cause %+v", got)
		}
	})
}

func TestAnEmergencyAgentWhoIsLostIsReplacedByASupervisor(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8800")
		agent.lose()
		page := r.rung()
		if page.party.Phone != "1003" {
			t.Fatalf("phone %s rings, want the supervisor's", page.party.Phone)
		}
		page.answer()
		wait(10 * time.Second)
		if got := r.view().Agent; got != "sofia" {
			t.Errorf("the caller is with %q", got)
		}
		caller.hangUp()
	})
}

func TestACallerInNeedComesBackFromWhereverTheyWereSent(t *testing.T) {
	for name, how := range map[string]func(other *fakeLeg){
		"who hangs up":        func(l *fakeLeg) { l.answer(); wait(time.Minute); l.hangUp() },
		"who does not answer": func(*fakeLeg) {},
		"who is busy":         func(l *fakeLeg) { l.signal(ended(LegBusy)) },
		"who sends them on": func(l *fakeLeg) {
			l.answer()
			wait(time.Second)
			l.signal(Signal{Kind: Asked, Target: "8800"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				caller := r.dial("0123", "8800")
				how(r.rung()) // nobody is logged in: phone 1002 is asked
				r.logIn("ben", "1003")
				for {
					next := r.rung()
					if next.party.Phone == "1003" {
						next.answer()
						break
					}
					next.decline()
				}
				wait(time.Second)
				if got := r.view(); !caller.up() || got.Agent != "ben" {
					t.Errorf("caller up %v, with %q", caller.up(), got.Agent)
				}
				caller.hangUp()
			}, func(_ *Plan, f *acd.Plan) {
				q := f.Queues["crisis"]
				q.OnEmpty = "phone:1002"
				f.Queues["crisis"] = q
			})
		})
	}
}
