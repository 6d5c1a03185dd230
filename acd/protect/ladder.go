package protect

import "time"

// Cooldown levels.
const (
	restNone = iota
	restAfterWarning
	restAfterPermit
	restAfterWorst
)

// Ladder is the state machine of one call's conversation with one agent. The
// call's goroutine owns it; it has no clock.
type Ladder struct {
	policy   Policy
	limits   Limits
	answered time.Time
	now      time.Time // as far as the ladder has come

	stage    Stage
	since    time.Time // when the stage began, or was last renewed
	warnings warnings
	strike   time.Time // when the one-strike key was pressed; zero = not, or confirmed
	help     help
	ending   Action // of FAREWELL: what ends the call

	playing  bool // a prompt of ours is playing to the caller
	agentOff bool // the agent's leg is gone
	worst    bool // CRISIS was entered: the rest is the longest
	shielded bool // the call as a whole stays out of the agent's figures

	out []Action
}

// warnings is what the ladder remembers of them. The count is never forgotten.
type warnings struct {
	completed int
	ended     time.Time     // when the last one ended; before the first: the answer
	spoken    time.Duration // caller speech since then
	from      Stage         // where one that is not completed goes back to
	spent     bool          // the permit they earned lapsed or was given back: one more is needed
}

// help is how the wish for a supervisor stands.
type help struct {
	asked  time.Time // zero = no page is out
	missed bool      // counted already
	here   bool      // a supervisor joined
}

// New starts a ladder at the moment the agent answered.
func New(p Policy, l Limits, answered time.Time) *Ladder {
	ladder := &Ladder{
		policy:   p.WithDefaults(),
		limits:   l,
		answered: answered,
		now:      answered,
		since:    answered,
		warnings: warnings{completed: max(l.Warnings, 0), ended: answered},
		shielded: l.Warnings > 0 || l.Crisis,
		worst:    l.Crisis,
	}
	if l.Crisis {
		ladder.stage = Crisis
	}
	return ladder
}

// Stage is where the ladder stands.
func (l *Ladder) Stage() Stage { return l.stage }

// Since is when the stage began, or was last renewed: what its clocks count from.
func (l *Ladder) Since() time.Time { return l.since }

// Warnings completed in this call, those before this conversation included.
func (l *Ladder) Warnings() int { return l.warnings.completed }

// Supervised tells whether the agent asked for a supervisor or one joined.
func (l *Ladder) Supervised() bool { return l.help.here || !l.help.asked.IsZero() }

// Protected tells whether this call is shielded as a whole from agent figures: a
// warning, one strike, a crisis or a lost agent. It never becomes false again.
func (l *Ladder) Protected() bool { return l.shielded }

// Rest is the cooldown level earned so far, should the call end now by the caller.
func (l *Ladder) Rest() int {
	switch {
	case l.worst:
		return restAfterWorst
	case l.ending.Rest > 0:
		return l.ending.Rest
	case l.warnings.completed > 0:
		return restAfterWarning
	}
	return restNone
}

// Step tells the ladder what happened and gets what to do. It is idempotent for
// repeated keys: a second press in the same stage changes nothing but may Refuse.
// What only time does is caught up first, so that a late Tick makes no difference.
func (l *Ladder) Step(now time.Time, o Observation) []Action {
	l.out = nil
	l.catchUp(now)
	l.see(o)
	l.catchUp(now)
	return l.out
}

// Next is when the ladder wants a Tick; zero = never.
func (l *Ladder) Next() time.Time {
	at, _ := l.due()
	return at
}

// catchUp does everything that was due until now, each thing at its own time.
func (l *Ladder) catchUp(now time.Time) {
	for {
		at, act := l.due()
		if at.IsZero() || at.After(now) {
			break
		}
		l.now = later(l.now, at)
		act()
	}
	l.now = later(l.now, now)
}

// due is the earliest thing that time alone will do.
func (l *Ladder) due() (at time.Time, act func()) {
	sooner := func(t time.Time, f func()) {
		if at.IsZero() || t.Before(at) {
			at, act = t, f
		}
	}
	switch l.stage {
	case Elevated:
		sooner(l.since.Add(l.policy.Elevated), func() { l.enter(Calm) })
	case Obs1:
		sooner(l.since.Add(l.policy.Calm), func() { l.enter(Calm) })
	case Obs2:
		if l.earned() {
			sooner(l.warnings.ended.Add(l.policy.MinGap), l.openPermit)
		}
		sooner(l.since.Add(l.policy.Calm), func() { l.enter(Calm) })
	case Permit:
		sooner(l.since.Add(l.policy.PermitTTL), func() { l.giveBack(Obs2) })
	case Crisis, Over:
		return time.Time{}, nil
	case Calm, W1, W2, Farewell: // time does nothing to these
	}
	if !l.help.asked.IsZero() && !l.help.missed {
		sooner(l.help.asked.Add(l.policy.AssistMissed), func() {
			l.help.missed = true
			l.do(CountAssistMissed)
		})
	}
	return at, act
}

// earned tells whether only time is between OBS2 and a permit.
func (l *Ladder) earned() bool {
	w := l.warnings
	return w.completed >= 2 && !w.spent && w.spoken >= l.policy.CustomerSpeech
}

func (l *Ladder) openPermit() {
	l.enter(Permit)
	l.do(PermitOpened)
}

// giveBack leaves a permit, or its use, without an ending: it lapsed, or the agent
// forgave. One more warning must be completed before the next permit.
func (l *Ladder) giveBack(to Stage) {
	l.warnings.spent = true
	l.ending = Action{}
	l.enter(to)
}

// enter changes the stage and leaves behind what belonged to the old one.
func (l *Ladder) enter(s Stage) {
	if l.playing {
		l.playing = false
		l.do(StopPrompt)
	}
	if l.stage == Permit {
		l.do(PermitClosed)
	}
	l.stage, l.since, l.strike = s, l.now, time.Time{}
	l.act(Action{Do: Enter, Stage: s})
}

func (l *Ladder) play(prompt string) {
	l.playing = true
	l.act(Action{Do: PlayPrompt, Prompt: prompt})
}

func (l *Ladder) refuse(why string) { l.act(Action{Do: Refuse, Why: why}) }

func (l *Ladder) do(d Do) { l.act(Action{Do: d}) }

func (l *Ladder) act(a Action) { l.out = append(l.out, a) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
