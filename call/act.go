package call

import (
	"strconv"

	"breakwater/acd/protect"
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
		t.tell(toneBeep, "refused-"+hyphens(a.Why))
	case protect.Confirmed:
		t.tell(toneConfirm)
	case protect.PermitOpened:
		c.account.step("permit.opened", "")
		t.tell(tonePermit)
	case protect.PermitClosed:
		c.account.step("permit.closed", "")
		c.x.tally.Add("protect_permit_unused_total")
	case protect.AgentHint:
		c.account.step("hint", a.Why)
	case protect.ToggleStepBack:
		t.step = !t.step
		c.account.step("step-back", strconv.FormatBool(t.step))
		t.gains()
	case protect.PageSupervisor:
		c.account.step("page", a.Why)
		t.callSupervisor(a.Why)
	case protect.CancelPage:
		t.cancelPage()
	case protect.BookmarkAudio:
		c.bookmark("bookmark.evidence")
	case protect.BookmarkThanks:
		c.bookmark("bookmark.thanks")
		c.x.tally.Add("compliments_total")
	case protect.CountAssistMissed:
		c.account.step("assist.missed", "")
		c.x.tally.Add("protect_assist_missed_total")
	case protect.Enter:
		t.entered(a.Stage)
	case protect.EndCall, protect.ToSupervisor, protect.CloseCall, protect.Rescue:
		t.leave(a)
	}
}

// leave ends the conversation in the way the ladder chose.
func (t *talk) leave(a protect.Action) {
	end := talkEnd{cause: a.Cause, rest: a.Rest}
	switch a.Do {
	case protect.CloseCall:
		end.kind = endClosing
	case protect.Rescue:
		end.kind = endRescue
		if a.Cause == CauseAgentLost {
			end.kind = endLost
		}
	case protect.ToSupervisor:
		end.kind = endRescue
		t.c.account.step("to-supervisor", a.Why)
	default:
		end.kind = endPolicy
		t.c.x.tally.Add("protect_disconnects_total", "cause", a.Cause) // the caller's own end never comes here
	}
	t.finish(end)
}

// entered notes a new stage of the ladder.
func (t *talk) entered(s protect.Stage) {
	if s != protect.Over {
		t.c.crisis = s == protect.Crisis
	}
	t.c.account.step("protect."+s.String(), "")
	v := *t.c.view.Load()
	v.Stage = s.String()
	t.c.view.Store(&v)
}

// playPrompt speaks a machine-played warning to the caller: the agent is muted to
// the caller and hears the caller 20 dB softer until it has ended.
func (t *talk) playPrompt(id string) {
	c := t.c
	c.account.step("prompt.start", id)
	if t.prompt != nil {
		t.prompt.Stop()
	}
	said := c.sayTo(c.caller, c.lang, id)
	t.prompt = said
	t.gains()
	when(c, said.Done(), func(struct{}) {
		if t.prompt != said || c.talk != t {
			return // stopped or replaced meanwhile
		}
		t.prompt = nil
		t.gains()
		c.account.step("prompt.end", id)
		t.observe(protect.Observation{Kind: protect.PromptEnded, Complete: said.Complete()})
	})
}

// stopPrompt ends a warning at once; the caller hears the agent again.
func (t *talk) stopPrompt() {
	if t.prompt == nil {
		return
	}
	p := t.prompt
	t.prompt = nil
	p.Stop()
	t.c.account.step("prompt.stop", "")
	t.gains()
}

func hyphens(why string) string {
	b := []byte(why)
	for i := range b {
		if b[i] == '_' {
			b[i] = '-'
		}
	}
	return string(b)
}
