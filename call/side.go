package call

import (
	"context"
	"slices"
	"time"

	"breakwater/media/guard"
)

// side is one leg of a call with its account. The call's goroutine owns it.
type side struct {
	Leg
	agent    string
	ears     string // of a leg that is no agent's in a queue call: who is logged in there, for the dose alone
	answered time.Time
	ended    time.Time
	cause    Cause
	gone     bool
	held     bool
	holding  time.Time     // since when, while held
	holds    time.Duration // all that are over
	hears    func(Signal)  // who hears it now; nil = nobody
	heard    guard.Account // what the ear had got when it was accounted for last
	told     time.Time     // when that was
	tapped   bool          // its signals come to the inbox
	early    []Signal      // of a leg that was answered and waits for its conversation
	lent     bool          // another call's, which accounts for what its ear gets
}

// mostEarly bounds what somebody can press before anybody listens.
const mostEarly = 32

// waitForTalk keeps what happens on an answered leg for its conversation. Its end is
// noted in any case.
func (s *side) waitForTalk() {
	s.hears = func(sig Signal) {
		if sig.Kind != Ended && len(s.early) < mostEarly {
			s.early = append(s.early, sig)
		}
	}
}

// dial begins to call somebody for this call. Whatever becomes of the journey, the
// leg is down when the call is over.
func (c *Call) dial(ctx context.Context, agent string, t Target) *side {
	t.Call, t.Hops, t.Near = c.ID, c.caller.Party().Hops, c.caller.Port()
	s := &side{agent: agent, Leg: c.x.parts.Dialer.Dial(ctx, t)}
	c.held.sides = append(c.held.sides, s)
	return s
}

// ours takes a leg that was dialled out of those that end with its attempt: it is the
// caller's now.
func (c *Call) ours(s *side) {
	c.held.sides = slices.DeleteFunc(c.held.sides, func(o *side) bool { return o == s })
}

// listen makes f hear the leg's signals in the call's goroutine, after the side
// itself has noted them. Who hears is looked up when the signal is served, not when
// it came: a leg that passes from its ringing to its conversation loses nothing on
// the way.
func (c *Call) listen(s *side, f func(Signal)) {
	s.hears = f
	if s.tapped {
		return
	}
	s.tapped = true
	s.Listen(func(sig Signal) { c.post(func() { c.heard(s, sig) }) })
}

func (c *Call) heard(s *side, sig Signal) {
	if s.gone {
		return // hung up by us meanwhile, and accounted for
	}
	s.note(sig)
	if sig.Kind == Answered {
		c.shield(s)
	}
	if sig.Kind == Ended {
		c.gone(s)
	}
	if s.hears != nil {
		s.hears(sig)
	}
}

func (s *side) note(sig Signal) {
	switch sig.Kind {
	case Answered:
		s.answered = time.Now()
	case Held:
		if !s.held {
			s.held, s.holding = true, time.Now()
		}
	case Resumed:
		s.holds, s.held = s.heldFor(), false
	case Ended:
		s.gone, s.ended, s.cause = true, time.Now(), sig.Cause
	case Ringing, Pressed, Asked:
	}
}

// heldFor is how long the side has had the other on hold.
func (s *side) heldFor() time.Duration {
	if s.held {
		return s.holds + time.Since(s.holding)
	}
	return s.holds
}

// lost tells, of a side that is gone, whether the party did not mean it: the network failed,
// or our own wire could not go on.
func (s *side) lost() bool { return s.cause.By == ByNetwork || s.cause.By == ByUs }

// drop hangs the side up, if it is still there, and writes its account: what
// happens on it later is no concern of this call.
func (c *Call) drop(s *side, cause Cause) {
	if s == nil || s.gone {
		return
	}
	s.HangUp(cause)
	s.gone, s.ended, s.cause = true, time.Now(), cause
	c.gone(s)
}

// gone writes the account of a side that has ended, once.
func (c *Call) gone(s *side) {
	c.listened(s)
	c.account.leg(c, s)
	c.held.sides = slices.DeleteFunc(c.held.sides, func(o *side) bool { return o == s })
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
		c.account.step("caller.gone", sig.Cause.Metric)
		c.cancel(callerCause(sig.Cause))
	case Held:
		c.account.step("caller.held", "")
	case Resumed:
		c.account.step("caller.resumed", "")
	case Asked:
		c.account.step("transfer.refused", sig.Target)
		sig.decide(false)
	case Ringing, Answered:
	}
}

// callerCause says how the call ended when the caller's leg did.
func callerCause(leg Cause) Cause {
	switch leg.By {
	case ByNetwork, ByUs, ByPolicy: // lost, or our own wire could not go on
		leg.Metric = CauseNetwork
		return leg
	case ByCaller, ByAgent:
	}
	return Cause{By: ByCaller, Status: leg.Status, Metric: CauseCallerEnded, Text: leg.Text}
}
