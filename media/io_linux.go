package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file is all that the loops know of the kernel: an epoll set, non-blocking UDP
// sockets read and written by raw system calls. Other I/O can take its place.

// biggest datagram that is read; RTP of a telephone has under 500 bytes. What is
// longer is refused.
const biggest = 2048

// poller waits for the sockets of one loop: those of the epoll set. A loop that slept
// in a system call would keep a processor from the rest of the program until the
// scheduler notices, which costs others milliseconds. So Go's own poller watches, by
// the gate: a second set that holds the first, open only while the loop waits, so
// that packets wake nobody while the loop rests between two ticks.
type poller struct {
	epoll  int
	gate   int
	file   *os.File // the gate, as Go's poller knows it
	raw    syscall.RawConn
	look   func(uintptr) bool
	bell   int // eventfd
	n      int // what look found
	events [256]unix.EpollEvent
}

// ready is one socket that can be read.
type ready struct {
	slot int
	rtcp bool
}

const bellSlot = -1

func openPoller() (*poller, error) {
	p := &poller{epoll: -1, gate: -1, bell: -1}
	p.look = func(uintptr) bool { return p.found() > 0 }
	if err := p.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open epoll: %w", err), p.close())
	}
	return p, nil
}

func (p *poller) open() (err error) {
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if p.gate, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	// Only a descriptor that is known not to block is taken by Go's poller.
	if err = unix.SetNonblock(p.gate, true); err != nil {
		return err
	}
	p.file = os.NewFile(uintptr(p.gate), "gate")
	if p.raw, err = p.file.SyscallConn(); err != nil {
		return err
	}
	if err = p.file.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err = unix.EpollCtl(p.gate, unix.EPOLL_CTL_ADD, p.epoll, &unix.EpollEvent{}); err != nil {
		return err
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return err
	}
	return p.add(socket{fd: p.bell}, bellSlot, false)
}

func (p *poller) close() error {
	var errs []error
	if p.file != nil {
		errs = append(errs, p.file.Close())
		p.gate = -1
	}
	for _, fd := range []int{p.bell, p.gate, p.epoll} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}

func (p *poller) add(s socket, slot int, rtcp bool) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(slot)}
	if rtcp {
		event.Pad = 1
	}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, s.fd, &event); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	return nil
}

func (p *poller) remove(s socket) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, s.fd, nil)
}

// wait gives how many sockets are ready; it waits at most ms, for ever if negative.
func (p *poller) wait(ms int) int {
	if n := p.found(); n > 0 || ms == 0 {
		return n
	}
	var until time.Time
	if ms > 0 {
		until = time.Now().Add(time.Duration(ms) * time.Millisecond)
	}
	if p.file.SetReadDeadline(until) != nil {
		return 0
	}
	open, shut := unix.EpollEvent{Events: unix.EPOLLIN}, unix.EpollEvent{}
	_ = unix.EpollCtl(p.gate, unix.EPOLL_CTL_MOD, p.epoll, &open)
	err := p.raw.Read(p.look)
	_ = unix.EpollCtl(p.gate, unix.EPOLL_CTL_MOD, p.epoll, &shut)
	if err != nil { // the time has come
		return 0
	}
	return p.n
}

// found gives how many sockets are ready now.
func (p *poller) found() int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll),
		uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	if errno != 0 {
		n = 0
	}
	p.n = int(n)
	return p.n
}

// at tells the i-th that is ready; ok is false for the bell, which is answered here.
func (p *poller) at(i int) (r ready, ok bool) {
	event := &p.events[i]
	if event.Fd == bellSlot {
		var count [8]byte
		_, _ = unix.Read(p.bell, count[:])
		return r, false
	}
	return ready{slot: int(event.Fd), rtcp: event.Pad == 1}, true
}

// ring makes wait return. Anybody may call it.
func (p *poller) ring() {
	one := [8]byte{1}
	_, _ = unix.Write(p.bell, one[:])
}

// hurry lets the calling thread run before others of this machine, if we may: late
// sound is lost sound.
func hurry() {
	const before = -10
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), before) // a wish, not a need
}

// socket is one bound UDP socket.
type socket struct {
	fd    int
	v6    bool
	scope uint32 // interface of link-local addresses
}

// air is the memory in which a loop's datagrams arrive and leave.
type air struct {
	packet [biggest]byte
	from   unix.RawSockaddrInet6 // also holds an IPv4 address, which is shorter
	to     unix.RawSockaddrInet6
	size   uint32
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

// taken tells whether a port could not be bound because somebody else has it.
func taken(err error) bool { return errors.Is(err, unix.EADDRINUSE) }

// exhausted tells whether the machine has no descriptor, watch or memory for a socket
// left.
func exhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOSPC) ||
		errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}

// receive reads one datagram into a.packet; ok is false when there is none. n is its
// true length: over biggest, it was cut.
func (s socket) receive(a *air) (n int, from netip.AddrPort, ok bool) {
	a.size = unix.SizeofSockaddrInet6
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd),
		uintptr(unsafe.Pointer(&a.packet[0])), biggest, unix.MSG_DONTWAIT|unix.MSG_TRUNC,
		uintptr(unsafe.Pointer(&a.from)), uintptr(unsafe.Pointer(&a.size)))
	if errno != 0 {
		return 0, from, false
	}
	return int(r), s.decode(&a.from), true
}

// send writes one datagram; false when the kernel refused it.
func (s socket) send(a *air, datagram []byte, to netip.AddrPort) bool {
	size := s.encode(&a.to, to)
	if size == 0 || len(datagram) == 0 {
		return false
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd),
		uintptr(unsafe.Pointer(&datagram[0])), uintptr(len(datagram)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL,
		uintptr(unsafe.Pointer(&a.to)), size)
	return errno == 0
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
