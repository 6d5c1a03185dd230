package call

import (
	"context"
	"sync"
	"time"

	"breakwater/acd"
)

// whyListen is why a supervisor is in a conversation who was not asked.
const whyListen = "listen"

// listenIn is *60 and an agent's number: a supervisor hears the conversation that the agent
// has for a queue, and may whisper, join and take it. It ends with the conversation, or
// when the supervisor puts down.
func (c *Call) listenIn(ctx context.Context, by acd.AgentView, number string) ([]string, error) {
	if !c.plan.Agents[by.Name].Supervisor {
		c.account.step("code.refused", "no supervisor")
		return []string{toneBeep, "supervisors-only"}, nil
	}
	agent, ok := c.plan.agentByNumber(number)
	if !ok {
		return []string{"invalid-choice"}, nil
	}
	free, err := c.keepOwnPhone(ctx, by)
	defer c.release(by.Phone)
	if err != nil || !free {
		return []string{toneBeep, sayNotNow}, err
	}
	c.caller.agent = by.Name // whose ears these are
	defer c.keepListening(c.caller)()
	l := c.lend()
	defer l.end(Cause{By: ByUs, Metric: LegNormal, Text: "the call is over"})
	refusal, err := c.askToHear(ctx, l, by, agent)
	if err != nil || refusal != "" {
		c.account.step("code.refused", refusal+": "+agent)
		return []string{toneBeep, refusal}, err
	}
	c.account.step("code", "listen "+agent)
	c.log.Info("listens in", "supervisor", by.Name, "agent", agent)
	_, err = await(ctx, c, l.back)
	return nil, err
}

// keepOwnPhone keeps the phone at which a code was dialled from queue calls; false = one is
// on its way. Until then an offer ends the code, from here on the code is a call.
func (c *Call) keepOwnPhone(ctx context.Context, by acd.AgentView) (free bool, err error) {
	c.engagePaged(by.Phone)
	now, err := c.x.agentAt(ctx, by.Phone)
	if err != nil || inQueueCall(by) || tookOffer(by, now) {
		return false, err
	}
	c.x.phones.noCode(c)
	return true, nil
}

// askToHear asks the call in which an agent talks to let the supervisor in; refusal is the
// phrase that says why not.
func (c *Call) askToHear(ctx context.Context, l *loan, by acd.AgentView, agent string) (refusal string, err error) {
	agents, err := c.x.parts.Floor.Agents(ctx)
	if err != nil {
		return "", err
	}
	var talking *Call
	for _, a := range agents {
		if a.Name == agent && a.State == acd.OnCall && a.Call != "" {
			talking = c.x.live(a.Call)
		}
	}
	if talking == nil || talking == c {
		return sayNobodyTalks, nil
	}
	answer := make(chan string, 1)
	if !talking.post(func() { answer <- talking.letIn(l, by, agent) }) {
		return sayNobodyTalks, nil
	}
	refusal, _, answered, err := either(ctx, c, answer, talking.inbox.over)
	if err == nil && !answered { // a call that has ended answers nothing
		return sayNobodyTalks, nil
	}
	return refusal, err
}

// letIn lets a supervisor on loan hear the conversation of an agent, or gives the phrase
// that says why not. If a page rings, it has found whom it looked for.
func (c *Call) letIn(l *loan, by acd.AgentView, agent string) (refusal string) {
	t := c.talk
	switch {
	case t == nil || t.ended() || t.conv.seat.Agent != agent || t.conv.agent.gone:
		return sayNobodyTalks
	case t.sup != nil, t.page.isAnswered(): // one supervisor is enough
		return sayNotNow
	}
	s := &side{Leg: l, agent: by.Name, answered: time.Now(), lent: true}
	c.held.sides = append(c.held.sides, s)
	seat := acd.Seat{Agent: by.Name, Phone: by.Phone, Reason: whyListen}
	if !t.admit(&conversation{seat: seat, queue: t.conv.queue, manners: t.conv.manners, agent: s}, listening) {
		c.drop(s, Cause{By: ByUs, Metric: LegNormal, Text: "the conversation is over"})
		return sayNotNow
	}
	if t.page != nil {
		why := t.page.words.why
		t.cancelPage()
		t.summon(why)
	}
	return ""
}

// loan is the caller's leg of one call in the conversation of another. The lender keeps the
// leg; to the other call it is a leg like any, whose hang-up gives it back. Its methods are
// for the borrower, tell and end for the lender.
type loan struct {
	Leg
	back chan Cause // capacity 1: given back

	mu   sync.Mutex // protects all following fields; sinks do not wait
	sink func(Signal)
	over bool   // it has ended
	last Signal // its end, if that came before anybody listened
}

// lend makes the caller's leg ready to be heard of elsewhere.
func (c *Call) lend() *loan {
	l := &loan{Leg: c.caller.Leg, back: make(chan Cause, 1)}
	c.listen(c.caller, func(sig Signal) {
		c.heardCaller(sig)
		l.tell(sig)
	})
	return l
}

// Listen implements Leg. What happened before is no concern of the borrower, unless it
// was the end: nobody may stay who is not there.
func (l *loan) Listen(sink func(Signal)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = sink
	if l.last.Kind == Ended {
		sink(l.last)
		l.last = Signal{}
	}
}

// Ring implements Leg: the leg is answered already.
func (l *loan) Ring() {}

// Answer implements Leg: the leg is answered already.
func (l *loan) Answer(context.Context) error { return nil }

// HangUp implements Leg: it gives the leg back.
func (l *loan) HangUp(cause Cause) {
	select {
	case l.back <- cause:
	default: // given back before
	}
}

// tell lets the borrower know what the leg did.
func (l *loan) tell(sig Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = sig.Kind == Ended
	switch {
	case l.sink != nil:
		l.sink(sig)
	case l.over:
		l.last = sig
	}
}

// end ends the loan, if the leg's own end did not.
func (l *loan) end(cause Cause) { l.tell(Signal{Kind: Ended, Cause: cause}) }
