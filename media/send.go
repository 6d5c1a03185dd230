package media

import (
	"net/netip"

	"breakwater/media/rtp"
)

// outbound is the sending side of a port: the loop's.
type outbound struct {
	line    rtp.Line
	sent    uint64
	hush    int64 // ms: until when silence takes the place of a peer that sends none
	passing passing
	cut     cut
	due     int64 // ms: when the next packet of the playback leaves
	smooth  bool  // it goes on the packet before without a gap
	pacing  bool

	// What follows is not looked at for a packet that is passed on whole.
	pace    timer           // of the playback, or of silence, or of the tail of re-framed sound
	partial [frameRoom]byte // a relayed packet in the making, after room for its header
}

// cut is where the re-framing of a relayed source stands.
type cut struct {
	begun  bool
	fresh  bool // what waits does not go on the packet before
	ssrc   uint32
	expect uint32 // the timestamp that goes on it
	fill   int    // samples that wait in partial
	source int    // samples of the newest packet
	tail   int64  // ms: when what waits leaves without the next packet
}

// tailAfter is how late the next packet of a source may be before what waits for it leaves
// alone. Jitter is rarely more, and no phone waits much longer for the end of a word.
const tailAfter = 40 // ms

// frameRoom holds a header and 60 ms of sound.
const frameRoom = rtp.HeaderSize + 60*rtp.Rate/1000

// reachable tells whether sound may be sent to the party at all.
func (p *Port) reachable(r *route) bool {
	return r.agreed && r.desc.Send && p.in.latch.target().IsValid()
}

// playing tells whether a playback is the source toward the party.
func (r *route) playing() bool { return r.play != nil && !r.play.over() }

// occupied tells whether a playback is the source toward the party. When half of the time
// of its last packet has passed, somebody else may go on.
func (p *Port) occupied(r *route, now int64) bool {
	return r.playing() && (!r.play.spent || ms(now) < p.out.due-sameBreath/2)
}

// send gives one packet of G.711 to the party; its header is written here.
func (l *loop) send(p *Port, r *route, whose origin, h rtp.Header, packet []byte) bool {
	codes := packet[rtp.HeaderSize:]
	if r.shield != nil {
		r.shield.cover(r.desc.Codec, whose, h, codes)
	}
	return l.sendGuarded(p, r, h, packet, codes)
}

// sendGuarded gives one packet of sound to the party; codes are what a recording takes
// of it.
func (l *loop) sendGuarded(p *Port, r *route, h rtp.Header, packet, codes []byte) bool {
	h.Payload = r.desc.Payload
	if r.rec != nil { // before it leaves: who hears it knows that it is on the tape
		r.rec.hear(right, l.now, r.desc.Codec.recorded(), h, codes)
	}
	return l.dispatch(p, h, packet)
}

// dispatch writes the header and sends the packet to where the party is.
func (l *loop) dispatch(p *Port, h rtp.Header, packet []byte) bool {
	h.Put(packet)
	if !l.transmit(p, packet) {
		l.tallies.unsent.Add(1)
		return false
	}
	p.out.sent++
	p.out.line.Count(len(packet) - rtp.HeaderSize)
	l.counts.sent++
	return true
}

// transmit gives a datagram to the kernel, or to the batch of a shared port, which copies
// it or, if it is lent, sends it from where it lies.
func (l *loop) transmit(p *Port, datagram []byte) bool {
	to := p.in.latch.target()
	if to == p.in.tied { // the socket knows
		to = netip.AddrPort{}
	}
	if s := p.in.shared; s != nil && s.at == l && len(datagram) <= outboxRoom {
		failed, ok := s.out.put(p.rtp, datagram, l.shared.lent, to)
		if failed > 0 {
			l.tallies.unsent.Add(uint64(failed))
		}
		return ok
	}
	return p.rtp.send(&l.air, datagram, to)
}

// reframe cuts relayed sound into packets of the length that was agreed with the
// party. Losses of the source become gaps in our timestamps; what comes late or twice
// is dropped, for its place is taken.
func (l *loop) reframe(r *route, to *Port, tr *route, h rtp.Header, codes []byte) {
	c := &to.out.cut
	goesOn := false
	if c.begun && c.ssrc == h.SSRC {
		ahead := int32(h.Timestamp - c.expect)
		if ahead < 0 && int(-ahead) < len(codes) { // silence took the place of its beginning
			codes, h.Timestamp, ahead = codes[-ahead:], c.expect, 0
		}
		if goesOn = ahead == 0; ahead < 0 && ahead > -rtp.Rate {
			return
		}
	}
	if c.fill > 0 && !goesOn {
		l.pad(r, to, tr)
	}
	c.fresh = c.fresh || !goesOn
	c.begun, c.ssrc, c.expect, c.source = true, h.SSRC, h.Timestamp+uint32(len(codes)), len(codes)
	for len(codes) > 0 {
		n := copy(to.out.partial[rtp.HeaderSize+c.fill:rtp.HeaderSize+tr.samples], codes)
		c.fill += n
		codes = codes[n:]
		if c.fill == tr.samples {
			l.flush(r, to, tr)
		}
	}
	c.tail = ms(l.now) + int64(c.source/(rtp.Rate/1000)) + tailAfter
	l.awaitTail(to)
}

// awaitTail lets what waits in the packet in the making leave, if its source says no more.
func (l *loop) awaitTail(to *Port) {
	if to.out.cut.fill > 0 && !to.out.pacing {
		l.wheel.arm(&to.out.pace, to.out.cut.tail)
	}
}

// sendTail sends what waited for more of its source in vain, which has fallen silent (DTX):
// with the next talk spurt it would be noise. Silence completes it.
func (l *loop) sendTail(to *Port) {
	tr := l.follow(to)
	c := &to.out.cut
	switch {
	case c.fill == 0 || tr.peer == nil:
		return
	case ms(l.now) < c.tail: // further away than a timer goes
		l.awaitTail(to)
		return
	}
	r := l.follow(tr.peer)
	if heard, _ := l.listener(r); heard != to {
		*c = cut{}
		return
	}
	c.expect += uint32(tr.samples - c.fill)
	l.pad(r, to, tr)
}

// pad completes a packet in the making with silence.
func (l *loop) pad(r *route, to *Port, tr *route) {
	c := &to.out.cut
	for ; c.fill < tr.samples; c.fill++ {
		to.out.partial[rtp.HeaderSize+c.fill] = tr.desc.Codec.Silence()
	}
	l.flush(r, to, tr)
}

func (l *loop) flush(r *route, to *Port, tr *route) {
	h := to.out.line.Next(units(l.now), uint32(tr.samples), !to.out.cut.fresh)
	to.out.cut.fill, to.out.cut.fresh = 0, false
	l.counts.relayed++
	l.send(to, tr, theirs, h, to.out.partial[:rtp.HeaderSize+tr.samples])
	if to.out.cut.source < tr.samples {
		tr.shield.noteLeast(r.rec, r.loud, l.now)
	} else {
		tr.shield.note(r.rec, r.loud, l.now)
	}
}
