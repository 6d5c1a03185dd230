package call

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"breakwater/acd"
	"breakwater/acd/protect"
	"breakwater/media"
)

// The ways a conversation can end.
type endKind uint8

const (
	endCaller   endKind = iota + 1 // the caller hung up
	endPolicy                      // the ladder ended the call
	endClosing                     // the agent has finished
	endLost                        // the agent's leg is gone
	endRescue                      // the agent left a caller who may not be left
	endTransfer                    // the agent sent the caller on
	endTaken                       // a supervisor has taken the call
)

// talkEnd is how a conversation ended and what follows.
type talkEnd struct {
	kind  endKind
	cause string // one of the Cause words, for the agent's outcome
	rest  int    // cooldown level
	to    goal   // endTransfer
	by    *conversation
}

// talk is a conversation in progress: the two legs, the ladder between them, and
// what is being played to the caller. The call's goroutine owns it.
type talk struct {
	c      *Call
	conv   *conversation
	joined Joined
	ladder *protect.Ladder
	keys   *protect.Keys
	over   chan talkEnd // capacity 1: the first end wins
	prompt Playback     // of the ladder, to the caller
	hold   Playback     // music while the agent holds
	told   time.Duration
	step   bool // step-back is on
	page   *page
	stops  []func() // timers
	wake   func()   // of the ladder's next tick
}

// converse joins the caller and the agent and stays with them until the
// conversation is over. The agent is free for wrap-up when it returns.
func (c *Call) converse(ctx context.Context, conv *conversation) (talkEnd, error) {
	t, err := c.beginTalk(conv)
	if err != nil {
		c.finish(conv, talkEnd{kind: endLost, cause: CauseNetwork}, false)
		return talkEnd{}, err
	}
	end, err := await(ctx, c, t.over)
	if err != nil {
		end = t.callerLeft(err)
	}
	t.part()
	c.talk = nil
	c.account.r.Warnings = t.ladder.Warnings()
	c.account.r.Protected = c.account.r.Protected || t.ladder.Protected() || end.kind == endLost
	c.drop(conv.agent, Cause{By: ByUs, Metric: LegNormal, Text: end.cause})
	c.finish(conv, end, c.account.r.Protected)
	if err != nil {
		return end, withMetric(err, end.cause)
	}
	return end, nil
}

// withMetric gives the caller's own end the name that the ladder found for it.
func withMetric(err error, metric string) error {
	var cause Cause
	if errors.As(err, &cause) && metric != "" {
		cause.Metric = metric
		return cause
	}
	return err
}

func (c *Call) beginTalk(conv *conversation) (*talk, error) {
	t := &talk{
		c: c, conv: conv, keys: protect.NewKeys(c.plan.Settings.CollectWait),
		over: make(chan talkEnd, 1), ladder: conv.ladder,
	}
	if t.ladder == nil {
		t.ladder = protect.New(c.plan.Protect, protect.Limits{
			Emergency: conv.manners.Emergency, Notice: c.noticed,
			Warnings: c.account.r.Warnings, Crisis: c.crisis,
		}, time.Now())
	}
	joined, err := c.x.parts.Sounds.Join(c.caller, conv.agent)
	if err != nil {
		return nil, fmt.Errorf("join caller and %s: %w", conv.seat.Agent, err)
	}
	t.joined = joined
	t.told = c.x.parts.Sounds.Level(c.caller).Spoken
	c.talk = t
	c.listen(c.caller, t.heardCaller)
	c.listen(conv.agent, t.heardAgent)
	c.phase("talking", conv.queue.Name, conv.seat.Agent)
	c.account.segment("talk", conv.queue.Name, conv.seat.Agent)
	c.account.step("answered", conv.seat.Agent)
	if conv.manners.Whisper {
		c.sayTo(conv.agent, c.agentLanguage(conv.seat.Agent), toneZip)
	}
	c.startTape(conv.manners)
	t.everySecond()
	if conv.agent.gone { // hung up between the answer and here
		t.observe(protect.Observation{Kind: protect.OnHook})
	}
	return t, nil
}

// everySecond tells the ladder how much the caller has spoken.
func (t *talk) everySecond() {
	t.stops = append(t.stops[:0], t.c.after(time.Second, t.everySecond))
	spoken := t.c.x.parts.Sounds.Level(t.c.caller).Spoken
	if d := spoken - t.told; d > 0 {
		t.told = spoken
		t.observe(protect.Observation{Kind: protect.Spoke, Spoken: d})
	}
}

// heardCaller is what the caller's leg does during the conversation.
func (t *talk) heardCaller(sig Signal) { t.c.heardCaller(sig) }

// heardAgent is what the agent's leg does during the conversation.
func (t *talk) heardAgent(sig Signal) {
	switch sig.Kind {
	case Pressed:
		t.key(sig.Digit)
	case Held:
		t.c.account.step("agent.hold", "")
		t.hold = t.c.music(t.conv.manners.Music)
	case Resumed:
		t.c.account.step("agent.resume", "")
		if t.hold != nil {
			t.hold.Stop()
			t.hold = nil
		}
	case Asked:
		t.transfer(sig.Target)
	case Ended:
		if sig.Cause.By == ByNetwork {
			t.observe(protect.Observation{Kind: protect.AgentLost})
			return
		}
		t.observe(protect.Observation{Kind: protect.OnHook})
	case Ringing, Answered:
	}
}

// key feeds one digit of the agent to the collector; digits are never relayed.
func (t *talk) key(digit byte) {
	now := time.Now()
	pressed, ok := t.keys.Press(now, digit)
	if !ok {
		return
	}
	t.c.account.step("key", pressed.Code)
	t.observe(protect.Observation{Kind: pressed.Seen})
}

// observe tells the ladder and does what it asks.
func (t *talk) observe(o protect.Observation) {
	if t.c.talk != t {
		return // a timer or playback of a conversation that is over
	}
	if o.Kind == protect.KeySettled && t.ladder.Stage() == protect.Crisis && t.isSupervisor() {
		o.Kind = protect.SupervisorOut // the supervisor's "settled" releases a crisis
	}
	before := t.ladder.Warnings()
	for _, a := range t.ladder.Step(time.Now(), o) {
		t.carryOut(a)
	}
	t.c.account.r.Warnings = t.ladder.Warnings()
	if n := t.c.account.r.Warnings; n > before {
		t.c.x.tally.Add("protect_warnings_total", "n", strconv.Itoa(n), "queue", t.conv.queue.Name)
	}
	t.setAlarm()
}

// setAlarm arms the ladder's next tick.
func (t *talk) setAlarm() {
	if t.wake != nil {
		t.wake()
		t.wake = nil
	}
	if next := t.ladder.Next(); !next.IsZero() {
		t.wake = t.c.after(max(0, time.Until(next)), func() {
			t.observe(protect.Observation{Kind: protect.Tick})
		})
	}
}

// callerLeft asks the ladder what the caller's end means.
func (t *talk) callerLeft(err error) talkEnd {
	end := talkEnd{kind: endCaller, cause: CauseCallerEnded}
	for _, a := range t.ladder.Step(time.Now(), protect.Observation{Kind: protect.CallerGone}) {
		if a.Do == protect.EndCall {
			end.cause, end.rest = a.Cause, a.Rest
		}
		if a.Do == protect.Enter {
			t.c.account.step("protect."+a.Stage.String(), "")
		}
	}
	var cause Cause
	if errors.As(err, &cause) && cause.By != ByCaller && end.cause == CauseCallerEnded {
		end.cause = cause.Metric
	}
	return end
}

// transfer sends the caller on to a number of ours, as the agent asked.
func (t *talk) transfer(target string) {
	to, ok := t.c.internal(target)
	if !ok || t.ladder.Stage() == protect.Crisis || t.conv.manners.Emergency {
		t.c.account.step("transfer.refused", target)
		t.tell("refused-not-possible")
		return
	}
	t.c.account.step("transfer", target)
	t.finish(talkEnd{kind: endTransfer, cause: CauseTransferred, to: to})
}

// internal finds where digits lead inside the house.
func (c *Call) internal(digits string) (goal, bool) {
	saved := c.account.r.Dialled
	c.account.r.Dialled = digits
	to := c.reached()
	c.account.r.Dialled = saved
	return to, to.kind != ""
}

// finish ends the conversation; the first end wins.
func (t *talk) finish(e talkEnd) {
	select {
	case t.over <- e:
	default:
	}
}

// tell speaks to the agent only.
func (t *talk) tell(phrases ...string) {
	if !t.conv.agent.gone {
		t.c.sayTo(t.conv.agent, t.c.agentLanguage(t.conv.seat.Agent), phrases...)
	}
}

func (t *talk) isSupervisor() bool { return t.c.plan.Agents[t.conv.seat.Agent].Supervisor }

// part takes the two apart and stops everything that belonged to the conversation.
func (t *talk) part() {
	for _, stop := range t.stops {
		stop()
	}
	if t.wake != nil {
		t.wake()
	}
	if t.page != nil {
		t.page.cancel()
	}
	for _, p := range []Playback{t.prompt, t.hold} {
		if p != nil {
			p.Stop()
		}
	}
	if t.joined != nil {
		t.joined.Close()
		t.joined = nil
	}
	if t.conv.release != nil {
		t.conv.release()
	}
	t.c.talk = nil
	t.c.listen(t.c.caller, t.c.heardCaller)
}

// finish tells the floor how the conversation ended for the agent. It waits until
// the wrap-up and the rest are durable.
func (c *Call) finish(conv *conversation, end talkEnd, protected bool) {
	if conv.seat.Assignment == 0 {
		return // a supervisor who took the call was not assigned by the floor
	}
	granted, longest := c.plan.Protect.RestFor(end.rest)
	ctx, cancel := detached()
	defer cancel()
	err := c.x.parts.Floor.Finish(ctx, conv.seat.Assignment, acd.Outcome{
		Cause: end.cause, Protected: protected, Rest: end.rest, RestFor: granted, RestMax: longest,
	})
	if err != nil && !errors.Is(err, acd.ErrStale) {
		c.log.Error("finish of a conversation", "agent", conv.seat.Agent, "err", err)
	}
}

// agentLanguage is what the system speaks to an agent.
func (c *Call) agentLanguage(agent string) string {
	if l := c.plan.Agents[agent].Language; l != "" {
		return l
	}
	return c.plan.Settings.Language
}

const (
	duck     = -20.0 // dB, the caller toward the agent while a warning plays
	stepBack = -6.0  // dB, the caller toward the agent while step-back is on
)

// gains sets how loud the two are for each other now.
func (t *talk) gains() {
	toAgent, toCaller := 0.0, 0.0
	if t.step {
		toAgent = stepBack
	}
	if t.prompt != nil {
		toAgent, toCaller = duck, media.Mute
	}
	t.joined.SetGain(t.c.caller, toAgent)
	t.joined.SetGain(t.conv.agent, toCaller)
}
