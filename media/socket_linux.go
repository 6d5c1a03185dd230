//go:build !portable

package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is one bound UDP socket.
type socket struct {
	fd    int
	v6    bool
	scope uint32 // interface of link-local addresses
}

// air is the memory in which a loop's datagrams arrive and leave.
type air struct {
	packet  [biggest + 1]byte     // what fills it was cut
	from    unix.RawSockaddrInet6 // also holds an IPv4 address, which is shorter
	to      unix.RawSockaddrInet6
	size    uint32
	bounced uint64 // of our datagrams, those that a host sent back: nobody has the port there
}

const expedited = 46 << 2 // DSCP EF for voice (RFC 4594 §4.1)

func openSocket(at netip.AddrPort) (socket, error) {
	a := at.Addr().Unmap()
	s := socket{v6: a.Is6()}
	family := unix.AF_INET
	if s.v6 {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return s, fmt.Errorf("open UDP socket: %w", err)
	}
	s.fd = fd
	if err := s.bind(a, at.Port()); err != nil {
		return s, errors.Join(fmt.Errorf("bind UDP %v: %w", at, err), s.close())
	}
	return s, nil
}

func (s *socket) bind(a netip.Addr, port uint16) error {
	if !s.v6 {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_TOS, expedited) // a wish, not a need
		// RTP of a telephone is never cut into fragments, so it needs no number to put them together by.
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO)
		return unix.Bind(s.fd, &unix.SockaddrInet4{Port: int(port), Addr: a.As4()})
	}
	_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, expedited)
	if zone := a.Zone(); zone != "" {
		card, err := net.InterfaceByName(zone)
		if err != nil {
			return err
		}
		s.scope = uint32(card.Index)
	}
	return unix.Bind(s.fd, &unix.SockaddrInet6{Port: int(port), Addr: a.As16(), ZoneId: s.scope})
}

func (s socket) close() error { return unix.Close(s.fd) }

// connect ties the socket to one address: from then on the kernel drops what others
// send, and knows the way of what we send. What had come before stays in the socket, from
// whomever it is. No address dissolves the tie.
func (s socket) connect(to netip.AddrPort) error {
	var raw unix.RawSockaddrInet6
	size := s.encode(&raw, to)
	if !to.IsValid() {
		raw.Family, size = unix.AF_UNSPEC, unix.SizeofSockaddrInet6
	}
	if size == 0 {
		return unix.EAFNOSUPPORT
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(s.fd), uintptr(unsafe.Pointer(&raw)), size); errno != 0 {
		return errno
	}
	return nil
}

// taken tells whether a port could not be bound because somebody else has it.
func taken(err error) bool { return errors.Is(err, unix.EADDRINUSE) }

// exhausted tells whether the machine has no descriptor, watch or memory for a socket
// left.
func exhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOSPC) ||
		errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}

// receive reads one datagram into a.packet; ok is false when there is none. What is
// longer than biggest is cut to a byte more.
func (s socket) receive(a *air) (n int, from netip.AddrPort, ok bool) {
	a.size = unix.SizeofSockaddrInet6
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd),
		uintptr(unsafe.Pointer(&a.packet[0])), biggest+1, unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&a.from)), uintptr(unsafe.Pointer(&a.size)))
	if errno != 0 {
		if errno == unix.ECONNREFUSED {
			a.bounced++
		}
		return 0, from, false
	}
	return int(r), s.decode(&a.from), true
}

// send writes one datagram; false when the kernel refused it. No address: to whom the
// socket is tied.
func (s socket) send(a *air, datagram []byte, to netip.AddrPort) bool {
	if len(datagram) == 0 {
		return false
	}
	var name, size uintptr
	if to.IsValid() {
		if size = s.encode(&a.to, to); size == 0 {
			return false
		}
		name = uintptr(unsafe.Pointer(&a.to))
	}
	for range 2 {
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd),
			uintptr(unsafe.Pointer(&datagram[0])), uintptr(len(datagram)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL,
			name, size)
		if errno != unix.ECONNREFUSED {
			return errno == 0
		}
		a.bounced++ // said of a datagram before; this one has not left
	}
	return false
}

func (s socket) decode(raw *unix.RawSockaddrInet6) netip.AddrPort {
	if !s.v6 {
		raw4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(raw))
		return netip.AddrPortFrom(netip.AddrFrom4(raw4.Addr), swap(raw4.Port))
	}
	return netip.AddrPortFrom(netip.AddrFrom16(raw.Addr).Unmap(), swap(raw.Port))
}

// encode writes an address as this socket's family knows it; 0 when it cannot.
func (s socket) encode(raw *unix.RawSockaddrInet6, to netip.AddrPort) uintptr {
	if !s.v6 {
		if !to.Addr().Is4() {
			return 0
		}
		raw4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(raw))
		raw4.Family, raw4.Port, raw4.Addr = unix.AF_INET, swap(to.Port()), to.Addr().As4()
		return unix.SizeofSockaddrInet4
	}
	if !to.IsValid() {
		return 0
	}
	raw.Family, raw.Port, raw.Addr, raw.Scope_id = unix.AF_INET6, swap(to.Port()), to.Addr().As16(), 0
	if to.Addr().IsLinkLocalUnicast() {
		raw.Scope_id = s.scope
	}
	return unix.SizeofSockaddrInet6
}

// swap turns a port between the machine's order and the wire's.
func swap(port uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&port))
	return uint16(b[0])<<8 | uint16(b[1])
}
