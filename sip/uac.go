package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/wire"
)

// destination is one address that an INVITE goes to.
type destination struct {
	to     hop
	uri    sip.Uri
	routes []sip.Uri
}

// Dial implements call.Dialer.
func (s *Server) Dial(_ context.Context, t call.Target) call.Leg {
	l := &leg{s: s}
	l.who = call.Party{ID: s.legID(), Phone: t.Phone, Trunk: t.Trunk, Number: t.Number, Since: time.Now()}
	if t.Number == "" {
		l.who.Number = t.Phone
	}
	callID := token() + "@breakwater"
	l.log = lazyLog{from: s.parts.Log, leg: l.who.ID, callID: callID, call: t.Call}
	l.out = &fork{leg: l, target: t, tag: newTag()}
	s.tally.legs.Add(1)
	var start func()
	switch {
	case t.Hops < 0:
		start = func() {
			l.end(call.Cause{By: call.ByNetwork, Status: sip.StatusTooManyHops, Metric: call.LegRefused, Text: "too many hops"})
		}
	case t.Trunk == "":
		start = s.dialPhone(l, t)
	default:
		start = s.dialTrunk(l, t)
	}
	l.box = s.office.open(callID)
	stopped := func() { l.end(call.Cause{By: call.ByUs, Metric: call.LegOverload, Text: "the server does not run"}) }
	s.roster.enter(l)
	posted := l.box.post(func() {
		l.box.leg = l
		if !s.running() {
			start = stopped
		}
		start()
	})
	if !posted {
		stopped()
	}
	return l
}

// dialPhone finds the contacts of a phone. Those that do not answer our OPTIONS
// are tried too when none does: better than to say that nobody is there.
func (s *Server) dialPhone(l *leg, t call.Target) func() {
	if _, known := s.plan().phones[t.Phone]; !known {
		return func() { l.end(noContact("no such phone")) }
	}
	var good, doubtful []destination
	for _, target := range s.book.Lookup(time.Now(), t.Phone) {
		h, ok := s.hopTo(target.Source)
		switch {
		case !ok: // its stream is gone; a phone is never dialled
		case target.Reachable:
			good = append(good, destination{h, target.URI, target.Routes})
		default:
			doubtful = append(doubtful, destination{h, target.URI, target.Routes})
		}
	}
	if len(good) == 0 {
		good = doubtful
	}
	if len(good) == 0 {
		return func() { l.end(noContact("not registered")) }
	}
	l.who.Remote = good[0].to.remote.Addr()
	return func() { l.reach(good) }
}

func noContact(text string) call.Cause {
	return call.Cause{By: call.ByNetwork, Status: sip.StatusTemporarilyUnavailable, Metric: call.LegNoContact, Text: text}
}

// dialTrunk resolves and, for a stream, connects outside the mailbox.
func (s *Server) dialTrunk(l *leg, t call.Target) func() {
	tr := s.plan().trunks[t.Trunk]
	if tr == nil || tr.spec.Proxy == "" {
		return func() { l.end(noContact("no such trunk, or one without a proxy")) }
	}
	l.peer.trunk = tr
	return func() {
		s.office.wg.Go(func() {
			h, err := s.reachTrunk(s.ctx, tr)
			l.box.post(func() {
				switch {
				case l.stage == over:
				case err != nil:
					l.end(call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: err.Error()})
				default:
					l.out.begin([]destination{{to: h, uri: trunkURI(tr, t.Number, h)}})
				}
			})
		})
	}
}

// trunkURI is the Request-URI of a number at a trunk.
func trunkURI(t *trunk, number string, h hop) sip.Uri {
	host, port, _ := splitProxy(t.spec.Proxy) // checked when the plan was
	uri := sip.Uri{Scheme: "sip", User: escapeUser(number), Host: host, Port: int(port)}
	if h.reliable() {
		uri.UriParams = sip.HeaderParams{{K: "transport", V: "tcp"}}
	}
	return uri
}

// escapeUser keeps what a dialled number may hold; nothing else reaches the wire.
func escapeUser(number string) string {
	var b strings.Builder
	for _, r := range wire.Sanitise(number) {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune("+*-_.!~'()&=$,", r):
			b.WriteRune(r)
		case r == '#':
			b.WriteString("%23")
		}
	}
	return b.String()
}

// reachTrunk finds the address of a trunk's proxy, and the stream to it. It blocks.
func (s *Server) reachTrunk(ctx context.Context, t *trunk) (hop, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	host, port, err := splitProxy(t.spec.Proxy)
	if err != nil {
		return hop{}, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return hop{}, fmt.Errorf("find trunk %s: %w", t.spec.Name, err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	t.resolved.Store(&addrs)
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() }) // IPv4 first
	var errs []error
	for _, a := range addrs {
		remote := netip.AddrPortFrom(a, port)
		if t.spec.Transport == "tcp" {
			h, err := s.wire.dial(ctx, remote)
			if err == nil {
				return h, nil
			}
			errs = append(errs, err)
			continue
		}
		if l := s.wire.pick("udp", a); l != nil {
			return hop{l, remote}, nil
		}
		errs = append(errs, fmt.Errorf("reach %s: %w", remote, errNoListener))
	}
	return hop{}, errors.Join(errs...)
}

// invitation of ours: what every contact of the target gets.
func (f *fork) invite(d destination, v view, seq uint32, body []byte) *sip.Request {
	t := f.target
	req := sip.NewRequest(sip.INVITE, d.uri)
	for _, r := range d.routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	req.AppendHeader(forwards(t.Hops))
	from := &sip.FromHeader{
		DisplayName: wire.Escape(t.Name),
		Address:     sip.Uri{Scheme: "sip", User: f.fromUser(), Host: v.host.String(), Port: int(v.port)},
		Params:      sip.HeaderParams{{K: "tag", V: f.tag}},
	}
	to := &sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: d.uri.User, Host: d.uri.Host, Port: d.uri.Port}}
	callID := sip.CallIDHeader(f.leg.box.callID)
	req.AppendHeader(from)
	req.AppendHeader(to)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: sip.INVITE})
	f.leg.s.address(req, d.to, v)
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	req.AppendHeader(sip.NewHeader("Supported", "timer"))
	settings := f.leg.s.plan().settings
	req.AppendHeader(sip.NewHeader("Session-Expires", seconds(max(settings.SessionExpires, f.minSE))))
	req.AppendHeader(sip.NewHeader("Min-SE", seconds(max(settings.MinSE, f.minSE))))
	if t.Alert != "" {
		req.AppendHeader(sip.NewHeader("Alert-Info", alertInfo(t.Alert)))
	}
	for name, value := range t.Extra {
		if extraName(name) {
			req.AppendHeader(sip.NewHeader(name, wire.Sanitise(value)))
		}
	}
	carrySDP(req, body)
	return req
}

func (f *fork) fromUser() string {
	user := escapeUser(f.target.From)
	if user == "" && f.leg.peer.trunk != nil {
		user = escapeUser(f.leg.peer.trunk.spec.From)
	}
	if user == "" {
		return "anonymous"
	}
	return user
}

// alertInfo makes text what phones look for: a URI with an info parameter.
func alertInfo(text string) string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>;,\"\\", r) {
			return -1
		}
		return r
	}, wire.Sanitise(text))
	return "<http://127.0.0.1>;info=" + text
}

// extraName allows X- headers only, so that no caller of Dial can write a Via.
func extraName(name string) bool {
	if len(name) < 3 || len(name) > 64 || !strings.EqualFold(name[:2], "X-") {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

// openOffer binds the port that a contact is offered. Contacts that see us by the
// same address share one.
func (f *fork) openOffer(v view, h media.Hint) (sound, error) {
	port, session := f.ports[v.bind], f.leg.s.newSession(f.target.Phone)
	if port == nil {
		p, snd, err := f.leg.s.openSound(v, session, h)
		if err != nil {
			return sound{}, err
		}
		f.ports[v.bind] = p
		return snd, nil
	}
	return newSound(v, session, port), nil
}
