package media

import (
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// loop serves many ports on one operating system thread: it alone reads and writes
// their sockets and touches what is marked as the loop's in Port. Others reach it by
// jobs, which they do in its stead while it sleeps (stead.go), or by the route they leave
// at a port.
type loop struct {
	engine  *Engine
	number  int // among the engine's
	poll    *poller
	inbox   inbox
	load    atomic.Int32 // ports it serves
	tallies tallies
	done    chan struct{}
	helm    sync.Mutex // held by who touches what follows: the loop's thread while it is awake, or a stand-in

	// From here on, only who has the helm.
	wakes      int64   // ms: when its thread will have slept enough
	slots      []*Port // by the number that the poller knows
	free       []int   // of them
	shared     commons
	wheel      wheel
	chores     chores
	now        int64 // ns of the engine's clock, read once a pass
	air        air
	frame      [frameRoom]byte  // where players build packets
	said       [frameRoom]byte  // what a measured party has said in the packet that is served
	mixed      [wideFrame]int16 // what one party hears in a room
	other      [wideFrame]int16 // the same, or what one says there, at another rate
	reportRoom [256]byte
	stop       bool
	digits     digitQueue // read by the clerk
	ahead      ahead
	counts     counts
}

// counts are what a loop has counted since it last entered it in its tallies: what happens to
// every packet is not worth an atomic addition each.
type counts struct {
	received, sent, relayed uint64
	ticks, belated          uint64
	came                    int // datagrams that the newest pass has read; entered nowhere
}

// enter enters the counts in the tallies.
func (l *loop) enter() {
	if c := &l.counts; c.received|c.sent != 0 {
		l.tallies.received.Add(c.received)
		l.tallies.sent.Add(c.sent)
		l.tallies.relayed.Add(c.relayed)
		c.received, c.sent, c.relayed = 0, 0, 0
	}
	if c := &l.counts; c.ticks != 0 {
		l.tallies.ticks.Add(c.ticks)
		l.tallies.belated.Add(c.belated)
		c.ticks, c.belated = 0, 0
	}
}

// biggest datagram that is read; RTP of a telephone has under 500 bytes. What is
// longer is refused.
const biggest = 2048

// reader is what is read when a socket is ready.
type reader uint8

const (
	itsSound    reader = iota // of a port
	itsReports                // RTCP of a port
	sharedSound               // of a shared port
	sharedReports
)

const (
	mostReady  = 256 // sockets that one look tells of
	mostRounds = 64  // looks in one pass, so that timers are never starved
	mostVain   = 64  // packets of others that are thrown away in one pass to come to the party's
)

// job is a piece of control work for the thread that serves port at that moment.
type job struct {
	port *Port // nil: for the loop itself
	run  func(l *loop)
	done chan *broken // has room for one, and is closed when it ran, or never will because its loop has ended; nil = nobody waits
}

// inbox is unbounded, but nearly every sender waits for its job, and legs on shared ports
// ask for a few in their lives: it never holds more than there are goroutines that control
// calls, and a few for each leg.
type inbox struct {
	mu      sync.Mutex
	jobs    []job
	closed  bool
	pending atomic.Bool
}

// put tells whether j is the first since the last take, and must be seen to: whoever takes
// later takes all. ok is false when nobody will.
func (b *inbox) put(j job) (first, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false, false
	}
	b.jobs = append(b.jobs, j)
	return !b.pending.Swap(true), true
}

func (b *inbox) take() []job {
	b.mu.Lock()
	defer b.mu.Unlock()
	jobs := b.jobs
	b.jobs = nil
	b.pending.Store(false)
	return jobs
}

// close refuses further jobs and gives those that were not taken.
func (b *inbox) close() []job {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.jobs
}

func openLoop(e *Engine, number int) (*loop, error) {
	poll, err := openPoller()
	if err != nil {
		return nil, err
	}
	l := &loop{
		engine: e, number: number, poll: poll, done: make(chan struct{}),
		shared: commons{ways: make([]atomic.Pointer[passage], e.settings.Loops)},
	}
	l.helm.Lock() // its thread's, when it begins
	return l, nil
}

// post gives a job to the loop; false when the loop has ended.
func (l *loop) post(j job) bool {
	first, ok := l.inbox.put(j)
	if first {
		l.seeTo()
	}
	return ok
}

// order runs f at the helm of the loop and waits until it has run. false when the loop
// has ended.
func (l *loop) order(f func(*loop)) bool { return l.command(nil, f) }

// command is order for the loop that serves p, if p is not nil. The loop is the one that
// served it a moment ago.
func (l *loop) command(p *Port, f func(*loop)) bool {
	if l.inStead(p, f) {
		return true
	}
	ran := false
	j := job{port: p, run: func(l *loop) { ran = true; f(l) }, done: make(chan *broken, 1)}
	if !l.post(j) {
		return false
	}
	if b := <-j.done; b != nil {
		panic(b) // as it does in the sender's own stead
	}
	return ran
}

// ask runs f at the helm of another loop, at once if that is this one; nobody waits for it.
func (l *loop) ask(other *loop, f func(*loop)) {
	if other == l {
		f(l)
		return
	}
	other.post(job{run: f})
}

// run serves until a job sets stop. Then nobody ever gets the helm again.
func (l *loop) run() {
	runtime.LockOSThread() // and never unlocked: the thread ends here, with its priority
	hurry()
	defer close(l.done)
	l.now = l.engine.clock()
	l.wheel.start(ms(l.now))
	for !l.stop {
		if left := l.pass(l.sleep()) - l.engine.clock(); left > 0 {
			l.poll.rest(time.Duration(left))
		}
		l.now = l.engine.clock()
	}
	for _, j := range l.inbox.close() {
		l.work(j)
	}
	l.end()
}

// pass serves what is ready: packets, then timers, then jobs. It tells until when the thread
// rests, in ns of the engine's clock: 0 if there were no packets.
func (l *loop) pass(n int) (until int64) {
	l.now, l.counts.came = l.engine.clock(), 0
	rests := l.receiveVisits() || l.shared.busy > 0
	l.serveBusy()
	for round := 0; n > 0 && round < mostRounds; round++ {
		l.look(n)
		for i := range n {
			l.foresee(&l.ahead, i, n)
			if r, ok := l.poll.at(i); ok {
				rests = true
				l.serve(r)
			}
		}
		if n < mostReady { // what comes meanwhile is for the next tick
			break
		}
		n = l.poll.found()
	}
	for t := l.wheel.due(ms(l.now)); t != nil; t = l.wheel.due(ms(l.now)) {
		l.counts.ticks++
		l.counts.belated += uint64(max(0, ms(l.now)-t.due))
		switch {
		case t.room != nil:
			l.mix(t.room)
		case t == &l.chores.timer:
			l.serveTurns()
		case t == &t.port.in.empty:
			l.drained(t.port)
		default:
			l.pace(t.port)
		}
	}
	jobs := l.inbox.pending.Load()
	l.workAll()
	l.finish()
	if !rests {
		return 0
	}
	return l.now + int64(tickAfter(l.counts.came, jobs))
}

// finish sends what a pass has left in the batches, enters what was counted once all of it has
// left, and tells other loops what was put there for them.
func (l *loop) finish() {
	l.sendBatches()
	l.enter()
	l.knock()
	if l.air.bounced > 0 {
		l.tallies.bounced.Add(l.air.bounced)
		l.air.bounced = 0
	}
}

// sendBatches sends what is in the batches of the shared ports.
func (l *loop) sendBatches() {
	for _, s := range l.shared.ports {
		if failed := s.out.flush(s.rtp); failed > 0 {
			l.tallies.unsent.Add(uint64(failed))
		}
	}
}

// work runs a job, or sends it after a port that has moved to another loop.
func (l *loop) work(j job) {
	if j.port != nil {
		if home := j.port.home.Load(); home != l && home.post(j) {
			return
		} else if home != l {
			j.end()
			return
		}
	}
	defer j.end()
	defer l.outlive(j)
	j.run(l)
}

// end tells who waits.
func (j job) end() {
	if j.done != nil {
		close(j.done)
	}
}

// serve reads a socket that is ready: one packet of the party, and what others have put
// before it.
func (l *loop) serve(r ready) {
	if r.what >= sharedSound {
		l.serveShared(l.shared.ports[r.slot], r.what)
		return
	}
	p := l.slots[r.slot]
	if p == nil || p.in.lodger != nil { // of what was released since the poller told of it
		return
	}
	s := p.rtp
	if r.what == itsReports {
		s = p.rtcp
	}
	for range mostVain {
		n, from, ok := s.receive(&l.air)
		if !ok {
			return
		}
		l.counts.came++
		l.arrive(p, r.what, l.air.packet[:n], from)
		if p.heard.Load() == l.now {
			return
		}
	}
}

// arrive takes one datagram for a port.
func (l *loop) arrive(p *Port, what reader, datagram []byte, from netip.AddrPort) {
	switch {
	case len(datagram) > biggest:
		l.tallies.malformed.Add(1)
	case p.in.draining:
		p.in.quiet = l.now
		l.tallies.drained.Add(1)
	case what == itsReports:
		l.hearReport(p, datagram, from, false)
	default:
		l.receive(p, datagram, from)
	}
}

// adopt begins to serve a port.
func (l *loop) adopt(p *Port) error {
	slot := len(l.slots)
	if n := len(l.free); n > 0 {
		slot, l.free = l.free[n-1], l.free[:n-1]
	} else {
		l.slots = append(l.slots, nil)
	}
	l.slots[slot] = p
	p.in.slot = slot
	l.load.Add(1)
	if g := p.in.lodger; g != nil {
		l.visitedFrom(g.in.at)
	} else if err := errors.Join(l.poll.add(p.rtp, slot, itsSound), l.poll.add(p.rtcp, slot, itsReports)); err != nil {
		l.release(p)
		return err
	}
	l.awaitTurn()
	if p.out.pacing {
		l.wheel.arm(&p.out.pace, p.out.due)
	}
	l.awaitTail(p)
	return nil
}

// release ends serving a port, if it is served; its sockets stay open and keep what
// arrives.
func (l *loop) release(p *Port) {
	if p.in.slot == nowhere {
		return
	}
	if p.in.lodger == nil {
		_, _ = l.poll.remove(p.rtp), l.poll.remove(p.rtcp)
	}
	l.wheel.stop(&p.in.empty)
	l.wheel.stop(&p.out.pace)
	l.slots[p.in.slot] = nil
	l.free = append(l.free, p.in.slot)
	p.in.slot = nowhere
	if l.load.Add(-1) == 0 {
		l.wheel.stop(&l.chores.timer)
	}
}

const nowhere = -1 // the slot of a port that no loop serves

// ms is the loop's clock in whole milliseconds.
func ms(ns int64) int64 { return ns / 1e6 }

// units is the loop's clock in timestamp units.
func units(ns int64) int64 { return ns / (1e9 / 8000) }
