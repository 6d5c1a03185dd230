//go:build !portable

package media

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The files io_linux.go, socket_linux.go and batch_linux.go are all that the loops know
// of the kernel: an epoll set, non-blocking UDP sockets read and written by raw system
// calls, one datagram or a batch of them at a time. io_portable.go takes their place
// elsewhere.

// poller waits for the sockets of one loop: those of its epoll set. The loop's thread
// sleeps in the kernel. It gives its Go processor back while it waits for packets, if
// somebody needs it, and keeps it for the rest of a tick; so main grants the program one
// processor more for each loop.
type poller struct {
	epoll  int
	bell   int // eventfd
	events [mostReady]unix.EpollEvent
}

// ready is one socket that can be read.
type ready struct {
	slot int
	what reader
}

const bellSlot = -1

func openPoller() (*poller, error) {
	p := &poller{epoll: -1, bell: -1}
	if err := p.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open epoll: %w", err), p.close())
	}
	return p, nil
}

func (p *poller) open() (err error) {
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return err
	}
	return p.add(socket{fd: p.bell}, bellSlot, 0)
}

func (p *poller) close() error {
	var errs []error
	for _, fd := range []int{p.bell, p.epoll} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}

func (p *poller) add(s socket, slot int, what reader) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(slot), Pad: int32(what)}
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
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll),
		uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), uintptr(ms), 0, 0)
	if errno != 0 { // a signal of the runtime
		return 0
	}
	return int(n)
}

// found gives how many sockets are ready now.
func (p *poller) found() int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll),
		uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// rest sleeps for the rest of a tick, whatever comes. The scheduler is not told: it would
// look after a processor that it lends to a sleeper, fifty times in each tick. Who needs
// all threads to stand still sends a signal, which ends the sleep.
func (p *poller) rest(d time.Duration) {
	span := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&span)), 0, 0)
}

// seen tells the i-th that is ready without answering the bell.
func (p *poller) seen(i int) (r ready, ok bool) {
	event := &p.events[i]
	return ready{slot: int(event.Fd), what: reader(event.Pad)}, event.Fd != bellSlot
}

// at tells the i-th that is ready; ok is false for the bell, which is answered here.
func (p *poller) at(i int) (r ready, ok bool) {
	event := &p.events[i]
	if event.Fd == bellSlot {
		var count [8]byte
		_, _ = unix.Read(p.bell, count[:])
		return r, false
	}
	return ready{slot: int(event.Fd), what: reader(event.Pad)}, true
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
