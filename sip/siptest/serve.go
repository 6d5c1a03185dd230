package siptest

import (
	"crypto/rand"
	"net/netip"
	"strings"
)

// served is a server transaction: a request, and the last answer it got.
type served struct {
	req  *Message
	from netip.AddrPort
	tag  string // our To-tag, the same in every answer
	last []byte
	call *Call // of an INVITE
}

// receive sorts what came from the wire. It runs in the phone's goroutine.
func (p *Phone) receive(raw []byte, from netip.AddrPort) {
	if p.away.Load() {
		p.missed.Add(1)
		return
	}
	if p.opts.Trace != nil {
		p.opts.Trace(false, raw)
	}
	m, err := ParseMessage(raw)
	switch {
	case err != nil:
		offer(p.strays, &Message{Reason: err.Error(), Body: raw})
	case m.Status != 0:
		p.answered(m)
	case m.Method == "ACK":
		if c := p.desk.calls[m.Get("Call-ID")]; c != nil {
			c.acknowledged(m)
		}
	default:
		p.serve(m, from)
	}
}

func (p *Phone) serve(m *Message, from netip.AddrPort) {
	via := m.Get("Via")
	key := transactionKey(ParamOf(via, "branch"), m.Method)
	if s := p.desk.served[key]; s != nil { // a retransmission
		if s.last != nil {
			_ = p.transmitRaw(s.from, s.last)
		}
		return
	}
	s := &served{req: m, from: from, tag: ParamOf(m.Get("To"), "tag")}
	p.desk.served[key] = s
	p.desk.alarms.in(64*p.opts.T1, func() { delete(p.desk.served, key) })

	inDialog := s.tag != ""
	c := p.desk.calls[m.Get("Call-ID")]
	if !inDialog {
		s.tag = rand.Text()
	}
	switch {
	case m.Method == "CANCEL":
		p.cancelled(s, transactionKey(ParamOf(via, "branch"), "INVITE"))
	case inDialog && c != nil:
		c.serve(s)
	case inDialog:
		p.respond(s, 481, "Call/Transaction Does Not Exist", nil)
	case m.Method == "INVITE" && c != nil:
		p.respond(s, 482, "Loop Detected", nil)
	case m.Method == "INVITE":
		p.ring(s)
	default:
		offer(p.strays, m)
		p.respond(s, 200, "OK", nil)
	}
}

func (p *Phone) cancelled(s *served, key string) {
	invite := p.desk.served[key]
	if invite == nil || invite.call == nil {
		p.respond(s, 481, "Call/Transaction Does Not Exist", nil)
		return
	}
	s.tag = invite.tag
	p.respond(s, 200, "OK", nil)
	invite.call.cancelledByCaller(s.req)
}

// respond answers a request where it came from, and remembers the answer for
// retransmissions.
func (p *Phone) respond(s *served, status int, reason string, body []byte, extra ...Header) {
	res := &Message{Status: status, Reason: reason, Body: body}
	for _, h := range s.req.Fields {
		switch strings.ToLower(h.Name) {
		case "via", "from", "call-id", "cseq", "record-route":
			res.Fields = append(res.Fields, h)
		case "to":
			if status > 100 && ParamOf(h.Value, "tag") == "" {
				h.Value += ";tag=" + s.tag
			}
			res.Fields = append(res.Fields, h)
		}
	}
	res.Add("Contact", p.contact())
	res.Add("User-Agent", "Breakwater siptest")
	if s.req.Method == "INVITE" || s.req.Method == "OPTIONS" {
		res.Add("Allow", allowed)
	}
	if len(body) > 0 {
		res.Add("Content-Type", "application/sdp")
	}
	res.Fields = append(res.Fields, extra...)
	s.last = res.Bytes()
	_ = p.transmitRaw(s.from, s.last) // over UDP the other side asks again; over TCP the connection is gone
}

const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY"
