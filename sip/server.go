package sip

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/limit"
	"breakwater/sip/registrar"
	"breakwater/sip/transaction"
)

// goodbye is how long the last BYEs may wait for their answers.
const goodbye = 2 * time.Second

// Server is the wire. It implements call.Dialer.
type Server struct {
	parts   Parts
	inForce atomic.Pointer[rules]
	wire    *transport
	office  *office
	post    *post
	tally   *tally
	late    *lateness
	book    *registrar.Book
	limiter *limit.Limiter
	roster  *roster
	debts   debts // registrations that the store does not have yet
	turns   turns // which phones gained or lost their last contact
	taker   atomic.Pointer[Switchboard]
	outward *outward // our own registrations at providers
	lifetime
}

// lifetime is when the server runs. ctx ends when the last goodbyes are said: what
// blocks outside mailboxes, resolving, dialling and storing, ends with it.
type lifetime struct {
	up      chan struct{} // closed when every listener is read
	closing atomic.Bool
	down    atomic.Bool // another server has taken over
	serving sync.Mutex  // held by Serve, for ever: a server is served once
	ctx     context.Context
	end     context.CancelFunc
}

var _ call.Dialer = (*Server)(nil)

// Open binds every listener and loads the registrations; nothing is served yet.
func Open(ctx context.Context, p Plan, parts Parts) (*Server, error) {
	r, err := newRules(p, nil)
	if err != nil {
		return nil, fmt.Errorf("sip settings: %w", err)
	}
	s := &Server{parts: parts, tally: &tally{}, late: newLateness(), book: registrar.New(), roster: newRoster()}
	s.up = make(chan struct{})
	s.ctx, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.inForce.Store(r)
	s.limiter = limit.New(limit.Settings{PerSource: r.settings.RatePerSource}, r.trunkPrefixes())
	s.office = newOffice(parts.Log, s.tally, mailboxLimit(r.settings))
	s.turns.wake = make(chan struct{}, 1)
	if err := s.loadBook(ctx); err != nil {
		s.end()
		return nil, err
	}
	s.wire, err = openTransport(ctx, r.settings.Listen, traffic{admit: s.admit, read: s.read, broke: s.broke, message: s.message, gone: s.streamGone})
	if err != nil {
		s.end()
		return nil, err
	}
	t1 := r.settings.T1
	s.post = &post{send: s.wire.send, again: s.wire.sendBytes, tally: s.tally, timing: transaction.Timing{T1: t1, T2: 8 * t1, T4: 10 * t1}}
	s.outward = newOutward(s)
	return s, nil
}

// mailboxLimit leaves room for the registrations of as many phones as there are
// calls: each is remembered for 64·T1 after its answer.
func mailboxLimit(s Settings) int { return 4*s.MaxCalls + 1000 }

// Serve takes messages until ctx ends, then ends every dialog with BYE or a final
// answer, waits a moment for their answers, and returns with no goroutine left.
func (s *Server) Serve(ctx context.Context, board Switchboard) error {
	if !s.serving.TryLock() {
		return errors.New("sip: the server is served already")
	}
	s.taker.Store(&board)
	s.wire.serve()
	close(s.up)
	inner, stop := context.WithCancel(ctx)
	defer stop()
	var minders sync.WaitGroup
	minders.Go(func() { s.tellTurns(inner) })
	minders.Go(func() { s.minding(inner) })
	minders.Go(func() { s.watchLateness(inner) })
	s.outward.sync(s.plan())
	<-ctx.Done()

	s.closing.Store(true)
	stop()
	minders.Wait()
	s.outward.close()
	s.endLegs()
	s.end()
	s.office.close()
	s.wire.close()
	return nil
}

// StandDown refuses from now on whatever would begin something, with 503 and Retry-After:
// callers, registrations, and the OPTIONS by which trunks ask whether we serve. So they go
// to the server that has taken over. Our own registrations at providers run out. Calls in
// progress notice nothing. It cannot be undone.
func (s *Server) StandDown() {
	s.down.Store(true)
	s.outward.lapse()
}

// endLegs says goodbye to everyone and waits until they answered, at most a moment.
func (s *Server) endLegs() {
	stopping := call.Cause{By: call.ByUs, Status: sip.StatusServiceUnavailable, Metric: call.LegNormal, Text: "server stops"}
	for _, b := range s.office.all() {
		b.post(func() {
			if b.leg != nil {
				b.leg.hangUp(stopping)
			}
		})
	}
	deadline := time.After(goodbye)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for s.office.busy() {
		select {
		case <-look.C:
		case <-deadline:
			return
		}
	}
}

// plan is what is in force now.
func (s *Server) plan() *rules { return s.inForce.Load() }

// running tells whether calls can be made.
func (s *Server) running() bool {
	select {
	case <-s.up:
		return !s.closing.Load()
	default:
		return false
	}
}

func (s *Server) board() Switchboard { return *s.taker.Load() }

// Prepare checks a new plan. A changed listener needs a restart and is an error.
func (s *Server) Prepare(next Plan) (commit func(), err error) {
	before := s.plan()
	r, err := newRules(next, before)
	if err != nil {
		return nil, fmt.Errorf("sip settings: %w", err)
	}
	if !slices.Equal(before.settings.Listen, r.settings.Listen) {
		return nil, errors.New("sip.listen changed: a listener needs a restart")
	}
	if before.settings.T1 != r.settings.T1 {
		return nil, errors.New("sip.t1 changed: timers need a restart")
	}
	return func() {
		s.inForce.Store(r)
		s.limiter.Set(limit.Settings{PerSource: r.settings.RatePerSource}, r.trunkPrefixes())
		for name := range before.phones {
			if _, kept := r.phones[name]; !kept {
				s.forgetPhone(name)
			}
		}
		if s.running() {
			s.outward.sync(r)
		}
	}, nil
}

// Addresses lists where phones can register, usable by a person: one per listener
// and local address, as "udp 192.0.2.1:5060".
func (s *Server) Addresses() []string {
	var out []string
	for _, l := range s.wire.listeners {
		hosts := []string{l.bound.Addr().String()}
		if l.bound.Addr().IsUnspecified() {
			hosts = machineAddresses(l.bound.Addr().Is4())
		}
		for _, h := range hosts {
			out = append(out, l.network+" "+net.JoinHostPort(h, strconv.Itoa(int(l.bound.Port()))))
		}
	}
	return out
}

// machineAddresses gives this machine's addresses, those of the network first.
func machineAddresses(v4only bool) []string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return []string{"127.0.0.1"}
	}
	var outer, loop []string
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.IsLinkLocalUnicast() || v4only && n.IP.To4() == nil {
			continue
		}
		if n.IP.IsLoopback() {
			loop = append(loop, n.IP.String())
			continue
		}
		outer = append(outer, n.IP.String())
	}
	return append(outer, loop...)
}

// tally is the counters, and who makes one of them grow too often.
type tally struct {
	suspects suspects

	legs, transactions, mailboxes                         atomic.Int64
	requests, malformed, rateLimited, overload, strangers atomic.Uint64
	authFailures, mailboxFull, panics, unstored           atomic.Uint64
}

// Counters gives a snapshot.
func (s *Server) Counters() Counters {
	t := s.tally
	return Counters{
		Legs: int(t.legs.Load()), Transactions: int(t.transactions.Load()), Mailboxes: int(t.mailboxes.Load()),
		Requests: t.requests.Load(), Malformed: t.malformed.Load(), RateLimited: t.rateLimited.Load(),
		Overload: t.overload.Load(), Strangers: t.strangers.Load(), AuthFailures: t.authFailures.Load(),
		MailboxFull: t.mailboxFull.Load(), Panics: t.panics.Load(), Unstored: t.unstored.Load(),
		TooLate: s.late.refused.Load(),
	}
}

// view is how the peer at h sees us.
func (s *Server) view(h hop) view { return h.via.towards(h.remote.Addr(), s.plan().local) }

// address puts Via, and where the method has one Contact, into a request of ours.
func (s *Server) address(req *sip.Request, to hop, v view) {
	via := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(to.via.network),
		Host: v.host.String(), Port: int(v.port),
	}
	via.Params = sip.HeaderParams{{K: "branch", V: sip.RFC3261BranchMagicCookie + token()}, {K: "rport"}}
	req.PrependHeader(via)
	switch req.Method {
	case sip.INVITE, sip.UPDATE, sip.OPTIONS, sip.NOTIFY, sip.REGISTER:
		req.AppendHeader(s.contact(to, v, req.From().Address.User))
	default:
	}
	req.AppendHeader(sip.NewHeader("User-Agent", "Breakwater"))
}

// contact is where a peer reaches us.
func (s *Server) contact(h hop, v view, user string) *sip.ContactHeader {
	uri := sip.Uri{Scheme: "sip", User: user, Host: v.host.String(), Port: int(v.port)}
	if h.reliable() {
		uri.UriParams = sip.HeaderParams{{K: "transport", V: "tcp"}}
	}
	return &sip.ContactHeader{Address: uri}
}

// roomForLeg tells whether another call may begin. Who was waiting when the server
// began to listen may be heard before Serve knows it.
func (s *Server) roomForLeg() bool {
	return !s.closing.Load() && s.tally.legs.Load() < int64(s.plan().settings.MaxCalls)
}

// number is random, for the session ids of SDP.
func (s *Server) number() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return binary.BigEndian.Uint64(b[:]) >> 2
}

func (s *Server) legID() string { return "L" + token() }

// token is 80 random bits: tags, branches and Call-IDs nobody can guess.
func token() string {
	var b [10]byte
	_, _ = rand.Read(b[:])
	return letters.EncodeToString(b[:])
}

// letters are base32 in lower case.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

func newTag() string { return token() }

// retryAfter spreads those who were refused over time.
func retryAfter() string { return randomSeconds(5, 30) }

func randomSeconds(least, most int) string {
	return strconv.Itoa(least + mrand.IntN(most-least+1)) //nolint:gosec // spreads load, guards nothing
}
