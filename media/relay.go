package media

import (
	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// passing is what a relay remembers of the sound that it passes on to a port.
type passing struct {
	from *Port
	loud float64 // factor given to the newest frame
}

// listener is who hears the party and by which route; nil when nobody does at present.
func (l *loop) listener(r *route) (*Port, *route) {
	to := r.peer
	if to == nil || !r.desc.Recv || to.home.Load() != l {
		return nil, nil
	}
	tr := l.follow(to)
	if tr.seat != nil || tr.wide != nil || r.wide != nil || !to.reachable(tr) || to.occupied(tr, l.now) {
		return nil, nil
	}
	return to, tr
}

// deaf is the route of a peer that is there and does not hear the party at present.
func (l *loop) deaf(r *route) *route {
	if r.peer == nil || r.peer.home.Load() != l {
		return nil
	}
	return l.follow(r.peer)
}

// sound takes a packet of sound; before its payload there is room for a header.
func (l *loop) sound(p *Port, r *route, h rtp.Header, packet []byte) {
	if !r.desc.Recv {
		return
	}
	codes := packet[rtp.HeaderSize:]
	narrow := codes
	if r.wide != nil {
		narrow = r.wide.narrow(codes)
	}
	l.attend(p, r, h, narrow)
	law := r.desc.Codec.law()
	said := r.gauge.keep(&l.said, narrow)
	if r.seat != nil {
		r.gauge.hear(law, h, said, nil)
		r.seat.take(l.now, r.desc.Codec, h, codes)
		return
	}
	if r.gauge != nil && r.peer != nil && r.peer.home.Load() == l {
		l.follow(r.peer) // what it said to somebody else is forgotten
		r.gauge.overhear(r.peer)
	}
	if to, tr := l.listener(r); to != nil {
		r.gauge.hear(law, h, said, l.passOn(p, to, tr, h, packet))
	} else if tr := l.deaf(r); tr != nil {
		r.gauge.hear(law, h, said, nil)
		tr.shield.noteUnheard(r.rec, l.now, len(codes))
	}
}

// attend is what the server itself hears of a packet, in G.711.
func (l *loop) attend(p *Port, r *route, h rtp.Header, codes []byte) {
	p.in.voice.frame(r.desc.Codec.law(), codes)
	l.interrupt(p, r, len(codes))
	if r.rec != nil {
		r.rec.hear(left, l.now, r.desc.Codec.recorded(), h, codes)
	}
	if r.tones != nil && p.in.keysOf == 0 {
		if key := r.tones.hear(r.desc.Codec.law(), h, codes); key != 0 {
			l.tellDigit(p, Digit{Key: key, Duration: shortestTone})
		}
	}
}

// passOn gives a packet to the peer, as that is to hear it. It tells which guard has heard
// it as it was received; nil if none.
func (l *loop) passOn(p, to *Port, tr *route, h rtp.Header, packet []byte) *shield {
	r, codes := p.in.obeys, packet[rtp.HeaderSize:]
	to.out.hush = 0
	to.out.passing.translate(p, r, tr.desc.Codec, codes)
	if len(codes) != tr.samples || to.out.cut.fill > 0 {
		l.reframe(r, to, tr, h, codes)
		return nil
	}
	out, ok := to.out.line.Follow(units(l.now), h, uint32(len(codes)))
	if !ok {
		return nil
	}
	l.counts.relayed++
	l.shared.lent = l.shared.lending // nothing happens to this packet any more
	l.send(to, tr, theirs, out, packet)
	l.shared.lent = false
	tr.shield.note(r.rec, r.loud, l.now)
	if r.loud != 1 {
		return nil
	}
	return tr.shield
}

// translate makes a frame of a party what its peer hears of it, in its codec. A gain that
// has changed is reached within the frame.
func (w *passing) translate(from *Port, r *route, c Codec, codes []byte) {
	if w.from == from && w.loud != r.loud {
		slide(codes, r.desc.Codec, c, w.loud, r.loud)
	} else if t := r.tables[c.index()]; t != nil {
		g711.Map(codes, codes, t)
	}
	w.from, w.loud = from, r.loud
}

// key takes a telephone-event out of the sound, tells it once, and relays it where
// that is wished.
func (l *loop) key(p *Port, r *route, h rtp.Header, packet []byte) {
	e, err := dtmf.Parse(packet[rtp.HeaderSize:])
	if err != nil {
		l.tallies.malformed.Add(1)
		l.skip(r, h)
		return
	}
	if h.SSRC != p.in.keysOf { // some send keys as a stream of their own, beside the sound
		p.in.keysOf = h.SSRC
		p.in.keys.Reset()
	}
	press, begins := p.in.keys.Packet(h.Timestamp, e)
	if begins {
		l.tellDigit(p, Digit{Key: press.Key, Duration: press.Duration})
	}
	if r.seat != nil {
		if r.relay {
			l.keyInRoom(r.seat, h, begins, packet)
		}
		return
	}
	to, tr := l.listener(r)
	if to == nil || !r.relay || tr.desc.DTMF == 0 {
		l.skip(r, h)
		if to != nil {
			l.hushed(to)
		}
		return
	}
	if out, ok := to.out.line.Event(units(l.now), h, begins); ok {
		out.Payload = tr.desc.DTMF
		l.dispatch(to, out, packet)
	}
}

// skip keeps a packet that is not passed on from looking like a loss to the party
// who hears this one.
func (l *loop) skip(r *route, h rtp.Header) {
	if to := r.peer; to != nil && to.home.Load() == l {
		to.out.line.Skip(h)
	}
}
