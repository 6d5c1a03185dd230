package house_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

// The state table of the ladder (protection.md §1.2), row by row, by keys on a desk
// phone; crisis, assist and emergency stand in help_test.go, the meter in ears_test.go.
//
// The row of 15 minutes of entanglement is not built: the config check refuses long_call.

func TestOneStrikeIsConfirmedByHashAndEndsTheCall(t *testing.T) {
	for _, from := range []string{"CALM", "PERMIT"} {
		t.Run(from, func(t *testing.T) {
			referee.Judge(t, bearable, func(t testing.TB) {
				s := alone(t)
				anna := s.seat("anna")
				caller := s.brought(from, anna)
				anna.presses("*94")
				anna.hears("tone-confirm")
				caller.isUp()
				slow := s.lateness()
				anna.presses("#")
				_, heard := caller.hears("one-strike")
				caller.isCutSoon(heard, slow)
				anna.isCut()
				warnings := strings.Count(strings.Join(path[from], " "), "OBS")
				caller.wentThrough("one_strike", warnings, append(slices.Clone(path[from]), "FAREWELL", "ENDED")...)
				anna.rests(3, rest3)
			})
		})
	}
}

func TestOneStrikeWithoutHashInTimeIsForgotten(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, oneStrikeWithoutHashInTimeIsForgotten)
}

func oneStrikeWithoutHashInTimeIsForgotten(t testing.TB) {
	s := alone(t, "confirm", "200ms")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	caller.isQuiet()
	anna.presses("*94")
	anna.hears("tone-confirm")
	anna.hearsSilence(300 * time.Millisecond)
	anna.presses("#")
	s.talk(caller, anna)
	caller.isIn("CALM")
	caller.neverHeard("one-strike")
}

func TestTheFirstWarningNeedsTimeSinceTheAnswer(t *testing.T) {
	s := open(t, "after_answer", "30s")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	anna.presses("*1")
	anna.hears("tone-beep", "refused-too-soon")
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	caller.isIn("CALM")
	s.talk(caller, anna)
	caller.neverHeard("warning-1", "farewell")
}

func TestEveryWarnKeyIsTheNextWarningHoweverItIsSent(t *testing.T) {
	t.Parallel()
	for how, press := range map[string]func(*person){
		"*1 by RFC 4733":         func(p *person) { p.presses("*1") },
		"*91 by INFO dtmf-relay": func(p *person) { p.informs("*91", siptest.DTMFRelay) },
		"*92 by INFO dtmf":       func(p *person) { p.informs("*92", siptest.DTMFPlain) },
	} {
		t.Run(how, func(t *testing.T) {
			s := open(t)
			anna := s.seat("anna")
			caller := s.connects("8100", anna)
			s.sees("the first ten seconds, a sixtieth of them, are over", func() bool {
				return anna.call.Talked() > 300*time.Millisecond
			})
			press(anna)
			caller.hears("warning-1")
			caller.reaches("OBS1")
			caller.hangsUp()
			caller.wentThrough("customer_after_warning", 1, "W1", "OBS1", "ENDED")
		})
	}
}

func TestTheSecondWarningComesFromCalmToo(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.warned("8100", anna, "warning-1")
	anna.presses("*2")
	anna.hears("tone-confirm")
	caller.reaches("CALM")
	anna.lastWarns(caller, "warning-2")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 2, "W1", "OBS1", "CALM", "W2", "OBS2", "ENDED")
}

func TestObservationCalmsDownByItself(t *testing.T) {
	s := open(t, "calm", "2s")
	anna := s.seat("anna")
	caller := s.warned("8100", anna, "warning-1")
	caller.reaches("CALM")
	anna.lastWarns(caller, "warning-2")
	caller.reaches("CALM")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 2, "W1", "OBS1", "CALM", "W2", "OBS2", "CALM", "ENDED")
}

func TestSettledLeadsFromTheSecondObservationToCalmAndKeepsTheCount(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.brought("OBS2", anna)
	anna.presses("*90")
	anna.hears("tone-confirm")
	caller.reaches("CALM")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 2, "W1", "OBS1", "W2", "OBS2", "CALM", "ENDED")
	anna.rests(1, rest1)
}

func TestAPermitNeedsAWordFromTheCaller(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.brought("OBS2", anna)
	anna.hearsSilence(3 * time.Second)
	caller.isIn("OBS2")
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	caller.speaks()
	anna.hears("tone-permit")
	caller.isIn("PERMIT")
	anna.presses("*1")
	anna.hears("tone-beep", "refused-permit-open")
	caller.isIn("PERMIT")
}

func TestAPermitLapsesAndOneMoreWarningEarnsTheNext(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aPermitLapsesAndOneMoreWarningEarnsTheNext)
}

func aPermitLapsesAndOneMoreWarningEarnsTheNext(t testing.TB) {
	s := alone(t, "permit_ttl", "3s")
	anna := s.seat("anna")
	caller := s.permitted(anna)
	caller.reaches("OBS2")
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	anna.hearsVoice(caller)
	caller.isIn("OBS2")
	anna.warns(caller, "warning-2")
	anna.hears("tone-permit")
	anna.presses("*93")
	caller.hears("farewell")
	caller.isCut()
	r := caller.wentThrough("protected_disconnect", 3,
		"W1", "OBS1", "W2", "OBS2", "PERMIT", "OBS2", "W2", "OBS2", "PERMIT", "FAREWELL", "ENDED")
	lapsed := when(r, "protect.OBS2", 2) - when(r, "protect.PERMIT", 1)
	if lapsed < 3*time.Second || lapsed > 3*time.Second+late {
		t.Errorf("the permit lapsed after %s, want 3 s (a sixtieth of 180)", lapsed)
	}
	anna.rests(2, rest2)
}

func TestOnHookInAPermitIsThePermittedHangUp(t *testing.T) {
	referee.Judge(t, bearable, onHookInAPermitIsThePermittedHangUp)
}

func onHookInAPermitIsThePermittedHangUp(t testing.TB) {
	s := alone(t)
	anna := s.seat("anna")
	caller := s.permitted(anna)
	slow := s.lateness()
	anna.hangsUp()
	_, heard := caller.hears("farewell")
	caller.isCutSoon(heard, slow)
	caller.wentThrough("protected_disconnect", 2, append(path["FAREWELL"], "ENDED")...)
	anna.rests(2, rest2)
}

func TestSettledWithinTheFarewellTakesTheCallBack(t *testing.T) {
	s := open(t, "farewell", "3s")
	anna := s.seat("anna")
	caller := s.brought("FAREWELL", anna)
	anna.presses("*2")
	caller.reaches("OBS2")
	s.talk(caller, anna)
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	anna.lastWarns(caller, "warning-2")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 3, append(path["FAREWELL"], "OBS2", "W2", "OBS2", "ENDED")...)
}

func TestAFarewellGoesOnWithoutTheAgent(t *testing.T) {
	s := open(t, "farewell", "2s")
	anna := s.seat("anna")
	caller := s.permitted(anna)
	anna.presses("*3")
	mark := caller.since
	caller.hearsBeginOf("farewell")
	anna.hangsUp()
	caller.since = mark
	caller.hears("farewell")
	caller.isCut()
	caller.wentThrough("protected_disconnect", 2, append(path["FAREWELL"], "ENDED")...)
	anna.rests(2, rest2)
}

func TestACallerWhoLeavesAfterAWarningGrantsTheShortRest(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"W2", "PERMIT"} {
		t.Run(from, func(t *testing.T) {
			s := open(t, "warning-2", "2s")
			anna := s.seat("anna")
			caller := s.brought(from, anna)
			caller.hangsUp()
			anna.isCut()
			warnings := strings.Count(strings.Join(path[from], " "), "OBS")
			r := caller.wentThrough("customer_after_warning", warnings, append(slices.Clone(path[from]), "ENDED")...)
			if r.Cause.By != call.ByCaller {
				t.Errorf("ended by %s, want the caller", r.Cause.By)
			}
			anna.rests(1, rest1)
		})
	}
}

func TestACallerWhoLeavesTheFirstWarningWasNotWarned(t *testing.T) {
	s := open(t, "warning-1", "2s")
	anna := s.seat("anna")
	caller := s.brought("W1", anna)
	caller.hangsUp()
	anna.isCut()
	s.becomes("anna", acd.Ready)
	r := s.record(caller)
	if r.Cause.Metric != "caller_ended" || r.Warnings != 0 {
		t.Errorf("cause %s with %d warnings, want caller_ended with 0", r.Cause.Metric, r.Warnings)
	}
}
