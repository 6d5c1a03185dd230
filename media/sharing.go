package media

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Hint is what is known of a party before its port is opened.
type Hint struct {
	// Near is the other party of the call to be; one loop will serve both. nil = nobody yet.
	Near *Port
	// Share allows a port that many legs use. Say it of a party that is seen without NAT,
	// sends its sound from where it hears, and has no second call by the same address.
	Share bool
	// Remote is where the party's sound comes from, by its offer. Zero = not known yet.
	Remote netip.AddrPort
	// Host is the only address that a party that shares may agree on for its sound. Zero = any,
	// which is for trunks. After silence, a stream that goes on is found wherever it comes from.
	Host netip.Addr
}

// PortFor is Port for a party of which something is known: if it may, it shares a port
// with others. Of what Share promises the party may be wrong: see Port.Depart.
func (e *Engine) PortFor(local netip.Addr, h Hint) (*Port, error) {
	l := e.loopFor()
	if h.Near != nil {
		l = h.Near.home.Load()
	}
	h.Remote, h.Host = plain(h.Remote), h.Host.Unmap().WithZone("")
	if h.Share && *e.settings.SharedPorts && !e.sharing.doubts(h.Host) && !e.sharing.doubts(h.Remote.Addr()) && !e.ours(h.Remote) {
		p, err := e.share(local, l, h)
		if !errors.Is(err, ErrTaken) {
			return p, err
		}
	}
	return e.own(local, l)
}

// sharing is the control side of the shared ports. Its ports are guarded by Engine.mu.
type sharing struct {
	opening sync.Mutex // held while one is opened
	ports   []*sharedPort
	doubted [256]atomic.Pointer[netip.Addr] // by hash: a new doubt may push out an old one
}

// share opens a leg on a shared port; ErrTaken when its address is taken there.
func (e *Engine) share(local netip.Addr, l *loop, h Hint) (*Port, error) {
	s, err := e.sharedPort(local, l)
	if err != nil {
		return nil, err
	}
	p := newPort(e, s.local, s.rtp, s.rtcp)
	g := &lodger{port: p, in: s, host: h.Host}
	p.ctl.lodger, p.in.lodger, p.in.shared = g, g, s
	p.shares.Store(true)
	p.home.Store(l)
	if err := p.moveIn(h.Remote); err != nil {
		return nil, fmt.Errorf("share port %d: %w", s.local.Port(), err)
	}
	return p, e.opened(p)
}

// moveIn lets a lodger be served, at an address if it is known already: only that can be
// refused, and is waited for.
func (p *Port) moveIn(remote netip.AddrPort) error {
	g, err := p.in.lodger, ErrClosed
	if !remote.IsValid() {
		if p.tell(func(l *loop) { _ = l.adopt(p) }) { // a lodger needs nothing that could be lacking
			err = nil
		}
		return err
	}
	p.do(func(l *loop) {
		if err = nil; g.in.sound.at(remote) != nil { // its holder need not know: this party is not told of the port
			err = ErrTaken
		} else if err = g.in.claim(g, remote, above(remote)); err == nil {
			err = l.adopt(p)
		}
		if err != nil {
			g.in.leave(g)
		}
	})
	return err
}

// sharedPort takes a seat on a shared port of a loop.
func (e *Engine) sharedPort(local netip.Addr, l *loop) (*sharedPort, error) {
	e.sharing.opening.Lock()
	defer e.sharing.opening.Unlock()
	e.mu.Lock()
	ports := e.sharing.ports
	e.mu.Unlock()
	for _, s := range ports {
		if s.at == l && s.local.Addr() == local && int(s.legs.Load()) < s.seats {
			s.legs.Add(1)
			return s, nil
		}
	}
	rtpSocket, rtcpSocket, number, err := e.bind(local)
	if err != nil {
		return nil, err
	}
	s := newSharedPort(l, netip.AddrPortFrom(local, number), rtpSocket, rtcpSocket)
	s.legs.Add(1)
	e.doors[e.pair(s.local)].Store(&s.local)
	err = ErrClosed
	if !l.order(func(l *loop) { err = l.watch(s) }) || err != nil {
		e.giveBack(s.rtp, s.rtcp, s.local)
		return nil, fmt.Errorf("open shared port %d: %w", number, e.refusal(err))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sharing.ports = append(slices.Clone(ports), s)
	return s, nil
}

// doubts tells whether a host was not heard where it had said, or said what it may not.
func (s *sharing) doubts(host netip.Addr) bool {
	d := s.note(host).Load()
	return d != nil && *d == host
}

// doubt remembers a host. None, as of a trunk that may speak from anywhere, is nobody to
// doubt: whoever has not said its own would be taken for it.
func (s *sharing) doubt(host netip.Addr) {
	if host.IsValid() {
		s.note(host).Store(&host)
	}
}

func (s *sharing) note(host netip.Addr) *atomic.Pointer[netip.Addr] {
	return &s.doubted[hashed(host)%len(s.doubted)]
}

// hashed is a small number that tells most hosts apart.
func hashed(host netip.Addr) int {
	b := host.As16()
	return int(b[15] ^ b[14]*3 ^ b[13]*5 ^ b[12]*7)
}

// Shared tells whether the leg shares its port with others.
func (p *Port) Shared() bool { return p.shares.Load() }

// Misheard tells whether the party of a leg that shares a port was never heard, while
// somebody of its host spoke to that port from an address that nobody has told: it is
// probably the party, and will be found when the leg departs.
func (p *Port) Misheard() (odd bool) {
	p.mu.Lock()
	g, d := p.ctl.lodger, p.ctl.desc
	p.mu.Unlock()
	if g == nil || !d.Recv || p.heard.Load() != 0 {
		return false
	}
	g.in.at.order(func(*loop) {
		for _, host := range d.hosts() {
			odd = odd || host.IsValid() && g.in.odd[hashed(host)%len(g.in.odd)] == host
		}
	})
	return odd
}

// claim makes what was agreed the leg's own on a shared port.
func (p *Port) claim(d Desc) error {
	p.mu.Lock()
	g := p.ctl.lodger
	p.mu.Unlock()
	want := plain(d.Remote)
	if g == nil || !want.IsValid() || want.Addr().IsUnspecified() || want.Port() == 0 {
		return nil
	}
	reports := plain(d.RTCP)
	if !reports.IsValid() || reports.Port() == 0 {
		reports = above(want)
	}
	err := ErrClosed
	g.in.at.order(func(*loop) {
		if err = g.in.claim(g, want, reports); err == nil {
			for _, host := range d.hosts() { // who was odd before was not this party
				g.in.odd[hashed(host)%len(g.in.odd)] = netip.Addr{}
			}
		}
	})
	return err
}

// hosts are those that a party's sound may come from.
func (d Desc) hosts() [2]netip.Addr {
	return [2]netip.Addr{plain(d.Remote).Addr(), d.Host.Unmap().WithZone("")}
}

// above is where RTCP goes when nothing else was said.
func above(a netip.AddrPort) netip.AddrPort {
	if !a.IsValid() || a.Port() == 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr(), a.Port()+1)
}

// Depart gives a leg that shares a port one of its own, because its party is not heard
// there, or Apply said ErrTaken. Local is another one afterwards: tell the party. Bridge,
// playback and recording go on. Later legs of the same host get ports of their own at
// once. A leg that has a port of its own keeps it.
func (p *Port) Depart() error {
	if !p.Shared() {
		return nil
	}
	e := p.engine
	rtpSocket, rtcpSocket, number, err := e.bind(p.Local().Addr())
	if err != nil {
		return err
	}
	local := netip.AddrPortFrom(p.Local().Addr(), number)
	was := e.lastOf(local)
	err = ErrClosed
	p.do(func(l *loop) {
		g := p.in.lodger
		if g == nil || p.in.draining {
			return
		}
		l.release(p)
		p.in.lodger, p.in.shared, p.rtp, p.rtcp, p.in.last = nil, nil, rtpSocket, rtcpSocket, was
		e.sharing.doubt(g.host)
		e.sharing.doubt(p.in.latch.want.Addr())
		l.ask(g.in.at, func(*loop) { g.in.leave(g) })
		p.local.Store(&local)
		e.doors[e.pair(local)].Store(&local)
		err = l.adopt(p)
	})
	if errors.Is(err, ErrClosed) {
		e.giveBack(rtpSocket, rtcpSocket, local)
		return err
	}
	p.mu.Lock()
	p.ctl.lodger = nil
	p.mu.Unlock()
	p.shares.Store(false)
	if err != nil { // nothing more can be watched: it will hear nothing until it is closed
		return fmt.Errorf("port %d: %w", number, e.refusal(err))
	}
	return nil
}
