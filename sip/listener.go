package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"breakwater/sip/arrival"
)

// listener is one socket of ours and how peers see it. It never changes after bind.
type listener struct {
	network   string         // udp, tcp
	bound     netip.AddrPort // as bound, with the real port
	advertise netip.AddrPort // zero = no NAT; port 0 = the bound one
	packets   *packetConn    // udp
	accepts   *acceptor      // tcp
	routes    *routes        // for one that is bound to all addresses
}

// bind opens the socket of spec.
func (t *transport) bind(ctx context.Context, spec Listener) (*listener, error) {
	l := &listener{network: spec.Transport, routes: newRoutes(routeTo)}
	if spec.Advertise != "" {
		l.advertise, _ = parseAdvertise(spec.Advertise) // Check refused anything else
	}
	var lc net.ListenConfig
	switch spec.Transport {
	case "udp":
		c, err := lc.ListenPacket(ctx, "udp", spec.Address)
		if err != nil {
			return nil, fmt.Errorf("listen udp %s: %w", spec.Address, err)
		}
		udp, ok := c.(*net.UDPConn)
		if !ok {
			return nil, errors.Join(fmt.Errorf("listen udp %s: got a %T", spec.Address, c), c.Close())
		}
		_ = udp.SetReadBuffer(readBuffer) // the kernel may cap it; then it is smaller
		_ = arrival.Stamp(udp)            // without it a datagram has come when it is read
		l.bound = addrPort(udp.LocalAddr())
		l.packets = &packetConn{UDPConn: udp}
	case "tcp":
		c, err := lc.Listen(ctx, "tcp", spec.Address)
		if err != nil {
			return nil, fmt.Errorf("listen tcp %s: %w", spec.Address, err)
		}
		l.bound = addrPort(c.Addr())
		l.accepts = &acceptor{Listener: c, owner: t, listener: l}
	default:
		return nil, fmt.Errorf("listen %s: unknown transport %q", spec.Address, spec.Transport)
	}
	return l, nil
}

func (l *listener) close() {
	if l.packets != nil {
		_ = l.packets.Close()
	}
	if l.accepts != nil {
		_ = l.accepts.Close()
	}
}

// reaches tells whether a packet from this socket can go to remote.
func (l *listener) reaches(remote netip.Addr) bool {
	own := l.bound.Addr()
	if own.IsUnspecified() {
		return own.Is6() || remote.Is4() // [::] is both families
	}
	return own.Is4() == remote.Is4() && (own.IsLoopback() == remote.IsLoopback() || !own.IsLoopback())
}

// view is how one peer sees us (design.md §7).
type view struct {
	bind netip.Addr // local address of the route to the peer: what RTP sockets bind
	host netip.Addr // what Via, Contact and SDP say
	port uint16
}

// towards is how peer sees this listener. Peers in local and on this machine see
// the local address even where another is advertised.
func (l *listener) towards(peer netip.Addr, local []netip.Prefix) view {
	v := view{bind: l.bound.Addr(), port: l.bound.Port()}
	if v.bind.IsUnspecified() {
		v.bind = l.routes.from(peer, time.Now())
	}
	v.host = v.bind
	if !l.advertise.IsValid() || peer.IsLoopback() || contains(local, peer) {
		return v
	}
	v.host = l.advertise.Addr()
	if l.advertise.Port() != 0 {
		v.port = l.advertise.Port()
	}
	return v
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// addrPort is a without the IPv4-in-IPv6 form, so that equal peers compare equal.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// packetConn is a UDP socket with one reader.
type packetConn struct {
	*net.UDPConn

	// the reader's
	room  [maxMessage]byte
	aside [64]byte // what the kernel tells beside a datagram
}

// datagram is what came by UDP. Its bytes are good until the next is read.
type datagram struct {
	data   []byte
	source netip.AddrPort
	came   time.Time // when the kernel had it
}

// next waits for a datagram. false: the socket is closed. Nothing else ends it: an ICMP
// error of some earlier packet is no reason to stop listening.
func (p *packetConn) next() (datagram, bool) {
	for {
		n, aside, _, source, err := p.ReadMsgUDPAddrPort(p.room[:], p.aside[:])
		switch {
		case errors.Is(err, net.ErrClosed), errors.Is(err, syscall.EBADF):
			return datagram{}, false
		case err == nil && n > 0:
			source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
			return datagram{p.room[:n], source, arrival.Time(p.aside[:aside])}, true
		}
	}
}

// acceptor is a TCP listener that makes what it accepts one of our streams.
type acceptor struct {
	net.Listener

	owner    *transport
	listener *listener
}

// Accept implements net.Listener. It returns only good streams or the end.
func (a *acceptor) Accept() (net.Conn, error) {
	for {
		c, err := a.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil { // out of descriptors: the kernel keeps the next in its queue
			a.owner.breathe()
			continue
		}
		if s := a.owner.adopt(c, a.listener); s != nil {
			return s, nil
		}
	}
}
