package call

import (
	"context"
	"sync"
	"time"

	"breakwater/acd"
)

// phones is who uses which phone outside the queues. The floor is told of the first
// use and of the last end.
//
// mu is held while the floor is told: that never waits, and only so is the order of
// what it hears the order of what happened. Told after unlocking, a late "free" could
// follow the next call's "busy", or the other way round for good.
type phones struct {
	floor *acd.Floor

	mu    sync.Mutex // protects all following fields
	busy  map[string]int
	paged map[string]int   // of busy: supervisors who are rung for, or in, a queue call
	codes map[string]*Call // a call that only speaks to its caller
}

// use is what a phone is engaged for.
type use struct{ paged bool }

func newPhones(f *acd.Floor) *phones {
	return &phones{floor: f, busy: map[string]int{}, paged: map[string]int{}, codes: map[string]*Call{}}
}

func (p *phones) engage(phone string, u use) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u.paged {
		p.paged[phone]++
	}
	p.busy[phone]++
	if p.busy[phone] == 1 {
		p.floor.PhoneBusy(phone, true)
	}
}

func (p *phones) release(phone string, u use) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u.paged {
		if p.paged[phone]--; p.paged[phone] == 0 {
			delete(p.paged, phone)
		}
	}
	p.busy[phone]--
	if p.busy[phone] == 0 {
		delete(p.busy, phone)
		p.floor.PhoneBusy(phone, false)
	}
}

// isPaged tells whether a supervisor is rung or talks there for a queue call.
func (p *phones) isPaged(phone string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paged[phone] > 0
}

// partingTime is how long the wire may take to end a spoken confirmation: an ACK and
// a BYE to a phone far away. A phone with one line is busy until then.
const partingTime = 250 * time.Millisecond

// serveCode notes that c only speaks to its phone, so that an offer may end it. A
// code dialled on a second line takes the place of the first.
func (p *phones) serveCode(phone string, c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before := p.codes[phone]; before != nil {
		before.cancel(Cause{By: ByUs, Metric: LegNormal, Text: "another code takes the phone"})
	}
	p.codes[phone] = c
	c.parted = make(chan struct{})
}

// noCode notes that c does more than speak to its phone: no offer ends it any more.
func (p *phones) noCode(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if phone := c.caller.Party().Phone; p.codes[phone] == c {
		delete(p.codes, phone)
	}
}

// codeServed lets the phone of a code put down before it is free for the next call.
func (p *phones) codeServed(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.parted == nil {
		return // no code
	}
	time.AfterFunc(partingTime, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if phone := c.caller.Party().Phone; p.codes[phone] == c {
			delete(p.codes, phone)
		}
		close(c.parted)
	})
}

// freeForOffer ends a spoken confirmation that is still playing at the phone: a
// queue call must never be the second call on it. It gives what is closed when the
// phone has put down; nil = the phone is free.
func (p *phones) freeForOffer(phone string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.codes[phone]
	if c == nil {
		return nil
	}
	c.cancel(Cause{By: ByUs, Metric: LegNormal, Text: "a call takes the phone"})
	return c.parted
}

// takePhones makes phones free for a call and waits until they are.
func (c *Call) takePhones(ctx context.Context, phones ...string) error {
	var speaking []<-chan struct{}
	for _, phone := range phones {
		if parted := c.x.phones.freeForOffer(phone); parted != nil {
			speaking = append(speaking, parted)
		}
	}
	for _, parted := range speaking {
		if _, err := await(ctx, c, parted); err != nil {
			return err
		}
	}
	return nil
}

// agentAt finds who is logged in at a phone; an empty name when nobody is.
func (x *Exchange) agentAt(ctx context.Context, phone string) (acd.AgentView, error) {
	agents, err := x.parts.Floor.Agents(ctx)
	if err != nil {
		return acd.AgentView{}, err
	}
	for _, a := range agents {
		if a.Phone == phone && a.State != acd.LoggedOut {
			return a, nil
		}
	}
	return acd.AgentView{}, nil
}

// inQueueCall tells whether a queue call is at the agent's phone, or on its way there.
func inQueueCall(a acd.AgentView) bool {
	return a.State == acd.Offered || a.State == acd.OnCall && a.Call != ""
}

// tookOffer tells whether a queue call came to the agent between two looks, the
// second of which sees the phone engaged by us.
func tookOffer(before, now acd.AgentView) bool {
	return now.State == acd.Offered || now.State == acd.OnCall && now.Call != before.Call
}
