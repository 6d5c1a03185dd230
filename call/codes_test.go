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

func TestCodesChangeTheAgentsState(t *testing.T) {
	for _, c := range []struct {
		code, says string
		want       acd.AgentState
	}{
		{"*145", "not-ready", acd.NotReady},
		{"*13", "ready", acd.Ready},
		{"*12", "logged-out", acd.LoggedOut},
		{"*17", "why-no-caller", acd.Ready},
		{"*55", "no-messages", acd.Ready},
		{"*77", "invalid-choice", acd.Ready},
		{"*15", "not-possible-now", acd.Ready},
	} {
		t.Run(c.code, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				phone := r.dial("1001", c.code)
				r.record()
				if !phone.playedTo(c.says) {
					t.Errorf("heard %v, want %s", phone.heard, c.says)
				}
				if got := r.agent("anna").State; got != c.want {
					t.Errorf("anna is %s, want %s", got, c.want)
				}
			})
		})
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
		sayNotice, sayHuman, sayGoodbye, sayClosing, sayLost, sayHolding, sayFull, sayNoAgents, sayQueueEnd, sayUnanswered, sayPage,
		toneZip, toneBeep, toneConfirm, tonePermit,
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
