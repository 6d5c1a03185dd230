package call

import (
	"context"
	"errors"
	"time"
)

// afterTalk takes care of the caller once the agent is out of the conversation.
// again = back to the original place in the queue; else the call goes to next.
func (c *Call) afterTalk(ctx context.Context, conv *conversation, end talkEnd) (again bool, next goal, err error) {
	switch end.kind {
	case endPolicy:
		return false, goal{}, Cause{By: ByPolicy, Metric: end.cause}
	case endTransfer:
		c.story.moved = true
		return false, end.to, nil
	case endTaken:
		return c.withSupervisor(ctx, end.by)
	case endLost:
		return c.afterLoss(ctx, conv, end)
	case endRescue:
		c.account.step("rescue", "agent left a caller who may not be left")
		return c.rescue(ctx, conv, end)
	case endClosing:
		return c.closing(ctx, conv)
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

// afterLoss brings a caller back whose agent was lost: to a supervisor where nobody
// may be left, else to the queue, without asking. Who hangs up on hearing it was
// lost by the agent's line.
func (c *Call) afterLoss(ctx context.Context, conv *conversation, end talkEnd) (again bool, next goal, err error) {
	c.account.step("rescue", "agent lost")
	if !c.story.mayEnd() {
		return c.rescue(ctx, conv, end)
	}
	c.phase("rescue", conv.queue.Name, "")
	c.account.segment("rescue", conv.queue.Name, "")
	err = c.say(ctx, sayLost)
	if cause := (Cause{}); errors.As(err, &cause) && cause.By == ByCaller {
		c.callBackLost(conv)
		return false, goal{}, withMetric(err, CauseAgentLost)
	}
	return true, goal{}, err
}

// closing says that the agent has finished and gives the caller the way back, once a
// call. Without a permit nobody is cut off by the agent's on-hook.
func (c *Call) closing(ctx context.Context, conv *conversation) (again bool, next goal, err error) {
	finished := Cause{By: ByAgent, Metric: CauseAgentFinished}
	switch conv.manners.OnAgentHangup {
	case HangupRescue:
		c.phase("rescue", conv.queue.Name, "")
		c.account.segment("rescue", conv.queue.Name, "")
		return true, goal{}, c.say(ctx, sayHolding)
	case HangupEnd:
		return false, goal{}, finished
	}
	c.phase("closing", conv.queue.Name, "")
	c.account.segment("closing", conv.queue.Name, "")
	if !c.story.rescued && c.wantsMore(ctx) {
		c.story.rescued = true
		c.account.r.WantedMore = true
		c.account.step("caller.wants-more", "")
		c.x.tally.Add("callers_wanted_more_total")
		return true, goal{}, nil
	}
	if ctx.Err() == nil {
		_ = c.sayLast(ctx, sayGoodbye) // whoever hangs up first, the cause is the same
	}
	return false, goal{}, finished
}

// wantsMore plays the closing and waits for a 1, from its first word until 8 s after
// its last. Who hangs up wants no more.
func (c *Call) wantsMore(ctx context.Context) bool {
	c.account.step("closing", "")
	c.forgetDigits()
	digit, err := line{c}.Say(ctx, c.story.language, true, sayClosing)
	until := time.Now().Add(c.plan.Settings.ClosingWait)
	for err == nil && digit != '1' {
		left := time.Until(until)
		if left <= 0 {
			return false
		}
		digit, err = line{c}.Digit(ctx, left)
	}
	return err == nil && digit == '1'
}
