package media

import (
	"breakwater/media/g722"
	"breakwater/media/jitter"
	"breakwater/media/mix"
	"breakwater/media/rate"
	"breakwater/media/rtp"
)

// room is where the ports of a bridge are mixed, every 20 ms: the loop's.
type room struct {
	timer   timer
	due     int64 // ms: when it is mixed next
	mixer   *mix.Mixer
	seats   []*seat // by their number in the mixer
	wide    bool    // mixed at 16 kHz, because two of them have so much to say
	guarded *seat   // whose hearing the recordings tell: the first protected one; nil = nobody's
}

// seat is one port's place in a room: the loop's.
type seat struct {
	port   *Port
	room   *room
	buffer *jitter.Buffer
	noise  mix.Noise // what the line sounds like in pauses in which the party sends nothing
	smooth bool      // what is sent next goes on the packet before

	wide  bool      // speaks G.722
	mouth converter // from its rate to the room's
	ear   converter // and back
}

// converter carries sound between the rates of a seat and of its room, where they differ.
type converter struct {
	up   rate.Up
	down rate.Down
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
	m := &room{}
	m.timer.room = m
	speakers := 0
	for _, who := range members {
		if c := who.port.Desc().Codec; who.seat == nil || who.seat.wide != c.wide() {
			who.seat = newSeat(who.port, c)
		}
		if who.seat.wide {
			speakers++
		}
		if m.guarded == nil && who.port.protection() != nil {
			m.guarded = who.seat
		}
		m.seats = append(m.seats, who.seat)
	}
	m.wide = speakers > 1
	m.mixer = mix.New(len(members), len(m.frame(&l.mixed)))
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

func newSeat(p *Port, c Codec) *seat {
	s, wait := &seat{port: p, wide: c.wide()}, p.engine.settings.Jitter
	if s.wide {
		s.buffer = jitter.NewWide(wait, &g722.Decoder{})
	} else {
		s.buffer = jitter.New(wait, c.law())
	}
	return s
}

// frame is as much of x as 20 ms have in the room.
func (m *room) frame(x *[wideFrame]int16) []int16 { return frameOf(m.wide, x) }

// frame is as much of x as 20 ms of the party have.
func (s *seat) frame(x *[wideFrame]int16) []int16 { return frameOf(s.wide, x) }

func frameOf(wide bool, x *[wideFrame]int16) []int16 {
	if wide {
		return x[:]
	}
	return x[:mixFrame]
}

// convert makes dst of src: twice as many samples, or half.
func (c *converter) convert(dst, src []int16) {
	if len(dst) > len(src) {
		c.up.Convert(dst, src)
	} else {
		c.down.Convert(dst, src)
	}
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
	if s.wide != c.wide() { // the codec has just changed
		return
	}
	s.buffer.Law(c.law())
	s.buffer.Put(units(now), h, codes)
}

// mix mixes what is due and arms the timer for the rest.
func (l *loop) mix(m *room) {
	now := ms(l.now)
	if now-m.due > mostBehind {
		m.due = now
		l.tallies.late.Add(1)
		for _, s := range m.seats {
			s.smooth = false // the timestamps tell the time that was missed
		}
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
		m.mixer.Speaks(i, l.speaks(s, l.follow(s.port), at, m.mixer.In(i)))
	}
	for i, s := range m.seats {
		x := m.frame(&l.mixed)
		sound := m.mixer.Out(i, x)
		r := l.follow(s.port)
		if s.wide != (r.wide != nil) || !s.port.reachable(r) || s.port.occupied(r, l.now) {
			s.port.out.cut.fill, s.smooth = 0, false
			l.noteMixed(s, r, false)
			continue
		}
		if s.wide != m.wide {
			y := s.frame(&l.other)
			s.ear.convert(y, x)
			x = y
		}
		l.tellMix(s, r, at, x, sound)
	}
}

// speaks writes the next 20 ms of a party, as the room needs them, and tells whether there
// is anything in them.
func (l *loop) speaks(s *seat, r *route, at int64, dst []int16) bool {
	x := s.frame(&l.other)
	if s.wide == s.room.wide {
		x = dst
	}
	switch {
	case s.buffer.Pull(at, x) != jitter.Silence:
	case s.noise.Loud() && r.desc.Recv:
		s.noise.Fill(x)
	default:
		s.mouth = converter{}
		return false
	}
	if s.wide != s.room.wide {
		s.mouth.convert(dst, x)
	}
	return true
}

// tellMix sends what was mixed for a party, in packets of its own length.
func (l *loop) tellMix(s *seat, r *route, at int64, x []int16, sound bool) {
	var codes, recorded [mixFrame]byte
	out := &s.port.out
	switch {
	case s.wide:
		if r.shield != nil {
			r.shield.coverWide(theirs, s.smooth, x)
		}
		r.wide.encode(codes[:], recorded[:], x)
	case sound:
		r.desc.Codec.law().Encode(codes[:], x)
	default:
		fill(codes[:], r.desc.Codec.Silence())
	}
	for rest := codes[:]; len(rest) > 0; {
		n := copy(out.partial[rtp.HeaderSize+out.cut.fill:rtp.HeaderSize+r.samples], rest)
		if s.wide {
			copy(r.wide.told[out.cut.fill:r.samples], recorded[mixFrame-len(rest):])
		}
		out.cut.fill += n
		rest = rest[n:]
		if out.cut.fill < r.samples {
			break
		}
		out.cut.fill = 0
		packet := out.partial[:rtp.HeaderSize+r.samples]
		h := out.line.Next(at, uint32(r.samples), s.smooth)
		if s.wide {
			s.smooth = l.sendGuarded(s.port, r, h, packet, r.wide.told[:r.samples])
		} else {
			s.smooth = l.send(s.port, r, theirs, h, packet)
		}
		l.tallies.mixed.Add(1)
		at += int64(r.samples)
	}
	l.noteMixed(s, r, true)
}

// noteMixed notes in the recordings of those who spoke what a protected ear heard of them:
// of what came from them as long ago as it waited in their buffers.
func (l *loop) noteMixed(ear *seat, r *route, heard bool) {
	const pieceLong = mixEvery * 1e6 // ns
	m := ear.room
	if r.shield == nil || ear != m.guarded {
		return
	}
	for i, s := range m.seats {
		if from := l.follow(s.port); s != ear && from.rec != nil {
			loud := 0.0
			if heard {
				loud = m.mixer.Loud(m.number(ear), i)
			}
			waited := s.buffer.Stats().Depth * (1e9 / rtp.Rate)
			r.shield.noteLeast(from.rec, loud, m.due*1e6+pieceLong-waited)
		}
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
	if len(codes) == 0 {
		return
	}
	codes[0] = with
	for done := 1; done < len(codes); done *= 2 {
		copy(codes[done:], codes[:done])
	}
}
