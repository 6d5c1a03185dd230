package call

import (
	"slices"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/media"
)

func TestAWarningMutesTheAgentAndSoftensTheCaller(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		agent.press("*1")
		wait(time.Second)
		if !caller.playedTo("warning-1") {
			t.Fatal("the caller did not hear the first warning")
		}
		if got := r.sounds.gain(caller, agent); got != media.Mute {
			t.Errorf("agent toward caller %v dB, want mute", got)
		}
		if got := r.sounds.gain(agent, caller); got != -20 {
			t.Errorf("caller toward agent %v dB, want -20", got)
		}
		wait(11 * time.Second)
		if a, c := r.sounds.gain(caller, agent), r.sounds.gain(agent, caller); a != 0 || c != 0 {
			t.Errorf("after the warning: agent %v dB, caller %v dB, want both unchanged", a, c)
		}
	})
}

func TestTheFirstWarningNeedsTenSeconds(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(5 * time.Second)
		agent.press("*91")
		wait(time.Second)
		if caller.playedTo("warning-1") || !agent.playedTo("refused-too-soon") {
			t.Error("a warning 5 s after the answer must be refused, in words to the agent only")
		}
	})
}

func TestTheFullLadderEndsTheCallAndGrantsTheRest(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.permitted("8100")
		if !agent.playedTo(tonePermit) {
			t.Fatal("the agent did not hear that the permit is open")
		}
		agent.press("*3")
		wait(time.Second)
		if caller.ended() != nil {
			t.Fatal("the caller hears the farewell first")
		}
		rec := r.record()
		if rec.Cause.Metric != CauseProtectedDisconnect || rec.Cause.By != ByPolicy || rec.Warnings != 2 || !rec.Protected {
			t.Errorf("record %+v warnings %d protected %v", rec.Cause, rec.Warnings, rec.Protected)
		}
		if caller.ended() == nil || agent.ended() == nil {
			t.Error("both legs must be down")
		}
		if got := r.agent("anna"); got.State != acd.WrapUp {
			t.Fatalf("anna is %s, want wrap-up first", got.State)
		}
		wait(31 * time.Second)
		anna := r.agent("anna")
		if anna.State != acd.Resting || anna.Level != 2 {
			t.Fatalf("anna is %s level %d, want resting level 2", anna.State, anna.Level)
		}
		if rest := anna.Until.Sub(anna.Since); rest < 599*time.Second || rest > 601*time.Second {
			t.Errorf("the rest is %s, want 600 ± 1 s", rest)
		}
		r.dial("0456", "8100")
		r.nobodyRung(9 * time.Minute)
		r.rung()
	})
}

func TestOnHookInAPermitIsThePermittedHangUp(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.permitted("8100")
		agent.hangUp()
		wait(time.Second)
		if !caller.playedTo("farewell") || caller.ended() != nil {
			t.Error("the caller must still hear the farewell")
		}
		if rec := r.record(); rec.Cause.Metric != CauseProtectedDisconnect {
			t.Errorf("cause %s", rec.Cause.Metric)
		}
	})
}

func TestEndWithoutAPermitIsRefused(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(20 * time.Second)
		agent.press("*93")
		wait(time.Second)
		if caller.ended() != nil || !agent.playedTo("refused-no-permit") {
			t.Error("*93 without a permit must be refused and leave the call alone")
		}
	})
}

func TestACallerWhoLeavesAfterAWarningGrantsTheShortRest(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.warned("8100", 1)
		wait(11 * time.Second)
		caller.speak(4 * time.Second)
		wait(2 * time.Second)
		agent.press("*92")
		wait(time.Second) // in W2
		caller.hangUp()
		if rec := r.record(); rec.Cause.Metric != CauseCustomerAfterWarning || rec.Warnings != 1 {
			t.Errorf("cause %s, warnings %d", rec.Cause.Metric, rec.Warnings)
		}
		wait(31 * time.Second)
		if anna := r.agent("anna"); anna.State != acd.Resting || anna.Level != 1 {
			t.Errorf("anna is %s level %d, want resting level 1", anna.State, anna.Level)
		}
	})
}

func TestOneStrikeEndsAtOnceWithTheLongRest(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(3 * time.Second)
		agent.press("*94#")
		wait(time.Second)
		if !caller.playedTo("one-strike") {
			t.Fatal("the caller must hear why")
		}
		if rec := r.record(); rec.Cause.Metric != CauseOneStrike || !rec.Protected {
			t.Errorf("cause %s protected %v", rec.Cause.Metric, rec.Protected)
		}
		wait(31 * time.Second)
		if anna := r.agent("anna"); anna.Level != 3 {
			t.Errorf("rest level %d, want 3", anna.Level)
		}
	})
}

func TestCrisisClosesEveryWayToAnEndingAndPagesTheSupervisor(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.permitted("8100")
		agent.press("*97")
		began := time.Now()
		page := r.rung()
		if page.party.Phone != "1003" || time.Since(began) > time.Second {
			t.Fatalf("paged %s after %s, want 1003 within 1 s", page.party.Phone, time.Since(began))
		}
		agent.press("*93")
		agent.press("*94#")
		wait(2 * time.Second)
		if caller.ended() != nil || !agent.playedTo("refused-crisis") {
			t.Fatal("in a crisis nothing ends the call")
		}
		page.answer()
		wait(15 * time.Second)
		if agent.ended() != nil || !r.sounds.reaches(caller, page) || !r.sounds.reaches(caller, agent) {
			t.Error("the supervisor joins, the agent stays, and the caller hears both")
		}
		if !page.playedTo(sayPageCrisis) || page.playedTo(sayPage) {
			t.Errorf("the supervisor was told %v, want that it is a crisis", page.heard)
		}
		page.press(keyTake)
		wait(time.Second)
		if agent.ended() == nil || caller.ended() != nil {
			t.Error("the supervisor has the call, the agent is released, the caller stays")
		}
		page.hangUp()
		wait(15 * time.Second)
		if caller.ended() != nil || !caller.playedTo(sayHolding) {
			t.Error("also a supervisor's on-hook is a rescue in a crisis")
		}
	})
}

func TestAnEmergencyQueueNeverDisconnects(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.permitted("8800")
		if !caller.playedTo("warning-2-emergency") || caller.playedTo("warning-2") {
			t.Error("the second reminder must not threaten an ending")
		}
		agent.press("*3")
		page := r.rung()
		if page.party.Phone != "1003" || caller.ended() != nil {
			t.Fatalf("rang %s, want the supervisor; caller ended %v", page.party.Phone, caller.ended())
		}
		page.signal(Signal{Kind: Answered})
		wait(15 * time.Second)
		caller.hangUp()
		if rec := r.record(); rec.Cause.By != ByCaller {
			t.Errorf("ended by %s, want the caller", rec.Cause.By)
		}
	})
}

func TestAnEmergencyOnHookIsARescue(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller, agent := r.talking("8800")
		wait(20 * time.Second)
		agent.hangUp()
		next := r.rung()
		if next.party.Phone != "1002" || caller.ended() != nil || caller.playedTo("closing") {
			t.Errorf("rang %s; without a supervisor the head of the queue is theirs, and no closing", next.party.Phone)
		}
	})
}

func TestAssistRingsASupervisorAndTwiceIsNotAtAll(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		_, agent := r.talking("8100")
		agent.press("*5")
		page := r.rung()
		wait(time.Second)
		agent.press("*5")
		wait(time.Second)
		if page.ended() == nil {
			t.Error("the second press cancels the page")
		}
		if got := r.agent("sofia").State; got != acd.Ready {
			t.Errorf("sofia is %s after a cancelled page, want ready", got)
		}
	})
}

func TestEveryStepStandsInTheRecordOnBothClocks(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		_, agent := r.permitted("8100")
		agent.press("*3")
		rec := r.record()
		names := stepNames(rec)
		last := -1
		for _, want := range []string{"notice", "answered", "protect.W1", "protect.OBS1", "protect.W2", "protect.OBS2", "protect.PERMIT", "protect.FAREWELL"} {
			i := slices.Index(names, want)
			if i <= last {
				t.Errorf("step %s at %d, want after %d: %v", want, i, last, names)
			}
			last = max(last, i)
		}
		for i := 1; i < len(rec.Steps); i++ {
			if rec.Steps[i].Mono < rec.Steps[i-1].Mono {
				t.Errorf("step %d is before the one before it on the monotonic clock", i)
			}
		}
	})
}
