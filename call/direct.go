package call

import (
	"context"
	"time"
)

// connect calls a phone or an outside number for the caller and stays with the two
// until one of them hangs up.
func (c *Call) connect(ctx context.Context, to goal) error {
	c.phase("direct", "", "")
	c.account.segment("ring", "", "")
	p := c.caller.Party()
	target := Target{From: p.Number, Name: p.Name, Call: c.ID, Ring: directRing}
	if to.kind == toPhone {
		target.Phone = to.name
		c.x.freeForOffer(to.name)
		defer c.x.engage(to.name)()
	} else {
		target.Trunk, target.Number = c.plan.trunkFor(to.name), to.name
		if target.Trunk == "" {
			return c.notReached(ctx, Cause{By: ByPolicy, Status: 404, Metric: LegRefused, Text: "no trunk dials " + to.name})
		}
	}
	other := &side{Leg: c.x.parts.Dialer.Dial(ctx, target)}
	progress := make(chan Signal, 64)
	c.listen(other, func(sig Signal) {
		select {
		case progress <- sig:
		default: // a peer that floods us with signals loses the later ones, never its end
			if sig.Kind == Ended {
				c.cancel(callerCause(sig.Cause))
			}
		}
	})
	defer func() { c.drop(other, Cause{By: ByCaller, Metric: LegNormal}) }()
	if err := c.untilAnswered(ctx, other, progress); err != nil {
		return err
	}
	return c.untilParted(ctx, other, progress)
}

// directRing is how long a phone or outside number may ring.
const directRing = 60 * time.Second

// untilAnswered passes ringing on and takes the caller's call once the other side has
// answered.
func (c *Call) untilAnswered(ctx context.Context, other *side, progress <-chan Signal) error {
	for {
		sig, err := await(ctx, c, progress)
		if err != nil {
			return err
		}
		switch sig.Kind {
		case Ringing:
			c.caller.Ring()
		case Answered:
			return c.answer(ctx)
		case Ended:
			return c.notReached(ctx, sig.Cause)
		case Pressed, Held, Resumed, Asked:
		}
	}
}

// untilParted lets the two talk: both hear each other's digits, and a hold or a
// transfer is served for either.
func (c *Call) untilParted(ctx context.Context, other *side, progress <-chan Signal) error {
	c.account.segment("talk", "", "")
	joined, err := c.x.parts.Sounds.Join(c.caller, other)
	if err != nil {
		return err
	}
	defer joined.Close()
	joined.RelayDigits(c.caller, true)
	joined.RelayDigits(other, true)
	var hold Playback
	for {
		sig, err := await(ctx, c, progress)
		if err != nil {
			return err
		}
		switch sig.Kind {
		case Held:
			hold = c.music(MusicDefault)
		case Resumed:
			if hold != nil {
				hold.Stop()
			}
		case Asked:
			to, ok := c.internal(sig.Target)
			if !ok {
				continue
			}
			joined.Close()
			c.drop(other, Cause{By: ByAgent, Metric: CauseTransferred})
			return c.follow(ctx, to)
		case Ended:
			return Cause{By: ByAgent, Status: sig.Cause.Status, Metric: CauseCallerEnded, Text: "the called party hung up"}
		case Ringing, Answered, Pressed:
		}
	}
}

// notReached tells the caller that nobody answered: in words when they already hear
// us, else by the same status that we got.
func (c *Call) notReached(ctx context.Context, why Cause) error {
	if c.caller.answered.IsZero() {
		return why
	}
	if err := c.say(ctx, sayUnanswered, sayGoodbye); err != nil {
		return err
	}
	return why
}
