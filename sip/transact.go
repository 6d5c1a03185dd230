package sip

import (
	"errors"
	"slices"
	"strconv"
	"strings"

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
	req     *sip.Request  // nil when only repetitions are waited for
	newest  *sip.Response // server: the last we sent; client: the one at hand
	sent    []byte        // what a repetition gets once newest is let go; client: the ACK for a 300–699
	twin    twin          // server: what tells another one's twin
	toTag   string        // server: of newest, once that is let go
	alarm   alarm
	dead    bool

	// hear is the user of the transaction. Client: every response, or nil and
	// why there is none. Server: nil and why our final response was lost.
	hear func(*sip.Response, error)
	// cancelled, for an INVITE that came, hears its CANCEL.
	cancelled func()
}

// twin is what two copies of a request have in common that came by two paths (RFC 3261
// §8.2.2.2).
type twin struct {
	method  sip.RequestMethod
	seq     uint32
	fromTag string
}

func twinOf(req *sip.Request) twin {
	tag, _ := wire.Param(req.From().Params, "tag")
	return twin{req.Method, req.CSeq().SeqNo, tag}
}

// post is what transactions need of the server.
type post struct {
	send   func(sip.Message, hop) error
	again  func([]byte, hop) error // sends the bytes of a message
	timing transaction.Timing
	tally  *tally
}

// serve begins the transaction of a request that came.
func (b *mailbox) serve(p *post, req *sip.Request, from hop) *tx {
	kind := transaction.NonInviteServer
	if req.IsInvite() {
		kind = transaction.InviteServer
	}
	var room keyRoom
	t := &tx{box: b, post: p, key: string(serverKey(room[:0], req, req.Method)), peer: from, req: req, twin: twinOf(req)}
	t.begin(kind)
	return t
}

// request begins a transaction of ours; hear gets its responses. req has its Via.
func (b *mailbox) request(p *post, req *sip.Request, to hop, hear func(*sip.Response, error)) *tx {
	kind := transaction.NonInviteClient
	if req.IsInvite() {
		kind = transaction.InviteClient
	}
	var room keyRoom
	t := &tx{box: b, post: p, key: string(clientKey(room[:0], req)), client: true, peer: to, req: req, hear: hear}
	t.begin(kind)
	return t
}

func (t *tx) begin(kind transaction.Kind) {
	machine, actions := transaction.New(kind, t.post.timing, t.peer.reliable())
	t.machine = machine
	t.box.txs = append(t.box.txs, t)
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
			t.alarm.set(t, retransmitDue, a.After)
		case transaction.ArmExpire:
			t.alarm.set(t, expireDue, a.After)
		case transaction.ArmLinger:
			t.alarm.set(t, lingerDue, a.After)
		case transaction.Disarm:
			t.alarm.clear(retransmitDue, expireDue)
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
	switch {
	case t.newest != nil:
		return t.post.send(t.newest, t.peer)
	case t.sent != nil:
		return t.post.again(t.sent, t.peer)
	}
	return nil
}

func (t *tx) tell(res *sip.Response, err error) {
	if t.hear != nil {
		t.hear(res, err)
	}
}

// drop forgets the transaction.
func (t *tx) drop() {
	if t.dead {
		return
	}
	t.dead = true
	t.alarm.clear(retransmitDue, expireDue, lingerDue)
	t.box.txs = slices.DeleteFunc(t.box.txs, func(o *tx) bool { return o == t })
	t.hear, t.cancelled = nil, nil // a timer that was stopped may keep t for a while
	t.post.tally.transactions.Add(-1)
}

// lighten lets go of what a transaction that only waits for repetitions has no use
// for: its user, the request but for what tells another one's twin, and the response but
// for its bytes. A busy house has thousands of them at any time.
func (t *tx) lighten() {
	if t.dead || t.req == nil {
		return
	}
	state := t.machine.State()
	if t.client && state != transaction.Completed { // what an Accepted one still tells, fork.lighten says
		return
	}
	switch state {
	case transaction.Accepted: // absorbs repetitions of the INVITE; nobody waits for the ACK any more
		t.hear = nil
	case transaction.Completed, transaction.Confirmed:
		if t.client { // tells nothing any more: what comes again is swallowed, or gets its ACK again
			t.hear = nil
		} else if state == transaction.Completed {
			t.sent = wire.Text(t.newest)
		}
	case transaction.Calling, transaction.Trying, transaction.Proceeding, transaction.Terminated:
		return
	}
	t.toTag = strings.Clone(t.tag())
	t.twin.method, t.twin.fromTag = sip.RequestMethod(strings.Clone(string(t.twin.method))), strings.Clone(t.twin.fromTag)
	t.req, t.newest, t.cancelled = nil, nil, nil
}

// lightenTo lets go of all of an INVITE of ours that was answered, but for who takes
// another 2xx.
func (t *tx) lightenTo(g *afterglow) {
	t.hear, t.req, t.newest = g.heard, nil, nil
}

// tag is that of our responses to a request; empty before there is one.
func (t *tx) tag() string {
	if t.client || t.newest == nil {
		return t.toTag
	}
	tag, _ := wire.Param(t.newest.To().Params, "tag")
	return tag
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
	if t.sent == nil {
		ack := sip.NewRequest(sip.ACK, *t.req.Recipient.Clone())
		ack.AppendHeader(t.req.Via().Clone())
		sip.CopyHeaders("Route", t.req, ack)
		ack.AppendHeader(maxForwards())
		ack.AppendHeader(sip.HeaderClone(t.req.From()))
		ack.AppendHeader(sip.HeaderClone(t.newest.To()))
		ack.AppendHeader(sip.HeaderClone(t.req.CallID()))
		ack.AppendHeader(&sip.CSeqHeader{SeqNo: t.req.CSeq().SeqNo, MethodName: sip.ACK})
		noBody(ack)
		t.sent = wire.Text(ack)
	}
	return t.post.again(t.sent, t.peer)
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
	noBody(req)
	return req
}

// keyRoom is room to make a key in. Longer ones are no fault.
type keyRoom [128]byte

// serverKey matches a request to its transaction (RFC 3261 §17.2.3). It appends to key.
func serverKey(key []byte, req *sip.Request, method sip.RequestMethod) []byte {
	if method == sip.ACK {
		method = sip.INVITE
	}
	via := req.Via()
	key = append(append(append(key, "s "...), wire.Branch(req)...), ' ')
	for i := range len(via.Host) {
		c := via.Host[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		key = append(key, c)
	}
	key = strconv.AppendInt(append(key, ' '), int64(via.Port), 10)
	return append(append(key, ' '), method...)
}

// clientKey is what responses to a request of ours are matched by.
func clientKey(key []byte, req *sip.Request) []byte { return branchKey(key, req, req.Method) }

// responseKey matches a response to the transaction of ours (RFC 3261 §17.1.3).
func responseKey(key []byte, res *sip.Response) []byte {
	return branchKey(key, res, res.CSeq().MethodName)
}

func branchKey(key []byte, m sip.Message, method sip.RequestMethod) []byte {
	branch, _ := wire.Param(m.Via().Params, "branch")
	key = append(append(append(key, "c "...), branch...), ' ')
	return append(key, method...)
}

// find gives the newest transaction of a key, nil without one.
func (b *mailbox) find(key []byte) *tx {
	for _, t := range slices.Backward(b.txs) {
		if t.key == string(key) {
			return t
		}
	}
	return nil
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
