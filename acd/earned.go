package acd

import "fmt"

// earned is what a conversation would come to, should it end now. Its end says anew what
// it came to; this is for the end that nobody is left to tell of.
type earned struct {
	Rest  rest `json:"rest,omitzero"`
	Talk  Talk `json:"talk,omitzero"`
	Event bool `json:"event,omitempty"`
}

// earnedOf is what an event says has been earned so far.
func earnedOf(e *Event) earned { return earned{Rest: restOf(e), Talk: e.Talk, Event: e.Care.Event} }

// restOf is the rest that an event grants or tells of.
func restOf(e *Event) rest {
	return rest{Level: e.Level, Length: e.Length, Max: max(e.Max, e.Length)}
}

// earn notes what a conversation would come to if it ended now. It is an event at once,
// for whoever dies in the middle tells no end.
func (b *board) earn(id uint64, o Outcome) error {
	s, err := b.seatOf(id)
	switch {
	case err != nil:
		return err
	case !s.answered:
		return fmt.Errorf("assignment %d: earned before the answer: %w", id, ErrNotNow)
	}
	e := Event{Kind: KindEarned, Level: o.Rest, Length: o.RestFor, Max: o.RestMax, Care: CareFact{Event: o.Event}}
	e.Talk = Talk{Protected: o.Protected, Raised: o.Raised, Warnings: o.Warnings}
	if earnedOf(&e) == s.agent.Earned {
		return nil // said twice
	}
	return b.change(s.agent, e)
}

// comeBack ends the call or offer that an agent had when the process died. Of the call is
// known what had been earned in it; that much it came to.
func (b *board) comeBack(a *agent) {
	wrap := QueueSpec{}.WithDefaults().WrapUp
	if q := b.routes.queues[a.Queue]; q != nil {
		wrap = max(0, q.spec.WrapUp)
	}
	of := Event{Queue: a.Queue, Call: a.Call}
	got := a.Earned
	if got.Rest.Level > 0 {
		granted := of
		granted.Kind, granted.Level, granted.Length, granted.Max = KindRestGranted, got.Rest.Level, got.Rest.Length, got.Rest.Max
		granted.Reason = restartReason
		b.sure(a, granted)
	}
	ended := of
	ended.Kind, ended.Length, ended.Talk, ended.Care.Event = KindRecovered, wrap, got.Talk, got.Event
	b.sure(a, ended)
	if got.Event {
		b.askTalk(a)
	}
}

// restartReason is why a rest was granted for a conversation that the end of the process cut off.
const restartReason = "server_died"
