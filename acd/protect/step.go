package protect

import "time"

// see is the state table of protection.md §1.2, by what happened.
func (l *Ladder) see(o Observation) {
	if o.Kind.IsKey() {
		l.key(o.Kind)
		return
	}
	if l.stage == Over {
		return
	}
	switch o.Kind {
	case PromptEnded:
		l.promptEnded(o.Complete)
	case Spoke:
		l.warnings.spoken += max(o.Spoken, 0)
	case Hint:
		l.hint()
	case SupervisorIn:
		l.help = help{here: true}
	case SupervisorOut:
		l.help = help{}
		if l.stage == Crisis {
			l.enter(Calm)
		}
	case SupervisorLeft:
		l.help.here = false
	case OnHook:
		l.onHook()
	case AgentLost:
		l.agentLost()
	case CallerGone:
		l.callerGone()
	default: // Tick: catchUp did it
	}
}

// key judges what the agent pressed. A leg that is gone presses nothing.
func (l *Ladder) key(k Seen) {
	if l.agentOff {
		return
	}
	if l.stage == Over {
		l.refuse(WhyOver)
		return
	}
	if l.stage == Obs1 || l.stage == Obs2 {
		l.since = l.now // any key shows that it is not calm yet
	}
	if k == KeyConfirm {
		l.confirm()
		return
	}
	l.strike = time.Time{} // any other key takes the one-strike key back
	switch k {
	case KeyWarn:
		l.warn()
	case KeySettled:
		l.settled()
	case KeyEnd:
		l.end()
	case KeyOneStrike:
		l.oneStrike()
	case KeyAssist:
		l.assist()
	case KeyStepBack:
		l.do(ToggleStepBack)
	case KeyCrisis:
		l.crisis()
	case KeyBookmark:
		if !l.limits.Notice {
			l.refuse(WhyNoticeMissing)
			return
		}
		l.do(BookmarkAudio)
	case KeyCompliment:
		l.do(BookmarkThanks)
	default:
		l.refuse(WhyUnknownKey)
	}
}

// warn plays the next warning; the ladder counts, whichever code was pressed.
func (l *Ladder) warn() {
	switch l.stage {
	case W1, W2, Farewell:
		l.refuse(WhySpeaking)
		return
	case Crisis:
		l.refuse(WhyCrisis)
		return
	case Permit:
		l.refuse(WhyPermitOpen)
		return
	case Calm, Elevated, Obs1, Obs2, Over:
	}
	first := l.warnings.completed == 0
	if why := l.tooEarly(first); why != "" {
		l.refuse(why)
		return
	}
	l.warnings.from, l.shielded = l.stage, true
	switch {
	case first:
		l.enter(W1)
		l.play(PromptWarning1)
	case l.limits.Emergency:
		l.enter(W2)
		l.play(PromptWarning2Emergency)
	default:
		l.enter(W2)
		l.play(PromptWarning2)
	}
}

// tooEarly is the gate before a warning: the caller must have had the time and
// the word since the last one.
func (l *Ladder) tooEarly(first bool) string {
	switch {
	case l.now.Sub(l.answered) < l.policy.AfterAnswer:
		return WhyTooSoon
	case first:
		return ""
	case l.now.Sub(l.warnings.ended) < l.policy.MinGap:
		return WhyTooSoon
	case l.warnings.spoken < l.policy.CustomerSpeech:
		return WhyCustomerSilent
	}
	return ""
}

// promptEnded counts a warning that was heard to its end, and ends a farewell.
func (l *Ladder) promptEnded(complete bool) {
	if !l.playing {
		return
	}
	l.playing = false
	switch {
	case l.stage == Farewell: // also when it could not be played: the agent has decided
		l.finish(l.ending)
	case !complete:
		l.enter(l.warnings.from)
	default:
		l.warnings = warnings{completed: l.warnings.completed + 1, ended: l.now}
		if l.stage == W1 {
			l.enter(Obs1)
		} else {
			l.enter(Obs2)
		}
	}
}

// settled: the agent says that it is good again. The count of warnings stays.
func (l *Ladder) settled() {
	switch l.stage {
	case Obs1, Obs2:
		l.enter(Calm)
	case Permit:
		l.giveBack(Calm)
	case Farewell:
		l.giveBack(Obs2)
	case W1, W2: // the caller hears the warning out, or it would not count
		l.refuse(WhySpeaking)
		return
	case Crisis:
		l.refuse(WhyCrisis)
		return
	case Calm, Elevated, Over: // it is already
	}
	l.do(Confirmed)
}

func (l *Ladder) end() {
	switch l.stage {
	case Permit:
		l.farewell(PromptFarewell, Action{Cause: CauseProtectedDisconnect, Rest: restAfterPermit})
	case Farewell:
		l.refuse(WhySpeaking)
	case Crisis:
		l.refuse(WhyCrisis)
	default:
		l.refuse(WhyNoPermit)
	}
}

func (l *Ladder) oneStrike() {
	switch {
	case l.stage == Crisis:
		l.refuse(WhyCrisis)
	case l.limits.Emergency:
		l.refuse(WhyEmergency)
	case l.stage == Farewell:
		l.refuse(WhySpeaking)
	default:
		l.strike = l.now
		l.do(Confirmed)
	}
}

// confirm is '#'. It means something only after the one-strike key.
func (l *Ladder) confirm() {
	asked := l.strike
	l.strike = time.Time{}
	if asked.IsZero() || l.now.Sub(asked) > l.policy.Confirm {
		return
	}
	l.shielded = true
	l.farewell(PromptOneStrike, Action{Cause: CauseOneStrike, Rest: restAfterWorst})
}

// farewell is the only way to a disconnection. In an emergency queue it leads to
// the supervisor instead.
func (l *Ladder) farewell(prompt string, ending Action) {
	l.ending = ending
	if l.limits.Emergency {
		l.enter(Over)
		l.act(Action{Do: ToSupervisor, Why: WhyEmergency, Cause: CauseTransferred, Rest: l.Rest()})
		return
	}
	l.enter(Farewell)
	l.play(prompt)
}

func (l *Ladder) assist() {
	switch {
	case l.stage == Crisis: // never cancelled: only a supervisor ends a crisis
		l.page(WhyCrisis)
	case l.help.here:
		l.do(Confirmed)
	case l.help.asked.IsZero():
		l.help = help{asked: l.now}
		l.page(WhyAssist)
	default:
		l.help = help{}
		l.do(CancelPage)
	}
}

func (l *Ladder) crisis() {
	if l.stage != Crisis {
		l.worst, l.shielded = true, true
		l.ending = Action{}
		l.help = help{here: l.help.here} // the page is for the crisis now
		l.enter(Crisis)
	}
	l.page(WhyCrisis)
}

func (l *Ladder) page(why string) { l.act(Action{Do: PageSupervisor, Why: why}) }

// hint is the meter's. It tells the agent and keeps the ladder watchful, no more.
func (l *Ladder) hint() {
	if !l.limits.Hint {
		return
	}
	switch l.stage {
	case Calm:
		l.enter(Elevated)
		l.do(AgentHint)
	case Elevated, Obs1, Obs2:
		l.since = l.now
	case W1, W2, Permit, Farewell, Over, Crisis:
	}
}
