package media

import (
	"errors"
	"fmt"
	"slices"

	"breakwater/media/mix"
)

// Bridge lets its ports hear each other, transcoded where the codecs differ. Two who
// talk in the same way are relayed, packet by packet; all others are mixed. Which of the
// two it does is its secret: it changes as ports come, go and change, without two
// senders toward anybody and without a gap over 40 ms.
//
// Telephone-events are relayed with clean timestamps only from a port that was given
// RelayDigits.
type Bridge struct {
	loop *loop // serves all its ports

	// From here on, only who has the loop's helm.
	members []*member // in the order of joining
	room    *room     // where they are mixed; nil while they are relayed
	closed  bool
}

// Role is what a port may do in a bridge.
type Role uint8

// The roles.
const (
	Talk    Role = iota // heard by all, hears all
	Listen              // hears all, heard by none
	Whisper             // hears all, heard only by protected ears (Port.Protect)
)

// member is a port in a bridge.
type member struct {
	port *Port
	role Role
	gain float64           // dB: how loud it is
	fors map[*Port]float64 // dB, for ears for whom it is otherwise
	keys bool              // its telephone-events reach the others
	seat *seat             // its place in the room; nil while it is relayed
}

// Join builds a bridge of two who talk. A port is in one bridge at most; joining it
// again is an error.
func (e *Engine) Join(a, b *Port) (*Bridge, error) {
	if a == b {
		return nil, errors.New("media: a port cannot be joined to itself")
	}
	// All are served by one thread from now on, so that no sound passes between threads.
	br := &Bridge{loop: a.home.Load()}
	if err := errors.Join(a.reserve(br), b.reserve(br)); err != nil {
		a.free(br)
		b.free(br)
		return nil, err
	}
	if err := br.seat(member{port: a}, member{port: b}); err != nil {
		return nil, err
	}
	return br, nil
}

// Add lets one more port join. It is an error if that is in a bridge, closed, or one too
// many (more than mix.Seats).
func (b *Bridge) Add(p *Port, r Role) error {
	if err := p.reserve(b); err != nil {
		return err
	}
	return b.seat(member{port: p, role: r})
}

// seat takes ports in that have been reserved; all, or none.
func (b *Bridge) seat(come ...member) error {
	err := ErrClosed
	moved := true
	for _, m := range come {
		moved = moved && m.port.move(b.loop)
	}
	if moved {
		b.loop.order(func(l *loop) {
			switch {
			case b.closed, slices.ContainsFunc(come, func(m member) bool { return !m.port.reserved(b) }):
				return
			case len(b.members)+len(come) > mix.Seats:
				err = fmt.Errorf("media: a bridge has room for %d ports", mix.Seats)
				return
			}
			for _, m := range come {
				b.members = append(b.members, &m)
			}
			b.arrange(l)
			err = nil
		})
	}
	if err != nil {
		for _, m := range come {
			m.port.free(b)
		}
	}
	return err
}

// SetRole changes what a port of the bridge may do.
func (b *Bridge) SetRole(p *Port, r Role) { b.edit(p, func(m *member) { m.role = r }) }

// SetGain sets how loud from is for all others: dB, 0 = unchanged, Mute = not at
// all. It is reached within the next frame.
func (b *Bridge) SetGain(from *Port, dB float64) {
	b.edit(from, func(m *member) { m.gain, m.fors = dB, nil })
}

// SetGainFor sets how loud from is for one ear alone, until the next SetGain of from.
func (b *Bridge) SetGainFor(ear, from *Port, dB float64) {
	b.edit(from, func(m *member) {
		if m.fors == nil {
			m.fors = map[*Port]float64{}
		}
		m.fors[ear] = dB
	})
}

// RelayDigits sets whether from's telephone-events reach the others who hear it. Off at
// first.
func (b *Bridge) RelayDigits(from *Port, on bool) { b.edit(from, func(m *member) { m.keys = on }) }

// Remove parts a port from the others, who go on; who remains alone hears silence. When
// it returns, it hears and is heard no more.
func (b *Bridge) Remove(p *Port) { b.loop.order(func(l *loop) { b.part(l, p) }) }

// Close parts all; nobody hears anybody any more when it returns.
func (b *Bridge) Close() { b.loop.order(b.end) }

// leave is Remove for a port that is closed: who would remain alone is free.
func (b *Bridge) leave(l *loop, p *Port) {
	b.dismiss(p)
	if len(b.members) < 2 {
		b.end(l)
		return
	}
	b.arrange(l)
}

// rearrange is for a port that speaks in another way than before.
func (b *Bridge) rearrange() { b.loop.order(b.arrange) }

func (b *Bridge) edit(p *Port, f func(m *member)) {
	b.loop.order(func(l *loop) {
		for _, m := range b.members {
			if m.port == p {
				f(m)
				b.arrange(l)
			}
		}
	})
}

func (b *Bridge) part(l *loop, p *Port) {
	b.dismiss(p)
	b.arrange(l)
}

func (b *Bridge) dismiss(p *Port) {
	b.members = slices.DeleteFunc(b.members, func(m *member) bool { return m.port == p && p.free(b) })
}

func (b *Bridge) end(l *loop) {
	for _, m := range b.members {
		m.port.free(b)
	}
	b.members, b.closed = nil, true
	b.arrange(l)
}

// arrange makes routes of what the members may do now. It runs between two packets of
// the loop, so that all of it counts at once.
func (b *Bridge) arrange(l *loop) {
	if b.relays() {
		l.closeRoom(b.room)
		b.room = nil
		one, other := b.members[0], b.members[1]
		one.relay(b, other)
		other.relay(b, one)
		return
	}
	b.room = l.arrangeRoom(b.room, b.members)
	for _, m := range b.members {
		m.port.change(b, func(c *control) { c.peer, c.gain, c.relay, c.seat = nil, 0, m.keys, m.seat })
	}
}

// relays tells whether what arrives from one port can be sent to the other as it is, but
// for the law.
func (b *Bridge) relays() bool {
	if len(b.members) != 2 || b.members[0].role != Talk || b.members[1].role != Talk {
		return false
	}
	one, other := b.members[0].port.Desc(), b.members[1].port.Desc()
	return !one.Codec.wide() && !other.Codec.wide() &&
		(one.Ptime == other.Ptime || one.Ptime == 0 || other.Ptime == 0) // 0: nothing is agreed yet
}

func (m *member) relay(b *Bridge, ear *member) {
	m.seat = nil
	gain := m.loudFor(ear)
	m.port.change(b, func(c *control) { c.peer, c.gain, c.relay, c.seat = ear.port, gain, m.keys, nil })
}

// loudFor is how loud a member is for another one, dB.
func (m *member) loudFor(ear *member) float64 {
	gain := m.gain
	if own, ok := m.fors[ear.port]; ok {
		gain = own
	}
	if m == ear || m.role == Listen || m.role == Whisper && ear.port.protection() == nil {
		return Mute
	}
	return gain
}

// reserve takes a place in the bridge.
func (p *Port) reserve(b *Bridge) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ctl.closed:
		return ErrClosed
	case p.ctl.bridge != nil:
		return fmt.Errorf("media: port %v is in a bridge", p.Local())
	}
	p.ctl.bridge = b
	return nil
}

// reserved tells whether the place is still wanted.
func (p *Port) reserved(b *Bridge) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ctl.bridge == b && !p.ctl.closed
}

// free gives the place back, if it was taken.
func (p *Port) free(b *Bridge) bool {
	return p.change(b, func(c *control) { c.bridge, c.peer, c.gain, c.relay, c.seat = nil, nil, 0, false, nil })
}

// change edits what b wants of the port, if the port is in b.
func (p *Port) change(b *Bridge, edit func(*control)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctl.bridge != b {
		return false
	}
	edit(&p.ctl)
	p.swap()
	return true
}

// move makes p be served by another thread. What arrives meanwhile waits in the sockets.
func (p *Port) move(to *loop) bool {
	moved, err := false, error(nil)
	ok := p.do(func(from *loop) {
		if to == from || p.in.draining {
			return
		}
		from.release(p)
		if moved = to.post(job{run: func(to *loop) { err = to.adopt(p) }}); moved {
			p.home.Store(to)
			return
		}
		err = errors.Join(ErrClosed, from.adopt(p)) // so that it is closed with its loop
	})
	if moved { // jobs for p run after the adoption
		ok = p.do(func(*loop) {})
	}
	return ok && err == nil
}
