package rtp

// Line numbers what one port sends: one SSRC for its life, and a sequence and a
// timestamp that go on, whoever is speaking. It belongs to the sending side of one
// port. Moments are in timestamp units of our own clock.
type Line struct {
	SSRC    uint32
	Packets uint32 // sent, for sender reports
	Octets  uint32 // of payload

	begun     bool
	sequence  uint16 // of the newest packet
	timestamp uint32 // of the newest packet of sound
	samples   uint32 // in it
	at        int64  // when it was sent

	source followed
	press  struct{ in, out uint32 } // timestamps of the telephone-event being relayed
}

// followed is how a relayed source's numbers become ours, so that its losses and
// its order survive.
type followed struct {
	known     bool // there was one
	on        bool // nobody else has been sent since
	ssrc      uint32
	sequence  uint16 // its newest
	sound     uint16 // of its newest packet of sound
	timestamp uint32 // of the same
	first     uint16 // our sequence number of its first packet, or of one that is long past
	shift     uint16 // ours = its sequence number + shift
	slide     uint32 // ours = its timestamp + slide
	taken     taken
}

const (
	nearSequence = 100  // a larger jump of a source is a new beginning
	nearTime     = Rate // so is a timestamp that leaves the clock by over a second
)

// NewLine begins after the given numbers, which should be random (RFC 3550 §5.1).
func NewLine(ssrc uint32, sequence uint16, timestamp uint32) Line {
	return Line{SSRC: ssrc, sequence: sequence, timestamp: timestamp}
}

// Next numbers a packet of a source of our own. smooth means that it goes on the
// packet before without a gap, however late we are; otherwise the timestamp moves
// by the time that has passed, in whole packets.
func (l *Line) Next(now int64, samples uint32, smooth bool) Header {
	fresh := l.source.on || !l.begun
	l.source.on = false
	h := l.step(now, samples, smooth && !fresh)
	h.Marker = h.Marker || fresh
	return h
}

// Follow numbers a packet of sound relayed from a source. ok is false for a packet
// so late that it belongs before our handing over to that source. A source that comes
// back after something of our own has the times that it meant, where they are still free.
func (l *Line) Follow(now int64, in Header, samples uint32) (h Header, ok bool) {
	back := l.comesBack(now, in)
	if back == tooLate {
		return Header{}, false
	}
	if back == inTime {
		return l.resume(now, in, samples), true
	}
	if !l.near(in) || !l.punctual(now, in) {
		h = l.step(now, samples, false)
		h.Marker = true
		l.adopt(in, h)
		return h, true
	}
	s := &l.source
	h = Header{Kind: Kind{Marker: in.Marker}, SSRC: l.SSRC, Sequence: s.number(in.Sequence), Timestamp: in.Timestamp + s.slide}
	if int16(h.Sequence-s.first) < 0 {
		return h, false
	}
	if int16(in.Sequence-s.sequence) > 0 {
		s.sequence = in.Sequence
	}
	if int32(in.Timestamp-s.timestamp) > 0 {
		s.timestamp, s.sound = in.Timestamp, in.Sequence
		l.timestamp, l.samples, l.at = h.Timestamp, samples, now
	}
	l.reach(h.Sequence)
	s.trail(h.Sequence)
	return h, true
}

// Event numbers a packet of a telephone-event relayed from a source: every packet
// of one press has the same timestamp and only the first has the marker (RFC 4733
// §2.5.1). ok is false for a late packet of an earlier press, or
// of before our handing over to that source.
func (l *Line) Event(now int64, in Header, begins bool) (h Header, ok bool) {
	if !begins && int32(in.Timestamp-l.press.in) < 0 {
		return h, false
	}
	s := &l.source
	switch {
	case l.near(in):
		h.Sequence, h.Timestamp = s.number(in.Sequence), in.Timestamp+s.slide
		if int16(h.Sequence-s.first) < 0 {
			return h, false // its number had the source before
		}
		if int16(in.Sequence-s.sequence) > 0 {
			s.sequence = in.Sequence
		}
	case s.on || !l.begun: // a source begins, with a key
		h = l.step(now, 0, false)
		l.adopt(in, h)
	default: // sound is re-framed, its numbers are our own
		h.Sequence, h.Timestamp = l.sequence+1, l.Newest(now)
		s.notice(in)
	}
	if begins {
		l.press.out = h.Timestamp
	}
	l.press.in = in.Timestamp
	l.reach(h.Sequence)
	s.trail(h.Sequence)
	h.Marker, h.SSRC, h.Timestamp = begins, l.SSRC, l.press.out
	return h, true
}

// Skip says that a packet of the followed source was taken out of the stream, so
// that its number leaves no hole in ours.
func (l *Line) Skip(in Header) {
	s := &l.source
	switch ahead := int16(in.Sequence - s.sequence); {
	case !l.knows(in):
	case !s.on:
		s.notice(in)
	case ahead > 0:
		s.sequence = in.Sequence
		s.take(in.Sequence)
	case int16(s.number(in.Sequence)-l.sequence) > 0: // overtaken by others that were taken out, and by no more
		s.take(in.Sequence)
	}
}

// Count adds a packet that was sent to the account for sender reports.
func (l *Line) Count(payload int) {
	l.Packets++
	l.Octets += uint32(payload)
}

// Newest is the timestamp that sound sent now would have.
func (l *Line) Newest(now int64) uint32 { return l.timestamp + uint32(now-l.at) }

// Sent tells when the newest packet of sound was sent and how many samples it had;
// ok is false when none was.
func (l *Line) Sent() (at int64, samples uint32, ok bool) { return l.at, l.samples, l.begun }

// near tells whether a packet goes on what is followed, by SSRC and sequence.
func (l *Line) near(in Header) bool { return l.source.on && l.knows(in) }

// knows is near, also when we have spoken since.
func (l *Line) knows(in Header) bool {
	s := &l.source
	ahead := int16(in.Sequence - s.sequence)
	return s.known && in.SSRC == s.ssrc && ahead <= nearSequence && ahead >= -nearSequence
}

// punctual tells whether a packet's timestamp fits its sequence number and the
// clock.
func (l *Line) punctual(now int64, in Header) bool {
	s := &l.source
	ahead, moved := int16(in.Sequence-s.sound), int32(in.Timestamp-s.timestamp) // a key between two packets of sound may overtake
	if ahead > 0 && moved < 0 || ahead < 0 && moved > 0 {
		return false
	}
	drift := int64(l.lead(in)) - (now - l.at)
	return drift > -nearTime && drift < nearTime
}

// lead is how far a packet's time is ahead of the newest packet of sound that we sent.
func (l *Line) lead(in Header) int32 { return int32(in.Timestamp + l.source.slide - l.timestamp) }

func (l *Line) adopt(in, out Header) {
	l.source = followed{
		known: true, on: true, ssrc: in.SSRC, sequence: in.Sequence, sound: in.Sequence, timestamp: in.Timestamp,
		first: out.Sequence, shift: out.Sequence - in.Sequence, slide: out.Timestamp - in.Timestamp,
	}
}

// trail draws first after a packet of the source that was sent, and forgets what was taken out
// long before it. What is further behind than this is not near, so nothing is lost by it; and were
// it not drawn, after half of all sequence numbers, 11 minutes of sound, every packet would seem
// to come before the first.
func (s *followed) trail(sent uint16) {
	const behind = 2 * nearSequence
	if ahead := int16(sent - s.first); ahead > behind {
		s.first = sent - behind
	}
	if !s.taken.none() && int16(s.sequence-s.taken.newest) > behind {
		s.taken = taken{}
	}
}

// reach notes a sequence number that was used.
func (l *Line) reach(sequence uint16) {
	if int16(sequence-l.sequence) > 0 {
		l.sequence = sequence
	}
}

// step is the next packet of our own numbering.
func (l *Line) step(now int64, samples uint32, smooth bool) Header {
	marker := !l.begun
	if l.begun {
		advance := int64(l.samples)
		if passed := now - l.at; !smooth && passed > advance {
			unit := max(int64(samples), 1)
			advance = max(advance, (passed+unit/2)/unit*unit)
			marker = marker || advance > int64(l.samples) // sound begins again after a pause, however short
		}
		l.timestamp += uint32(advance)
	}
	l.sequence++
	l.begun, l.samples, l.at = true, samples, now
	return Header{Kind: Kind{Marker: marker}, SSRC: l.SSRC, Sequence: l.sequence, Timestamp: l.timestamp}
}
