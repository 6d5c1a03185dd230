package call

import (
	"context"
	"time"

	"breakwater/acd"
	"breakwater/acd/protect"
)

// Words of pages that are not the ladder's.
const (
	whyRescue = "rescue" // a caller without an agent
	whyTalk   = "talk"   // nobody is on the line: somebody is asked to talk with an agent
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
	phone string // kept from queue calls while it is rung; empty = none
	rests func() // stops the pause between rounds; nil = no pause
	ctx   context.Context
	quit  context.CancelFunc
}

// startPage begins a page. found is called once, in the call's goroutine: with the
// supervisor who answered, or nil when nobody did (words.once).
func (c *Call) startPage(conv *conversation, words pageWords, found func(*conversation)) *page {
	p := &page{c: c, conv: conv, words: words, found: found}
	p.ctx, p.quit = context.WithCancel(c.life)
	c.x.tally.Add("protect_pages_total", "why", words.why)
	p.round()
	return p
}

// lastRound lets a page go on for somebody else: what rings rings on, and after the
// last supervisor it is over.
func (p *page) lastRound(found func(*conversation)) {
	p.found, p.words = found, pageWords{why: whyRescue, once: true}
	if p.rests != nil {
		p.rests()
		p.round()
	}
}

// cancel ends the page; a phone that rings stops. Ending it twice is harmless.
func (p *page) cancel() {
	if p.leg != nil {
		p.c.account.step("page.cancelled", p.leg.agent)
	}
	p.over()
	p.free()
	p.c.drop(p.leg, Cause{By: ByUs, Metric: LegCancelled, Text: "page is over"})
	p.leg = nil
}

// isAnswered tells whether a supervisor has answered and is being told; nil is no page.
func (p *page) isAnswered() bool { return p != nil && p.leg != nil && !p.leg.answered.IsZero() }

// over ends the asking.
func (p *page) over() {
	p.quit()
	if p.rests != nil {
		p.rests()
		p.rests = nil
	}
}

func (p *page) free() {
	p.c.release(p.phone)
	p.phone = ""
}

// round asks everybody once.
func (p *page) round() {
	p.rests = nil
	p.names = p.conv.manners.Supervisors
	p.next()
}

// next rings the first supervisor left who is logged in and free.
func (p *page) next() {
	p.look(nil, p.pick)
}

// look asks the floor for its agents on the page's behalf, after a phone has put
// down what it was told.
func (p *page) look(parted <-chan struct{}, then func([]acd.AgentView)) {
	c := p.c
	c.inbox.helpers.Go(func() {
		if parted != nil {
			select {
			case <-parted:
			case <-p.ctx.Done():
			}
		}
		agents, err := c.x.parts.Floor.Agents(p.ctx)
		c.post(func() {
			if p.ctx.Err() != nil {
				return
			}
			if err != nil {
				c.log.Error("page", "err", err)
			}
			then(agents)
		})
	})
}

func (p *page) pick(agents []acd.AgentView) {
	for len(p.names) > 0 {
		name := p.names[0]
		p.names = p.names[1:]
		for _, a := range agents {
			if a.Name == name && name != p.conv.seat.Agent && p.mayRing(a) {
				p.claim(a)
				return
			}
		}
	}
	if p.words.once {
		p.over()
		p.found(nil)
		return
	}
	p.rests = p.c.after(pagePause, p.round)
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

// mayRing: nobody's wrap-up is disturbed for what can wait.
func (p *page) mayRing(a acd.AgentView) bool {
	return canBePaged(a) && (p.words.why != whyTalk || a.State != acd.WrapUp)
}

// claim keeps a supervisor's phone from queue calls, and rings it unless one was
// quicker: the floor is asked once more.
func (p *page) claim(a acd.AgentView) {
	p.phone = a.Phone
	p.c.engagePaged(a.Phone)
	p.look(p.c.x.phones.freeForOffer(a.Phone), func(agents []acd.AgentView) {
		for _, now := range agents {
			if now.Name == a.Name && now.Phone == a.Phone && !tookOffer(a, now) {
				p.ring(a)
				return
			}
		}
		p.free()
		p.next()
	})
}

func (p *page) ring(a acd.AgentView) {
	c := p.c
	c.account.step("page.ring", a.Name)
	s := c.dial(p.ctx, a.Name, Target{
		Phone: a.Phone, From: c.account.r.Caller, Ring: c.plan.Settings.PageRing, Name: p.title(),
	})
	p.leg = s
	c.listen(s, func(sig Signal) {
		switch sig.Kind {
		case Answered:
			p.answered(a, s)
		case Ended:
			c.account.step("page.missed", a.Name+": "+sig.Cause.Metric)
			p.leg = nil
			p.free()
			p.next()
		case Ringing, Pressed, Held, Resumed, Asked:
		}
	})
}

// title is what the supervisor's phone shows.
func (p *page) title() string {
	if p.words.why == whyTalk {
		return "Talk with " + p.conv.seat.Agent
	}
	if p.conv.seat.Agent == "" {
		return "Help: " + p.conv.queue.Name
	}
	return "Help " + p.conv.seat.Agent + ": " + p.conv.queue.Name
}

// line is what the supervisor is told, and why they are in the conversation by that.
func (p *page) line() (phrase, told string) {
	switch {
	case p.c.story.crisis:
		return sayPageCrisis, protect.WhyCrisis
	case p.words.why == whyRescue:
		return sayPageRescue, whyRescue
	}
	return sayPage, protect.WhyAssist
}

// answered tells the supervisor what the call is and then lets them in.
func (p *page) answered(a acd.AgentView, s *side) {
	c := p.c
	c.account.step("page.answered", a.Name)
	if p.words.why == whyTalk { // told by who asks
		p.over()
		p.leg, p.phone = nil, ""
		p.found(&conversation{seat: acd.Seat{Agent: a.Name, Phone: a.Phone, Reason: whyTalk}, agent: s})
		return
	}
	phrase, told := p.line()
	said := c.sayTo(s, c.agentLanguage(a.Name), phrase)
	when(c, said.Done(), func(struct{}) {
		if p.leg != s || p.ctx.Err() != nil {
			return
		}
		p.over()
		p.leg, p.phone = nil, "" // the conversation's now
		p.found(&conversation{
			seat:  acd.Seat{Agent: a.Name, Phone: a.Phone, Reason: told},
			queue: p.conv.queue, manners: p.conv.manners, agent: s,
		})
	})
}
