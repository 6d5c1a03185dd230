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
	leg   *leg
	seq   uint32
	res   *sip.Response
	to    hop
	gap   time.Duration
	since time.Time
	timer *later                 // to the next repetition, or the end of waiting
	acked func(ack *sip.Request) // the ACK is here; nil = nothing to do
	then  func()                 // what had to wait for it, a BYE
}

// shake sends res as the final response of t and waits for its ACK.
func (l *leg) shake(t *tx, res *sip.Response, acked func(*sip.Request)) {
	if l.final != nil {
		l.final.stop()
	}
	h := &handshake{leg: l, seq: t.req.CSeq().SeqNo, res: res, to: t.peer, gap: l.s.post.timing.T1, since: time.Now(), acked: acked}
	l.final = h
	t.respond(res)
	h.timer = l.box.after(h.gap, h.again)
}

// again repeats the 2xx, as long as it is of use.
func (h *handshake) again() {
	if h.leg.final != h {
		return
	}
	timing := h.leg.s.post.timing
	left := 64*timing.T1 - time.Since(h.since)
	if left <= 0 {
		h.expired()
		return
	}
	_ = h.leg.s.post.send(h.res, h.to) // the limit ends it if the peer is gone
	h.gap = min(2*h.gap, timing.T2)
	h.timer.again(min(h.gap, left))
}

func (h *handshake) stop() { h.timer.stop() }

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
