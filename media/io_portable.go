//go:build !linux || portable

package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// This file stands in for io_linux.go, socket_linux.go and batch_linux.go where there is
// no epoll: one goroutine reads each socket and feeds the loop that watches it. It is for
// developers at other systems; what it costs was not looked at.

// poller collects the sockets that have something to read.
type poller struct {
	bell   chan struct{}
	mu     sync.Mutex
	queue  []ready // sockets that were marked since the last look
	events []ready
}

// ready is one socket that can be read.
type ready struct {
	slot int
	what reader
	on   *cable
}

func openPoller() (*poller, error) { return &poller{bell: make(chan struct{}, 1)}, nil }

func (p *poller) close() error { return nil }

func (p *poller) add(s socket, slot int, what reader) error {
	if s.cable == nil {
		return net.ErrClosed
	}
	s.cable.watch(p, ready{slot: slot, what: what, on: s.cable})
	return nil
}

func (p *poller) remove(s socket) error {
	if s.cable == nil {
		return net.ErrClosed
	}
	s.cable.watch(nil, ready{})
	return nil
}

// mark says that a socket can be read.
func (p *poller) mark(r ready) {
	p.mu.Lock()
	p.queue = append(p.queue, r)
	p.mu.Unlock()
	p.ring()
}

// wait gives how many sockets are ready; it waits at most ms, for ever if negative.
func (p *poller) wait(ms int) int {
	if n := p.found(); n > 0 || ms == 0 {
		return n
	}
	var late <-chan time.Time
	if ms > 0 {
		t := time.NewTimer(time.Duration(ms) * time.Millisecond)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-p.bell:
	case <-late:
	}
	return p.found()
}

// found gives how many sockets are ready now.
func (p *poller) found() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(p.queue), mostReady)
	p.events = append(p.events[:0], p.queue[:n]...)
	p.queue = append(p.queue[:0], p.queue[n:]...)
	return n
}

// rest waits for the rest of a tick, whatever comes.
func (p *poller) rest(d time.Duration) { <-time.After(d) }

// at tells the i-th that is ready; ok is false if it is not watched here any more.
func (p *poller) at(i int) (r ready, ok bool) {
	r = p.events[i]
	return r, r.on.watched(p)
}

// seen tells the i-th that is ready.
func (p *poller) seen(i int) (r ready, ok bool) { return p.at(i) }

// ring makes wait return. Anybody may call it.
func (p *poller) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

func hurry() {}

// socket is one bound UDP socket.
type socket struct{ *cable }

// cable is a socket with the goroutine that reads it, and what has come and was not taken
// yet.
type cable struct {
	conn *net.UDPConn
	done chan struct{}

	mu      sync.Mutex // protects all following fields
	waiting []arrival
	only    netip.AddrPort // whom the socket is tied to
	poll    *poller        // who is told; nil = nobody
	mine    ready
}

type arrival struct {
	datagram []byte
	from     netip.AddrPort
}

const mostWaiting = 256 // datagrams that nobody took; what comes then is dropped, as a kernel does

func openSocket(at netip.AddrPort) (socket, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return socket{}, fmt.Errorf("bind UDP %v: %w", at, err)
	}
	x := &cable{conn: conn, done: make(chan struct{})}
	go x.read()
	return socket{x}, nil
}

func (x *cable) read() {
	defer close(x.done)
	room := make([]byte, biggest+1)
	for {
		n, from, err := x.conn.ReadFromUDPAddrPort(room)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			x.put(append([]byte(nil), room[:n]...), plain(from))
		}
	}
}

func (x *cable) put(datagram []byte, from netip.AddrPort) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.only.IsValid() && from != x.only || len(x.waiting) == mostWaiting {
		return
	}
	x.waiting = append(x.waiting, arrival{datagram, from})
	if x.poll != nil {
		x.poll.mark(x.mine)
	}
}

func (x *cable) watch(p *poller, mine ready) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.poll, x.mine = p, mine
	for range x.waiting {
		if p != nil {
			p.mark(mine)
		}
	}
}

func (x *cable) watched(p *poller) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.poll == p
}

func (s socket) close() error {
	if s.cable == nil {
		return net.ErrClosed
	}
	err := s.conn.Close()
	<-s.done
	return err
}

// connect makes the socket listen to one address alone. No address: to everybody.
func (s socket) connect(to netip.AddrPort) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.only = to
	return nil
}

// taken tells whether a port could not be bound because somebody else has it.
func taken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// exhausted tells whether the machine has no descriptor or memory for a socket left.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOBUFS) ||
		errors.Is(err, syscall.ENOMEM)
}

// air is the memory in which a loop's datagrams arrive.
type air struct {
	packet  [biggest + 1]byte // what fills it was cut
	bounced uint64
}

// receive gives one datagram; ok is false when there is none.
func (s socket) receive(a *air) (n int, from netip.AddrPort, ok bool) {
	x, ok := s.take()
	return copy(a.packet[:], x.datagram), x.from, ok
}

func (x *cable) take() (first arrival, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.waiting) == 0 {
		return first, false
	}
	first = x.waiting[0]
	x.waiting = x.waiting[1:]
	return first, true
}

// send writes one datagram; false when the kernel refused it. No address: to whom the
// socket is tied.
func (s socket) send(_ *air, datagram []byte, to netip.AddrPort) bool {
	if s.cable == nil {
		return false
	}
	if !to.IsValid() {
		s.mu.Lock()
		to = s.only
		s.mu.Unlock()
	}
	_, err := s.conn.WriteToUDPAddrPort(datagram, to)
	return err == nil
}

const (
	batchSize  = 128
	outboxRoom = 512
)

// batch is what has come to a shared port.
type batch struct{ arrivals []arrival }

func newBatch() *batch { return &batch{} }

// receiveAll takes what has come, a batch at most, and tells how many datagrams it was.
func (s socket) receiveAll(b *batch) int {
	b.arrivals = b.arrivals[:0]
	for len(b.arrivals) < batchSize {
		x, ok := s.take()
		if !ok {
			break
		}
		b.arrivals = append(b.arrivals, x)
	}
	return len(b.arrivals)
}

// at gives the i-th datagram that was read.
func (b *batch) at(i int, _ socket) (datagram []byte, from netip.AddrPort) {
	return b.arrivals[i].datagram, b.arrivals[i].from
}

// datagram is the i-th once more.
func (b *batch) datagram(i int) []byte { return b.arrivals[i].datagram }

// outbox sends at once.
type outbox struct{}

func (*outbox) put(s socket, datagram []byte, _ bool, to netip.AddrPort) (failed int, ok bool) {
	return 0, s.send(nil, datagram, to)
}

func (*outbox) flush(socket) (failed int) { return 0 }

// widen tells how long the receive buffer of a socket is.
func (socket) widen() int { return 4 << 20 }
