package sip

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/transaction"
	"breakwater/sip/wire"
)

var (
	errTimeout = errors.New("nobody answered")
	errBroken  = errors.New("the message could not be sent")
)

// tx is one transaction: a machine of sip/transaction with its messages and timers.
// It belongs to its mailbox.
type tx struct {
	box     *mailbox
	post    *post
	key     string
	client  bool
	machine *transaction.Machine
	peer    hop
	req     *sip.Request
	newest  *sip.Response // server: the last we sent; client: the one at hand
	ack     *sip.Request  // client: for a 300–699
	timers  [3]*time.Timer
	dead    bool
	slim    bool // req has only what merged asks for

	// hear is the user of the transaction. Client: every response, or nil and
	// why there is none. Server: nil and why our final response was lost.
	hear func(*sip.Response, error)
	// cancelled, for an INVITE that came, hears its CANCEL.
	cancelled func()
}

// post is what transactions need of the server.
type post struct {
	send   func(sip.Message, hop) error
	timing transaction.Timing
	tally  *tally
}

// serve begins the transaction of a request that came.
func (b *mailbox) serve(p *post, req *sip.Request, from hop) *tx {
	kind := transaction.NonInviteServer
	if req.IsInvite() {
		kind = transaction.InviteServer
	}
	t := &tx{box: b, post: p, key: serverKey(req, req.Method), peer: from, req: req}
	t.begin(kind)
	return t
}

// request begins a transaction of ours; hear gets its responses. req has its Via.
func (b *mailbox) request(p *post, req *sip.Request, to hop, hear func(*sip.Response, error)) *tx {
	kind := transaction.NonInviteClient
	if req.IsInvite() {
		kind = transaction.InviteClient
	}
	t := &tx{box: b, post: p, key: clientKey(req), client: true, peer: to, req: req, hear: hear}
	t.begin(kind)
	return t
}

func (t *tx) begin(kind transaction.Kind) {
	machine, actions := transaction.New(kind, t.post.timing, t.peer.reliable())
	t.machine = machine
	t.box.txs[t.key] = t
	t.post.tally.transactions.Add(1)
	t.carryOut(actions)
}

// step tells the machine what happened and does what it says.
func (t *tx) step(e transaction.Event) { t.carryOut(t.machine.Step(e)) }

func (t *tx) carryOut(actions []transaction.Action) {
	var sendErr error
	for _, a := range actions {
		switch a.Verb {
		case transaction.Send:
			sendErr = t.transmit()
		case transaction.SendAck:
			sendErr = t.acknowledge()
		case transaction.Deliver:
			t.tell(t.newest, nil)
		case transaction.TellTimeout:
			t.tell(nil, errTimeout)
		case transaction.TellBroken:
			t.tell(nil, errBroken)
		case transaction.ArmRetransmit:
			t.arm(0, a.After, transaction.Retransmit)
		case transaction.ArmExpire:
			t.arm(1, a.After, transaction.Expire)
		case transaction.ArmLinger:
			t.arm(2, a.After, transaction.Linger)
		case transaction.Disarm:
			t.disarm(0)
			t.disarm(1)
		case transaction.End:
			t.drop()
		}
	}
	if sendErr != nil && !t.dead {
		t.box.post(func() { t.step(transaction.TransportFailed) }) // after whoever asked has returned
	}
}

func (t *tx) transmit() error {
	if t.client {
		return t.post.send(t.req, t.peer)
	}
	if t.newest == nil {
		return nil
	}
	return t.post.send(t.newest, t.peer)
}

func (t *tx) tell(res *sip.Response, err error) {
	if t.hear != nil {
		t.hear(res, err)
	}
}

func (t *tx) arm(i int, after time.Duration, e transaction.Event) {
	t.disarm(i)
	t.timers[i] = time.AfterFunc(after, func() { t.box.post(func() { t.step(e) }) })
}

func (t *tx) disarm(i int) {
	if t.timers[i] != nil {
		t.timers[i].Stop()
		t.timers[i] = nil
	}
}

// drop forgets the transaction.
func (t *tx) drop() {
	if t.dead {
		return
	}
	t.dead = true
	for i := range t.timers {
		t.disarm(i)
	}
	if t.box.txs[t.key] == t {
		delete(t.box.txs, t.key)
	}
	t.post.tally.transactions.Add(-1)
}

// lighten lets go of what a transaction that only waits for repetitions has no use
// for: its user, and the request but for what tells another one's twin. A busy house has
// thousands of them at any time.
func (t *tx) lighten() {
	if t.dead {
		return
	}
	state := t.machine.State()
	if t.client && state != transaction.Completed { // what an Accepted one still tells, fork.lighten says
		return
	}
	switch state {
	case transaction.Accepted: // absorbs repetitions of the INVITE; nobody waits for the ACK any more
		t.hear, t.cancelled = nil, nil
	case transaction.Completed, transaction.Confirmed:
		t.cancelled = nil
		if t.client { // tells nothing any more: what comes again is swallowed, or gets its ACK again
			t.hear, t.newest = nil, nil
		}
	case transaction.Calling, transaction.Trying, transaction.Proceeding, transaction.Terminated:
		return
	}
	if t.slim {
		return
	}
	slim := sip.NewRequest(t.req.Method, t.req.Recipient)
	for _, h := range []sip.Header{t.req.From(), t.req.CSeq()} {
		slim.AppendHeader(h)
	}
	t.req, t.slim = slim, true
}

// respond sends a response of the user. A final response of a transaction that
// has one is ignored, but for a repeated 2xx to an INVITE.
func (t *tx) respond(res *sip.Response) {
	event := transaction.Failure
	switch {
	case res.IsProvisional():
		event = transaction.Provisional
	case res.IsSuccess():
		event = transaction.Success
	}
	switch t.machine.State() {
	case transaction.Trying, transaction.Proceeding:
		t.newest = res
	case transaction.Accepted:
		if !res.IsSuccess() {
			return
		}
		t.newest = res
	case transaction.Calling, transaction.Completed, transaction.Confirmed, transaction.Terminated:
		return
	}
	t.step(event)
}

// again takes a repetition of the request.
func (t *tx) again() { t.step(transaction.Request) }

// acked takes an ACK with the INVITE's branch.
func (t *tx) acked() { t.step(transaction.Ack) }

// succeeded tells whether an INVITE was answered with 2xx.
func (t *tx) succeeded() bool { return t.machine.State() == transaction.Accepted }

// answered tells whether the user has given its final response.
func (t *tx) answered() bool {
	s := t.machine.State()
	return s != transaction.Trying && s != transaction.Proceeding
}

// response takes a response from the wire.
func (t *tx) response(res *sip.Response) {
	if t.machine.State() == transaction.Completed && !res.IsProvisional() {
		// A repeated final: acknowledged again with the first one's ACK. A late 1xx
		// never replaces it (libraries.md §2).
		t.step(eventOf(res))
		return
	}
	t.newest = res
	t.step(eventOf(res))
}

func eventOf(res *sip.Response) transaction.Event {
	switch {
	case res.IsProvisional():
		return transaction.Provisional
	case res.IsSuccess():
		return transaction.Success
	}
	return transaction.Failure
}

// acknowledge sends the ACK for a 300–699 where the INVITE went, with its branch and
// routes (RFC 3261 §17.1.1.3), and the To of the response.
func (t *tx) acknowledge() error {
	if t.ack == nil {
		ack := sip.NewRequest(sip.ACK, *t.req.Recipient.Clone())
		ack.AppendHeader(t.req.Via().Clone())
		sip.CopyHeaders("Route", t.req, ack)
		ack.AppendHeader(maxForwards())
		ack.AppendHeader(sip.HeaderClone(t.req.From()))
		ack.AppendHeader(sip.HeaderClone(t.newest.To()))
		ack.AppendHeader(sip.HeaderClone(t.req.CallID()))
		ack.AppendHeader(&sip.CSeqHeader{SeqNo: t.req.CSeq().SeqNo, MethodName: sip.ACK})
		ack.SetBody(nil)
		t.ack = ack
	}
	return t.post.send(t.ack, t.peer)
}

// cancel is the CANCEL of an INVITE of ours (RFC 3261 §9.1).
func (t *tx) cancel() *sip.Request {
	req := sip.NewRequest(sip.CANCEL, *t.req.Recipient.Clone())
	req.AppendHeader(t.req.Via().Clone())
	sip.CopyHeaders("Route", t.req, req)
	req.AppendHeader(maxForwards())
	req.AppendHeader(sip.HeaderClone(t.req.From()))
	req.AppendHeader(sip.HeaderClone(t.req.To()))
	req.AppendHeader(sip.HeaderClone(t.req.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: t.req.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.SetBody(nil)
	return req
}

// serverKey matches a request to its transaction (RFC 3261 §17.2.3).
func serverKey(req *sip.Request, method sip.RequestMethod) string {
	if method == sip.ACK {
		method = sip.INVITE
	}
	via := req.Via()
	return strings.Join([]string{"s", wire.Branch(req), strings.ToLower(via.Host), strconv.Itoa(via.Port), string(method)}, " ")
}

func clientKey(req *sip.Request) string {
	branch, _ := wire.Param(req.Via().Params, "branch")
	return "c " + branch + " " + string(req.Method)
}

// responseKey matches a response to the transaction of ours (RFC 3261 §17.1.3).
func responseKey(res *sip.Response) string {
	branch, _ := wire.Param(res.Via().Params, "branch")
	return "c " + branch + " " + string(res.CSeq().MethodName)
}

func maxForwards() *sip.MaxForwardsHeader { return forwards(0) }

// forwards is a Max-Forwards with hops left; zero means what RFC 3261 §8.1.1.6 says, 70.
func forwards(hops int) *sip.MaxForwardsHeader {
	h := sip.MaxForwardsHeader(70)
	if hops > 0 {
		h = sip.MaxForwardsHeader(min(hops, 255))
	}
	return &h
}

// hopsLeft is what remains of a request's hops once we pass it on: a call that
// comes back again and again must end (RFC 3261 §16.6). Negative = none; a request
// without Max-Forwards begins anew.
func hopsLeft(req *sip.Request) int {
	h := req.MaxForwards()
	switch {
	case h == nil:
		return 70
	case h.Val() <= 1:
		return -1
	}
	return int(h.Val()) - 1
}
