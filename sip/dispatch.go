package sip

import (
	"bytes"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/limit"
	"breakwater/sip/wire"
)

// admit is asked for every message of a stream before it is parsed. nil drops it: what the
// parser could not read gets its 400 here, because the parser itself says nothing to anybody.
func (s *Server) admit(from hop, raw []byte) []byte {
	if s.tooMany(from, raw) {
		return nil
	}
	screening := wire.Screen(raw, from.remote)
	if screening.Pass {
		return raw
	}
	s.unreadable(from, screening)
	return nil
}

// read makes the message of a datagram; nil where it is none, or one too many.
func (s *Server) read(from hop, raw []byte) sip.Message {
	if s.tooMany(from, raw) {
		return nil
	}
	m, screening, ok := wire.Read(raw, from.remote)
	switch {
	case !ok:
		s.broke()
	case !screening.Pass:
		s.unreadable(from, screening)
	case m == nil:
		s.tally.malformed.Add(1)
	}
	return m
}

// tooMany bounds what one source may ask. Responses are what we asked for.
func (s *Server) tooMany(from hop, raw []byte) bool {
	if bytes.HasPrefix(raw, []byte("SIP/")) || s.limiter.Allow(time.Now(), from.remote) {
		return false
	}
	s.tally.rateLimited.Add(1)
	return true
}

// unreadable answers what was not let through, where it can be answered.
func (s *Server) unreadable(from hop, screening wire.Screening) {
	if screening.Why == wire.KeepAlive {
		return
	}
	s.tally.malformed.Add(1)
	if screening.Answer != nil {
		_ = s.wire.sendBytes(screening.Answer, from) // a sender of nonsense that is gone is no loss
	}
}

// broke counts a message that the parser broke on.
func (s *Server) broke() {
	s.tally.panics.Add(1)
	s.tally.malformed.Add(1)
}

// allowed is what we do inside and outside dialogs, for Allow (RFC 3261 §20.5).
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REFER, REGISTER"

// abilities is what the validator measures requests against.
var abilities = wire.Rules{
	Methods:    strings.Split(allowed, ", "),
	Extensions: []string{"timer", "path"},
	Bodies:     []string{typeSDP},
}

// message takes a parsed message, which the machine has had since it came, in the reader of
// its socket. Nothing here waits, but for a stream whose own mailbox is full.
func (s *Server) message(from hop, m sip.Message, came time.Time) {
	defer func() { // a panic here would end the process (libraries.md §2.2)
		if p := recover(); p != nil {
			s.tally.panics.Add(1)
			s.parts.Log.Error("a message was more than we could take", "from", from, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	switch m := m.(type) {
	case *sip.Request:
		s.tally.requests.Add(1)
		s.requestCame(from, m, came)
	case *sip.Response:
		s.responseCame(from, m, came)
	}
}

// responseCame: a response belongs to a mailbox that exists, or to nobody.
func (s *Server) responseCame(from hop, res *sip.Response, came time.Time) {
	if !wire.Check(res, abilities).Pass {
		s.tally.malformed.Add(1)
		return
	}
	result := s.office.deliver(callIDOf(res), false, from.reliable(), func(b *mailbox) {
		s.late.begun(came)
		var room keyRoom
		if t := b.find(responseKey(room[:0], res)); t != nil {
			t.response(res)
			return
		}
		if b.leg != nil { // a 2xx that outlived its transaction still wants its ACK
			b.leg.strayResponse(res)
		}
	})
	if result == boxFull {
		s.tally.mailboxFull.Add(1)
	}
}

// requestCame judges what can be judged without state, so that strangers cost none.
func (s *Server) requestCame(from hop, req *sip.Request, came time.Time) {
	wire.Stamp(req, from.remote)
	if verdict := wire.Check(req, abilities); !verdict.Pass {
		s.tally.malformed.Add(1)
		if res := wire.Refusal(req, verdict); res != nil {
			_ = s.wire.send(res, from) // a sender of nonsense that is gone is no loss
		}
		return
	}
	_, inDialog := wire.Param(req.To().Params, "tag")
	opens := !inDialog && req.Method != sip.ACK && req.Method != sip.CANCEL
	if opens && s.overloaded(from, req) {
		s.late.begun(came)
		return
	}
	down := s.down.Load()
	if down && req.Method == sip.REGISTER {
		s.unplaced(from, req, true)
		return
	}
	var proof *digest.Verdict
	if opens && !down {
		var refused bool
		if proof, refused = s.stranger(from, req); refused {
			return
		}
	}
	if opens && s.tooLate(from, req, proof) {
		s.late.begun(came)
		return
	}
	// What came before is in its mailbox and goes on; nothing gets a new one.
	handle := func(b *mailbox) {
		s.late.begun(came)
		s.request(b, from, req, proof)
	}
	switch s.office.deliver(callIDOf(req), opens && !down, from.reliable(), handle) {
	case boxFull:
		s.tally.mailboxFull.Add(1)
	case noRoom:
		s.unplaced(from, req, opens)
	case delivered:
	}
}

// unplaced answers a request that has no mailbox and gets none.
func (s *Server) unplaced(from hop, req *sip.Request, opens bool) {
	switch {
	case req.Method == sip.ACK: // of a response we forgot; never answered
	case !opens:
		s.stateless(from, req, sip.StatusCallTransactionDoesNotExists, nil)
	default:
		s.tally.overload.Add(1)
		status := sip.StatusServiceUnavailable
		if req.IsInvite() && !s.limiter.Trunk(from.remote.Addr()) && !s.down.Load() { // from a server that stands down phones are to go away
			status = sip.StatusTemporarilyUnavailable
		}
		s.stateless(from, req, status, []sip.Header{sip.NewHeader("Retry-After", retryAfter())})
	}
}

// overloaded refuses, without state, what would begin something when too much is
// under way. Calls in progress never notice, nor do those whose INVITE comes again.
func (s *Server) overloaded(from hop, req *sip.Request) bool {
	load := limit.Load{
		Calls: int(s.tally.legs.Load()), MaxCalls: s.plan().settings.MaxCalls,
		Mailboxes: int(s.tally.mailboxes.Load()), MaxMailboxes: s.office.limit,
	}
	answer := limit.Overload(load, limit.Asked{Method: string(req.Method), Trunk: s.limiter.Trunk(from.remote.Addr())})
	if answer.Status == 0 || s.office.has(callIDOf(req)) {
		return false
	}
	if req.IsInvite() {
		s.late.gate.Refused(time.Now(), string(serverKey(nil, req, req.Method)))
	}
	s.turnAway(from, req, answer)
	return true
}

// turnAway refuses a request because it is too much for the server.
func (s *Server) turnAway(from hop, req *sip.Request, answer limit.Answer) {
	s.tally.overload.Add(1)
	var headers []sip.Header
	if answer.RetryAfter > 0 {
		headers = append(headers, sip.NewHeader("Retry-After", seconds(answer.RetryAfter)))
	}
	s.stateless(from, req, answer.Status, headers)
}

// stateless answers and forgets (RFC 3261 §8.2.7). The tag is the same for every
// repetition of the request, because it is made from the request.
func (s *Server) stateless(from hop, req *sip.Request, status int, headers []sip.Header) {
	if req.Method == sip.ACK {
		return
	}
	res := reply(req, status, statelessTag(req))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if err := s.wire.send(res, from); err != nil {
		s.parts.Log.Debug("a refusal could not be sent", "to", from, "error", err)
	}
}

// request takes a request in its mailbox.
func (s *Server) request(b *mailbox, from hop, req *sip.Request, proof *digest.Verdict) {
	var room keyRoom
	if t := b.find(serverKey(room[:0], req, req.Method)); t != nil {
		s.repeated(b, t, req)
		return
	}
	_, inDialog := wire.Param(req.To().Params, "tag")
	switch {
	case req.Method == sip.ACK: // for a 2xx; any other is of a response we forgot (libraries.md §2.18)
		if b.leg != nil && b.leg.dlg != nil && b.leg.dlg.owns(req) {
			b.leg.ack(req)
		}
	case req.Method == sip.CANCEL:
		s.cancelCame(b, b.serve(s.post, req, from))
	case inDialog:
		s.inDialog(b, b.serve(s.post, req, from))
	case b.merged(req):
		t := b.serve(s.post, req, from)
		t.respond(reply(req, sip.StatusLoopDetected, newTag()))
	default:
		s.opening(b, b.serve(s.post, req, from), proof)
	}
}

// repeated takes a request whose transaction exists.
func (s *Server) repeated(b *mailbox, t *tx, req *sip.Request) {
	if req.Method != sip.ACK {
		t.again()
		return
	}
	if b.leg != nil && b.leg.dlg != nil && b.leg.dlg.owns(req) && t.succeeded() {
		b.leg.ack(req) // some phones repeat the INVITE's branch in the ACK for a 2xx
		return
	}
	t.acked()
}

// cancelCame answers a CANCEL with the tag of its INVITE (RFC 3261 §9.2).
func (s *Server) cancelCame(b *mailbox, t *tx) {
	invite := b.find(serverKey(nil, t.req, sip.INVITE))
	if invite == nil {
		t.respond(reply(t.req, sip.StatusCallTransactionDoesNotExists, newTag()))
		return
	}
	tag := newTag()
	if known := invite.tag(); known != "" {
		tag = known
	}
	if b.leg != nil && b.leg.in != nil && b.leg.in.tx == invite {
		tag = b.leg.in.tag
	}
	t.respond(reply(t.req, sip.StatusOK, tag))
	if invite.cancelled != nil && !invite.answered() {
		invite.cancelled()
	}
}

func (s *Server) inDialog(b *mailbox, t *tx) {
	if b.leg == nil || b.leg.dlg == nil || !b.leg.dlg.owns(t.req) {
		t.respond(reply(t.req, sip.StatusCallTransactionDoesNotExists, ""))
		return
	}
	b.leg.inDialog(t)
}

// merged tells whether req came before by another path (RFC 3261 §8.2.2.2).
func (b *mailbox) merged(req *sip.Request) bool {
	return slices.ContainsFunc(b.txs, func(t *tx) bool { return !t.client && t.twin == twinOf(req) })
}

// opening takes an INVITE or REGISTER outside any dialog.
func (s *Server) opening(b *mailbox, t *tx, proof *digest.Verdict) {
	if t.req.Method == sip.REGISTER {
		s.register(b, t, proof)
		return
	}
	who, refusal := s.identify(t.peer, t.req, proof)
	if refusal != nil {
		t.respond(refusal)
		return
	}
	s.invite(b, t, who)
}

// withoutState answers what begins nothing: OPTIONS tells what we can do (RFC 3261
// §11); BYE, UPDATE, INFO and REFER need a dialog.
func (s *Server) withoutState(from hop, req *sip.Request) {
	if req.Method != sip.OPTIONS {
		s.stateless(from, req, sip.StatusCallTransactionDoesNotExists, nil)
		return
	}
	s.stateless(from, req, sip.StatusOK, []sip.Header{
		sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", typeSDP), sip.NewHeader("Supported", "timer, path"),
	})
}
