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
	cause string        // one of the Cause words, for the agent's outcome
	why   string        // endLost, endRescue: crisis, emergency; else empty
	rest  int           // cooldown level
	to    goal          // endTransfer
	by    *conversation // endTaken: with whom it goes on; endRescue: who is there already
	page  *page         // endRescue: goes on ringing
}

// talk is a conversation in progress: the two legs, the ladder between them, and
// what is being played to the caller. The call's goroutine owns it.
type talk struct {
	c        *Call
	conv     *conversation
	joined   Joined
	ladder   *protect.Ladder
	keys     *protect.Keys
	over     chan talkEnd // capacity 1: the first end wins
	prompt   *speech      // of the ladder, to the caller
	hold     Playback     // music while the agent holds
	told     media.Level  // of the caller's voice, to the ladder
	warned   time.Time    // when the last prompt of the ladder ended
	heard    int          // warnings that the caller had heard before this conversation
	shielded bool         // the call was protected before this conversation
	earned   acd.Outcome  // what the floor was told last that it has come to so far
	step     bool         // step-back is on
	permit   bool         // open
	page     *page
	sup      *supervisor // who is in the conversation; nil = nobody
	clocks   clocks
}

// clocks are how a conversation's next moments are called off; nil = there is none.
type clocks struct {
	look func() // at the caller's voice
	tick func() // of the ladder
}

// mostUnjoined is how many answers in a row may come to nothing because the sound
// cannot be joined, before the call is given up.
const mostUnjoined = 3

// converse joins the caller and the agent and stays with them until the
// conversation is over. Whatever happens, the agent is out of it when it returns.
func (c *Call) converse(ctx context.Context, conv *conversation) (end talkEnd, err error) {
	t := c.newTalk(conv)
	end = talkEnd{kind: endLost, cause: CauseAgentLost} // what a broken program leaves
	defer func() { t.close(&end) }()
	if err := t.begin(); err != nil {
		if left := t.partedMeanwhile(ctx, err); left != nil {
			end = t.callerLeft(left)
			return end, withMetric(left, end.cause)
		}
		if !conv.agent.gone {
			return end, c.unheard(conv, err)
		}
		if conv.agent.lost() {
			c.account.step("agent.gone", conv.agent.cause.Metric)
			return end, nil
		}
		t.meet(apart{}) // who puts down so soon has put down all the same
		t.resume()
	}
	c.story.unjoined = 0
	c.remember()
	t.earn()
	end, err = await(ctx, c, t.over)
	if err != nil {
		end = t.callerLeft(err)
		return end, withMetric(err, end.cause)
	}
	return end, nil
}

// unheard notes that there is no sound between caller and agent though both are there. An
// error means that the call is given up.
func (c *Call) unheard(conv *conversation, why error) error {
	c.story.unjoined++
	c.account.step("join.failed", why.Error())
	c.log.Error("no sound between caller and agent", "agent", conv.seat.Agent, "err", why)
	if c.story.unjoined < mostUnjoined || !c.story.mayEnd() {
		return nil
	}
	return why
}

// partedMeanwhile waits, when the sound of a party was gone before it could be joined, until
// it is known who has left: the caller, which it tells, or the agent. Nobody may have.
func (t *talk) partedMeanwhile(ctx context.Context, err error) (callerLeft error) {
	if !errors.Is(err, media.ErrClosed) {
		return nil
	}
	const looks, within = 50, time.Second
	look := time.NewTicker(within / looks)
	defer look.Stop()
	for i := 0; i < looks && !t.conv.agent.gone; i++ {
		if _, err := await(ctx, t.c, look.C); err != nil {
			return err
		}
	}
	return nil
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

func (c *Call) newTalk(conv *conversation) *talk {
	t := &talk{
		c: c, conv: conv, keys: protect.NewKeys(c.plan.Settings.CollectWait),
		over: make(chan talkEnd, 1), ladder: conv.ladder,
	}
	if t.ladder == nil {
		t.ladder = protect.New(c.plan.Protect, protect.Limits{
			Emergency: conv.manners.Emergency || c.story.emergency, Notice: c.story.noticed,
			Warnings: c.account.r.Warnings, Crisis: c.story.crisis, Hint: c.plan.Hearing.Meter.Enabled,
		}, time.Now())
	}
	t.heard, t.shielded = t.ladder.Warnings(), t.ladder.Protected()
	return t
}

func (t *talk) begin() error {
	c, conv := t.c, t.conv
	joined, err := c.x.parts.Sounds.Join(c.caller, conv.agent)
	if err != nil {
		return fmt.Errorf("join caller and %s: %w", conv.seat.Agent, err)
	}
	if m := c.plan.Hearing.Meter; m.Enabled {
		c.x.parts.Sounds.Meter(c.caller, m)
	}
	t.told = c.x.parts.Sounds.Level(c.caller)
	t.meet(joined)
	if conv.manners.Whisper {
		t.tell(toneZip)
	}
	c.startTape(conv.manners)
	t.everySecond()
	t.resume()
	return nil
}

// meet makes it the call's conversation: what the agent does is judged from here.
func (t *talk) meet(joined Joined) {
	c, conv := t.c, t.conv
	t.joined, c.talk = joined, t
	c.listen(conv.agent, t.heardAgent)
	c.phase("talking", conv.queue.Name, conv.seat.Agent)
	c.account.segment("talk", conv.queue.Name, conv.seat.Agent)
	c.account.step("answered", conv.seat.Agent)
}

// resume takes up what was there before the conversation: a ladder that goes on, a
// crisis, an agent who has already held, pressed a key or hung up.
func (t *talk) resume() {
	c := t.c
	if stage := t.ladder.Stage(); stage != protect.Calm {
		c.stage(stage)
	}
	if t.ladder.Stage() == protect.Crisis && t.conv.ladder == nil {
		c.account.step("protect.CRISIS", "goes on with "+t.conv.seat.Agent)
		if !t.isSupervisor() {
			t.callSupervisor(protect.WhyCrisis)
		}
	}
	t.setAlarm()
	t.holdMusic()
	for _, sig := range t.conv.agent.early {
		t.heardAgent(sig)
	}
	if t.conv.agent.gone {
		t.agentGone(t.conv.agent.cause)
	}
}

// heardAgent is what the agent's leg does during the conversation.
func (t *talk) heardAgent(sig Signal) {
	switch sig.Kind {
	case Pressed:
		t.key(sig.Digit)
	case Held:
		t.c.account.step("agent.hold", "")
		t.holdMusic()
	case Resumed:
		t.c.account.step("agent.resume", "")
		t.holdMusic()
	case Asked:
		sig.decide(t.transfer(sig.Target))
	case Ended:
		t.agentGone(sig.Cause)
	case Ringing, Answered:
	}
}

func (t *talk) agentGone(leg Cause) {
	t.c.account.step("agent.gone", leg.Metric)
	if t.inherited() {
		t.sup.takes = true
		t.takeOver()
		return
	}
	t.agentLeft()
}

// agentLeft lets the ladder judge that the agent is gone.
func (t *talk) agentLeft() {
	kind := protect.OnHook
	if t.conv.agent.lost() {
		kind = protect.AgentLost
	}
	t.observe(protect.Observation{Kind: kind})
}

// key feeds one digit of the agent to the collector; digits are never relayed.
func (t *talk) key(digit byte) {
	pressed, ok := t.keys.Press(time.Now(), digit)
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
	if o.Kind == protect.KeySettled && t.ladder.Stage() == protect.Elevated {
		t.c.x.tally.Add("det_hint_dismissed_total")
	}
	before := t.ladder.Warnings()
	for _, a := range t.ladder.Step(time.Now(), o) {
		t.carryOut(a)
	}
	t.c.account.r.Warnings = t.ladder.Warnings()
	if n := t.c.account.r.Warnings; n > before {
		t.c.x.tally.Add("protect_warnings_total", "n", strconv.Itoa(n), "queue", t.conv.queue.Name)
	}
	t.earn()
	t.setAlarm()
	t.takeOver()
}

// setAlarm arms the ladder's next tick.
func (t *talk) setAlarm() {
	if t.clocks.tick != nil {
		t.clocks.tick()
		t.clocks.tick = nil
	}
	if next := t.ladder.Next(); !next.IsZero() {
		t.clocks.tick = t.c.after(max(0, time.Until(next)), func() {
			t.observe(protect.Observation{Kind: protect.Tick})
		})
	}
}

// callerLeft asks the ladder what the caller's end means. When it is we who stop, or
// the network that fails, nobody is said to have left because of a warning; what the
// agent has earned stands.
func (t *talk) callerLeft(err error) talkEnd {
	cause := Cause{By: ByUs, Metric: CauseNetwork}
	errors.As(err, &cause)
	end := talkEnd{kind: endCaller, cause: cause.Metric, rest: t.ladder.Rest()}
	chosen := t.ladder.Stage() == protect.Farewell // the agent had ended the call already
	if cause.By != ByCaller && !chosen {
		return end
	}
	for _, a := range t.ladder.Step(time.Now(), protect.Observation{Kind: protect.CallerGone}) {
		if a.Do == protect.EndCall {
			end.cause, end.rest = a.Cause, a.Rest
		}
		if a.Do == protect.Enter {
			t.entered(a.Stage)
		}
	}
	return end
}

// transfer sends the caller on to a number of ours, as the agent asked. An
// announcement is heard out first, and nobody sends on a caller in need.
func (t *talk) transfer(target string) (granted bool) {
	to, ok := t.c.plan.inside(target)
	switch stage := t.ladder.Stage(); {
	case t.ended():
	case !ok, stage == protect.Crisis, !t.c.story.mayEnd():
		t.c.account.step("transfer.refused", target)
		t.tell("refused-not-possible")
	case t.prompt != nil:
		t.c.account.step("transfer.refused", target)
		t.tell("refused-speaking")
	default:
		t.c.account.step("transfer", target)
		t.finish(talkEnd{kind: endTransfer, cause: CauseTransferred, rest: t.ladder.Rest(), to: to})
		return true
	}
	return false
}

// finish ends the conversation; the first end wins.
func (t *talk) finish(e talkEnd) {
	select {
	case t.over <- e:
	default:
	}
}

// ended tells whether an end was chosen that the journey has not taken up yet.
func (t *talk) ended() bool { return len(t.over) > 0 }

// tell speaks to the agent only.
func (t *talk) tell(phrases ...string) {
	if !t.conv.agent.gone {
		t.c.sayTo(t.conv.agent, t.c.agentLanguage(t.conv.seat.Agent), phrases...)
	}
}

func (t *talk) isSupervisor() bool {
	return t.conv.paged() || t.c.plan.Agents[t.conv.seat.Agent].Supervisor
}

// agentLanguage is what the system speaks to an agent.
func (c *Call) agentLanguage(agent string) string {
	if l := c.plan.Agents[agent].Language; l != "" {
		return l
	}
	return c.plan.Settings.Language
}
