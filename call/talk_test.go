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
		if got := r.view().Phase; !caller.up() || got != "waiting" {
			t.Errorf("the caller, who talked to nobody, is up %v and %s; want waiting again", caller.up(), got)
		}
		r.logIn("ben", "1002")
		r.rung().answer()
		wait(time.Second)
		caller.hangUp()
	})
}

func TestAnAgentWhoLeavesWhileTheSoundIsStillThereHasHungUp(t *testing.T) {
	for name, leave := range map[string]func(*fakeLeg){"hung up": (*fakeLeg).hangUp, "was lost": (*fakeLeg).lose} {
		t.Run(name, func(t *testing.T) {
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
		})
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
		want := func(when string, toAgent, toCaller float64) {
			t.Helper()
			if a, c := r.sounds.gain(caller), r.sounds.gain(agent); a != toAgent || c != toCaller {
				t.Errorf("%s: caller toward agent %v dB, agent toward caller %v dB; want %v and %v", when, a, c, toAgent, toCaller)
			}
		}
		wait(11 * time.Second)
		agent.press("*96")
		synctest.Wait()
		want("stepped back", -6, 0)
		agent.press("*1")
		synctest.Wait()
		want("in the warning", -20, media.Mute)
		agent.signal(Signal{Kind: Held})
		agent.signal(Signal{Kind: Resumed})
		synctest.Wait()
		want("held and resumed in the warning", -20, media.Mute)
		wait(11 * time.Second)
		want("after the warning", -6, 0)
		r.warn(caller, agent)
		agent.press("*96")
		synctest.Wait()
		want("step-back ended in the second warning", -20, media.Mute)
		wait(11 * time.Second)
		want("after the second warning", 0, 0)
		caller.hangUp()
	})
}

func TestATransferWaitsForTheEndOfAnAnnouncement(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		agent.press("*1")
		wait(time.Second)
		agent.signal(Signal{Kind: Asked, Target: "1002"})
		synctest.Wait()
		if !agent.up() || !agent.playedTo("refused-speaking") {
			t.Fatalf("agent up %v, heard %v; want the transfer refused in words", agent.up(), agent.heard)
		}
		hears(t, caller, "warning-1")
		wait(11 * time.Second)
		agent.signal(Signal{Kind: Asked, Target: "1002"})
		next := r.rung()
		if agent.up() || next.party.Phone != "1002" {
			t.Errorf("agent up %v, rang %s", agent.up(), next.party.Phone)
		}
		next.answer()
		synctest.Wait()
		next.hangUp()
		if rec := r.record(); rec.Cause.Metric != CauseTransferred || rec.Warnings != 1 {
			t.Errorf("cause %s with %d warnings, want a transferred call with the one it had", rec.Cause.Metric, rec.Warnings)
		}
	})
}

func TestATransferToAQueueKeepsTheAgeAndTheWarnings(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.warned("8100", 1)
		agent.signal(Signal{Kind: Asked, Target: "8200"})
		synctest.Wait()
		r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
		r.logIn("ben", "1002")
		next := r.rung()
		next.answer()
		wait(11 * time.Second)
		caller.speak(4 * time.Second)
		wait(2 * time.Second)
		next.press("*1")
		wait(time.Second)
		if !caller.playedTo("warning-2") {
			t.Error("the next warning after a transfer is the second")
		}
		caller.hangUp()
		rec := r.record()
		if got := talked(rec); !slices.Equal(got, []string{"anna", "ben"}) {
			t.Errorf("talked with %v", got)
		}
		if caller.times(sayNotice) != 1 {
			t.Error("the notice is given once a call")
		}
	})
}

func TestATransferIsRefusedWhereNobodyMayBeSentOn(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		before string // keys
		target string
	}{
		"in a crisis":                {"8100", "*97", "1002"},
		"in an emergency queue":      {"8800", "", "1002"},
		"to a number that is not":    {"8100", "", "4711"},
		"to nothing":                 {"8100", "", ""},
		"to a feature code":          {"8100", "", "*12"},
		"to the world outside of us": {"8100", "", "004930123"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.talking(c.number)
				agent.press(c.before)
				agent.signal(Signal{Kind: Asked, Target: c.target})
				wait(time.Second)
				if !agent.up() || !agent.playedTo("refused-not-possible") {
					t.Errorf("agent up %v, heard %v", agent.up(), agent.heard)
				}
				caller.hangUp()
				if !noted(r.record(), "transfer.refused", c.target) {
					t.Error("the refusal does not stand in the record")
				}
			})
		})
	}
}

func TestACallerWhoAsksForATransferIsNotServed(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		caller.signal(Signal{Kind: Asked, Target: "1002"})
		wait(time.Second)
		if !agent.up() || !caller.up() {
			t.Error("the caller's phone has moved the call")
		}
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

func TestABookmarkSaysWhetherItFoundARecording(t *testing.T) {
	for name, recorded := range map[string]bool{"recorded": true, "not recorded": false} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				if recorded {
					r.sounds.record()
				}
				r.logIn("anna", "1001")
				caller, agent := r.talking("8100")
				wait(90 * time.Second)
				agent.press("*98")
				wait(time.Second)
				if agent.playedTo(toneConfirm) != recorded || agent.playedTo(toneBeep) == recorded {
					t.Errorf("the agent heard %v", agent.heard)
				}
				caller.hangUp()
				rec := r.record()
				want := "no recording"
				if recorded {
					want = "30.2-90.2 s of " + rec.ID + ".wav"
				}
				if !noted(rec, "bookmark.evidence", want) {
					t.Errorf("steps %+v, want a bookmark %q", rec.Steps, want)
				}
			})
		})
	}
}

func TestARecordingStoppedAndBegunAgainIsTwoFiles(t *testing.T) {
	inRoom(t, func(r *room) {
		r.sounds.record()
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(time.Second)
		agent.signal(Signal{Kind: Asked, Target: "8200"}) // not recorded
		synctest.Wait()
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		agent = r.rung()
		agent.answer()
		wait(time.Second)
		agent.signal(Signal{Kind: Asked, Target: "8100"})
		synctest.Wait()
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		r.rung().answer()
		wait(time.Second)
		caller.hangUp()
		rec := r.record()
		if len(rec.Recordings) != 2 || rec.Recordings[0] == rec.Recordings[1] {
			t.Errorf("recordings %v, want two files", rec.Recordings)
		}
	}, func(p *Plan, _ *acd.Plan) {
		m := p.Queues["gentle"]
		m.Record = RecordNever
		p.Queues["gentle"] = m
	})
}

func TestAnAgentWhoseSoundCannotBeJoinedIsReplaced(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		r.sounds.unjoinable(1)
		caller := r.dial("0123", "8100")
		first := r.rung()
		first.answer()
		second := r.rung()
		if first.up() {
			t.Error("the first agent sits in a call without sound")
		}
		second.answer()
		wait(10 * time.Second)
		if !caller.up() || len(r.view().Agent) == 0 {
			t.Error("the caller talks to nobody")
		}
		caller.hangUp()
	})
}

func TestACallWithoutAnySoundIsGivenUpAfterThreeAgents(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		r.sounds.unjoinable(100)
		r.dial("0123", "8100")
		for range mostUnjoined {
			r.rung().answer()
		}
		if rec := r.record(); rec.Cause.By != ByUs || len(rec.Attempts) != mostUnjoined {
			t.Errorf("cause %+v after %d attempts", rec.Cause, len(rec.Attempts))
		}
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
