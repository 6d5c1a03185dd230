package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"breakwater/acd"
	"breakwater/media"
	"breakwater/media/wav"
)

// ServeCallbacks makes a call of every callback whose turn has come, until ctx ends. It
// is run beside the calls.
func (x *Exchange) ServeCallbacks(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-x.parts.Floor.Launches():
			x.launch(l)
		}
	}
}

// launch begins the call of a callback. When there is no room for it the floor takes its
// offer back, and tells of it again later.
func (x *Exchange) launch(l acd.Launch) {
	number, name := l.Callback.Number, "callback"
	if l.Callback.IsMessage() {
		number, name = l.Entry.Caller, "message" // who cannot be called back may still be known
	}
	c := newCall(x, &absent{party: Party{
		ID: "callback-" + newID(time.Now())[:10], Number: number, Name: name, Since: time.Now(),
	}})
	c.story.back = &l
	if language, ok := l.Entry.Data["language"].(string); ok && language != "" {
		c.story.language = language
	}
	if !x.begin(c) {
		return
	}
	x.tally.Add("callbacks_total", "kind", l.Callback.Kind)
}

// absent is the caller of a callback before they are dialled: nobody hears or says
// anything there.
type absent struct{ party Party }

// Party implements Leg.
func (a *absent) Party() Party { return a.party }

// Listen implements Leg.
func (a *absent) Listen(func(Signal)) {}

// Ring implements Leg.
func (a *absent) Ring() {}

// Answer implements Leg.
func (a *absent) Answer(context.Context) error {
	return Cause{By: ByUs, Metric: LegRefused, Text: "nobody is there to be answered"}
}

// HangUp implements Leg.
func (a *absent) HangUp(Cause) {}

// Port implements Leg.
func (a *absent) Port() *media.Port { return nil }

// callBack is the journey of a callback: first the agent, then the caller, and from
// there on like any other call.
func (c *Call) callBack(ctx context.Context, l *acd.Launch) error {
	queue := l.Entry.Queue
	m := c.plan.queue(queue)
	c.story.queue, c.story.since, c.story.emergency = queue, l.Entry.Since, m.Emergency || l.Entry.Urgent
	c.account.r.Queue, c.account.r.Callback, c.account.r.Message = queue, l.Callback.Kind, l.Callback.Message
	c.account.step("callback", fmt.Sprintf("%s, try %d", l.Callback.Kind, l.Callback.Tries+1))
	if l.GivenUp != "" {
		c.account.step("callback.given-up", l.GivenUp)
		c.x.tally.Add("callbacks_given_up_total", "why", l.GivenUp)
		return Cause{By: ByPolicy, Metric: CauseUnreached, Text: "given up: " + l.GivenUp}
	}
	var message []*wav.Clip
	if l.Callback.IsMessage() {
		var err error
		if message, err = c.readMessage(ctx, l); err != nil {
			return c.unreadMessage(l, err)
		}
	}
	conv, err := c.reserveAgent(ctx, l.Ticket, m)
	if err != nil {
		return err
	}
	if message != nil {
		if back, err := c.hearMessage(ctx, conv, l, message); !back {
			return err
		}
	}
	if err := c.bring(ctx, conv, l); err != nil {
		return err
	}
	entry := l.Entry
	entry.Call = c.ID
	to, err := c.serve(ctx, entry, m, conv)
	if err != nil {
		return err
	}
	return c.follow(ctx, to)
}

// reserveAgent waits until an agent is on the line for the callback.
func (c *Call) reserveAgent(ctx context.Context, t *acd.Ticket, m QueueManners) (conv *conversation, err error) {
	defer func() {
		if conv == nil { // also when the program breaks: the floor gives its turn to another call
			c.giveBack(t)
		}
	}()
	c.phase("waiting", t.Queue, "")
	c.account.segment("wait", t.Queue, "")
	removed := make(chan acd.Removal, 1)
	hear(c, t.Removed, func(r acd.Removal) { removed <- r })
	for {
		offer, gone, offered, err := either(ctx, c, t.Offers, removed)
		switch {
		case err != nil:
			return nil, err
		case !offered:
			return nil, Cause{By: ByPolicy, Metric: CauseUnreached, Text: "taken out: " + gone.Limit}
		}
		if err := c.x.parts.Floor.Launched(ctx, t.ID, c.ID); err != nil {
			// The floor gives the ticket to another call when this one was too slow.
			return nil, Cause{By: ByUs, Metric: CauseUnreached, Text: err.Error()}
		}
		if conv, err = c.ringSeats(ctx, t, offer, m); err != nil || conv != nil {
			return conv, err
		}
		c.phase("waiting", t.Queue, "")
		c.account.segment("wait", t.Queue, "")
	}
}

// giveBack lets the floor have a callback that nobody is on the line for.
func (c *Call) giveBack(t *acd.Ticket) {
	ctx, cancel := detached()
	defer cancel()
	err := c.x.parts.Floor.Unreached(ctx, t.ID, acd.UnreachedAgentLeft)
	if err != nil && !errors.Is(err, acd.ErrNoTicket) && !errors.Is(err, acd.ErrStopped) {
		c.log.Error("give a callback back", "err", err)
	}
}

// bring dials the caller while the agent hears how it goes. No error means that both are
// there, and have been told what they should know.
func (c *Call) bring(ctx context.Context, conv *conversation, l *acd.Launch) (err error) {
	agent := conv.agent
	settled := false
	defer func() { // also when the program breaks: the agent is free
		if !settled {
			c.giveBack(l.Ticket) // a no-op for who was reached
			c.partWithAgent(conv, CauseUnreached)
		}
	}()
	c.phase("dialling", l.Entry.Queue, conv.seat.Agent)
	c.account.segment("ring", l.Entry.Queue, conv.seat.Agent)
	c.begin(ctx)
	why, err := c.dialBack(ctx, conv, l.Callback.Number)
	if err != nil {
		return err
	}
	if why != "" {
		settled = true
		return c.unreached(ctx, conv, l, why)
	}
	agent.waitForTalk()
	if err := c.x.parts.Floor.Reached(ctx, l.Ticket.ID); err != nil && !errors.Is(err, acd.ErrNoTicket) {
		return err
	}
	if err := c.greetBack(ctx, conv, l); err != nil {
		return abandoned(err)
	}
	settled = true
	return nil
}

// dialBack calls the caller's number. why is empty when they have answered: then they are
// the caller of this call; else it is one of acd's Unreached words.
func (c *Call) dialBack(ctx context.Context, conv *conversation, number string) (why string, err error) {
	agent := conv.agent
	news := make(chan heardSignal, directRoom)
	hear := func(from *side) func(Signal) {
		return func(sig Signal) {
			select {
			case news <- heardSignal{from, sig}:
			default: // only a broken peer says so much
				c.cancel(Cause{By: ByUs, Metric: CauseNetwork, Text: "a leg said more than could be heard"})
			}
		}
	}
	c.listen(agent, hear(agent))
	if agent.gone {
		return acd.UnreachedAgentLeft, nil
	}
	trunk := c.plan.trunkFor(number)
	if trunk == "" {
		return acd.UnreachedUnreachable, nil
	}
	spec := c.plan.Callbacks[conv.queue.Name].WithDefaults()
	said := c.sayTo(agent, c.agentLanguage(conv.seat.Agent), sayCallbackAgent)
	customer := c.dial(ctx, "", Target{Trunk: trunk, Number: number, Ring: spec.Ring})
	c.listen(customer, hear(customer))
	defer func() {
		if c.caller != customer {
			c.drop(customer, Cause{By: ByUs, Metric: LegCancelled, Text: "the callback is over"})
		}
	}()
	rang := false
	for {
		sig, err := await(ctx, c, news)
		if err != nil {
			return "", err
		}
		switch {
		case sig.from == agent && sig.Kind == Ended:
			return acd.UnreachedAgentLeft, nil
		case sig.from == agent:
			sig.decide(false)
		case sig.Kind == Ringing:
			rang = true
			when(c, said.Done(), func(struct{}) { c.ringTo(agent, customer) })
		case sig.Kind == Answered:
			c.isHere(customer)
			return "", nil
		case sig.Kind == Ended:
			return unreachedBy(sig.Cause, rang), nil
		}
	}
}

// ringTo lets the agent hear that the number rings, for as long as it does.
func (c *Call) ringTo(agent, customer *side) {
	if !agent.gone && !customer.gone && customer.answered.IsZero() {
		c.loop(agent, toneRinging)
	}
}

// isHere makes the leg that was dialled the caller of this call.
func (c *Call) isHere(customer *side) {
	c.caller = customer
	c.ours(customer)
	c.account.r.Answered, c.account.r.Trunk = customer.answered, customer.Party().Trunk
	c.account.step("callback.answered", "")
	c.listen(customer, c.heardCaller)
}

// unreachedBy reads why a number did not answer. Where nobody took the call at all, or we
// could not make it, it has not rung: that is no try.
func unreachedBy(leg Cause, rang bool) string {
	if !rang && leg.By == ByNetwork && isOfCarrier(leg.Status) {
		return acd.UnreachedTrunk
	}
	switch leg.Metric {
	case LegUnreachable, LegNoContact, LegOverload:
		return acd.UnreachedTrunk
	case LegBusy, LegDeclined:
		return acd.UnreachedBusy
	case LegNoAnswer:
		return acd.UnreachedNoAnswer
	}
	return acd.UnreachedUnreachable
}

// isOfCarrier tells whether a status that came before any ringing says that the carrier
// could not pass the call on (RFC 3261, 21.4.9 and 21.5), and so nothing of the number. What a
// server does not support (501, 505, 513) it will not support at the next try either.
func isOfCarrier(status int) bool {
	switch status {
	case 408, 500, 502, 503, 504: // timeout, server error, bad gateway, unavailable, gateway timeout
		return true
	}
	return false
}

// greetBack tells the caller who calls, and gives the notice. The agent hears the same.
func (c *Call) greetBack(ctx context.Context, conv *conversation, l *acd.Launch) error {
	phrase := sayCallbackHere
	if l.Callback.Kind == acd.BackCrash || l.Callback.Kind == acd.BackLost {
		phrase = sayCallbackSorry
	}
	c.sayTo(conv.agent, c.agentLanguage(conv.seat.Agent), phrase)
	if err := c.say(ctx, phrase); err != nil {
		return err
	}
	m := conv.manners
	m.Greeting = nil // they have heard it, or were on the phone before
	return c.welcome(ctx, l.Entry.Queue, m)
}

// unreached tells the floor and the agent that the number was dialled in vain.
func (c *Call) unreached(ctx context.Context, conv *conversation, l *acd.Launch, why string) error {
	c.account.step("callback.unreached", why)
	c.x.tally.Add("callbacks_unreached_total", "why", why)
	if err := c.x.parts.Floor.Unreached(ctx, l.Ticket.ID, why); err != nil && !errors.Is(err, acd.ErrNoTicket) {
		c.log.Error("a callback was not reached", "err", err)
	}
	if !conv.agent.gone {
		said := c.sayTo(conv.agent, c.agentLanguage(conv.seat.Agent), sayCallbackUnreached)
		_, _ = await(ctx, c, said.Done()) // who stops us is told below
	}
	c.partWithAgent(conv, CauseUnreached)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return Cause{By: ByPolicy, Metric: CauseUnreached, Text: "callback: " + why}
}

// partWithAgent ends the agent's part of a callback or message without a conversation.
func (c *Call) partWithAgent(conv *conversation, cause string) {
	c.dismiss(conv, Cause{By: ByUs, Metric: LegNormal, Text: cause})
	c.account.endSegment(time.Now())
	c.finish(conv, talkEnd{cause: cause}, acd.Outcome{})
}

// callBackLost calls back who hung up when their agent's line was lost: they believe that
// the call is over, and it was our fault. The same agent is preferred.
func (c *Call) callBackLost(conv *conversation) {
	ctx, cancel := detached()
	defer cancel()
	e := c.entry(conv.queue.Name)
	e.Call, e.Prefer = c.ID+"-lost", conv.seat.Agent
	_, err := c.x.parts.Floor.CallBack(ctx, e, acd.Callback{Number: c.account.r.Caller, Kind: acd.BackLost})
	switch {
	case err == nil, errors.Is(err, acd.ErrNotDurable):
		c.account.step("callback.kept", acd.BackLost)
	case errors.Is(err, acd.ErrNoCallback):
		c.account.step("callback.refused", err.Error())
	default:
		c.log.Error("a caller whose agent was lost is not called back", "err", err)
	}
}

// Callbacks gives those who wait to be called back, the oldest first.
func (x *Exchange) Callbacks(ctx context.Context) ([]acd.CallbackView, error) {
	return x.parts.Floor.Callbacks(ctx)
}

// Schedule lets a queue call a number back, not before at; a zero time is in turn. Errors:
// acd.ErrNoQueue, acd.ErrNoCallback.
func (x *Exchange) Schedule(ctx context.Context, queue, number string, at time.Time) (ticket uint64, err error) {
	c := acd.Callback{Number: number, Kind: acd.BackAsked, At: at}
	if !at.IsZero() {
		c.Kind = acd.BackScheduled
	}
	e := acd.Entry{
		Call: newID(time.Now()), Queue: queue, Caller: number,
		Data: map[string]any{"number": number, "dialled": "", "trunk": "", "language": x.plan.Load().Settings.Language},
	}
	return x.parts.Floor.CallBack(ctx, e, c)
}

// CancelCallback takes a callback out. acd.ErrNoTicket when there is none (any more).
func (x *Exchange) CancelCallback(ctx context.Context, ticket uint64) error {
	return x.parts.Floor.CancelCallback(ctx, ticket)
}
