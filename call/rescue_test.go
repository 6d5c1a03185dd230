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

func TestASupervisorWhoLeavesWhileAWarningPlaysIsReplaced(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor waits for the end of a warning"](r)
		c.other.hangUp()
		if again := r.rung(); again.party.Phone != "1003" {
			t.Errorf("phone %s rings, want the supervisors asked again", again.party.Phone)
		}
		wait(20 * time.Second)
		if !c.agent.up() || !c.caller.up() {
			t.Error("the conversation has ended because a supervisor came and went")
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

func TestAPageGoesFromSupervisorToSupervisor(t *testing.T) {
	twoSupervisors := func(p *Plan, f *acd.Plan) {
		f.Agents["tom"] = acd.AgentSpec{Name: "tom", Number: "7008"}
		p.Agents["tom"] = AgentAccess{Supervisor: true}
		p.Phones["1004"] = PhoneManners{}
		m := p.Queues["orders"]
		m.Supervisors = []string{"sofia", "tom"}
		p.Queues["orders"] = m
	}
	for name, how := range map[string]func(page *fakeLeg){
		"declines":        (*fakeLeg).decline,
		"does not answer": func(*fakeLeg) { wait(15 * time.Second) },
		"hangs up while being told": func(l *fakeLeg) {
			l.answer()
			wait(500 * time.Millisecond)
			l.hangUp()
		},
	} {
		t.Run("the first "+name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				r.logIn("tom", "1004")
				caller, agent := r.talking("8100")
				agent.press("*5")
				first := r.rung()
				how(first)
				second := r.rung()
				if first.party.Phone != "1003" || second.party.Phone != "1004" {
					t.Errorf("rang %s, then %s", first.party.Phone, second.party.Phone)
				}
				if got := r.agent("sofia"); got.State != acd.Ready || !got.Offerable {
					t.Errorf("sofia is %s, offerable %v, after her phone has stopped ringing", got.State, got.Offerable)
				}
				second.decline()
				wait(pagePause / 2)
				again := r.rung() // and all over again
				if again.party.Phone != "1003" {
					t.Errorf("rang %s in the second round", again.party.Phone)
				}
				caller.hangUp()
			}, twoSupervisors)
		})
	}
}

func TestASupervisorInACallOrAtRestIsNotPaged(t *testing.T) {
	for name, occupy := range map[string]func(r *room){
		"in a direct call": func(r *room) {
			other := r.dial("1003", "1002")
			r.rung().answer()
			_ = other
			synctest.Wait()
		},
		"logged out": func(r *room) { r.do("sofia", acd.Command{Verb: acd.LogOut}) },
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				caller, agent := r.talking("8100")
				occupy(r)
				agent.press("*5")
				r.nobodyRung(30 * time.Second)
				caller.hangUp()
			})
		})
	}
}

func TestAPageNeverRingsIntoAQueueCall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.logIn("sofia", "1003")
		agent.press("*5")
		r.dial("0456", "8100") // for sofia, in the same moment
		first := r.rung()
		wait(time.Second)
		r.nobodyRung(time.Second)
		if got := first.party.Phone; got != "1003" {
			t.Fatalf("rang %s", got)
		}
		caller.hangUp()
	}, withoutNotice, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Agents = []string{"anna", "sofia"}
		f.Queues["orders"] = q
	})
}

func TestASupervisorStopsRingingWhenTheCallerIsSentOn(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor rings"](r)
		c.agent.signal(Signal{Kind: Asked, Target: "1002"})
		next := r.rung()
		next.answer()
		wait(time.Second)
		if c.other.up() || !r.agent("sofia").Offerable {
			t.Errorf("sofia's phone rings %v, offerable %v", c.other.up(), r.agent("sofia").Offerable)
		}
		c.caller.hangUp()
	})
}

func TestASupervisorWhoIsOfferedACallInTheSameMomentIsNotRung(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.logIn("sofia", "1003")
		stuck := make(chan struct{})
		agent.signal(Signal{Kind: Pressed, Digit: '*'})
		agent.signal(Signal{Kind: Pressed, Digit: '5'})
		r.x.Post(r.view().ID, func(*Call) { <-stuck }) // the floor has said that sofia is free …
		synctest.Wait()
		r.dial("0456", "8100") // … and now gives her a call
		offer := r.rung()
		close(stuck)
		wait(2 * time.Second)
		if offer.party.Phone != "1003" || !offer.up() {
			t.Fatalf("phone %s up %v", offer.party.Phone, offer.up())
		}
		r.nobodyRung(10 * time.Second)
		caller.hangUp()
		offer.decline()
	}, withoutNotice, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Agents = []string{"anna", "sofia"}
		f.Queues["orders"] = q
	})
}

func TestAnOfferBetweenTwoLooksIsSeen(t *testing.T) {
	view := func(s acd.AgentState, call string) acd.AgentView { return acd.AgentView{State: s, Call: call} }
	for name, c := range map[string]struct {
		before, now acd.AgentView
		want        bool
	}{
		"free, and engaged by us":             {view(acd.Ready, ""), view(acd.OnCall, ""), false},
		"free, and offered":                   {view(acd.Ready, ""), view(acd.Offered, "A"), true},
		"free, and in a queue call":           {view(acd.Ready, ""), view(acd.OnCall, "A"), true},
		"not ready":                           {view(acd.NotReady, ""), view(acd.OnCall, ""), false},
		"in wrap-up":                          {view(acd.WrapUp, "A"), view(acd.WrapUp, "A"), false},
		"missed a call, and engaged by us":    {view(acd.Missed, "A"), view(acd.OnCall, "A"), false},
		"nobody is logged in":                 {acd.AgentView{}, acd.AgentView{}, false},
		"wrap-up that ended in a queue call":  {view(acd.WrapUp, "A"), view(acd.OnCall, "B"), true},
		"somebody logged in, and was offered": {acd.AgentView{}, view(acd.Offered, "A"), true},
	} {
		if got := tookOffer(c.before, c.now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
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

func TestAnAssistThatNobodyAnswersIsCountedAndTold(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		agent.press("*5")
		wait(61 * time.Second)
		if r.count("protect_assist_missed_total") != 1 || !agent.playedTo("assist-missed") {
			t.Errorf("counted %d, the agent heard %v", r.count("protect_assist_missed_total"), agent.heard)
		}
		caller.hangUp()
	})
}

func TestTheServerNeverRingsForASupervisorWhoIsTheAgent(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8800")
		agent.press("*97")
		r.nobodyRung(20 * time.Second)
		agent.press("*90") // a supervisor releases the own crisis
		wait(time.Second)
		if got := r.view().Stage; got != "CALM" {
			t.Errorf("stage %s", got)
		}
		caller.hangUp()
	}, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["crisis"]
		q.Agents = []string{"sofia"}
		f.Queues["crisis"] = q
	})
}
