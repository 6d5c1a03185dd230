//go:build !portable

package media

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize  = 128 // datagrams that one system call reads
	outboxSize = 128 // and that one writes
	outboxRoom = 512 // bytes: a header and 60 ms of sound
)

// message is struct mmsghdr of the kernel.
type message struct {
	head unix.Msghdr
	size uint32
	_    [4]byte
}

// batch is the memory in which the datagrams of shared ports arrive.
type batch struct {
	messages [batchSize]message
	parts    [batchSize]unix.Iovec
	from     [batchSize]unix.RawSockaddrInet6
	room     [batchSize][biggest + 1]byte
}

func newBatch() *batch {
	b := &batch{}
	for i := range b.messages {
		b.parts[i].Base = &b.room[i][0]
		b.parts[i].SetLen(biggest + 1)
		head := &b.messages[i].head
		head.Name, head.Namelen = (*byte)(unsafe.Pointer(&b.from[i])), unix.SizeofSockaddrInet6
		head.Iov = &b.parts[i]
		head.SetIovlen(1)
	}
	return b
}

// receiveAll reads what has come, a batch at most, and tells how many datagrams it was.
func (s socket) receiveAll(b *batch) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&b.messages[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// at gives the i-th datagram that was read from s, once.
func (b *batch) at(i int, s socket) (datagram []byte, from netip.AddrPort) {
	m := &b.messages[i]
	m.head.Namelen = unix.SizeofSockaddrInet6 // the kernel has made it shorter
	return b.room[i][:m.size], s.decode(&b.from[i])
}

// datagram is the i-th once more.
func (b *batch) datagram(i int) []byte { return b.room[i][:b.messages[i].size] }

// outbox collects what leaves by one shared port, so that one system call sends many.
type outbox struct {
	n        int
	messages [outboxSize]message
	parts    [outboxSize]unix.Iovec
	to       [outboxSize]unix.RawSockaddrInet6
	room     [outboxSize][outboxRoom]byte
}

// put takes a datagram of at most outboxRoom bytes: a copy, or, if it is lent, as it lies,
// which the next flush must find unchanged. ok is false when it cannot be sent. failed tells
// how many others could not when they made room for it.
func (o *outbox) put(s socket, datagram []byte, lent bool, to netip.AddrPort) (failed int, ok bool) {
	if o.n == outboxSize {
		failed = o.flush(s)
	}
	i := o.n
	size := s.encode(&o.to[i], to)
	if size == 0 || len(datagram) == 0 {
		return failed, false
	}
	head, part := &o.messages[i].head, &o.parts[i]
	if head.Iov == nil {
		head.Iov = part
		head.SetIovlen(1)
		head.Name = (*byte)(unsafe.Pointer(&o.to[i]))
	}
	head.Namelen = uint32(size)
	if !lent {
		datagram = o.room[i][:copy(o.room[i][:], datagram)]
	}
	part.Base = &datagram[0]
	part.SetLen(len(datagram))
	o.n++
	return failed, true
}

// flush sends what was put, and tells how many datagrams the kernel refused.
func (o *outbox) flush(s socket) (failed int) {
	for sent := 0; sent < o.n; {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&o.messages[sent])), uintptr(o.n-sent), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != 0 || n == 0 { // the first of them cannot be sent
			failed++
			n = 1
		}
		sent += int(n)
	}
	o.n = 0
	return failed
}

// widen asks for a long receive buffer and tells how long it is, bytes as the kernel
// counts them. More than net.core.rmem_max takes the right to administer the network.
func (s socket) widen() int {
	const wish = 8 << 20
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, wish) != nil {
		_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, wish)
	}
	got, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return got
}
