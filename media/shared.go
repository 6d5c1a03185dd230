package media

import (
	"encoding/binary"
	"errors"
	"net/netip"
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

	// From here on, only the loop's thread. The maps are written when something is agreed,
	// ends, or falls silent, never for a packet but one that finds its leg again.
	sound   map[netip.AddrPort]*lodger // by where sound comes from
	reports map[netip.AddrPort]*lodger // by where RTCP comes from
	late    map[netip.AddrPort]*ghost  // addresses of those who have left
	odd     [64]netip.Addr             // hosts of the newest strangers, by hash
	silent  map[uint32]*lodger         // who may have moved, by SSRC
	out     outbox
}

// lodger is a leg on a shared port, and the addresses that are its own there. But for
// what share sets, it belongs to the loop of the shared port.
type lodger struct {
	port *Port
	in   *sharedPort
	host netip.Addr // its sound comes from here; invalid = it may come from anywhere

	want  netip.AddrPort // negotiated
	next  netip.AddrPort // negotiated anew, until packets obey it
	found netip.AddrPort // where it was found again
	rtcp  netip.AddrPort

	ssrc      uint32 // of its newest packet
	sequence  uint16
	lost      bool   // it may have moved: it is looked for, by …
	lostAs    uint32 // … this SSRC
	contested bool   // somebody else has claimed its address: no other stream is its own
	gone      bool
	before    *ghost // who had its address
}

// ghost is the stream of a leg that has ended: its phone may not have noticed.
type ghost struct {
	ssrc  uint32
	quiet int64 // ns: when it came last
	until int64 // ns: when it is forgotten at the latest
}

// haunts tells whether a ghost's late packets still have to be expected.
func (g *ghost) haunts(now int64) bool {
	return g != nil && now < g.until && now-g.quiet < int64(drainQuiet)
}

func newSharedPort(at *loop, local netip.AddrPort, rtpSocket, rtcpSocket socket) *sharedPort {
	return &sharedPort{
		at: at, local: local, rtp: rtpSocket, rtcp: rtcpSocket, seats: min(mostLodgers, rtpSocket.widen()/lodgerRoom),
		sound: map[netip.AddrPort]*lodger{}, reports: map[netip.AddrPort]*lodger{},
		late: map[netip.AddrPort]*ghost{}, silent: map[uint32]*lodger{},
	}
}

const (
	// lodgerRoom is what a leg takes of a shared port's receive buffer: 100 ms of packets as
	// the kernel counts them, for a loop that was late.
	lodgerRoom  = 4 << 10
	mostLodgers = 1024
)

// claim makes an address a lodger's own: at once, beside the one it has, if that is
// another. ErrTaken when it is somebody else's.
func (s *sharedPort) claim(g *lodger, want, rtcp netip.AddrPort) error {
	switch {
	case g.gone:
		return ErrClosed
	case g.host.IsValid() && want.Addr() != g.host, s.at.engine.ours(want):
		return ErrTaken
	}
	if holder := s.sound[want]; holder != nil && holder != g {
		holder.contested = true
		return ErrTaken
	}
	if s.reports[rtcp] == nil { // if two say the same, only the first is heard
		s.forgetReports(g)
		s.reports[rtcp], g.rtcp = g, rtcp
	}
	switch {
	case want == g.want || want == g.next:
		return nil
	case !g.want.IsValid():
		g.want = want
	default:
		s.vacate(g, &g.next)
		g.next = want
	}
	s.sound[want] = g
	g.before = s.late[want]
	delete(s.late, want)
	return nil
}

// settle says that packets obey the newest agreement.
func (s *sharedPort) settle(g *lodger) {
	if g.next.IsValid() {
		s.vacate(g, &g.want)
		s.vacate(g, &g.found)
		g.want, g.next, g.contested = g.next, netip.AddrPort{}, false
	}
}

// leave takes a lodger out. What still comes of it is nobody's.
func (s *sharedPort) leave(g *lodger) {
	for _, own := range []*netip.AddrPort{&g.want, &g.next, &g.found} {
		s.vacate(g, own)
	}
	s.forgetReports(g)
	s.hush(g, false)
	g.gone = true
	for a, was := range s.late {
		if !was.haunts(s.at.now) {
			delete(s.late, a)
		}
	}
	s.legs.Add(-1)
}

// vacate gives one address of a lodger back. For a while it is haunted.
func (s *sharedPort) vacate(g *lodger, own *netip.AddrPort) {
	if s.sound[*own] == g {
		delete(s.sound, *own)
		s.late[*own] = &ghost{ssrc: g.ssrc, quiet: s.at.now, until: s.at.now + int64(s.at.engine.settings.Drain)}
	}
	*own = netip.AddrPort{}
}

func (s *sharedPort) forgetReports(g *lodger) {
	if s.reports[g.rtcp] == g {
		delete(s.reports, g.rtcp)
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

// whose tells which lodger a datagram is of, nil when it is nobody's; then it is counted.
func (s *sharedPort) whose(what reader, datagram []byte, from netip.AddrPort) *lodger {
	if what == sharedReports {
		g := s.reports[from]
		if g == nil {
			s.at.tallies.strangers.Add(1)
		}
		return g
	}
	if len(datagram) < rtp.HeaderSize {
		s.at.tallies.malformed.Add(1)
		return nil
	}
	g := s.sound[from]
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
	case g.before != nil && g.before.ssrc == ssrc && g.before.haunts(s.at.now):
		g.before.quiet = s.at.now
		s.at.tallies.drained.Add(1)
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
	now := s.at.now
	if old := s.late[from]; old.haunts(now) {
		old.quiet = now
		s.at.tallies.drained.Add(1)
		return nil
	}
	g := s.silent[ssrc]
	if g == nil || s.at.engine.ours(from) || now-g.port.heard.Load() < silence || !continues(g.sequence, sequence) {
		s.at.tallies.strangers.Add(1)
		s.odd[hashed(from.Addr())%len(s.odd)] = from.Addr()
		return nil
	}
	s.vacate(g, &g.found)
	s.sound[from], g.found = g, from
	s.hush(g, false)
	return g
}
