package media

import (
	"breakwater/media/jitter"
	"breakwater/media/mix"
	"breakwater/media/rtp"
)

// room is where the ports of a bridge are mixed, every 20 ms: the loop's.
type room struct {
	timer timer
	due   int64 // ms: when it is mixed next
	mixer *mix.Mixer
	seats []*seat // by their number in the mixer
}

// seat is one port's place in a room: the loop's.
type seat struct {
	port   *Port
	room   *room
	buffer *jitter.Buffer
	noise  mix.Noise // what the line sounds like in pauses in which the party sends nothing
	smooth bool      // what is sent next goes on the packet before
}

const (
	mixEvery = 20 // ms
	mixFrame = mixEvery * rtp.Rate / 1000
)

// arrangeRoom makes the room of a bridge as its members are now, and goes on where the
// one before was.
func (l *loop) arrangeRoom(old *room, members []*member) *room {
	if len(members) == 0 {
		l.closeRoom(old)
		return nil
	}
	m := &room{mixer: mix.New(len(members), mixFrame)}
	m.timer.room = m
	for _, who := range members {
		if who.seat == nil {
			who.seat = &seat{port: who.port, buffer: jitter.New(jitter.Settings{}, who.port.Desc().Codec.law())}
		}
		m.seats = append(m.seats, who.seat)
	}
	for i, ear := range members {
		for j, mouth := range members {
			m.mixer.Gain(i, j, factor(mouth.loudFor(ear)))
			if old == nil {
				continue
			}
			if oldEar, oldMouth := old.number(ear.seat), old.number(mouth.seat); oldEar >= 0 && oldMouth >= 0 {
				m.mixer.Inherit(i, j, old.mixer, oldEar, oldMouth)
			}
		}
	}
	if old != nil {
		m.due = old.due
		l.closeRoom(old)
	} else {
		m.due = l.firstMix(members)
	}
	for _, s := range m.seats {
		s.room = m
	}
	l.wheel.arm(&m.timer, m.due)
	return m
}

// firstMix is when a new room is mixed first: when what was sent to everybody so far has
// been heard.
func (l *loop) firstMix(members []*member) int64 {
	now := ms(l.now)
	due := now
	for _, who := range members {
		if at, samples, ok := who.port.out.line.Sent(); ok {
			due = max(due, (at+int64(samples))/(rtp.Rate/1000))
		}
	}
	return min(due, now+mixEvery)
}

func (l *loop) closeRoom(m *room) {
	if m != nil {
		l.wheel.stop(&m.timer)
	}
}

// number is where a seat is, −1 if it is elsewhere.
func (m *room) number(s *seat) int {
	for i, other := range m.seats {
		if other == s {
			return i
		}
	}
	return -1
}

// take puts a packet of the party into its buffer.
func (s *seat) take(now int64, c Codec, h rtp.Header, codes []byte) {
	s.buffer.Law(c.law())
	s.buffer.Put(units(now), h, codes)
}

// mix mixes what is due and arms the timer for the rest.
func (l *loop) mix(m *room) {
	now := ms(l.now)
	if now-m.due > mostBehind {
		m.due = now
		l.tallies.late.Add(1)
	}
	for ; m.due <= now; m.due += mixEvery {
		l.mixOne(m)
	}
	l.wheel.arm(&m.timer, m.due)
}

// mixOne gives everybody 20 ms of all others.
func (l *loop) mixOne(m *room) {
	at := m.due * (rtp.Rate / 1000)
	for i, s := range m.seats {
		m.mixer.Speaks(i, s.speaks(at, l.follow(s.port), m.mixer.In(i)))
	}
	for i, s := range m.seats {
		sound := m.mixer.Out(i, l.mixed[:])
		r := l.follow(s.port)
		if !s.port.reachable(r) || s.port.occupied(r, l.now) {
			s.port.out.cut.fill, s.smooth = 0, false
			continue
		}
		l.tellMix(s, r, at, sound)
	}
}

// speaks writes the next 20 ms of a party and tells whether there is anything in them.
func (s *seat) speaks(at int64, r *route, dst []int16) bool {
	if s.buffer.Pull(at, dst) != jitter.Silence {
		return true
	}
	if s.noise.Loud() && r.desc.Recv {
		s.noise.Fill(dst)
		return true
	}
	return false
}

// tellMix sends what was mixed for a party, in packets of its own length.
func (l *loop) tellMix(s *seat, r *route, at int64, sound bool) {
	out := &s.port.out
	var codes [mixFrame]byte
	if sound {
		r.desc.Codec.law().Encode(codes[:], l.mixed[:])
	} else {
		fill(codes[:], r.desc.Codec.Silence())
	}
	for rest := codes[:]; len(rest) > 0; {
		n := copy(out.partial[rtp.HeaderSize+out.cut.fill:rtp.HeaderSize+r.samples], rest)
		out.cut.fill += n
		rest = rest[n:]
		if out.cut.fill < r.samples {
			break
		}
		out.cut.fill = 0
		h := out.line.Next(at, uint32(r.samples), s.smooth)
		s.smooth = l.send(s.port, r, h, out.partial[:rtp.HeaderSize+r.samples])
		l.tallies.mixed.Add(1)
		at += int64(r.samples)
	}
}

// keyInRoom relays a packet of a telephone-event to all who hear the party. What it
// sounds like is in nobody's mix.
func (l *loop) keyInRoom(s *seat, h rtp.Header, begins bool, packet []byte) {
	mouth := s.room.number(s)
	for ear, to := range s.room.seats {
		tr := l.follow(to.port)
		if to == s || tr.desc.DTMF == 0 || !s.room.mixer.Hears(ear, mouth) || !to.port.reachable(tr) || to.port.occupied(tr, l.now) {
			continue
		}
		if out, ok := to.port.out.line.Event(units(l.now), h, begins); ok {
			out.Payload = tr.desc.DTMF
			l.dispatch(to.port, out, packet)
		}
	}
}

// rest takes a packet of comfort noise (RFC 3389).
func (s *seat) rest(payload []byte) {
	if len(payload) > 0 {
		s.noise.Level(payload[0])
	}
}

// circlesInRoom tells whether what a party says goes on to another one of our own ports.
func (l *loop) circlesInRoom(s *seat) bool {
	for _, to := range s.room.seats {
		l.follow(to.port)
		if to != s && l.engine.ours(to.port.in.latch.target()) {
			return true
		}
	}
	return false
}

func fill(codes []byte, with byte) {
	for i := range codes {
		codes[i] = with
	}
}
