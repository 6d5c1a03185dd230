package call

import (
	"context"
	"time"

	"breakwater/acd"
)

// pagePause is how long a page waits before it asks the same supervisors again.
const pagePause = 5 * time.Second

// pageWords say what a page is about.
type pageWords struct {
	why  string
	once bool // give up after the last supervisor instead of starting again
}

// page rings the supervisors of a queue one after the other until one answers. The
// call's goroutine owns it; nothing in it waits.
type page struct {
	c     *Call
	conv  *conversation // whose queue and agent it is about
	words pageWords
	names []string // still to be asked in this round
	found func(by *conversation)
	leg   *side
	free  func() // of the phone being rung
	stop  func() // of the pause between rounds
	ctx   context.Context
	quit  context.CancelFunc
}

// startPage begins a page. found is called once, in the call's goroutine: with the
// supervisor who answered, or nil when nobody did (words.once).
func (c *Call) startPage(conv *conversation, words pageWords, found func(*conversation)) *page {
	p := &page{c: c, conv: conv, words: words, found: found, free: func() {}, stop: func() {}}
	p.ctx, p.quit = context.WithCancel(c.life)
	c.x.tally.Add("protect_pages_total", "why", words.why)
	p.round()
	return p
}

// cancel ends the page; a phone that rings stops.
func (p *page) cancel() {
	p.quit()
	p.stop()
	p.free()
	p.c.drop(p.leg, Cause{By: ByUs, Metric: LegCancelled, Text: "page is over"})
}

// round asks everybody once.
func (p *page) round() {
	p.names = p.conv.manners.Supervisors
	p.next()
}

// next rings the first supervisor left who is logged in and free.
func (p *page) next() {
	p.free()
	p.free = func() {}
	p.c.helper.Go(func() {
		agents, err := p.c.x.parts.Floor.Agents(p.ctx)
		p.c.post(func() {
			if p.ctx.Err() != nil {
				return
			}
			if err != nil {
				p.c.log.Error("page", "err", err)
			}
			p.pick(agents)
		})
	})
}

func (p *page) pick(agents []acd.AgentView) {
	for len(p.names) > 0 {
		name := p.names[0]
		p.names = p.names[1:]
		for _, a := range agents {
			if a.Name == name && name != p.conv.seat.Agent && canBePaged(a) {
				p.ring(a)
				return
			}
		}
	}
	if p.words.once {
		p.quit()
		p.found(nil)
		return
	}
	p.stop = p.c.after(pagePause, p.round)
}

// canBePaged: logged in and not in a call. Nobody is taken out of a rest.
func canBePaged(a acd.AgentView) bool {
	switch a.State {
	case acd.Ready, acd.NotReady, acd.WrapUp, acd.Missed:
		return a.Phone != ""
	case acd.LoggedOut, acd.Offered, acd.OnCall, acd.Resting:
	}
	return false
}

// ring calls a supervisor, as soon as the phone has put down what it is told.
func (p *page) ring(a acd.AgentView) {
	p.free = p.c.x.engage(a.Phone)
	parted := p.c.x.freeForOffer(a.Phone)
	if parted == nil {
		p.dial(a)
		return
	}
	when(p.c, parted, func(struct{}) {
		if p.ctx.Err() == nil {
			p.dial(a)
		}
	})
}

func (p *page) dial(a acd.AgentView) {
	c := p.c
	c.account.step("page.ring", a.Name)
	s := &side{agent: a.Name, Leg: c.x.parts.Dialer.Dial(p.ctx, Target{
		Phone: a.Phone, From: c.account.r.Caller, Ring: c.plan.Settings.PageRing, Call: c.ID,
		Name: "Help " + p.conv.seat.Agent + ": " + p.conv.queue.Name,
	})}
	p.leg = s
	c.listen(s, func(sig Signal) {
		switch sig.Kind {
		case Answered:
			p.answered(a, s)
		case Ended:
			if p.ctx.Err() == nil {
				p.leg = nil
				p.next()
			}
		case Ringing, Pressed, Held, Resumed, Asked:
		}
	})
}

// answered tells the supervisor what the call is and then hands it over.
func (p *page) answered(a acd.AgentView, s *side) {
	c := p.c
	c.account.step("page.answered", a.Name)
	said := c.sayTo(s, c.agentLanguage(a.Name), sayPage)
	when(c, said.Done(), func(struct{}) {
		if p.ctx.Err() != nil || s.gone {
			return
		}
		p.quit()
		p.leg = nil
		p.found(&conversation{
			seat:  acd.Seat{Agent: a.Name, Phone: a.Phone, Reason: p.words.why},
			queue: p.conv.queue, manners: p.conv.manners, agent: s, release: p.free,
		})
	})
}
