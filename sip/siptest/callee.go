package siptest

import (
	"context"
	"fmt"
	"time"
)

// Conduct is what a phone does with an incoming call.
type Conduct uint8

// The conducts.
const (
	Ring    Conduct = iota // rings until somebody calls Answer or Decline
	Answer                 // rings, and answers after Policy.After
	Decline                // rings, and declines with Policy.Status after Policy.After
	Ignore                 // says nothing at all, not even 100
)

// Policy is how incoming calls are treated. The zero value rings.
type Policy struct {
	Do     Conduct
	After  time.Duration // 0 = at once, without ringing first when declining
	Status int           // of Decline; default 486
	Silent bool          // an answered call sends no RTP until told to play
	One    bool          // a second call at the same time is declined with 486
}

// AnswerAfter rings for d and answers.
func AnswerAfter(d time.Duration) Policy { return Policy{Do: Answer, After: d} }

// DeclineWith refuses at once with a status: 486, 603, or another.
func DeclineWith(status int) Policy { return Policy{Do: Decline, Status: status} }

// Behave replaces the policy for calls that come from now on.
func (p *Phone) Behave(ctx context.Context, policy Policy) error {
	return p.do(ctx, func() { p.desk.policy = policy })
}

// reasons of the statuses that a phone gives.
var reasons = map[int]string{
	400: "Bad Request", 404: "Not Found", 408: "Request Timeout", 480: "Temporarily Unavailable",
	486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}

// ring takes a new incoming call.
func (p *Phone) ring(s *served) {
	policy := p.desk.policy
	if policy.Do == Ignore {
		return
	}
	if policy.One && len(p.desk.calls) > 0 {
		p.respond(s, 486, reasons[486], nil)
		return
	}
	c, err := p.newCall(s.req.Get("Call-ID"), s.req)
	if err != nil {
		p.respond(s, 503, err.Error(), nil)
		return
	}
	c.incoming = true
	c.script.served, s.call = s, c
	theirs, _ := s.req.CSeq()
	c.dialog = dialog{
		local: s.req.Get("To") + ";tag=" + s.tag, remote: s.req.Get("From"),
		routes: s.req.List("Record-Route"), peer: s.from, theirs: theirs,
	}
	c.refresh(s.req)
	p.desk.calls[c.id] = c
	if len(s.req.Body) > 0 {
		if c.hear(parseSDP(s.req.Body)); c.talk.theirs.chosen < 0 {
			c.refuse(488)
			return
		}
	}
	if policy.Silent || p.opts.Silent {
		c.sound.mute()
	}
	c.follow(policy)
	offer(p.incoming, c)
}

func (c *Call) follow(policy Policy) {
	if policy.Status == 0 {
		policy.Status = 486
	}
	act := func() {}
	switch policy.Do {
	case Answer:
		act = func() { c.accept() }
	case Decline:
		act = func() { c.refuse(policy.Status) }
	case Ring, Ignore:
	}
	if policy.Do == Decline && policy.After == 0 {
		act()
		return
	}
	c.phone.respond(c.script.served, 180, "Ringing", nil)
	mark(c.moments.ringing, &c.moments.ringingAt)
	if policy.After == 0 {
		act()
		return
	}
	c.script.later = append(c.script.later, c.phone.desk.alarms.in(policy.After, act))
}

// Answer takes an incoming call and returns when the caller has acknowledged it;
// an error when the call ended before, or ctx did.
func (c *Call) Answer(ctx context.Context) error {
	taken := false
	if err := c.phone.do(ctx, func() { taken = c.accept() }); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if !taken && !closed(c.moments.answered) {
		return fmt.Errorf("answer: %w", ErrOver)
	}
	return c.until(ctx, c.moments.confirmed)
}

// Decline refuses an incoming call that is not answered.
func (c *Call) Decline(ctx context.Context, status int) error {
	done := false
	if err := c.phone.do(ctx, func() { done = c.refuse(status) }); err != nil {
		return fmt.Errorf("decline: %w", err)
	}
	if !done {
		return fmt.Errorf("decline: %w", ErrOver)
	}
	return nil
}

func (c *Call) accept() bool {
	s := c.script.served
	if !c.incoming || c.script.over || s == nil || closed(c.moments.answered) {
		return false
	}
	c.sendOK(s)
	c.sound.start()
	mark(c.moments.answered, &c.moments.answeredAt)
	return true
}

// sendOK answers an INVITE, the first or a later one, with our SDP and repeats
// it until the ACK (RFC 3261 §13.3.1.4); without one the call ends by BYE.
func (c *Call) sendOK(s *served) {
	p := c.phone
	var theirs *session
	if len(s.req.Body) > 0 {
		theirs = &c.talk.theirs
	}
	p.respond(s, 200, "OK", c.describe(theirs))
	p.desk.alarms.stop(c.script.repeating)
	p.desk.alarms.stop(c.script.lost)
	every := p.opts.T1
	var again func()
	again = func() {
		_ = p.transmitRaw(s.from, s.last)
		every = min(2*every, t2)
		c.script.repeating = p.desk.alarms.in(every, again)
	}
	c.script.repeating = p.desk.alarms.in(every, again)
	c.script.lost = p.desk.alarms.in(64*p.opts.T1, func() {
		c.ask(c.request("BYE", nil), func(*Message) {})
		c.finish(End{By: "network", Reason: "no ACK"})
	})
}

func (c *Call) refuse(status int) bool {
	s := c.script.served
	if !c.incoming || c.script.over || s == nil || closed(c.moments.answered) {
		return false
	}
	c.phone.respond(s, status, reasons[status], nil)
	c.finish(End{By: "us", Status: status, Reason: reasons[status]})
	return true
}

func (c *Call) cancelledByCaller(cancel *Message) {
	if c.script.over || closed(c.moments.answered) {
		return
	}
	c.phone.respond(c.script.served, 487, reasons[487], nil)
	c.finish(End{By: "them", Status: 487, Reason: orText(cancel.Get("Reason"), "cancelled")})
}

// acknowledged takes the ACK of a 2xx; that of a failure needs nothing here.
func (c *Call) acknowledged(ack *Message) {
	if c.script.repeating == nil {
		return
	}
	c.phone.desk.alarms.stop(c.script.repeating)
	c.phone.desk.alarms.stop(c.script.lost)
	c.script.repeating = nil
	if len(ack.Body) > 0 { // the answer to the offer in our 200
		c.hear(parseSDP(ack.Body))
	}
	mark(c.moments.confirmed, nil)
}

// serve takes a request within the call.
func (c *Call) serve(s *served) {
	p, m := c.phone, s.req
	n, _ := m.CSeq()
	if n <= c.dialog.theirs && c.dialog.theirs != 0 {
		p.respond(s, 500, reasons[500], nil) // RFC 3261 §12.2.2
		return
	}
	if m.Method == "BYE" && p.faults.Load().IgnoreBYE {
		return
	}
	c.dialog.theirs = n
	offer(c.requests, m)
	switch m.Method {
	case "BYE":
		p.respond(s, 200, "OK", nil)
		c.finish(End{By: "them", Reason: orText(m.Get("Reason"), "hung up")})
	case "INVITE":
		c.reinvited(s)
	case "UPDATE":
		c.refresh(m)
		var body []byte
		if len(m.Body) > 0 {
			c.hear(parseSDP(m.Body))
			body = c.describe(&c.talk.theirs)
		}
		p.respond(s, 200, "OK", body)
	case "INFO":
		c.sound.ear.pressed(digitOfInfo(m))
		p.respond(s, 200, "OK", nil)
	default:
		p.respond(s, 200, "OK", nil)
	}
}

func (c *Call) reinvited(s *served) {
	if c.script.asked != nil {
		c.phone.respond(s, 491, reasons[491], nil)
		return
	}
	if len(s.req.Body) > 0 {
		theirs := parseSDP(s.req.Body)
		if theirs.chosen < 0 {
			c.phone.respond(s, 488, reasons[488], nil)
			return
		}
		c.hear(theirs)
	}
	c.refresh(s.req)
	c.sendOK(s)
}

func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
