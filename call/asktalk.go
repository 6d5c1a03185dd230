package call

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/media/prompt"
)

const (
	talkLook     = 5 * time.Second  // how often the floor is asked with whom a talk is wished for
	talkPatience = 8 * time.Second  // for a key, after each time of being told
	talkTold     = 2                // times that a supervisor is told
	talkCounts   = 30 * time.Second // a conversation of this length is the talk that was asked for
)

// ServeTalks asks supervisors, by a short call, to talk with agents after hard calls, until
// ctx ends. It is run beside the calls. What is asked for and who has taken it on is the
// floor's, so a restart neither forgets nor repeats anything.
func (x *Exchange) ServeTalks(ctx context.Context) error {
	look := time.NewTicker(talkLook)
	defer look.Stop()
	d := talkDesk{x: x, asked: map[string]time.Time{}}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			if err := d.ask(ctx); err != nil && ctx.Err() == nil {
				x.parts.Log.Error("talks after hard calls", "err", err)
			}
		}
	}
}

// talkDesk sees to it that somebody is asked. It belongs to ServeTalks.
type talkDesk struct {
	x     *Exchange
	call  string               // that asks now, or did last: one at a time, so that no supervisor is rung twice at once
	asked map[string]time.Time // by agent, when the last round began
}

// ask begins a round for the agent who has waited longest, if nobody is being asked and
// somebody could be.
func (d *talkDesk) ask(ctx context.Context) error {
	plan := d.x.plan.Load()
	again := plan.Settings.TalkAgain
	if again < 0 || d.x.live(d.call) != nil {
		return nil
	}
	wishes, err := d.x.parts.Floor.Talks(ctx)
	if err != nil || len(wishes) == 0 {
		clear(d.asked)
		return err
	}
	agents, err := d.x.parts.Floor.Agents(ctx)
	if err != nil {
		return err
	}
	open := map[string]bool{}
	var next *acd.TalkWish
	for i, w := range wishes {
		last, before := d.asked[w.Agent]
		open[w.Agent] = w.By == ""
		switch {
		case w.By != "", w.State == acd.LoggedOut: // taken; at home
		case before && time.Since(last) < again, !plan.someLeader(w.Agent, agents):
		case next == nil || last.Before(d.asked[next.Agent]):
			next = &wishes[i]
		}
	}
	maps.DeleteFunc(d.asked, func(agent string, _ time.Time) bool { return !open[agent] })
	if next == nil {
		return nil
	}
	c := newCall(d.x, &absent{party: Party{ID: "talk-" + newID(time.Now())[:10], Name: "talk", Since: time.Now()}})
	c.story.talk = next
	if d.x.begin(c) {
		d.call, d.asked[next.Agent] = c.ID, time.Now()
	}
	return nil
}

// leadersOf is who is asked to talk with an agent, in order.
func (p *Plan) leadersOf(agent string) []string {
	if named := p.Agents[agent].Leaders; len(named) > 0 {
		return named
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p.Agents)) {
		if p.Agents[name].Supervisor && name != agent {
			all = append(all, name)
		}
	}
	return all
}

// someLeader tells whether one of them could be rung now.
func (p *Plan) someLeader(agent string, now []acd.AgentView) bool {
	asks := page{words: pageWords{why: whyTalk}}
	leaders := p.leadersOf(agent)
	return slices.ContainsFunc(now, func(a acd.AgentView) bool {
		return a.Name != agent && slices.Contains(leaders, a.Name) && asks.mayRing(a)
	})
}

// numberOf is what an agent dials to log in: a name is not spoken.
func (p *Plan) numberOf(agent string) string {
	for _, number := range slices.Sorted(maps.Keys(p.AgentNumbers)) {
		if p.AgentNumbers[number] == agent {
			return number
		}
	}
	return ""
}

// askToTalk is the journey of the call that asks: it rings one supervisor after the other,
// tells who answers, and is over when somebody has taken the talk on, or nobody has.
func (c *Call) askToTalk(ctx context.Context, w *acd.TalkWish) error {
	c.phase("asking", "", "")
	c.account.segment("ring", "", "")
	c.account.r.TalkWith = w.Agent
	c.account.step("talk.wanted", w.Agent)
	leader, err := c.findLeader(ctx, w.Agent)
	if err != nil {
		return err
	}
	if leader == "" {
		return Cause{By: ByPolicy, Metric: CauseUnreached, Text: "no supervisor answered"}
	}
	c.account.segment("code", "", "")
	yes, err := c.tellLeader(ctx, w.Agent)
	switch {
	case err != nil:
		return err
	case !yes:
		return Cause{By: ByPolicy, Metric: CauseUnreached, Text: "the supervisor did not take it on"}
	}
	_, err = c.x.parts.Floor.TakeTalk(ctx, w.Agent, leader)
	switch {
	case errors.Is(err, acd.ErrNoTalk), errors.Is(err, acd.ErrNoAgent):
		return c.talkOver(ctx, toneBeep, sayNotNow)
	case err != nil && !errors.Is(err, acd.ErrNotDurable):
		return err
	}
	c.account.step("talk.taken", leader)
	c.log.Info("takes on to talk with an agent after hard calls", "supervisor", leader, "agent", w.Agent)
	return c.offerTalk(ctx, w.Agent, leader)
}

// findLeader rings supervisors until one answers, who is the caller of this call from there
// on; empty = none did.
func (c *Call) findLeader(ctx context.Context, agent string) (leader string, err error) {
	found := make(chan string, 1)
	about := &conversation{seat: acd.Seat{Agent: agent}, manners: QueueManners{Supervisors: c.plan.leadersOf(agent)}}
	p := c.startPage(about, pageWords{why: whyTalk, once: true}, func(by *conversation) {
		if by == nil {
			found <- ""
			return
		}
		c.caller = by.agent
		c.ours(by.agent)
		c.account.r.Answered, c.account.r.Phone = by.agent.answered, by.seat.Phone
		c.listen(by.agent, c.heardCaller)
		found <- by.seat.Agent
	})
	defer p.over()
	return await(ctx, c, found)
}

// tellLeader says with whom a talk is wished for; yes = the supervisor takes it on.
func (c *Call) tellLeader(ctx context.Context, agent string) (yes bool, err error) {
	c.story.language = c.agentLanguage(c.caller.agent)
	for range talkTold {
		digit, err := c.askKey(ctx, sayTalkWanted, prompt.Digits(c.plan.numberOf(agent)), sayTalkTake)
		if err != nil || digit == '1' {
			return digit == '1', err
		}
	}
	return false, nil
}

// askKey says something and waits for a key; 0 = none came.
func (c *Call) askKey(ctx context.Context, phrases ...string) (byte, error) {
	digit, err := line{c}.Say(ctx, c.story.language, true, phrases...)
	if err == nil && digit == 0 {
		digit, err = line{c}.Digit(ctx, talkPatience)
	}
	return digit, err
}

// offerTalk thanks, and connects with the agent at once where that is wished and they are
// free: a rest and a wrap-up are nobody's to disturb.
func (c *Call) offerTalk(ctx context.Context, agent, leader string) error {
	phone, err := c.freeAt(ctx, agent)
	if err != nil {
		return err
	}
	if phone == "" {
		return c.talkOver(ctx, toneConfirm, sayTalkTaken)
	}
	digit, err := c.askKey(ctx, toneConfirm, sayTalkTaken, sayTalkConnect)
	if err != nil || digit != '2' {
		return errors.Join(err, Cause{By: ByUs, Metric: LegNormal, Text: "taken on"})
	}
	if phone, err = c.freeAt(ctx, agent); err != nil {
		return err
	}
	if phone == "" {
		return c.talkOver(ctx, toneBeep, sayNotNow)
	}
	defer c.countTalk(agent, leader)
	_, err = c.connect(ctx, goal{toPhone, phone})
	return err
}

// freeAt is the phone of an agent who can be called without disturbing them; empty = not now.
func (c *Call) freeAt(ctx context.Context, agent string) (phone string, err error) {
	agents, err := c.x.parts.Floor.Agents(ctx)
	for _, a := range agents {
		if a.Name == agent && (a.State == acd.Ready || a.State == acd.NotReady || a.State == acd.Missed) {
			return a.Phone, err
		}
	}
	return "", err
}

// countTalk says that the two have talked, if they have.
func (c *Call) countTalk(agent, leader string) {
	n := len(c.account.r.Segments)
	if s := c.account.r.Segments[n-1]; s.Kind != "talk" || time.Since(s.From) < talkCounts {
		return
	}
	ctx, cancel := detached()
	defer cancel()
	if _, err := c.x.parts.Floor.Talked(ctx, agent, leader); err != nil && !errors.Is(err, acd.ErrNotDurable) {
		c.log.Error("a talk after hard calls was not noted", "agent", agent, "by", leader, "err", err)
	}
}

// talkOver says the last words of the call that asks.
func (c *Call) talkOver(ctx context.Context, phrases ...string) error {
	if err := c.sayLast(ctx, phrases...); err != nil {
		return err
	}
	return Cause{By: ByUs, Metric: LegNormal, Text: "the supervisor was told"}
}

// spokenTalk tells an agent that a talk is asked for, and whether somebody has taken it on.
func (c *Call) spokenTalk(ctx context.Context, a acd.AgentView) []string {
	if !a.Talk {
		return nil
	}
	care, err := c.x.parts.Floor.Care(ctx, a.Name)
	switch {
	case err != nil:
		c.log.Error("care", "err", err)
		return nil
	case care.TalkBy != "":
		return []string{"why-talk-taken"}
	}
	return []string{"why-talk"}
}
