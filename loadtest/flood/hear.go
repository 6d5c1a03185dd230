package flood

import (
	"fmt"
	"time"

	"breakwater/loadtest/mark"
	"breakwater/media/rtp"
)

// said is what a party has spoken in the window.
type said struct {
	sent uint64
	last uint32 // Seq of its last frame
}

// silent tells whether a party did not speak throughout a window.
func (s said) silent(span time.Duration) bool {
	return s.sent < uint64(span/frameTime)*9/10
}

// heard is what a party hears, since it exists.
type heard struct {
	partner uint32 // talk of whom it should hear; 0: whoever comes first

	rtp   bool // something has come
	ssrc  uint32
	seq   uint16
	at    int64 // µs, of the last packet
	trip  int64 // µs, of the last marked packet
	shake float64

	marked   bool
	next     uint32 // Seq one behind the latest
	recent   uint64 // of the last 64 Seqs, which have come; bit 0 is next−1
	unmarked uint64 // frames since the latest marked one

	first, last uint32 // Seqs of the window
	unique      uint64 // frames of the window that could be read, each once
	changed     uint64 // of them, how many were altered
	veiled      uint64 // beside them, how many came altered beyond recognition
}

// hear takes what has come, but not for so long that nobody speaks.
func (f *Flood) hear() error {
	const batches = 64
	for range batches {
		more, err := f.net.receive(f.take)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	f.tally.Reports += uint64(f.net.swallow())
	return nil
}

// take is one packet, for whoever lives at its address.
func (f *Flood) take(p packet) {
	if p.index < 0 || p.index >= len(f.at) || f.at[p.index] == nil {
		f.tally.Nobody++
		return
	}
	if rtp.IsReport(p.data) {
		f.tally.Reports++
		return
	}
	h, from, to, err := rtp.Parse(p.data)
	if err != nil {
		f.tally.Malformed++
		return
	}
	l := f.at[p.index]
	p.at -= f.epoch
	f.tally.Received++
	l.stream(f, p, h)
	if h.Payload == l.header.Payload {
		l.listen(f, p.data[from:to], p.at)
	}
}

// stream looks at the packets as such: sequence, source, the gaps between them.
func (l *Leg) stream(f *Flood, p packet, h rtp.Header) {
	e := &l.heard
	switch {
	case !e.rtp:
	case h.SSRC != e.ssrc:
		f.tally.Sources++
	case h.Sequence != e.seq+1:
		f.tally.Jumps++
	}
	if e.rtp && f.inside(e.at) && f.inside(p.at) {
		f.tally.Gaps.Add(time.Duration(p.at-e.at) * time.Microsecond)
	}
	e.rtp, e.ssrc, e.seq, e.at = true, h.SSRC, h.Sequence, p.at
}

// listen reads who speaks.
func (l *Leg) listen(f *Flood, codes []byte, at int64) {
	m, verdict := mark.Read(codes)
	if verdict == mark.Unmarked {
		l.heard.unmarked++
		f.tally.Unmarked++
		return
	}
	speaker := f.talk(m.Talk)
	if m.Run != f.set.Run || speaker == nil || !l.knows(speaker) {
		f.stranger(l, m)
		return
	}
	if !l.count(f, m) || !f.inside(m.Sent) {
		return
	}
	if verdict == mark.Altered {
		l.heard.changed++
	}
	trip := max(at-m.Sent, 0)
	f.tally.Delay[l.side].Add(time.Duration(trip) * time.Microsecond)
	if l.heard.unique > 1 {
		l.shaken(trip)
	}
	l.heard.trip = trip
}

// stranger takes down that a party hears somebody it is not connected to.
func (f *Flood) stranger(l *Leg, m mark.Mark) {
	const told = 5
	f.tally.Strangers++
	if len(f.tally.Strange) < told {
		f.tally.Strange = append(f.tally.Strange, fmt.Sprintf("party %d (%v), connected to %d, hears party %d of run %d, frame %d",
			l.talk, l.Address(), l.heard.partner, m.Talk, m.Run, m.Seq))
	}
}

// knows tells whether a party may hear another: its partner, and nobody else's.
func (l *Leg) knows(speaker *Leg) bool {
	if speaker == l {
		return false
	}
	if l.heard.partner == 0 && speaker.heard.partner == 0 {
		l.heard.partner, speaker.heard.partner = speaker.talk, l.talk
	}
	return l.heard.partner == speaker.talk && speaker.heard.partner == l.talk
}

// count finds what is missing, double or late, by the speaker's own numbers; false
// for a frame that has come before.
func (l *Leg) count(f *Flood, m mark.Mark) bool {
	e := &l.heard
	inside := f.inside(m.Sent)
	if !e.marked {
		e.marked, e.next, e.unmarked = true, m.Seq, 0
	}
	switch behind := int32(e.next - 1 - m.Seq); {
	case behind < 0: // a new one
		missing := uint64(-behind - 1)
		if inside && e.unique > 0 {
			e.veiled += min(missing, e.unmarked) // they came, but nobody could say whose they were
		}
		e.recent = e.recent<<-behind | 1
		e.next, e.unmarked = m.Seq+1, 0
	case behind < 64 && e.recent&(1<<behind) == 0:
		e.recent |= 1 << behind
		f.tally.Reordered++
	default:
		f.tally.Doubles++
		return false
	}
	if inside {
		if e.unique == 0 {
			e.first, e.last = m.Seq, m.Seq
		}
		if int32(m.Seq-e.last) > 0 {
			e.last = m.Seq
		}
		e.unique++
	}
	return true
}

// shaken keeps the jitter of RFC 3550 §6.4.1, in µs.
func (l *Leg) shaken(trip int64) {
	d := trip - l.heard.trip
	if d < 0 {
		d = -d
	}
	l.heard.shake += (float64(d) - l.heard.shake) / 16
}
