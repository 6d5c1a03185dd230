package sip

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/wire"
)

// asked is what an INVITE of ours gives to the dialog that an answer to it makes.
type asked struct {
	local party
	uri   sip.Uri // where it went
	seq   uint32
	to    hop
	view  view
}

// accept makes l the leg of a 2xx, and acknowledges it.
func (q asked) accept(l *leg, sent *acks, res *sip.Response) {
	dlg, err := outgoingDialog(l.box.callID, q.local, q.seq, res)
	tag, _ := wire.Param(res.To().Params, "tag")
	if err != nil { // without Contact the Request-URI must do
		dlg = &dialog{callID: l.box.callID, local: q.local, target: q.uri, sent: q.seq}
		dlg.remote = party{uri: res.To().Address, tag: tag}
	}
	l.dlg = dlg
	l.peer.hop, l.peer.view = q.to, q.view
	l.peer.learn(res)
	ack, to := dlg.ack(q.seq), l.route()
	l.s.address(ack, to, q.view)
	sent.all = append(sent.all, sentAck{strings.Clone(tag), wire.Text(ack), to})
	sent.repeat(l.s.post, res)
}

// shade is what it takes to end a dialog that nobody wants.
type shade struct {
	s     *Server
	box   *mailbox
	who   call.Party
	log   lazyLog
	trunk *trunk
}

func (l *leg) shade() shade { return shade{l.s, l.box, l.who, l.log, l.peer.trunk} }

// mostAnswers is how many 2xx of one INVITE are acknowledged: more than a proxy has phones to
// fork to. Whoever sends another gets no ACK, and ends it after 64·T1 (RFC 3261 §13.3.1.4).
const mostAnswers = 32

// turnDown ends the dialog of a 2xx that nobody wants, by a leg that nobody sees.
func (d shade) turnDown(q asked, sent *acks, res *sip.Response) {
	if len(sent.all) >= mostAnswers {
		d.s.tally.malformed.Add(1)
		return
	}
	l := &leg{s: d.s, box: d.box, who: d.who, log: d.log, stage: over, peer: peer{trunk: d.trunk}}
	q.accept(l, sent, res)
	l.bye(call.Cause{By: call.ByUs, Metric: call.LegCancelled, Text: "answered elsewhere"})
}

// acks are the ACKs of an INVITE's 2xx, of which there is seldom more than one.
type acks struct{ all []sentAck }

// sentAck is an ACK as it was sent, to be repeated with the 2xx of its tag.
type sentAck struct {
	tag   string
	bytes []byte
	to    hop
}

// repeat acknowledges a 2xx that was acknowledged before; false: it was not. If the ACK is
// lost, the 2xx comes again and so does the ACK.
func (a *acks) repeat(p *post, res *sip.Response) bool {
	tag, _ := wire.Param(res.To().Params, "tag")
	i := slices.IndexFunc(a.all, func(s sentAck) bool { return s.tag == tag })
	if i < 0 {
		return false
	}
	_ = p.again(a.all[i].bytes, a.all[i].to)
	return true
}

// afterglow is what is left of an INVITE of ours whose call is over, as long as 2xx may
// come: the ACK of one that comes again, and a goodbye to a dialog that nobody wants.
type afterglow struct {
	shade shade
	asked asked
	acks  *acks
}

func (g *afterglow) heard(res *sip.Response, err error) {
	if err == nil && res.IsSuccess() && !g.acks.repeat(g.shade.s.post, res) {
		g.shade.turnDown(g.asked, g.acks, res)
	}
}
