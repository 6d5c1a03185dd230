package flood

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file is all that the flood knows of the kernel. One socket is bound to all
// addresses; IP_PKTINFO says, for every packet, from which address it is sent and
// to which one it came. So thousands of parties need one descriptor, one call sends
// sixteen packets, and one call reads sixty-four.

const (
	outMost = 16  // packets of one sendmmsg: the last one's mark is as old as the call is long
	inMost  = 64  // packets of one recvmmsg
	biggest = 512 // bytes; RTP of a telephone has under 400
	control = 128 // bytes of ancillary data
)

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	head unix.Msghdr
	n    uint32
	_    [4]byte
}

// packet is one datagram that came in.
type packet struct {
	data  []byte
	index int    // of the party it is for
	port  uint16 // of the sender
	from  [4]byte
	at    int64 // µs since 1970, the kernel's time of arrival
}

// sockets are RTP for every party, and RTCP, which is only swallowed.
type sockets struct {
	rtp, rtcp int
	port      uint16
	first     uint32 // address of the first party

	outHeads [outMost]mmsghdr
	outBufs  [outMost][biggest]byte
	outNames [outMost]unix.RawSockaddrInet4
	outVecs  [outMost]unix.Iovec
	outCtl   [outMost][control]byte
	outN     int

	inHeads [inMost]mmsghdr
	inBufs  [inMost][biggest]byte
	inNames [inMost]unix.RawSockaddrInet4
	inVecs  [inMost]unix.Iovec
	inCtl   [inMost][control]byte
	report  [biggest]byte
}

// openSockets binds a pair of ports, even and odd, on all addresses.
func openSockets(port uint16, first netip.Addr) (*sockets, error) {
	if !first.Is4() || !first.IsLoopback() {
		return nil, fmt.Errorf("address %v: parties live in 127.0.0.0/8", first)
	}
	low := first.As4()
	s := &sockets{rtp: -1, rtcp: -1, first: binary.BigEndian.Uint32(low[:])}
	candidates := []uint16{port}
	if port == 0 {
		candidates = candidates[:0]
		for p := uint16(33000); p < 34000; p += 2 {
			candidates = append(candidates, p)
		}
	}
	var err error
	for _, p := range candidates {
		if err = s.bind(p); err == nil {
			s.prepare()
			return s, nil
		}
		s.close()
	}
	return nil, fmt.Errorf("bind RTP: %w", err)
}

func (s *sockets) bind(port uint16) (err error) {
	s.port = port
	if s.rtp, err = udp(port); err != nil {
		return err
	}
	if s.rtcp, err = udp(port + 1); err != nil {
		return err
	}
	if err = unix.SetsockoptInt(s.rtp, unix.IPPROTO_IP, unix.IP_PKTINFO, 1); err != nil {
		return err
	}
	return unix.SetsockoptInt(s.rtp, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
}

func udp(port uint16) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// Packets that may not be cut need no number of their own, which costs a twentieth
	// of sending them.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO) // best effort: only the price depends on it
	const room = 64 << 20                                                                  // bytes; a second of four thousand parties
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room); err != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, room) // without the right to force it: what the kernel allows
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(port)}); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (s *sockets) close() {
	for _, fd := range []*int{&s.rtp, &s.rtcp} {
		if *fd >= 0 {
			_ = unix.Close(*fd)
			*fd = -1
		}
	}
}

// prepare ties names, buffers and ancillary data to the headers, once.
func (s *sockets) prepare() {
	for i := range s.outHeads {
		s.outVecs[i].Base = &s.outBufs[i][0]
		h := &s.outHeads[i].head
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&s.outNames[i])), unix.SizeofSockaddrInet4
		h.Iov, h.Iovlen = &s.outVecs[i], 1
		h.Control = &s.outCtl[i][0]
		h.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))
		c := (*unix.Cmsghdr)(unsafe.Pointer(&s.outCtl[i][0]))
		c.Level, c.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		c.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		s.outNames[i].Family = unix.AF_INET
	}
	for i := range s.inHeads {
		s.inVecs[i] = unix.Iovec{Base: &s.inBufs[i][0], Len: biggest}
		h := &s.inHeads[i].head
		h.Name, h.Iov, h.Iovlen, h.Control = (*byte)(unsafe.Pointer(&s.inNames[i])), &s.inVecs[i], 1, &s.inCtl[i][0]
	}
}

// address is where the party of that index lives.
func (s *sockets) address(index int) netip.AddrPort {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], s.first+uint32(index))
	return netip.AddrPortFrom(netip.AddrFrom4(b), s.port)
}

// room gives the buffer of the next packet out; nil when the batch is full.
func (s *sockets) room() []byte {
	if s.outN == outMost {
		return nil
	}
	return s.outBufs[s.outN][:]
}

// put adds the packet in the last room to the batch.
func (s *sockets) put(length, index int, to netip.AddrPort) {
	i := s.outN
	s.outN++
	s.outVecs[i].Len = uint64(length)
	name := &s.outNames[i]
	name.Addr = to.Addr().As4()
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&s.outCtl[i][unix.CmsgLen(0)]))
	binary.BigEndian.PutUint32(info.Spec_dst[:], s.first+uint32(index))
}

// flush sends the batch. What the kernel refuses (a port that nobody listens on any
// more) is told in refused, and no error.
func (s *sockets) flush() (refused int, err error) {
	for at := 0; at < s.outN; {
		n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.rtp), uintptr(unsafe.Pointer(&s.outHeads[at])), uintptr(s.outN-at), 0, 0, 0)
		switch {
		case e == 0:
			at += int(n)
		case errors.Is(e, unix.EINTR):
		case errors.Is(e, unix.EBADF) || errors.Is(e, unix.EINVAL) || errors.Is(e, unix.EFAULT):
			return refused, fmt.Errorf("send RTP: %w", e)
		default:
			refused++
			at++
		}
	}
	s.outN = 0
	return refused, nil
}

// receive reads at most one batch and gives each packet to take, which must not
// keep it. more tells that the batch was full.
func (s *sockets) receive(take func(packet)) (more bool, err error) {
	for i := range s.inHeads {
		h := &s.inHeads[i].head
		h.Namelen = unix.SizeofSockaddrInet4
		h.SetControllen(control)
	}
	n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.rtp), uintptr(unsafe.Pointer(&s.inHeads[0])), inMost, unix.MSG_DONTWAIT, 0, 0)
	switch {
	case errors.Is(e, unix.EAGAIN) || errors.Is(e, unix.EINTR) || errors.Is(e, unix.ECONNREFUSED):
		return false, nil
	case e != 0:
		return false, fmt.Errorf("receive RTP: %w", e)
	}
	for i := range int(n) {
		name := &s.inNames[i]
		p := packet{
			data: s.inBufs[i][:min(int(s.inHeads[i].n), biggest)], index: -1, from: name.Addr,
			port: binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:]),
		}
		s.ancillary(i, &p)
		take(p)
	}
	return int(n) == inMost, nil
}

// ancillary reads where a packet came to, and when.
func (s *sockets) ancillary(i int, p *packet) {
	ctl := s.inCtl[i][:s.inHeads[i].head.Controllen]
	for len(ctl) >= unix.SizeofCmsghdr {
		c := (*unix.Cmsghdr)(unsafe.Pointer(&ctl[0]))
		data := ctl[unix.CmsgLen(0):]
		switch {
		case c.Level == unix.IPPROTO_IP && c.Type == unix.IP_PKTINFO:
			info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0]))
			p.index = int(int64(binary.BigEndian.Uint32(info.Addr[:])) - int64(s.first))
		case c.Level == unix.SOL_SOCKET && c.Type == unix.SO_TIMESTAMPNS:
			ts := (*unix.Timespec)(unsafe.Pointer(&data[0]))
			p.at = ts.Sec*1e6 + ts.Nsec/1e3
		}
		step := unix.CmsgSpace(int(c.Len) - unix.CmsgLen(0))
		if step <= 0 || step > len(ctl) {
			return
		}
		ctl = ctl[step:]
	}
}

// swallow throws away the reports that have come.
func (s *sockets) swallow() (n int) {
	for {
		if _, _, err := unix.Recvfrom(s.rtcp, s.report[:], unix.MSG_DONTWAIT); err != nil {
			return n
		}
		n++
	}
}

// keepThread locks the goroutine to a thread whose sleep is as short as it asks for:
// by default the kernel adds 50 µs.
func keepThread() (release func()) {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // best effort: without it the pacing is a little coarser
	return runtime.UnlockOSThread
}

// pause sleeps in the kernel: Go's own timers wake a thread of another processor. It
// keeps its processor from the rest of the program, which must have others (see
// Processors); were it given back, the runtime would look after it all the time.
func pause(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0) // woken early by a signal, the wheel looks at the clock again
}

// Processors sees to it that the rest of the program can run while a flood sleeps.
func Processors() { runtime.GOMAXPROCS(max(4, runtime.NumCPU()+2)) }
