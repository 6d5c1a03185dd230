package sip

import (
	"errors"
	mrand "math/rand/v2"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/sdp"
)

// care keeps a talking leg honest: it refreshes the session (RFC 4028) and finds
// out when the party has vanished (protection.md decision 4). Its timers post to
// the leg's mailbox, which owns it.
type care struct {
	timer    sessionTimer
	session  *later
	watch    *later
	probing  bool
	changing bool      // a re-INVITE or UPDATE of ours has no answer yet
	doubted  bool      // the party could not be asked, but is heard: silence asks again, even on hold
	quiet    time.Time // silence counts from here: the answer, or the last change of hold
}

func (c *care) begin(l *leg, now time.Time) {
	c.quiet = now
	c.refreshed(l)
	c.look(l)
}

func (c *care) stop() {
	c.session.stop()
	c.watch.stop()
}

func (c *care) heldChanged(now time.Time) { c.quiet = now }

// refreshed arms the session timer anew.
func (c *care) refreshed(l *leg) {
	c.session.stop()
	switch {
	case c.timer.interval == 0 || l.stage == over:
	case c.timer.ours:
		c.session = l.box.after(c.timer.refreshAfter(), l.refresh)
	default:
		c.session = l.box.after(c.timer.giveUpAfter(), l.expire)
	}
}

// refresh renews the session: by UPDATE without a body where the peer takes it,
// else by a re-INVITE with our description, which is the same unless we have moved.
func (l *leg) refresh() {
	if l.stage != talking || l.care.changing || l.final != nil {
		l.retryRefresh()
		return
	}
	l.care.changing = true
	method := sip.INVITE
	if l.peer.takes(sip.UPDATE) && !l.sound.moved {
		method = sip.UPDATE
	}
	l.ask(method, func(req *sip.Request) {
		req.AppendHeader(sip.NewHeader("Allow", allowed))
		req.AppendHeader(sip.NewHeader("Supported", "timer"))
		if l.care.timer.interval != 0 {
			req.AppendHeader(l.care.timer.header(true))
			req.AppendHeader(sip.NewHeader("Min-SE", seconds(l.s.plan().settings.MinSE)))
		}
		if method == sip.INVITE {
			carrySDP(req, l.sound.session.Offer(l.sound.local, sdp.SendRecv))
		}
	}, func(res *sip.Response, err error) { l.refreshAnswered(method, res, err) })
}

// retryRefresh comes again when two changes have crossed: who owns the Call-ID
// after 2.1 to 4 s, the other earlier, so that they do not meet again (RFC 3261
// §14.1; a second is two T1).
func (l *leg) retryRefresh() {
	if l.stage == over {
		return
	}
	second := 2 * l.s.post.timing.T1
	wait := mrand.N(2 * second) //nolint:gosec // keeps two ends apart, guards nothing
	if !l.who.Incoming {
		wait = 21*second/10 + mrand.N(19*second/10) //nolint:gosec // as above
	}
	l.care.session = l.box.after(wait, l.refresh)
}

func (l *leg) refreshAnswered(method sip.RequestMethod, res *sip.Response, err error) {
	if res != nil && res.IsProvisional() {
		return
	}
	if res != nil && res.IsSuccess() && method == sip.INVITE {
		l.ackChange(res)
	}
	if !l.care.changing {
		return // a repeated 2xx
	}
	l.care.changing = false
	if l.stage == over {
		return
	}
	switch {
	case errors.Is(err, errBroken) && l.heardLately(time.Now()): // its stream is gone, its sound is not
		l.sound.session.Withdraw()
		l.care.doubted = true
		l.retryRefresh()
	case err != nil || res.StatusCode == sip.StatusRequestTimeout || res.StatusCode == sip.StatusCallTransactionDoesNotExists:
		l.lost("the session refresh had no answer", res)
	case res.StatusCode == sip.StatusRequestPending:
		l.sound.session.Withdraw()
		l.retryRefresh()
	case res.StatusCode == 422:
		l.sound.session.Withdraw()
		l.care.timer.interval = max(l.care.timer.interval, timerOffered(res).min)
		l.retryRefresh()
	case res.IsSuccess():
		l.renewed(res)
	case l.sound.moved:
		l.lost("the peer did not follow us to another port", res)
	default: // the peer refuses to renew but the dialog stands: the liveness probe watches on
		l.sound.session.Withdraw()
		l.care.timer = sessionTimer{}
	}
}

// renewed takes a 2xx to our refresh.
func (l *leg) renewed(res *sip.Response) {
	l.peer.learn(res)
	l.dlg.refresh(contactOf(res))
	if timer := timerOffered(res).settled(); timer.interval != 0 {
		l.care.timer = timer
	}
	if l.sound.session.Pending() {
		r, err := l.sound.session.Accept(description(res))
		if err == nil {
			err = l.agreed(r)
		}
		if err != nil {
			l.sound.session.Withdraw()
			l.log.to().Warn("an answer to our refresh cannot be used", "error", err)
		}
		l.sound.moved = false
	}
	l.care.refreshed(l)
}

// ackChange acknowledges the 2xx of a re-INVITE of ours, each time it comes.
func (l *leg) ackChange(res *sip.Response) {
	to := l.route()
	ack := l.dlg.ack(res.CSeq().SeqNo)
	l.s.address(ack, to, l.peer.view)
	_ = l.s.post.send(ack, to)
}

// expire ends a session that the peer promised to refresh and did not.
func (l *leg) expire() {
	if l.stage == talking {
		l.lost("the peer did not refresh the session", nil)
	}
}

// look asks at intervals whether the party is still heard.
func (c *care) look(l *leg) {
	silence := l.s.plan().settings.Silence
	c.watch = l.box.after(max(silence/4, 10*time.Millisecond), func() {
		if l.stage != talking {
			return
		}
		l.listenForLife(time.Now())
		c.look(l)
	})
}

// listenForLife probes a party that is silent outside hold. Silence alone is never
// proof: phones with silence suppression, and trunks, may send nothing at all.
func (l *leg) listenForLife(now time.Time) {
	mayBeSilent := l.sound.held || !l.sound.desc.Recv
	if mayBeSilent && !l.care.doubted || l.heardLately(now) {
		return
	}
	l.probe()
}

// probe asks a party whether it still has this call. It is also asked, held or
// not, when its phone can no longer be reached.
func (l *leg) probe() {
	c := &l.care
	if c.probing || l.stage != talking {
		return
	}
	c.probing = true
	method := sip.OPTIONS
	if !l.peer.takes(sip.OPTIONS) && l.peer.takes(sip.UPDATE) {
		method = sip.UPDATE
	}
	l.ask(method, nil, func(res *sip.Response, err error) {
		if res != nil && res.IsProvisional() {
			return
		}
		c.probing = false
		if l.stage != talking {
			return
		}
		now := time.Now()
		c.doubted = gone(res, err)
		switch {
		case !c.doubted:
			c.quiet = now // alive: the next probe comes after another silence
		case !l.heardLately(now):
			l.lost("silent, and the probe proved it gone", res)
		default: // its signalling is broken, its sound is not: people talk
			l.log.to().Warn("the party is heard but cannot be asked", "error", err)
		}
	})
}

// unreachable: the phone of this leg lost its last contact. A call is asked; one
// that was not answered and whose stream is gone cannot be answered any more.
func (l *leg) unreachable() {
	if l.stage == inviting && l.in != nil && l.peer.hop.reliable() && !l.s.wire.connected(l.peer.hop.remote) {
		l.in.tx.drop()
		l.end(call.Cause{By: call.ByCaller, Metric: call.LegCancelled, Text: "the caller's stream is gone"})
		return
	}
	l.probe()
}

// gone tells whether a probe's answer is proof: 481, 408, or none at all.
func gone(res *sip.Response, err error) bool {
	if err != nil {
		return errors.Is(err, errTimeout) || errors.Is(err, errBroken)
	}
	return res.StatusCode == sip.StatusCallTransactionDoesNotExists || res.StatusCode == sip.StatusRequestTimeout
}

// lastHeard is the newest sign of the party by RTP or RTCP, or when silence began to count.
func (l *leg) lastHeard() time.Time {
	newest := l.care.quiet
	h := l.port.Load().Heard()
	for _, t := range []time.Time{h.RTP, h.RTCP} {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// heardLately tells whether the party gave a sign within what counts as silence.
func (l *leg) heardLately(now time.Time) bool {
	return now.Sub(l.lastHeard()) < l.s.plan().settings.Silence
}

// lost ends a leg whose party has vanished.
func (l *leg) lost(why string, res *sip.Response) {
	c := call.Cause{By: call.ByNetwork, Metric: call.LegLost, Text: why}
	if res != nil {
		c.Status = res.StatusCode
	}
	if res == nil || res.StatusCode != sip.StatusCallTransactionDoesNotExists {
		l.bye(c) // it may hear us even if we do not hear it
	}
	l.end(c)
}
