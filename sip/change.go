package sip

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/sdp"
	"breakwater/sip/wire"
)

// inDialog takes a request of the peer within the leg's dialog.
func (l *leg) inDialog(t *tx) {
	req := t.req
	if err := l.dlg.accept(req); err != nil {
		l.answerWith(t, sip.StatusInternalServerError)
		return
	}
	l.met(t.peer)
	l.peer.learn(req)
	switch req.Method {
	case sip.BYE:
		l.byeCame(t)
	case sip.INVITE:
		l.change(t)
	case sip.UPDATE:
		l.change(t)
	case sip.OPTIONS:
		res := reply(req, sip.StatusOK, l.dlg.local.tag)
		res.AppendHeader(sip.NewHeader("Allow", allowed))
		res.AppendHeader(sip.NewHeader("Accept", typeSDP))
		t.respond(res)
	case sip.INFO:
		l.info(t)
	case sip.REFER:
		l.refer(t)
	default: // REGISTER in a dialog
		l.notAllowed(t)
	}
}

func (l *leg) answerWith(t *tx, status int) {
	t.respond(reply(t.req, status, l.dlg.local.tag))
}

func (l *leg) notAllowed(t *tx) {
	res := reply(t.req, sip.StatusMethodNotAllowed, l.dlg.local.tag)
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	t.respond(res)
}

// byeCame ends the leg. A BYE that crosses ours is answered like any other, and a
// call not answered yet gets the final response it still lacks (RFC 3261 §15.1.2).
func (l *leg) byeCame(t *tx) {
	l.answerWith(t, sip.StatusOK)
	by := call.ByAgent
	if l.who.Incoming {
		by = call.ByCaller
	}
	l.unsay()
	if l.stage == inviting && l.in != nil {
		l.refuse(sip.StatusRequestTerminated, call.Cause{By: by, Metric: call.LegCancelled, Status: 487, Text: "BYE before the answer"})
		return
	}
	l.end(call.Cause{By: by, Metric: call.LegNormal, Status: 200, Text: "BYE"})
}

// change takes a re-INVITE or UPDATE: target refresh, session refresh, hold.
func (l *leg) change(t *tx) {
	req := t.req
	switch status := l.glare(req); status {
	case 0:
	case sip.StatusInternalServerError:
		res := reply(req, status, l.dlg.local.tag)
		res.AppendHeader(sip.NewHeader("Retry-After", randomSeconds(1, 10)))
		t.respond(res)
		return
	default:
		l.answerWith(t, status)
		return
	}
	settings := l.s.plan().settings
	timer, tooSmall := timerOffered(req).agree(settings.SessionExpires, settings.MinSE)
	if tooSmall {
		res := reply(req, 422, l.dlg.local.tag)
		res.AppendHeader(sip.NewHeader("Min-SE", seconds(settings.MinSE)))
		t.respond(res)
		return
	}
	res := l.ok(t, timer)
	if !l.describe(t, res) {
		return
	}
	l.dlg.refresh(wire.Contact(req))
	l.care.timer = timer
	l.care.refreshed(l)
	if !req.IsInvite() {
		t.respond(res)
		return
	}
	if _, offered := wire.Description(req); offered {
		l.shake(t, res, nil)
		return
	}
	l.shake(t, res, l.changedByAck)
}

// glare is the status that refuses a change which crosses another, 0 if none does
// (RFC 3261 §14.2, RFC 3311 §5.2).
func (l *leg) glare(req *sip.Request) int {
	_, offered := wire.Description(req)
	offers := offered || req.IsInvite()
	switch {
	case l.stage == over:
		return sip.StatusCallTransactionDoesNotExists
	case !offers:
		return 0
	case l.stage == inviting: // the offer of the first INVITE has no answer yet
		return sip.StatusInternalServerError
	case l.sound.session.Pending():
		return sip.StatusRequestPending
	case l.final != nil && req.IsInvite(): // our 2xx before has no ACK yet
		return sip.StatusRequestPending
	}
	return 0
}

// describe puts our side into res and applies the peer's offer, if there is one.
// false: the offer was refused, and everything stays as it was.
func (l *leg) describe(t *tx, res *sip.Response) bool {
	offer, ok := wire.Description(t.req)
	if !ok {
		if t.req.IsInvite() {
			carrySDP(res, l.sound.session.Offer(l.sound.local, sdp.SendRecv))
		}
		return true
	}
	body, agreed, err := l.sound.session.Answer(offer, l.sound.local, sdp.SendRecv)
	if err == nil {
		err = l.agreed(agreed)
	}
	if err == nil && l.sound.moved { // by what it has just offered: our answer tells it
		body, _, err = l.sound.session.Answer(offer, l.sound.local, sdp.SendRecv)
		l.sound.moved = err != nil
	}
	if err != nil {
		refusal := reply(t.req, sdp.Status(err), l.dlg.local.tag)
		refusal.AppendHeader(sip.NewHeader("Warning", "399 breakwater "+wire.Quote(err.Error())))
		t.respond(refusal)
		return false
	}
	carrySDP(res, body)
	return true
}

// changedByAck takes the answer to the offer in our 2xx to an empty re-INVITE. An
// answer that cannot be used leaves the sound as it was.
func (l *leg) changedByAck(ack *sip.Request) {
	r, err := l.sound.session.Accept(description(ack))
	if err == nil {
		err = l.agreed(r)
	}
	if err != nil {
		l.sound.session.Withdraw()
		l.log.to().Warn("an answer in an ACK cannot be used", "error", err)
	}
}

// info takes keys in both bodies that phones send (phones.md §2). An INFO without
// a body is a keep-alive.
func (l *leg) info(t *tx) {
	kind, _, _ := strings.Cut(wire.Value(t.req, "content-type"), ";")
	key, ok := byte(0), false
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/dtmf-relay":
		key, ok = relayKey(t.req.Body())
	case "application/dtmf":
		key, ok = keyOf(string(t.req.Body()))
	default:
		if len(t.req.Body()) == 0 {
			l.answerWith(t, sip.StatusOK)
			return
		}
		res := reply(t.req, sip.StatusUnsupportedMediaType, l.dlg.local.tag)
		res.AppendHeader(sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf"))
		t.respond(res)
		return
	}
	if !ok {
		l.answerWith(t, sip.StatusBadRequest)
		return
	}
	l.answerWith(t, sip.StatusOK)
	l.pressed(key, true, time.Now())
}

// relayKey finds "Signal=5" in a dtmf-relay body; blanks and case vary.
func relayKey(body []byte) (byte, bool) {
	for line := range bytes.Lines(body) {
		name, value, ok := strings.Cut(string(line), "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "signal") {
			return keyOf(value)
		}
	}
	return 0, false
}

// keyOf reads a key: itself, or its event number for * and #.
func keyOf(text string) (byte, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	switch text {
	case "10":
		return '*', true
	case "11":
		return '#', true
	}
	if len(text) == 1 && strings.Contains("0123456789*#ABCD", text) {
		return text[0], true
	}
	return 0, false
}

// unescape undoes %XX of a URI part; what cannot be undone stays.
func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
