package sip

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/wire"
)

// indecision is how long a phone waits to hear whether its transfer is granted.
const indecision = 30 * time.Second

// wish is a transfer that the party asked for and nobody has decided yet.
type wish struct {
	event string // of its subscription
	timer *later
}

// refer takes a phone's wish to transfer (RFC 3515). The phone is told that we took
// it, that we are trying, and then what the call decides: 200, and it is free, for
// the call is ours from here, whoever answers next; or 603, and the call goes on.
func (l *leg) refer(t *tx) {
	target := referTarget(t.req)
	if target == "" || l.stage == inviting || l.stage == over {
		l.answerWith(t, sip.StatusBadRequest)
		return
	}
	if l.peer.wish != nil {
		l.answerWith(t, sip.StatusRequestPending)
		return
	}
	w := &wish{event: "refer"}
	if l.peer.referred { // only the first may go without (RFC 3515 §2.4.6)
		w.event += ";id=" + strconv.FormatUint(uint64(t.req.CSeq().SeqNo), 10)
	}
	l.peer.wish, l.peer.referred = w, true
	l.answerWith(t, sip.StatusAccepted)
	l.notify(w, "active;expires="+seconds(indecision), sip.StatusTrying)
	w.timer = l.box.after(indecision, func() { l.decided(w, false) })
	l.signal(call.Signal{Kind: call.Asked, Target: target, Decide: func(granted bool) {
		l.box.post(func() { l.decided(w, granted) })
	}})
}

// decided tells the party the end of its wish, once.
func (l *leg) decided(w *wish, granted bool) {
	if w == nil || l.peer.wish != w {
		return
	}
	l.forgetWish()
	status := sip.StatusGlobalDecline
	if granted {
		status = sip.StatusOK
	}
	l.notify(w, "terminated;reason=noresource", status)
}

// forgetWish leaves a wish undecided, for a party that is gone.
func (l *leg) forgetWish() {
	if l.peer.wish != nil {
		l.peer.wish.timer.stop()
		l.peer.wish = nil
	}
}

// notify tells a status as a message fragment (RFC 3420).
func (l *leg) notify(w *wish, state string, status int) {
	l.ask(sip.NOTIFY, func(req *sip.Request) {
		req.AppendHeader(sip.NewHeader("Event", w.event))
		req.AppendHeader(sip.NewHeader("Subscription-State", state))
		kind := sip.ContentTypeHeader("message/sipfrag;version=2.0")
		req.AppendHeader(&kind)
		req.SetBody([]byte("SIP/2.0 " + strconv.Itoa(status) + " " + reason(status) + "\r\n"))
	}, func(*sip.Response, error) {}) // phones differ in what they answer; none of it matters
}

// referTarget is the number to transfer to; empty when Refer-To has none. An
// attended transfer (Replaces) names its target all the same.
func referTarget(req *sip.Request) string {
	h := req.ReferTo()
	if h == nil || h.Address.Scheme != "sip" && h.Address.Scheme != "sips" {
		return ""
	}
	return wire.Sanitise(unescape(h.Address.User))
}

// contactOf is the first Contact of m.
func contactOf(m sip.Message) *sip.ContactHeader { return wire.Contact(m) }
