package call

import (
	"errors"
	"time"

	"breakwater/acd"
)

// close tells the floor how the conversation ended for the agent, takes the two apart and
// stops everything that belonged to it. The floor is told first, for somebody may wait
// for this agent, and taking sound apart takes its time; but not before the agent's
// phone puts down, so that the next call cannot be the second on it. In a rescue, the supervisor who rings
// or has answered is handed on in end.
func (t *talk) close(end *talkEnd) {
	c := t.c
	c.dismiss(t.conv, Cause{By: ByUs, Metric: LegNormal, Text: end.cause})
	c.account.endSegment(time.Now())
	c.account.r.Warnings = t.ladder.Warnings()
	c.account.r.Protected = c.account.r.Protected || t.ladder.Protected() || end.cause == CauseAgentLost
	outcome := t.outcome(end)
	c.story.event = c.story.event || outcome.Event
	outcome.Protected, outcome.Held = c.account.r.Protected, t.conv.agent.heldFor()
	c.finish(t.conv, *end, outcome)
	t.part()
	switch {
	case end.kind == endTaken:
		t.releaseSupervisor() // goes on with the caller
	case end.kind == endRescue, end.kind == endLost && end.why != "":
		end.page, t.page = t.page, nil
		end.by = t.releaseSupervisor()
	}
	t.cancelHelp()
	switch end.cause {
	case CauseProtectedDisconnect, CauseOneStrike:
		c.x.tally.Add("protect_disconnects_total", "cause", end.cause)
	}
}

// outcome is what the ladder makes of the conversation for the agent, with this end.
func (t *talk) outcome(end *talkEnd) acd.Outcome {
	return acd.Outcome{
		Event: t.hadEvent(end), Protected: t.c.account.r.Protected || t.ladder.Protected(), Rest: end.rest, Warnings: t.ladder.Warnings() - t.heard,
	}
}

// earn lets the floor and the record know at once what the conversation has come to so
// far: a warning that was played, a permit that is used, a crisis. Should the server die
// now, that is what the agent gets.
func (t *talk) earn() {
	c := t.c
	if t.ended() {
		return // its end is told instead
	}
	now := t.outcome(&talkEnd{rest: t.ladder.Rest()})
	if now == t.earned {
		return
	}
	t.earned = now
	now.RestFor, now.RestMax = c.plan.Protect.RestFor(now.Rest)
	c.remember()
	if !t.conv.paged() {
		c.x.parts.Floor.EarnedThen(t.conv.seat.Assignment, now, c.told(t.conv, "earned"))
	}
}

// hadEvent tells whether this conversation itself had a protection event. A line that
// failed is none, nor is what the caller did to an agent before.
func (t *talk) hadEvent(end *talkEnd) bool {
	return end.rest > 0 || t.ladder.Warnings() > t.heard || t.ladder.Protected() && !t.shielded && end.cause != CauseAgentLost
}

// part stops the clocks and the sound of the conversation.
func (t *talk) part() {
	for _, stop := range []func(){t.clocks.look, t.clocks.tick} {
		if stop != nil {
			stop()
		}
	}
	if t.c.talk == t {
		t.c.talk = nil
	}
	t.stopPrompt()
	if t.hold != nil {
		t.hold.Stop()
		t.hold = nil
	}
	if t.joined != nil {
		t.joined.Close()
	}
}

// raisedFor is for how many seconds of a conversation a voice must be raised before the
// floor counts it as a strain: a laugh or a greeting is no shouting.
const raisedFor = 10

// finish tells the floor how the conversation ended; of a supervisor's it knows nothing.
// Wrap-up and rest begin at once; that they are durable nobody waits for, for neither the
// caller nor the sound may wait for a disk.
func (c *Call) finish(conv *conversation, end talkEnd, outcome acd.Outcome) {
	if conv.paged() {
		return
	}
	outcome.Cause, outcome.Raised, outcome.Rest = end.cause, conv.raised >= raisedFor, end.rest
	outcome.RestFor, outcome.RestMax = c.plan.Protect.RestFor(end.rest)
	c.x.parts.Floor.FinishThen(conv.seat.Assignment, outcome, c.told(conv, "finish"))
}

// told hears what became of a word about a conversation to the floor, which takes a call's
// words in their order. The exchange does not close before.
func (c *Call) told(conv *conversation, word string) func(error) {
	ended, log, agent := &c.x.ended, c.log, conv.seat.Agent // and nothing that keeps the call
	ended.Add(1)
	return func(err error) {
		defer ended.Done()
		if err != nil && !errors.Is(err, acd.ErrStale) {
			log.Error("the floor was not told of a conversation", "word", word, "agent", agent, "err", err)
		}
	}
}
