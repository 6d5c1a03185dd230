package call

import (
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/media/prompt"
)

func TestAnAgentLogsInAtAnyPhoneByNumberAndPIN(t *testing.T) {
	inRoom(t, func(r *room) {
		phone := r.dial("1002", codeLogIn)
		wait(3 * time.Second)
		phone.press("7001#")
		wait(3 * time.Second)
		phone.press("1234#")
		r.record()
		if !phone.playedTo("logged-in") {
			t.Errorf("heard %v", phone.heard)
		}
		if got := r.agent("anna"); got.Phone != "1002" || got.State == acd.LoggedOut {
			t.Errorf("anna is %s at %q", got.State, got.Phone)
		}
	})
}

func TestAWrongPINAndAWrongNumberAreToldInTheSameWords(t *testing.T) {
	for name, typed := range map[string][2]string{
		"wrong PIN": {"7001#", "9876#"}, "no such number": {"7777#", "1234#"}, "an empty PIN": {"7001#", "#"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				phone := r.dial("1002", codeLogIn)
				wait(3 * time.Second)
				phone.press(typed[0])
				wait(3 * time.Second)
				phone.press(typed[1])
				r.record()
				if !phone.playedTo("wrong-pin") || r.agent("anna").State != acd.LoggedOut {
					t.Errorf("heard %v, anna is %s", phone.heard, r.agent("anna").State)
				}
			})
		})
	}
}

func TestFiveWrongPINsLockTheNumberForFiveMinutes(t *testing.T) {
	g, now := newPinGuard(), time.Unix(1000, 0)
	for range pinTries - 1 {
		g.failed("7001", now)
	}
	if !g.allowed("7001", now) {
		t.Fatal("locked too early")
	}
	g.failed("7001", now)
	if g.allowed("7001", now) || g.allowed("7001", now.Add(pinLock-time.Second)) {
		t.Error("not locked after five wrong PINs")
	}
	if !g.allowed("7001", now.Add(pinLock)) || !g.allowed("7002", now) {
		t.Error("locked for too long, or somebody else is locked")
	}
}

func TestACodeNeverCountsAsACallAndGivesWayToAnOffer(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		code := r.dial("1001", codeLogIn) // a code that waits for digits
		wait(time.Second)
		if got := r.agent("anna").State; got != acd.Ready {
			t.Fatalf("anna is %s while a code speaks, want ready", got)
		}
		r.dial("0123", "8100")
		synctest.Wait()
		if code.ended() == nil {
			t.Error("the queue call would be the second call on the phone")
		}
		r.nobodyRung(partingTime - time.Millisecond) // the phone is still putting down
		r.rung()
	}, withoutNotice)
}

func TestACodeThatBringsAnOfferAtOnceIsNoFault(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.do("anna", acd.Command{Verb: acd.GoNotReady})
		r.dial("0123", "8100")
		wait(time.Second)
		r.told.slow.Store(int64(100 * time.Millisecond)) // anna is offered the caller before the disk has her ready
		code := r.dial("1001", "*13")
		r.rung()
		if code.ended() == nil {
			t.Error("the code has not given way")
		}
		select {
		case message := <-r.faults.seen:
			t.Errorf("logged as an error: %s", message)
		default:
		}
	}, withoutNotice)
}

// withoutNotice makes an offer follow at once.
func withoutNotice(p *Plan, _ *acd.Plan) {
	m := p.Queues["orders"]
	m.Notice = NoticeNone
	p.Queues["orders"] = m
}

func TestAPhoneThatJustHeardACodeIsGivenTimeToPutDown(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		code := r.dial("1001", "*13")
		for code.ended() == nil { // said, and our BYE is on its way
			wait(time.Millisecond)
		}
		r.dial("0123", "8100")
		r.nobodyRung(partingTime - 2*time.Millisecond)
		r.rung()
	}, withoutNotice)
}

func TestASupervisorWhoDialsACodeIsPagedAfterIt(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		_, agent := r.talking("8100")
		code := r.dial("1003", codeLogIn)
		wait(time.Second)
		agent.press("*5")
		synctest.Wait()
		if code.ended() == nil {
			t.Error("the page would be the second call on the phone")
		}
		r.nobodyRung(partingTime / 2)
		if got := r.rung().party.Phone; got != "1003" {
			t.Errorf("phone %s rings, want the supervisor's", got)
		}
	})
}

func TestEverythingACallSaysExistsInEveryLanguage(t *testing.T) {
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	said := []string{
		sayNotice, sayHuman, sayGoodbye, sayClosing, sayLost, sayHolding, sayFull, sayNoAgents, sayQueueEnd, sayUnanswered,
		sayPage, sayPageCrisis, sayPageRescue, sayCrisisHere, sayListening, sayWhispering, sayJoining,
		toneZip, toneBeep, toneConfirm, tonePermit, toneSupervisor, toneSupervisorGone, "supervisors-only", "nobody-talks-there", "hearing-off",
		"warning-1", "warning-2", "warning-2-emergency", "farewell", "one-strike",
		"refused-too-soon", "refused-customer-silent", "refused-no-permit", "refused-permit-open", "refused-crisis",
		"refused-emergency", "refused-speaking", "refused-notice-missing", "refused-unknown-key", "refused-over", "refused-not-possible",
		"logged-in", "logged-out", "ready", "not-ready", "wrap-up-ended", "wrap-up-extended", "rest-extended", "rest-declined",
		"enter-agent-number", "enter-pin", "wrong-pin", "not-possible-now", "nobody-logged-in", "invalid-choice",
		"why-no-caller", "why-gap", "why-resting", "why-wrap-up", "why-not-ready", "why-missed", "why-on-call", "why-offered",
		"no-messages", "thanks-count", prompt.Position(3), prompt.Number(12), prompt.Minutes(time.Minute),
	}
	for _, language := range book.Languages() {
		for _, phrase := range said {
			if !book.Has(language, phrase) {
				t.Errorf("%s: no %q", language, phrase)
			}
		}
	}
}

func TestNotReadyNeedsNoReason(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		phone := r.dial("1001", "*14")
		r.record()
		if got := r.agent("anna"); got.State != acd.NotReady || got.Reason != "" || !phone.playedTo("not-ready") {
			t.Errorf("anna is %s, reason %q; heard %v", got.State, got.Reason, phone.heard)
		}
	})
}

func TestACodeIsNoCallInTheFigures(t *testing.T) {
	inRoom(t, func(r *room) {
		r.dial("1001", "*17")
		r.record()
		if r.count("calls_total") != 0 || r.count("codes_total") != 1 {
			t.Errorf("counters %v", r.x.Tally().Counts())
		}
	})
}

func TestACodeFromOutsideIsRefused(t *testing.T) {
	inRoom(t, func(r *room) {
		l := r.dial("0123", "*12")
		if rec := r.record(); rec.Cause.Status != 403 || l.answered {
			t.Errorf("cause %+v", rec.Cause)
		}
	})
}

func TestACodeAtAPhoneWithNobodySaysSo(t *testing.T) {
	inRoom(t, func(r *room) {
		phone := r.dial("1001", "*13")
		r.record()
		if !phone.playedTo("nobody-logged-in") {
			t.Errorf("heard %v", phone.heard)
		}
	})
}

func TestASecondCodeTakesThePlaceOfTheFirst(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		first := r.dial("1001", codeLogIn)
		wait(time.Second)
		second := r.dial("1001", "*17")
		wait(20 * time.Second)
		if first.up() || !second.playedTo("why-no-caller") {
			t.Errorf("first up %v, second heard %v", first.up(), second.heard)
		}
	})
}

func TestALogInAtAPhoneThatIsTakenIsRefused(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("ben", "1001")
		phone := r.dial("1001", codeLogIn)
		wait(3 * time.Second)
		phone.press("7001#")
		wait(3 * time.Second)
		phone.press("1234#")
		r.record()
		if !phone.playedTo("not-possible-now") || r.agent("anna").State != acd.LoggedOut {
			t.Errorf("heard %v, anna is %s", phone.heard, r.agent("anna").State)
		}
	})
}

func TestWhoTypesNothingIsLetGo(t *testing.T) {
	inRoom(t, func(r *room) {
		phone := r.dial("1001", codeLogIn)
		wait(time.Minute)
		if phone.up() || !phone.playedTo("wrong-pin") {
			t.Errorf("up %v, heard %v", phone.up(), phone.heard)
		}
	})
}

func TestWhoTypesForEverIsStopped(t *testing.T) {
	inRoom(t, func(r *room) {
		phone := r.dial("1001", codeLogIn)
		wait(3 * time.Second)
		phone.press("111111111111111111111111111111")
		wait(time.Minute)
		if phone.up() {
			t.Error("the code still listens")
		}
	})
}

func TestTheLanguageOfACodeIsTheAgents(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.dial("1001", "*17")
		if got := r.record().Language; got != "zh" {
			t.Errorf("spoke %s to anna", got)
		}
	}, func(p *Plan, _ *acd.Plan) {
		a := p.Agents["anna"]
		a.Language = "zh"
		p.Agents["anna"] = a
	})
}

func TestTheReasonForNoCallIsSpoken(t *testing.T) {
	for name, c := range map[string]struct {
		before func(r *room)
		says   string
	}{
		"not ready":       {func(r *room) { r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "1"}) }, "why-not-ready"},
		"in wrap-up":      {func(r *room) { c, _ := r.talking("8100"); c.hangUp(); wait(time.Second) }, "why-wrap-up"},
		"in the gap":      {func(r *room) { c, _ := r.talking("8100"); c.hangUp(); wait(time.Second); r.endWrapUp("anna") }, "why-gap"},
		"in another call": {func(r *room) { r.dial("1001", "1003"); r.rung().answer(); wait(time.Second) }, "why-on-call"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				c.before(r)
				phone := r.dial("1001", "*17")
				wait(10 * time.Second)
				if !phone.playedTo(c.says) {
					t.Errorf("heard %v, want %s", phone.heard, c.says)
				}
			})
		})
	}
}
