package sip

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/sdp"
	"breakwater/sip/wire"
)

// ringAgain is how often a 180 is repeated, so that no proxy gives up on a call
// that still rings (RFC 3261 §13.3.1.1).
const ringAgain = time.Minute

// invitation is an INVITE to us that has no final response yet.
type invitation struct {
	tx      *tx
	tag     string
	answer  []byte     // our SDP, when the INVITE had an offer
	agreed  sdp.Result // and what it agrees
	timer   sessionTimer
	ringing *later
	expires *later       // when the caller will not wait any longer; nil = it did not say
	waiting chan<- error // who waits for a 2xx whose media is known with the ACK
}

// invite takes an INVITE outside a dialog. The transaction has it already.
func (s *Server) invite(b *mailbox, t *tx, who caller) {
	req := t.req
	tag := newTag()
	t.respond(reply(req, sip.StatusTrying, ""))
	if b.leg != nil { // our own call came back, or a second INVITE under its Call-ID
		t.respond(reply(req, sip.StatusLoopDetected, tag))
		return
	}
	if !s.roomForLeg() {
		s.tooBusy(t, tag, who)
		return
	}
	timer, tooSmall := timerOffered(req).agree(s.plan().settings.SessionExpires, s.plan().settings.MinSE)
	if tooSmall {
		res := reply(req, 422, tag)
		res.AppendHeader(sip.NewHeader("Min-SE", seconds(s.plan().settings.MinSE)))
		t.respond(res)
		return
	}
	l, err := s.incomingLeg(b, t, tag, who)
	if err != nil {
		s.declineOffer(t, tag, who, err)
		return
	}
	l.in.timer = timer
	b.leg = l
	s.tally.legs.Add(1)
	s.roster.enter(l)
	t.cancelled = func() { l.cancelledByCaller() }
	t.hear = func(_ *sip.Response, err error) { l.finalLost(err) }
	l.expireUnanswered()
	if l.log.tells(s.ctx, slog.LevelInfo) {
		l.log.to().Info("leg came", "number", l.who.Number, "dialled", l.who.Dialled, "from", t.peer)
	}
	if !s.board().Incoming(l) {
		l.hangUp(call.Cause{By: call.ByUs, Metric: call.LegOverload, Status: who.busyStatus(), Text: "too many calls"})
		s.tally.overload.Add(1)
	}
}

// incomingLeg makes the leg: its dialog, its port and the answer to its offer.
func (s *Server) incomingLeg(b *mailbox, t *tx, tag string, who caller) (*leg, error) {
	dlg, err := incomingDialog(t.req, tag)
	if err != nil {
		return nil, err
	}
	l := &leg{s: s, box: b, dlg: dlg, in: &invitation{tx: t, tag: tag}}
	l.who = call.Party{
		// what a call is known by outlives its INVITE, of whose text it would be a part
		ID: s.legID(), Incoming: true, Phone: strings.Clone(who.phone), Number: strings.Clone(who.number(t.req)), Dialled: strings.Clone(dialled(t.req)),
		Name: wire.Unescape(t.req.From().DisplayName), Remote: t.peer.remote.Addr(), Since: time.Now(),
		Hops: hopsLeft(t.req),
	}
	if who.trunk != nil {
		l.who.Trunk = who.trunk.spec.Name
	}
	l.log = lazyLog{from: s.parts.Log, leg: l.who.ID, callID: b.callID}
	l.peer = peer{hop: t.peer, view: s.view(t.peer), trunk: who.trunk}
	l.peer.learn(t.req)
	offer, offered := wire.Description(t.req)
	session := s.newSession(who.phone)
	var hint media.Hint
	if offered {
		hint = s.hintCaller(l, session, offer)
	}
	port, snd, err := s.openSound(l.peer.view, session, hint)
	if err != nil {
		s.roster.leave(l)
		return nil, err
	}
	l.sound = snd
	l.port.Store(port)
	if offered {
		l.in.answer, l.in.agreed, err = snd.session.Answer(offer, snd.local, sdp.SendRecv)
		if err != nil {
			port.Close()
			s.roster.leave(l)
			return nil, err
		}
	}
	return l, nil
}

// declineOffer answers an INVITE of which no leg could be made.
func (s *Server) declineOffer(t *tx, tag string, who caller, err error) {
	switch {
	case errors.Is(err, media.ErrNoPorts), errors.Is(err, media.ErrClosed):
		s.tooBusy(t, tag, who)
	case errors.Is(err, errNoContact):
		t.respond(reply(t.req, sip.StatusBadRequest, tag))
	default:
		res := reply(t.req, sdp.Status(err), tag)
		res.AppendHeader(sip.NewHeader("Warning", "399 breakwater "+wire.Quote(err.Error())))
		t.respond(res)
	}
}

// tooBusy refuses a new call: 503 lets a carrier try elsewhere, 480 makes a phone
// say so instead of retrying at once.
func (s *Server) tooBusy(t *tx, tag string, who caller) {
	s.tally.overload.Add(1)
	res := reply(t.req, who.busyStatus(), tag)
	res.AppendHeader(sip.NewHeader("Retry-After", retryAfter()))
	t.respond(res)
}

// expireUnanswered ends the invitation when its Expires is over and nobody has answered (RFC
// 3261 §13.3.1). One that cannot be read is none.
func (l *leg) expireUnanswered() {
	wait, err := strconv.ParseUint(wire.Value(l.in.tx.req, "expires"), 10, 32)
	if err != nil {
		return
	}
	l.in.expires = l.box.after(time.Duration(wait)*time.Second, func() {
		if l.stage == inviting {
			l.refuse(sip.StatusRequestTerminated, call.Cause{By: call.ByCaller, Metric: call.LegCancelled, Status: 487, Text: "the INVITE expired"})
		}
	})
}

// ring tells the caller that somebody is called.
func (l *leg) ring() {
	if l.in == nil || l.stage != inviting || l.in.tx.answered() {
		return
	}
	res := reply(l.in.tx.req, sip.StatusRinging, l.in.tag)
	res.AppendHeader(l.s.contact(l.peer.hop, l.peer.view, l.dlg.local.uri.User))
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	l.in.tx.respond(res)
	l.in.ringing.stop()
	l.in.ringing = l.box.after(ringAgain, l.ring)
}

// stop ends what was timed until the final response.
func (in *invitation) stop() {
	in.ringing.stop()
	in.expires.stop()
}

// over tells whoever waits for the answer that there is none.
func (in *invitation) over(c call.Cause) {
	in.stop()
	if in.waiting != nil {
		in.waiting <- c
		in.waiting = nil
	}
}

// answer accepts the call. done hears nil when media may flow.
func (l *leg) answer(done chan<- error) {
	switch {
	case l.stage == over:
		done <- l.cause
		return
	case l.in == nil || l.stage != inviting:
		done <- nil // answered before
		return
	}
	l.in.stop()
	t := l.in.tx
	l.care.timer = l.in.timer
	res := l.ok(t, l.in.timer)
	if l.in.answer == nil { // the offer is ours, its answer comes with the ACK (RFC 3261 §13.2.1)
		carrySDP(res, l.sound.session.Offer(l.sound.local, sdp.SendRecv))
		l.in.waiting = done
		l.stage = confirming
		l.shake(t, res, l.lateAnswer)
		return
	}
	if err := l.agreed(l.in.agreed); err != nil {
		l.unsound(err)
		done <- l.cause
		return
	}
	l.listenDigits()
	carrySDP(res, l.in.answer)
	l.stage = confirming
	l.shake(t, res, nil)
	done <- nil
}

// unsound refuses an INVITE whose sound was agreed on and cannot be: by our fault,
// or because of what it asks for.
func (l *leg) unsound(err error) {
	if errors.Is(err, media.ErrClosed) {
		l.refuse(sip.StatusServiceUnavailable, call.Cause{By: call.ByUs, Metric: call.LegOverload, Text: err.Error()})
		return
	}
	l.refuse(sip.StatusNotAcceptableHere, call.Cause{By: call.ByUs, Metric: call.LegRefused, Text: err.Error()})
}

// lateAnswer takes the answer to our offer out of an ACK.
func (l *leg) lateAnswer(ack *sip.Request) {
	done := l.in.waiting
	l.in.waiting = nil
	r, err := l.sound.session.Accept(description(ack))
	if err == nil {
		err = l.agreed(r)
	}
	if err != nil {
		l.in.waiting = done
		l.hangUp(call.Cause{By: call.ByNetwork, Metric: call.LegRefused, Status: 488, Text: err.Error()})
		return
	}
	l.listenDigits()
	done <- nil
}

// ok is a 200 to an INVITE or UPDATE of the peer.
func (l *leg) ok(t *tx, timer sessionTimer) *sip.Response {
	res := reply(t.req, sip.StatusOK, l.dlg.local.tag)
	res.AppendHeader(l.s.contact(l.peer.hop, l.peer.view, l.dlg.local.uri.User))
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	res.AppendHeader(sip.NewHeader("Supported", "timer"))
	if timer.interval != 0 {
		res.AppendHeader(timer.header(false))
		if !timer.ours {
			res.AppendHeader(sip.NewHeader("Require", "timer"))
		}
	}
	return res
}

// refuse ends an INVITE with an error response.
func (l *leg) refuse(status int, c call.Cause) {
	l.in.stop()
	res := reply(l.in.tx.req, status, l.in.tag)
	if status == sip.StatusNotAcceptableHere {
		res.AppendHeader(sip.NewHeader("Warning", "399 breakwater "+wire.Quote(c.Text)))
	}
	if status == sip.StatusServiceUnavailable || status == sip.StatusTemporarilyUnavailable && c.Metric == call.LegOverload {
		res.AppendHeader(sip.NewHeader("Retry-After", retryAfter()))
	}
	l.in.tx.respond(res)
	l.end(c)
}

// cancelledByCaller: the 200 for the CANCEL is sent; the INVITE gets its 487 with
// the same tag (libraries.md §2.11). A CANCEL that crosses our 2xx changes nothing.
func (l *leg) cancelledByCaller() {
	if l.stage == inviting {
		l.refuse(sip.StatusRequestTerminated, call.Cause{By: call.ByCaller, Metric: call.LegCancelled, Status: 487, Text: "cancelled"})
	}
}

// finalLost: the transport failed before the caller had our response.
func (l *leg) finalLost(err error) {
	if err != nil && l.stage == inviting {
		l.end(call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: err.Error()})
	}
}

// dialled is what the caller dialled: the user of the Request-URI.
func dialled(req *sip.Request) string {
	user := req.Recipient.User
	user, _, _ = strings.Cut(user, ";") // parameters of RFC 3966
	return wire.Sanitise(unescape(user))
}

// statusOf is how a cause is told to a caller who was not answered yet.
func statusOf(c call.Cause) int {
	if c.Status >= 300 && c.Status < 700 {
		return c.Status
	}
	switch c.Metric {
	case call.LegBusy:
		return sip.StatusBusyHere
	case call.LegDeclined:
		return sip.StatusGlobalDecline
	case call.LegOverload:
		return sip.StatusServiceUnavailable
	case call.LegNoContact, call.LegUnreachable, call.LegNoAnswer:
		return sip.StatusTemporarilyUnavailable
	case call.LegRefused:
		return sip.StatusForbidden
	}
	return sip.StatusTemporarilyUnavailable
}

// caller is who sent a request, once proven.
type caller struct {
	phone string
	trunk *trunk
}

// number is the caller's number: a phone's name, or the user of From.
func (c caller) number(req *sip.Request) string {
	if c.phone != "" {
		return c.phone
	}
	user, _, _ := strings.Cut(req.From().Address.User, ";")
	return wire.Sanitise(unescape(user))
}

func (c caller) busyStatus() int {
	if c.trunk != nil {
		return sip.StatusServiceUnavailable
	}
	return sip.StatusTemporarilyUnavailable
}
