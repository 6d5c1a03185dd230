package call

import (
	"context"
	"time"

	"breakwater/acd"
)

// keepPause is how long a caller who may not be left waits before the next try.
const keepPause = 5 * time.Second

// rescue gives a caller in a crisis or emergency to a supervisor, else back to the
// head of the queue. The caller hears that somebody will be there.
func (c *Call) rescue(ctx context.Context, conv *conversation, end talkEnd) (again bool, next goal, err error) {
	by := end.by
	if by == nil {
		by, err = c.findSupervisor(ctx, conv, end.page)
	}
	if err != nil {
		return false, goal{}, err
	}
	if by == nil {
		return true, goal{}, nil
	}
	return c.withSupervisor(ctx, by)
}

// keep is for a caller whom no queue takes and nobody may hang up on: the
// supervisors are asked, then the last queue again.
func (c *Call) keep(ctx context.Context) (goal, error) {
	queue := c.story.queue
	c.account.step("kept", queue)
	c.x.tally.Add("callers_kept_total")
	conv := &conversation{queue: acd.QueueSpec{Name: queue}, manners: c.plan.queue(queue)}
	by, err := c.findSupervisor(ctx, conv, nil)
	if err != nil {
		return goal{}, err
	}
	if by != nil {
		again, next, err := c.withSupervisor(ctx, by)
		if err != nil || !again {
			return next, err
		}
		return goal{toQueue, queue}, nil
	}
	music := c.music(conv.manners.Music)
	if music != nil {
		defer music.Stop()
	}
	return goal{toQueue, queue}, c.pause(ctx, keepPause)
}

// findSupervisor rings the supervisors of the queue, each once, while the caller
// hears that somebody will come, then music. p, unless nil, rings already and goes
// on. nil and no error: none of them came.
func (c *Call) findSupervisor(ctx context.Context, conv *conversation, p *page) (by *conversation, err error) {
	c.phase("rescue", conv.queue.Name, "")
	c.account.segment("rescue", conv.queue.Name, "")
	found := make(chan *conversation, 1)
	heard := func(by *conversation) { found <- by }
	if p == nil {
		p = c.startPage(conv, pageWords{why: whyRescue, once: true}, heard)
	} else {
		p.lastRound(heard)
	}
	defer func() {
		p.cancel()
		if by == nil && len(found) > 0 { // came in the moment in which the caller left
			if late := <-found; late != nil {
				c.dismiss(late, Cause{By: ByCaller, Metric: LegNormal, Text: "the caller is gone"})
			}
		}
	}()
	if err := c.say(ctx, sayHolding); err != nil {
		return nil, err
	}
	music := c.music(conv.manners.Music)
	if music != nil {
		defer music.Stop()
	}
	return await(ctx, c, found)
}
