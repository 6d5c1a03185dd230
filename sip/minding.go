package sip

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/registrar"
)

// How registrations and mailboxes are minded.
const (
	mindEvery  = time.Second
	probesEach = 1000 // OPTIONS at most in one round: enough for 30,000 phones, and no burst
)

// minding asks phones whether they are there, takes out what has expired, and lets those
// rest whom no mailbox needs, until ctx ends.
func (s *Server) minding(ctx context.Context) {
	every := min(mindEvery, s.plan().settings.Qualify/2)
	tick := time.NewTicker(max(every, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			s.office.hands.rest()
			changes, turns := s.book.Sweep(now)
			s.turns.note(turns...)
			s.storeAside(changes)
			s.payDebts(ctx)
			for _, t := range s.book.Due(now, s.plan().settings.Qualify, probesEach) {
				s.probe(t)
			}
		case <-ctx.Done():
			return
		}
	}
}

// probe sends OPTIONS to a contact. Any response means that it lives; none within
// half the interval, or no way to send, means that it does not.
func (s *Server) probe(t registrar.Target) {
	h, ok := s.hopTo(t.Source)
	if !ok {
		s.turns.note(s.book.Probed(t.AOR, t.ID, false)...)
		return
	}
	b := s.office.open(token() + "@breakwater")
	b.post(func() {
		b.kept++
		var limit *time.Timer
		var ask *tx
		known := false
		result := func(alive bool) {
			if known {
				return
			}
			known = true
			b.kept--
			if limit != nil {
				limit.Stop()
			}
			s.turns.note(s.book.Probed(t.AOR, t.ID, alive)...)
		}
		limit = time.AfterFunc(s.plan().settings.Qualify/2, func() {
			b.post(func() {
				ask.drop()
				result(false)
			})
		})
		ask = b.request(s.post, s.options(b.callID, t, h), h, func(res *sip.Response, _ error) { result(res != nil) })
	})
}

// options is the probe's request.
func (s *Server) options(callID string, t registrar.Target, h hop) *sip.Request {
	v := s.view(h)
	req := sip.NewRequest(sip.OPTIONS, *t.URI.Clone())
	for _, r := range t.Routes {
		req.AppendHeader(&sip.RouteHeader{Address: *r.Clone()})
	}
	req.AppendHeader(maxForwards())
	from := &sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: "qualify", Host: v.host.String(), Port: int(v.port)}}
	from.Params.Add("tag", newTag())
	id := sip.CallIDHeader(callID)
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: t.URI.User, Host: t.URI.Host, Port: t.URI.Port}})
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.OPTIONS})
	s.address(req, h, v)
	req.AppendHeader(sip.NewHeader("Accept", typeSDP))
	req.SetBody(nil)
	return req
}
