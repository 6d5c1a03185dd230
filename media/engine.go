package media

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Engine owns the RTP port range and the packet loops.
type Engine struct {
	settings Settings
	log      *slog.Logger
	began    time.Time // the zero of every loop's clock
	loops    []*loop
	crowded  int32 // ports of a loop, from which on another one is woken
	clerk    *clerk
	scribe   *scribe
	steward  *steward
	tallies  tallies
	sharing  sharing
	kinds    kinds
	doors    []atomic.Pointer[netip.AddrPort] // by pair, if it is bound: for loops that meet one of our own ports

	mu     sync.Mutex // guards what follows, for a few lines at a time
	pairs  *pairs
	open   map[*Port]struct{}
	lasts  []last // by pair
	closed bool
}

// last is the party of the call that had a pair before: its phone may not have noticed
// the end, and goes on even after the drain.
type last struct {
	from netip.AddrPort
	ssrc uint32
}

// Open checks the settings and starts the loops.
func Open(s Settings, log *slog.Logger) (*Engine, error) {
	s = s.WithDefaults()
	if wrong := s.Check(); len(wrong) > 0 {
		var lines []string
		for _, key := range slices.Sorted(maps.Keys(wrong)) {
			lines = append(lines, key+" "+wrong[key])
		}
		return nil, fmt.Errorf("media settings: %s", strings.Join(lines, "; "))
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		settings: s, log: log, began: time.Now(), crowded: crowded,
		pairs: newPairs(s.PortLow, s.PortHigh, rand.Int()),
		open:  map[*Port]struct{}{},
	}
	var err error
	if e.scribe, err = newScribe(s.Recording, e.clock, log, &e.tallies); err != nil {
		return nil, fmt.Errorf("media settings: recording: %w", err)
	}
	e.doors, e.lasts = make([]atomic.Pointer[netip.AddrPort], e.pairs.total()), make([]last, e.pairs.total())
	for number := range s.Loops {
		l, err := openLoop(e, number)
		if err != nil {
			return nil, errors.Join(err, e.closePollers())
		}
		e.loops = append(e.loops, l)
	}
	e.clerk, e.steward = newClerk(e.loops, log), newSteward(log, e.ports)
	go e.steward.run()
	go e.clerk.run()
	go e.scribe.run()
	for _, l := range e.loops {
		go l.run()
	}
	return e, nil
}

// Settings are those the engine was opened with, defaults filled in.
func (e *Engine) Settings() Settings { return e.settings }

// Close ends the loops and every port. It returns when no goroutine is left.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return ErrClosed
	}
	e.closed = true
	ports := slices.Collect(maps.Keys(e.open))
	e.mu.Unlock()

	for _, p := range ports {
		p.Close()
	}
	var errs []error
	for _, l := range e.loops {
		l.post(job{run: func(l *loop) { l.stop = true }})
		<-l.done
	}
	e.clerk.close()
	e.steward.close()
	errs = append(errs, e.scribe.close(), e.closePollers())
	return errors.Join(errs...)
}

func (e *Engine) closePollers() error {
	var errs []error
	for _, l := range e.loops {
		errs = append(errs, l.poll.close())
	}
	return errors.Join(errs...)
}

// Port binds an even RTP port and the odd RTCP port above it on local, the
// address that the party reaches us by. ErrNoPorts when the range, or the machine's
// descriptors, are used up.
func (e *Engine) Port(local netip.Addr) (*Port, error) { return e.own(local, e.loopFor()) }

// crowded is how many ports keep a loop busy: before, it is cheaper to give it more to do
// at each of its ticks than to have another one wake up as often.
const crowded = 800

// loopFor is the loop for a leg that is near nobody: the one that has most to do without
// being crowded, so that others may sleep. Where all are crowded, the one with least.
func (e *Engine) loopFor() *loop {
	var best *loop
	for _, l := range e.loops {
		if n := l.load.Load(); n < e.crowded && (best == nil || n > best.load.Load()) {
			best = l
		}
	}
	if best != nil {
		return best
	}
	return slices.MinFunc(e.loops, func(a, b *loop) int { return cmp.Compare(a.load.Load(), b.load.Load()) })
}

// own opens a leg with a port of its own.
func (e *Engine) own(local netip.Addr, l *loop) (*Port, error) {
	rtp, rtcp, number, err := e.bind(local)
	if err != nil {
		return nil, err
	}
	at := netip.AddrPortFrom(local, number)
	p := newPort(e, at, rtp, rtcp)
	p.home.Store(l)
	p.in.last = e.lastOf(at)
	e.doors[e.pair(at)].Store(&at)
	err = ErrClosed
	if !p.do(func(l *loop) { err = l.adopt(p) }) || err != nil {
		e.giveBack(rtp, rtcp, at)
		return nil, fmt.Errorf("open port %d: %w", number, e.refusal(err))
	}
	if err := e.opened(p); err != nil {
		return nil, err
	}
	return p, nil
}

// opened lets a port be closed with the engine.
func (e *Engine) opened(p *Port) error {
	e.mu.Lock()
	late := e.closed
	if !late {
		e.open[p] = struct{}{}
	}
	e.mu.Unlock()
	if late {
		p.Close()
		return ErrClosed
	}
	return nil
}

// ports is how many are open, each leg's counted.
func (e *Engine) ports() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.open)
}

// bind finds a pair of ports that we may have: those that somebody else on this
// machine uses are passed over.
func (e *Engine) bind(local netip.Addr) (rtp, rtcp socket, number uint16, err error) {
	var foreign []uint16 // given back at the end, so that the search moves on
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, port := range foreign {
			e.pairs.give(port)
		}
	}()
	for {
		e.mu.Lock()
		closed := e.closed
		number, ok := e.pairs.take()
		e.mu.Unlock()
		if closed && ok {
			foreign = append(foreign, number)
		}
		if closed {
			return rtp, rtcp, 0, ErrClosed
		}
		if !ok {
			e.tallies.refused.Add(1)
			return rtp, rtcp, 0, ErrNoPorts
		}
		rtp, rtcp, err = openPair(local, number)
		switch {
		case err == nil:
			return rtp, rtcp, number, nil
		case taken(err):
			foreign = append(foreign, number)
			continue
		}
		foreign = append(foreign, number)
		return rtp, rtcp, 0, e.refusal(err)
	}
}

// refusal says ErrNoPorts of an error by which the machine has nothing left, and counts it.
func (e *Engine) refusal(err error) error {
	if !exhausted(err) {
		return err
	}
	e.tallies.refused.Add(1)
	return fmt.Errorf("%w: %w", ErrNoPorts, err)
}

func openPair(local netip.Addr, number uint16) (rtp, rtcp socket, err error) {
	if rtp, err = openSocket(netip.AddrPortFrom(local, number)); err != nil {
		return rtp, rtcp, err
	}
	if rtcp, err = openSocket(netip.AddrPortFrom(local, number+1)); err != nil {
		return rtp, rtcp, errors.Join(err, rtp.close())
	}
	return rtp, rtcp, nil
}

// unbind ends what a port has of the machine: its number and its sockets, if they are its
// own.
func (e *Engine) unbind(p *Port) {
	e.closing(p)
	if g := p.in.lodger; g != nil {
		return
	}
	if party := &p.in.latch; party.locked.IsValid() {
		e.mu.Lock()
		e.lasts[e.pair(p.Local())] = last{from: party.locked, ssrc: party.ssrc}
		e.mu.Unlock()
	}
	e.giveBack(p.rtp, p.rtcp, p.Local())
}

// giveBack closes a pair of sockets and gives their number back.
func (e *Engine) giveBack(rtp, rtcp socket, at netip.AddrPort) {
	_, _ = rtp.close(), rtcp.close() // a UDP socket has nothing left to fail at
	e.doors[e.pair(at)].Store(nil)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pairs.give(at.Port())
}

// lastOf is the party that had an address of ours before.
func (e *Engine) lastOf(at netip.AddrPort) last {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lasts[e.pair(at)]
}

// pair is the number of the pair that an address of ours belongs to.
func (e *Engine) pair(at netip.AddrPort) int { return int(at.Port()-e.settings.PortLow) / 2 }

// ours tells whether an address is that of one of our own ports.
func (e *Engine) ours(a netip.AddrPort) bool {
	i := (int(a.Port()) - int(e.settings.PortLow)) / 2
	if i < 0 || i >= len(e.doors) {
		return false
	}
	at := e.doors[i].Load()
	return at != nil && plain(*at) == a
}

// Usage tells how the range is used: pairs of open ports, shared ones counted once,
// draining ones, and the total.
func (e *Engine) Usage() (open, draining, total int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for p := range e.open {
		if !p.Shared() {
			open++
		}
	}
	draining = e.pairs.busy - open - len(e.sharing.ports)
	for _, s := range e.sharing.ports {
		if s.legs.Load() > 0 {
			open++
		}
	}
	return open, draining, e.pairs.total()
}

// clock is the time of every loop: nanoseconds since the engine was opened.
func (e *Engine) clock() int64 { return int64(time.Since(e.began)) }

// moment turns the loops' time into time of day.
func (e *Engine) moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return e.began.Add(time.Duration(ns))
}

// closing says that a port is not open any more; its number stays taken until it is
// drained.
func (e *Engine) closing(p *Port) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.open, p)
}
