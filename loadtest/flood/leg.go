package flood

import (
	"context"
	"encoding/binary"
	"net/netip"
	"time"

	"breakwater/loadtest/mark"
	"breakwater/media/rtp"
)

// Side is on which side of a call a party is.
type Side uint8

// The sides.
const (
	Caller Side = iota
	Agent
	Sides
)

// Leg is one party's sound. Its methods may be called from anywhere; its fields
// belong to the flood's thread, but for those that never change.
type Leg struct {
	flood *Flood
	index int    // of its address
	owns  bool   // the address, and gives it back
	talk  uint32 // number in its marks; never used again
	side  Side

	slot   int
	to     netip.AddrPort // where it speaks to; invalid: it is silent
	quiet  bool           // it says nothing for now
	closed bool
	header rtp.Header
	line   pen
	keys   keyboard
	said   said
	heard  heard
}

// pen is what a leg needs to write its next packet.
type pen struct {
	seq   uint32 // frames spoken
	last  int64  // µs, of the last packet
	fresh bool   // the next packet begins a new stretch of speech
}

// Leg makes a party: it has an address and listens, and says nothing yet.
func (f *Flood) Leg(side Side) (*Leg, error) {
	s, err := f.Seat()
	if err != nil {
		return nil, err
	}
	l, err := f.LegAt(s, side)
	if err != nil {
		return nil, err
	}
	l.owns = true
	return l, nil
}

// Seat is an address of its own for somebody who is a party again and again, such as
// a desk phone; it is never given back.
type Seat struct{ index int }

// Seat takes an address.
func (f *Flood) Seat() (Seat, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.free) == 0 {
		return Seat{}, errFull
	}
	s := Seat{f.free[0]}
	f.free = f.free[1:]
	return s, nil
}

// Address is that of the seat.
func (f *Flood) Address(s Seat) netip.AddrPort { return f.net.address(s.index) }

// LegAt makes a party that lives at a seat, in place of the one before.
func (f *Flood) LegAt(s Seat, side Side) (*Leg, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return nil, errOver
	}
	l := &Leg{flood: f, index: s.index, talk: f.next, side: side}
	f.next = (f.next + 1) & 0xffffff
	l.header = rtp.Header{SSRC: l.talk<<8 | uint32(f.set.Run), Sequence: uint16(l.talk * 40503), Timestamp: l.talk * 2654435761}
	if f.set.Law != 0 {
		l.header.Payload = 8
	}
	f.wants = append(f.wants, func() { f.at[l.index], f.talks[l.talk%remembered] = l, l })
	return l, nil
}

// Address is where the party is sent to, and sends from.
func (l *Leg) Address() netip.AddrPort { return l.flood.net.address(l.index) }

// Talk begins to speak to an address, or goes on to another one. event is the
// payload type of telephone-event; 0: there is none.
func (l *Leg) Talk(to netip.AddrPort, event uint8) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	l.flood.post(func() {
		if l.closed {
			return
		}
		if !l.to.IsValid() {
			l.flood.wheel.add(l)
			l.line.fresh = true
		}
		l.to, l.keys.event = to, event
	})
}

// Quiet stops, or resumes, what a party says; it goes on listening.
func (l *Leg) Quiet(on bool) {
	l.flood.post(func() { l.quiet, l.line.fresh = on, true })
}

// Expect says who is connected to whom: from now on each hears the other, or the
// server's own sound, or is hearing a stranger. Without it the first one heard is
// taken for the partner.
func (l *Leg) Expect(other *Leg) {
	l.flood.post(func() { l.heard.partner, other.heard.partner = other.talk, l.talk })
}

// Press presses keys by RFC 4733, 100 ms each, and returns when the last was sent.
func (l *Leg) Press(ctx context.Context, digits string) error {
	events, err := eventsOf(digits)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	l.flood.post(func() { l.keys.press(events, done) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the party. Its address is given to another one after all others that
// are free.
func (l *Leg) Close() {
	f := l.flood
	f.post(func() {
		l.closed = true
		if l.to.IsValid() {
			f.wheel.remove(l)
			l.to = netip.AddrPort{}
		}
		l.keys.drop()
		f.settle(l, false)
		l.forget()
		if f.at[l.index] == l {
			f.at[l.index] = nil
		}
		if l.owns {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.free = append(f.free, l.index)
		}
	})
}

// speak sends what is due in a slot.
func (f *Flood) speak(slot int) error {
	now := time.Now()
	for _, l := range f.wheel.slots[slot] {
		if l.quiet && !l.keys.busy() {
			l.pass()
			continue
		}
		room := f.net.room()
		if room == nil {
			if err := f.flush(); err != nil {
				return err
			}
			now, room = time.Now(), f.net.room()
		}
		n := l.write(room, f.micros(now))
		if n == 0 {
			continue
		}
		f.net.put(n, l.index, l.to)
		for range l.keys.repeats() {
			if room = f.net.room(); room != nil {
				f.net.put(l.keys.write(room, l.header), l.index, l.to)
				l.header.Sequence++
			}
		}
	}
	return f.flush()
}

func (f *Flood) flush() error {
	refused, err := f.net.flush()
	f.tally.Refused += uint64(refused)
	return err
}

// pass lets 20 ms go by in silence.
func (l *Leg) pass() { l.header.Timestamp += mark.Samples }

// write makes the next packet, and moves time on by 20 ms; 0 in the pause behind a key.
func (l *Leg) write(b []byte, now int64) int {
	if l.keys.busy() {
		return l.writeKey(b)
	}
	f := l.flood
	h := l.header
	h.Marker = l.line.fresh
	h.Put(b)
	frame := f.set.Speech[(uint64(l.talk)*7919+uint64(l.line.seq))%uint64(len(f.set.Speech))]
	frame.Put(b[rtp.HeaderSize:], mark.Mark{Run: f.set.Run, Talk: l.talk, Seq: l.line.seq, Sent: now})
	if f.inside(now) {
		l.said.sent++
		l.said.last = l.line.seq
		f.tally.Sent++
	}
	l.line.seq++
	l.line.last, l.line.fresh = now, false
	l.header.Sequence++
	l.header.Timestamp += mark.Samples
	return rtp.HeaderSize + mark.Samples
}

func (l *Leg) writeKey(b []byte) int {
	n := 0
	if l.keys.tick(l.header.Timestamp) {
		n = l.keys.write(b, l.header)
		l.header.Sequence++
	}
	l.header.Timestamp += mark.Samples
	l.line.fresh = true
	return n
}

// inside tells whether the window counts what was sent then.
func (f *Flood) inside(sent int64) bool {
	return f.from != 0 && sent >= f.from && (f.to == 0 || sent < f.to)
}

// putEvent writes a telephone-event payload (RFC 4733 §2.3).
func putEvent(b []byte, event uint8, end bool, duration uint16) {
	const volume = 10 // −dBm0
	b[0], b[1] = event, volume
	if end {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], duration)
}
