package crowd

import (
	"context"
	"errors"
	"time"

	"breakwater/loadtest/flood"
)

// Times tell how fast a server acts, from our send to what comes back by it, as the
// kernel stamps its arrival: this program's own slowness to read is no part of them.
type Times struct {
	Rung     flood.Histogram `json:"rung"`     // a caller's INVITE → 180
	Answered flood.Histogram `json:"answered"` // a caller's INVITE → 200
	Offered  flood.Histogram `json:"offered"`  // a caller's INVITE → the INVITE for them at a phone
	Refused  flood.Histogram `json:"refused"`  // a caller's INVITE → 503
	Ended    flood.Histogram `json:"ended"`    // BYE → its 200

	// From the act that makes an agent offerable to the next INVITE at that phone, and
	// only while more callers waited than other phones were without a call.
	FreedByAgent  flood.Histogram `json:"freed_by_agent"`  // the phone's own BYE
	FreedByCaller flood.Histogram `json:"freed_by_caller"` // the BYE of whom it talked with
}

// moments is what is remembered of a call for the times' sake.
type moments struct {
	invited time.Time // INVITE was sent
	left    time.Time // BYE was
	rung    bool
	offered bool
	waits   bool // counted in Crowd.waiting
	partner *Call
	served  chan struct{} // of a caller: closed when an agent's phone has the ACK
}

// parting is when, and by whom, a phone was made free; zero: it does not count.
type parting struct {
	at       time.Time
	byCaller bool
}

// tooMuch is what a server says that has too much to do (RFC 3261 §21.5.4).
const tooMuch = 503

var errNoAgent = errors.New("the call ended before an agent had it")

// Count begins to count times anew, and gives what was counted so far.
func (c *Crowd) Count() *Times {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.times
	c.times = &Times{}
	for _, p := range c.phones {
		p.freed = parting{}
	}
	return before
}

// Mute says whether callers, and phones that are called, say nothing: their calls are
// signalling alone. What phones dial themselves is never mute: keys are sound.
func (c *Crowd) Mute(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = on
}

// Waiting counts the callers who wait for an agent.
func (c *Crowd) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting
}

// AwaitAgent returns when an agent's phone has the call that we placed, and its ACK.
func (call *Call) AwaitAgent(ctx context.Context) error {
	select {
	case <-call.moments.served:
		return nil
	case <-call.ended:
		return errNoAgent
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// HangupAgent lets the agent who has the call put down, and returns when we were told. Where
// none has it any more, because the server took the call back as it was answered, the
// caller hangs up.
func (call *Call) HangupAgent(ctx context.Context) error {
	c := call.crowd
	c.mu.Lock()
	if agent := call.moments.partner; agent != nil && !agent.leaving && !agent.over() {
		agent.leaving = true
		agent.bye()
	} else if !call.leaving {
		call.leaving = true
		call.bye()
	}
	c.mu.Unlock()
	select {
	case <-call.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// progressed notes an answer to our INVITE. The lock is held, here and below.
func (call *Call) progressed(status int) {
	if call.phone != nil || status < 180 {
		return
	}
	c, m := call.crowd, &call.moments
	if !m.waits && !m.offered && status < 300 {
		m.waits = true
		c.waiting++
	}
	if c.times == nil {
		return
	}
	took := c.arrived.Sub(m.invited)
	switch {
	case status == tooMuch:
		c.times.Refused.Add(took)
	case status >= 300:
	case status >= 200:
		c.times.Answered.Add(took)
	case !m.rung:
		m.rung = true
		c.times.Rung.Add(took)
	}
}

func (call *Call) waitsNoMore() {
	if call.moments.waits {
		call.moments.waits = false
		call.crowd.waiting--
	}
}

// reached notes that a phone, whose call this is, rings for a caller.
func (call *Call) reached(caller *Call) {
	c := call.crowd
	call.moments.partner, caller.moments.partner = caller, call
	caller.waitsNoMore()
	if first := !caller.moments.offered; first && c.times != nil {
		c.times.Offered.Add(c.arrived.Sub(caller.moments.invited))
	}
	caller.moments.offered = true
}

// rings notes that a phone rings again.
func (p *Phone) rings() {
	c, freed := p.crowd, p.freed
	p.freed = parting{}
	if c.times == nil {
		return
	}
	switch {
	case freed.at.IsZero():
	case freed.byCaller:
		c.times.FreedByCaller.Add(c.arrived.Sub(freed.at))
	default:
		c.times.FreedByAgent.Add(c.arrived.Sub(freed.at))
	}
}

// serves notes that the agent, whose call this is, talks with their caller.
func (call *Call) serves() {
	caller := call.moments.partner
	if caller == nil || call.phone == nil {
		return
	}
	select {
	case <-caller.moments.served:
	default:
		close(caller.moments.served)
	}
}

// partsNow notes that our BYE leaves.
func (call *Call) partsNow() {
	now := time.Now()
	call.moments.left = now
	agent, byCaller := call, false
	if call.phone == nil {
		agent, byCaller = call.moments.partner, true
	}
	if agent == nil || agent.phone.call != agent || call.crowd.times == nil {
		return
	}
	p := agent.phone
	p.freed = parting{}
	if c := call.crowd; c.waiting > c.without(p) {
		p.freed = parting{now, byCaller}
	}
}

// without counts the other phones that have no call, or are leaving theirs.
func (c *Crowd) without(but *Phone) (n int) {
	for _, p := range c.phones {
		if p != but && (p.call == nil || p.call.leaving || !p.freed.at.IsZero()) {
			n++
		}
	}
	return n
}

// parted notes the answer to our BYE.
func (call *Call) parted() {
	if t := call.crowd.times; t != nil {
		t.Ended.Add(call.crowd.arrived.Sub(call.moments.left))
	}
}
