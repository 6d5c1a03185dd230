package media

import (
	"breakwater/media/g711"
	"breakwater/media/meter"
	"breakwater/media/rtp"
)

// Meter measures this party's voice from now on, while it is in a bridge: how raised it
// is compared with itself, and who lets whom speak. What it finds is in Level, for a
// hint to the agent who hears it and for nobody else. Those who are told apart from the
// party are the protected ears of the bridge. A second call changes nothing.
func (p *Port) Meter(s meter.Settings) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctl.gauge == nil {
		p.ctl.gauge = &gauge{meter: meter.New(s), ear: meter.NewEar()}
		p.swap()
	}
}

// Voice is what the meter found in a party's voice so far. All but Newest only grows.
type Voice struct {
	Seconds    uint32       // that were measured: a new one is Newest
	Hints      uint32       // the agent should be hinted once more
	Raised     uint32       // seconds in which the voice was raised
	TalkOvers  uint32       // the party fell in, and both went on
	Monologues uint32       // three minutes in which the agent hardly spoke
	Sustained  uint32       // raised for long, or a monologue with much talk-over
	Newest     meter.Second // the newest second that was measured
}

// gauge is the meter of a party's voice: the loop's.
type gauge struct {
	meter *meter.Meter
	ear   *meter.Ear // hears what no guard hears as it was received
	begun bool
	ssrc  uint32
	next  uint32 // the timestamp of a packet that goes on the one before
	voice Voice
}

// keep gives a copy of a packet in room, before it is made what somebody else hears of it.
// g may be nil: then there is no need.
func (g *gauge) keep(room *[frameRoom]byte, codes []byte) []byte {
	if g == nil {
		return nil
	}
	return room[:copy(room[:], codes)]
}

// hear takes a packet as it was received. ear is the guard that has heard it so; nil if
// none has. g may be nil.
func (g *gauge) hear(law g711.Law, h rtp.Header, codes []byte, ear *shield) {
	if g == nil {
		return
	}
	if !g.begun || h.SSRC != g.ssrc || h.Timestamp != g.next {
		g.meter.Forget()
	}
	g.begun, g.ssrc, g.next = true, h.SSRC, h.Timestamp+uint32(len(codes))
	if ear != nil {
		g.meter.Caller(law, codes, ear.guard.Heard())
	} else {
		g.meter.Caller(law, codes, g.ear.Frame(law, codes))
	}
}

// account is what was found so far. g may be nil.
func (g *gauge) account() Voice {
	if g == nil {
		return Voice{}
	}
	v := &g.voice
	if s, ok := g.meter.Take(); ok {
		v.Newest = s
		v.Seconds++
		v.Hints += count(s.Hint)
		v.Raised += count(s.Raised)
		v.TalkOvers += count(s.Events.Has(meter.TalkOver))
		v.Monologues += count(s.Events.Has(meter.Monologue))
		v.Sustained += count(s.Events.Has(meter.Sustained))
	}
	return *v
}

func count(yes bool) uint32 {
	if yes {
		return 1
	}
	return 0
}

// murmur is what the meters of those who hear a protected party were not told yet.
type murmur struct {
	samples int
	speaks  bool // in some of them
}

// latest is how late, in samples, a meter is told of an agent while the caller sends
// nothing: 100 ms.
const latest = g711.Rate / 10

// interrupt tells the meters of those who speak with a protected party whether that speaks,
// too. It is all that they ever know of an agent. The meter of a relayed party learns it
// with that party's next frame, for which it is needed anyway.
func (l *loop) interrupt(p *Port, r *route, samples int) {
	if r.shield == nil {
		return
	}
	speaks := p.in.voice.speaks()
	if r.seat != nil {
		for _, s := range r.seat.room.seats {
			if g := l.follow(s.port).gauge; g != nil && s != r.seat {
				g.meter.Agent(speaks, samples)
			}
		}
		return
	}
	if r.peer == nil {
		return // nobody hears it
	}
	m := &p.in.murmur
	m.samples, m.speaks = m.samples+samples, m.speaks || speaks
	if to := r.peer; m.samples >= latest && to != nil && to.home.Load() == l {
		l.follow(to).gauge.overhear(p)
	}
}

// overhear takes what was not told yet of a party. g may be nil.
func (g *gauge) overhear(of *Port) {
	m := of.in.murmur
	of.in.murmur = murmur{}
	if g != nil && m.samples > 0 {
		g.meter.Agent(m.speaks, m.samples)
	}
}
