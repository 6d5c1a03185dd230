package media

import (
	"errors"
	"fmt"
)

// Bridge joins two ports: each hears the other, transcoded where the codecs
// differ. Telephone-events are relayed with clean timestamps only from a port
// that was given RelayDigits.
type Bridge struct{ a, b *Port }

// Join builds a bridge. A port is in one bridge at most; joining it again is an error.
func (e *Engine) Join(a, b *Port) (*Bridge, error) {
	if a == b {
		return nil, errors.New("media: a port cannot be joined to itself")
	}
	br := &Bridge{a: a, b: b}
	if err := errors.Join(a.reserve(br), b.reserve(br)); err != nil {
		br.Close()
		return nil, err
	}
	// Both are served by one thread from now on, so that no sound passes between threads.
	if !b.move(a) || !a.listen(br, b) || !b.listen(br, a) {
		br.Close()
		return nil, ErrClosed
	}
	return br, nil
}

// SetGain sets how loud from is for the other party: dB, 0 = unchanged, Mute =
// not at all. A change takes effect with the next packet.
func (b *Bridge) SetGain(from *Port, dB float64) {
	from.change(b, func(c *control) { c.gain = dB })
}

// RelayDigits sets whether from's telephone-events reach the other party. Off at first.
func (b *Bridge) RelayDigits(from *Port, on bool) {
	from.change(b, func(c *control) { c.relay = on })
}

// Close parts the two; neither hears the other any more when it returns.
func (b *Bridge) Close() {
	leave := func(c *control) { c.bridge, c.peer, c.gain, c.relay = nil, nil, 0, false }
	left := b.a.change(b, leave)
	if b.b.change(b, leave) || left {
		// A packet on its way under the old routes has left when the thread does this.
		b.a.do(func(*loop) {})
	}
}

// reserve takes a place in the bridge.
func (p *Port) reserve(b *Bridge) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ctl.closed:
		return ErrClosed
	case p.ctl.bridge != nil:
		return fmt.Errorf("media: port %v is in a bridge", p.local)
	}
	p.ctl.bridge = b
	return nil
}

// listen makes peer hear p; false when p has left the bridge meanwhile.
func (p *Port) listen(b *Bridge, peer *Port) bool {
	return p.change(b, func(c *control) { c.peer = peer })
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

// move makes p be served by the thread that serves other. What arrives meanwhile
// waits in the sockets.
func (p *Port) move(other *Port) bool {
	var err error
	ok := p.do(func(from *loop) {
		to := other.home.Load()
		if to == from || p.in.draining {
			return
		}
		from.release(p)
		j := job{run: func(to *loop) { err = to.adopt(p) }, done: make(chan struct{})}
		if to.post(j) {
			p.home.Store(to)
			return
		}
		err = errors.Join(ErrClosed, from.adopt(p)) // so that it is closed with its loop
	})
	// Jobs for p run after the adoption.
	return ok && p.do(func(*loop) {}) && err == nil
}
