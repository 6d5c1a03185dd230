package media

import (
	"encoding/binary"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync/atomic"

	"breakwater/media/rtp"
)

// ErrTaken means that a party that shares a port cannot be told from another one by the
// address that was agreed, or not safely: the leg must Depart.
var ErrTaken = errors.New("media: the address cannot be told apart on a shared port")

// sharedPort is a pair of ports that many legs use at once, told apart by where their
// packets come from. One loop reads it for as long as the engine lives. Whoever is not
// known is a stranger: nobody's sound is guessed here.
type sharedPort struct {
	at        *loop
	local     netip.AddrPort
	rtp, rtcp socket
	seats     int          // legs that its receive buffer is long enough for
	legs      atomic.Int32 // legs that use it

	// From here on, only who has the loop's helm. The registries and maps are written when something
	// is agreed, ends, or falls silent, never for a packet but one that finds its leg again.
	sound   registry                  // by where sound comes from
	reports registry                  // by where RTCP comes from
	late    map[netip.AddrPort]ghosts // addresses of those who have left
	swept   int64                     // when those that nobody haunts any more were last looked for
	odd     [64]netip.Addr            // hosts of the newest strangers, by hash
	silent  map[uint32]*lodger        // who may have moved, by SSRC
	found   uint64                    // how many have moved, and were found
	busy    bool                      // the poller does not watch for its sound
	out     outbox
}

// lodger is a leg on a shared port, and the addresses that are its own there. But for
// what share sets, it belongs to the loop of the shared port.
type lodger struct {
	port      *Port
	in        *sharedPort
	before    ghosts // who had its addresses
	ssrc      uint32 // of its newest packet
	sequence  uint16
	contested bool // somebody else has claimed its address: no other stream is its own

	gone   bool
	lost   bool   // it may have moved: it is looked for, by …
	lostAs uint32 // … this SSRC

	host  netip.Addr     // its sound is agreed to come from here; invalid = from anywhere
	want  netip.AddrPort // negotiated
	next  netip.AddrPort // negotiated anew, until packets obey it
	found netip.AddrPort // where it was found again
	rtcp  netip.AddrPort
}

// ghost is the stream of a leg that has left an address: its phone may not have noticed.
type ghost struct {
	ssrc  uint32 // 0 = it was never heard: its stream is not known
	quiet int64  // ns: when it came last
	until int64  // ns: when it is forgotten at the latest
}

// ghosts are those whose late packets may still come to an address.
type ghosts []*ghost

func (g *ghost) gone(now int64) bool { return now >= g.until || now-g.quiet >= int64(drainQuiet) }

// has gives the ghost that a stream is of; nil = none.
func (gs ghosts) has(now int64, ssrc uint32) *ghost {
	for _, g := range gs {
		if g.ssrc == ssrc && !g.gone(now) {
			return g
		}
	}
	return nil
}

// left gives those that still haunt, and some more.
func (gs ghosts) left(now int64, more ...*ghost) ghosts {
	return slices.DeleteFunc(slices.Concat(gs, more), func(g *ghost) bool { return g.gone(now) })
}

func newSharedPort(at *loop, local netip.AddrPort, rtpSocket, rtcpSocket socket) *sharedPort {
	return &sharedPort{
		at: at, local: local, rtp: rtpSocket, rtcp: rtcpSocket, seats: min(mostLodgers, max(1, rtpSocket.widen()/lodgerRoom)),
		sound: newRegistry(), reports: newRegistry(), late: map[netip.AddrPort]ghosts{}, silent: map[uint32]*lodger{},
	}
}

const (
	// lodgerRoom is what a leg takes of a shared port's receive buffer: 100 ms of packets as
	// the kernel counts them, for a loop that was late.
	lodgerRoom  = 4 << 10
	mostLodgers = 1024
)

// claim makes an address a lodger's own: at once, beside the one it has, if that is
// another. ErrTaken when its packets could be those of somebody else.
func (s *sharedPort) claim(g *lodger, want, rtcp netip.AddrPort) error {
	holder, late, now := s.sound.at(want), s.late[want], s.at.now
	switch {
	case g.gone:
		return ErrClosed
	case holder != nil && holder != g:
		holder.contested = true
		return ErrTaken
	case g.host.IsValid() && want.Addr() != g.host, s.at.engine.ours(want), late.has(now, 0) != nil:
		return ErrTaken
	}
	if s.reports.at(rtcp) == nil { // if two say the same, only the first is heard
		s.forgetReports(g)
		s.reports.put(rtcp, g)
		g.rtcp = rtcp
	}
	if holder == nil {
		if own := late.has(now, g.ssrc); own != nil { // it comes back
			own.until = 0
		}
		s.sound.put(want, g)
		g.before = g.before.left(now, late...)
		delete(s.late, want)
	}
	switch want {
	case g.next:
	case g.want:
		s.vacate(g, &g.next)
	default:
		s.vacate(g, &g.next)
		g.next = want
	}
	if !g.want.IsValid() {
		s.settle(g)
	}
	return nil
}

// settle says that packets obey the newest agreement.
func (s *sharedPort) settle(g *lodger) {
	if !g.next.IsValid() {
		return
	}
	old := g.want
	g.want, g.next, g.contested = g.next, netip.AddrPort{}, false
	s.vacate(g, &old)
	s.vacate(g, &g.found)
}

// leave takes a lodger out. What still comes of it is nobody's.
func (s *sharedPort) leave(g *lodger) {
	for _, own := range []*netip.AddrPort{&g.want, &g.next, &g.found} {
		s.vacate(g, own)
	}
	s.forgetReports(g)
	s.hush(g, false)
	g.gone = true
	s.sweep()
	s.legs.Add(-1)
}

// sweep forgets the addresses that nobody haunts any more, all of them now and then:
// looking at all for each who leaves would cost a busy house more than its calls.
func (s *sharedPort) sweep() {
	now := s.at.now
	if now-s.swept < int64(drainQuiet) {
		return
	}
	s.swept = now
	maps.DeleteFunc(s.late, func(_ netip.AddrPort, old ghosts) bool {
		return !slices.ContainsFunc(old, func(g *ghost) bool { return !g.gone(now) })
	})
}

// vacate gives one address of a lodger back, if it has no other use for it. For a while
// it is haunted.
func (s *sharedPort) vacate(g *lodger, own *netip.AddrPort) {
	a := *own
	*own = netip.AddrPort{}
	if s.sound.at(a) != g || a == g.want || a == g.next || a == g.found {
		return
	}
	s.sound.drop(a)
	now := s.at.now
	s.late[a] = g.before.left(now, &ghost{ssrc: g.ssrc, quiet: now, until: now + int64(s.at.engine.settings.Drain)})
}

func (s *sharedPort) forgetReports(g *lodger) {
	if s.reports.at(g.rtcp) == g {
		s.reports.drop(g.rtcp)
	}
}

// hush says that a lodger has fallen silent outside hold, and may have moved; or that it
// is heard again.
func (s *sharedPort) hush(g *lodger, silent bool) {
	switch {
	case g.lost && !silent:
		delete(s.silent, g.lostAs)
		g.lost = false
	case silent && !g.lost && !g.gone && s.silent[g.ssrc] == nil: // of two with one SSRC only the first is looked for
		g.lost, g.lostAs = true, g.ssrc
		s.silent[g.ssrc] = g
	}
}

// resident gives who has an address; nil = nobody.
func (s *sharedPort) resident(what reader, from netip.AddrPort) *lodger {
	if what == sharedReports {
		return s.reports.at(from)
	}
	return s.sound.at(from)
}

// whose tells which lodger a datagram is of, nil when it is nobody's; then it is counted. g
// is the resident of where it comes from.
func (s *sharedPort) whose(what reader, g *lodger, datagram []byte, from netip.AddrPort) *lodger {
	if what == sharedReports {
		if g == nil {
			s.at.tallies.strangers.Add(1)
		}
		return g
	}
	if len(datagram) < rtp.HeaderSize {
		s.at.tallies.malformed.Add(1)
		return nil
	}
	if rtp.IsReport(datagram) {
		if g == nil {
			s.at.tallies.strangers.Add(1)
		}
		return g
	}
	sequence, ssrc := binary.BigEndian.Uint16(datagram[2:]), binary.BigEndian.Uint32(datagram[8:])
	switch {
	case g == nil:
		if g = s.again(from, ssrc, sequence); g == nil {
			return nil
		}
	case g.before != nil && s.drained(g.before, ssrc):
		return nil
	case g.contested && ssrc != g.ssrc:
		s.at.tallies.strangers.Add(1)
		return nil
	}
	g.ssrc, g.sequence = ssrc, sequence
	return g
}

// again finds who speaks from an address that is nobody's: a lodger that was silent, if
// its stream goes on.
func (s *sharedPort) again(from netip.AddrPort, ssrc uint32, sequence uint16) *lodger {
	if late := s.late[from]; late != nil && s.drained(late, ssrc) {
		return nil
	}
	g := s.silent[ssrc]
	if g == nil || s.at.engine.ours(from) || s.at.now-g.port.heard.Load() < int64(silence) || !continues(g.sequence, sequence) {
		s.at.tallies.strangers.Add(1)
		s.odd[hashed(from.Addr())%len(s.odd)] = from.Addr()
		return nil
	}
	s.vacate(g, &g.found)
	s.sound.put(from, g)
	g.found = from
	s.found++
	g.before = g.before.left(s.at.now, s.late[from]...)
	delete(s.late, from)
	s.hush(g, false)
	return g
}

// drained counts a late packet of those who had an address before.
func (s *sharedPort) drained(before ghosts, ssrc uint32) bool {
	old := before.has(s.at.now, ssrc)
	if old == nil {
		old = before.has(s.at.now, 0) // now its stream is known
	}
	if old == nil {
		return false
	}
	old.ssrc, old.quiet = ssrc, s.at.now
	s.at.tallies.drained.Add(1)
	return true
}
