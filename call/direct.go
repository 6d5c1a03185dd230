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
		if err := c.takePhones(ctx, to.name); err != nil {
			return err
		}
		defer c.x.engage(to.name)()
	} else {
		target.Trunk, target.Number = c.plan.trunkFor(to.name), to.name
		if target.Trunk == "" {
			return c.notReached(ctx, Cause{By: ByPolicy, Status: 404, Metric: LegRefused, Text: "no trunk dials " + to.name})
		}
	}
	d := &direct{c: c, other: &side{Leg: c.x.parts.Dialer.Dial(ctx, target)}, news: make(chan heardSignal, 64)}
	c.listen(d.other, func(sig Signal) { d.hear(d.other, sig) })
	c.listen(c.caller, func(sig Signal) { c.heardCaller(sig); d.hear(c.caller, sig) })
	defer func() {
		c.listen(c.caller, c.heardCaller)
		c.drop(d.other, Cause{By: ByCaller, Metric: LegNormal})
	}()
	if err := d.untilAnswered(ctx); err != nil {
		return err
	}
	return d.untilParted(ctx)
}

// direct is a call between two parties without a queue.
type direct struct {
	c     *Call
	other *side
	news  chan heardSignal // of both sides
	hold  Playback         // what the side that is held hears
}

type heardSignal struct {
	from *side
	Signal
}

func (d *direct) hear(from *side, sig Signal) {
	select {
	case d.news <- heardSignal{from, sig}:
	default: // a peer that floods us with signals loses the later ones, never its end
		if sig.Kind == Ended {
			d.c.cancel(callerCause(sig.Cause))
		}
	}
}

// directRing is how long a phone or outside number may ring.
const directRing = 60 * time.Second

// untilAnswered passes ringing on and takes the caller's call once the other side has
// answered.
func (d *direct) untilAnswered(ctx context.Context) error {
	c := d.c
	for {
		sig, err := await(ctx, c, d.news)
		if err != nil {
			return err
		}
		if sig.from != d.other {
			continue
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
func (d *direct) untilParted(ctx context.Context) error {
	c := d.c
	c.account.segment("talk", "", "")
	joined, err := c.x.parts.Sounds.Join(c.caller, d.other)
	if err != nil {
		return err
	}
	defer joined.Close()
	joined.RelayDigits(c.caller, true)
	joined.RelayDigits(d.other, true)
	for {
		sig, err := await(ctx, c, d.news)
		if err != nil {
			return err
		}
		switch sig.Kind {
		case Held:
			d.hold = c.musicTo(d.peer(sig.from), MusicDefault)
		case Resumed:
			if d.hold != nil {
				d.hold.Stop()
			}
		case Asked:
			to, ok := c.internal(sig.Target)
			if !ok || sig.from != d.other {
				c.account.step("transfer.refused", sig.Target)
				continue
			}
			joined.Close()
			c.drop(d.other, Cause{By: ByAgent, Metric: CauseTransferred})
			return c.follow(ctx, to)
		case Ended:
			return Cause{By: ByAgent, Status: sig.Cause.Status, Metric: CauseCallerEnded, Text: "the called party hung up"}
		case Ringing, Answered, Pressed:
		}
	}
}

// peer is the party at the other end.
func (d *direct) peer(of *side) *side {
	if of == d.other {
		return d.c.caller
	}
	return d.other
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
