package sip

import (
	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/wire"
)

// refer takes a phone's wish to transfer (RFC 3515). The call decides; the phone is
// told that we took it, and at once that we are trying, which is all that the
// subscription ever says: phones drop out of the call by it.
func (l *leg) refer(t *tx) {
	target := referTarget(t.req)
	if target == "" || l.stage == inviting || l.stage == over {
		l.answerWith(t, sip.StatusBadRequest)
		return
	}
	l.answerWith(t, sip.StatusAccepted)
	l.ask(sip.NOTIFY, func(req *sip.Request) {
		req.AppendHeader(sip.NewHeader("Event", "refer"))
		req.AppendHeader(sip.NewHeader("Subscription-State", "terminated;reason=noresource"))
		kind := sip.ContentTypeHeader("message/sipfrag;version=2.0")
		req.AppendHeader(&kind)
		req.SetBody([]byte("SIP/2.0 100 Trying\r\n"))
	}, func(*sip.Response, error) {}) // phones differ in what they answer; none of it matters
	l.signal(call.Signal{Kind: call.Asked, Target: target})
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
