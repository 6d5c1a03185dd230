package siptest

import (
	"crypto/rand"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// t2 bounds the interval between retransmissions, RFC 3261 §17.1.2.2.
const t2 = 4 * time.Second

// asked is a client transaction: one request and what became of it.
type asked struct {
	req    *Message
	to     netip.AddrPort
	on     func(*Message) // every response; nil = never answered, or not sendable
	every  time.Duration
	again  *alarm
	giveUp *alarm
	done   bool
}

func (p *Phone) newBranch() string { return "z9hG4bK" + rand.Text() }

func transactionKey(branch, method string) string { return branch + " " + method }

// ask sends a request and repeats it over UDP until it is answered. on is called
// in the phone's goroutine. For INVITE it is called for repeated 2xx, too, whose
// ACK is the caller's; failures are acknowledged here.
func (p *Phone) ask(req *Message, to netip.AddrPort, on func(*Message)) *asked {
	branch := ParamOf(req.Get("Via"), "branch")
	a := &asked{req: req, to: to, on: on, every: p.opts.T1}
	key := transactionKey(branch, req.Method)
	p.desk.asked[key] = a
	a.giveUp = p.desk.alarms.in(64*p.opts.T1, func() { p.lapse(key, a) })
	if err := p.transmit(to, req); err != nil {
		p.desk.alarms.stop(a.giveUp)
		delete(p.desk.asked, key)
		p.desk.alarms.in(0, func() { on(nil) }) // not before ask has returned
		return a
	}
	if p.faults.Load().Duplicate {
		_ = p.transmit(to, req)
	}
	if p.opts.Transport == "udp" {
		a.again = p.desk.alarms.in(a.every, func() { p.repeat(a) })
	}
	return a
}

func (p *Phone) repeat(a *asked) {
	_ = p.transmit(a.to, a.req)
	a.every *= 2
	if a.req.Method != "INVITE" {
		a.every = min(a.every, t2)
	}
	a.again = p.desk.alarms.in(a.every, func() { p.repeat(a) })
}

func (p *Phone) lapse(key string, a *asked) {
	p.desk.alarms.stop(a.again)
	delete(p.desk.asked, key)
	if !a.done {
		a.on(nil)
	}
}

// answered gives a response to its request.
func (p *Phone) answered(res *Message) {
	_, method := res.CSeq()
	key := transactionKey(ParamOf(res.Get("Via"), "branch"), method)
	a := p.desk.asked[key]
	if a == nil {
		offer(p.strays, res)
		return
	}
	invite := method == "INVITE"
	if invite || res.Status >= 200 {
		p.desk.alarms.stop(a.again)
	}
	if invite && !a.done { // a ringing phone may ring for minutes
		p.desk.alarms.stop(a.giveUp)
	}
	if res.Status >= 300 && invite && !p.faults.Load().DropACK {
		_ = p.transmit(a.to, ackForFailure(a.req, res))
	}
	if res.Status >= 300 && a.done { // repeated: a challenge is answered once
		return
	}
	if res.Status >= 200 && !a.done {
		a.done = true
		if !invite {
			p.desk.alarms.stop(a.giveUp)
			delete(p.desk.asked, key)
		} else { // repeated finals must find their request
			a.giveUp = p.desk.alarms.in(64*p.opts.T1, func() { p.lapse(key, a) })
		}
	}
	a.on(res)
}

// ackForFailure is the ACK of RFC 3261 §17.1.1.3.
func ackForFailure(invite, res *Message) *Message {
	n, _ := invite.CSeq()
	ack := &Message{Method: "ACK", URI: invite.URI}
	ack.Add("Via", invite.Get("Via"))
	for _, route := range invite.List("Route") {
		ack.Add("Route", route)
	}
	ack.Add("Max-Forwards", "70")
	ack.Add("From", invite.Get("From"))
	ack.Add("To", res.Get("To"))
	ack.Add("Call-ID", invite.Get("Call-ID"))
	ack.Add("CSeq", strconv.FormatUint(uint64(n), 10)+" ACK")
	return ack
}

// transmit writes a message, unless the phone has vanished.
func (p *Phone) transmit(to netip.AddrPort, m *Message) error {
	return p.transmitRaw(to, m.Bytes())
}

func (p *Phone) transmitRaw(to netip.AddrPort, raw []byte) error {
	if p.away.Load() {
		return nil
	}
	if p.opts.Trace != nil {
		p.opts.Trace(true, raw)
	}
	return p.wire.send(to, raw)
}

// via is a fresh Via of this phone.
func (p *Phone) via() string {
	return "SIP/2.0/" + strings.ToUpper(p.opts.Transport) + " " + p.wire.local().String() +
		";rport;branch=" + p.newBranch()
}

// contact is where this phone wants to be reached.
func (p *Phone) contact() string {
	if p.opts.Transport == "tcp" {
		return "<" + p.URI() + ";transport=tcp>"
	}
	return "<" + p.URI() + ">"
}
