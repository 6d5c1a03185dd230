package rtp

import "math/bits"

// back is how a packet of a source stands to what was sent in its place meanwhile.
type back uint8

const (
	anew    back = iota // it never was away, is another one, or would be far behind
	inTime              // it goes on where it would be had nobody else been sent
	tooLate             // its time is over: it was overtaken, or has been filled
)

// comesBack tells how a packet stands to what we have sent since the source was heard.
// Of a source whose time was filled a little too far one packet is given up; if that were
// not enough, it goes on later than it meant, for a wait of two packets is heard.
func (l *Line) comesBack(now int64, in Header) back {
	s := &l.source
	switch lead := l.lead(in); {
	case s.on || !l.knows(in) || !l.punctual(now, in):
		return anew
	case int16(in.Sequence-s.sequence) <= 0:
		return tooLate
	case lead >= int32(l.samples):
		return inTime
	case lead >= 0:
		return tooLate
	}
	return anew
}

// resume numbers the first packet of a source that has come back in time. Packets that
// are missing between keep a number for each packet of time that nobody has filled: they
// may only be late.
func (l *Line) resume(now int64, in Header, samples uint32) Header {
	first := l.sequence + 1
	missing := uint32(in.Sequence - l.source.sequence - 1)
	free := (uint32(l.lead(in)) - l.samples) / max(samples, 1)
	h := Header{
		Kind: Kind{Marker: true}, SSRC: l.SSRC,
		Sequence: first + uint16(min(missing, free)), Timestamp: in.Timestamp + l.source.slide,
	}
	l.adopt(in, h)
	l.source.first = first
	l.sequence, l.timestamp, l.samples, l.at = h.Sequence, h.Timestamp, samples, now
	return h
}

// notice keeps up with a source while something else is sent.
func (s *followed) notice(in Header) {
	if s.known && in.SSRC == s.ssrc && int16(in.Sequence-s.sequence) > 0 {
		s.sequence = in.Sequence
	}
}

// number is our sequence number of a packet that goes on what is followed.
func (s *followed) number(sequence uint16) uint16 {
	n := sequence + s.shift
	if later := int16(s.taken.newest - sequence); later > 0 {
		n += s.taken.since(uint(later))
	}
	return n
}

// take takes the number of a packet out of ours, once.
func (s *followed) take(sequence uint16) {
	if s.taken.add(sequence) {
		s.shift--
	}
}

// taken is which of a source's newest packets were taken out of the stream. What comes
// late and was sent before them is not moved by them.
type taken struct {
	newest uint16
	bits   [2]uint64 // bit i: so was newest − i; bit 0 is unset only when none was
}

const takenSeen = 128 // further behind than this is not near

func (t *taken) none() bool { return t.bits[0] == 0 }

// add notes a packet; false if it was noted before, or is too old to tell.
func (t *taken) add(sequence uint16) bool {
	ahead := int16(sequence - t.newest)
	if t.none() || ahead >= takenSeen {
		*t = taken{newest: sequence, bits: [2]uint64{1}}
		return true
	}
	for ; ahead > 0; ahead-- {
		t.bits[1] = t.bits[1]<<1 | t.bits[0]>>63
		t.bits[0] <<= 1
		t.newest++
	}
	at := uint(-ahead)
	if at >= takenSeen || t.bits[at/64]>>(at%64)&1 != 0 {
		return false
	}
	t.bits[at/64] |= 1 << (at % 64)
	return true
}

// since is how many of the newest n packets were taken out.
func (t *taken) since(n uint) uint16 {
	low, high := t.bits[0], t.bits[1]
	if n < 64 {
		low, high = low&(1<<n-1), 0
	} else if n < takenSeen {
		high &= 1<<(n-64) - 1
	}
	return uint16(bits.OnesCount64(low) + bits.OnesCount64(high))
}
