package shim

import (
	"container/heap"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Route says between whom a Shim stands: the near party sends to Listen and hears from
// there, the far party is at Target and hears from an address of its own (Shim.Far).
type Route struct {
	Listen netip.AddrPort // port 0 = any
	Target netip.AddrPort
	There  Faults // toward Target
	Back   Faults // toward the near party, which is whoever was heard last
}

// Shim is a bad line with sockets. Close ends it.
type Shim struct {
	near, far *end
	done      sync.WaitGroup
}

// Counters of one direction.
type Counters struct {
	Sent      uint64 // by the party
	Lost      uint64 // thrown away
	Held      uint64 // let through behind the next
	Doubled   uint64
	Delivered uint64 // copies
	Refused   uint64 // too many were under way, or the network did not take it
}

// end is one of the two sockets, and the direction that begins there.
type end struct {
	conn  *net.UDPConn
	peer  atomic.Pointer[netip.AddrPort] // the party at this end
	other *end

	// The following is its goroutine's.
	line  *Line
	begun time.Time
	under queue
	held  *crossing

	sent, lost, late, doubled, delivered, refused atomic.Uint64
}

const (
	mostUnder = 1 << 14 // packets under way
	heldOver  = 200 * time.Millisecond
	datagram  = 2048
)

// Open begins. Both ends listen on the address of Listen.
func Open(r Route) (*Shim, error) {
	if err := errors.Join(r.There.Check(), r.Back.Check()); err != nil {
		return nil, err
	}
	near, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(r.Listen))
	if err != nil {
		return nil, fmt.Errorf("shim: %w", err)
	}
	far, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Listen.Addr(), 0)))
	if err != nil {
		_ = near.Close()
		return nil, fmt.Errorf("shim: %w", err)
	}
	now := time.Now()
	s := &Shim{
		near: &end{conn: near, line: NewLine(r.There), begun: now},
		far:  &end{conn: far, line: NewLine(r.Back), begun: now},
	}
	s.near.other, s.far.other = s.far, s.near
	s.far.peer.Store(&r.Target)
	s.done.Go(func() { s.near.run(true) })
	s.done.Go(func() { s.far.run(false) })
	return s, nil
}

// Near is where the near party sends to.
func (s *Shim) Near() netip.AddrPort { return local(s.near.conn) }

// Far is where the far party hears from, and sends to.
func (s *Shim) Far() netip.AddrPort { return local(s.far.conn) }

// There and Back count each direction.
func (s *Shim) There() Counters { return s.near.count() }

// Back counts the direction toward the near party.
func (s *Shim) Back() Counters { return s.far.count() }

// Close ends both directions; what is under way is lost.
func (s *Shim) Close() error {
	err := errors.Join(s.near.conn.Close(), s.far.conn.Close())
	s.done.Wait()
	return err
}

func local(c *net.UDPConn) netip.AddrPort {
	a, _ := netip.ParseAddrPort(c.LocalAddr().String())
	return a
}

func (e *end) count() Counters {
	return Counters{
		Sent: e.sent.Load(), Lost: e.lost.Load(), Held: e.late.Load(), Doubled: e.doubled.Load(),
		Delivered: e.delivered.Load(), Refused: e.refused.Load(),
	}
}

// run passes on what comes to this end, until its socket is closed. learns = the party
// is whoever sends; else nobody else is heard.
func (e *end) run(learns bool) {
	var room [datagram]byte
	for {
		if err := e.conn.SetReadDeadline(e.next()); err != nil {
			return
		}
		n, from, err := e.conn.ReadFromUDPAddrPort(room[:])
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil:
			e.take(room[:n], from, learns)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			e.refused.Add(1) // an unreachable port, told by the kernel
		}
		e.deliver()
	}
}

// next is when something is to be delivered; zero = not yet known.
func (e *end) next() time.Time {
	if len(e.under) == 0 && e.held == nil {
		return time.Time{}
	}
	at := time.Duration(1<<63 - 1)
	if len(e.under) > 0 {
		at = e.under[0].at
	}
	if e.held != nil {
		at = min(at, e.held.at)
	}
	return e.begun.Add(at)
}

func (e *end) take(packet []byte, from netip.AddrPort, learns bool) {
	if p := e.peer.Load(); learns && (p == nil || *p != from) {
		e.peer.Store(&from)
	} else if !learns && p.Port() != from.Port() {
		return // a stranger
	}
	e.sent.Add(1)
	if len(e.under) >= mostUnder {
		e.refused.Add(1)
		return
	}
	now := time.Since(e.begun)
	fate := e.line.Pass(now)
	if e.held != nil {
		e.held.at = fate.Behind
		heap.Push(&e.under, *e.held)
		e.held = nil
	}
	if fate.Lost {
		e.lost.Add(1)
		return
	}
	c := crossing{at: fate.Arrives, packet: append([]byte(nil), packet...)}
	if fate.Again > 0 {
		e.doubled.Add(1)
		heap.Push(&e.under, crossing{at: fate.Again, packet: c.packet})
	}
	if fate.Held {
		e.late.Add(1)
		c.at = now + heldOver // if there is no next
		e.held = &c
		return
	}
	heap.Push(&e.under, c)
}

// deliver sends what is due.
func (e *end) deliver() {
	now := time.Since(e.begun)
	if e.held != nil && e.held.at <= now {
		heap.Push(&e.under, *e.held)
		e.held = nil
	}
	for len(e.under) > 0 && e.under[0].at <= now {
		c := heap.Pop(&e.under).(crossing)
		to := e.other.peer.Load()
		if to == nil {
			e.refused.Add(1) // the near party has not spoken yet
			continue
		}
		if _, err := e.other.conn.WriteToUDPAddrPort(c.packet, *to); err != nil {
			e.refused.Add(1)
			continue
		}
		e.delivered.Add(1)
	}
}

// crossing is a packet under way.
type crossing struct {
	at     time.Duration
	packet []byte
}

// queue has the packet first that is due first.
type queue []crossing

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(crossing)) }

// Pop is heap's.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
