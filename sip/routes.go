package sip

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// knownFor is how long an answer of the kernel's is believed: for so long calls may still
	// be told an address of this machine that has changed.
	knownFor = 3 * time.Second
	// maxKnown bounds the peers of which one is remembered; above it all are forgotten.
	maxKnown = 1024
)

// routes know from which address of ours packets leave for a peer, where a listener is bound
// to all of them. To ask the kernel takes a socket, and a trunk's peer is asked about in each
// call.
type routes struct {
	ask func(peer netip.Addr) (local netip.Addr, ok bool)

	mu    sync.Mutex // protects the following
	known map[netip.Addr]route
}

// route is what the kernel said of one peer.
type route struct {
	local netip.Addr
	asked time.Time
}

func newRoutes(ask func(netip.Addr) (netip.Addr, bool)) *routes {
	return &routes{ask: ask, known: map[netip.Addr]route{}}
}

// from gives the address that the kernel would send from. No packet leaves.
func (r *routes) from(peer netip.Addr, now time.Time) netip.Addr {
	r.mu.Lock()
	k, ok := r.known[peer]
	r.mu.Unlock()
	if ok && now.Sub(k.asked) < knownFor {
		return k.local
	}
	local, ok := r.ask(peer)
	if !ok { // nothing to remember: the network may come back any moment
		return local
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= maxKnown {
		clear(r.known)
	}
	r.known[peer] = route{local, now}
	return local
}

// routeTo asks the kernel. false: there is no way to the peer, and it is as if it were on
// this machine.
func routeTo(peer netip.Addr) (netip.Addr, bool) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(peer, 9)))
	if err != nil {
		if peer.Is4() {
			return netip.AddrFrom4([4]byte{127, 0, 0, 1}), false
		}
		return netip.IPv6Loopback(), false
	}
	defer func() { _ = c.Close() }()
	return addrPort(c.LocalAddr()).Addr(), true
}
