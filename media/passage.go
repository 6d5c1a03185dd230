package media

import (
	"net/netip"
	"sync/atomic"
	"unsafe"
)

// commons is what a loop has of shared ports, and of those of other loops.
type commons struct {
	ports []*sharedPort // by the number that the poller knows
	busy  int           // of them
	batch *batch        // in which their datagrams arrive; nil without ports
	ahead ahead         // whose they are

	residents [batchSize]*lodger // who has the addresses that they come from
	lending   bool               // the packet that is served lies in batch, until the next flush
	lent      bool               // it is passed on from there
	visits    []*passage         // from other loops

	ways []atomic.Pointer[passage] // to other loops, by number; each is made by the other one
}

// passage carries datagrams from the loop that reads a shared port to one that serves a
// leg of it: a leg moves to the loop of whom it is joined with, a shared port does not.
// One thread writes, one reads; when it is full, the newest is dropped and counted.
type passage struct {
	knock       bool // the writer's: something was put since it knocked
	parcels     [64]parcel
	read, wrote atomic.Uint64
}

type parcel struct {
	port *Port
	what reader
	from netip.AddrPort
	size int
	data [parcelRoom]byte
}

const parcelRoom = 1024 // RTP of a telephone has under 500 bytes, its RTCP under 1000

// serveShared reads a shared port that is ready, a batch at a time.
func (l *loop) serveShared(s *sharedPort, what reader) {
	from := s.rtp
	if what == sharedReports {
		from = s.rtcp
	}
	came := 0
	for range mostRounds {
		n := from.receiveAll(l.shared.batch)
		l.serveBatch(s, what, from, n)
		l.sendBatches() // what was lent
		came += n
		if n < batchSize {
			break
		}
	}
	l.counts.came += came
	if what == sharedSound {
		l.watchWhile(s, came)
	}
}

// serveBatch serves the n datagrams that were read; what it puts to be sent may lie in the
// batch.
func (l *loop) serveBatch(s *sharedPort, what reader, from socket, n int) {
	l.recognise(s, what, from, n)
	found, known := s.found, 0
	l.shared.lending = true
	for i := range n {
		for ; known < min(n, i+foreseen); known++ {
			l.identify(s, what, known, found)
		}
		l.foresee(&l.shared.ahead, i, n)
		if p := l.shared.ahead.ports[i]; p != nil {
			l.hand(p, what-sharedSound, l.shared.batch.datagram(i), l.shared.ahead.from[i])
		}
	}
	l.shared.lending = false
}

// recognise finds who has the addresses from which the datagrams of a batch come.
func (l *loop) recognise(s *sharedPort, what reader, from socket, n int) {
	for i := range n {
		_, sender := l.shared.batch.at(i, from)
		g := s.resident(what, sender)
		l.shared.ahead.from[i], l.shared.residents[i] = sender, g
		bring(unsafe.Pointer(g), lodgerNear)
	}
}

// identify finds the port of the i-th datagram of a batch. found is how many had moved when
// they were recognised.
func (l *loop) identify(s *sharedPort, what reader, i int, found uint64) {
	a, g := &l.shared.ahead, l.shared.residents[i]
	if s.found != found { // one of the datagrams before has changed who has which address
		g = s.resident(what, a.from[i])
	}
	a.ports[i] = nil
	if g = s.whose(what, g, l.shared.batch.datagram(i), a.from[i]); g != nil {
		a.ports[i] = g.port
		bring(unsafe.Pointer(g.port), portNear)
	}
}

// hand gives a datagram to the loop that serves its port.
func (l *loop) hand(p *Port, what reader, datagram []byte, from netip.AddrPort) {
	home := p.home.Load()
	if home == l {
		l.arrive(p, what, datagram, from)
		return
	}
	w := l.shared.ways[home.number].Load()
	if w == nil || !w.put(p, what, datagram, from) {
		l.tallies.missed.Add(1)
	}
}

func (w *passage) put(p *Port, what reader, datagram []byte, from netip.AddrPort) bool {
	at := w.wrote.Load()
	if at-w.read.Load() == uint64(len(w.parcels)) || len(datagram) > parcelRoom {
		return false
	}
	x := &w.parcels[at%uint64(len(w.parcels))]
	x.port, x.what, x.from, x.size = p, what, from, copy(x.data[:], datagram)
	w.wrote.Store(at + 1)
	w.knock = true
	return true
}

// visitedFrom opens the way from the loop of a shared port.
func (l *loop) visitedFrom(other *loop) {
	if other == l || other.shared.ways[l.number].Load() != nil {
		return
	}
	w := &passage{}
	l.shared.visits = append(l.shared.visits, w)
	other.shared.ways[l.number].Store(w)
}

// receiveVisits takes what other loops have put; false when there was nothing.
func (l *loop) receiveVisits() (any bool) {
	for _, w := range l.shared.visits {
		for at := w.read.Load(); at != w.wrote.Load(); at++ {
			x := &w.parcels[at%uint64(len(w.parcels))]
			if x.port.home.Load() == l {
				l.arrive(x.port, x.what, x.data[:x.size], x.from)
			} else { // it has moved on meanwhile
				l.tallies.missed.Add(1)
			}
			x.port = nil
			w.read.Store(at + 1)
			l.counts.came++
			any = true
		}
	}
	return any
}

// knock wakes the loops for which something was put.
func (l *loop) knock() {
	for i := range l.shared.ways {
		if w := l.shared.ways[i].Load(); w != nil && w.knock {
			w.knock = false
			l.engine.loops[i].poll.ring()
		}
	}
}

// watch begins to read a shared port.
func (l *loop) watch(s *sharedPort) error {
	if l.shared.batch == nil {
		l.shared.batch = newBatch()
	}
	slot := len(l.shared.ports)
	for what, from := range map[reader]socket{sharedSound: s.rtp, sharedReports: s.rtcp} {
		if err := l.poll.add(from, slot, what); err != nil {
			return err // who closes the sockets takes them out
		}
	}
	l.shared.ports = append(l.shared.ports, s)
	return nil
}
