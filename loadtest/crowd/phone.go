package crowd

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"time"

	"breakwater/loadtest/flood"
	"breakwater/sip/siptest"
)

// Phone is a desk phone that rings and answers every call at once. Its call belongs to the
// crowd's lock.
type Phone struct {
	crowd    *Crowd
	name     string
	password string
	seat     flood.Seat
	addr     netip.Addr
	tag      string
	cseq     uint32
	call     *Call
	freed    parting
}

// Phone makes a phone with an address of its own.
func (c *Crowd) Phone(name, password string) (*Phone, error) {
	seat, err := c.set.Sound.Seat()
	if err != nil {
		return nil, err
	}
	p := &Phone{crowd: c, name: name, password: password, seat: seat, addr: c.set.Sound.Address(seat).Addr(), tag: rand.Text()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phones[name] = p
	return p, nil
}

// Register registers for so long; 0 removes the registration.
func (p *Phone) Register(ctx context.Context, expires time.Duration) error {
	done := make(chan error, 1)
	p.crowd.mu.Lock()
	p.register(expires, nil, done)
	p.crowd.mu.Unlock()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("register %s: %w", p.name, err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *Phone) register(expires time.Duration, answer *siptest.Header, done chan<- error) {
	c := p.crowd
	server := c.set.Server
	p.cseq++
	aor := "<sip:" + p.name + "@" + server.Addr().String() + ">"
	m := &siptest.Message{Method: "REGISTER", URI: "sip:" + server.String()}
	m.Add("Via", c.via(p.addr))
	m.Add("Max-Forwards", "70")
	m.Add("From", aor+";tag="+p.tag)
	m.Add("To", aor)
	m.Add("Call-ID", p.tag)
	m.Add("CSeq", fmt.Sprintf("%d REGISTER", p.cseq))
	m.Add("Contact", "<sip:"+p.name+"@"+c.local(p.addr)+">")
	m.Add("Expires", fmt.Sprint(int(expires.Seconds())))
	if answer != nil {
		m.Fields = append(m.Fields, *answer)
	}
	c.ask(m, route{p.addr, server}, func(res *siptest.Message, err error) {
		switch {
		case err != nil:
			done <- err
		case res.Status < 200:
		case res.Status < 300:
			done <- nil
		default:
			if h, ok := siptest.AnswerChallenge(res, p.name, p.password, "REGISTER", m.URI); ok && answer == nil {
				p.register(expires, &h, done)
				return
			}
			done <- &Refused{res.Status, res.Reason}
		}
	})
}

const allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, NOTIFY"

// serve takes a request. The lock is held.
func (c *Crowd) serve(m *siptest.Message, r route) {
	call := c.calls[m.Get("Call-ID")]
	switch m.Method {
	case "INVITE":
		c.served(m, r, call)
	case "ACK":
		if call != nil && call.accept != nil {
			call.acknowledged(m)
		}
	case "CANCEL":
		c.reply(m, r, 200, "OK", nil)
		if call != nil && call.accept == nil && call.phone != nil {
			call.finish("cancelled")
		}
	case "BYE":
		c.reply(m, r, 200, "OK", nil)
		if call != nil {
			call.finish("they hung up")
		}
	case "OPTIONS", "UPDATE", "INFO", "NOTIFY":
		if call == nil && siptest.ParamOf(m.Get("To"), "tag") != "" && m.Method != "NOTIFY" {
			c.reply(m, r, 481, "Call/Transaction Does Not Exist", nil)
			return
		}
		c.reply(m, r, 200, "OK", nil)
	default:
		c.reply(m, r, 405, "Method Not Allowed", nil)
	}
}

// served takes an INVITE: a new call, one that is sent again, or a change.
func (c *Crowd) served(m *siptest.Message, r route, call *Call) {
	if call != nil {
		n, _ := m.CSeq()
		if call.accept != nil {
			if before, _ := call.accept.CSeq(); before == n {
				c.write(call.accept.Bytes(), call.route)
				return
			}
		}
		call.take(m, r)
		return
	}
	p := c.phones[siptest.UserOf(m.URI)]
	switch {
	case siptest.ParamOf(m.Get("To"), "tag") != "":
		c.reply(m, r, 481, "Call/Transaction Does Not Exist", nil)
	case p == nil:
		c.Counts.Unknown.Add(1)
		c.reply(m, r, 404, "Not Found", nil)
	case p.call != nil:
		c.Counts.Doubles.Add(1)
		c.reply(m, r, 486, "Busy Here", nil)
	default:
		p.ring(m, r)
	}
}

// ring answers a new call.
func (p *Phone) ring(m *siptest.Message, r route) {
	c := p.crowd
	leg, err := c.set.Sound.LegAt(p.seat, flood.Agent)
	if err != nil {
		c.reply(m, r, 503, "Service Unavailable", nil)
		return
	}
	call := &Call{
		Sound: leg, crowd: c, phone: p, id: m.Get("Call-ID"), number: p.name, route: r, cseq: 1,
		local: m.Get("To") + ";tag=" + rand.Text(), remote: m.Get("From"), target: siptest.URIOf(m.Get("Contact")),
		routes: m.List("Record-Route"), answered: make(chan struct{}), ended: make(chan struct{}),
	}
	close(call.answered)
	p.rings()
	p.call, c.calls[call.id] = call, call
	if caller := c.callers[siptest.UserOf(m.Get("From"))]; caller != nil {
		caller.Sound.Expect(leg)
		call.reached(caller)
	} else {
		c.Counts.Unannounced.Add(1)
	}
	ringing := c.answerTo(m, 180, "Ringing")
	ringing.Set("To", call.local)
	ringing.Add("Contact", "<sip:"+call.number+"@"+c.local(r.local)+">")
	c.write(ringing.Bytes(), r)
	call.take(m, r)
}

// take accepts an INVITE, the first one or a later one, with our only description.
func (call *Call) take(m *siptest.Message, r route) {
	c := call.crowd
	call.route = r
	if len(m.Body) > 0 {
		call.speak(m.Body)
	}
	res := c.answerTo(m, 200, "OK")
	if call.phone != nil && siptest.ParamOf(res.Get("To"), "tag") == "" {
		res.Set("To", call.local)
	}
	res.Add("Contact", "<sip:"+call.number+"@"+c.local(r.local)+">")
	res.Add("Allow", allowed)
	res.Add("Content-Type", "application/sdp")
	res.Body = describe(call.Sound.Address(), c.set.Law)
	call.accept = res
	c.write(res.Bytes(), r)
	call.again(t1, time.Now())
}

// again repeats our 200 until the ACK has come (RFC 3261 §13.3.1.4).
func (call *Call) again(wait time.Duration, since time.Time) {
	if call.resend != nil {
		call.resend.Stop()
	}
	res := call.accept
	call.resend = time.AfterFunc(wait, func() {
		c := call.crowd
		c.mu.Lock()
		defer c.mu.Unlock()
		if call.accept != res || call.over() || c.over {
			return
		}
		if time.Since(since) > lifetime {
			call.finish("no ACK")
			return
		}
		c.Counts.Repeats.Add(1)
		c.write(res.Bytes(), call.route)
		call.again(min(2*wait, t2), since)
	})
}

func (call *Call) acknowledged(m *siptest.Message) {
	call.accept = nil
	call.serves()
	if call.resend != nil {
		call.resend.Stop()
	}
	if len(m.Body) > 0 {
		call.speak(m.Body)
	}
}

func (c *Crowd) reply(m *siptest.Message, r route, status int, reason string, body []byte) {
	res := c.answerTo(m, status, reason)
	if siptest.ParamOf(res.Get("To"), "tag") == "" {
		res.Set("To", res.Get("To")+";tag=load")
	}
	res.Body = body
	c.write(res.Bytes(), r)
}

// answerTo begins a response with the headers that it repeats (RFC 3261 §8.2.6.2).
func (c *Crowd) answerTo(m *siptest.Message, status int, reason string) *siptest.Message {
	res := &siptest.Message{Status: status, Reason: reason}
	for _, h := range m.Fields {
		switch h.Name {
		case "Via", "From", "To", "Call-ID", "CSeq", "Record-Route":
			res.Fields = append(res.Fields, h)
		}
	}
	return res
}
