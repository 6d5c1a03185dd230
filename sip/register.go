package sip

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/registrar"
)

// storeTimeout is how long a registration may take to be stored before the phone
// is told to come again.
const storeTimeout = 5 * time.Second

// loadBook takes the registrations of before the restart. Streams do not outlive a
// process: their phones count as unreachable until they register again.
func (s *Server) loadBook(ctx context.Context) error {
	bindings, err := s.parts.Directory.Bindings(ctx)
	if err != nil {
		return fmt.Errorf("load registrations: %w", err)
	}
	now := time.Now()
	if err := s.book.Load(now, bindings); err != nil {
		s.parts.Log.Warn("some registrations cannot be read", "error", err)
	}
	for _, phone := range s.book.Phones() {
		for _, t := range s.book.Lookup(now, phone) {
			s.book.Closed(t.Source.Conn)
			s.limiter.Proven(t.Source.Addr, t.Expires) // all of them come at once after a restart
		}
	}
	for _, phone := range s.book.Phones() {
		s.turns.note(registrar.Turn{Phone: phone, Reachable: s.reachable(now, phone)})
	}
	return nil
}

// register takes a REGISTER in its mailbox. Storing happens outside, because nothing
// in a mailbox may wait for a disk.
func (s *Server) register(b *mailbox, t *tx, proof *digest.Verdict) {
	verdict := s.proof(t.req, proof)
	if !verdict.OK {
		t.respond(s.unproven(t.peer, t.req, verdict))
		return
	}
	spec, ok := s.plan().phones[verdict.User]
	if !ok { // a trunk's account calls, it does not register here
		t.respond(reply(t.req, sip.StatusForbidden, newTag()))
		return
	}
	settings := s.plan().settings
	s.proven(t.peer, time.Now().Add(settings.MaxExpiry))
	r := registrar.Request{
		Msg: t.req, Phone: spec.Name, Source: source(t.peer),
		Rules: registrar.Rules{Min: settings.MinExpiry, Max: settings.MaxExpiry, MaxContacts: spec.MaxContacts},
	}
	b.kept++
	s.office.wg.Go(func() {
		res := s.decide(r)
		b.post(func() {
			b.kept--
			t.respond(res)
		})
	})
}

// decide stores what a REGISTER changes, then makes it true, then gives the answer:
// a phone that was told 200 is known after a crash, unless the store fails.
func (s *Server) decide(r registrar.Request) *sip.Response {
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	for range 3 {
		d := s.book.Register(time.Now(), r)
		if err := s.store(ctx, d.Changes); err != nil && !s.putOff(r.Phone, d.Changes, err) {
			s.parts.Log.Error("a registration could not be stored", "phone", r.Phone, "error", err)
			return reply(r.Msg, sip.StatusInternalServerError, newTag())
		}
		turns, ok := s.book.Commit(d)
		if !ok {
			continue // another REGISTER of the same phone was faster
		}
		s.turns.note(turns...)
		res := reply(r.Msg, d.Status, newTag())
		if d.Reason != "" {
			res.Reason = d.Reason
		}
		for _, h := range d.Headers {
			res.AppendHeader(h)
		}
		return res
	}
	return reply(r.Msg, sip.StatusInternalServerError, newTag())
}

func (s *Server) store(ctx context.Context, changes []registrar.Change) error {
	for _, c := range changes {
		var err error
		if c.Remove {
			err = s.parts.Directory.Unbind(ctx, c.Binding.AOR, c.Binding.ID)
		} else {
			err = s.parts.Directory.Bind(ctx, c.Binding)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetPhone takes a phone out that the config no longer has.
func (s *Server) forgetPhone(name string) {
	changes, turns := s.book.Forget(name)
	s.turns.note(turns...)
	s.office.wg.Go(func() { s.storeAside(changes) })
}

// storeAside stores removals that nobody waits for. If it fails they expire anyway.
func (s *Server) storeAside(changes []registrar.Change) {
	if len(changes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	if err := s.store(ctx, changes); err != nil {
		s.parts.Log.Warn("old registrations could not be removed", "error", err)
	}
}

// source is a hop as the registrar keeps it.
func source(h hop) registrar.Source {
	out := registrar.Source{Addr: h.remote, Local: h.via.bound, Transport: h.via.network}
	if h.reliable() {
		out.Conn = h.String()
	}
	return out
}

// hopTo is the way back to where a registration came from. A stream must still be
// there: a phone behind it is never dialled.
func (s *Server) hopTo(src registrar.Source) (hop, bool) {
	if src.Transport == "tcp" {
		return s.wire.streamHop(src.Addr)
	}
	for _, l := range s.wire.listeners {
		if l.network == src.Transport && l.bound == src.Local {
			return hop{l, src.Addr}, true
		}
	}
	l := s.wire.pick(src.Transport, src.Addr.Addr()) // the port changed over a restart
	return hop{l, src.Addr}, l != nil
}

// streamGone: whoever registered by a stream cannot be reached without it.
func (s *Server) streamGone(h hop) { s.turns.note(s.book.Closed(h.String())...) }

func (s *Server) reachable(now time.Time, phone string) bool {
	return slices.ContainsFunc(s.book.Lookup(now, phone), func(t registrar.Target) bool { return t.Reachable })
}

// turns keeps the newest state of each phone until the Switchboard is told, so
// that it hears in order and is never called under a lock.
type turns struct {
	mu    sync.Mutex // protects fresh
	fresh map[string]bool
	wake  chan struct{}
}

func (t *turns) note(list ...registrar.Turn) {
	if len(list) == 0 {
		return
	}
	t.mu.Lock()
	if t.fresh == nil {
		t.fresh = map[string]bool{}
	}
	for _, turn := range list {
		t.fresh[turn.Phone] = turn.Reachable
	}
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (t *turns) take() map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := t.fresh
	t.fresh = nil
	return fresh
}

// tellTurns tells the Switchboard until ctx ends.
func (s *Server) tellTurns(ctx context.Context) {
	for {
		select {
		case <-s.turns.wake:
		case <-ctx.Done():
			return
		}
		for phone, yes := range s.turns.take() {
			s.board().PhoneReachable(phone, yes)
			if !yes {
				s.probeLegs(phone)
			}
		}
	}
}

// probeLegs asks the calls of a phone that cannot be reached whether they live.
func (s *Server) probeLegs(phone string) {
	for _, l := range s.roster.of(phone) {
		l.box.post(l.unreachable)
	}
}

// reconnected is h, or, when its stream is gone, the stream by which the same phone
// registered since from the same address.
func (s *Server) reconnected(h hop, phone string) hop {
	if s.wire.connected(h.remote) || phone == "" {
		return h
	}
	for _, t := range s.book.Lookup(time.Now(), phone) {
		if now, ok := s.hopTo(t.Source); ok && now.reliable() && now.remote.Addr() == h.remote.Addr() {
			return now
		}
	}
	return h
}

// Phones gives every configured phone, by name.
func (s *Server) Phones() []PhoneView {
	now := time.Now()
	names := make([]string, 0, len(s.plan().phones))
	for name := range s.plan().phones {
		names = append(names, name)
	}
	slices.Sort(names)
	views := make([]PhoneView, 0, len(names))
	for _, name := range names {
		v := PhoneView{Name: name, Contacts: []string{}}
		for _, t := range s.book.Lookup(now, name) {
			v.Reachable = v.Reachable || t.Reachable
			v.Contacts = append(v.Contacts, t.Contact)
			if v.UserAgent == "" {
				v.UserAgent = t.UserAgent
			}
			if t.Expires.After(v.Expires) {
				v.Expires = t.Expires
			}
		}
		views = append(views, v)
	}
	return views
}
