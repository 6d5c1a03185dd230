package sip

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
)

// handshake is a 2xx to an INVITE on its way: it is repeated from T1 to T2 until
// the ACK comes, on streams too (RFC 3261 §13.3.1.4), and after 64·T1 the call is
// ended by BYE. It belongs to the leg's mailbox.
type handshake struct {
	leg    *leg
	seq    uint32
	res    *sip.Response
	to     hop
	gap    time.Duration
	repeat *time.Timer
	limit  *time.Timer
	acked  func(ack *sip.Request) // the ACK is here; nil = nothing to do
	then   func()                 // what had to wait for it, a BYE
}

// shake sends res as the final response of t and waits for its ACK.
func (l *leg) shake(t *tx, res *sip.Response, acked func(*sip.Request)) {
	if l.final != nil {
		l.final.stop()
	}
	h := &handshake{leg: l, seq: t.req.CSeq().SeqNo, res: res, to: t.peer, gap: l.s.post.timing.T1, acked: acked}
	l.final = h
	t.respond(res)
	h.again()
	h.limit = time.AfterFunc(64*l.s.post.timing.T1, func() { l.box.post(h.expired) })
}

func (h *handshake) again() {
	h.repeat = time.AfterFunc(h.gap, func() {
		h.leg.box.post(func() {
			if h.leg.final != h {
				return
			}
			_ = h.leg.s.post.send(h.res, h.to) // the limit ends it if the peer is gone
			h.gap = min(2*h.gap, h.leg.s.post.timing.T2)
			h.again()
		})
	})
}

func (h *handshake) stop() {
	h.repeat.Stop()
	h.limit.Stop()
}

// ack takes an ACK of the dialog.
func (l *leg) ack(req *sip.Request) {
	h := l.final
	if h == nil || h.seq != req.CSeq().SeqNo {
		return // a repetition
	}
	l.finish(h)
	if l.stage == confirming {
		l.establish()
	}
	if h.acked != nil && l.stage != over {
		h.acked(req)
	}
	if h.then != nil {
		h.then()
	}
	l.leave()
}

// expired: no ACK in 64·T1. The session was offered and may even be heard, so it
// is ended properly.
func (h *handshake) expired() {
	l := h.leg
	if l.final != h {
		return
	}
	l.finish(h)
	if h.then != nil {
		h.then()
		return
	}
	c := call.Cause{By: call.ByNetwork, Metric: call.LegLost, Text: "no ACK"}
	if l.stage == confirming || l.stage == talking {
		l.stage = talking
		l.bye(c)
	}
	l.end(c)
}

func (l *leg) finish(h *handshake) {
	h.stop()
	l.final = nil
}
