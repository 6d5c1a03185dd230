package sip

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/wire"
)

// stage is where a leg is in its life.
type stage uint8

const (
	inviting   stage = iota // no final response yet
	confirming              // incoming: our 2xx waits for its ACK
	talking
	over // Ended was told; the wire may still be saying goodbye
)

// leg is one party. It implements call.Leg. Its fields after port belong to its
// mailbox: whoever else wants something posts there.
type leg struct {
	s    *Server
	box  *mailbox
	who  call.Party
	log  lazyLog
	ears ears
	port atomic.Pointer[media.Port]

	stage stage
	dlg   *dialog // nil before it is established
	peer  peer
	sound sound
	in    *invitation // incoming only
	out   *fork       // outgoing only
	final *handshake  // a 2xx of ours that waits for its ACK
	care  care        // what keeps a talking leg honest: session timer and liveness
	cause call.Cause  // why it is over
}

// peer is how the other end is reached.
type peer struct {
	hop      hop // where its last message came from
	view     view
	trunk    *trunk   // nil for a phone
	allow    string   // methods it takes, as its Allow says; empty = it did not say
	leaving  bool     // our BYE is said, or waits for the ACK that it may not overtake
	parting  *parting // while leaving, at a phone
	wish     *wish    // a transfer that it asked for; nil = none that is not decided
	referred bool     // it asked for one before
}

var _ call.Leg = (*leg)(nil)

// Party implements call.Leg.
func (l *leg) Party() call.Party { return l.who }

// Port implements call.Leg.
func (l *leg) Port() *media.Port { return l.port.Load() }

// Listen implements call.Leg.
func (l *leg) Listen(sink func(call.Signal)) {
	l.ears.listen(sink)
	if !l.box.post(l.ears.flush) {
		l.ears.flush() // the server has ended: what is still unheard is heard here
	}
}

// Ring implements call.Leg.
func (l *leg) Ring() { l.box.post(l.ring) }

// Answer implements call.Leg.
func (l *leg) Answer(ctx context.Context) error {
	done := make(chan error, 1)
	if !l.box.post(func() { l.answer(done) }) {
		return errClosing
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// HangUp implements call.Leg. From here on the phone counts as not free: who dials it
// after HangUp has returned waits until it has put down.
func (l *leg) HangUp(c call.Cause) {
	p := l.s.roster.partings
	g := p.begin(l.who.Phone, netip.AddrPort{})
	posted := l.box.post(func() {
		defer p.end(g)
		l.hangUp(c)
	})
	if !posted {
		p.end(g)
	}
}

// lazyLog is a leg's log. It is made when there is something to tell: most legs have
// nothing, where only warnings are kept.
type lazyLog struct {
	from              *slog.Logger
	leg, callID, call string // call is empty for one that comes
}

func (z lazyLog) tells(ctx context.Context, level slog.Level) bool { return z.from.Enabled(ctx, level) }

// to is the log itself.
func (z lazyLog) to() *slog.Logger {
	log := z.from.With("leg", z.leg, "call_id", z.callID)
	if z.call != "" {
		log = log.With("call", z.call)
	}
	return log
}

// signal tells the listener.
func (l *leg) signal(sig call.Signal) {
	l.ears.hear(sig)
	l.ears.flush()
}

// hangUp ends the leg because we want it, whatever its state.
func (l *leg) hangUp(c call.Cause) {
	switch {
	case l.stage == over:
		return
	case l.stage == inviting && l.in != nil:
		l.refuse(statusOf(c), c)
		return
	case l.stage == inviting:
		l.out.withdraw()
	default:
		l.decided(l.peer.wish, false) // before the BYE
		l.bye(c)
	}
	l.end(c)
}

// end makes the leg over: the sound stops and the listener hears why. What the
// wire still has to say is said by transactions that need no leg.
func (l *leg) end(c call.Cause) {
	if l.stage == over {
		return
	}
	l.stage = over
	l.cause = c
	l.care.stop()
	l.sound.earshot.stop()
	l.forgetWish()
	if l.in != nil {
		l.in.over(c)
	}
	l.s.tally.legs.Add(-1)
	l.s.roster.leave(l)
	if l.log.tells(l.s.ctx, slog.LevelInfo) {
		l.log.to().Info("leg ended", "by", c.By, "metric", c.Metric, "status", c.Status, "text", c.Text)
	}
	p := l.port.Load()
	if p != nil {
		p.OnDigit(nil)
	}
	l.signal(call.Signal{Kind: call.Ended, Cause: c})
	if p != nil {
		p.Close() // after the signal: a prompt that stops because its hearer left must not look like one that failed
	}
	l.leave()
}

// leave takes the leg out of its mailbox when the wire has nothing more for it.
func (l *leg) leave() {
	if l.stage == over && l.final == nil && !l.peer.leaving && l.box.leg == l {
		l.box.leg = nil
		l.ears.release()
		if l.out != nil {
			l.out.lighten()
		}
		for _, t := range l.box.txs {
			t.lighten()
		}
	}
}

// collapse ends a leg whose handling panicked. It says goodbye if it can.
func (l *leg) collapse() {
	c := call.Cause{By: call.ByUs, Metric: call.LegRefused, Status: sip.StatusInternalServerError, Text: "internal error"}
	l.box.post(func() { l.hangUp(c) })
	l.box.post(func() { l.end(c) }) // if hangUp panicked too
}

// bye says goodbye in a confirmed dialog. Before the ACK it may not be said
// (RFC 3261 §15): then it follows the ACK, or the end of waiting for it.
func (l *leg) bye(c call.Cause) {
	if l.dlg == nil || l.peer.leaving {
		return
	}
	l.peer.leaving = true
	l.parting()
	if l.final != nil && l.stage == confirming {
		l.final.then = func() { l.sayBye(c) }
		return
	}
	l.sayBye(c)
}

func (l *leg) sayBye(c call.Cause) {
	if l.final != nil {
		l.final.stop()
		l.final = nil
	}
	l.ask(sip.BYE, func(req *sip.Request) {
		if c.Text != "" {
			req.AppendHeader(sip.NewHeader("Reason", "SIP;cause="+strconv.Itoa(statusOf(c))+";text="+wire.Quote(c.Text)))
		}
	}, func(res *sip.Response, _ error) {
		if res != nil && res.IsProvisional() {
			return
		}
		l.peer.leaving = false
		l.parted()
		l.leave()
	})
}

// unsay forgets a BYE that waits for its ACK: the peer has said its own.
func (l *leg) unsay() {
	if l.final == nil {
		return
	}
	waiting := l.final.then != nil
	l.finish(l.final)
	if waiting {
		l.peer.leaving = false
		l.parted()
		l.leave()
	}
}

// ask sends a request in the dialog. hear gets each response, or nil and why there
// is none; a challenge of a trunk is answered once before.
func (l *leg) ask(method sip.RequestMethod, shape func(*sip.Request), hear func(*sip.Response, error)) *tx {
	return l.askWith(method, shape, hear, true)
}

func (l *leg) askWith(method sip.RequestMethod, shape func(*sip.Request), hear func(*sip.Response, error), mayProve bool) *tx {
	to := l.route()
	req := l.dlg.request(method)
	l.s.address(req, to, l.peer.view)
	if shape != nil {
		shape(req)
	}
	l.peer.prove(req)
	return l.box.request(l.s.post, req, to, func(res *sip.Response, err error) {
		if res != nil && mayProve && l.peer.challenged(req, res) {
			l.askWith(method, shape, hear, false)
			return
		}
		hear(res, err)
	})
}

// route is where the next request of the dialog goes. A stream is the peer's own.
// By UDP the Contact or Route counts, unless it names an address that the peer
// obviously does not have: then it sits behind a NAT and is where it spoke from.
func (l *leg) route() hop {
	h := l.peer.hop
	if h.reliable() {
		return l.s.reconnected(h, l.who.Phone)
	}
	uri := l.dlg.next()
	addr, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return h // a name: it resolves to whom we talk with
	}
	addr = addr.Unmap()
	port := uint16(uri.Port)
	if port == 0 {
		port = uint16(sip.DefaultUdpPort)
	}
	source := h.remote.Addr()
	behindNAT := addr != source && (l.peer.trunk == nil || addr.IsPrivate() && !source.IsPrivate())
	if behindNAT && len(l.dlg.routes) == 0 || !h.via.reaches(addr) || addr.IsUnspecified() {
		return h
	}
	return hop{h.via, netip.AddrPortFrom(addr, port)}
}

// met follows the peer to where its newest request came from, for phones that
// changed their NAT binding or opened a new stream.
func (l *leg) met(from hop) {
	if l.peer.trunk == nil || from.reliable() {
		l.peer.hop = from
	}
}

// takes tells whether the peer takes a method. One that did not say takes all.
func (p *peer) takes(method sip.RequestMethod) bool {
	if len(p.allow) == 0 {
		return method != sip.UPDATE // RFC 3311 §4: UPDATE needs to be announced
	}
	return wire.Lists(p.allow, string(method))
}

// learn keeps what a message of the peer says of itself.
func (p *peer) learn(m sip.Message) {
	said := ""
	for line := range wire.Values(m, "Allow") {
		if said != "" {
			said += ","
		}
		said += line
	}
	if strings.Trim(said, ", \t") != "" {
		p.allow = said
	}
}

// establish makes the leg one that talks, from the mailbox.
func (l *leg) establish() {
	l.stage = talking
	l.care.begin(l, time.Now())
}
