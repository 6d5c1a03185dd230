package call

import (
	"slices"
	"testing"
	"time"

	"breakwater/acd"
)

// raises lets the meter find that a voice was raised for some seconds.
func (l *fakeLeg) raises(seconds, hints uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.voice.Seconds += seconds
	l.voice.Raised += seconds
	l.voice.Hints += hints
	l.voice.TalkOvers += hints
	l.voice.Monologues += hints
	l.voice.Sustained += hints
}

func withMeter(p *Plan, _ *acd.Plan) { p.Hearing.Meter.Enabled = true }

func TestLooksOfAllCallsFallOnFewMoments(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]time.Duration{
		0:                      time.Second,
		time.Millisecond:       999 * time.Millisecond,
		199 * time.Millisecond: 801 * time.Millisecond,
		200 * time.Millisecond: time.Second,
	} {
		if got := nextLook(noon.Add(after)); got != want {
			t.Errorf("%v after a look of others: in %v, want %v", after, got, want)
		}
	}
}

func TestAHintIsTheAgentsAndChangesNothingElse(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8100")
		caller.raises(20, 1)
		wait(2 * time.Second)
		if !agent.playedTo("hint-step-back") || r.view().Stage != "ELEVATED" {
			t.Errorf("the agent heard %v, stage %s", agent.heard, r.view().Stage)
		}
		for range 10 { // detector events alone change no media and no tier
			caller.raises(30, 1)
			wait(30 * time.Second)
		}
		r.nobodyRung(time.Second)
		if r.sounds.gain(agent, caller) != 0 || r.sounds.gain(caller, agent) != 0 || r.sounds.ear(agent).stepBack {
			t.Error("a hint has changed the sound")
		}
		if n := agent.times("hint-step-back"); n != 1 {
			t.Errorf("hinted %d times in one raised voice", n)
		}
		wait(61 * time.Second)
		if got := r.view().Stage; got != "CALM" {
			t.Errorf("stage %s a minute after the last hint", got)
		}
		caller.hangUp()
		rec := r.record()
		if rec.Protected || rec.Warnings != 0 || rec.Cause.Metric != CauseCallerEnded || stages(rec) != "ELEVATED CALM ENDED" {
			t.Errorf("protected %v, %d warnings, %s, stages %s", rec.Protected, rec.Warnings, rec.Cause.Metric, stages(rec))
		}
		if i := slices.IndexFunc(caller.heard, func(h string) bool { return h != "notice" && h != "music-default" }); i >= 0 {
			t.Errorf("the caller heard %v", caller.heard)
		}
		if got := r.agent("anna"); got.State != acd.WrapUp || got.Next == acd.Resting {
			t.Errorf("anna is %s, then %s", got.State, got.Next)
		}
		if n, hints := r.count("det_raised_seconds_total"), r.count("det_hints_total"); n != 320 || hints != 1 {
			t.Errorf("%d seconds raised, %d hints", n, hints)
		}
	}, withMeter)
}

func TestAnAgentMayDismissAHint(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		agent.press("*2") // nothing to dismiss
		caller.raises(3, 1)
		wait(3 * time.Second)
		agent.press("*2")
		wait(time.Second)
		if n := r.count("det_hint_dismissed_total"); n != 1 {
			t.Errorf("%d hints dismissed, want 1", n)
		}
		caller.hangUp()
	}, withMeter)
}

func TestNobodyIsMeasuredUnlessTheOperatorSaysSo(t *testing.T) {
	for name, on := range map[string]bool{"as it is": false, "switched on": true} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.talking("8100")
				caller.raises(20, 1)
				wait(2 * time.Second)
				if caller.metered != on || agent.metered || agent.playedTo("hint-step-back") != on {
					t.Errorf("the caller is measured %v, the agent %v; the agent heard %v", caller.metered, agent.metered, agent.heard)
				}
				caller.hangUp()
			}, func(p *Plan, _ *acd.Plan) { p.Hearing.Meter.Enabled = on })
		})
	}
}

func TestWhatWasFoundBeforeTheConversationIsNoHintInIt(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0123", "8100")
		caller.raises(7, 7)
		agent := r.rung()
		agent.answer()
		wait(3 * time.Second)
		if agent.playedTo("hint-step-back") || r.count("det_raised_seconds_total") != 0 {
			t.Errorf("the agent heard %v", agent.heard)
		}
		caller.hangUp()
	}, withMeter)
}
