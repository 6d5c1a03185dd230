package call

import (
	"strconv"
	"strings"
	"time"

	"breakwater/acd/protect"
	"breakwater/media"
)

// carryOut does one thing the ladder asks for. It never waits: a prompt's end comes
// back as an observation.
func (t *talk) carryOut(a protect.Action) {
	c := t.c
	switch a.Do {
	case protect.PlayPrompt:
		t.playPrompt(a.Prompt)
	case protect.StopPrompt:
		t.stopPrompt()
	case protect.Refuse:
		c.account.step("refused", a.Why)
		t.tell(toneBeep, "refused-"+strings.ReplaceAll(a.Why, "_", "-"))
	case protect.Confirmed:
		t.tell(toneConfirm)
	case protect.PermitOpened:
		t.permit = true
		c.account.step("permit.opened", "")
		t.tell(tonePermit)
	case protect.PermitClosed:
		c.account.step("permit.closed", "")
	case protect.AgentHint:
		c.account.step("hint", a.Why)
		c.x.tally.Add("det_hints_total")
		t.tell("hint-step-back")
	case protect.ToggleStepBack:
		t.step = !t.step
		c.account.step("step-back", strconv.FormatBool(t.step))
		t.gains()
	case protect.PageSupervisor:
		c.account.step("page", a.Why)
		t.callSupervisor(a.Why)
		t.tell(toneConfirm)
	case protect.CancelPage:
		c.account.step("page.cancel", "")
		if !t.ended() { // else close sees to it
			t.cancelPage()
		}
	case protect.BookmarkAudio:
		t.mark("bookmark.evidence")
	case protect.BookmarkThanks:
		t.mark("bookmark.thanks")
		c.x.tally.Add("compliments_total")
	case protect.CountAssistMissed:
		c.account.step("assist.missed", "")
		c.x.tally.Add("protect_assist_missed_total")
		t.tell("assist-missed")
	case protect.Enter:
		t.entered(a.Stage)
	case protect.EndCall, protect.ToSupervisor, protect.CloseCall, protect.Rescue:
		t.leave(a)
	}
}

// mark sets a bookmark and tells the agent whether there is a recording to find it in.
func (t *talk) mark(name string) {
	if t.c.bookmark(name) {
		t.tell(toneConfirm)
		return
	}
	t.tell(toneBeep)
}

// leave ends the conversation in the way the ladder chose.
func (t *talk) leave(a protect.Action) {
	end := talkEnd{kind: endPolicy, cause: a.Cause, rest: a.Rest, why: a.Why}
	switch {
	case a.Do == protect.CloseCall:
		end.kind = endClosing
	case a.Do == protect.Rescue && a.Cause == CauseAgentLost:
		end.kind = endLost
	case a.Do == protect.Rescue:
		end.kind = endRescue
	case a.Do == protect.ToSupervisor:
		end.kind = endRescue
		t.c.account.step("to-supervisor", a.Why)
	}
	t.finish(end)
}

// entered notes a new stage of the ladder, as of when its clocks began: a record says how long
// a stage has lasted, not how long it took to write that down.
func (t *talk) entered(s protect.Stage) {
	if t.permit && s != protect.Farewell && s != protect.Over { // it lapsed, or was given back
		t.c.x.tally.Add("protect_permit_unused_total")
	}
	t.permit = false // PermitOpened follows the stage
	if s != protect.Over {
		t.c.story.crisis = s == protect.Crisis
	}
	t.c.account.stepAt(t.ladder.Since(), "protect."+s.String(), "")
	t.c.stage(s)
}

// stage shows the ladder's stage to the outside.
func (c *Call) stage(s protect.Stage) {
	v := *c.view.Load()
	v.Stage = s.String()
	c.view.Store(&v)
}

// speech is a prompt of the ladder being spoken.
type speech struct {
	Playback
	id string
}

// playPrompt speaks a machine-played warning to the caller: the agent is muted to
// the caller and hears the caller 20 dB softer until it has ended. Music of a hold
// gives way to it.
func (t *talk) playPrompt(id string) {
	c := t.c
	t.stopPrompt()
	c.account.step("prompt.start", id)
	tail := time.Duration(0)
	if id == protect.PromptFarewell || id == protect.PromptOneStrike {
		tail = lastWords
	}
	said := &speech{c.speak(c.caller, c.story.language, tail, id), id}
	t.prompt = said
	t.gains()
	t.holdMusic()
	when(c, said.Done(), func(struct{}) {
		if t.prompt != said || c.talk != t {
			return // stopped or replaced meanwhile
		}
		t.prompt, t.warned = nil, time.Now()
		t.gains()
		t.holdMusic()
		if said.Complete() {
			c.account.step("prompt.end", id)
		} else {
			c.account.step("prompt.cut", id)
		}
		t.observe(protect.Observation{Kind: protect.PromptEnded, Complete: said.Complete()})
	})
}

// stopPrompt ends a warning at once; the caller hears the agent again.
func (t *talk) stopPrompt() {
	p := t.prompt
	if p == nil {
		return
	}
	t.prompt = nil
	p.Stop()
	t.c.account.step("prompt.stop", p.id)
	t.gains()
	if t.c.talk == t {
		t.holdMusic()
	}
}

// holdMusic plays to the caller while the agent holds, no prompt speaks and no supervisor
// talks with the caller.
func (t *talk) holdMusic() {
	want := t.conv.agent.held && t.prompt == nil && !t.sup.heardByCaller()
	switch {
	case want && t.hold == nil:
		t.hold = t.c.music(t.conv.manners.Music)
	case !want && t.hold != nil:
		t.hold.Stop()
		t.hold = nil
	}
}

const duck = -20.0 // dB, the caller toward the agent while a warning plays

// gains sets how loud the two are for each other now. Stepping back is the hearing
// guard's work, which makes the caller less sharp, too; without a guard it is a gain.
func (t *talk) gains() {
	toAgent, toCaller := 0.0, 0.0
	hearing := t.c.plan.Hearing
	switch {
	case t.prompt != nil:
		toAgent, toCaller = duck, media.Mute
	case t.step && hearing.Off:
		toAgent = hearing.Guard.StepBack.Gain
	}
	t.c.x.parts.Ears.StepBack(t.conv.agent, t.step && t.prompt == nil)
	t.joined.SetGain(t.conv.agent, t.c.caller, toAgent)
	t.joined.SetGain(t.c.caller, t.conv.agent, toCaller)
}
