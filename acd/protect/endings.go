package protect

// onHook judges the agent's own hang-up by stage: only a permit makes it an
// ending for the caller.
func (l *Ladder) onHook() {
	l.agentOff = true
	switch {
	case l.stage == Crisis || l.limits.Emergency:
		l.rescue(CauseAgentFinished, l.restUnlessCalm())
	case l.stage == Permit:
		l.end()
	case l.stage == Farewell: // it plays on without the agent
	default:
		l.finish(Action{Do: CloseCall, Cause: CauseAgentFinished, Rest: l.restUnlessCalm()})
	}
}

// agentLost brings the caller back, with what the agent has earned so far. An
// ending that the agent has chosen is played on: the leg is merely down earlier.
func (l *Ladder) agentLost() {
	l.agentOff = true
	l.shielded = true
	if l.stage == Farewell {
		return
	}
	l.rescue(CauseAgentLost, l.Rest())
}

// callerGone: a warning that was completed before makes it the caller's answer.
func (l *Ladder) callerGone() {
	switch {
	case l.stage == Farewell:
		l.finish(l.ending)
	case l.warnings.completed > 0:
		l.finish(Action{Cause: CauseCustomerAfterWarning, Rest: l.Rest()})
	default:
		l.finish(Action{Cause: CauseCallerEnded, Rest: l.Rest()})
	}
}

// restUnlessCalm is the rest after a conversation that the agent finished: only a
// crisis earns one.
func (l *Ladder) restUnlessCalm() int {
	if l.worst {
		return restAfterWorst
	}
	return restNone
}

// rescue gives the caller back to the queue; where nobody may be left alone a
// supervisor is called too.
func (l *Ladder) rescue(cause string, rest int) {
	why := ""
	switch {
	case l.stage == Crisis:
		why = WhyCrisis
	case l.limits.Emergency:
		why = WhyEmergency
	default:
		l.dropPage()
	}
	l.enter(Over)
	l.act(Action{Do: Rescue, Why: why, Cause: cause, Rest: rest})
	if why != "" {
		l.page(why)
	}
}

// finish ends the conversation with a, by default with BYE to both.
func (l *Ladder) finish(a Action) {
	if a.Do == 0 {
		a.Do = EndCall
	}
	a.Rest = max(a.Rest, l.restUnlessCalm())
	l.dropPage()
	l.enter(Over)
	l.act(a)
}

// dropPage calls off a supervisor who is not needed any more.
func (l *Ladder) dropPage() {
	if !l.help.asked.IsZero() {
		l.do(CancelPage)
	}
	l.help = help{here: l.help.here}
}
