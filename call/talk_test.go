package call

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/acd/protect"
	"breakwater/media"
)

func TestAnAgentWhoHangsUpRightAfterTheAnswerLeavesNobodyInAnEmptyConversation(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		agent.answer()
		agent.hangUp() // both signals are in the inbox before the journey looks
		wait(10 * time.Second)
		if got := r.agent("anna").State; got != acd.WrapUp {
			t.Errorf("anna is %s in a call that she has left", got)
		}
		if got := r.view().Phase; !caller.up() || got != "closing" {
			t.Errorf("the caller, who talked to nobody, is up %v and %s; want the way back", caller.up(), got)
		}
		caller.press("1")
		r.logIn("ben", "1002")
		r.rung().answer()
		wait(time.Second)
		caller.hangUp()
	})
}

// TestTheFloorHearsOfAFreeAgentAtOnce: whoever waits for the agent does not wait for
// sound to be taken apart.
func TestTheFloorHearsOfAFreeAgentAtOnce(t *testing.T) {
	for _, side := range []string{"agent", "caller"} {
		inRoom(t, func(r *room) {
			r.sounds.slowly = 300 * time.Millisecond
			r.logIn("anna", "1001")
			caller := r.dial("0123", "8100")
			agent := r.rung()
			agent.answer()
			wait(time.Second)
			if side == "agent" {
				agent.hangUp()
			} else {
				caller.hangUp()
			}
			wait(r.sounds.slowly / 2)
			if got := r.agent("anna").State; got != acd.WrapUp {
				t.Errorf("the %s put down: anna is %s while the sound is taken apart", side, got)
			}
			caller.hangUp()
		})
	}
}

func TestAnAgentWhoLeavesWhileTheSoundIsStillThereHasHungUp(t *testing.T) {
	for name, leave := range map[string]func(*fakeLeg){"hung up": (*fakeLeg).hangUp, "was lost": (*fakeLeg).lose} {
		for range 8 { // whether the journey or the signal is quicker is chance
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller := r.dial("0123", "8100")
				agent := r.rung()
				agent.lingers = true
				agent.answer()
				leave(agent)
				wait(2 * time.Second)
				want := map[string]string{"hung up": sayClosing, "was lost": sayLost}[name]
				if !caller.playedTo(want) || r.agent("anna").State != acd.WrapUp {
					t.Errorf("heard %v, anna is %s", caller.heard, r.agent("anna").State)
				}
				caller.hangUp()
			})
		}
	}
}

func TestAKeyPressedBetweenTheAnswerAndTheConversationCounts(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		agent.answer()
		agent.signal(Signal{Kind: Pressed, Digit: '*'})
		agent.signal(Signal{Kind: Pressed, Digit: '5'})
		if page := r.rung(); page.party.Phone != "1003" {
			t.Errorf("phone %s rings, want the supervisor's", page.party.Phone)
		}
		caller.hangUp()
	})
}

func TestWhileAnAgentHoldsTheCallerHearsMusicAndEveryWarningWhole(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		agent.signal(Signal{Kind: Held})
		synctest.Wait()
		hears(t, caller, "music-default")
		agent.press("*1") // by INFO, which works on hold
		synctest.Wait()
		hears(t, caller, "warning-1")
		agent.signal(Signal{Kind: Resumed})
		agent.signal(Signal{Kind: Held})
		synctest.Wait()
		hears(t, caller, "warning-1")
		wait(11 * time.Second)
		hears(t, caller, "music-default")
		agent.signal(Signal{Kind: Resumed})
		synctest.Wait()
		hears(t, caller)
		caller.hangUp()
		if rec := r.record(); rec.Warnings != 1 || caller.times("warning-1") != 1 {
			t.Errorf("%d warnings counted, %d begun; want one of each", rec.Warnings, caller.times("warning-1"))
		}
	})
}

func hears(t *testing.T, l *fakeLeg, want ...string) {
	t.Helper()
	if got := l.hears(); !slices.Equal(got, want) {
		t.Errorf("%s hears %v, want %v", l.party.ID, got, want)
	}
}

func TestAHoldFromTheFirstMomentIsServed(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		agent.signal(Signal{Kind: Held}) // before the answer is looked at
		agent.answer()
		synctest.Wait()
		hears(t, caller, "music-default")
		caller.hangUp()
	})
}

func TestGainsAreRightAfterEveryMixtureOfStepBackHoldAndWarning(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		want := func(when string, toAgent, toCaller float64, stepped bool) {
			t.Helper()
			if got := r.sounds.ear(agent).stepBack; got != stepped {
				t.Errorf("%s: stepped back %v, want %v", when, got, stepped)
			}
			if a, c := r.sounds.gain(agent, caller), r.sounds.gain(caller, agent); a != toAgent || c != toCaller {
				t.Errorf("%s: caller toward agent %v dB, agent toward caller %v dB; want %v and %v", when, a, c, toAgent, toCaller)
			}
		}
		wait(11 * time.Second)
		agent.press("*96")
		synctest.Wait()
		want("stepped back", 0, 0, true)
		agent.press("*1")
		synctest.Wait()
		want("in the warning", -20, media.Mute, false)
		agent.signal(Signal{Kind: Held})
		agent.signal(Signal{Kind: Resumed})
		synctest.Wait()
		want("held and resumed in the warning", -20, media.Mute, false)
		wait(11 * time.Second)
		want("after the warning", 0, 0, true)
		r.warn(caller, agent)
		agent.press("*96")
		synctest.Wait()
		want("step-back ended in the second warning", -20, media.Mute, false)
		wait(11 * time.Second)
		want("after the second warning", 0, 0, false)
		caller.hangUp()
	})
}

func TestAWarningThatCannotBeSpokenDoesNotCount(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		id := r.view().ID
		r.x.Post(id, func(c *Call) { c.talk.playPrompt("no-such-prompt") })
		wait(time.Second)
		agent.press("*1")
		wait(time.Second)
		caller.hangUp()
		rec := r.record()
		if !noted(rec, "prompt.cut", "no-such-prompt") || rec.Warnings != 0 || r.count("prompts_missing_total") != 1 {
			t.Errorf("steps %v, %d warnings", stepNames(rec), rec.Warnings)
		}
	})
}

func TestAWarningCutByTheCallersHoldIsPlayedAgainAsTheSame(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.warn(caller, agent)
		wait(time.Second)
		caller.mu.Lock()
		playing := caller.playing
		caller.mu.Unlock()
		playing.end(false) // what the sound does when the party cannot be sent to
		wait(time.Second)
		r.warn(caller, agent)
		wait(11 * time.Second)
		caller.hangUp()
		rec := r.record()
		if rec.Warnings != 1 || caller.times("warning-1") != 2 || caller.times("warning-2") != 0 {
			t.Errorf("%d warnings; heard %v", rec.Warnings, caller.heard)
		}
		if got := stages(rec); got != "W1 CALM W1 OBS1 ENDED" {
			t.Errorf("stages %s", got)
		}
	})
}

func TestWordsFromBeforeTheEndOfAWarningDoNotOpenTheNext(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		agent.press("*1")
		for caller.hears() != nil { // the caller shouts through the warning …
			caller.speak(100 * time.Millisecond)
			wait(100 * time.Millisecond)
		}
		caller.speak(900 * time.Millisecond) // … and the last of it is published after its end
		wait(15 * time.Second)
		agent.press("*1")
		wait(time.Second)
		if caller.playedTo("warning-2") || !agent.playedTo("refused-customer-silent") {
			t.Errorf("the caller has said nothing since; the agent heard %v", agent.heard)
		}
		caller.hangUp()
	}, func(p *Plan, _ *acd.Plan) { p.Protect.CustomerSpeech = 500 * time.Millisecond })
}

func TestAnAccountThatComesLateDoesNotMoveWordsBehindAWarning(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		caller.lastAccount()
		agent.press("*1")
		caller.speak(4 * time.Second)
		wait(13 * time.Second) // the warning is over, and more than a second has passed
		caller.renewAccount()
		wait(11 * time.Second)
		agent.press("*1")
		wait(time.Second)
		if caller.playedTo("warning-2") || !agent.playedTo("refused-customer-silent") {
			t.Errorf("all was said before the warning ended; the agent heard %v", agent.heard)
		}
		caller.hangUp()
	})
}

func TestAPermitThatWasUsedIsNotCountedAsUnused(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(caller, agent *fakeLeg)
		unused uint64
	}{
		"used":             {func(_, agent *fakeLeg) { agent.press("*3") }, 0},
		"used by on-hook":  {func(_, agent *fakeLeg) { agent.hangUp() }, 0},
		"left to lapse":    {func(_, _ *fakeLeg) { wait(181 * time.Second) }, 1},
		"given back":       {func(_, agent *fakeLeg) { agent.press("*2") }, 1},
		"the caller left":  {func(caller, _ *fakeLeg) { caller.hangUp() }, 0},
		"became a crisis":  {func(_, agent *fakeLeg) { agent.press("*97") }, 1},
		"used, taken back": {func(_, agent *fakeLeg) { agent.press("*3*2") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.permitted("8100")
				c.do(caller, agent)
				wait(time.Second)
				if got := r.count("protect_permit_unused_total"); got != c.unused {
					t.Errorf("counted %d unused permits, want %d", got, c.unused)
				}
				caller.hangUp()
			})
		})
	}
}

func TestAPermitLapsesOnTime(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.permitted("8100")
		if got := r.view().Stage; got != protect.Permit.String() {
			t.Fatalf("stage %s, want PERMIT", got)
		}
		wait(180 * time.Second)
		if got := r.view().Stage; got != protect.Obs2.String() {
			t.Errorf("stage %s 180 s later, want OBS2", got)
		}
		agent.press("*3")
		wait(time.Second)
		if !agent.playedTo("refused-no-permit") || !caller.up() {
			t.Error("a permit that lapsed still ends the call")
		}
		caller.hangUp()
	})
}

func TestAKeyFloodFillsNoRecord(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		for range mostSteps {
			agent.press("**")
		}
		caller.hangUp()
		rec := r.record()
		if len(rec.Steps) > mostSteps+1 || rec.Steps[len(rec.Steps)-1].Name != "steps.unnoted" {
			t.Errorf("%d steps, the last is %s", len(rec.Steps), rec.Steps[len(rec.Steps)-1].Name)
		}
	})
}
