package media

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"breakwater/media/rtp"
)

// reports is the RTCP side of a port: the loop's.
type reports struct {
	// What is looked at ten times a second stands at the beginning.
	next     int64 // ns: when ours is due
	minutes  minutes
	discards discards

	from netip.AddrPort // where the party's reports come from
	sent uint32         // packets sent when the last was made

	lastSR   uint32 // of the party's newest sender report
	lastTime int64  // ns: when that came

	roundTrip time.Duration
	farHeard  bool // the party has told how it hears us
	farLost   uint64
	farJitter time.Duration

	rating    rating // of what comes from the party
	farRating rating // of what it hears
}

const reportEvery = 5 * time.Second // RFC 3550 §6.2; each is moved by up to half, so that calls do not report in step

// report sends what is due.
func (l *loop) report(p *Port) {
	s := &p.in.reports
	p.rate(l.now)
	if s.next == 0 {
		s.next = l.now + rand.Int64N(int64(reportEvery)/2) + int64(reportEvery)/4
	}
	if l.now < s.next {
		return
	}
	s.next = l.now + int64(reportEvery)/2 + rand.Int64N(int64(reportEvery))
	l.sendReport(p, false)
}

// farewell tells the party that nothing more comes.
func (l *loop) farewell(p *Port) {
	if p.out.line.Packets > 0 {
		l.sendReport(p, true)
	}
}

func (l *loop) sendReport(p *Port, bye bool) {
	s := &p.in.reports
	to := l.reportsTo(p)
	if !to.IsValid() {
		return
	}
	now := rtp.NTP(l.engine.moment(l.now))
	r := rtp.Report{SSRC: p.out.line.SSRC, Bye: bye}
	if r.Sender = p.out.line.Packets != s.sent; r.Sender {
		s.sent = p.out.line.Packets
		r.Sending = rtp.Sending{
			NTP: now, Timestamp: p.out.line.Newest(units(l.now)),
			Packets: p.out.line.Packets, Octets: p.out.line.Octets,
		}
	}
	if r.Reception, r.Heard = p.in.stats.Report(); r.Heard && s.lastTime != 0 {
		r.Reception.LastSR = s.lastSR
		r.Reception.Delay = uint32((l.now - s.lastTime) << 16 / 1e9)
	}
	if !r.Sender && !r.Heard && !bye {
		return
	}
	if !p.rtcp.send(&l.air, r.Append(l.reportRoom[:0], p.in.cname), to) {
		l.tallies.unsent.Add(1)
	}
}

// rate closes the minute of a leg that has passed, if it has.
func (p *Port) rate(now int64) {
	s := &p.in.reports
	played, missed := p.played()
	if !s.minutes.turn(now) {
		return
	}
	s.rating.close(s.minutes.over, played, missed, p.delay())
	came, farDelay := s.far(p.out.sent)
	s.farRating.close(s.minutes.over, came, s.farLost, farDelay)
	s.minutes.over++
}

// played is how many packets of the party came in time to be heard, and how many did not.
func (p *Port) played() (played, missed uint64) {
	packets, thrown := p.in.stats.Packets(), uint64(0)
	if r := p.in.obeys; r != nil {
		thrown = min(packets, p.in.reports.discards.count(r.seat))
	}
	return packets - thrown, p.in.stats.Lost() + thrown
}

// far is what the party tells of our packets: how many came, and how late they are heard. None
// came if it tells nothing.
func (s *reports) far(sent uint64) (came uint64, delay time.Duration) {
	if !s.farHeard {
		return 0, 0
	}
	return sent - min(sent, s.farLost), s.roundTrip/2 + 20*time.Millisecond + 2*s.farJitter
}

// farOpinion is the estimated mean opinion of what the party hears.
func (s *reports) farOpinion(sent uint64) float64 {
	if !s.farHeard {
		return 0
	}
	came, delay := s.far(sent)
	return opinion(came, s.farLost, delay)
}

// reportsTo is where the party hears reports: where its own come from, unless it has moved
// since, else where it said, else the port above its sound.
func (l *loop) reportsTo(p *Port) netip.AddrPort {
	r := l.follow(p)
	to, from := p.in.latch.target(), p.in.reports.from
	switch {
	case from.IsValid() && p.reportsAt(r, from.Addr()):
		return from
	case r.desc.RTCP.IsValid() && r.desc.RTCP.Port() != 0:
		return r.desc.RTCP
	case !to.IsValid() || to.Port() == 65535:
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(to.Addr(), to.Port()+1)
}

// hearReport takes an RTCP packet, if it is the party's. muxed = it came among the
// sound, which is no place to send ours to.
func (l *loop) hearReport(p *Port, packet []byte, from netip.AddrPort, muxed bool) {
	r := l.follow(p)
	if !r.agreed || !p.reportsAt(r, from.Addr()) {
		p.in.strangers++
		l.tallies.strangers.Add(1)
		return
	}
	rep, ok := rtp.ParseReport(packet, p.out.line.SSRC)
	if !ok {
		l.tallies.malformed.Add(1)
		return
	}
	// A neighbour behind the same address must not turn our reports to itself.
	if rep.SSRC != p.in.stats.SSRC && p.in.stats.Packets() > 0 && !l.reportsFrom(p, r, from) {
		p.in.strangers++
		l.tallies.strangers.Add(1)
		return
	}
	p.reported.Store(l.now)
	s := &p.in.reports
	if !muxed {
		s.from = from
	}
	if rep.Sender {
		s.lastSR, s.lastTime = rtp.Middle(rep.Sending.NTP), l.now
	}
	if !rep.Heard {
		return
	}
	s.farHeard = true
	s.farLost = uint64(max(0, rep.Reception.Lost))
	s.farJitter = span(rep.Reception.Jitter)
	if d, ok := rep.Reception.RoundTrip(rtp.NTP(l.engine.moment(l.now))); ok {
		s.roundTrip = d
	}
}

// reportsAt tells whether the party's reports may come from a host, and ours go there: the one
// where it is heard, or the one that it said.
func (p *Port) reportsAt(r *route, host netip.Addr) bool {
	return host == p.in.latch.target().Addr() || host == r.desc.RTCP.Addr()
}

// reportsFrom tells whether a source is where the party's reports were agreed to come
// from, or have come from.
func (l *loop) reportsFrom(p *Port, r *route, from netip.AddrPort) bool {
	to := p.in.latch.target()
	return from == p.in.reports.from || from == r.desc.RTCP || from == to ||
		from.Addr() == to.Addr() && from.Port() == to.Port()+1
}
