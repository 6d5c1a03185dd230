package media

import (
	"net/netip"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// inbound is the receiving side of a port: the loop's.
type inbound struct {
	obeys    *route      // the route that was followed last
	shared   *sharedPort // nil = the port is the leg's own
	keysOf   uint32      // the SSRC that keys listens to
	draining bool
	missed   bool           // silent outside hold
	tied     netip.AddrPort // whom alone the kernel lets through to us; invalid = everybody
	murmur   murmur
	stats    rtp.Receiver
	voice    voice
	latch    latch // its own rare part is its last

	// What follows is not looked at for a packet of sound; as far as the first fields of
	// reports for a chore.
	lodger    *lodger // on shared; nil = the port is the leg's own
	slot      int
	quietly   bool // the newest chore told nothing
	reports   reports
	last      last // the party of the call before
	keys      dtmf.Collector
	empty     timer // while draining
	cname     string
	quiet     int64 // ns: while draining, when something came last
	deadline  int64 // ns: when draining ends at the latest
	strangers uint64
}

const comfort = 13 // payload type of comfort noise (RFC 3389), which nobody agrees on and some send

// follow gives the route that packets obey now, and does what a new one changes.
func (l *loop) follow(p *Port) *route {
	r := p.route.Load()
	if r != p.in.obeys {
		l.turn(p, p.in.obeys, r)
	}
	return r
}

// turn makes a port obey a new route.
func (l *loop) turn(p *Port, old, r *route) {
	p.in.obeys = r
	before := p.in.latch.want
	p.in.latch.agree(r.desc.Remote)
	p.in.latch.host = r.desc.Host.Unmap().WithZone("")
	if p.in.latch.want != before {
		p.in.reports.from = netip.AddrPort{}
		if g := p.in.lodger; g != nil {
			l.ask(g.in.at, func(*loop) { g.in.settle(g) })
		}
		l.tie(p, r)
	}
	if old == nil {
		return
	}
	if old.peer != r.peer || old.seat != r.seat || old.samples != r.samples || old.desc.Codec != r.desc.Codec {
		p.out.cut, p.out.passing, p.in.murmur = cut{}, passing{}, murmur{}
	}
	if old.held() && !r.held() {
		p.in.latch.resume(l.now)
	}
}

// held tells whether the party may be silent because it was agreed so.
func (r *route) held() bool { return !r.desc.Send || !r.desc.Recv }

// content is what a packet holds, by its payload type.
type content uint8

const (
	foreign content = iota // nothing that was agreed
	voiced
	keyed
	comforting
)

// content tells what a packet holds. table makes sound of the former codec sound of the
// present one; nil = it is.
func (r *route) content(now int64, payload uint8) (c content, table *[256]byte) {
	was := &r.former
	switch {
	case !r.agreed:
		return foreign, nil
	case r.desc.DTMF != 0 && payload == r.desc.DTMF:
		return keyed, nil
	case payload == r.desc.Payload:
		return voiced, nil
	case payload == comfort:
		return comforting, nil
	case now >= was.until:
		return foreign, nil
	case was.desc.DTMF != 0 && payload == was.desc.DTMF:
		return keyed, nil
	case payload == was.desc.Payload:
		return voiced, was.table
	}
	return foreign, nil
}

// receive is the way of one packet from the socket to whoever hears it. It may not
// lock, allocate, log, or wait.
func (l *loop) receive(p *Port, packet []byte, from netip.AddrPort) {
	r := l.follow(p)
	if rtp.IsReport(packet) { // RTCP on the RTP port (RFC 5761), agreed or not
		l.hearReport(p, packet, from, true)
		return
	}
	h, lo, hi, err := rtp.Parse(packet)
	if err != nil {
		l.tallies.malformed.Add(1)
		return
	}
	c, table := r.content(l.now, h.Payload)
	if c == foreign {
		l.tallies.foreign.Add(1)
		if from == p.in.latch.locked {
			l.skip(r, h)
		}
		return
	}
	ours := l.engine.ours(from)
	verdict := stranger
	// Neither one of our own ports nor who was here before is guessed to be the party.
	if from == p.in.latch.want || !ours && p.in.last != (last{from, h.SSRC}) {
		verdict = p.in.latch.judge(l.now, from, h, r.held())
	}
	switch verdict {
	case stranger:
		p.in.strangers++
		l.tallies.strangers.Add(1)
		return
	case pending:
		return
	case accepted:
	}
	l.counts.received++
	p.heard.Store(l.now)
	if ours && l.circles(r) {
		l.tallies.circling.Add(1)
		return
	}
	packet = packet[lo-rtp.HeaderSize : hi] // the payload, after room for a header
	switch {
	case c == keyed:
		p.in.stats.Event(h)
		l.key(p, r, h, packet)
	case c == voiced && hi > lo:
		p.in.stats.Packet(h, uint32(units(l.now)))
		if table != nil {
			g711.Map(packet[rtp.HeaderSize:], packet[rtp.HeaderSize:], table)
		}
		l.sound(p, r, h, packet)
	default:
		p.in.stats.Packet(h, uint32(units(l.now)))
		if c == comforting && r.seat != nil {
			r.seat.rest(packet[rtp.HeaderSize:])
		}
		l.skip(r, h)
	}
}

// tie connects the socket of a port to its party: the kernel drops what others send, and
// finds the way of what we send once. It is dissolved when the party may have moved.
func (l *loop) tie(p *Port, r *route) {
	if p.in.lodger != nil {
		l.miss(p, r)
		return
	}
	to := p.in.latch.firm(l.now, r.held())
	if to == p.in.tied {
		return
	}
	if p.rtp.connect(to) != nil { // then everybody is heard, and judged
		to = netip.AddrPort{}
	}
	p.in.tied = to
}

// miss lets a lodger that has fallen silent be looked for, from wherever it may speak now.
func (l *loop) miss(p *Port, r *route) {
	missed := p.in.latch.locked.IsValid() && !r.held() && l.now-p.in.latch.at >= int64(silence)
	if missed != p.in.missed {
		p.in.missed = missed
		g := p.in.lodger
		l.ask(g.in.at, func(*loop) { g.in.hush(g, missed) })
	}
}

// circles tells whether sound that came from one of our own ports would go to another
// one. A call that leaves us and comes back passes one such place; sound that passes two
// may go round for ever.
func (l *loop) circles(r *route) bool {
	if r.seat != nil {
		return l.circlesInRoom(r.seat)
	}
	to := r.peer
	if to == nil || to.home.Load() != l {
		return false
	}
	l.follow(to)
	return l.engine.ours(to.in.latch.target())
}

const (
	drainQuiet = 200 * time.Millisecond // a port is given on when nothing came for so long
	drainLook  = 25                     // ms between two looks whether it is quiet
)

// drain begins the end of a port: what still arrives is thrown away, so that late
// sound of this call never reaches the next one.
func (l *loop) drain(p *Port) {
	q := p.account()
	p.final.Store(&q)
	l.tell(p, l.follow(p))
	l.farewell(p)
	p.in.draining, p.in.quiet = true, l.now
	p.in.deadline = l.now + int64(l.engine.settings.Drain)
	l.wheel.stop(&p.out.pace)
	p.out.pacing = false
	if p.in.lodger != nil { // the shared port knows its late packets
		l.bury(p)
		return
	}
	l.wheel.arm(&p.in.empty, ms(l.now)+drainLook)
}

// drained gives the port back when it is quiet, or when it never will be.
func (l *loop) drained(p *Port) {
	if l.now-p.in.quiet < int64(drainQuiet) && l.now < p.in.deadline {
		l.wheel.arm(&p.in.empty, ms(l.now)+drainLook)
		return
	}
	l.bury(p)
}

func (l *loop) bury(p *Port) {
	l.release(p)
	if g := p.in.lodger; g != nil {
		l.ask(g.in.at, func(*loop) { g.in.leave(g) })
	}
	l.engine.unbind(p)
}

// end gives back every port without draining.
func (l *loop) end() {
	for _, p := range l.slots {
		if p != nil {
			l.bury(p)
		}
	}
	for _, s := range l.shared.ports {
		l.engine.giveBack(s.rtp, s.rtcp, s.local)
	}
}

// account is the quality of the leg so far.
func (p *Port) account() Quality {
	s := &p.in.reports
	played, missed := p.played()
	delay := p.delay()
	came, farDelay := s.far(p.out.sent)
	return Quality{
		Sent:      p.out.sent,
		Received:  p.in.stats.Packets(),
		Lost:      p.in.stats.Lost(),
		Jitter:    span(p.in.stats.Jitter()),
		RoundTrip: p.in.reports.roundTrip,
		Strangers: p.in.strangers,
		FarLost:   p.in.reports.farLost,
		FarJitter: p.in.reports.farJitter,
		MOS:       opinion(played, missed, delay),
		WorstMOS:  s.rating.newest(played, missed, delay),
		FarMOS:    s.farOpinion(p.out.sent),
		Discarded: s.discards.sum,
		Minutes: s.minutes.account(&s.rating, &s.farRating,
			s.rating.present(played, missed, delay), s.farRating.present(came, s.farLost, farDelay)),
	}
}

// span is a length of timestamp units as time.
func span(units uint32) time.Duration { return time.Duration(units) * time.Second / rtp.Rate }
