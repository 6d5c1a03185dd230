package call

import (
	"time"
)

// side is one leg of a call with its account. The call's goroutine owns it.
type side struct {
	Leg
	agent    string
	answered time.Time
	ended    time.Time
	cause    Cause
	gone     bool
	held     bool
}

// listen makes f hear the leg's signals in the call's goroutine, after the side
// itself has noted them.
func (c *Call) listen(s *side, f func(Signal)) {
	s.Listen(func(sig Signal) {
		c.post(func() {
			s.note(sig)
			if sig.Kind == Ended {
				c.account.leg(c, s)
			}
			f(sig)
		})
	})
}

func (s *side) note(sig Signal) {
	switch sig.Kind {
	case Answered:
		s.answered = time.Now()
	case Held:
		s.held = true
	case Resumed:
		s.held = false
	case Ended:
		s.gone, s.ended, s.cause = true, time.Now(), sig.Cause
	case Ringing, Pressed, Asked:
	}
}

// drop hangs the side up, if it is still there, and writes its account: what
// happens on it later is no concern of this call.
func (c *Call) drop(s *side, cause Cause) {
	if s == nil || s.gone {
		return
	}
	s.HangUp(cause)
	s.gone, s.ended, s.cause = true, time.Now(), cause
	c.account.leg(c, s)
	s.Listen(func(Signal) {})
}

// heardCaller is what the caller's leg does outside a conversation. Inside one the
// talk hears it first.
func (c *Call) heardCaller(sig Signal) {
	switch sig.Kind {
	case Pressed:
		if c.talk != nil {
			return // digits of the caller mean nothing to the system while an agent talks
		}
		select {
		case c.digits <- sig.Digit:
		default: // a caller who types ahead more than a menu can hold
		}
	case Ended:
		c.cancel(callerCause(sig.Cause))
	case Held, Resumed:
		c.account.step("caller."+map[bool]string{true: "held", false: "resumed"}[sig.Kind == Held], "")
	case Ringing, Answered, Asked:
	}
}

// callerCause says how the call ended when the caller's leg did.
func callerCause(leg Cause) Cause {
	if leg.By == ByNetwork {
		leg.Metric = CauseNetwork
		return leg
	}
	return Cause{By: ByCaller, Status: leg.Status, Metric: CauseCallerEnded, Text: leg.Text}
}
