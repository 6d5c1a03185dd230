package call

import (
	"context"
	"time"

	"breakwater/acd/protect"
)

// afterTalk takes care of the caller once the agent is out of the conversation.
// again = back to the original place in the queue; else the call goes to next,
// or ends where that is zero.
func (c *Call) afterTalk(ctx context.Context, conv *conversation, end talkEnd) (again bool, next goal, err error) {
	switch end.kind {
	case endPolicy:
		return false, goal{}, Cause{By: ByPolicy, Metric: end.cause}
	case endTransfer:
		return false, end.to, nil
	case endTaken:
		return c.withSupervisor(ctx, end.by)
	case endLost:
		c.account.step("rescue", "agent lost")
		return true, goal{}, c.say(ctx, sayLost)
	case endRescue:
		c.account.step("rescue", "agent left a caller who may not be left")
		return c.rescue(ctx, conv)
	case endClosing:
		return c.closing(ctx, conv.manners)
	case endCaller:
	}
	return false, goal{}, nil
}

// withSupervisor is the conversation after a supervisor took the call.
func (c *Call) withSupervisor(ctx context.Context, conv *conversation) (bool, goal, error) {
	end, err := c.converse(ctx, conv)
	if err != nil {
		return false, goal{}, err
	}
	return c.afterTalk(ctx, conv, end)
}

// closing says that the agent has finished and gives the caller the way back, once a
// call. Without a permit nobody is cut off by the agent's on-hook.
func (c *Call) closing(ctx context.Context, m QueueManners) (again bool, next goal, err error) {
	finished := Cause{By: ByAgent, Metric: CauseAgentFinished}
	switch {
	case m.OnAgentHangup == HangupRescue:
		return true, goal{}, c.say(ctx, sayHolding)
	case m.OnAgentHangup == HangupEnd:
		return false, goal{}, finished
	case c.rescued:
		_ = c.say(ctx, sayGoodbye) // whoever hangs up first, the cause is the same
		return false, goal{}, finished
	}
	c.phase("closing", "", "")
	c.account.step("closing", "")
	more, err := c.wantsMore(ctx)
	if err != nil {
		return false, goal{}, finished
	}
	if more {
		c.rescued = true
		c.account.r.WantedMore = true
		c.account.step("caller.wants-more", "")
		c.x.tally.Add("callers_wanted_more_total")
		return true, goal{}, nil
	}
	_ = c.say(ctx, sayGoodbye) // whoever hangs up first, the cause is the same
	return false, goal{}, finished
}

// wantsMore plays the closing and waits for a 1, from its first word until 8 s after
// its last.
func (c *Call) wantsMore(ctx context.Context) (bool, error) {
	c.forgetDigits()
	digit, err := line{c}.Say(ctx, c.lang, true, sayClosing)
	until := time.Now().Add(c.plan.Settings.ClosingWait)
	for err == nil && digit != '1' {
		left := time.Until(until)
		if left <= 0 {
			return false, nil
		}
		digit, err = line{c}.Digit(ctx, left)
	}
	return digit == '1', err
}

// forgetDigits drops what was typed before the question was asked.
func (c *Call) forgetDigits() {
	for len(c.digits) > 0 {
		<-c.digits
	}
}

// rescue gives a caller in a crisis or emergency to a supervisor, else back to the
// head of the queue. The caller hears that somebody will be there.
func (c *Call) rescue(ctx context.Context, conv *conversation) (again bool, next goal, err error) {
	if err := c.say(ctx, sayHolding); err != nil {
		return false, goal{}, err
	}
	music := c.music(conv.manners.Music)
	if music != nil {
		defer music.Stop()
	}
	found := make(chan *conversation, 1)
	p := c.startPage(conv, pageWords{why: "rescue", once: true}, func(by *conversation) { found <- by })
	by, err := await(ctx, c, found)
	if err != nil {
		p.cancel()
		return false, goal{}, err
	}
	if by == nil {
		return true, goal{}, nil
	}
	if music != nil {
		music.Stop()
	}
	return c.withSupervisor(ctx, by)
}

// callSupervisor pages while the conversation goes on; whoever answers takes the call.
func (t *talk) callSupervisor(why string) {
	if t.page != nil || len(t.over) > 0 { // a conversation that is over is rescued by the journey
		return
	}
	t.page = t.c.startPage(t.conv, pageWords{why: why}, func(by *conversation) {
		if by == nil || t.c.talk != t {
			return
		}
		t.page = nil
		t.observe(protect.Observation{Kind: protect.SupervisorIn})
		by.ladder = t.ladder
		t.finish(talkEnd{kind: endTaken, cause: CauseTransferred, rest: t.ladder.Rest(), by: by})
	})
}

func (t *talk) cancelPage() {
	if t.page != nil {
		t.page.cancel()
		t.page = nil
	}
}
