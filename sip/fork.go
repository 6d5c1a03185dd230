package sip

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/sdp"
)

// fork is an outgoing call until it is answered: one attempt per contact, the
// first 2xx wins, the others are cancelled. It belongs to the leg's mailbox.
type fork struct {
	leg      *leg
	target   call.Target
	tag      string // our From-tag, the same for all, as of one caller (RFC 3261 §16.7)
	attempts []*attempt
	ports    map[netip.Addr]*media.Port
	minSE    time.Duration // what a 422 asked for
	seq      uint32
	ringing  *later
	spoken   bool // a response came, whatever it says
	rang     bool
	done     bool          // answered, given up or withdrawn
	best     *sip.Response // the final response that tells most
	lost     error         // why an attempt had no response
	acks     acks
}

// attempt is one INVITE to one contact.
type attempt struct {
	fork    *fork
	at      destination
	view    view
	sound   sound
	tx      *tx
	req     *sip.Request
	early   bool     // a 1xx came: a CANCEL may be sent
	cancel  bool     // one is wanted, or was sent
	parting *parting // it was taken back and has no final response yet; nil = neither
	final   bool
	retried bool
	guard   *later // ends the wait for a 487 that never comes
}

// begin rings all destinations.
func (f *fork) begin(all []destination) {
	if f.leg.stage == over {
		return
	}
	f.ports = map[netip.Addr]*media.Port{}
	f.seq = 1
	hint := f.hint(all)
	for _, d := range all {
		a := &attempt{fork: f, at: d, view: f.leg.s.view(d.to)}
		snd, err := f.openOffer(a.view, hint)
		if err != nil {
			f.lost = err
			continue
		}
		a.sound = snd
		f.attempts = append(f.attempts, a)
	}
	if len(f.attempts) == 0 {
		f.leg.s.tally.overload.Add(1)
		f.finish(call.Cause{By: call.ByUs, Metric: call.LegOverload, Text: f.lost.Error()})
		return
	}
	if f.target.Ring > 0 {
		f.ringing = f.leg.box.after(f.target.Ring, f.rangOut)
	}
	for _, a := range f.attempts {
		a.send()
	}
}

func (a *attempt) send() {
	f := a.fork
	a.req = f.invite(a.at, a.view, f.seq, a.sound.session.Offer(a.sound.local, sdp.SendRecv))
	f.leg.peer.prove(a.req)
	a.tx = f.leg.box.request(f.leg.s.post, a.req, a.at.to, a.heard)
}

// heard takes the responses to one INVITE.
func (a *attempt) heard(res *sip.Response, err error) {
	a.fork.spoken = a.fork.spoken || err == nil
	switch {
	case err != nil:
		a.ended(nil, err)
	case res.IsProvisional():
		a.provisional(res)
	case res.IsSuccess():
		a.answered(res)
	default:
		a.refused(res)
	}
}

func (a *attempt) provisional(res *sip.Response) {
	a.early = true
	if a.cancel {
		a.sendCancel()
		return
	}
	f := a.fork
	if res.StatusCode < sip.StatusRinging || f.rang || f.done {
		return
	}
	f.rang = true
	f.leg.signal(call.Signal{Kind: call.Ringing})
}

// answered takes a 2xx: the first wins, every other is ended at once. All are
// acknowledged, each time they come (RFC 3261 §13.2.2.4).
func (a *attempt) answered(res *sip.Response) {
	f := a.fork
	defer f.leg.s.roster.partings.end(a.parting) // not before a BYE has begun another: nothing may slip in between
	a.parting = nil
	a.closed()
	if f.acks.repeat(f.leg.s.post, res) {
		return
	}
	if f.done || f.leg.stage != inviting || a.cancel { // it crossed our CANCEL, or another was faster
		f.leg.shade().turnDown(a.asked(), &f.acks, res)
		return
	}
	a.asked().accept(f.leg, &f.acks, res)
	a.win(res)
}

// asked is what the dialog of an answer is made of.
func (a *attempt) asked() asked {
	return asked{local: fromParty(a.req), uri: a.at.uri, seq: a.req.CSeq().SeqNo, to: a.at.to, view: a.view}
}

// lighten leaves of an outgoing call that is over what a 2xx that comes late takes.
func (f *fork) lighten() {
	sent := &acks{f.acks.all} // of the fork nothing else is kept
	for _, a := range f.attempts {
		if a.tx != nil && a.tx.succeeded() {
			a.tx.lightenTo(&afterglow{f.leg.shade(), a.asked(), sent})
		}
	}
}

// win makes the leg a talking one.
func (a *attempt) win(res *sip.Response) {
	f, l := a.fork, a.fork.leg
	f.settle(a)
	l.sound = a.sound
	port := f.ports[a.view.bind]
	l.port.Store(port)
	delete(f.ports, a.view.bind)
	f.closePorts()
	agreed, err := l.sound.session.Accept(description(res))
	if err == nil {
		err = l.agreed(agreed)
	}
	l.stage = talking
	if err != nil {
		c := call.Cause{By: call.ByUs, Status: sip.StatusNotAcceptableHere, Metric: call.LegRefused, Text: err.Error()}
		l.hangUp(c)
		return
	}
	l.care.timer = timerOffered(res).settled()
	l.listenDigits()
	l.establish()
	l.signal(call.Signal{Kind: call.Answered})
	if l.sound.held {
		l.signal(call.Signal{Kind: call.Held})
	}
}

// settle stops the ring timer and cancels all attempts but the winner.
func (f *fork) settle(winner *attempt) {
	f.done = true
	f.ringing.stop()
	for _, a := range f.attempts {
		if a != winner && !a.final {
			a.withdraw()
		}
	}
}

func (f *fork) closePorts() {
	for _, p := range f.ports {
		p.Close()
	}
	clear(f.ports)
}

// refused takes a final response of 300–699.
func (a *attempt) refused(res *sip.Response) {
	f := a.fork
	if !a.cancel && !f.done && !a.retried && a.again(res) {
		return
	}
	a.ended(res, nil)
}

// again answers a challenge, or a 422, once. true: another INVITE is on its way.
func (a *attempt) again(res *sip.Response) bool {
	f := a.fork
	switch {
	case res.StatusCode == 422:
		least := timerOffered(res).min
		if least <= f.leg.s.plan().settings.MinSE {
			return false
		}
		f.minSE = least
	case !f.leg.peer.challenged(a.req, res):
		return false
	}
	a.retried = true
	a.early = false
	f.seq++
	a.send()
	return true
}

// ended: this attempt has its final response, or never gets one.
func (a *attempt) ended(res *sip.Response, err error) {
	f := a.fork
	a.closed()
	if f.done {
		return
	}
	if err != nil && f.lost == nil {
		f.lost = err
	}
	if res != nil && (f.best == nil || moreTelling(res.StatusCode, f.best.StatusCode)) {
		f.best = res
	}
	if res != nil && res.StatusCode >= 600 { // a person said no, for all their phones (RFC 3261 §16.7)
		f.finish(f.verdict())
		return
	}
	for _, other := range f.attempts {
		if !other.final {
			return
		}
	}
	f.finish(f.verdict())
}

func (a *attempt) closed() {
	if a.cancel && !a.final {
		a.fork.leg.box.office.goodbyes.Add(-1)
	}
	a.fork.leg.s.roster.partings.end(a.parting)
	a.parting = nil
	a.final = true
	a.guard.stop()
}

// finish ends an outgoing leg that was not answered.
func (f *fork) finish(c call.Cause) {
	f.settle(nil)
	f.closePorts()
	f.leg.end(c)
}

// withdraw takes the call back because we want to.
func (f *fork) withdraw() {
	f.settle(nil)
	f.closePorts()
}

// rangOut ends a call that has rung for as long as it may. A carrier of whom nothing was heard
// has rung nobody: ring times are mostly shorter than the 64·T1 after which its silence is told.
func (f *fork) rangOut() {
	switch {
	case f.done || f.leg.stage != inviting:
	case f.ofTrunk() && !f.spoken:
		f.finish(call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: "the trunk has not answered at all"})
	default:
		f.finish(call.Cause{By: call.ByAgent, Status: sip.StatusRequestTimeout, Metric: call.LegNoAnswer, Text: "nobody answered"})
	}
}

// withdraw cancels one INVITE: at once if a provisional response came, else when
// one comes (RFC 3261 §9.1).
func (a *attempt) withdraw() {
	if a.cancel {
		return
	}
	a.cancel = true
	a.fork.leg.box.office.goodbyes.Add(1)
	if a.early {
		a.sendCancel()
		return
	}
	a.parting = a.fork.leg.s.roster.partings.doubt(a.fork.leg.who.Phone, a.at.to.remote)
}

// sendCancel sends the CANCEL, once. A peer that answers neither it nor the INVITE
// is given up after 64·T1 (RFC 3261 §9.1).
func (a *attempt) sendCancel() {
	if a.guard != nil || a.final {
		return
	}
	l := a.fork.leg
	defer l.s.roster.partings.end(a.parting)                           // of who had not said a word; nothing may slip in between
	a.parting = l.s.roster.partings.begin(l.who.Phone, a.at.to.remote) // it rings: the phone is not free
	a.guard = l.box.after(64*l.s.post.timing.T1, func() {
		if !a.final {
			a.closed()
			a.tx.drop()
		}
	})
	l.box.request(l.s.post, a.tx.cancel(), a.at.to, nil)
}

// strayResponse acknowledges a 2xx whose transaction is over.
func (l *leg) strayResponse(res *sip.Response) {
	if l.out != nil && res.IsSuccess() && res.CSeq().MethodName == sip.INVITE {
		l.out.acks.repeat(l.s.post, res)
	}
}
