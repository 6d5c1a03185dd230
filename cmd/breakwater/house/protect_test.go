package house_test

import (
	"context"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/loadtest/referee"
)

// The acceptance tests of protection.md §2 that the rows of the state table do not
// show already: 33 is in 30, 34 in TestOneStrikeIsConfirmedByHash…, 35 in
// TestTheCrisisKey…, 36 in TestAnEmergencyQueueNeverDisconnects, 37 in
// TestAPermitLapses…, 38 in TestACallerWhoLeavesAfterAWarning….

// reaction is how long a change of loudness may take to be heard, where no machine is late.
const reaction = 60 * time.Millisecond

// 29.
func TestAWarningIsHeardCompleteWhileTheAgentIsMutedAndTheCallerSoft(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aWarningIsHeardCompleteWhileTheAgentIsMutedAndTheCallerSoft)
}

func aWarningIsHeardCompleteWhileTheAgentIsMutedAndTheCallerSoft(t testing.TB) {
	s := alone(t, "warning-1", "2s")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	slow := s.lateness()
	anna.presses("*91")
	from, to := caller.hears("warning-1")
	caller.hearsNothingOf("anna", anna.voice, from, to)
	margin := min(reaction+2*slow(), 900*time.Millisecond) // of two phones each tells when it heard
	softer := anna.loudness(caller.voice, from.Add(margin), to.Add(-margin))
	if d := loud - softer; d < 19 || d > 21 {
		t.Errorf("anna hears the caller %.1f dB softer during the warning, want 20 ± 1", d)
	}
	s.talk(caller, anna) // as loud as before
}

// 30 and 33.
func TestASecondWarningTooSoonIsRefusedAndChangesNothing(t *testing.T) {
	s := open(t, "min_gap", "30s")
	anna := s.seat("anna")
	caller := s.warned("8100", anna, "warning-1")
	anna.presses("*92")
	anna.hears("tone-beep", "refused-too-soon")
	caller.isIn("OBS1")
	anna.presses("*93")
	anna.hears("tone-beep", "refused-no-permit")
	caller.isIn("OBS1")
	s.talk(caller, anna)
	caller.neverHeard("warning-2", "farewell", "tone-beep", "refused-too-soon")
}

// 31.
func TestASecondWarningToASilentCallerIsRefused(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aSecondWarningToASilentCallerIsRefused)
}

func aSecondWarningToASilentCallerIsRefused(t testing.TB) {
	s := alone(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	anna.lastWarns(caller, "warning-1")
	anna.hearsSilence(3 * time.Second) // the server has counted everything that was said
	anna.presses("*92")
	anna.hears("tone-beep", "refused-customer-silent")
	caller.isIn("OBS1")
	caller.neverHeard("warning-2")
	caller.speaks()
	anna.warns(caller, "warning-2")
}

// 32.
func TestTheFullLadderEndsTheCallForBoth(t *testing.T) {
	referee.Judge(t, bearable, theFullLadderEndsTheCallForBoth)
}

func theFullLadderEndsTheCallForBoth(t testing.TB) {
	s := alone(t)
	anna := s.seat("anna")
	caller := s.permitted(anna)
	slow := s.lateness()
	anna.presses("*3")
	_, heard := caller.hears("farewell")
	caller.isCutSoon(heard, slow)
	anna.isCutSoon(heard, slow)
	r := caller.wentThrough("protected_disconnect", 2, append(path["FAREWELL"], "ENDED")...)
	if r.Cause.By != call.ByPolicy {
		t.Errorf("ended by %s, want policy", r.Cause.By)
	}
	if len(r.Policy) != 64 {
		t.Errorf("policy hash %q", r.Policy)
	}
	anna.rests(2, rest2)
}

// 39.
func TestKeysOfTheAgentNeverReachTheCaller(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, keysOfTheAgentNeverReachTheCaller)
}

func keysOfTheAgentNeverReachTheCaller(t testing.TB) {
	s := alone(t, "min_gap", "30s")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	anna.isQuiet()
	caller.hearsSilence(200 * time.Millisecond)
	from := time.Now()
	for _, keys := range []string{"*96", "*96", "**", "*98", "*93", "*7", "0123456789#", "*2"} {
		anna.presses(keys)
	}
	anna.presses("*1")
	begin, _ := caller.hears("warning-1")
	for _, key := range []float64{697, 770, 852, 941, 1209, 1336, 1477, 1633} {
		if level := caller.loudness(key, from, begin); level > nothing {
			t.Errorf("the caller hears %.0f Hz at %.1f dBm0 while the agent presses keys", key, level)
		}
	}
	if level := caller.call.Heard().Since(from).Until(begin).Level(); level > nothing {
		t.Errorf("the caller hears something at %.1f dBm0 while the agent presses keys", level)
	}
	if n, digits := caller.call.Stats().Events, caller.call.HeardDigits(); n != 0 || digits != "" {
		referee.Promise(t).Errorf("%d telephone-events reached the caller: %q", n, digits)
	}
	anna.speaks()
	caller.hearsVoice(anna)
}

// 41, without a tier.
func TestAnAgentLostInTheSecondWarningCostsTheCallerNothing(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, anAgentLostInTheSecondWarningCostsTheCallerNothing)
}

func anAgentLostInTheSecondWarningCostsTheCallerNothing(t testing.TB) {
	s := alone(t, "silence", "400ms", "t1", "20ms", "warning-2", "6s")
	crew := s.seats("anna", "ben")
	anna, ben := crew[0], crew[1]
	caller := s.connects("8100", anna)
	anna.warns(caller, "warning-1")
	anna.beginsToWarn(caller, "warning-2")
	anna.phone.Vanish()
	caller.hears("agent-lost")
	ben.rings()
	ben.answers()
	s.talk(caller, ben)
	if v := s.agent("anna"); v.State == acd.Missed || v.State == acd.OnCall {
		t.Errorf("anna is %s after her phone was lost", v.State)
	}
	caller.hangsUp()
	r := s.record(caller)
	if r.Warnings != 1 || !r.Protected {
		t.Errorf("%d warnings, protected %v: want the completed one kept and the call shielded", r.Warnings, r.Protected)
	}
	var results []string
	for _, a := range r.Attempts {
		results = append(results, a.Agent+" "+a.Result)
	}
	if len(results) != 2 || results[0] != "anna answered" || results[1] != "ben answered" {
		t.Errorf("attempts %v: a lost phone is no missed offer", results)
	}
	for _, l := range r.Legs {
		if l.Agent == "anna" && l.Cause.Metric != call.LegLost {
			t.Errorf("anna's leg ended with %s, want %s", l.Cause.Metric, call.LegLost)
		}
	}
}

// 42.
func TestARestIsKeptAndThenTheAgentIsOfferedCallsAgain(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aRestIsKeptAndThenTheAgentIsOfferedCallsAgain)
}

func aRestIsKeptAndThenTheAgentIsOfferedCallsAgain(t testing.TB) {
	s := alone(t)
	anna := s.seat("anna")
	caller := s.permitted(anna)
	anna.presses("*3")
	caller.hears("farewell")
	caller.isCut()
	waits := s.caller("8100")
	waits.hearsMusic()
	v := anna.rests(2, rest2)
	anna.rings()
	if after := anna.call.Began().Sub(v.Until); after < 0 || after > late {
		t.Errorf("the phone rang %s after the end of the rest, want soon after it", after)
	}
	anna.answers()
	s.talk(waits, anna)
}

func TestARestIsExtendedAndDeclinedByTheAgentAlone(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aRestIsExtendedAndDeclinedByTheAgentAlone)
}

func aRestIsExtendedAndDeclinedByTheAgentAlone(t testing.TB) {
	s := alone(t)
	anna := s.seat("anna")
	caller := s.permitted(anna)
	anna.presses("*3")
	caller.hears("farewell")
	caller.isCut()
	v := anna.rests(2, rest2)
	anna.code("*13", "not-possible-now")
	anna.code("*99", "rest-extended")
	if by := s.agent("anna").Until.Sub(v.Until).Round(time.Millisecond); by != rest3-rest2 {
		t.Errorf("*99 made the rest %s longer, want from 10 to 30 s (a sixtieth of 1800)", by)
	}
	waits := s.caller("8100")
	waits.hearsMusic()
	anna.isLeftAlone()
	if err := anna.dialsCode("*990", ""); err != nil { // what it says gives way to the next call
		t.Fatal(err)
	}
	anna.rings()
	anna.answers()
	s.talk(waits, anna)
}

func TestStepBackMakesTheCallerSofterForTheAgentOnly(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	anna.presses("*96")
	s.does("anna hears the caller 6 dB softer", func(ctx context.Context) error {
		return anna.call.WaitToneAt(ctx, caller.voice, loud-7, loud-5)
	})
	caller.hearsVoice(anna)
	anna.presses("*96")
	s.talk(caller, anna)
}
