package siptest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Dial is how to place a call. Only Number is needed.
type Dial struct {
	Number  string   // what is dialled at the server, or user@ip:port
	From    string   // caller's number; default the phone's name
	Name    string   // caller's display name
	NoOffer bool     // the INVITE has no SDP; the offer is in the 200, the answer in our ACK
	Silent  bool     // send no RTP until told to play
	Extra   []Header // more headers
}

// Call dials a number. It returns when the INVITE is on its way; what becomes of
// it are the call's Ringing, Answered and Ended.
func (p *Phone) Call(ctx context.Context, number string) (*Call, error) {
	return p.Dial(ctx, Dial{Number: number})
}

// Dial is Call with everything said.
func (p *Phone) Dial(ctx context.Context, d Dial) (*Call, error) {
	uri, to := "sip:"+d.Number, p.opts.Server
	if strings.Contains(d.Number, "@") {
		var ok bool
		if to, ok = addressOf(uri); !ok {
			return nil, fmt.Errorf("dial %s: no ip:port behind the @", d.Number)
		}
	} else {
		uri += "@" + p.opts.Server.String()
	}
	if !to.IsValid() {
		return nil, fmt.Errorf("dial %s: the phone has no server, dial user@ip:port", d.Number)
	}
	if err := p.wire.reach(ctx, to); err != nil {
		return nil, fmt.Errorf("dial %s: %w", d.Number, err)
	}
	var c *Call
	var failed error
	err := p.do(ctx, func() {
		if c, failed = p.newCall(rand.Text(), nil); failed == nil {
			c.dialAs(d, uri, to)
			p.desk.calls[c.id] = c
			c.sendInvite(c.invite)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("dial %s: %w", d.Number, err)
	}
	return c, nil
}

// dialAs prepares the first INVITE.
func (c *Call) dialAs(d Dial, uri string, to netip.AddrPort) {
	p := c.phone
	user := d.From
	if user == "" {
		user = p.opts.Name
	}
	domain := p.opts.Local
	if p.opts.Server.IsValid() {
		domain = p.opts.Server.Addr()
	}
	from := "<sip:" + user + "@" + host(domain) + ">;tag=" + rand.Text()
	if d.Name != "" {
		from = fmt.Sprintf("%q %s", d.Name, from)
	}
	if d.Silent || p.opts.Silent {
		c.sound.mute()
	}
	c.dialog = dialog{local: from, remote: "<" + uri + ">", target: uri, peer: to}
	var body []byte
	extra := d.Extra
	if !d.NoOffer {
		body = c.describe(nil)
		extra = append([]Header{{"Content-Type", "application/sdp"}}, extra...)
	}
	c.invite = c.request("INVITE", body, extra...)
}

func (c *Call) sendInvite(req *Message) {
	c.script.asked = c.phone.ask(req, c.dialog.peer, func(res *Message) { c.replied(req, res) })
}

// replied takes every response to our first INVITE.
func (c *Call) replied(req, res *Message) {
	switch {
	case res == nil:
		c.finish(End{By: "network", Status: 408, Reason: "no reply to INVITE"})
	case res.Status < 200:
		c.progress(res)
	case res.Status < 300:
		c.accepted(req, res)
	case c.script.over:
	default:
		if again := c.phone.authorized(req, res, c.dialog.cseq+1); again != nil && !c.script.hangUp {
			c.dialog.cseq++
			c.sendInvite(again)
			return
		}
		by := "them"
		if c.script.hangUp {
			by = "us"
		}
		c.finish(End{By: by, Status: res.Status, Reason: res.Reason})
	}
}

func (c *Call) progress(res *Message) {
	c.script.progress = true
	if c.script.hangUp {
		c.sendCancel()
		return
	}
	if res.Status == 100 || c.script.over {
		return
	}
	if len(res.Body) > 0 { // early media
		c.hear(parseSDP(res.Body))
	}
	mark(c.moments.ringing, &c.moments.ringingAt)
}

// accepted takes a 2xx, the first and every repeated or forked one.
func (c *Call) accepted(req, res *Message) {
	if c.script.over || (closed(c.moments.answered) && ParamOf(res.Get("To"), "tag") != ParamOf(c.dialog.remote, "tag")) {
		c.endFork(req, res)
		return
	}
	first := !closed(c.moments.answered)
	if !first {
		c.acknowledge(req, res, nil)
		return
	}
	c.learn(res)
	c.script.asked = nil
	var answer []byte
	theirs := parseSDP(res.Body)
	if len(req.Body) == 0 {
		answer = c.describe(&theirs)
	}
	c.hear(theirs)
	c.sound.start()
	mark(c.moments.ringing, &c.moments.ringingAt)
	mark(c.moments.answered, &c.moments.answeredAt)
	c.acknowledge(req, res, answer)
	if c.script.hangUp { // CANCEL lost its race: RFC 3261 §9.1
		c.bye(func(*Message) {})
	}
}

// endFork ends a dialog that nobody wants: a second fork, or an answer after the end.
func (c *Call) endFork(req, res *Message) {
	other := &Call{phone: c.phone, id: c.id, dialog: c.dialog}
	other.learn(res)
	other.acknowledge(req, res, nil)
	if other.dialog.remote != c.dialog.remote {
		other.ask(other.request("BYE", nil), func(*Message) {})
	}
}

// acknowledge sends the ACK of a 2xx, RFC 3261 §13.2.2.4.
func (c *Call) acknowledge(invite, res *Message, answer []byte) {
	faults := c.phone.faults.Load()
	if faults.DropACK {
		return
	}
	n, _ := res.CSeq()
	ours := c.dialog.cseq
	c.dialog.cseq = n - 1
	ack := c.request("ACK", answer)
	c.dialog.cseq = ours
	if len(answer) > 0 {
		ack.Add("Content-Type", "application/sdp")
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		if v := invite.Get(name); v != "" {
			ack.Add(name, v)
		}
	}
	to := c.nextHop()
	send := func() {
		_ = c.phone.transmit(to, ack)
		if c.moments.confirmed != nil {
			mark(c.moments.confirmed, nil)
		}
	}
	if faults.DelayACK > 0 {
		c.phone.desk.alarms.in(faults.DelayACK, send)
		return
	}
	send()
}

// sendCancel follows RFC 3261 §9.1: same branch, and not before a 1xx.
func (c *Call) sendCancel() {
	a := c.script.asked
	if a == nil || !c.script.progress {
		return
	}
	c.script.asked = nil
	n, _ := a.req.CSeq()
	m := &Message{Method: "CANCEL", URI: a.req.URI}
	m.Add("Via", a.req.Get("Via"))
	m.Add("Max-Forwards", "70")
	m.Add("From", a.req.Get("From"))
	m.Add("To", a.req.Get("To"))
	m.Add("Call-ID", c.id)
	m.Add("CSeq", fmt.Sprintf("%d CANCEL", n))
	c.phone.ask(m, a.to, func(*Message) {})
	c.script.later = append(c.script.later, c.phone.desk.alarms.in(64*c.phone.opts.T1, func() {
		c.finish(End{By: "us", Reason: "cancelled, but no final answer came"})
	}))
}

// Cancel gives up an outgoing call before it is answered. It returns when the
// call is over: with 487, or answered after all and ended by BYE.
func (c *Call) Cancel(ctx context.Context) error {
	err := c.phone.do(ctx, func() {
		if !c.script.over && !c.incoming {
			c.script.hangUp = true
			c.sendCancel()
		}
	})
	if err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	_, err = c.WaitEnded(ctx)
	return err
}
