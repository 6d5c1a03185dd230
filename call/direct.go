package call

import (
	"context"
	"time"
)

const (
	directRing = 60 * time.Second // how long a phone or outside number may ring
	directRoom = 64               // news of a direct call that wait for its journey
)

// connect calls a phone or an outside number for the caller and stays with the two
// until one of them hangs up, or the called party sends the caller on to next.
func (c *Call) connect(ctx context.Context, to goal) (next goal, err error) {
	c.phase("direct", "", "")
	c.account.segment("ring", "", "")
	p := c.caller.Party()
	target := Target{From: p.Number, Name: p.Name, Ring: directRing}
	if title := c.plan.Phones[p.Phone].Title; title != "" {
		target.Name = title // what the admin says, not what the device does
	}
	if to.kind == toPhone {
		target.Phone = to.name
		free, err := c.takePhone(ctx, to.name)
		if err != nil {
			return goal{}, err
		}
		if !free {
			return goal{}, c.notReached(ctx, Cause{By: ByPolicy, Status: 486, Metric: LegBusy, Text: "a queue call is at the phone"})
		}
		defer c.release(to.name)
	} else {
		target.Trunk, target.Number = c.plan.trunkFor(to.name), to.name
		if target.Trunk == "" {
			return goal{}, c.notReached(ctx, Cause{By: ByPolicy, Status: 404, Metric: LegRefused, Text: "no trunk dials " + to.name})
		}
	}
	d := &direct{c: c, other: c.dial(ctx, "", target), news: make(chan heardSignal, directRoom), music: map[*side]Playback{}}
	c.listen(d.other, func(sig Signal) { d.hear(d.other, sig) })
	c.listen(c.caller, func(sig Signal) { c.heardCaller(sig); d.hear(c.caller, sig) })
	defer d.end()
	if err := d.untilAnswered(ctx); err != nil {
		return goal{}, err
	}
	return d.untilParted(ctx)
}

// takePhone keeps a phone from queue calls for this call; false = one is there
// already, or on its way: a second call must not ring into it. What the system speaks
// to the phone gives way.
func (c *Call) takePhone(ctx context.Context, phone string) (free bool, err error) {
	before, err := c.x.agentAt(ctx, phone)
	if err != nil || inQueueCall(before) || c.x.phones.isPaged(phone) {
		return false, err
	}
	c.engage(phone)
	defer func() {
		if !free {
			c.release(phone)
		}
	}()
	if err := c.takePhones(ctx, phone); err != nil {
		return false, err
	}
	now, err := c.x.agentAt(ctx, phone)
	return err == nil && !tookOffer(before, now), err
}

// direct is a call between two parties without a queue.
type direct struct {
	c     *Call
	other *side
	news  chan heardSignal   // of both sides
	music map[*side]Playback // what a side that is held hears, and a caller who waits
	over  bool
}

type heardSignal struct {
	from *side
	Signal
}

func (d *direct) hear(from *side, sig Signal) {
	if sig.Kind == Pressed || d.over {
		return // digits are relayed as sound
	}
	select {
	case d.news <- heardSignal{from, sig}:
	default: // only a broken peer says so much
		d.c.cancel(Cause{By: ByUs, Metric: CauseNetwork, Text: "a leg said more than could be heard"})
	}
}

// end leaves nothing of the direct call behind.
func (d *direct) end() {
	d.over = true
	for s := range d.music {
		d.silence(s)
	}
	d.c.listen(d.c.caller, d.c.heardCaller)
	d.c.drop(d.other, Cause{By: ByCaller, Metric: LegNormal})
}

// play lets a side hear a sound until silence.
func (d *direct) play(to *side, p Playback) {
	d.silence(to)
	if p != nil {
		d.music[to] = p
	}
}

func (d *direct) silence(to *side) {
	if p := d.music[to]; p != nil {
		p.Stop()
		delete(d.music, to)
	}
}

// untilAnswered passes ringing on and takes the caller's call once the other side has
// answered. A caller who hears us already hears the ringing from us.
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
			if c.caller.answered.IsZero() {
				c.caller.Ring()
			} else if d.music[c.caller] == nil {
				d.play(c.caller, c.loop(c.caller, toneRinging))
			}
		case Answered:
			d.silence(c.caller)
			return c.answer(ctx)
		case Ended:
			d.silence(c.caller)
			return c.notReached(ctx, sig.Cause)
		case Pressed, Held, Resumed, Asked:
		}
	}
}

// untilParted lets the two talk: both hear each other's digits, and a hold or a
// transfer is served for either.
func (d *direct) untilParted(ctx context.Context) (next goal, err error) {
	c := d.c
	c.account.segment("talk", "", "")
	defer func() { c.account.endSegment(time.Now()) }()
	joined, err := c.x.parts.Sounds.Join(c.caller, d.other)
	if err != nil {
		return goal{}, err
	}
	defer joined.Close()
	for _, s := range []*side{c.caller, d.other} {
		if err := c.lendEars(ctx, s); err != nil {
			return goal{}, err
		}
	}
	defer c.keepListening(c.caller, d.other)()
	joined.RelayDigits(c.caller, true)
	joined.RelayDigits(d.other, true)
	if d.other.held { // it answered with a hold
		d.play(c.caller, c.music(MusicDefault))
	}
	for {
		sig, err := await(ctx, c, d.news)
		if err != nil {
			return goal{}, err
		}
		switch sig.Kind {
		case Held:
			d.play(d.peer(sig.from), c.musicTo(d.peer(sig.from), MusicDefault))
		case Resumed:
			d.silence(d.peer(sig.from))
		case Asked:
			to, ok := c.plan.inside(sig.Target)
			ok = ok && sig.from == d.other
			sig.decide(ok)
			if !ok {
				if sig.from == d.other {
					c.account.step("transfer.refused", sig.Target)
				}
				continue
			}
			c.account.step("transfer", sig.Target)
			c.drop(d.other, Cause{By: ByAgent, Metric: CauseTransferred})
			c.story.moved = true
			return to, nil
		case Ended:
			return goal{}, c.otherLeft(sig.Cause)
		case Ringing, Answered, Pressed:
		}
	}
}

// otherLeft is the end of a call by the party that was called. It is nobody's
// figure: the party was no agent of a queue.
func (c *Call) otherLeft(leg Cause) Cause {
	end := Cause{By: ByAgent, Status: leg.Status, Metric: CauseCallerEnded, Text: "the called party hung up"}
	switch {
	case leg.By == ByNetwork || leg.By == ByUs:
		end.By, end.Metric, end.Text = leg.By, CauseNetwork, leg.Text
	case c.story.moved:
		end.Metric = CauseTransferred
	}
	return end
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
	if err := c.say(ctx, sayUnanswered); err != nil {
		return err
	}
	if c.story.mayEnd() {
		if err := c.sayLast(ctx, sayGoodbye); err != nil {
			return err
		}
	}
	end := Cause{By: ByPolicy, Status: why.Status, Metric: CauseCallerEnded, Text: "nobody answered: " + why.Metric}
	if c.story.moved {
		end.Metric = CauseTransferred
	}
	return end
}
